/**
 * Who is inside of a trace operation: what lets the tables be freed.
 *
 * ```text
 *   31                                    5 4             1    0
 *   ┌──────────────────────────────────────┬───────────────┬────────┐
 *   │ owner = incarnation << 8 | slot (27) │ times entered │ inside │
 *   └──────────────────────────────────────┴───────────────┴────────┘
 * ```
 *
 * That is X_TRACING of a thread state. A worker notes that it is inside, and
 * then looks which tables there are; who stops first takes the tables away, and
 * then looks who is inside. So one of the two sees the other, and once each
 * word that said "inside" has changed, nobody knows the tables any more.
 *
 * ## Threads
 *   X_TRACING is written by its thread only; all accesses are atomic. Nobody
 *   waits for a worker inside but who frees tables, for a bounded time, and
 *   nobody inside waits for another worker, but for the locks of the RAW
 *   engine. A worker that dies inside is passed over. One that was revoked may
 *   still run: then the tables are left as they are.
 *
 * @module
 */

import * as Layout from "../../../layout/memory_map.ts";
import * as PageMap from "../../../layout/page_map.ts";
import * as ThreadState from "../../../layout/thread_state.ts";
import * as Tracemalloc from "../../../layout/tracemalloc.ts";
import { type Memory, threadsUsed } from "../../../memory/mod.ts";
import { Fatal } from "../../../sync/mod.ts";

/** Tables that are in use now. Word index. */
const X_TABLES = Layout.TRACEMALLOC + Tracemalloc.X_TABLES;
/** Position of the owner. */
const OWNER_SHIFT = 5;
/** Bits of the count and of the mark. */
const COUNT_MASK = 31;
/** Bit: its thread is inside. */
const INSIDE = 1;
/** Longest sleep before another look. Milliseconds. */
const NAP_MS = 0.2;
/** Longest wait for a worker that lives. Milliseconds. */
const PATIENCE_MS = 10_000;

/**
 * Notes that this worker is inside. The next is {@linkcode leave}.
 *
 * @param m The heap.
 * @returns The tables, or 0 if nobody traces. Word index.
 */
export function enter(m: Memory): number {
  const { i32, thread } = m;
  if (thread === 0) return 0;
  const at = thread + ThreadState.X_TRACING;
  const count = (Atomics.load(i32, at) + 1) & COUNT_MASK;
  Atomics.store(i32, at, (m.owner << OWNER_SHIFT) | count | INSIDE);
  return Atomics.load(i32, X_TABLES);
}

/**
 * Notes that this worker is not inside. Doing so twice does no harm.
 *
 * @param m The heap.
 */
export function leave(m: Memory): void {
  const { i32, thread } = m;
  if (thread === 0) return;
  const at = thread + ThreadState.X_TRACING;
  const count = (Atomics.load(i32, at) + 1) & COUNT_MASK & ~INSIDE;
  Atomics.store(i32, at, (m.owner << OWNER_SHIFT) | count);
}

/** How a worker stands to the tables that were taken away. */
const OUTSIDE = 0;
/** It is inside, and will leave. */
const WITHIN = 1;
/** It is inside, and may or may not run. */
const LOST = 2;

/** What the word of a slot says of the worker that has the slot now. */
function standing(m: Memory, thread: number, word: number): number {
  const i32 = m.i32;
  if ((word & INSIDE) === 0) return OUTSIDE;
  const inUse = Atomics.load(i32, thread + ThreadState.X_IN_USE);
  const incarnation = i32[thread + ThreadState.INCARNATION];
  const isItsOwn = word >>> OWNER_SHIFT >>> PageMap.INCARNATION_SHIFT ===
    incarnation;
  if (inUse !== ThreadState.IN_USE || !isItsOwn) return OUTSIDE;
  const fence = Atomics.load(i32, thread + ThreadState.X_FENCE);
  if (fence === ThreadState.DEAD) return OUTSIDE;
  return fence === ThreadState.REVOKED ? LOST : WITHIN;
}

/** Waits until a thread has left once, or has died. Returns false if not. */
function awaitThread(m: Memory, thread: number, end: number): boolean {
  const at = thread + ThreadState.X_TRACING;
  const word = Atomics.load(m.i32, at);
  while (true) {
    const state = standing(m, thread, word);
    if (state === OUTSIDE || Atomics.load(m.i32, at) !== word) return true;
    if (state === LOST || m.clock.now() >= end) return false;
    Atomics.wait(m.i32, at, word, NAP_MS);
    Fatal.check(m);
  }
}

/**
 * Waits until nobody knows the tables that the caller has taken away. The
 * caller is not inside.
 *
 * @param m The heap.
 * @returns False if that takes too long, or cannot be known of a worker that
 * was revoked. Then the tables may not be freed.
 */
export function awaitOthers(m: Memory): boolean {
  const end = m.clock.now() + PATIENCE_MS;
  const used = threadsUsed(m);
  let isSure = true;
  for (let slot = PageMap.FIRST_SLOT; slot < used; slot++) {
    const thread = Layout.THREADS + slot * ThreadState.SIZEOF;
    if (thread !== m.thread && !awaitThread(m, thread, end)) isSure = false;
  }
  return isSure;
}
