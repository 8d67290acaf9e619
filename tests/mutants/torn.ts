/**
 * Pools of a worker that stopped in the middle of an allocation, a free, a
 * carving or a drain: each state that `src/pools/repair.ts` has to tell.
 *
 * @module
 */

import * as Layout from "../../src/layout/memory_map.ts";
import * as News from "../../src/layout/news.ts";
import * as PoolRecord from "../../src/layout/pool_record.ts";
import * as RemoteRecord from "../../src/layout/remote_record.ts";
import * as ThreadState from "../../src/layout/thread_state.ts";
import { recordOf } from "../../src/memory/mod.ts";
import type { HeapContext } from "../models/heap.ts";
import { type Cast, recover, work } from "./cast.ts";
import type { Block, Domain, Scene } from "./scene.ts";

const { FREEBLOCK, COUNT, NEXTOFFSET, MAXNEXTOFFSET, DRAIN } = PoolRecord;

/** Sizes that nothing else in the story uses: pools of their own. Bytes. */
const SIZES = Array.from({ length: 18 }, (_, k) => 480 - 16 * k);
/** Sizes whose spans are carved in two steps. Bytes. */
const SPANS = [4096, 3584];
/** Blocks of the first step. Count. */
const FIRST_STEP = 5;

/** The pool of a block: its words. */
class Pool {
  readonly #i32: Int32Array<SharedArrayBuffer>;
  readonly #record: number;
  readonly #remote: number;

  constructor(s: Scene, { at }: Block) {
    const { m } = s.contexts[0];
    const page = at >>> Layout.PAGE_BITS;
    this.#i32 = s.world.i32;
    this.#record = recordOf(page);
    this.#remote = m.remotes + (page << RemoteRecord.SHIFT);
  }

  get(word: number): number {
    return this.#i32[this.#record + word];
  }

  set(word: number, value: number): void {
    this.#i32[this.#record + word] = value;
  }

  get stack(): number {
    return this.#i32[this.#remote + RemoteRecord.X_REMOTE];
  }

  set stack(value: number) {
    this.#i32[this.#remote + RemoteRecord.X_REMOTE] = value;
  }

  get shape(): number {
    return this.#i32[this.#remote + RemoteRecord.SHAPE];
  }

  set shape(value: number) {
    this.#i32[this.#remote + RemoteRecord.SHAPE] = value;
  }

  get isFull(): boolean {
    return this.get(FREEBLOCK) === 0 &&
      this.get(NEXTOFFSET) > this.get(MAXNEXTOFFSET);
  }
}

/** A pool that is full, and its blocks. */
interface Full {
  readonly pool: Pool;
  readonly blocks: Block[];
}

/** A pool of the victim, full. */
function fullPool(
  s: Scene,
  v: HeapContext,
  domain: Domain,
  bytes: number,
): Full {
  const blocks = s.fill(v, domain, bytes, 1);
  const pool = new Pool(s, blocks[0]);
  while (!pool.isFull) blocks.push(s.malloc(v, domain, bytes));
  return { pool, blocks };
}

/** A block was taken off the list and not counted; one was put on it. */
function tornCounts(it: Cast, v: HeapContext, domain: Domain): void {
  const { s, live } = it;
  const taken = s.fill(v, domain, SIZES[0], 5);
  live.push(...taken); // the last one is lost to the dead only
  const first = new Pool(s, taken[0]);
  first.set(COUNT, first.get(COUNT) - 1);
  const { pool, blocks } = fullPool(s, v, domain, SIZES[1]);
  s.free(v, blocks.pop()!);
  pool.set(COUNT, pool.get(COUNT) + 1);
  const last = fullPool(s, v, domain, SIZES[16]);
  last.pool.set(COUNT, last.pool.get(COUNT) - 1);
  live.push(...blocks, ...last.blocks);
}

/** Likewise where all blocks are free, and where the first of a span is. */
function tornEmpty(it: Cast, v: HeapContext, domain: Domain): void {
  const { s, live } = it;
  const alone = s.malloc(v, domain, SIZES[15]);
  const pool = new Pool(s, alone);
  const word = pool.get(FREEBLOCK);
  s.world.i32[alone.at >>> 2] = word;
  pool.set(FREEBLOCK, alone.at);
  const span = s.fill(v, domain, 2560, 3);
  const first = span.shift()!;
  s.free(v, first);
  new Pool(s, first).set(COUNT, 3);
  live.push(...span);
}

/** A carving that was begun: with the new list, or without. */
function tornCarving(
  it: Cast,
  v: HeapContext,
  domain: Domain,
  hasList: boolean,
): void {
  const { s, live } = it;
  const bytes = hasList ? SPANS[0] : SPANS[1];
  const before = s.fill(v, domain, bytes, FIRST_STEP);
  live.push(...before);
  const pool = new Pool(s, before[0]);
  const { shape } = pool;
  const next = s.malloc(v, domain, bytes);
  pool.set(FREEBLOCK, hasList ? next.at : 0);
  s.world.i32[next.at >>> 2] = next.at + bytes;
  pool.set(COUNT, FIRST_STEP);
  pool.shape = shape;
}

