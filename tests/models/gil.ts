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
      return world.i32[Layout.GIL + GilState.X_LOCKED] === 0
        ? ""
        : "somebody has the GIL";
    },
  });
}

/** The models of this file. */
export const models: readonly Model[] = [
  gil(2, 1),
  gil(2, 2),
  gil(3, 1, 3),
  gil(3, 2, 2),
  gil(4, 1, 2),
];
/** Further ones, that take longer. */
export const nightly: readonly Model[] = [{ ...gil(3, 1), progress: false }];
