/**
 * Whole allocators under random schedules: each seed draws its own workers,
 * sizes and features, so that rare ones meet each other.
 *
 * @module
 */

import type * as PoolsModule from "../../src/pools/mod.ts";
import * as Layout from "../../src/layout/memory_map.ts";
import * as ThreadState from "../../src/layout/thread_state.ts";
import { type Model, model, type Step, step } from "../checker/model.ts";
import type { World } from "../checker/model.ts";
import { Prng } from "../helpers/prng.ts";
import {
  attachStep,
  audit,
  BUILDS,
  closeStep,
  CONSTANTS,
  detachStep,
  DOORS,
  type HeapContext,
  heapOf,
  ignored,
  isGone,
  nameOf,
  racy,
  recovery,
} from "../models/heap.ts";
import { threads } from "../models/support.ts";

/** What a seed has drawn. */
export interface Features {
  readonly seed: number;
  /** Workers with scripts. Count. */
  readonly workers: number;
  readonly build: keyof typeof BUILDS;
  readonly sizes: readonly number[];
  readonly domains: readonly ("raw" | "mem" | "obj")[];
  /** Operations of each worker. Count. */
  readonly operations: number;
  /** Page runs that can still be had; -1: all there are. Count. */
  readonly runs: number;
  readonly stops: boolean;
  readonly trims: boolean;
  readonly exits: boolean;
  readonly detaches: boolean;
  /** Whether worker 0 may die. */
  readonly kills: boolean;
}

const SMALL = [512, 500, 496];
const MEDIUM = [3000, 16384, 32768];
const LARGE = [40000, 70000];

/** What a seed draws. */
export function featuresOf(seed: number): Features {
  const random = new Prng(seed);
  const flag = (of: number): boolean => random.below(of) === 0;
  const sizes = random.pick([SMALL, SMALL, MEDIUM, LARGE, [
    ...SMALL,
    ...MEDIUM,
    ...LARGE,
  ]]);
  const kills = flag(4);
  return {
    seed,
    workers: 4 + random.below(kills ? 3 : 4),
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
    operations: 2 + random.below(5),
    runs: flag(3) ? random.below(12) : -1,
    stops: flag(3),
    trims: flag(3),
    exits: flag(2),
    detaches: flag(2),
    kills,
  };
}

type Domain = Features["domains"][number];

/** Blocks that each worker is given by the setup, of one pool. Count. */
const GIFTS = 2;
/** Places for blocks of a worker. Count. */
const PLACES = 8;

function malloc(k: number, domain: Domain, size: number): Step<HeapContext> {
  return step<HeapContext>(`${domain} malloc ${size} as ${k}`, (_lib, c) => {
    c.blocks[k] = c.core[domain].malloc(size);
  });
}

function free(k: number, domain: Domain): Step<HeapContext> {
  return step<HeapContext>(`${domain} free ${k}`, (_lib, c) => {
    const block = c.blocks[k];
    if (block === 0) return;
    c.blocks[k] = 0;
    c.core[domain].free(block as never);
  });
}

function resize(k: number, domain: Domain, size: number): Step<HeapContext> {
  return step<HeapContext>(`${domain} realloc ${k} to ${size}`, (_lib, c) => {
    if (c.blocks[k] === 0) return;
    const to = c.core[domain].realloc(c.blocks[k] as never, size) as number;
    if (to !== 0) c.blocks[k] = to;
  });
}

const safePoint = step<HeapContext>(
  "safe point",
  (lib, { m }) => threads(lib).SafePoint.safePoint(m),
);

const stopAndStart = step<HeapContext>("stop and start", (lib, { m }) => {
  const { World } = threads(lib);
  if (World.stop(m, Infinity)) World.start(m);
});

const trim = step<HeapContext>("trim", (lib, { m }) => {
  const { Leave } = lib.module("src/pools/mod.ts") as typeof PoolsModule;
  Leave.trim(m, true);
});

