/**
 * What models of the allocator share: a whole small heap with a core for each
 * worker, and the checker of the heap as the judge at the end.
 *
 * @module
 */

import type * as DomainsModule from "../../src/domains/mod.ts";
import type * as PoolsModule from "../../src/pools/mod.ts";
import type * as RawModule from "../../src/raw/mod.ts";
import type * as RecoveryModule from "../../src/recovery/mod.ts";
import { checkMemory, type CheckReport } from "../../src/check/mod.ts";
import * as Header from "../../src/layout/header.ts";
import * as Layout from "../../src/layout/memory_map.ts";
import * as News from "../../src/layout/news.ts";
import * as ThreadState from "../../src/layout/thread_state.ts";
import { Memory } from "../../src/memory/mod.ts";
import type { Constants, Library } from "../checker/loader.ts";
import { type Step, step, type World } from "../checker/model.ts";
import * as Support from "./support.ts";

/** Doors of the modules that the allocator needs. */
export const DOORS: readonly string[] = [
  ...Support.DOORS,
  "src/raw/mod.ts",
  "src/pools/mod.ts",
  "src/domains/mod.ts",
  "src/recovery/mod.ts",
];

/** Tuning that only makes more states. */
export const CONSTANTS: Constants = {
  ...Support.SPIN_ONCE,
  "src/layout/parking_bucket.ts": { NUM_BUCKETS: 3 },
};

/** Words that are read plainly while others write, by design: the page map. */
export function racy(at: number): boolean {
  return at >= Layout.PAGE_MAP && at < Layout.POOLS;
}

/** A worker of a heap. */
export interface HeapContext extends Support.Context {
  /** Its domains. */
  readonly core: DomainsModule.Core.Core;
  /** Blocks that it was given by the setup, and those that it took. */
  readonly blocks: number[];
  /** Workers whose death it has dealt with. Bits. */
  buried: number;
}

/** `src/domains` under the checker. */
export function domains(lib: Library): typeof DomainsModule {
  return lib.module("src/domains/mod.ts");
}

/** `src/pools` under the checker. */
export function pools(lib: Library): typeof PoolsModule {
  return lib.module("src/pools/mod.ts");
}

/** `src/recovery` under the checker. */
export function recovery(lib: Library): typeof RecoveryModule {
  return lib.module("src/recovery/mod.ts");
}

/** A heap with so many workers, all of them detached. */
export function heapOf(
  lib: Library,
  world: World,
  count: number,
  build: number,
): HeapContext[] {
  const { Core } = domains(lib);
  const buffer = create(lib, world, build);
  const contexts: HeapContext[] = [];
  for (let k = 0; k < count; k++) {
    const core = Core.join(buffer, world.clock);
    contexts.push({
      core,
      m: core.m,
      n: 0,
      blocks: new Array(8).fill(0),
      buried: 0,
    });
  }
  return contexts;
}

function create(
  lib: Library,
  world: World,
  build: number,
): SharedArrayBuffer {
  const { Create } = Support.memory(lib);
  const { ThreadStates, Gil, Qsbr } = Support.threads(lib);
  const { Runs } = lib.module("src/raw/mod.ts") as typeof RawModule;
  const isSealed = (build & SEALED) !== 0;
  const plain = build & ~SEALED;
  const words = { ...Create.defaultAllocators(plain), isSealed };
  const m = Create.create(plain, Layout.MIN_BYTES, world.clock, words);
  world.use(m.buffer);
  Runs.init(m);
  ThreadStates.init(m);
  Gil.init(m);
  Qsbr.init(m);
  Create.publish(m);
  return m.buffer;
}

/** Fills a worker's pool of a class and returns its blocks. Attached. */
export function fillPool(context: HeapContext, size: number): number[] {
  const { core: { mem }, m } = context;
  const blocks: number[] = [];
  const first = mem.malloc(size);
  const page = first >>> Layout.PAGE_BITS;
  blocks.push(first);
  const pool = Layout.POOLS + (page << 3);
  while (m.i32[pool] !== 0) blocks.push(mem.malloc(size));
  return blocks;
}

/** What the checker of the heap says of the memory as it is. */
export function audit(world: World): CheckReport {
  const clock = { now: () => 0 };
  const buffer = world.i32.buffer as SharedArrayBuffer;
  return checkMemory(new Memory(buffer, clock), true);
}

