/**
 * Deaths at every step: workers that allocate, free, exit, attach, help, and
 * die before any of their accesses, with the recovery code as one of the
 * workers, which may die as well.
 *
 * What is proved for each: nobody is stuck, the heap is whole (the checker of
 * the heap finds nothing), all that the dead held can be used again, and of
 * each dead worker at most the one block is lost that was in its hands.
 *
 * @module
 */

import * as Layout from "../../src/layout/memory_map.ts";
import * as ThreadState from "../../src/layout/thread_state.ts";
import { type Model, model, type Step, step } from "../checker/model.ts";
import type { World } from "../checker/model.ts";
import {
  attachStep,
  audit,
  BUILDS,
  closeStep,
  CONSTANTS,
  detachStep,
  DOORS,
  fillPool,
  freeStep,
  type HeapContext,
  heapOf,
  ignored,
  isGone,
  mallocStep,
  nameOf,
  racy,
  recovery,
} from "./heap.ts";

/** What all models of this file have in common. */
const COMMON = {
  doors: DOORS,
  constants: {
    ...CONSTANTS,
    "src/layout/parking_bucket.ts": { NUM_BUCKETS: 1 },
  },
  nameOf,
  ignored,
  racy: (at: number) => racy(at) || isProgress(at),
} as const;

/** A small and a medium class with few blocks in a pool. Bytes. */
const SMALL = 512;
const MEDIUM = 32768;
const LARGE = 40000;

/** Owner value of a worker of the model. */
function ownerOf(world: World, worker: number): number {
  const thread = Layout.THREADS + (worker + 2) * ThreadState.SIZEOF;
  return (world.i32[thread + ThreadState.INCARNATION] << 8) | (worker + 2);
}

/** Dead workers that were not recovered yet. */
function unburied(world: World): number[] {
  const left: number[] = [];
  for (let worker = 0; worker < world.workers; worker++) {
    if (world.isDead(worker) && !isGone(world, worker)) left.push(worker);
  }
  return left;
}

/** Where a worker notes how many steps it has done: a word of no use. */
function progressOf(worker: number): number {
  return Layout.WORLD + 64 + worker;
}

function isProgress(at: number): boolean {
  return at >= progressOf(0) && at < progressOf(8);
}

/** The same step; when it is done the worker notes it. */
function noted(
  world: World,
  worker: number,
  it: Step<HeapContext>,
  done: number,
): Step<HeapContext> {
  const run = (lib: Parameters<typeof it.run>[0], c: HeapContext) => {
    it.run(lib, c);
    world.write(progressOf(worker), done);
  };
  return { ...it, run };
}

/** A step that recovers `dead`, once it is dead. */
function recoverStep(world: World, dead: number): Step<HeapContext> {
  return step<HeapContext>(`recover ${dead}`, (lib, { m }) => {
    const { Recovery } = recovery(lib);
    const owner = ownerOf(world, dead);
    Recovery.declare(m, owner, ThreadState.DEAD);
    Recovery.recover(m, owner);
  }, {
    when: () => world.isDead(dead) && !isGone(world, dead),
    optional: true,
  });
}

/** How many blocks are live after the steps of a worker, at least and at most. */
function bounds(
  world: World,
  worker: number,
  script: readonly Step<HeapContext>[],
): [number, number] {
  const at = world.i32[progressOf(worker)];
  let low = 0;
  let high = 0;
  script.forEach(({ name }, k) => {
    if (k > at || (k === at && !world.isDead(worker))) return;
    const effect = name.startsWith("malloc")
      ? 1
      : name.startsWith("free")
      ? -1
      : 0;
    if (k < at) {
      low += effect;
      high += effect;
    } else {
      low += Math.min(effect, 0);
      high += Math.max(effect, 0);
    }
  });
  return [low, high];
}

/** What is wrong at the end, or `""`. */
function verdict(
  world: World,
  live: number,
  scripts: readonly (readonly Step<HeapContext>[])[],
): string {
  const left = unburied(world);
  if (left.length > 0) return `workers ${left} were not recovered`;
  const { findings, blocks } = audit(world);
  if (findings.length > 0) return findings.join("; ");
  let low = live;
  let high = live;
  scripts.forEach((script, worker) => {
    const [l, h] = bounds(world, worker, script);
    low += l;
    high += h;
  });
  const now = blocks[0] + blocks[1] + blocks[2];
  return now >= low && now <= high
    ? ""
    : `${now} blocks are live, not ${low} to ${high}`;
}

/** How a model of deaths is set up. */
export interface Scene {
  readonly name: string;
  readonly build: keyof typeof BUILDS;
  readonly kills: number;
  /** Workers that may die. */
  readonly victims: readonly number[];
  /** Whom each worker recovers, in this order. */
  readonly recovers: readonly (readonly number[])[];
  readonly bound?: number;
  /** Brings the heap into its first state; returns the live blocks. */
  prepare(contexts: HeapContext[]): number;
  /** What worker `worker` does before it recovers others. */
  work(worker: number, world: World): Step<HeapContext>[];
}