/** A pool in which nothing was ever carved, nearly. */
function tornFirstCarving(it: Cast, v: HeapContext, domain: Domain): void {
  const { s } = it;
  const block = s.malloc(v, domain, SIZES[2]);
  const pool = new Pool(s, block);
  pool.set(FREEBLOCK, 0);
  pool.set(COUNT, 0);
  pool.shape &= (1 << RemoteRecord.CLASS_BITS) - 1;
}

/** A drain that was cut short, and what others pushed afterwards. */
interface TornDrain {
  /** Blocks that the victim itself has freed. Count. */
  readonly own: number;
  /** Blocks on the stack that DRAIN names. Count. */
  readonly noted: number;
  /** Whether the stack was taken off the page. */
  readonly isTaken: boolean;
  /** Blocks that were pushed afterwards. Count. */
  readonly later: number;
  /** Whether the list was hung behind it; whether that is the list; counted. */
  readonly steps: number;
}

const DRAINS: readonly TornDrain[] = [
  { own: 0, noted: 3, isTaken: false, later: 0, steps: 0 },
  { own: 2, noted: 3, isTaken: false, later: 2, steps: 0 },
  { own: 0, noted: 3, isTaken: true, later: 0, steps: 0 },
  { own: 2, noted: 3, isTaken: true, later: 0, steps: 0 },
  { own: 2, noted: 3, isTaken: true, later: 0, steps: 1 },
  { own: 2, noted: 3, isTaken: true, later: 0, steps: 2 },
  { own: 2, noted: 3, isTaken: true, later: 0, steps: 3 },
  { own: 0, noted: 3, isTaken: true, later: 1, steps: 0 },
  { own: 1, noted: 1, isTaken: true, later: 2, steps: 0 },
  { own: 1, noted: 1, isTaken: true, later: 1, steps: 2 },
  { own: 1, noted: 1, isTaken: true, later: 1, steps: 0 },
];

/** A drain of a full pool of RAW, cut short. Nothing may follow: it collects. */
function tornDrain(
  it: Cast,
  v: HeapContext,
  { pool, blocks }: Full,
  { own, noted, isTaken, later, steps }: TornDrain,
): void {
  const { s, a, live } = it;
  for (let k = 0; k < own; k++) s.free(v, blocks.pop()!);
  const pushed = blocks.splice(-noted).reverse();
  pushed.forEach((block) => s.free(a, block));
  pool.set(DRAIN, pool.stack);
  if (isTaken) pool.stack = 0;
  const [bottom, top] = [pushed[0].at, pushed.at(-1)!.at];
  if (steps > 0) s.world.i32[bottom >>> 2] = pool.get(FREEBLOCK);
  if (steps > 1) pool.set(FREEBLOCK, top);
  if (steps > 2) pool.set(COUNT, pool.get(COUNT) - noted);
  for (let k = 0; k < later; k++) s.free(a, blocks.pop()!);
  live.push(...blocks);
}

/** Forgets all news of a worker, as if those who had any had died. */
function forgetNews(s: Scene, { m }: HeapContext): void {
  const news = Layout.NEWS + (m.slot << News.SLOT_SHIFT);
  s.world.i32.fill(0, news, news + (1 << News.SLOT_SHIFT));
  s.world.i32[m.thread + ThreadState.X_NEWS] = 0;
  s.world.i32[m.thread + ThreadState.X_RAW_NEWS] = 0;
}

/** A free into a full pool of another worker that nobody has announced. */
function unannounced(it: Cast, v: HeapContext): void {
  const { s, d, live } = it;
  const { blocks } = fullPool(s, d, "raw", SIZES[14]);
  s.free(v, blocks.pop()!);
  live.push(...blocks);
  forgetNews(s, d);
}

/** All of that by one worker, which is recovered; its pools are used again. */
export function tornPools(it: Cast): void {
  const { s, a, d, live } = it;
  const v = s.join();
  v.core.attach();
  for (const domain of ["raw", "mem"] as const) {
    tornCounts(it, v, domain);
    tornEmpty(it, v, domain);
    tornCarving(it, v, domain, true);
    tornCarving(it, v, domain, false);
    tornFirstCarving(it, v, domain);
  }
  const full = DRAINS.map((_, k) => fullPool(s, v, "raw", SIZES[3 + k]));
  DRAINS.forEach((drain, k) => tornDrain(it, v, full[k], drain));
  unannounced(it, v);
  for (const length of [1, 3]) s.note(s.raw.Runs.alloc(v.m, length));
  recover(it, v);
  for (const c of [d, a]) {
    work(s, c, () => {
      for (const bytes of [...SIZES, ...SPANS, ...SPANS]) {
        live.push(...s.fill(c, "raw", bytes, 4), ...s.fill(c, "mem", bytes, 4));
      }
    });
  }
  s.audit();
}
