/**
 * Events: all that wait are woken, and what was written before is seen.
 *
 * @module
 */

import { type Model, model, type Step, step } from "../checker/model.ts";
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

/** Waiters, the last of them with a time-out if it is `timed`, and a notifier. */
export function event(waiters: number, timed: boolean, bound?: number): Model {
  let at = 0;
  let news = 0;
  const notify = (world: { write(at: number, value: number): void }) =>
    step<Context>("notify", (lib, { m }) => {
      world.write(news, 7);
      sync(lib).PyEvent.notify(m, at);
    });
  return model<Context>({
    name: `event, ${waiters} waiters` + (timed ? ", one timed" : "") +
      (bound ? `, bound ${bound}` : ""),
    doors: DOORS,
    constants: NO_RESCUE,
    ...(bound === undefined ? { progress: true } : { bound }),
    nameOf,
    ignored: isStatistic,
    clearedAtRest: waiterWords,
    setup(lib, world) {
      const contexts = workers(lib, world, waiters + 1);
      at = scratch(world, 0);
      news = scratch(world, 1);
      return contexts;
    },
    script(worker, world): Step<Context>[] {
      if (worker === waiters) return [notify(world)];
      const ms = timed && worker === waiters - 1 ? 5 : Infinity;
      return [step<Context>("wait", (lib, context) => {
        const isSet = sync(lib).PyEvent.wait(context.m, at, ms);
        context.n = isSet ? world.read(news) : -1;
      })];
    },
    final(world) {
      for (let k = 0; k < waiters; k++) {
        const got = world.context(k).n;
        const mayFail = timed && k === waiters - 1;
        if (got !== 7 && !(mayFail && got === -1)) return `${k} got ${got}`;
      }
      return "";
    },
  });
}

/** The models of this file. */
export const models: readonly Model[] = [
  event(2, false),
  event(2, true),
  event(3, false),
  event(3, true, 3),
];
