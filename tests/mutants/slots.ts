/**
 * Slots that were somebody's before, the last free one, and none at all: what
 * a worker finds in its thread state, and under which name.
 *
 * @module
 */

import * as Layout from "../../src/layout/memory_map.ts";
import * as PageMap from "../../src/layout/page_map.ts";
import * as ThreadState from "../../src/layout/thread_state.ts";
import * as Support from "../models/support.ts";
import type { Scene } from "./scene.ts";
import type { Question, Small } from "./small.ts";

/** Names are used up: after the last incarnation comes the first one again. */
function incarnations(h: Small, s: Scene): void {
  const { ThreadStates } = Support.threads(s.lib);
  const [, , c] = h.workers;
  const at = c.thread + ThreadState.INCARNATION;
  for (const before of [1, 2, PageMap.INCARNATION_MASK - 1]) {
    h.i32[at] = before;
    for (let k = 0; k < 3; k++) {
      h.ask("release", () => ThreadStates.release(c));
      h.ask("reserve", () => [ThreadStates.reserve(c), c.slot, c.owner]);
    }
  }
}

/** A slot is cleared of what a worker that died has left in it. */
function secondHand(h: Small, s: Scene): void {
  const { ThreadStates } = Support.threads(s.lib);
  const { i32 } = h;
  const [, , c] = h.workers;
  const { thread } = c;
  ThreadStates.release(c);
  for (let at = thread; at < thread + ThreadState.SIZEOF; at++) i32[at] = 7;
  i32[thread + ThreadState.X_STATE] = ThreadState.DEAD;
  i32[thread + ThreadState.X_FENCE] = ThreadState.DEAD;
  i32[thread + ThreadState.X_IN_USE] = ThreadState.FREE;
  h.ask("claim", () => [ThreadStates.claim(c), c.slot, c.owner]);
  s.note(i32.slice(thread, thread + ThreadState.SIZEOF));
  h.ask("join", () => ThreadStates.join(c));
  s.note(i32.slice(thread, thread + ThreadState.SIZEOF));
}

/** One slot is left, then none. */
function fullHouse(h: Small, s: Scene): void {
  const { ThreadStates } = Support.threads(s.lib);
  const { Create } = Support.memory(s.lib);
  const { i32 } = h;
  const wordOf = (slot: number) =>
    Layout.THREADS + slot * ThreadState.SIZEOF + ThreadState.X_IN_USE;
  for (let slot = PageMap.FIRST_SLOT; slot < PageMap.SLOTS; slot++) {
    i32[wordOf(slot)] = ThreadState.IN_USE;
  }
  i32[wordOf(PageMap.SLOTS - 1)] = ThreadState.FREE;
  for (const which of ["last", "none"]) {
    const late = Create.open(h.nobody.buffer, h.clock);
    h.ask(which, () => [ThreadStates.reserve(late), late.slot, late.owner]);
    h.ask("of it", () => [late.thread, ThreadStates.isAttached(late)]);
  }
}

/** Questions of both builds. */
export const SLOT_QUESTIONS: readonly Question[] = [
  incarnations,
  secondHand,
  fullHouse,
];