/** A model of deaths: all who live recover all who died. */
export function deaths(scene: Scene): Model {
  let live = 0;
  let scripts: Step<HeapContext>[][] = [];
  return model<HeapContext>({
    ...COMMON,
    name: `${scene.name}, ${scene.kills} killed (${scene.build})`,
    kills: scene.kills,
    ...(scene.bound === undefined ? {} : { bound: scene.bound }),
    killable: (worker) => scene.victims.includes(worker),
    setup(lib, world) {
      const build = BUILDS[scene.build];
      const contexts = heapOf(lib, world, scene.recovers.length, build);
      live = scene.prepare(contexts);
      scripts = contexts.map((_, worker) => scene.work(worker, world));
      return contexts;
    },
    script(worker, world) {
      const steps = scene.work(worker, world).map((it, k) =>
        noted(world, worker, it, k + 1)
      );
      const victims = scene.recovers[worker];
      const look = step<HeapContext>("look", () => {
        // So that the checker takes notice of these words, and stops there.
        for (const victim of scene.victims) world.read(progressOf(victim));
      });
      return [
        ...steps,
        ...(victims.length > 0 ? [look] : []),
        ...victims.map((dead) => recoverStep(world, dead)),
      ];
    },
    final: (world) => verdict(world, live, scripts),
  });
}

/** Everybody is attached, nobody has anything. */
export function empty(contexts: HeapContext[]): number {
  for (const { core } of contexts) core.attach();
  return 0;
}

/** Worker 0 has a full pool, worker 1 two blocks of it. All are attached. */
function fullPool(contexts: HeapContext[]): number {
  empty(contexts);
  const blocks = fillPool(contexts[0], SMALL);
  const live = blocks.length;
  contexts[1].blocks[0] = blocks.pop()!;
  contexts[1].blocks[1] = blocks.pop()!;
  return live;
}

/** One victim, and one who recovers it. */
export const ONE = { victims: [0], recovers: [[], [0]] } as const;
/** Two victims, and one who recovers each. */
const TWO = {
  victims: [0, 1],
  recovers: [[], [], [0], [1]],
  bound: 1,
} as const;
/** A victim, one who recovers it and may die, and one who recovers both. */
const CHAIN = {
  victims: [0, 1],
  recovers: [[], [0], [1, 0]],
} as const;

/** A worker that takes a pool, a span or a large block, and gives it back. */
function takers(size: number, group: typeof ONE | typeof CHAIN): Model[] {
  const work = [mallocStep(0, size), mallocStep(1, size), freeStep(0)];
  const kills = group === ONE ? 1 : 2;
  return [
    deaths({
      ...group,
      name: `malloc and free of ${size}`,
      build: "free-threaded",
      kills,
      prepare: empty,
      work: (worker) => worker === 0 ? work : [],
    }),
    deaths({
      ...group,
      name: `malloc and free of ${size}`,
      build: "gil",
      kills,
      prepare: () => 0,
      work: (worker) => worker === 0 ? [attachStep, ...work, detachStep] : [],
    }),
  ];
}

/** The models of this file. */
export const models: Model[] = [
  ...[SMALL, MEDIUM, LARGE].flatMap((size) => takers(size, ONE)),
  ...takers(SMALL, CHAIN),
  deaths({
    ...TWO,
    name: "remote frees into a full pool",
    build: "free-threaded",
    kills: 1,
    prepare: fullPool,
    work: (worker) =>
      worker === 0
        ? [mallocStep(2, SMALL), mallocStep(3, SMALL)]
        : worker === 1
        ? [freeStep(0), freeStep(1)]
        : [],
  }),
  deaths({
    ...TWO,
    name: "exit against remote frees",
    build: "free-threaded",
    kills: 1,
    prepare: fullPool,
    work: (worker) =>
      worker === 0 ? [closeStep] : worker === 1 ? [freeStep(0)] : [],
  }),
  deaths({
    ...TWO,
    name: "two take turns",
    build: "gil",
    kills: 1,
    prepare: () => 0,
    work: (worker) => worker < 2 ? [attachStep, detachStep] : [],
  }),
];

/** Models that take minutes, or have no known end. */
export const nightly: Model[] = [
  ...[MEDIUM, LARGE].flatMap((size) => takers(size, CHAIN)),
  deaths({
    ...TWO,
    name: "two take pools",
    build: "free-threaded",
    kills: 1,
    prepare: empty,
    work: (worker) => worker < 2 ? [mallocStep(0, SMALL)] : [],
  }),
];