/** Steps of a worker. All its blocks have one domain, that of the first. */
function scriptOf(f: Features, worker: number): Step<HeapContext>[] {
  const random = new Prng(f.seed * 8 + worker + 1);
  const domains = Array.from({ length: PLACES }, () => random.pick(f.domains));
  domains.fill(f.domains[0], 0, GIFTS);
  const script = f.build === "gil" ? [attachStep] : [];
  for (let n = 0; n < f.operations; n++) {
    const k = random.below(PLACES);
    const what = random.below(10);
    if (what === 0) script.push(safePoint);
    else if (what === 1 && f.stops) script.push(stopAndStart);
    else if (what === 2 && f.trims) script.push(trim);
    else if (what === 3 && f.detaches) script.push(detachStep, attachStep);
    else if (what === 4) {
      script.push(resize(k % 3, domains[k % 3], random.pick(f.sizes)));
    } else if (what < 7) {
      script.push(free(random.below(GIFTS), domains[0]));
    } else {
      script.push(
        free(k, domains[k]),
        malloc(k, domains[k], random.pick(f.sizes)),
      );
    }
  }
  if (f.exits && random.below(2) === 0) script.push(closeStep);
  else script.push(detachStep);
  return script;
}

/** Recovers worker 0 once it is dead. */
function recoverStep(world: World): Step<HeapContext> {
  return step<HeapContext>("recover 0", (lib, { m }) => {
    const { Recovery } = recovery(lib);
    const thread = Layout.THREADS + 2 * ThreadState.SIZEOF;
    const owner = (world.i32[thread + ThreadState.INCARNATION] << 8) | 2;
    Recovery.declare(m, owner, ThreadState.DEAD);
    Recovery.recover(m, owner);
  }, { when: () => world.isDead(0) && !isGone(world, 0), optional: true });
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

/** Gives each worker blocks of one pool of worker 0. Returns how many. */
function giveBlocks(f: Features, contexts: HeapContext[]): number {
  const { core } = contexts[0];
  const wasAttached = core.isAttached;
  if (!wasAttached) core.attach();
  let count = 0;
  for (let worker = 0; worker < f.workers; worker++) {
    for (let k = 0; k < GIFTS; k++) {
      const block = core[f.domains[0]].malloc(f.sizes[0]) as number;
      contexts[worker].blocks[k] = block;
      if (block !== 0) count++;
    }
  }
  if (!wasAttached) core.detach();
  return count;
}

/** What is wrong at the end, or `""`. */
function verdict(f: Features, world: World, hostages: number): string {
  const { findings, blocks } = audit(world);
  if (findings.length > 0) return findings.join("; ");
  const held: number[] = [];
  for (let worker = 0; worker < f.workers; worker++) {
    const context = world.context(worker) as HeapContext;
    held.push(...context.blocks.filter((block) => block !== 0));
  }
  const live = blocks[0] + blocks[1] + blocks[2] - hostages;
  // Who dies may have a block in hand, or have given one back.
  const slack = world.isDead(0) ? 1 : 0;
  if (held.length - new Set(held).size > slack) return `a block twice: ${held}`;
  return Math.abs(live - held.length) <= slack
    ? ""
    : `${live} blocks are live, ${held.length} are held`;
}

/** The model that a seed draws. */
export function swarm(seed: number): Model {
  const f = featuresOf(seed);
  let hostages = 0;
  return model<HeapContext>({
    name: `swarm ${seed}`,
    doors: DOORS,
    constants: {
      ...CONSTANTS,
      "src/layout/parking_bucket.ts": { NUM_BUCKETS: f.kills ? 1 : 3 },
    },
    ...(f.kills
      ? { kills: 1, killable: (worker: number) => worker === 0 }
      : {}),
    ticks: 1,
    nameOf,
    ignored,
    racy,
    setup(lib, world) {
      const count = f.workers + (f.kills ? 1 : 0);
      const contexts = heapOf(lib, world, count, BUILDS[f.build]);
      if (f.build !== "gil") { for (const { core } of contexts) core.attach(); }
      giveBlocks(f, contexts);
      hostages = f.runs < 0 ? 0 : takeHostages(contexts[1], f.runs);
      if (f.kills && f.build !== "gil") contexts[f.workers].core.detach();
      return contexts;
    },
    script: (worker, world) =>
      worker === f.workers ? [recoverStep(world)] : scriptOf(f, worker),
    final: (world) => verdict(f, world, hostages),
  });
}
