/**
 * News: which parts of the heap have fresh remote frees for a holder.
 *
 * ```text
 *   word 0          128           256
 *   ┌───────────────┬─────────────┐
 *   │ RAW           │ MEM and OBJ │    for each slot
 *   └───────────────┴─────────────┘
 *   X_NEWS, X_RAW_NEWS of the thread state: bit g ⇔ one of words 4g … 4g + 3
 * ```
 *
 * Each half has one bit for each MiB of the address space. A bit says: there may
 * be a page in this MiB, held by this slot, whose remote stack is not empty.
 * Setting a bit twice does no harm, and one bit too many costs a look. All words
 * are atomic; anybody sets bits, the holder takes a word by exchange with 0.
 *
 * @module
 */

/** Pages of a MiB, binary logarithm. */
export const MIB_SHIFT = 6;
/** Words of one half, binary logarithm. */
export const HALF_SHIFT = 7;
/** Words of a slot, binary logarithm. */
export const SLOT_SHIFT = 8;
/** Words of a group, binary logarithm. */
export const GROUP_SHIFT = 2;
