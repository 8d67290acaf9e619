/**
 * Remote frees with drain, the news of a full pool, exit and adoption.
 *
 * @module
 */

import { type Model, model, type Step } from "../checker/model.ts";
import {
  attachStep,
  BUILDS,
  closeStep,
  CONSTANTS,
  DOORS,
  fillPool,
  freeStep,
  type HeapContext,
  heapOf,
  ignored,
  mallocStep,
  nameOf,
  racy,
  verdict,
} from "./heap.ts";

/** What all models of this file have in common. */
const COMMON = {
  doors: DOORS,
  constants: CONSTANTS,
  nameOf,
  ignored,
  racy,
} as const;

/** Size class with the fewest blocks in a small pool. Bytes. */
const SIZE = 512;

/**
 * Worker 0 holds a full pool; the others free `frees` blocks of it each, while
 * it allocates `mallocs`.
 */
export function remoteFrees(
  count: number,
  frees: number,
  mallocs: number,
): Model {
  let live = 0;
  return model<HeapContext>({
    ...COMMON,
    name: `remote frees, ${count - 1} x ${frees} against ${mallocs} mallocs`,
    setup(lib, world) {
      const contexts = heapOf(lib, world, count, BUILDS["free-threaded"]);
      for (const { core } of contexts) core.attach();
      const blocks = fillPool(contexts[0], SIZE);
      live = blocks.length - (count - 1) * frees + mallocs;
      for (let worker = 1; worker < count; worker++) {
        for (let k = 0; k < frees; k++) {
          contexts[worker].blocks[k] = blocks.pop()!;
        }
      }
      return contexts;
    },
    script(worker) {
      const steps: Step<HeapContext>[] = [];
      for (let k = 0; k < (worker === 0 ? mallocs : frees); k++) {
        steps.push(worker === 0 ? mallocStep(k, SIZE) : freeStep(k));
      }
      return steps;
    },
    final: (world) => verdict(world, live),
  });
}

/**
 * Worker 0 exits while worker 1 frees blocks of its pool and worker 2, if there
 * is one, allocates of that class, and so adopts.
 */
export function exitAndAdopt(count: number, isFull: boolean): Model {
  let live = 0;
  return model<HeapContext>({
    ...COMMON,
    name: `exit of a thread with a ${isFull ? "full" : "used"} pool, ` +
      `${count} workers`,
    setup(lib, world) {
      const contexts = heapOf(lib, world, count, BUILDS["free-threaded"]);
      for (const { core } of contexts) core.attach();
      const blocks = fillPool(contexts[0], SIZE);
      if (!isFull) contexts[0].core.mem.free(blocks.pop() as never);
      live = blocks.length - 2 + (count > 2 ? 1 : 0);
      contexts[1].blocks[0] = blocks.pop()!;
      contexts[1].blocks[1] = blocks.pop()!;
      return contexts;
    },
    script(worker) {
      if (worker === 0) return [closeStep];
      return worker === 1 ? [freeStep(0), freeStep(1)] : [mallocStep(0, SIZE)];
    },
    final: (world) => verdict(world, live),
  });
}

/**
 * Worker 0 has left a full pool; worker 1 frees two blocks of it, while workers
 * 1 and 2 allocate and so want to adopt it, empty it and give it back.
 */
export function rivals(): Model {
  return model<HeapContext>({
    ...COMMON,
    name: "two who want one orphan",
    setup(lib, world) {
      const contexts = heapOf(lib, world, 3, BUILDS["free-threaded"]);
      for (const { core } of contexts) core.attach();
      const blocks = fillPool(contexts[0], SIZE);
      contexts[1].blocks[0] = blocks.pop()!;
      contexts[2].blocks[0] = blocks.pop()!;
      for (const block of blocks) contexts[0].core.mem.free(block as never);
      contexts[0].core.mem.malloc(SIZE);
      contexts[0].core.close();
      return contexts;
    },
    script: (worker) =>
      worker === 0 ? [] : [freeStep(0), mallocStep(1, SIZE), freeStep(1)],
    final: (world) => verdict(world, 1),
  });
}

/** Two workers take and give back pools of two classes. */
export function acquireAndRelease(count: number): Model {
  return model<HeapContext>({
    ...COMMON,
    name: `pools taken and given back, ${count} workers`,
    setup(lib, world) {
      const contexts = heapOf(lib, world, count, BUILDS["free-threaded"]);
      for (const { core } of contexts) core.attach();
      return contexts;
    },
    script: (worker) => [
      mallocStep(0, SIZE - 16 * worker),
      mallocStep(1, 640),
      freeStep(0),
    ],
    final: (world) => verdict(world, count),
  });
}

/** A worker attaches, allocates and exits; others do the same. */
export function comeAndGo(count: number): Model {
  return model<HeapContext>({
    ...COMMON,
    name: `threads that come and go, ${count} workers`,
    setup: (lib, world) => heapOf(lib, world, count, BUILDS["free-threaded"]),
    script: () => [attachStep, mallocStep(0, SIZE), closeStep],
    final: (world) => verdict(world, count),
  });
}

/** The models of this file. */
export const models: Model[] = [
  remoteFrees(2, 2, 2),
  remoteFrees(3, 1, 1),
  remoteFrees(3, 2, 2),
  remoteFrees(3, 3, 3),
  exitAndAdopt(2, true),
  exitAndAdopt(2, false),
  exitAndAdopt(3, true),
  rivals(),
  acquireAndRelease(2),
  comeAndGo(2),
];

/** Models that have no known end. */
export const nightly: Model[] = [acquireAndRelease(3), comeAndGo(3)];
