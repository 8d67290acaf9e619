/**
 * An entry of a queue of objects whose counts are to be merged.
 *
 * ```text
 *   0      1
 *   ┌──────┬────────┐
 *   │ NEXT │ OBJECT │
 *   └──────┴────────┘
 * ```
 *
 * A block of RAW. It belongs to who enqueues it until the queue's head names
 * it, then to who takes it out.
 *
 * @module
 */

/** The entry that was there before, or 0. Word index. */
export const NEXT = 0;
/** The object. Byte address. */
export const OBJECT = 1;

/** Size of the record. Bytes. */
export const NBYTES = 8;
