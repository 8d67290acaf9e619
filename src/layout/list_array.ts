/**
 * `_PyListArray`: the items of a list.
 *
 * ```text
 *   0           1
 *   ┌───────────┬─ …
 *   │ ALLOCATED │ OB_ITEM …
 *   └───────────┴─ …
 * ```
 *
 * A block of MEM. ALLOCATED is written before the array is published, and never
 * again. Slots from the size of the list on are 0.
 *
 * Source: CPython 3.14 Objects/listobject.c, struct _PyListArray.
 *
 * @module
 */

/** Slots. Count. C: allocated. */
export const ALLOCATED = 0;
/** First slot: byte address of an object, or 0. C: ob_item. */
export const OB_ITEM = 1;

/** Size without slots. Words. */
export const SIZEOF = 1;
