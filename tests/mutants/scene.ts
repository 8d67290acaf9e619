/**
 * A heap with several workers in one thread, and notes of all that callers can
 * see: addresses, counts, answers.
 *
 * The code runs as it is, in the `setup` of a model. The notes of the code
 * without a change are the measure: a change that makes others is found.
 *
 * @module
 */

import type * as PoolsModule from "../../src/pools/mod.ts";
import type * as RawModule from "../../src/raw/mod.ts";
import { checkMemory } from "../../src/check/mod.ts";
import * as ArenaSet from "../../src/layout/arena_set.ts";
import * as Layout from "../../src/layout/memory_map.ts";
import * as ThreadState from "../../src/layout/thread_state.ts";
import { Memory } from "../../src/memory/mod.ts";
import type { Constants, Library } from "../checker/loader.ts";
import { machine } from "../checker/machine.ts";
import { type Model, model, type World } from "../checker/model.ts";
import { Prng } from "../helpers/prng.ts";
import {
  BUILDS,
  CONSTANTS,
  domains,
  DOORS,
  type HeapContext,
  SEALED,
} from "../models/heap.ts";
import * as Support from "../models/support.ts";

/** A domain by name. */
export type Domain = "raw" | "mem" | "obj";

/** A block that is live. */
export interface Block {
  /** Byte address. */
  at: number;
  /** Bytes that were asked for. */
  bytes: number;
  /** Its domain. */
  domain: Domain;
}

/** Sizes of small classes. Bytes. */
export const SMALL: readonly number[] = [1, 16, 100, 500, 512];
/** Sizes of all kinds. Bytes. */
export const ALL: readonly number[] = [
  ...SMALL,
  513,
  3000,
  16384,
  20000,
  32768,
  40000,
  100000,
  300000,
];

/** See the head of this file. */
export class Scene {
  /** What callers have seen. */
  readonly notes: string[] = [];
  /** Those who have joined, in their order. */
  readonly contexts: HeapContext[] = [];
  /** The library with the change. */
  readonly lib: Library;
  /** The world of the model. */
  readonly world: World;
  /** `Header.BUILD_…`. */
  readonly build: number;
  /** Random numbers, the same for each change. */
  readonly random: Prng = new Prng(7);

  /** A heap of so many bytes, without workers. */
  constructor(lib: Library, world: World, build: number, bytes: number) {
    this.lib = lib;
    this.world = world;
    this.build = build & ~SEALED;
    this.#create(bytes, (build & SEALED) !== 0);
  }

