/**
 * Small models for what the others leave out: threads that come while the
 * world stands still or goes, events that are waited for again, two who
 * reclaim, locks that are waited for detached, help for the detached.
 *
 * @module
 */

import type * as PoolsModule from "../../src/pools/mod.ts";
import * as Header from "../../src/layout/header.ts";
import type { Library } from "../checker/loader.ts";
import { type Model, model, type Step, step } from "../checker/model.ts";
import type { World } from "../checker/model.ts";
import {
  attachStep,
  BUILDS,
  closeStep,
  CONSTANTS,
  detachStep,
  DOORS as HEAP_DOORS,
  fillPool,
  type HeapContext,
  heapOf,
  ignored,
  mallocStep,
  nameOf as nameInHeap,
  racy,
  verdict,
} from "./heap.ts";
import {
  type Context,
  DOORS,
  isStatistic,
  nameOf,
  NO_RESCUE,
  scratch,
  sync,
  threads,
  workers,
} from "./support.ts";

const CELL = "tests/checker/fixtures/cell.ts";

/** What models without pools have in common. */
const COMMON = {
  doors: [...DOORS, CELL],
  constants: NO_RESCUE,
  nameOf,
  ignored: isStatistic,
} as const;

/** Contexts whose thread states are given back: the steps reserve them. */
function unreserved(lib: Library, world: World, count: number): Context[] {
  const contexts = workers(lib, world, count);
  for (const { m } of contexts) threads(lib).ThreadStates.release(m);
  return contexts;
}

/** Adds to a word that belongs to the worker while it is attached. */
function add(world: World, at: number): void {
  world.write(at, world.read(at) + 1);
}

/** Threads that come and go while others stop the world. */
export function newcomers(
  count: number,
  stoppers: number,
  bound?: number,
): Model {
  let words = 0;
  return model<Context>({
    ...COMMON,
    name: `${count} newcomers against ${stoppers} who stop the world` +
      (bound ? `, bound ${bound}` : ""),
    ...(bound === undefined ? { progress: true } : { bound }),
    setup(lib, world) {
      const contexts = unreserved(lib, world, count + stoppers);
      words = scratch(world, 0);
      for (const { m } of contexts.slice(count)) {
        threads(lib).ThreadStates.reserve(m);
      }
      return contexts;
    },
    script(worker, world): Step<Context>[] {
      return worker < count
        ? [comeAndGo(world, words + 16 * worker)]
        : [stopAll(world, count, words)];
    },
    final: (world) =>
      Array.from({ length: count }, (_, k) => world.i32[words + 16 * k])
          .every((value) => value === 1)
        ? ""
        : "a write was lost",
  });
}

function comeAndGo(world: World, word: number): Step<Context> {
  return step<Context>("reserve, attach, write, release", (lib, { m }) => {
    const { ThreadStates } = threads(lib);
    ThreadStates.reserve(m);
    ThreadStates.attach(m);
    add(world, word);
    ThreadStates.release(m);
  });
}

function stopAll(world: World, count: number, words: number): Step<Context> {
  return step<Context>("stop, read all, start", (lib, { m }) => {
    const { World } = threads(lib);
    World.stop(m, Infinity);
    for (let k = 0; k < count; k++) world.read(words + 16 * k);
    World.start(m);
  });
}

/** Threads that reserve a slot at once: each has its own. */
export function slots(count: number, rounds: number, build: number): Model {
  let word = 0;
  return model<Context>({
    ...COMMON,
    name: `slots, ${count} x ${rounds}` +
      (build === Header.BUILD_GIL ? " (gil)" : ""),
    setup(lib, world) {
      const contexts = workers(lib, world, count, build);
      for (const { m } of contexts) threads(lib).ThreadStates.release(m);
      word = scratch(world, 0);
      return contexts;
    },
    script(_worker, world): Step<Context>[] {
      const round = step<Context>(
        "reserve, use the slot, release",
        (lib, c) => {
          const { ThreadStates } = threads(lib);
          ThreadStates.reserve(c.m);
          if (build === Header.BUILD_GIL) ThreadStates.attach(c.m);
          add(world, word + 16 * (c.m.slot - 1));
          if (build === Header.BUILD_GIL) add(world, word);
          ThreadStates.release(c.m);
        },
      );
      return Array.from({ length: rounds }, () => round);
    },
    final(world) {
      let sum = build === Header.BUILD_GIL ? world.i32[word] : 0;
      for (let k = 1; k <= count; k++) sum += world.i32[word + 16 * k];
      const wanted = count * rounds * (build === Header.BUILD_GIL ? 2 : 1);
      return sum === wanted ? "" : "two threads had one slot";
    },
  });
}

