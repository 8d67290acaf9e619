/**
 * Locks in states that longer models seldom reach.
 *
 * @module
 */

import * as ThreadState from "../../src/layout/thread_state.ts";
import { type Model, model, type Step, step } from "../checker/model.ts";
import { DOORS, recovery } from "./heap.ts";
import {
  type Context,
  isStatistic,
  nameOf,
  NO_RESCUE,
  scratch,
  sync,
  workers,
} from "./support.ts";

/** How two workers try to get a lock without waiting. */
interface Attempt {
  readonly name: string;
  /** True if a dead worker has the lock. */
  readonly ofTheDead: boolean;
  /** Makes the attempt; true if the lock was taken. */
  run(lib: Parameters<typeof sync>[0], c: Context, at: number): boolean;
}

/** Two attempts at once: one has the lock at a time. */
function attempts({ name, ofTheDead, run }: Attempt): Model {
  let at = 0;
  return model<Context>({
    doors: DOORS,
    constants: NO_RESCUE,
    nameOf,
    ignored: isStatistic,
    name,
    setup(lib, world) {
      const contexts = workers(lib, world, 3);
      at = scratch(world, 0);
      const [{ m }, , dead] = contexts;
      if (ofTheDead) {
        sync(lib).Mutex.lock(dead.m, at);
        recovery(lib).Fence.declare(m, dead.m.slot, ThreadState.DEAD);
      }
      world.i32[at] |= 2; // somebody was parked
      return contexts;
    },
    script(worker, world): Step<Context>[] {
      if (worker === 2) return [];
      return [step<Context>("try, count, unlock", (lib, c) => {
        if (!run(lib, c, at)) return;
        c.n++;
        world.write(at + 16, world.read(at + 16) + 1);
        sync(lib).Mutex.unlock(c.m, at);
      })];
    },
    final(world) {
      const taken = world.context(0).n + world.context(1).n;
      if (world.i32[at] !== 0) return `the lock is ${world.i32[at]}`;
      const isRight = taken > 0 && (!ofTheDead || taken === 1);
      return isRight && world.i32[at + 16] === taken
        ? ""
        : `it was taken ${taken} times`;
    },
  });
}

/** One that waits for so long and no longer, for what never comes. */
function eventInVain(): Model {
  let at = 0;
  return model<Context>({
    doors: DOORS,
    constants: NO_RESCUE,
    nameOf,
    ignored: isStatistic,
    name: "an event that never comes",
    progress: true,
    setup(lib, world) {
      const contexts = workers(lib, world, 1);
      at = scratch(world, 0);
      return contexts;
    },
    script: () => [
      step<Context>("wait", (lib, c) => {
        c.n = sync(lib).PyEvent.wait(c.m, at, 5) ? 1 : 2;
      }),
    ],
    final: (world) =>
      world.context(0).n === 2 ? "" : "it got what was not there",
  });
}

/** The models of this file. */
export const models: readonly Model[] = [
  attempts({
    name: "two who barge",
    ofTheDead: false,
    run: (lib, { m }, at) => sync(lib).Mutex.tryLock(m, at),
  }),
  attempts({
    name: "two who take a lock over",
    ofTheDead: true,
    run: (lib, { m }, at) => sync(lib).Mutex.takeOver(m, at),
  }),
  eventInVain(),
];
