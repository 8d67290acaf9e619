/**
 * The GIL: one holder at a time, requests to drop it, forced switches.
 *
 * Workers attach, touch what the GIL guards by plain accesses, meet a safe
 * point, touch it again, and detach.
 *
 * @module
 */

import * as GilState from "../../src/layout/gil.ts";
import * as Header from "../../src/layout/header.ts";
import * as Layout from "../../src/layout/memory_map.ts";
import * as ThreadState from "../../src/layout/thread_state.ts";
import { type Model, model, step, type World } from "../checker/model.ts";
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

const CONSTANTS = {
  ...NO_RESCUE,
  "src/threads/gil.ts": { SPINS: 0, MAX_SWITCH_WAITS: 1 },
};

/** Rounds of attach, count, safe point, count, detach. */
export function gil(count: number, rounds: number, bound?: number): Model {
  let counter = 0;
  const add = (world: World): void =>
    world.write(counter, world.read(counter) + 1);
  return model<Context>({
    name: `GIL ${count} x ${rounds}` + (bound ? `, bound ${bound}` : ""),
    doors: DOORS,
    constants: CONSTANTS,
    ...(bound === undefined ? { progress: true } : { bound }),
    nameOf,
    ignored: isStatistic,
    clearedAtRest: waiterWords,
    setup(lib, world) {
      const contexts = workers(lib, world, count, Header.BUILD_GIL);
      counter = scratch(world, 0);
      return contexts;
    },
    script: (_worker, world) =>
      Array.from(
        { length: rounds },
        () =>
          step("attach, count, safe point, count, detach", (lib, { m }) => {
            const { SafePoint, ThreadStates } = threads(lib);
            ThreadStates.attach(m);
            add(world);
            SafePoint.safePoint(m);
            add(world);
            ThreadStates.detach(m);
          }),
      ),
    final(world) {
      const value = world.i32[counter];
      if (value !== 2 * count * rounds) return `the counter is ${value}`;
      const { X_LOCKED, X_WAITERS, X_SWITCH_WAITERS } = GilState;
      const left = [X_LOCKED, X_WAITERS, X_SWITCH_WAITERS]
        .filter((word) => world.i32[Layout.GIL + word] !== 0);
      return left.length === 0 ? "" : `words ${left} of the GIL are not 0`;
    },
  });
}

/** One that would never give the GIL up is asked to, and does. */
export function request(): Model {
  let breaker = 0;
  return model<Context>({
    name: "GIL, asked for",
    doors: DOORS,
    constants: CONSTANTS,
    progress: true,
    nameOf,
    ignored: isStatistic,
    setup(lib, world) {
      const contexts = workers(lib, world, 2, Header.BUILD_GIL);
      const [{ m }] = contexts;
      threads(lib).ThreadStates.attach(m);
      breaker = m.thread + ThreadState.X_EVAL_BREAKER;
      return contexts;
    },
    script: (worker) =>
      worker === 0
        ? [
          step<Context>("safe point", (lib, { m }) => {
            threads(lib).SafePoint.safePoint(m);
          }, { when: (world) => world.i32[breaker] !== 0 }),
          step<Context>("detach", (lib, { m }) => {
            threads(lib).ThreadStates.detach(m);
          }),
        ]
        : [step<Context>("attach, detach", (lib, { m }) => {
          threads(lib).ThreadStates.attach(m);
          threads(lib).ThreadStates.detach(m);
        })],
  });
}

/** The models of this file. */
export const models: readonly Model[] = [
  gil(2, 1),
  gil(2, 2),
  gil(3, 1, 3),
  gil(3, 2, 2),
  gil(4, 1, 2),
  request(),
];
/** Further ones, that take longer. */
export const nightly: readonly Model[] = [{ ...gil(3, 1), progress: false }];
