/**
 * Waiter: what a parked thread leaves in the parking lot. `struct wait_entry`.
 *
 * ```text
 *   0        1      2      3             4
 *   ┌────────┬──────┬──────┬─────────────┬─────────────────┐
 *   │ X_SEMA │ ADDR │ NEXT │ UNPARKED_BY │ TIME_TO_BE_FAIR │
 *   └────────┴──────┴──────┴─────────────┴─────────────────┘
 * ```
 *
 * A thread waits for one thing at a time, so one record in each thread state
 * is enough. All but `X_SEMA` is under the lock of the bucket of `ADDR`.
 *
 * Source: CPython 3.14 Python/parking_lot.c.
 *
 * @module
 */

/** Semaphore the thread sleeps on: 0 or 1. Atomic. */
export const X_SEMA = 0;
/** What it waits for, or 0. Word index. */
export const ADDR = 1;
/** Next waiter of the bucket, or 0. Word index. */
export const NEXT = 2;
/** Who took it off the bucket's list, `owner << 1 | 1`, or 0. */
export const UNPARKED_BY = 3;
/** Time at which an unlocker must hand the lock over. Milliseconds, wrapping i32. */
export const TIME_TO_BE_FAIR = 4;
