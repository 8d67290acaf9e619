/**
 * Bucket of the parking lot: 257 of them, a 64-byte line each.
 *
 * ```text
 *   0        1      2      3
 *   ┌────────┬──────┬──────┬──────────┐
 *   │ X_LOCK │ HEAD │ TAIL │ NUM_WAITERS
 *   └────────┴──────┴──────┴──────────┘
 * ```
 *
 * `X_LOCK` is a raw mutex (`sync/raw_mutex.ts`); the rest is plain, under it.
 *
 * Source: CPython 3.14 Python/parking_lot.c, NUM_BUCKETS.
 *
 * @module
 */

/** Raw mutex. Atomic. */
export const X_LOCK = 0;
/** First waiter, or 0. Word index. */
export const HEAD = 1;
/** Last waiter, or 0. Word index. */
export const TAIL = 2;
/** Waiters in the bucket. Count. */
export const NUM_WAITERS = 3;

/** Buckets. Count, a prime. */
export const NUM_BUCKETS = 257;
/** Size of the record. Words. */
export const SIZEOF = 16;
