/**
 * The raw mutex below the parking lot: mutual exclusion, no lost wake-up.
 *
 * @module
 */

import { type Model, model, step } from "../checker/model.ts";
import {
  type Context,
  DOORS,
  nameOf,
  NO_RESCUE,
  scratch,
  sync,
  workers,
} from "./support.ts";

/** Rounds of lock, count up, unlock by each of so many workers. */
export function rawMutex(count: number, rounds: number): Model {
  let lock = 0;
  let counter = 0;
  return model<Context>({
    name: `raw mutex ${count} x ${rounds}`,
    doors: DOORS,
    constants: NO_RESCUE,
    progress: true,
    nameOf,
    setup(lib, world) {
      const contexts = workers(lib, world, count);
      lock = scratch(world, 0);
      counter = scratch(world, 1);
      return contexts;
    },
    script: (_worker, world) =>
      Array.from(
        { length: rounds },
        () =>
          step("lock, count, unlock", (lib, { m }) => {
            const { RawMutex } = sync(lib);
            RawMutex.lock(m, lock);
            world.write(counter, world.read(counter) + 1);
            RawMutex.unlock(m, lock);
          }),
      ),
    final: (world) =>
      world.i32[counter] === count * rounds && world.i32[lock] === 0
        ? ""
        : `the counter is ${world.i32[counter]}`,
  });
}

/** The models of this file. */
export const models: readonly Model[] = [rawMutex(3, 3), rawMutex(4, 2)];
