/**
 * `PyWeakReference`: names an object and does not keep it alive.
 *
 * ```text
 *   behind the header
 *   0          1      2      3      4
 *   ┌──────────┬──────┬──────┬──────┬──────┐
 *   │ X_OBJECT │ CALL │ HASH │ PREV │ NEXT │
 *   └──────────┴──────┴──────┴──────┴──────┘
 * ```
 *
 * All weak references to an object are in a list, whose head stands in the
 * object, TP_WEAKLISTOFFSET words from its start. The head and all words but
 * HASH are written under the lock of the object's stripe, `weakref_state.ts`;
 * X_OBJECT is read without it, and once it is 0 the other words are the weak
 * reference's own. In the GIL build all words are plain.
 *
 * Source: CPython 3.14 Include/cpython/weakrefobject.h, struct
 * _PyWeakReference.
 * Differs: a callback is a function of one worker, hence a record.
 *
 * @module
 */

/** The object, or 0 once it is dead. Byte address, atomic. C: wr_object. */
export const X_OBJECT = 0;
/** Record of the callback, `weakref_call.ts`, or 0. Word index. C: wr_callback. */
export const CALL = 1;
/** Hash of the object, or -1 if nobody has asked. C: hash. */
export const HASH = 2;
/** The weak reference before it in the list, or 0. Byte address. C: wr_prev. */
export const PREV = 3;
/** The one behind it, or 0. Byte address. C: wr_next. */
export const NEXT = 4;

/** Size behind the header. Words. */
export const SIZEOF = 5;
