/**
 * One long scenario in one thread, for what no model reaches: sizes, rings,
 * arenas, runs, exhaustion, exit, help, recovery.
 *
 * It runs in the `setup` of a model, where the code runs as it is, and notes
 * all that callers can see: addresses, counts, answers. The notes of the code
 * as it is are the measure: a change that makes others is found.
 *
 * @module
 */

import type * as PoolsModule from "../../src/pools/mod.ts";
import type * as RawModule from "../../src/raw/mod.ts";
import { checkMemory } from "../../src/check/mod.ts";
import * as Layout from "../../src/layout/memory_map.ts";
import * as ThreadState from "../../src/layout/thread_state.ts";
import { Memory } from "../../src/memory/mod.ts";
import type { Library } from "../checker/loader.ts";
import { type Model, model, type World } from "../checker/model.ts";
import { Prng } from "../helpers/prng.ts";
import {
  BUILDS,
  CONSTANTS,
  domains,
  DOORS,
  type HeapContext,
  recovery,
} from "../models/heap.ts";
import * as Support from "../models/support.ts";

/** Bytes of the heap: five arenas and the metadata. */
const BYTES = 8 << 20;

/** Notes of the code as it is, by build. */
const measures = new Map<number, string[]>();

/** A block that is live. */
interface Block {
  at: number;
  bytes: number;
  domain: "raw" | "mem" | "obj";
}

/** The scenario under way. */
class Scene {
  readonly notes: string[] = [];
  readonly contexts: HeapContext[] = [];
  readonly lib: Library;
  readonly world: World;
  readonly build: number;
  readonly #random = new Prng(7);

  constructor(lib: Library, world: World, build: number) {
    this.lib = lib;
    this.world = world;
    this.build = build;
  }

  get pools(): typeof PoolsModule {
    return this.lib.module("src/pools/mod.ts");
  }

  note(...values: unknown[]): void {
    this.notes.push(values.join(" "));
  }

  /** What the checker of the heap says; findings end the scenario. */
  audit(): void {
    const buffer = this.world.i32.buffer as SharedArrayBuffer;
    const report = checkMemory(new Memory(buffer, { now: () => 0 }), true);
    if (report.findings.length > 0) throw new Error(report.findings.join("; "));
    const { Runs } = this.lib.module("src/raw/mod.ts") as typeof RawModule;
    const m = this.contexts[0].m;
    this.note(report.blocks, Runs.usedPages(m), Runs.peakPages(m));
  }