/** A step that frees block `k` of the context. */
export function freeStep(k: number): Step<HeapContext> {
  return step<HeapContext>(`free block ${k}`, (_lib, c) => {
    const block = c.blocks[k];
    c.blocks[k] = 0;
    c.core.mem.free(block as never);
  });
}

/** A step that allocates `size` bytes as block `k` of the context. */
export function mallocStep(k: number, size: number): Step<HeapContext> {
  return step<HeapContext>(`malloc ${size} as ${k}`, (_lib, c) => {
    c.blocks[k] = c.core.mem.malloc(size);
  });
}

/** A step that attaches the worker. */
export const attachStep: Step<HeapContext> = step<HeapContext>(
  "attach",
  (_lib, c) => c.core.attach(),
);

/** A step that detaches the worker. */
export const detachStep: Step<HeapContext> = step<HeapContext>(
  "detach",
  (_lib, c) => c.core.detach(),
);

/** A step in which the worker exits. */
export const closeStep: Step<HeapContext> = step<HeapContext>(
  "close",
  (_lib, c) => c.core.close(),
);

/** Words that no decision depends on. */
export function ignored(at: number): boolean {
  return Support.isStatistic(at);
}

/** Name of a word of a small heap, for traces. */
export function nameOf(at: number): string | undefined {
  const remotes = Layout.POOLS + 8 * (Layout.MIN_BYTES / Layout.PAGE_SIZE);
  if (at >= Layout.NEWS && at < Layout.PAGE_MAP) {
    return `news of ${(at - Layout.NEWS) >> News.SLOT_SHIFT}`;
  }
  if (racy(at)) return `page map ${at - Layout.PAGE_MAP}`;
  if (at >= Layout.POOLS && at < remotes) {
    return `pool ${(at - Layout.POOLS) >> 3} +${(at - Layout.POOLS) & 7}`;
  }
  if (at >= remotes && at < remotes + 1024) {
    return `remote ${(at - remotes) >> 2} +${(at - remotes) & 3}`;
  }
  if (at >= Layout.ARENA_SET && at < Layout.BUCKETS) {
    return `arena set +${at - Layout.ARENA_SET}`;
  }
  if (at >= Layout.RUNS && at < Layout.ARENA_SET) {
    return `runs +${at - Layout.RUNS}`;
  }
  if (at >= Layout.ARENAS && at < Layout.THREADS) {
    return `arena ${(at - Layout.ARENAS) >> 3} +${(at - Layout.ARENAS) & 7}`;
  }
  return Support.nameOf(at);
}

/** Blocks of all contexts that are not 0. */
export function heldBlocks(world: World, from: number): number[] {
  const held: number[] = [];
  for (let worker = from; worker < world.workers; worker++) {
    const { blocks } = world.context(worker) as HeapContext;
    held.push(...blocks.filter((block) => block !== 0));
  }
  return held;
}

/**
 * What is wrong at the end, or `""`: the heap is whole and has `expected`
 * blocks of MEM, or up to `slack` more.
 */
export function verdict(world: World, expected: number, slack = 0): string {
  const { findings, blocks } = audit(world);
  if (findings.length > 0) return findings.join("; ");
  const held = heldBlocks(world, 0);
  if (new Set(held).size !== held.length) return `a block twice: ${held}`;
  return blocks[1] >= expected && blocks[1] <= expected + slack
    ? ""
    : `${blocks[1]} blocks of MEM are live, not ${expected} to ${
      expected + slack
    }`;
}

/** Added to the number of a build: the heap is sealed. */
export const SEALED = 256;

/** Build numbers by name. */
export const BUILDS = {
  "free-threaded": Header.BUILD_FREE_THREADED,
  gil: Header.BUILD_GIL,
  hardened: Header.BUILD_FREE_THREADED | SEALED,
} as const;

/** True if the worker has its slot no more. */
export function isGone(world: World, worker: number): boolean {
  const slot = worker + 2;
  const at = Layout.THREADS + slot * ThreadState.SIZEOF + ThreadState.X_IN_USE;
  return world.i32[at] === ThreadState.FREE;
}
