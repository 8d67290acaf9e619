/**
 * What other threads write about a pool: one record for each page.
 *
 * ```text
 *   0          1            2        3
 *   ┌──────────┬────────────┬────────┬────────┐
 *   │ X_REMOTE │ X_NEWS_NEXT│ GOAL   │ –      │
 *   └──────────┴────────────┴────────┴────────┘
 * ```
 *
 * Apart from the pool record, so that a remote free never takes the line that
 * the holder works on. `X_REMOTE` is a stack of blocks, linked through their
 * first words: pushed by compare-and-exchange, taken whole by exchange with 0.
 * Who changes it from 0 puts the page on its holder's news list, and only who
 * took the page off a news list takes the stack: a page is on at most one list.
 *
 * Source: mimalloc 2.1 types.h (xthread_free); the news list is ours.
 *
 * @module
 */

/** Blocks freed by others, or 0. Byte address, atomic. */
export const X_REMOTE = 0;
/** Next page of the news list, or 0. Page number; written by the announcer before it publishes. */
export const X_NEWS_NEXT = 1;
/** QSBR goal of an empty pool in quarantine. Sequence; under the arena set's lock. */
export const GOAL = 2;

/** Size of the record. Words. */
export const SIZEOF = 4;
/** Binary logarithm of {@linkcode SIZEOF}. */
export const SHIFT = 2;
