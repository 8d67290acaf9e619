/**
 * Helping: a worker suspends another one that is detached and works on what is
 * that one's; who is suspended cannot attach before it is resumed.
 *
 * @module
 */

import * as PageMap from "../../src/layout/page_map.ts";
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
  nameOf,
  NO_RESCUE,
  scratch,
  threads,
  workers,
} from "./support.ts";

/** Helpers that look after worker 0, which attaches and detaches. */
export function suspension(helpers: number, rounds: number): Model {
  let word = 0;
  const add = (world: World): void => world.write(word, world.read(word) + 1);
  return model<Context>({
    name: `help, ${helpers} helpers, ${rounds} rounds`,
    doors: DOORS,
    constants: NO_RESCUE,
    progress: true,
    nameOf,
    setup(lib, world) {
      const contexts = workers(lib, world, helpers + 1);
      for (const { m } of contexts.slice(1)) {
        threads(lib).ThreadStates.attach(m);
      }
      word = scratch(world, 0);
      return contexts;
    },
    script(worker, world): Step<Context>[] {
      const round = worker === 0
        ? step<Context>("attach, write, detach", (lib, { m }) => {
          const { ThreadStates } = threads(lib);
          ThreadStates.attach(m);
          add(world);
          ThreadStates.detach(m);
        })
        : step<Context>("suspend, write, resume", (lib, context) => {
          const { ThreadStates } = threads(lib);
          const slot = PageMap.FIRST_SLOT;
          if (!ThreadStates.suspendDetached(context.m, slot)) return;
          add(world);
          context.n++;
          ThreadStates.resume(context.m, slot);
        });
      return Array.from({ length: rounds }, () => round);
    },
    final(world) {
      let wanted = rounds;
      for (let k = 1; k <= helpers; k++) wanted += world.context(k).n;
      return world.i32[word] === wanted ? "" : "a write was lost";
    },
  });
}

/** The models of this file. */
export const models: readonly Model[] = [
  suspension(1, 3),
  suspension(2, 3),
  suspension(3, 1),
];
