/**
 * Sealed heaps: frees of one block by several workers, of which one is right,
 * and deaths between a bit of the states of blocks and the list.
 *
 * @module
 */

import * as PageMap from "../../src/layout/page_map.ts";
import { type Model, model, type Step, step } from "../checker/model.ts";
import { deaths, empty, ONE, type Scene } from "./deaths.ts";
import {
  BUILDS,
  CONSTANTS,
  DOORS,
  fillPool,
  freeStep,
  type HeapContext,
  heapOf,
  ignored,
  mallocStep,
  nameOf,
  pools,
  racy,
  verdict,
} from "./heap.ts";

/** Size class with the fewest blocks in a small pool. Bytes. */
const SIZE = 512;
/** Largest medium class, and a large block. Bytes. */
const MEDIUM = 32768;
const LARGE = 40000;

/** What all models of this file have in common. */
const COMMON = {
  doors: DOORS,
  constants: CONSTANTS,
  nameOf,
  ignored,
  racy,
} as const;

/** A step that frees block 0 of the context, and notes in `n` if it may not. */
const tryFree: Step<HeapContext> = step<HeapContext>(
  "free, perhaps too late",
  (_lib, c) => {
    try {
      c.core.mem.free(c.blocks[0] as never);
    } catch {
      c.n++;
    }
    c.blocks[0] = 0;
  },
);

/** A step that takes over what others have freed. */
const drainStep: Step<HeapContext> = step<HeapContext>("drain", (lib, c) => {
  pools(lib).Remote.collect(c.m, PageMap.MEM, c.m.owner);
});

/** What is wrong unless all frees but one were refused, or `""`. */
function oneOf(world: Parameters<typeof verdict>[0], live: number): string {
  let refused = 0;
  for (let worker = 0; worker < world.workers; worker++) {
    refused += (world.context(worker) as HeapContext).n;
  }
  const right = world.workers - 2;
  return refused === right
    ? verdict(world, live)
    : `${refused} frees were refused, not ${right}`;
}

/**
 * Workers 1 and up free the same block of worker 0, who takes over meanwhile
 * what others have freed, if it `drains`.
 */
function manyFrees(count: number, size: number, drains: boolean): Model {
  let live = 0;
  return model<HeapContext>({
    ...COMMON,
    name: `${count - 1} free one block of ${size}` +
      (drains ? ", and one drains" : ""),
    setup(lib, world) {
      const contexts = heapOf(lib, world, count, BUILDS.hardened);
      for (const { core } of contexts) core.attach();
      const blocks = size === SIZE
        ? fillPool(contexts[0], size)
        : [contexts[0].core.mem.malloc(size) as number];
      live = blocks.length - 1;
      for (let worker = 1; worker < count; worker++) {
        contexts[worker].blocks[0] = blocks[0];
      }
      return contexts;
    },
    script: (worker) => worker > 0 ? [tryFree] : drains ? [drainStep] : [],
    final: (world) => oneOf(world, live),
  });
}

/** Worker 0 has a full pool, worker 1 two blocks of it. All are attached. */
function fullPool(contexts: HeapContext[]): number {
  empty(contexts);
  const blocks = fillPool(contexts[0], SIZE);
  const live = blocks.length;
  contexts[1].blocks[0] = blocks.pop()!;
  contexts[1].blocks[1] = blocks.pop()!;
  return live;
}

/** A worker that takes a pool, a span or a large block, and gives it back. */
function taker(size: number): Model {
  return deaths({
    ...ONE,
    name: `malloc and free of ${size}`,
    build: "hardened",
    kills: 1,
    prepare: empty,
    work: (worker) =>
      worker === 0
        ? [mallocStep(0, size), mallocStep(1, size), freeStep(0)]
        : [],
  });
}

/** A worker that drains and one that frees, of which one may die. */
function remoteDeaths(victim: number): Model {
  const scene: Scene = {
    name: `remote frees into a full pool, of ${victim}`,
    victims: [victim],
    recovers: victim === 0 ? [[], [0]] : [[1], []],
    build: "hardened",
    kills: 1,
    prepare: fullPool,
    work: (worker) =>
      worker === 0
        ? [mallocStep(2, SIZE), mallocStep(3, SIZE)]
        : [freeStep(0), freeStep(1)],
  };
  return deaths(scene);
}

/** The models of this file. */
export const models: Model[] = [
  manyFrees(3, SIZE, false),
  manyFrees(3, SIZE, true),
  manyFrees(3, LARGE, false),
  ...[SIZE, MEDIUM, LARGE].map(taker),
  remoteDeaths(0),
  remoteDeaths(1),
];
