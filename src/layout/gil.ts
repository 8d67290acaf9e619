/**
 * `struct _gil_runtime_state`.
 *
 * ```text
 *   0          1              2                3            4
 *   ┌──────────┬──────────────┬────────────────┬────────────┬──────────────┐
 *   │ X_LOCKED │ X_LAST_HOLDER│ X_SWITCH_NUMBER│ X_INTERVAL │ X_WAITERS    │
 *   └──────────┴──────────────┴────────────────┴────────────┴──────────────┘
 * ```
 *
 * C guards these with a mutex and two condition variables; here `X_LOCKED` and
 * `X_SWITCH_NUMBER` are the words that waiters sleep on. All atomic.
 *
 * Source: CPython 3.14 Include/internal/pycore_gil.h.
 *
 * @module
 */

/** Owner (incarnation and slot) of who holds the GIL, or 0. Atomic. */
export const X_LOCKED = 0;
/** Slot that held it last. Atomic. */
export const X_LAST_HOLDER = 1;
/** Switches so far. Count, atomic, wraps. */
export const X_SWITCH_NUMBER = 2;
/** Switch interval. Microseconds. */
export const X_INTERVAL = 3;
/** Threads that wait for the GIL, asleep or not. Count, atomic. */
export const X_WAITERS = 4;
/** Threads that sleep on X_SWITCH_NUMBER. Count, atomic. */
export const X_SWITCH_WAITERS = 5;

/** Default switch interval. Microseconds. C: DEFAULT_INTERVAL. */
export const DEFAULT_INTERVAL = 5000;
/** Size of the record. Words. */
export const SIZEOF = 32;
