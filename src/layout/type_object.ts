/**
 * `PyTypeObject`: what all objects of a type have in common.
 *
 * ```text
 *   behind the header
 *   0      1         2           3          4       5      6      7
 *   ┌──────┬─────────┬───────────┬──────────┬───────┬──────┬──────┬───────┬─ …
 *   │ NAME │ NAMELEN │ BASICSIZE │ ITEMSIZE │ FLAGS │ KIND │ NEXT │ NREFS │
 *   └──────┴─────────┴───────────┴──────────┴───────┴──────┴──────┴───────┴─ …
 *   8                9          10 …
 *   ┌────────────────┬──────────┬────────┐
 *   │ WEAKLISTOFFSET │ WEAKLIST │ REFS … │
 *   └────────────────┴──────────┴────────┘
 * ```
 *
 * Written before the type object is published, and but for WEAKLIST never again;
 * all may read it plainly. Functions of a type cannot be shared: the built-in ones follow from
 * KIND, those of a user's type are registered in each worker under its name.
 *
 * Source: CPython 3.14 Include/cpython/object.h, struct _typeobject.
 *
 * @module
 */

/** Name in UTF-8. Byte address of a block of RAW. C: tp_name. */
export const TP_NAME = 0;
/** Length of the name. Bytes. */
export const TP_NAMELEN = 1;
/** Size of an object, its header included. Bytes. C: tp_basicsize. */
export const TP_BASICSIZE = 2;
/** Size of one item of a variable-sized object. Bytes. C: tp_itemsize. */
export const TP_ITEMSIZE = 3;
/** {@linkcode HAVE_GC} and so on. C: tp_flags. */
export const TP_FLAGS = 4;
/** Which built-in type it is, see `objects/kinds.ts`; 0 for a user's. */
export const TP_KIND = 5;
/** The user's type that was defined before it, or 0. Byte address. */
export const TP_NEXT = 6;
/** Fields that hold references. Count. */
export const TP_NREFS = 7;
/**
 * Where objects have the head of their list of weak references, or 0. Words
 * from the start of the object. C: tp_weaklistoffset.
 */
export const TP_WEAKLISTOFFSET = 8;
/** First weak reference to the type object itself. Byte address. C: tp_weaklist. */
export const TP_WEAKLIST = 9;
/** First of the offsets of references. Words behind the header. */
export const TP_REFS = 10;

/** Size without references. Words. */
export const SIZEOF = 10;

/** Flag: the collector looks after the objects. C: Py_TPFLAGS_HAVE_GC. */
export const HAVE_GC = 1 << 14;
/** Flag: defined while the program runs. C: Py_TPFLAGS_HEAPTYPE. */
export const HEAPTYPE = 1 << 9;
/** Flag: a function runs before an object dies. C: tp_finalize is not NULL. */
export const HAS_FINALIZE = 1 << 2;
/** Flag: the items of a variable-sized object are references. */
export const ITEM_REFS = 1 << 1;
