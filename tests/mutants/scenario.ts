/**
 * One long scenario in one thread, for what no model reaches: sizes, rings,
 * arenas, runs, exhaustion, exit, help, recovery.
 *
 * @module
 */

import * as Layout from "../../src/layout/memory_map.ts";
import * as ThreadState from "../../src/layout/thread_state.ts";
import type { Model } from "../checker/model.ts";
import { type BUILDS, type HeapContext, recovery } from "../models/heap.ts";
import * as Support from "../models/support.ts";
import { ALL, type Block, type Scene, SMALL, story } from "./scene.ts";

/** Bytes of the heap: five arenas and the metadata. */
const BYTES = 8 << 20;

/** Mixed sizes, exhaustion of the heap, and all of it back. */
function fillAndEmpty(s: Scene, c: HeapContext): void {
  s.turn(c, () => {
    const live = s.churn(c, 250, ALL);
    s.audit();
    for (const bytes of [512, 3000, 70000]) {
      live.push(...s.fill(c, "obj", bytes, 1200));
    }
    s.audit();
    s.random.shuffle(live).forEach((block, k) => {
      s.free(c, block);
      if (k % 200 === 0) s.audit();
    });
    s.pools.Leave.trim(c.m, true);
  });
  s.audit();
}

/** Remote frees, exit with live blocks, adoption, help, quarantine. */
function handOn(s: Scene, a: HeapContext): void {
  const b = s.join();
  let live: Block[] = [];
  s.turn(b, () => live = s.churn(b, 150, [...SMALL, 3000, 20000]));
  s.turn(a, () => live.splice(0, 30).forEach((block) => s.free(a, block)));
  s.audit();
  s.turn(b, () => live.push(...s.churn(b, 80, SMALL)));
  s.turn(a, () => live.splice(0, 20).forEach((block) => s.free(a, block)));
  if (b.core.isAttached) b.core.detach();
  s.turn(a, () => s.pools.Leave.relieve(a.m, true, 0, 0));
  s.audit();
  s.turn(a, () => live.splice(0, 10).forEach((block) => s.free(a, block)));
  b.core.close();
  s.audit();
  s.turn(a, () => {
    live.push(...s.churn(a, 150, SMALL));
    for (const block of live) s.free(a, block);
    s.pools.Leave.trim(a.m, true);
  });
  s.audit();
}

/** A worker stops with blocks of all kinds; another recovers it. */
function bury(s: Scene, a: HeapContext): void {
  const { Recovery } = recovery(s.lib);
  const c = s.join();
  let live: Block[] = [];
  s.turn(c, () => live = s.churn(c, 60, ALL));
  s.turn(a, () => live.splice(0, 5).forEach((block) => s.free(a, block)));
  if (a.core.isAttached) a.core.detach();
  const { owner } = c.m;
  s.note("state", Recovery.declare(a.m, owner, ThreadState.REVOKED));
  s.note("outside", Recovery.awaitOutside(a.m, owner, 0));
  s.note("state", Recovery.declare(a.m, owner, ThreadState.DEAD));
  const found = Recovery.recover(a.m, owner);
  s.note("found", found.pools, found.lostBlocks, found.pages);
  s.audit();
  s.turn(a, () => {
    live.push(...s.churn(a, 60, SMALL));
    for (const block of live) s.free(a, block);
    s.pools.Leave.trim(a.m, true);
  });
  s.audit();
}

/** Locks, events and states, as callers see them. */
function ask(s: Scene, a: HeapContext): void {
  const { Mutex, PyEvent } = Support.sync(s.lib);
  const { ThreadStates, Qsbr, World } = Support.threads(s.lib);
  const at = (a.m.pages - 1) * (Layout.PAGE_SIZE / 4);
  s.world.i32.fill(0, at, at + 64);
  s.note(Mutex.tryLock(a.m, at), Mutex.tryLock(a.m, at));
  s.note(Mutex.isLocked(a.m, at), Mutex.ownerOf(a.m, at));
  s.note(Mutex.lockTimed(a.m, at, 0), Mutex.takeOver(a.m, at));
  Mutex.unlock(a.m, at);
  s.note(Mutex.isLocked(a.m, at), Mutex.trySpin(a.m, at));
  s.note(Mutex.lockTimed(a.m, at, 5), s.world.i32[at]);
  Mutex.unlock(a.m, at);
  s.note(PyEvent.isSet(a.m, at + 16), PyEvent.wait(a.m, at + 16, 0));
  PyEvent.notify(a.m, at + 16);
  s.note(PyEvent.isSet(a.m, at + 16), PyEvent.wait(a.m, at + 16, 5));
  PyEvent.reset(a.m, at + 16);
  s.note(PyEvent.isSet(a.m, at + 16), ThreadStates.isAttached(a.m));
  const goal = Qsbr.advance(a.m);
  s.note(Qsbr.goalReached(a.m, goal), Qsbr.poll(a.m, goal));
  s.note(Qsbr.poll(a.m, Qsbr.sharedNext(a.m)));
  s.note(World.isStopper(a.m), World.stop(a.m, 0), World.isStopper(a.m));
  World.start(a.m);
  s.note(World.isStopper(a.m));
}

function tell(s: Scene): void {
  const a = s.join();
  ask(s, a);
  fillAndEmpty(s, a);
  handOn(s, a);
  bury(s, a);
  a.core.close();
  s.audit();
}

/** The scenario of a build as a model that finds what is different. */
export function scenario(build: keyof typeof BUILDS): Model {
  return story("scenario", build, BYTES, tell);
}
