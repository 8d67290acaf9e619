/**
 * Workers that are cut off: by two at once, while somebody helps them, while
 * they sleep, and while those who help them wait for what the dead have.
 *
 * @module
 */

import * as Layout from "../../src/layout/memory_map.ts";
import * as Bucket from "../../src/layout/parking_bucket.ts";
import * as RunBins from "../../src/layout/run_bins.ts";
import * as ThreadState from "../../src/layout/thread_state.ts";
import * as Waiter from "../../src/layout/waiter.ts";
import type { Library } from "../checker/loader.ts";
import { type Model, model, type Step, step } from "../checker/model.ts";
import type { World } from "../checker/model.ts";
import { DOORS, ignored, nameOf, racy, recovery } from "./heap.ts";
import {
  type Context,
  NO_RESCUE,
  scratch,
  sync,
  threads,
  workers,
} from "./support.ts";

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
} as const;

const { DEAD, REVOKED } = ThreadState;
const RUNS_LOCK = Layout.RUNS + RunBins.LOCK;
/** Slot of worker 2, who is cut off. */
const SLOT = 4;

/** Owner value of worker 2. */
function victimOf(world: World): number {
  const thread = Layout.THREADS + SLOT * ThreadState.SIZEOF;
  return (world.i32[thread + ThreadState.INCARNATION] << 8) | SLOT;
}

/** A word of the victim. */
function wordOf(world: World, word: number): number {
  return world.i32[Layout.THREADS + SLOT * ThreadState.SIZEOF + word];
}

/** Declares the victim to be `to`. */
function declareStep(world: World, to: number): Step<Context> {
  return step<Context>("declare", (lib, { m }) => {
    recovery(lib).Recovery.declare(m, victimOf(world), to);
  });
}

/** A step for the models of this file, in short. */
function act(
  name: string,
  run: (lib: Library, c: Context) => void,
): Step<Context> {
  return step<Context>(name, run);
}

/** One says REVOKED, another one DEAD: dead it is. */
export const twoFences: Model = model<Context>({
  ...COMMON,
  name: "revoked by one, dead for another",
  setup: (lib, world) => workers(lib, world, 3),
  script: (worker) =>
    [REVOKED, DEAD].slice(worker, worker + 1).map((to) =>
      act("declare", (lib, { m }) => recovery(lib).Fence.declare(m, SLOT, to))
    ),
  final: (world) =>
    wordOf(world, ThreadState.X_FENCE) === DEAD ? "" : "it is not dead",
});

/** Who cuts a thread off and who helps it exclude each other. */
export function fenceAgainstHelp(): Model {
  let word = 0;
  return model<Context>({
    ...COMMON,
    name: "cut off against help",
    setup(lib, world) {
      const contexts = workers(lib, world, 3);
      word = scratch(world, 0);
      return contexts;
    },
    script(worker, world): Step<Context>[] {
      const add = () => world.write(word, world.read(word) + 1);
      if (worker === 0) {
        return [act("cut off, write", (lib, { m }) => {
          if (recovery(lib).Fence.tryFence(m, SLOT, DEAD) >= 0) add();
        })];
      }
      if (worker === 2) return [];
      return [act("suspend, write, resume", (lib, { m }) => {
        const { ThreadStates } = threads(lib);
        if (!ThreadStates.suspendDetached(m, SLOT)) return;
        add();
        ThreadStates.resume(m, SLOT);
      })];
    },
  });
}

/** One that sleeps because a dead worker has it suspended is woken. */
export const fenceOfASleeper: Model = model<Context>({
  ...COMMON,
  name: "cut off in its sleep",
  progress: true,
  expects: ["ThreadStateError"],
  setup(lib, world) {
    const contexts = workers(lib, world, 3);
    threads(lib).ThreadStates.suspendDetached(contexts[1].m, SLOT);
    recovery(lib).Fence.declare(contexts[0].m, contexts[1].m.slot, DEAD);
    return contexts;
  },
  script(worker, world): Step<Context>[] {
    if (worker === 1) return [];
    return worker === 0
      ? [declareStep(world, REVOKED)]
      : [act("attach", (lib, { m }) => threads(lib).ThreadStates.attach(m))];
  },
});

/** The victim is suspended by one who waits for a lock that the victim has. */
export const fenceOfTheHelped: Model = model<Context>({
  ...COMMON,
  name: "cut off while its helper waits",
  progress: true,
  setup(lib, world) {
    const contexts = workers(lib, world, 3);
    sync(lib).Mutex.lock(contexts[2].m, RUNS_LOCK);
    threads(lib).ThreadStates.suspendDetached(contexts[1].m, SLOT);
    return contexts;
  },
  script(worker, world): Step<Context>[] {
    if (worker === 2) return [];
    if (worker === 0) return [declareStep(world, DEAD)];
    return [act("lock, unlock, resume", (lib, { m }) => {
      sync(lib).Mutex.lock(m, RUNS_LOCK);
      sync(lib).Mutex.unlock(m, RUNS_LOCK);
      threads(lib).ThreadStates.resume(m, SLOT);
    })];
  },
});