/** Waiters that wait for two events, one after the other. */
export function twoEvents(waiters: number, bound?: number): Model {
  let first = 0;
  return model<Context>({
    ...COMMON,
    name: `two events, ${waiters} waiters`,
    constants: {
      ...NO_RESCUE,
      "src/layout/parking_bucket.ts": { NUM_BUCKETS: 1 },
    },
    ...(bound === undefined ? {} : { bound }),
    setup(lib, world) {
      first = scratch(world, 0);
      return workers(lib, world, waiters + 2);
    },
    script(worker): Step<Context>[] {
      if (worker >= waiters) {
        const at = first + 16 * (worker - waiters);
        return [
          step("notify", (lib, { m }) => sync(lib).PyEvent.notify(m, at)),
        ];
      }
      return [0, 1].map((k) =>
        step<Context>(`wait for ${k}`, (lib, { m }) => {
          sync(lib).PyEvent.wait(m, first + 16 * k, Infinity);
        })
      );
    },
  });
}

/** Two writers that reclaim an object each, and a reader. */
export function twoReclaim(polls: number, bound?: number): Model {
  let words = 0;
  return model<Context>({
    ...COMMON,
    name: `reclamation by two, ${polls} polls` +
      (bound ? `, bound ${bound}` : ""),
    ...(bound === undefined ? {} : { bound }),
    setup(lib, world) {
      const contexts = workers(lib, world, 3);
      words = scratch(world, 0);
      for (let k = 0; k < 2; k++) world.i32[words + 32 * k] = 7;
      return contexts;
    },
    script(worker, world): Step<Context>[] {
      if (worker === 2) return [lookAtBoth(world, words)];
      return reclaiming(world, words + 32 * worker, polls);
    },
  });
}

function lookAtBoth(world: World, words: number): Step<Context> {
  return step<Context>("attach, read, safe point, read, detach", (lib, c) => {
    const { SafePoint, ThreadStates } = threads(lib);
    const cell = lib.module(CELL);
    ThreadStates.attach(c.m);
    for (let k = 0; k < 2; k++) {
      const at = words + 32 * k;
      if (cell.load(c.m.i32, at) !== 0) world.read(at + 16);
      if (k === 0) SafePoint.safePoint(c.m);
    }
    ThreadStates.detach(c.m);
  });
}

function reclaiming(world: World, at: number, polls: number): Step<Context>[] {
  const unlink = step<Context>("unlink, note the goal", (lib, c) => {
    lib.module(CELL).store(c.m.i32, at, 0);
    c.n = threads(lib).Qsbr.advance(c.m);
  });
  const poll = step<Context>("poll, use again", (lib, c) => {
    if (c.n < 0 || !threads(lib).Qsbr.poll(c.m, c.n)) return;
    world.write(at + 16, 8);
    c.n = -1;
  });
  return [unlink, ...Array.from({ length: polls }, () => poll)];
}

/** Attached workers and a lock of users. */
export function lockDetaching(count: number, build: number): Model {
  let lock = 0;
  return model<Context>({
    ...COMMON,
    name: `lock of users, ${count} workers` +
      (build === Header.BUILD_GIL ? " (gil)" : ""),
    setup(lib, world) {
      lock = scratch(world, 0);
      return workers(lib, world, count, build);
    },
    script(_worker, world): Step<Context>[] {
      return [
        step<Context>("attach, lock, count, unlock, detach", (lib, { m }) => {
          const { Lock, ThreadStates } = threads(lib);
          ThreadStates.attach(m);
          Lock.lockDetaching(m, lock);
          ThreadStates.isAttached(m);
          add(world, lock + 16);
          sync(lib).Mutex.unlock(m, lock);
          ThreadStates.detach(m);
        }),
      ];
    },
    final: (world) => world.i32[lock + 16] === count ? "" : "a count was lost",
  });
}

