/**
 * The mutex over the parking lot: mutual exclusion, no lost wake-up, fairness.
 *
 * The sleeps of the mutex that end by themselves are made endless, so that no
 * time-out makes up for a wake-up that got lost. What the lock guards is
 * accessed plainly: if two workers had the lock, that were a race.
 *
 * @module
 */

import {
  type Model,
  model,
  type Step,
  step,
  type World,
} from "../checker/model.ts";
import {
  type Context,
  DOORS,
  isStatistic,
  nameOf,
  NO_RESCUE,
  scratch,
  sync,
  waiterWords,
  workers,
} from "./support.ts";

/** Where the lock and what it guards are. */
interface Places {
  lock: number;
  counter: number;
}

/** What all models of this file have in common. */
function common(count: number, places: Places) {
  return {
    doors: DOORS,
    constants: NO_RESCUE,
    nameOf: (at: number) => at === places.lock ? "the mutex" : nameOf(at),
    ignored: isStatistic,
    clearedAtRest: waiterWords,
    setup(lib: Parameters<typeof workers>[0], world: World): Context[] {
      const contexts = workers(lib, world, count);
      places.lock = scratch(world, 0);
      places.counter = scratch(world, 1);
      return contexts;
    },
  };
}

/** Rounds of lock, count up, unlock by each of so many workers. */
export function mutex(count: number, rounds: number, bound?: number): Model {
  const places = { lock: 0, counter: 0 };
  return model<Context>({
    ...common(count, places),
    name: `mutex ${count} x ${rounds}` + (bound ? `, bound ${bound}` : ""),
    ...(bound === undefined ? {} : { bound }),
    script: (_worker, world) =>
      Array.from({ length: rounds }, () => round(world, places)),
    final: (world) => faultOf(world, places, count * rounds),
  });
}

function round(world: World, places: Places): Step<Context> {
  return step<Context>("lock, count, unlock", (lib, { m }) => {
    const { Mutex } = sync(lib);
    Mutex.lock(m, places.lock);
    world.write(places.counter, world.read(places.counter) + 1);
    Mutex.unlock(m, places.lock);
  });
}

function faultOf(world: World, places: Places, wanted: number): string {
  const value = world.i32[places.counter];
  if (value !== wanted) return `the counter is ${value}, not ${wanted}`;
  const word = world.i32[places.lock];
  return word === 0 ? "" : `the mutex is ${word}`;
}

/**
 * As above, but one worker gives up after a time, and the clock jumps, so that
 * locks are handed over.
 */
export function timedMutex(count: number, bound?: number): Model {
  const places = { lock: 0, counter: 0 };
  return model<Context>({
    ...common(count, places),
    name: `mutex with time-out and hand-over, ${count} workers` +
      (bound ? `, bound ${bound}` : ""),
    ...(bound === undefined ? {} : { bound }),
    ticks: 1,
    script: (
      worker,
      world,
    ) => [worker === 0 ? timedRound(world, places) : round(world, places)],
    final(world) {
      const given = world.context(0).n;
      return faultOf(world, places, count - 1 + given);
    },
  });
}

function timedRound(world: World, places: Places): Step<Context> {
  return step<Context>("try for a second", (lib, context) => {
    const { Mutex } = sync(lib);
    if (!Mutex.lockTimed(context.m, places.lock, 1000)) return;
    context.n = 1;
    world.write(places.counter, world.read(places.counter) + 1);
    Mutex.unlock(context.m, places.lock);
  });
}

/** The models of this file. */
export const models: readonly Model[] = [
  { ...mutex(2, 3), progress: true },
  { ...mutex(3, 1), progress: true },
  mutex(3, 2),
  mutex(3, 3, 4),
  mutex(4, 1, 3),
  mutex(4, 2, 2),
  timedMutex(2),
  timedMutex(3, 3),
];
/** Further ones, that take longer. */
export const nightly: readonly Model[] = [
  mutex(3, 3, 6),
  mutex(4, 2, 3),
  mutex(4, 3, 2),
  timedMutex(3),
];
