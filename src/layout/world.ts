/**
 * `struct _stoptheworld_state`.
 *
 * ```text
 *   0      …  16           17         18                 19
 *   ┌──────┬─ ┬────────────┬──────────┬──────────────────┬─────────────┐
 *   │ LOCK │  │ X_REQUESTED│ X_EVENT  │ X_COUNTDOWN      │ X_REQUESTER │
 *   └──────┴─ ┴────────────┴──────────┴──────────────────┴─────────────┘
 * ```
 *
 * Source: CPython 3.14 Include/internal/pycore_interp_structs.h, Python/pystate.c.
 *
 * @module
 */

/** Mutex word that serialises stoppers. */
export const LOCK = 0;
/** 1 while the world is being stopped or is stopped. Atomic. */
export const X_REQUESTED = 16;
/** Event the stopper waits for. Atomic. */
export const X_EVENT = 17;
/** Threads that have not stopped yet. Count, atomic. */
export const X_COUNTDOWN = 18;
/** Slot of the stopper. Atomic. */
export const X_REQUESTER = 19;
