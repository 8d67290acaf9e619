/**
 * The raw mutex below the parking lot: mutual exclusion, no lost wake-up.
 *
 * @module
 */

import { DEAD } from "../../src/layout/thread_state.ts";
import { type Model, model, step } from "../checker/model.ts";
import { recovery } from "./heap.ts";
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

/**
 * Who recovers takes the lock besides others who just lock it; if a dead worker
 * has it, both of two recover.
 */
export function rawRecovering(ofTheDead: boolean): Model {
  let lock = 0;
  return model<Context>({
    name: `raw mutex, recovered${ofTheDead ? " from the dead" : ""}`,
    doors: [...DOORS, "src/recovery/mod.ts"],
    constants: NO_RESCUE,
    progress: true,
    nameOf,
    setup(lib, world) {
      const contexts = workers(lib, world, 3);
      lock = scratch(world, 0);
      if (!ofTheDead) return contexts;
      sync(lib).RawMutex.lock(contexts[2].m, lock);
      recovery(lib).Fence.declare(contexts[0].m, contexts[2].m.slot, DEAD);
      return contexts;
    },
    script: (worker, world) =>
      worker === 2 ? [] : [
        step<Context>("lock, count, unlock", (lib, { m }) => {
          const { RawMutex } = sync(lib);
          if (worker === 0 || ofTheDead) RawMutex.lockRecovering(m, lock);
          else RawMutex.lock(m, lock);
          world.write(lock + 16, world.read(lock + 16) + 1);
          RawMutex.unlock(m, lock);
        }),
      ],
    final: (world) =>
      world.i32[lock + 16] === 2 && world.i32[lock] === 0
        ? ""
        : `the counter is ${world.i32[lock + 16]}`,
  });
}

/** The models of this file. */
export const models: readonly Model[] = [
  rawMutex(3, 3),
  rawMutex(4, 2),
  rawRecovering(false),
  rawRecovering(true),
];
