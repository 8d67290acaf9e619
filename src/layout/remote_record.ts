/**
 * What other threads write about a pool: one record for each page.
 *
 * ```text
 *   0          1             2              3
 *   ┌──────────┬─────────────┬──────────────┬───────┐
 *   │ X_REMOTE │ TAKEN_PAGES │ GOAL         │ SHAPE │
 *   └──────────┴─────────────┴──────────────┴───────┘
 *     31                 14 13            0
 *   ┌──────────────────────┬───────────────┐
 *   │ blocks (18)          │ top / 16 (14) │   X_REMOTE
 *   └──────────────────────┴───────────────┘
 *   ┌──────────────────────┬───────────────┐
 *   │ NEXTOFFSET (24)      │ SZIDX (8)     │   SHAPE, bits 31–8 and 7–0
 *   └──────────────────────┴───────────────┘
 * ```
 *
 * Apart from the pool record, so that a remote free never takes the line that
 * the holder works on. `X_REMOTE` is a stack of blocks, linked through their
 * first words: pushed by compare-and-exchange, taken whole by exchange with 0.
 * It names the top block by its distance from the page's start and counts the
 * blocks, so that the holder takes them over without a look at each.
 * Who changes it from 0 sets the bit of the page's MiB in the news of its
 * holder (`news.ts`), and only the holder takes the stack.
 *
 * Source: mimalloc 2.1 types.h (xthread_free); the news are ours.
 *
 * @module
 */

/** Blocks freed by others: top and count, or 0. Atomic. */
export const X_REMOTE = 0;
/**
 * Of the first of pages that were taken from the run allocator and are not in
 * use yet: how many. Count; under the lock of the runs.
 */
export const TAKEN_PAGES = 1;
/** QSBR goal of an empty pool in quarantine. Sequence; under the arena set's lock. */
export const GOAL = 2;
/**
 * What a block of the pool looks like from outside: class, and end of what is
 * carved. Written by the holder; who owns a block reads a value that covers it.
 */
export const SHAPE = 3;

/** Bits of X_REMOTE that name the top block; the count is above them. */
export const TOP_BITS = 14;
/** Binary logarithm of the unit of the top block's offset. Bytes. */
export const TOP_SHIFT = 4;
/** Bits of SHAPE that hold the class; the offset is above them. */
export const CLASS_BITS = 8;

/** Size of the record. Words. */
export const SIZEOF = 4;
/** Binary logarithm of {@linkcode SIZEOF}. */
export const SHIFT = 2;
