/**
 * `struct _mem_work_chunk`: blocks and references that are given up later.
 *
 * ```text
 *   0      1         2    3    4       5
 *   ┌──────┬─────────┬────┬────┬───────┬──────┬─ … ─┐
 *   │ NEXT │ X_OWNER │ RD │ WR │ ITEM  │ GOAL │     │  4,096 bytes
 *   └──────┴─────────┴────┴────┴───────┴──────┴─ … ─┘
 * ```
 *
 * A block of RAW. NEXT is under the lock of the chunks. RD, WR and the items
 * belong to the owner; who is owner changes under the lock only.
 *
 * Source: CPython 3.14 Objects/obmalloc.c.
 * Differs: all chunks of a heap stand in one list, so that nobody has to hand
 * those of a dead worker on.
 *
 * @module
 */

/** Next chunk of the heap, or 0. Word index. */
export const NEXT = 0;
/** Owner value of its thread, or 0. Atomic. */
export const X_OWNER = 1;
/** First item that is there. Index. C: rd_idx. */
export const RD = 2;
/** Behind the last one. Index. C: wr_idx. */
export const WR = 3;
/** First item: byte address, with {@linkcode DECREF}; then its goal. */
export const ITEMS = 4;
/** Words of an item. Count. */
export const ITEM_WORDS = 2;
/** Room. Items. */
export const ITEMS_MAX = 510;

/** Size of the record. Bytes. */
export const NBYTES = 4096;

/** Flag of an item: drop a reference of the object instead of freeing a block. */
export const DECREF = 1;