  join(): HeapContext {
    const { Core } = domains(this.lib);
    const buffer = this.world.i32.buffer as SharedArrayBuffer;
    const core = Core.join(buffer, this.world.clock);
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

  shuffle(blocks: Block[]): Block[] {
    return this.#random.shuffle(blocks);
  }

  malloc(c: HeapContext, domain: Block["domain"], bytes: number): Block {
    const at = c.core[domain].malloc(bytes) as number;
    this.note(domain, bytes, at);
    if (at !== 0) c.m.i32[at >>> 2] = at;
    return { at, bytes, domain };
  }

  free(c: HeapContext, block: Block): void {
    if (block.at === 0) return;
    if (c.m.i32[block.at >>> 2] !== (block.at | 0)) {
      throw new Error("A block has lost its content");
    }
    c.core[block.domain].free(block.at as never);
  }

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

  churn(c: HeapContext, rounds: number, sizes: readonly number[]): Block[] {
    const live: Block[] = [];
    const random = this.#random;
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
}

const SMALL = [1, 16, 100, 500, 512];
const ALL = [...SMALL, 513, 3000, 16384, 20000, 32768, 40000, 100000, 300000];

function begin(lib: Library, world: World, build: number): Scene {
  const { Create } = Support.memory(lib);
  const { ThreadStates, Gil, Qsbr } = Support.threads(lib);
  const { Runs } = lib.module("src/raw/mod.ts") as typeof RawModule;
  const m = Create.create(build, BYTES, world.clock);
  world.use(m.buffer);
  Runs.init(m);
  ThreadStates.init(m);
  Gil.init(m);
  Qsbr.init(m);
  Create.publish(m);
  return new Scene(lib, world, build);
}

/** Mixed sizes, exhaustion of the heap, and all of it back. */
function fillAndEmpty(s: Scene, c: HeapContext): void {
  s.turn(c, () => {
    const live = s.churn(c, 250, ALL);
    s.audit();
    for (const bytes of [512, 3000, 70000]) {
      for (let k = 0; k < 1200; k++) {
        const block = s.malloc(c, "obj", bytes);
        if (block.at === 0) break;
        live.push(block);
      }
    }
    s.audit();
    s.shuffle(live).forEach((block, k) => {
      s.free(c, block);
      if (k % 200 === 0) s.audit();
    });
    s.pools.Leave.trim(c.m, true);
  });
  s.audit();
}

/** Remote frees, exit with live blocks, adoption, help, quarantine. */
function handOn(s: Scene, a: HeapContext): void {
  const b = s.join();
  let live: Block[] = [];
  s.turn(b, () => live = s.churn(b, 150, [...SMALL, 3000, 20000]));
  s.turn(a, () => live.splice(0, 30).forEach((block) => s.free(a, block)));
  s.audit();
  s.turn(b, () => live.push(...s.churn(b, 80, SMALL)));
  s.turn(a, () => live.splice(0, 20).forEach((block) => s.free(a, block)));
  if (b.core.isAttached) b.core.detach();
  s.turn(a, () => s.pools.Leave.relieve(a.m, true, 0, 0));
  s.audit();
  s.turn(a, () => live.splice(0, 10).forEach((block) => s.free(a, block)));
  b.core.close();
  s.audit();
  s.turn(a, () => {
    live.push(...s.churn(a, 150, SMALL));
    for (const block of live) s.free(a, block);
    s.pools.Leave.trim(a.m, true);
  });
  s.audit();
}

/** A worker stops with blocks of all kinds; another recovers it. */
function bury(s: Scene, a: HeapContext): void {
  const { Recovery } = recovery(s.lib);
  const c = s.join();
  let live: Block[] = [];
  s.turn(c, () => live = s.churn(c, 60, ALL));
  s.turn(a, () => live.splice(0, 5).forEach((block) => s.free(a, block)));
  if (a.core.isAttached) a.core.detach();
  const { owner } = c.m;
  s.note("state", Recovery.declare(a.m, owner, ThreadState.REVOKED));
  s.note("outside", Recovery.awaitOutside(a.m, owner, 0));
  s.note("state", Recovery.declare(a.m, owner, ThreadState.DEAD));
  const found = Recovery.recover(a.m, owner);
  s.note("found", found.pools, found.lostBlocks, found.pages);
  s.audit();
  s.turn(a, () => {
    live.push(...s.churn(a, 60, SMALL));
    for (const block of live) s.free(a, block);
    s.pools.Leave.trim(a.m, true);
  });
  s.audit();
}

/** Locks, events and states, as callers see them. */
function ask(s: Scene, a: HeapContext): void {
  const { Mutex, PyEvent } = Support.sync(s.lib);
  const { ThreadStates, Qsbr, World } = Support.threads(s.lib);
  const at = (a.m.pages - 1) * (Layout.PAGE_SIZE / 4);
  s.world.i32.fill(0, at, at + 64);
  s.note(Mutex.tryLock(a.m, at), Mutex.tryLock(a.m, at));
  s.note(Mutex.isLocked(a.m, at), Mutex.ownerOf(a.m, at));
  s.note(Mutex.lockTimed(a.m, at, 0), Mutex.takeOver(a.m, at));
  Mutex.unlock(a.m, at);
  s.note(Mutex.isLocked(a.m, at), Mutex.trySpin(a.m, at));
  s.note(Mutex.lockTimed(a.m, at, 5), s.world.i32[at]);
  Mutex.unlock(a.m, at);
  s.note(PyEvent.isSet(a.m, at + 16), PyEvent.wait(a.m, at + 16, 0));
  PyEvent.notify(a.m, at + 16);
  s.note(PyEvent.isSet(a.m, at + 16), PyEvent.wait(a.m, at + 16, 5));
  PyEvent.reset(a.m, at + 16);
  s.note(PyEvent.isSet(a.m, at + 16), ThreadStates.isAttached(a.m));
  const goal = Qsbr.advance(a.m);
  s.note(Qsbr.goalReached(a.m, goal), Qsbr.poll(a.m, goal));
  s.note(Qsbr.poll(a.m, Qsbr.sharedNext(a.m)));
  s.note(World.isStopper(a.m), World.stop(a.m, 0), World.isStopper(a.m));
  World.start(a.m);
  s.note(World.isStopper(a.m));
}

function run(lib: Library, world: World, build: number): Scene {
  const s = begin(lib, world, build);
  const a = s.join();
  ask(s, a);
  fillAndEmpty(s, a);
  handOn(s, a);
  bury(s, a);
  a.core.close();
  s.audit();
  return s;
}

/** The scenario of a build as a model that finds what is different. */
export function scenario(build: keyof typeof BUILDS): Model {
  const number = BUILDS[build];
  return model<HeapContext>({
    name: `scenario (${build})`,
    doors: DOORS,
    constants: CONSTANTS,
    setup(lib, world) {
      const { notes } = run(lib, world, number);
      const measure = measures.get(number);
      if (!measure) measures.set(number, notes);
      const at = measure
        ? measure.findIndex((note, k) => note !== notes[k])
        : -1;
      if (measure && (at >= 0 || notes.length !== measure.length)) {
        throw new Error(
          `Note ${at} is "${notes[at]}", not "${measure[at]}"`,
        );
      }
      return [];
    },
    script: () => [],
  });
}
