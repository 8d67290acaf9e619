/**
 * Stopping the world, in the free-threaded build: while it stands still nobody
 * else is attached, and everybody goes on afterwards.
 *
 * Each mutator writes a word of its own while it is attached, the stopper reads
 * them all: if both could happen at once, that were a race.
 *
 * @module
 */

import * as Layout from "../../src/layout/memory_map.ts";
import { LOCK, X_REQUESTED, X_REQUESTER } from "../../src/layout/world.ts";
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
  threads,
  waiterWords,
  workers,
} from "./support.ts";

/** Sizes of a model. */
export interface Sizes {
  /** Workers that attach and detach. */
  readonly mutators: number;
  /** Rounds of each. */
  readonly rounds: number;
  /** Workers that stop the world once. */
  readonly stoppers: number;
  /** Preemptions, if there is a bound. */
  readonly bound?: number;
  /** Longest wait of a stopper. Milliseconds. */
  readonly timeoutMs?: number;
}

/** Mutators against stoppers. */
export function world(sizes: Sizes): Model {
  const { mutators, rounds, stoppers, bound, timeoutMs = Infinity } = sizes;
  let words = 0;
  const wordOf = (worker: number): number => words + 16 * worker;
  return model<Context>({
    name: `stop the world, ${mutators} x ${rounds} against ${stoppers}` +
      (timeoutMs === Infinity ? "" : ", timed") +
      (bound ? `, bound ${bound}` : ""),
    doors: DOORS,
    constants: NO_RESCUE,
    ...(bound === undefined ? { progress: true } : { bound }),
    nameOf,
    ignored: isStatistic,
    clearedAtRest: waiterWords,
    setup(lib, it) {
      const contexts = workers(lib, it, mutators + stoppers);
      words = scratch(it, 0);
      return contexts;
    },
    script(worker, it): Step<Context>[] {
      if (worker >= mutators) {
        return [stopping(it, mutators, wordOf, timeoutMs)];
      }
      const round = mutating(it, wordOf(worker));
      return Array.from({ length: rounds }, () => round);
    },
    final(it) {
      for (let k = 0; k < mutators; k++) {
        if (it.i32[wordOf(k)] !== 2 * rounds) return `worker ${k} lost a write`;
      }
      return [LOCK, X_REQUESTED, X_REQUESTER]
          .every((word) => it.i32[Layout.WORLD + word] === 0)
        ? ""
        : "the world is not as before";
    },
  });
}

function mutating(it: World, word: number): Step<Context> {
  const add = (): void => it.write(word, it.read(word) + 1);
  return step<Context>("attach, write, safe point, detach", (lib, { m }) => {
    const { SafePoint, ThreadStates } = threads(lib);
    ThreadStates.attach(m);
    add();
    SafePoint.safePoint(m);
    add();
    ThreadStates.detach(m);
  });
}

function stopping(
  it: World,
  mutators: number,
  wordOf: (worker: number) => number,
  timeoutMs: number,
): Step<Context> {
  return step<Context>("stop, read all, start", (lib, context) => {
    const { World } = threads(lib);
    if (!World.stop(context.m, timeoutMs)) return;
    for (let k = 0; k < mutators; k++) it.read(wordOf(k));
    World.start(context.m);
  });
}

/** Attached workers that all stop the world, and are attached afterwards. */
export function attachedStoppers(count: number, bound?: number): Model {
  return model<Context>({
    name: `stop the world, ${count} attached stoppers` +
      (bound ? `, bound ${bound}` : ""),
    doors: DOORS,
    constants: NO_RESCUE,
    ...(bound === undefined ? { progress: true } : { bound }),
    nameOf,
    ignored: isStatistic,
    clearedAtRest: waiterWords,
    setup(lib, it) {
      const contexts = workers(lib, it, count);
      for (const { m } of contexts) threads(lib).ThreadStates.attach(m);
      return contexts;
    },
    script: (_worker, it) => [
      step<Context>("stop, write, start, detach", (lib, { m }) => {
        const { ThreadStates, World } = threads(lib);
        const word = scratch(it, 0);
        World.stop(m, Infinity);
        it.write(word, it.read(word) + 1);
        World.start(m);
        ThreadStates.detach(m);
      }),
    ],
    final: (it) => it.i32[scratch(it, 0)] === count ? "" : "a write was lost",
  });
}

/** The models of this file. */
export const models: readonly Model[] = [
  world({ mutators: 1, rounds: 2, stoppers: 1 }),
  { ...world({ mutators: 1, rounds: 1, stoppers: 2 }), progress: false },
  world({ mutators: 2, rounds: 1, stoppers: 1, bound: 4 }),
  world({ mutators: 2, rounds: 2, stoppers: 1, bound: 3 }),
  world({ mutators: 3, rounds: 1, stoppers: 1, bound: 2 }),
  world({ mutators: 1, rounds: 1, stoppers: 1, timeoutMs: 10 }),
  attachedStoppers(2),
];
/** Further ones, that take longer. */
export const nightly: readonly Model[] = [
  { ...world({ mutators: 2, rounds: 1, stoppers: 1 }), progress: false },
];
