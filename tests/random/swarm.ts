/**
 * Whole allocators under random schedules: each seed draws its own workers,
 * sizes and features, so that rare ones meet each other.
 *
 * @module
 */

import * as ArenaSet from "../../src/layout/arena_set.ts";
import * as Header from "../../src/layout/header.ts";
import * as Layout from "../../src/layout/memory_map.ts";
import * as RunBins from "../../src/layout/run_bins.ts";
import * as ThreadState from "../../src/layout/thread_state.ts";
import { mix1 } from "../checker/hash.ts";
import type { Constants } from "../checker/loader.ts";
import type { World } from "../checker/model.ts";
import { Prng } from "../helpers/prng.ts";
import {
  BUILDS,
  CONSTANTS,
  DOORS,
  type HeapContext,
  heapOf,
  ignored,
  nameOf,
  racy,
} from "../models/heap.ts";
import { NO_RESCUE } from "../models/support.ts";
import type { Scenario } from "./engine/scenario.ts";
import { auditEnd } from "./audit.ts";
import * as Acts from "./acts.ts";

/** What a seed has drawn. */
export interface Features {
  readonly seed: number;
  /** Workers with scripts; one more recovers, if there are deaths. Count. */
  readonly workers: number;
  readonly build: keyof typeof BUILDS;
  readonly sizes: readonly number[];
  readonly domains: readonly Acts.Domain[];
  /** Operations of each worker. Count. */
  readonly operations: number;
  /** Page runs that can still be had; -1: all there are. Count. */
  readonly runs: number;
  /** Blocks that are left in the pools of each worker; -1: no pools yet. Count. */
  readonly room: number;
  /** Blocks that each worker is given, of one pool of worker 0. Count. */
  readonly gifts: number;
  readonly stops: boolean;
  readonly trims: boolean;
  readonly exits: boolean;
  readonly detaches: boolean;
  /** Whether worker 0 may die. */
  readonly kills: boolean;
  /** Whether workers can be left inside of functions with plain accesses. */
  readonly isFine: boolean;
}

const SMALL = [512, 500, 496];
const MEDIUM = [3000, 16384, 32768];
const LARGE = [40000, 70000];
const MIXED = [...SMALL, ...MEDIUM, ...LARGE];

/** What a seed draws. */
export function featuresOf(seed: number): Features {
  const random = new Prng(seed);
  const flag = (of: number): boolean => random.below(of) === 0;
  const sizes = random.pick([SMALL, SMALL, MEDIUM, LARGE, MIXED]);
  const kills = flag(10);
  return {
    seed,
    workers: random.pick(kills ? [4, 4, 5, 6, 7] : [4, 4, 4, 5, 5, 6, 7, 8]),
    build: random.pick(["free-threaded", "free-threaded", "gil"] as const),
    sizes: random.shuffle([...sizes]).slice(0, 1 + random.below(3)),
    domains: random.pick(
      [
        ["mem"],
        ["obj"],
        ["mem", "obj"],
        ["raw", "mem", "obj"],
        ["raw"],
      ] as const,
    ),
    operations: random.pick([1, 1, 1, 1, 2, 2, 3, 5]),
    runs: flag(3) ? random.below(12) : -1,
    room: flag(2) ? random.below(3) : -1,
    gifts: random.below(3),
    stops: flag(6),
    trims: flag(10),
    exits: flag(6),
    detaches: flag(2),
    kills,
    isFine: flag(5),
  };
}

/** Steps of a worker. All its gifts have one domain, the first. */
function scriptOf(
  f: Features,
  worker: number,
  world: World,
): Acts.HeapAct[] {
  const random = new Prng(f.seed, worker);
  const domains = Array.from(
    { length: Acts.PLACES },
    () => random.pick(f.domains),
  );
  domains.fill(f.domains[0], 0, f.gifts);
  const script = f.build === "gil" ? [Acts.attach] : [];
  for (let n = 0; n < f.operations; n++) {
    const k = random.below(Acts.PLACES);
    const what = random.below(10);
    if (what === 0) script.push(Acts.safePoint);
    else if (what === 1 && f.stops) {
      script.push(Acts.stopAndStart(Infinity));
    } else if (what === 2 && f.trims) script.push(Acts.trim);
    else if (what === 3 && f.detaches) script.push(Acts.detach, Acts.attach);
    else if (what === 4) {
      const size = random.pick(f.sizes);
      script.push(Acts.resize(world, k % 3, domains[k % 3], size));
    } else if (what < 7) {
      script.push(
        Acts.free(world, random.below(Math.max(f.gifts, 1)), domains[0]),
      );
    } else {
      script.push(Acts.free(world, k, domains[k]));
      script.push(Acts.malloc(world, k, domains[k], random.pick(f.sizes)));
    }
  }
  script.push(f.exits && random.below(2) === 0 ? Acts.close : Acts.detach);
  return script;
}

/** Takes pages away until few runs are left; returns the blocks it holds. */
function takeHostages(c: HeapContext, runs: number): number {
  const taken: number[] = [];
  for (;;) {
    const block = c.core.raw.malloc(40000);
    if (block === 0) break;
    taken.push(block);
  }
  for (const block of taken.splice(0, runs)) c.core.raw.free(block as never);
  return taken.length;
}

/** Gives each worker blocks of one pool of worker 0. */
function giveBlocks(
  f: Features,
  world: World,
  contexts: readonly Acts.SwarmContext[],
): void {
  const { core } = contexts[0];
  for (let worker = 0; worker < f.workers; worker++) {
    for (let k = 0; k < f.gifts; k++) {
      const block = core[f.domains[0]].malloc(f.sizes[0]) as number;
      Acts.keep(world, contexts[worker], k, block, f.sizes[0]);
    }
  }
}

