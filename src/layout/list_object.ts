/**
 * `PyListObject`: a size and an array of references.
 *
 * ```text
 *   behind the header
 *   0         1
 *   ┌─────────┬─────────┐
 *   │ OB_SIZE │ OB_ITEM │  address of the array, with SHARED and MOVING
 *   └─────────┴─────────┘
 * ```
 *
 * Plain words of whoever holds the GIL; in the free-threaded build they are
 * written atomically under the mutex of the object, and read atomically without
 * it. Flags share the word with the address, so that a reader has both at once.
 *
 * Source: CPython 3.14 Include/cpython/listobject.h.
 * Differs: `allocated` stands in the array in both builds; whether the list is
 * shared stands here and not in ob_gc_bits.
 *
 * @module
 */

/** Length. Items. C: ob_size. */
export const OB_SIZE = 0;
/** The array, see `list_array.ts`, or 0. Byte address and flags. C: ob_item. */
export const OB_ITEM = 1;

/** Size behind the header. Words. */
export const SIZEOF = 2;

/** Flag: others than the owner may read without the mutex. C: _PyGC_BITS_SHARED. */
export const SHARED = 1;
/** Flag: items are on the move; one of them may stand in two slots. */
export const MOVING = 2;
/** What is no flag. */
export const ADDRESS = -16;
