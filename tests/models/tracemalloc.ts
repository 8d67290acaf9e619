/**
 * The tables of traces: start, stop, clear, track and untrack meet.
 *
 * Memory comes from an allocator of the model, which never gives a block out
 * twice, so that whoever touches one that was freed is found. At the end what is
 * allocated must be what hangs on the tables, and the sum of the traces what is
 * counted; after a death a part may be lost, and nobody may be stuck.
 *
 * @module
 */

import type * as RecoveryModule from "../../src/recovery/mod.ts";
import type * as SessionModule from "../../src/hooks/tracemalloc/tables/session.ts";
import type * as WindowModule from "../../src/hooks/tracemalloc/tables/window.ts";
import * as Layout from "../../src/layout/memory_map.ts";
import * as PageMap from "../../src/layout/page_map.ts";
import * as ThreadState from "../../src/layout/thread_state.ts";
import * as TraceRecord from "../../src/layout/trace_record.ts";
import * as TraceTables from "../../src/layout/trace_tables.ts";
import * as Tracemalloc from "../../src/layout/tracemalloc.ts";
import type { Constants, Library } from "../checker/loader.ts";
import {
  type Model,
  model,
  type Step,
  step,
  type World,
} from "../checker/model.ts";
import * as Support from "./support.ts";

const SESSION = "src/hooks/tracemalloc/tables/session.ts";
const WINDOW = "src/hooks/tracemalloc/tables/window.ts";
const RECOVERY = "src/recovery/mod.ts";
const X_TABLES = Layout.TRACEMALLOC + Tracemalloc.X_TABLES;

/** Small tables: how large they are is no part of the protocol. */
const SMALL = { PAGE_TRACES: 2, NUM_BUCKETS: 1 };
const CONSTANTS: Constants = {
  ...Support.SPIN_ONCE,
  "src/layout/trace_tables.ts": SMALL,
};

/** Words of a block of the model's allocator, and blocks of a worker. */
const BLOCK_WORDS = 512;
const BLOCKS = 24;
/** What a block can be. */
const LIVE = 1;
const FREED = 2;

/** A worker with its window on the tables. */
interface Context extends Support.Context {
  /** The window. */
  readonly w: WindowModule.Window;
  /** Stops that had to leave the tables as they were. Count. */
  abandoned: number;
}

function session(lib: Library): typeof SessionModule {
  return lib.module(SESSION);
}

/** Where a worker notes how many blocks it took. Word index. */
function takenAt(world: World, worker: number): number {
  return Support.scratch(world, worker);
}

/** Whether block `n` of all workers is live. Word index. */
function stateAt(world: World, n: number): number {
  return Support.scratch(world, 8) + n;
}

/** Block `n` of all workers. Word index. */
function blockAt(world: World, n: number): number {
  return Support.scratch(world, 64) + n * BLOCK_WORDS;
}

/** Number of the block that a word is in, or -1. */
function blockOf(world: World, at: number, workers: number): number {
  const n = Math.floor((at - blockAt(world, 0)) / BLOCK_WORDS);
  return n >= 0 && n < workers * BLOCKS ? n : -1;
}

/** The allocator of the model, as a worker has it. */
function sourceOf(world: World, worker: number) {
  function take(): number {
    const k = world.read(takenAt(world, worker));
    if (k === BLOCKS) throw new Error("the model has too few blocks");
    world.write(takenAt(world, worker), k + 1);
    const n = worker * BLOCKS + k;
    world.write(stateAt(world, n), LIVE);
    return blockAt(world, n) * 4;
  }
  function free(_ctx: null, ptr: number): void {
    const n = blockOf(world, ptr / 4, world.workers);
    if (world.read(stateAt(world, n)) !== LIVE) {
      throw new Error(`block ${n} is freed and not live`);
    }
    world.write(stateAt(world, n), FREED);
  }
  return { ctx: null, malloc: take, calloc: take, realloc: take, free };
}

/** A traceback of no names. */
const WORDS = [TraceRecord.TRACEBACK, 2, 0, 0];

function startStep(): Step<Context> {
  return step<Context>("start", (lib, c) => {
    session(lib).start(c.w, 1);
  });
}

function stopStep(): Step<Context> {
  return step<Context>("stop", (lib, c) => {
    const { stop, ABANDONED } = session(lib);
    if (stop(c.w) === ABANDONED) c.abandoned++;
  });
}

function clearStep(): Step<Context> {
  return step<Context>("clear", (lib, c) => session(lib).clear(c.w));
}