/**
 * Fills the first pool of each worker, up to a few blocks: so that it soon has
 * to look for more. Returns how many blocks that takes.
 */
function fillPools(f: Features, contexts: readonly HeapContext[]): number {
  let count = 0;
  for (const { core, m } of contexts.slice(0, f.workers)) {
    const domain = core[f.domains[0]];
    const page = (block: number) => block >>> Layout.PAGE_BITS;
    const first = domain.malloc(f.sizes[0]) as number;
    if (first === 0) continue;
    const pool = Layout.POOLS + (page(first) << 3);
    const blocks = [first];
    while (m.i32[pool] !== 0) {
      const block = domain.malloc(f.sizes[0]) as number;
      if (block === 0) break;
      blocks.push(block);
    }
    count += blocks.length;
    for (const block of blocks.slice(0, f.room)) {
      domain.free(block as never);
      count--;
    }
  }
  return count;
}

/** Makes the heap and the contexts; returns blocks that nobody is to free. */
function setUp(
  f: Features,
  world: World,
  contexts: readonly Acts.SwarmContext[],
): number {
  const isGil = f.build === "gil";
  let hostages = 0;
  for (const { core } of contexts.slice(0, f.workers)) {
    if (!isGil) core.attach();
  }
  if (isGil) contexts[0].core.attach();
  giveBlocks(f, world, contexts);
  if (f.room >= 0 && !isGil) hostages += fillPools(f, contexts);
  if (isGil) contexts[0].core.detach();
  if (f.runs >= 0) hostages += takeHostages(contexts[1], f.runs);
  return hostages;
}

/** Locks that nobody may have at the end. Word indices. */
const LOCKS = [
  Header.THREADS_LOCK,
  Header.RECOVERY_LOCK,
  Layout.ARENA_SET + ArenaSet.LOCK,
  Layout.RAW_ARENA_SET + ArenaSet.LOCK,
  Layout.RUNS + RunBins.LOCK,
];

/** What is wrong at the end, or `""`. */
function verdict(f: Features, world: World, hostages: number): string {
  // Who dies may have a block in hand, or have given one back.
  const slack = f.kills && world.isDead(0) ? 1 : 0;
  const locked = LOCKS.filter((at) => (world.i32[at] & 1) !== 0);
  if (slack === 0 && locked.length > 0) return `locked: ${locked.map(nameOf)}`;
  const buffer = world.i32.buffer as SharedArrayBuffer;
  const { findings, blocks } = auditEnd(buffer);
  if (findings.length > 0) return findings.join("; ");
  const held: number[] = [];
  for (let worker = 0; worker < f.workers; worker++) {
    const context = world.context(worker) as HeapContext;
    held.push(...context.blocks.filter((block) => block !== 0));
  }
  const live = blocks[0] + blocks[1] + blocks[2] - hostages;
  if (held.length - new Set(held).size > slack) return `a block twice: ${held}`;
  return Math.abs(live - held.length) <= slack
    ? ""
    : `${live} blocks are live, ${held.length} are held`;
}

/** Hash of who holds which block. */
function digestOf(f: Features, world: World): number {
  let hash = 0;
  for (let worker = 0; worker < f.workers; worker++) {
    const { blocks } = world.context(worker) as HeapContext;
    for (const block of blocks) hash = mix1(hash, block);
  }
  return hash;
}

/**
 * Constants of the library for a swarm; two kinds will do. Where nobody dies, no
 * sleep ends by itself to look whether somebody did: that would make up for
 * wake-ups that got lost.
 */
export function constantsOf(f: Features): Constants {
  const buckets = "src/layout/parking_bucket.ts";
  return f.kills
    ? { ...CONSTANTS, [buckets]: { NUM_BUCKETS: 1 } }
    : { ...CONSTANTS, ...NO_RESCUE, ...STRICT_GIL };
}

/** Who waits for a forced switch is told of it, however long that takes. */
const STRICT_GIL: Constants = {
  "src/threads/gil.ts": { SPINS: 0, SWITCH_WAIT_MS: Infinity },
};

/** Word index of the thread state of a worker. */
function threadOf(worker: number): number {
  return Layout.THREADS + (worker + 2) * ThreadState.SIZEOF;
}

/** The scenario that features make. */
export function scenarioOf(f: Features): Scenario<Acts.SwarmContext> {
  let hostages = 0;
  return {
    seed: f.seed,
    name: `swarm ${f.seed}`,
    doors: DOORS,
    constants: constantsOf(f),
    ...(f.kills
      ? { kills: 1, killable: (worker: number) => worker === 0 }
      : {}),
    ticks: 1,
    nameOf,
    ignored: (at) =>
      ignored(at) || at === Header.HEAP_ID ||
      at === Header.HEAP_ID + 1,
    racy,
    setup(lib, world) {
      const count = f.workers + (f.kills ? 1 : 0);
      const contexts = heapOf(lib, world, count, BUILDS[f.build])
        .map((it) => ({ ...it, sizes: new Array(Acts.PLACES).fill(0) }));
      hostages = setUp(f, world, contexts);
      return contexts;
    },
    script: (worker, world) =>
      worker === f.workers
        ? [Acts.recover(world, threadOf(0))]
        : scriptOf(f, worker, world),
    digest: (world) => digestOf(f, world),
    final: (world) => verdict(f, world, hostages),
  };
}

/** The scenario that a seed draws. */
export function swarm(seed: number): Scenario<Acts.SwarmContext> {
  return scenarioOf(featuresOf(seed));
}
