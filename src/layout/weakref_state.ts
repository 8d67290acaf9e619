/**
 * What all workers must know of weak references: one block of RAW, made with
 * the first of them.
 *
 * ```text
 *   0           127         254         510
 *   ┌───────────┬───────────┬───────────┐
 *   │ LOCKS     │ BUSY      │ X_CALLS   │
 *   │ × STRIPES │ × STRIPES │ × SLOTS   │
 *   └───────────┴───────────┴───────────┘
 * ```
 *
 * An object's stripe follows from its address: its lock must outlive it.
 *
 * Source: CPython 3.14 Include/internal/pycore_interp_structs.h, struct
 * _Py_weakref_state; pycore_weakref.h: WEAKREF_LIST_LOCK().
 *
 * @module
 */

/** Locks and notes, each. Count. C: NUM_WEAKREF_LIST_LOCKS. */
export const STRIPES = 127;
/** Queues of callbacks: one for each thread state. Count. */
export const SLOTS = 256;

/** Mutex words. Free-threaded build only. */
export const LOCKS = 0;
/**
 * Head of the list whose backward links its worker is about to change, or 0.
 * Word index; under the lock.
 */
export const BUSY = 127;
/** First record of each slot's queue, `weakref_call.ts`, or 0. Word index, atomic. */
export const X_CALLS = 254;

/** Size of the block. Words. */
export const SIZEOF = 510;
