/**
 * The eval breaker: requests that a thread looks at in its safe points.
 *
 * ```text
 *   64                          32            16            1
 *   ┌───────────────────────────┬─────────────┬─ … ────────┬──────────────────┐
 *   │ EXPLICIT_MERGE            │ PLEASE_STOP │ GC_SCHEDULED│ GIL_DROP_REQUEST │
 *   └───────────────────────────┴─────────────┴─ … ────────┴──────────────────┘
 * ```
 *
 * The values are CPython's. 2, 4 and 8 (signals, pending calls, asynchronous
 * exceptions) have no use here and stay 0.
 *
 * ## Invariants
 *   B1  a bit is a hint: who sees one looks at the state behind it and acts on
 *       that; a bit too many costs time and no more
 *
 * ## Threads
 *   One atomic word in each thread state. Anybody sets bits, its thread clears
 *   them; each by one atomic operation. `safe_point.ts` acts on them.
 *
 * Source: CPython 3.14 Include/internal/pycore_ceval.h.
 *
 * @module
 */

import type { Memory } from "../memory/mod.ts";
import * as Map from "../layout/memory_map.ts";
import * as ThreadState from "../layout/thread_state.ts";

/** Another thread wants the GIL. C: _PY_GIL_DROP_REQUEST_BIT. */
export const GIL_DROP_REQUEST = 1;
/** The collector should run. C: _PY_GC_SCHEDULED_BIT. */
export const GC_SCHEDULED = 16;
/** Another thread wants to stop the world. C: _PY_EVAL_PLEASE_STOP_BIT. */
export const PLEASE_STOP = 32;
/** Reference counts wait to be merged. C: _PY_EVAL_EXPLICIT_MERGE_BIT. */
export const EXPLICIT_MERGE = 64;

/**
 * Sets bits of a thread's eval breaker. C: `_Py_set_eval_breaker_bit()`.
 *
 * @param m The heap.
 * @param slot Slot of the thread.
 * @param bits Bits to set.
 */
export function set(m: Memory, slot: number, bits: number): void {
  Atomics.or(m.i32, wordOf(slot), bits);
}

/**
 * Clears bits of a thread's eval breaker. C: `_Py_unset_eval_breaker_bit()`.
 *
 * @param m The heap.
 * @param slot Slot of the thread.
 * @param bits Bits to clear.
 */
export function clear(m: Memory, slot: number, bits: number): void {
  Atomics.and(m.i32, wordOf(slot), ~bits);
}

/**
 * Whether all of the bits are set. C: `_Py_eval_breaker_bit_is_set()`.
 *
 * @param m The heap.
 * @param slot Slot of the thread.
 * @param bits Bits to look at.
 * @returns True if all are set.
 */
export function isSet(m: Memory, slot: number, bits: number): boolean {
  return (Atomics.load(m.i32, wordOf(slot)) & bits) === bits;
}

function wordOf(slot: number): number {
  return Map.THREADS + slot * ThreadState.SIZEOF + ThreadState.X_EVAL_BREAKER;
}
