/**
 * Safe points: places where a thread holds no lock and no reference that it
 * could not do without, and looks whether somebody wants something of it.
 *
 * ## Invariants
 *   P1  an attached thread that passes safe points is in one again after a
 *       bounded time, so that stopping the world and the GIL make progress
 *   P2  nothing of MEM or OBJ that was read before a safe point may be trusted
 *       after it, unless the caller owns it
 *
 * ## Threads
 *   The look at the eval breaker is a plain load, a racy hint: a request that
 *   is missed now is seen at the next safe point. All else is atomic and stands
 *   in `thread_state.ts`.
 *
 * Source: CPython 3.14 Python/ceval_gil.c: _Py_HandlePending();
 * Python/ceval_macros.h: CHECK_PERIODIC().
 *
 * @module
 */

import type { Memory } from "../memory/mod.ts";
import * as Header from "../layout/header.ts";
import * as ThreadState from "../layout/thread_state.ts";
import * as EvalBreaker from "./eval_breaker.ts";
import * as Qsbr from "./qsbr.ts";
import * as ThreadStates from "./thread_state.ts";

/**
 * A safe point. Costs two loads if nobody wants anything. No effect on a
 * worker that is not attached.
 *
 * C: CHECK_PERIODIC().
 *
 * @param m The heap.
 */
export function safePoint(m: Memory): void {
  if (m.thread === 0) return;
  if (m.build === Header.BUILD_FREE_THREADED) Qsbr.quiescentState(m);
  if (m.i32[m.thread + ThreadState.X_EVAL_BREAKER] !== 0) { // racy hint
    handlePending(m);
  }
}

/**
 * Does what the eval breaker asks for: lets another thread have the GIL, or
 * stops until the world is started again.
 *
 * C: _Py_HandlePending().
 *
 * @param m The heap.
 */
export function handlePending(m: Memory): void {
  const wanted = EvalBreaker.GIL_DROP_REQUEST | EvalBreaker.PLEASE_STOP;
  const bits = Atomics.load(m.i32, m.thread + ThreadState.X_EVAL_BREAKER);
  if ((bits & wanted) === 0) return;
  if (!ThreadStates.isAttached(m)) return;
  ThreadStates.detach(m);
  // Other threads may run now.
  ThreadStates.attach(m);
}
