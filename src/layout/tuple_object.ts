/**
 * `PyTupleObject`: references, behind the header.
 *
 * ```text
 *   0         1
 *   ┌─────────┬─ …
 *   │ OB_SIZE │ OB_ITEM …
 *   └─────────┴─ …
 * ```
 *
 * Written before anybody else knows of the object, and never again. An item may
 * be 0 until then.
 *
 * Source: CPython 3.13 Include/cpython/tupleobject.h.
 * Differs: no OB_HASH, which 3.14 has added.
 *
 * @module
 */

/** Length. Items. C: ob_size. */
export const OB_SIZE = 0;
/** First item. Byte address of an object. C: ob_item. */
export const OB_ITEM = 1;

/** Fields without the items. Words. */
export const SIZEOF = 1;