/** Tracks a key with a size. */
function trackStep(domain: number, ptr: number, size: number): Step<Context> {
  return step<Context>(`track ${domain}:${ptr}`, (lib, c) => {
    const { intern, track } = session(lib);
    const traceback = intern(c.w, WORDS, 0);
    if (traceback > 0) track(c.w, domain, ptr, size, traceback, c.w.epoch);
  });
}

function untrackStep(domain: number, ptr: number): Step<Context> {
  return step<Context>(`untrack ${domain}:${ptr}`, (lib, c) => {
    session(lib).untrack(c.w, domain, ptr);
  });
}

/** Lets the others know that a worker is dead, once it is. */
function condemnStep(dead: number): Step<Context> {
  return step<Context>(`condemn ${dead}`, (lib, { m }) => {
    const { Recovery } = lib.module(RECOVERY) as typeof RecoveryModule;
    const slot = PageMap.FIRST_SLOT + dead;
    const thread = Layout.THREADS + slot * ThreadState.SIZEOF;
    const incarnation = m.i32[thread + ThreadState.INCARNATION];
    Recovery.condemn(
      m,
      (incarnation << PageMap.INCARNATION_SHIFT) | slot,
    );
  }, { when: (world) => world.isDead(dead), optional: true });
}

/** What hangs on the tables. */
interface Found {
  blocks: number;
  bytes: number;
  /** Tracebacks that traces name, and those that there are. Word indexes. */
  readonly named: number[];
  readonly tracebacks: number[];
}

/** Adds a trace; no model has one of 2^32 bytes. */
function addTrace(world: World, at: number, found: Found): void {
  const { i32 } = world;
  found.bytes += i32[at];
  const granule = i32[at + 1] >>> (TraceTables.SIZE_BITS - 32);
  if (granule !== 0) found.named.push(granule * 4);
}

/** Adds a page's array. */
function addPage(world: World, array: number, found: Found): void {
  found.blocks++;
  for (let k = 0; k < SMALL.PAGE_TRACES; k++) {
    addTrace(world, array + 2 * k, found);
  }
}

/** Adds an interned record. */
function addRecord(world: World, record: number, found: Found): void {
  found.blocks++;
  const kind = world.i32[record + TraceRecord.KIND];
  if (kind === TraceRecord.TRACEBACK) found.tracebacks.push(record);
  else addTrace(world, record + TraceRecord.X_TRACE, found);
}

/** Walks the tables. */
function walk(world: World, tables: number): Found {
  const { i32 } = world;
  const found: Found = { blocks: 0, bytes: 0, named: [], tracebacks: [] };
  if (tables === 0) return found;
  found.blocks++;
  const pages = Layout.MIN_BYTES / Layout.PAGE_SIZE;
  const directory = tables + TraceTables.DIRECTORY;
  for (let page = 0; page < pages; page++) {
    const array = i32[directory + page];
    if (array !== 0) addPage(world, array, found);
  }
  let record = i32[directory + pages];
  while (record !== 0) {
    addRecord(world, record, found);
    record = i32[record + TraceRecord.NEXT];
  }
  return found;
}

/** Blocks that were allocated and not freed. Count. */
function countLive(world: World): number {
  let live = 0;
  for (let n = 0; n < world.workers * BLOCKS; n++) {
    if (world.i32[stateAt(world, n)] === LIVE) live++;
  }
  return live;
}

/** True if a worker has died, or was waited for in vain. */
function isLossy(world: World): boolean {
  for (let worker = 0; worker < world.workers; worker++) {
    const { abandoned } = world.context(worker) as Context;
    if (world.isDead(worker) || abandoned > 0) return true;
  }
  return false;
}

function verdict(world: World): string {
  const { i32 } = world;
  const lossy = isLossy(world);
  const live = countLive(world);
  const tables = i32[X_TABLES];
  const { blocks, bytes, named, tracebacks } = walk(world, tables);
  if (blocks > live || (blocks < live && !lossy)) {
    return `${live} blocks are live, ${blocks} hang on the tables`;
  }
  if (new Set(tracebacks).size > 1) return "a traceback stands there twice";
  if (!named.every((it) => tracebacks.includes(it))) {
    return "a trace names a traceback that is gone";
  }
  if (tables === 0 || lossy) return "";
  const traced = i32[tables + TraceTables.X_TRACED];
  if (traced !== bytes) return `${traced} bytes are counted, not ${bytes}`;
  const peak = i32[tables + TraceTables.X_PEAK];
  return peak >= traced ? "" : `the peak is ${peak} below ${traced}`;
}