/** One helps all that are detached; another attaches, allocates, detaches. */
export function help(): Model {
  let live = 0;
  const relieve = step<HeapContext>("relieve", (lib, { m }) => {
    const { Leave } = lib.module("src/pools/mod.ts") as typeof PoolsModule;
    Leave.relieve(m, true, 0, 0);
  });
  return model<HeapContext>({
    doors: HEAP_DOORS,
    constants: CONSTANTS,
    nameOf: nameInHeap,
    ignored,
    racy,
    name: "help against attach",
    setup(lib, world) {
      const contexts = heapOf(lib, world, 2, BUILDS["free-threaded"]);
      for (const { core } of contexts) core.attach();
      const blocks = fillPool(contexts[0], 512);
      live = blocks.length - 1 + 1;
      contexts[1].core.mem.free(blocks.pop() as never);
      contexts[0].core.detach();
      return contexts;
    },
    script: (worker) =>
      worker === 0
        ? [attachStep, mallocStep(0, 512), detachStep]
        : [relieve, closeStep],
    final: (world) => verdict(world, live),
  });
}

/** One helps a thread that is detached and has news of a full pool. */
export function helpWithNews(): Model {
  let live = 0;
  const relieve = step<HeapContext>("relieve", (lib, { m }) => {
    const { Leave } = lib.module("src/pools/mod.ts") as typeof PoolsModule;
    Leave.relieve(m, true, 0, 0);
  });
  return model<HeapContext>({
    doors: HEAP_DOORS,
    constants: CONSTANTS,
    nameOf: nameInHeap,
    ignored,
    racy,
    name: "help with the news of a full pool",
    setup(lib, world) {
      const contexts = heapOf(lib, world, 2, BUILDS["free-threaded"]);
      for (const { core } of contexts) core.attach();
      const blocks = fillPool(contexts[0], 512);
      live = blocks.length - 2 + 2;
      contexts[0].core.detach();
      for (let k = 0; k < 2; k++) {
        contexts[1].core.mem.free(blocks.pop() as never);
      }
      return contexts;
    },
    script: (worker) =>
      worker === 0
        ? [attachStep, mallocStep(0, 512), detachStep]
        : [relieve, mallocStep(0, 512)],
    final: (world) => verdict(world, live),
  });
}

/** A thread that is detached goes away while a helper looks after it. */
export function helpAgainstExit(): Model {
  let word = 0;
  return model<Context>({
    ...COMMON,
    name: "help against exit",
    progress: true,
    setup(lib, world) {
      const contexts = workers(lib, world, 2);
      threads(lib).ThreadStates.attach(contexts[1].m);
      word = scratch(world, 0);
      return contexts;
    },
    script(worker, world): Step<Context>[] {
      if (worker === 0) {
        return [
          step<Context>("release, write", (lib, { m }) => {
            threads(lib).ThreadStates.release(m);
            add(world, word);
          }),
        ];
      }
      return [
        step<Context>("suspend, write, resume", (lib, { m }) => {
          const { ThreadStates } = threads(lib);
          if (!ThreadStates.suspendDetached(m, 2)) return;
          add(world, word);
          ThreadStates.resume(m, 2);
        }),
      ];
    },
  });
}

/** The models of this file. */
export const models: readonly Model[] = [
  slots(2, 2, Header.BUILD_FREE_THREADED),
  slots(2, 1, Header.BUILD_GIL),
  newcomers(1, 1, 3),
  twoEvents(1),
  twoReclaim(1, 3),
  lockDetaching(2, Header.BUILD_FREE_THREADED),
  lockDetaching(2, Header.BUILD_GIL),
  help(),
  helpWithNews(),
  helpAgainstExit(),
];
