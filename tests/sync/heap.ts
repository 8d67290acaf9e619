/**
 * Small heaps for tests of locks and threads: header, thread states, GIL and
 * sequences, but no pools.
 *
 * @module
 */

import { type Clock, Create, type Memory } from "../../src/memory/mod.ts";
import * as Header from "../../src/layout/header.ts";
import * as Layout from "../../src/layout/memory_map.ts";
import { Gil, Qsbr, ThreadStates } from "../../src/threads/mod.ts";

/** Control word: how often a worker that is watched asked for the time. */
export const CLOCK_READS = 20;

/** Time that all workers of the process agree on. */
export const realClock: Clock = {
  now: () => performance.timeOrigin + performance.now(),
};

/** A new heap of the smallest size. The caller has no thread state yet. */
export function newHeap(build: number, clock: Clock = realClock): Memory {
  const m = Create.create(build, Layout.MIN_BYTES, clock);
  ThreadStates.init(m);
  Gil.init(m);
  Qsbr.init(m);
  Create.publish(m);
  return m;
}

/** A new free-threaded heap; the caller has a thread state, detached. */
export function freeThreaded(clock: Clock = realClock): Memory {
  return reserved(newHeap(Header.BUILD_FREE_THREADED, clock));
}

/** A new heap of the GIL build; the caller has a thread state, detached. */
export function withGil(clock: Clock = realClock): Memory {
  return reserved(newHeap(Header.BUILD_GIL, clock));
}

/** Another window on a heap, with a thread state of its own, detached. */
export function another(m: Memory, clock: Clock = realClock): Memory {
  return reserved(Create.open(m.buffer, clock));
}

/** Gives a window its thread state. */
export function reserved(m: Memory): Memory {
  if (!ThreadStates.reserve(m)) throw new Error("All slots are in use");
  return m;
}

/** The n-th word that tests may use, each on a line of its own. Word index. */
export function scratch(m: Memory, n: number): number {
  return m.i32[Header.FIRST_PAGE] * (Layout.PAGE_SIZE / 4) + n * 16;
}