/** How a model is set up. */
interface Scene {
  readonly name: string;
  readonly kills?: number;
  readonly bound?: number;
  /** True if worker 0 has started before. */
  readonly isStarted: boolean;
  /** What each worker does. */
  readonly scripts: readonly (readonly Step<Context>[])[];
}

function makeContext(
  lib: Library,
  world: World,
  context: Support.Context,
  worker: number,
): Context {
  const { Window } = lib.module(WINDOW) as typeof WindowModule;
  const w = new Window(context.m, sourceOf(world, worker));
  return { ...context, w, abandoned: 0 };
}

/** A model of a scene. */
function traces(scene: Scene): Model {
  const { name, kills = 0, bound, isStarted, scripts } = scene;
  let place: World | undefined;
  function freedBlock(at: number): number {
    const n = blockOf(place!, at, scripts.length);
    return n >= 0 && place!.i32[stateAt(place!, n)] === FREED ? n : -1;
  }
  return model<Context>({
    name: `traces: ${name}` + (kills > 0 ? `, ${kills} killed` : "") +
      (bound === undefined ? "" : `, bound ${bound}`),
    doors: [...Support.DOORS, RECOVERY, WINDOW, SESSION],
    constants: CONSTANTS,
    nameOf: Support.nameOf,
    kills,
    ...(bound === undefined ? {} : { bound }),
    killable: (worker) => worker === 0,
    setup(lib, world) {
      place = world;
      const all = Support.workers(lib, world, scripts.length)
        .map((context, worker) => makeContext(lib, world, context, worker));
      if (isStarted) session(lib).start(all[0].w, 1);
      return all;
    },
    script: (worker) => [
      ...scripts[worker],
      ...(kills > 0 && worker === scripts.length - 1 ? [condemnStep(0)] : []),
    ],
    guarded: (at) => blockOf(place!, at, scripts.length) >= 0,
    guard(at) {
      const n = freedBlock(at);
      return n >= 0 ? `block ${n} was freed` : undefined;
    },
    final: verdict,
  });
}

/** The two traces of the first page, and two keys that are no blocks. */
const BLOCK = [0, 0] as const;
const OTHER = [0, 16] as const;
const KEY = [5, 1] as const;
const KEY2 = [5, 2] as const;

const CLEAR: Scene = {
  name: "track and untrack against clear",
  isStarted: true,
  scripts: [
    [trackStep(...BLOCK, 5), untrackStep(...BLOCK)],
    [clearStep()],
  ],
};
const STOP: Scene = {
  name: "track and untrack against stop",
  isStarted: true,
  scripts: [[trackStep(...BLOCK, 5), untrackStep(...BLOCK)], [stopStep()]],
};
const RESTART: Scene = {
  name: "track against stop and start",
  isStarted: true,
  scripts: [[trackStep(...KEY, 5)], [stopStep(), startStep()]],
};

/** The models of this file. */
export const models: Model[] = [
  traces(CLEAR),
  traces({ ...CLEAR, kills: 1 }),
  traces(STOP),
  traces({ ...STOP, kills: 1 }),
  traces(RESTART),
  traces({ ...RESTART, kills: 1 }),
  traces({
    name: "two start and stop",
    isStarted: false,
    scripts: [[startStep(), stopStep()], [startStep(), stopStep()]],
  }),
  traces({
    name: "two track the same key, one untracks it",
    isStarted: true,
    scripts: [
      [trackStep(...KEY, 5)],
      [trackStep(...KEY, 7), untrackStep(...KEY)],
    ],
  }),
  traces({
    name: "two track keys of one bucket",
    isStarted: true,
    scripts: [[trackStep(...KEY, 5)], [trackStep(...KEY2, 7)]],
  }),
  traces({
    name: "two track in one page, one clears",
    isStarted: true,
    bound: 2,
    scripts: [
      [trackStep(...BLOCK, 5)],
      [trackStep(...OTHER, 7)],
      [clearStep()],
    ],
  }),
  traces({
    name: "two track, one stops",
    isStarted: true,
    bound: 2,
    scripts: [[trackStep(...BLOCK, 5)], [trackStep(...KEY, 7)], [stopStep()]],
  }),
];
/** Further ones, that take longer. */
export const nightly: Model[] = [
  traces({
    name: "track against stop and start, another clears",
    isStarted: true,
    kills: 1,
    bound: 3,
    scripts: [[trackStep(...KEY, 5)], [stopStep(), startStep()], [clearStep()]],
  }),
];
