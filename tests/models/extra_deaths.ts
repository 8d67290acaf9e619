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
  DOORS,
  type HeapContext,
  heapOf,
  ignored,
  isGone,
  nameOf,
  racy,
  recovery,
} from "./heap.ts";
import { NO_RESCUE, scratch, SPIN_ONCE, sync, threads } from "./support.ts";

/** What all models of this file have in common. */
const COMMON = {
  doors: DOORS,
  constants: {
    ...NO_RESCUE,
    "src/layout/parking_bucket.ts": { NUM_BUCKETS: 1 },
  },
  nameOf,
  ignored,
  racy,
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
      lock = scratch(world, 0);
      return heapOf(lib, world, waiters + 2, BUILDS["free-threaded"]);
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
export function eventOfTheDead(bound?: number): Model {
  let at = 0;
  const notify = step<HeapContext>(
    "notify",
    (lib, { m }) => sync(lib).PyEvent.notify(m, at),
  );
  return model<HeapContext>({
    ...COMMON,
    name: "event of the dead",
    ...(bound === undefined ? {} : { bound }),
    setup(lib, world) {
      at = scratch(world, 0);
      return heapOf(lib, world, 3, BUILDS["free-threaded"]);
    },
    script(worker, world): Step<HeapContext>[] {
      if (worker === 0) return [notify];
      if (worker === 1) {
        return [
          step<HeapContext>("wait", (lib, { m }) => {
            sync(lib).PyEvent.wait(m, at, Infinity);
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

/** Worker 0 stops the world and may die; worker 1 wants to attach. */
export function worldOfTheDead(bound?: number): Model {
  return model<HeapContext>({
    ...COMMON,
    name: "world of the dead",
    // Who dies between a resume and its wake-up costs a sleep of SLEEP_MS.
    constants: { ...COMMON.constants, ...SPIN_ONCE },
    ...(bound === undefined ? {} : { bound }),
    setup: (lib, world) => heapOf(lib, world, 3, BUILDS["free-threaded"]),
    script(worker, world): Step<HeapContext>[] {
      if (worker === 2) return [recoverStep(world)];
      return [
        step<HeapContext>(worker === 0 ? "stop, start" : "attach, detach", (
          lib,
          { m },
        ) => {
          const { ThreadStates, World } = threads(lib);
          if (worker === 0) {
            if (World.stop(m, Infinity)) World.start(m);
            return;
          }
          ThreadStates.attach(m);
          ThreadStates.detach(m);
        }),
      ];
    },
  });
}

/** The models of this file. */
export const models: readonly Model[] = [
  lockOfTheDead(1, 2),
  eventOfTheDead(2),
  worldOfTheDead(2),
];
