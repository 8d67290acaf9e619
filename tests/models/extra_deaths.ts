/**
 * Deaths at every step of those who lock, unlock, wake and stop the world:
 * recovery sets everybody free who waits for them.
 *
 * @module
 */

import * as Layout from "../../src/layout/memory_map.ts";
import * as ThreadState from "../../src/layout/thread_state.ts";
import { type Model, model, type Step, step } from "../checker/model.ts";
import type { World } from "../checker/model.ts";
import {
  BUILDS,
  CONSTANTS,
  DOORS,
  fillPool,
  type HeapContext,
  heapOf,
  ignored,
  isGone,
  mallocStep,
  nameOf,
  racy,
  recovery,
  verdict,
} from "./heap.ts";
import { NO_RESCUE, scratch, SPIN_ONCE, sync, threads } from "./support.ts";

/**
 * A word that worker 0 writes last and another one reads: without something
 * shared the checker knows no moment at which worker 0 could die.
 */
const NOTE = Layout.WORLD + 64;

/** The last step of worker 0, if others share nothing with it. */
function noteStep(world: World): Step<HeapContext> {
  return step<HeapContext>("note", () => world.write(NOTE, 1));
}

/** The step of who looks at it. */
function lookStep(world: World): Step<HeapContext> {
  return step<HeapContext>("look", () => void world.read(NOTE));
}

/** What all models of this file have in common. */
const COMMON = {
  doors: DOORS,
  constants: {
    ...NO_RESCUE,
    "src/layout/parking_bucket.ts": { NUM_BUCKETS: 1 },
  },
  nameOf,
  ignored,
  racy: (at: number) => racy(at) || at === NOTE,
  kills: 1,
  killable: (worker: number) => worker === 0,
} as const;

/** Recovers worker 0 once it is dead. */
function recoverStep(world: World): Step<HeapContext> {
  return step<HeapContext>("recover 0", (lib, { m }) => {
    const { Recovery } = recovery(lib);
    const thread = Layout.THREADS + 2 * ThreadState.SIZEOF;
    const owner = (world.i32[thread + ThreadState.INCARNATION] << 8) | 2;
    Recovery.declare(m, owner, ThreadState.DEAD);
    Recovery.recover(m, owner);
  }, { when: () => world.isDead(0) && !isGone(world, 0), optional: true });
}

/** Gives locks of users back that the dead had: recovery leaves them alone. */
function freeLock(at: number, world: World): Step<HeapContext> {
  return step<HeapContext>("free the lock of the dead", (lib, { m }) => {
    const { Mutex } = sync(lib);
    if (Mutex.takeOver(m, at)) Mutex.unlock(m, at);
  }, { when: () => world.isDead(0), optional: true });
}

/** Worker 0 locks and unlocks, and may die; others wait for the lock. */
export function lockOfTheDead(waiters: number, bound?: number): Model {
  let lock = 0;
  return model<HeapContext>({
    ...COMMON,
    name: `lock of the dead, ${waiters} waiters`,
    ...(bound === undefined ? {} : { bound }),
    setup(lib, world) {
      const contexts = heapOf(lib, world, waiters + 2, BUILDS["free-threaded"]);
      lock = scratch(world, 0);
      return contexts;
    },
    script(worker, world): Step<HeapContext>[] {
      if (worker > waiters) return [recoverStep(world), freeLock(lock, world)];
      return [
        step<HeapContext>("lock, unlock", (lib, { m }) => {
          const { Mutex } = sync(lib);
          Mutex.lock(m, lock);
          Mutex.unlock(m, lock);
        }),
      ];
    },
  });
}

/** Worker 0 notifies, and may die; if so somebody else notifies again. */
export function eventOfTheDead(bound?: number, ms = Infinity): Model {
  let at = 0;
  const notify = step<HeapContext>(
    "notify",
    (lib, { m }) => sync(lib).PyEvent.notify(m, at),
  );
  return model<HeapContext>({
    ...COMMON,
    name: `event of the dead${ms === Infinity ? "" : ", timed"}`,
    ...(bound === undefined ? { progress: true } : { bound }),
    setup(lib, world) {
      const contexts = heapOf(lib, world, 3, BUILDS["free-threaded"]);
      at = scratch(world, 0);
      return contexts;
    },
    script(worker, world): Step<HeapContext>[] {
      if (worker === 0) return [notify];
      if (worker === 1) {
        return [
          step<HeapContext>("wait", (lib, { m }) => {
            sync(lib).PyEvent.wait(m, at, ms);
          }),
        ];
      }
      return [recoverStep(world), {
        ...notify,
        when: () => world.isDead(0) && isGone(world, 0),
        optional: true,
      }];
    },
  });
}

/** Worker 0 stops the world and may die; worker 1 recovers it and attaches. */
export function worldOfTheDead(): Model {
  return model<HeapContext>({
    ...COMMON,
    name: "world of the dead",
    progress: true,
    // Who dies between a resume and its wake-up costs a sleep of SLEEP_MS.
    constants: { ...COMMON.constants, ...SPIN_ONCE },
    setup: (lib, world) => heapOf(lib, world, 2, BUILDS["free-threaded"]),
    script(worker, world): Step<HeapContext>[] {
      const attach = step<HeapContext>("attach, detach", (lib, { m }) => {
        threads(lib).ThreadStates.attach(m);
        threads(lib).ThreadStates.detach(m);
      });
      if (worker === 1) {
        return [lookStep(world), recoverStep(world), attach];
      }
      return [
        step<HeapContext>("stop, start", (lib, { m }) => {
          const { World } = threads(lib);
          if (World.stop(m, Infinity)) World.start(m);
        }),
        noteStep(world),
      ];
    },
  });
}

/** Worker 0 drains a remote stack and may die. */
export function drainOfTheDead(): Model {
  let live = 0;
  return model<HeapContext>({
    ...COMMON,
    constants: { ...CONSTANTS, ...COMMON.constants },
    name: "drain of the dead",
    setup(lib, world) {
      const contexts = heapOf(lib, world, 2, BUILDS["free-threaded"]);
      for (const { core } of contexts) core.attach();
      const blocks = fillPool(contexts[0], 512);
      for (let k = 0; k < 3; k++) {
        contexts[1].core.mem.free(blocks.pop() as never);
      }
      live = blocks.length;
      return contexts;
    },
    script: (worker, world) =>
      worker === 0
        ? [mallocStep(0, 512), noteStep(world)]
        : [lookStep(world), recoverStep(world)],
    final: (world) => verdict(world, live, 1),
  });
}

/** The models of this file. */
export const models: readonly Model[] = [
  lockOfTheDead(1, 2),
  eventOfTheDead(2),
  eventOfTheDead(undefined, 5),
  worldOfTheDead(),
  drainOfTheDead(),
];
