/**
 * Deaths at every step, once more: of who resizes, uses pages again that were
 * something else, takes and gives back arenas, helps others and trims.
 *
 * @module
 */

import type * as PoolsModule from "../../src/pools/mod.ts";
import * as Layout from "../../src/layout/memory_map.ts";
import { type Model, type Step, step } from "../checker/model.ts";
import { deaths, empty, ONE } from "./deaths.ts";
import {
  attachStep,
  detachStep,
  fillPool,
  freeStep,
  type HeapContext,
  mallocStep,
} from "./heap.ts";

/** Resizes block `k`. */
function resizeStep(k: number, size: number): Step<HeapContext> {
  return step<HeapContext>(
    `realloc ${k} to ${size}`,
    (_lib, { core, blocks }) => {
      blocks[k] = core.mem.realloc(blocks[k] as never, size);
    },
  );
}

/** Makes room for a block of 512 bytes of MEM; `trims` says for all. */
function relieveStep(trims: boolean): Step<HeapContext> {
  return step<HeapContext>("relieve", (lib, { core, m }) => {
    const { Leave } = lib.module("src/pools/mod.ts") as typeof PoolsModule;
    if (trims) Leave.trim(m, true);
    else Leave.relieve(m, true, core.mem.route.poolKey, 31);
  });
}

/** A large block that grows and shrinks where it stands. */
export const resized: Model = deaths({
  ...ONE,
  name: "large block resized",
  build: "free-threaded",
  kills: 1,
  prepare(contexts) {
    empty(contexts);
    contexts[0].blocks[0] = contexts[0].core.mem.malloc(60000);
    return 1;
  },
  work: (worker) =>
    worker === 0 ? [resizeStep(0, 100000), resizeStep(0, 34000)] : [],
});

/** Pages that were pools, spans and a large block become something else. */
function usedAgain(before: number, after: number): Model {
  return deaths({
    ...ONE,
    name: `${after} bytes where ${before} were`,
    build: "free-threaded",
    kills: 1,
    prepare(contexts) {
      empty(contexts);
      const [{ core }] = contexts;
      // Two pools, so that the first one goes back to its arena.
      const blocks = [core.mem.malloc(before)];
      const page = blocks[0] >>> Layout.PAGE_BITS;
      while (blocks.at(-1)! >>> Layout.PAGE_BITS === page) {
        blocks.push(core.mem.malloc(before));
      }
      for (const block of blocks) core.mem.free(block);
      return 0;
    },
    work: (worker) => worker === 0 ? [mallocStep(0, after), freeStep(0)] : [],
  });
}

/** The last pool of an arena is taken, and a second arena comes and goes. */
export const arenaTaken: Model = deaths({
  ...ONE,
  name: "arena that comes and goes",
  build: "free-threaded",
  kills: 1,
  prepare(contexts) {
    empty(contexts);
    const [{ core }] = contexts;
    for (let k = 0; k < 63; k++) fillPool(contexts[0], 512);
    core.mem.malloc(16);
    return 63 * 31 + 1;
  },
  work: (worker) =>
    worker === 0
      ? [mallocStep(0, 512), mallocStep(1, 480), freeStep(1), freeStep(0)]
      : [],
});

/** Worker 1 is detached, has news of a full pool and pools to take over. */
function helper(trims: boolean): Model {
  return deaths({
    ...ONE,
    name: trims ? "one who trims" : "one who takes a pool over",
    build: "free-threaded",
    kills: 1,
    prepare(contexts) {
      empty(contexts);
      const [a, b] = contexts;
      const blocks = fillPool(b, 512);
      b.core.mem.free(b.core.mem.malloc(160));
      b.core.detach();
      a.core.mem.free(blocks.pop() as never);
      a.core.mem.free(a.core.mem.malloc(160));
      a.core.obj.free(a.core.obj.malloc(160));
      return blocks.length;
    },
    work: (worker) =>
      worker === 0 ? [relieveStep(trims), mallocStep(0, 512)] : [],
  });
}

/** A third worker does the same as the one that dies, while it is recovered. */
function bystander(size: number, build: "free-threaded" | "gil"): Model {
  const isGil = build === "gil";
  const work = [mallocStep(0, size), freeStep(0)];
  return deaths({
    victims: [0],
    recovers: [[], [0], []],
    bound: 1,
    name: `malloc and free of ${size}, with a bystander`,
    build,
    kills: 1,
    prepare: isGil ? () => 0 : empty,
    work: (worker) =>
      worker === 1 ? [] : isGil ? [attachStep, ...work, detachStep] : work,
  });
}

/** Two recover the same worker at once. */
const twoRecoverers: Model = deaths({
  victims: [0],
  recovers: [[], [0], [0]],
  bound: 1,
  name: "two who recover one",
  build: "free-threaded",
  kills: 1,
  prepare: empty,
  work: (worker) => worker === 0 ? [mallocStep(0, 40000)] : [],
});

/** A helper dies; the thread that it has suspended goes on. */
const helped: Model = deaths({
  victims: [0],
  recovers: [[], [0], []],
  bound: 1,
  name: "one who is being helped",
  build: "free-threaded",
  kills: 1,
  prepare(contexts) {
    empty(contexts);
    const live = fillPool(contexts[2], 512).length;
    contexts[2].core.detach();
    return live;
  },
  work: (worker) =>
    worker === 0
      ? [relieveStep(true)]
      : worker === 2
      ? [attachStep, mallocStep(0, 512), detachStep]
      : [],
});

/** Who dies is recovered by one that dies as well. */
function chain(name: string, frees: boolean): Model {
  return deaths({
    victims: [0, 1],
    recovers: [[], [0], [1, 0]],
    bound: 0,
    name,
    build: "free-threaded",
    kills: 2,
    prepare(contexts) {
      empty(contexts);
      const [holder, freer] = frees ? [2, 0] : [0, 2];
      const blocks = fillPool(contexts[holder], 512);
      const live = blocks.length;
      for (let k = 0; k < 3; k++) contexts[freer].blocks[k] = blocks.pop()!;
      if (frees) return live;
      for (let k = 0; k < 3; k++) {
        contexts[2].core.mem.free(contexts[2].blocks[k] as never);
      }
      contexts[0].core.mem.free(blocks.pop() as never);
      return live - 4;
    },
    work: (worker) =>
      worker !== 0 ? [] : frees ? [freeStep(0)] : [relieveStep(false)],
  });
}

/** The models of this file. */
export const models: readonly Model[] = [
  resized,
  usedAgain(200, 480),
  usedAgain(40000, 20000),
  arenaTaken,
  helper(false),
  helper(true),
  helped,
  chain("drain, twice cut short", false),
  chain("remote free, twice cut short", true),
];

/** Models that take longer. */
export const nightly: readonly Model[] = [
  bystander(512, "free-threaded"),
  bystander(40000, "free-threaded"),
  bystander(512, "gil"),
  twoRecoverers,
];