  #create(bytes: number, isSealed: boolean): void {
    const { lib, world } = this;
    const { Create } = Support.memory(lib);
    const { ThreadStates, Gil, Qsbr } = Support.threads(lib);
    const words = { ...Create.defaultAllocators(this.build), isSealed };
    const m = Create.create(this.build, bytes, world.clock, words);
    world.use(m.buffer);
    this.raw.Runs.init(m);
    ThreadStates.init(m);
    Gil.init(m);
    Qsbr.init(m);
    Create.publish(m);
  }

  /** `src/pools` with the change. */
  get pools(): typeof PoolsModule {
    return this.lib.module("src/pools/mod.ts");
  }

  /** `src/raw` with the change. */
  get raw(): typeof RawModule {
    return this.lib.module("src/raw/mod.ts");
  }

  /** The heap. */
  get buffer(): SharedArrayBuffer {
    return this.world.i32.buffer as SharedArrayBuffer;
  }

  /** Notes what a caller has seen. */
  note(...values: unknown[]): void {
    this.notes.push(values.join(" "));
  }

  /** What the checker of the heap says; findings end the scene. */
  audit(): void {
    const report = checkMemory(new Memory(this.buffer, { now: () => 0 }), true);
    if (report.findings.length > 0) throw new Error(report.findings.join("; "));
    const { Runs } = this.raw;
    const { m } = this.contexts[0];
    this.note(report.blocks, Runs.usedPages(m), Runs.peakPages(m));
    this.#figures();
  }

  /** The figures of `heap.stats()`. */
  #figures(): void {
    const { i32 } = this.world;
    for (const set of [Layout.ARENA_SET, Layout.RAW_ARENA_SET]) {
      const { CURRENT, TOTAL, HIGHWATER } = ArenaSet;
      this.note("arenas", [CURRENT, TOTAL, HIGHWATER].map((k) => i32[set + k]));
    }
    const { STAT_REMOTE_FREES, STAT_GIL_WAITS } = ThreadState;
    for (const { m } of this.contexts) {
      if (m.thread === 0) continue;
      const from = m.thread + STAT_REMOTE_FREES;
      this.note(i32.slice(from, m.thread + STAT_GIL_WAITS + 1));
    }
  }

  /** A worker joins; it is not attached. */
  join(): HeapContext {
    const { Core } = domains(this.lib);
    const core = Core.join(this.buffer, this.world.clock);
    const context = { core, m: core.m, n: 0, blocks: [], buried: 0 };
    this.contexts.push(context);
    this.note("slot", core.m.slot, "owner", core.m.owner);
    return context;
  }

  /** Runs as the only one that is attached, in the GIL build. */
  turn(context: HeapContext, run: () => void): void {
    const { core } = context;
    if (!core.isAttached) core.attach();
    run();
    if (this.build === BUILDS.gil) core.detach();
  }

  /** Allocates, and marks the block. */
  malloc(c: HeapContext, domain: Domain, bytes: number): Block {
    const at = c.core[domain].malloc(bytes) as number;
    this.note(domain, bytes, at);
    if (at !== 0) c.m.i32[at >>> 2] = at;
    return { at, bytes, domain };
  }

  /** Looks at the mark and frees. */
  free(c: HeapContext, block: Block): void {
    if (block.at === 0) return;
    if (c.m.i32[block.at >>> 2] !== (block.at | 0)) {
      throw new Error("A block has lost its content");
    }
    c.core[block.domain].free(block.at as never);
  }

  /** Frees all, in a random order. */
  freeAll(c: HeapContext, blocks: Block[]): void {
    for (const block of this.random.shuffle(blocks)) this.free(c, block);
    blocks.length = 0;
  }

  /** Resizes; the mark must be there still. */
  resize(c: HeapContext, block: Block, bytes: number): void {
    if (block.at === 0) return;
    const at = c.core[block.domain].realloc(block.at as never, bytes) as number;
    this.note("realloc", bytes, at);
    if (at === 0) return;
    if (c.m.i32[at >>> 2] !== (block.at | 0)) {
      throw new Error("A block has lost its content");
    }
    c.m.i32[at >>> 2] = at;
    block.at = at;
    block.bytes = bytes;
  }

  /** Random calls; returns the blocks that are left. */
  churn(c: HeapContext, rounds: number, sizes: readonly number[]): Block[] {
    const live: Block[] = [];
    const { random } = this;
    for (let k = 0; k < rounds; k++) {
      const domain = random.pick(["raw", "mem", "obj"] as const);
      const what = random.below(5);
      if (what < 3 || live.length === 0) {
        live.push(this.malloc(c, domain, random.pick(sizes)));
      } else if (what === 3) {
        this.resize(c, random.pick(live), random.pick(sizes));
      } else {
        this.free(c, live.splice(random.below(live.length), 1)[0]);
      }
    }
    return live;
  }

  /** So many blocks of a size; ends early where no memory is left. */
  fill(c: HeapContext, domain: Domain, bytes: number, count: number): Block[] {
    const live: Block[] = [];
    for (let k = 0; k < count; k++) {
      const block = this.malloc(c, domain, bytes);
      if (block.at === 0) break;
      live.push(block);
    }
    return live;
  }
}

/** A story as the code tells it. */
interface Told {
  readonly notes: readonly string[];
  /** Accesses to shared memory that it took. Count. */
  readonly accesses: number;
}

/** What the code as it is tells, by story. */
const measures = new Map<string, Told>();

/** Accesses that a change may cost, and then as many times those of the code. */
const SLACK = 100_000;
const TIMES = 5;

/**
 * Runs the code as it is, and ends what does not end: each access to shared
 * memory asks the machine whether it is to be made directly.
 *
 * @returns Accesses. Count.
 */
function bounded(most: number, run: () => void): number {
  const plain = Object.getOwnPropertyDescriptor(machine, "direct")!;
  let accesses = 0;
  Object.defineProperty(machine, "direct", {
    configurable: true,
    get(): boolean {
      if (++accesses > most) throw new Error(`No end after ${most} accesses`);
      return true;
    },
  });
  try {
    run();
  } finally {
    Object.defineProperty(machine, "direct", plain);
  }
  return accesses;
}

/** Throws if what is told is not the measure. The first is. */
function compare(name: string, told: Told): void {
  const measure = measures.get(name);
  if (!measure) {
    measures.set(name, told);
    return;
  }
  const { notes } = measure;
  const at = notes.findIndex((note, k) => note !== told.notes[k]);
  if (at >= 0 || notes.length !== told.notes.length) {
    throw new Error(`Note ${at} is "${told.notes[at]}", not "${notes[at]}"`);
  }
}

/** A story as a model that finds what is different from the code as it is. */
export function story(
  name: string,
  build: keyof typeof BUILDS,
  bytes: number,
  tell: (scene: Scene) => void,
  constants: Constants = CONSTANTS,
): Model {
  const full = `${name} (${build})`;
  return model<HeapContext>({
    name: full,
    doors: DOORS,
    constants,
    setup(lib, world) {
      const measure = measures.get(full);
      const most = measure ? TIMES * measure.accesses + SLACK : Infinity;
      let notes: readonly string[] = [];
      const accesses = bounded(most, () => {
        const scene = new Scene(lib, world, BUILDS[build], bytes);
        ({ notes } = scene);
        tell(scene);
      });
      compare(full, { notes, accesses });
      return [];
    },
    script: () => [],
  });
}
