/**
 * Waiter: what a parked thread leaves in the parking lot. `struct wait_entry`.
 *
 * ```text
 *   0       1       2       3             4      5
 *   ┌───────┬───────┬───────┬─────────────┬──────┬─────────────┐
 *   │ X_SEMA│ ADDR  │ NEXT  │ IS_UNPARKED │ ARG  │ HANDED_OFF  │
 *   └───────┴───────┴───────┴─────────────┴──────┴─────────────┘
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
/** What it waits for. Word index. */
export const ADDR = 1;
/** Next waiter of the bucket, or 0. Word index. */
export const NEXT = 2;
/** 1 once somebody took it off the bucket's list. */
export const IS_UNPARKED = 3;
/** Time at which an unlocker must hand the lock over. Milliseconds, wrapping i32. */
export const TIME_TO_BE_FAIR = 4;
/** 1 if the lock was handed over. */
export const HANDED_OFF = 5;