/** A thread that is cut off while somebody stops the world is not waited for. */
export function fenceOfTheStopped(to: number, what: string): Model {
  return model<Context>({
    ...COMMON,
    name: `${what} while the world is being stopped`,
    progress: true,
    setup(lib, world) {
      const contexts = workers(lib, world, 3);
      threads(lib).ThreadStates.attach(contexts[0].m);
      return contexts;
    },
    script(worker, world): Step<Context>[] {
      if (worker === 2) return [];
      if (worker === 0) {
        const detach = act(
          "detach",
          (lib, { m }) => threads(lib).ThreadStates.detach(m),
        );
        return [declareStep(world, to), detach];
      }
      return [act("stop, start", (lib, { m }) => {
        const { World } = threads(lib);
        if (World.stop(m, Infinity)) World.start(m);
      })];
    },
  });
}

/**
 * One that a dead worker has woken once falls asleep elsewhere while somebody
 * looks for those whom the dead have left asleep.
 */
export function staleName(): Model {
  let at = 0;
  return model<Context>({
    ...COMMON,
    constants: {
      ...NO_RESCUE,
      "src/layout/parking_bucket.ts": { NUM_BUCKETS: 2 },
    },
    name: "a sleeper with the name of a dead one",
    progress: true,
    setup(lib, world) {
      const contexts = workers(lib, world, 3);
      at = scratch(world, 0);
      const waiter = contexts[1].m.thread + ThreadState.WAITER;
      world.i32[waiter + Waiter.X_SEMA] = 1;
      world.i32[waiter + Waiter.ADDR] = at + 1;
      world.i32[waiter + Waiter.UNPARKED_BY] = (victimOf(world) << 1) | 1;
      recovery(lib).Fence.declare(contexts[0].m, SLOT, DEAD);
      return contexts;
    },
    script(worker): Step<Context>[] {
      if (worker === 2) return [];
      if (worker === 0) {
        return [act("recover, notify", (lib, { m }) => {
          sync(lib).ParkingLot.recover(m);
          sync(lib).PyEvent.notify(m, at);
        })];
      }
      return [act("wait", (lib, { m }) => {
        sync(lib).PyEvent.wait(m, at, Infinity);
        const by = m.i32[m.thread + ThreadState.WAITER + Waiter.UNPARKED_BY];
        if (by === 0) throw new Error("It woke up, and is still in the list");
      })];
    },
    final: emptyBuckets,
  });
}

/**
 * One that recovery has woken for no reason falls asleep elsewhere: nobody
 * writes to its record any more but who wakes it there.
 */
export function wokenElsewhere(ms: number): Model {
  let at = 0;
  return model<Context>({
    ...COMMON,
    constants: {
      ...NO_RESCUE,
      "src/layout/parking_bucket.ts": { NUM_BUCKETS: 2 },
    },
    name: "woken by recovery" + (ms === Infinity ? "" : " or in time") +
      ", asleep elsewhere",
    progress: true,
    setup(lib, world) {
      const contexts = workers(lib, world, 2);
      at = scratch(world, 0);
      world.i32[at] = 2; // somebody may be parked
      return contexts;
    },
    script(worker): Step<Context>[] {
      if (worker === 0) {
        return [act("recover, notify", (lib, { m }) => {
          sync(lib).ParkingLot.recover(m);
          sync(lib).PyEvent.notify(m, at);
        })];
      }
      return [act("park twice", (lib, { m }) => {
        const { ParkingLot } = sync(lib);
        ParkingLot.park(m, at, 2, ms, 0);
        ParkingLot.park(m, at + 1, 0, 5, 0);
      })];
    },
    final: emptyBuckets,
  });
}

/** Says whether somebody is left in one of two buckets. */
function emptyBuckets(world: World): string {
  return [0, Bucket.SIZEOF].every((k) =>
      world.i32[Layout.BUCKETS + k + Bucket.HEAD] === 0
    )
    ? ""
    : "somebody is left in a bucket";
}

/** The models of this file. */
export const models: readonly Model[] = [
  twoFences,
  fenceAgainstHelp(),
  fenceOfASleeper,
  fenceOfTheStopped(DEAD, "dead"),
  fenceOfTheStopped(REVOKED, "revoked"),
  staleName(),
  wokenElsewhere(Infinity),
  wokenElsewhere(5),
];

/** Models that take longer. */
export const nightly: readonly Model[] = [fenceOfTheHelped];
