/**
 * Waits that have no happy end, or a plain one: for what never comes, of those
 * who cannot park, and locks that are given back by somebody else.
 *
 * @module
 */

import * as ThreadState from "../../src/layout/thread_state.ts";
import * as Waiter from "../../src/layout/waiter.ts";
import type { Library } from "../checker/loader.ts";
import { type Model, model, type Step, step } from "../checker/model.ts";
import type { World } from "../checker/model.ts";
import {
  type Context,
  DOORS,
  isStatistic,
  memory,
  nameOf,
  NO_RESCUE,
  scratch,
  SPIN_ONCE,
  sync,
  threads,
  workers,
} from "./support.ts";

/** What all models of this file have in common. */
const COMMON = {
  doors: DOORS,
  constants: NO_RESCUE,
  nameOf,
  progress: true,
} as const;

/** So many workers with a thread state, then one without. */
function withNobody(lib: Library, world: World, count: number): Context[] {
  const contexts = workers(lib, world, count);
  const { Create } = memory(lib);
  const m = Create.open(contexts[0].m.buffer, world.clock);
  return [...contexts, { m, n: 0 }];
}

/** One waits for 5 ms for a lock that is never given back. */
export function lockInVain(hasThread: boolean): Model {
  let at = 0;
  return model<Context>({
    ...COMMON,
    name: `a lock that is never given back${hasThread ? "" : ", no thread"}`,
    ticks: 1,
    ignored: isStatistic,
    setup(lib, world) {
      const contexts = hasThread
        ? workers(lib, world, 2).reverse()
        : withNobody(lib, world, 1).reverse();
      at = scratch(world, 0);
      sync(lib).Mutex.lock(contexts[1].m, at);
      return contexts;
    },
    script: (worker) =>
      worker > 0 ? [] : [step<Context>("try for 5 ms", (lib, c) => {
        c.n = sync(lib).Mutex.lockTimed(c.m, at, 5) ? 1 : 2;
      })],
    final: (world) =>
      world.context(0).n === 2 ? "" : "it got what another one has",
  });
}

/** One without a thread state waits for an event: in vain, or not. */
export function eventOfNobody(comes: boolean): Model {
  let at = 0;
  return model<Context>({
    ...COMMON,
    name: `no thread waits for an event that ${comes ? "" : "never "}comes`,
    setup(lib, world) {
      const contexts = withNobody(lib, world, 1);
      at = scratch(world, 0);
      return contexts;
    },
    script(worker): Step<Context>[] {
      if (worker === 0) {
        return comes
          ? [step("notify", (lib, { m }) => sync(lib).PyEvent.notify(m, at))]
          : [];
      }
      return [step<Context>("wait", (lib, c) => {
        const isSet = sync(lib).PyEvent.wait(c.m, at, comes ? Infinity : 5);
        c.n = isSet === sync(lib).PyEvent.isSet(c.m, at) && isSet ? 1 : 2;
      })];
    },
    final: (world) =>
      world.context(1).n === (comes ? 1 : 2) ? "" : "the answer is wrong",
  });
}

/** One without a thread state, and one that has one, share a lock. */
export function lockOfNobody(): Model {
  let at = 0;
  return model<Context>({
    ...COMMON,
    name: "a lock of one without a thread",
    ignored: isStatistic,
    setup(lib, world) {
      const contexts = withNobody(lib, world, 1);
      at = scratch(world, 0);
      return contexts;
    },
    script: (_worker, world) => [round(world, at)],
    final: (world) =>
      world.i32[at] === 0 && world.i32[at + 16] === 2
        ? ""
        : `the lock is ${world.i32[at]}`,
  });
}

function round(world: World, at: number): Step<Context> {
  return step<Context>("lock, count, unlock", (lib, { m }) => {
    sync(lib).Mutex.lock(m, at);
    world.write(at + 16, world.read(at + 16) + 1);
    sync(lib).Mutex.unlock(m, at);
  });
}

/** A lock is given back by one that never took it, while others come. */
export function foreignUnlock(others: number): Model {
  let at = 0;
  return model<Context>({
    ...COMMON,
    name: `a lock given back by another, ${others} others`,
    ignored: isStatistic,
    setup(lib, world) {
      const contexts = workers(lib, world, others + 2);
      at = scratch(world, 0);
      sync(lib).Mutex.lock(contexts[others + 1].m, at);
      return contexts;
    },
    script(worker, world) {
      if (worker > others) return [];
      if (worker > 0) return [round(world, at)];
      return [
        step("unlock", (lib, { m }) => sync(lib).Mutex.unlock(m, at)),
      ];
    },
    final: (world) =>
      world.i32[at] === 0 && world.i32[at + 16] === others
        ? ""
        : `the lock is ${world.i32[at]}, the counter ${world.i32[at + 16]}`,
  });
}

/** A wait is counted if and only if the worker was parked, hence woken. */
export function countedWaits(): Model {
  let at = 0;
  return model<Context>({
    ...COMMON,
    name: "waits for a lock are counted",
    setup(lib, world) {
      const contexts = workers(lib, world, 2);
      at = scratch(world, 0);
      return contexts;
    },
    script: (_worker, world) => [round(world, at)],
    final(world) {
      for (const { m } of [world.context(0), world.context(1)]) {
        const waits = world.i32[m.thread + ThreadState.STAT_LOCK_WAITS];
        const by = world.i32[
          m.thread + ThreadState.WAITER + Waiter.UNPARKED_BY
        ];
        if ((waits > 0) !== (by !== 0)) return `${waits} waits, woken by ${by}`;
      }
      return "";
    },
  });
}

/** What sleepers wait for that a fatal error ends. */
const SLEEPS = {
  "an event": (lib: Library, m: Context["m"], at: number) =>
    void sync(lib).PyEvent.wait(m, at, Infinity),
  "a lock": (lib: Library, m: Context["m"], at: number) =>
    sync(lib).Mutex.lock(m, at + 16),
  "its suspender": (lib: Library, m: Context["m"]) =>
    threads(lib).ThreadStates.attach(m),
} as const;

/** One that sleeps is told of the fatal error of another. */
export function toldOfTheEnd(what: keyof typeof SLEEPS): Model {
  let at = 0;
  return model<Context>({
    ...COMMON,
    name: `a fatal error is told to one that waits for ${what}`,
    // Nothing but a look now and then tells who is suspended.
    ...(what === "its suspender" ? { constants: SPIN_ONCE } : {}),
    expects: ["FatalError"],
    setup(lib, world) {
      const contexts = workers(lib, world, 2);
      at = scratch(world, 0);
      const [{ m }, { m: other }] = contexts;
      sync(lib).Mutex.lock(m, at + 16);
      threads(lib).ThreadStates.suspendDetached(m, other.slot);
      return contexts;
    },
    script: (worker): Step<Context>[] => [
      worker === 0
        ? step("report", (lib, { m }) => sync(lib).Fatal.fatal(m, "over"))
        : step("sleep", (lib, { m }) => SLEEPS[what](lib, m, at)),
    ],
  });
}

/** The models of this file. */
export const models: readonly Model[] = [
  lockInVain(true),
  lockInVain(false),
  eventOfNobody(true),
  eventOfNobody(false),
  lockOfNobody(),
  foreignUnlock(1),
  foreignUnlock(2),
  countedWaits(),
  toldOfTheEnd("an event"),
  toldOfTheEnd("a lock"),
  toldOfTheEnd("its suspender"),
];
