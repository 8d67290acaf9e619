/**
 * The short way through debug hooks and engine, for small blocks of pools that
 * this worker holds, in a heap with notes.
 *
 * What it writes is what `hooks.ts` writes, byte by byte, but for the up to 15
 * bytes between fence and notes, which are nobody's. Whatever is unusual it
 * leaves alone and says so, before it has changed anything: the caller then goes
 * the long way, which finds out what it is.
 *
 * ```text
 *   mistake                                  what tells it
 *   ──────────────────────────────────────   ─────────────────────────────────
 *   those of domains/hardened.ts             the states, the link, the count
 *   another domain, a write before the data  ID and leading fence
 *   a write behind the data                  trailing fence
 *   a write into a freed block               what `reuse.ts` looks at is not dead
 * ```
 *
 * ## Invariants
 *   D3  open only while the domain may be called, its record is that of the
 *       hooks right over the engine's own, and no arena record is installed
 *
 * ## Threads
 *   As `domains/hardened.ts`: the pools are this worker's or those of the GIL
 *   that it holds, plain accesses. malloc takes a block, fills it, and raises its
 *   state; free lowers the state, fills the block, and links it. A worker that stops in
 *   between leaks the block.
 *
 * How it is written is for speed, measured on W1 (bench/README.md, 2026-11):
 *
 * - malloc stays below 460 bytecodes, what the engine inlines at most; free does
 *   not fit beside it, and is called: 6 ns, where a plain pair takes 5.
 * - Fills and looks go by four double words: W1 and W3 have blocks of up to 70.
 * - Bytes are written and compared by the double word: none of the fills is a
 *   NaN, so that equal numbers are equal bytes.
 * - Addresses are kept to 32 bits, tables are constants of the module.
 *
 * Source: CPython 3.14 Objects/obmalloc.c: _PyMem_DebugRawAlloc(),
 * _PyMem_DebugRawFree().
 *
 * @module
 */

import * as BlockStates from "../../layout/block_states.ts";
import * as DebugBlock from "../../layout/debug_block.ts";
import * as Layout from "../../layout/memory_map.ts";
import * as PoolRecord from "../../layout/pool_record.ts";
import { Seal } from "../../domains/mod.ts";
import type { Route } from "../../domains/route.ts";
import type { Address, Memory } from "../../memory/mod.ts";
import { Pool, SizeClasses } from "../../pools/mod.ts";
import * as Block from "./block.ts";
import type { DebugAllocApi } from "./debug_alloc_api.ts";
import { directApi } from "./hooks.ts";
import * as Reuse from "./reuse.ts";

// Hot: constants of this module fold, imported ones are read.
const { PAGE_MAP, POOLS } = Layout;
const { FREEBLOCK, COUNT, SZIDX, NEXTOFFSET, MAXNEXTOFFSET } = PoolRecord;
const { NEXTPOOL } = PoolRecord;
const { HEADER, SIZE_LOW } = DebugBlock;
const { CLEAN, DEAD, FORBIDDEN, FORBIDDEN_WORD } = Block;
const { X_PENDING } = BlockStates;
/** Largest request that small pools serve, with fences and notes. Bytes. */
const MAX_REQUEST = 480;
/** By request: the double word with the size. */
const SIZES = Block.sizeDoubles(512);
/** By bytes of data in it: the double word in which the fence starts. */
const TAILS = Block.tailDoubles();
/**
 * By size class, without and then with marks by realloc: behind the last double
 * word that must be dead in a free block, from the block's.
 */
const LOOK_ENDS = Int32Array.from(
  { length: 2 * SizeClasses.SMALL_CLASSES },
  (_, k) => {
    const erases = k >= SizeClasses.SMALL_CLASSES;
    const szidx = k % SizeClasses.SMALL_CLASSES;
    const end = Reuse.endOf(erases, SizeClasses.blockSize(szidx));
    // Rounded up: if the rest was never marked, the long way knows better.
    return (end + 7) >> 3;
  },
);
/** Bits that no block on the fast path has: below 16, and the sign. */
const UNFIT = -2147483633;
/** Bits in which two blocks of a pool do not differ. */
const OTHER_PAGE = -16384 | 15;

/** Words of a block. */
type Words = Int32Array<SharedArrayBuffer>;
/** Double words of a block. */
type Doubles = Float64Array<SharedArrayBuffer>;

/** True if the trailing fence of `n` bytes of data is whole. */
function isFenced(i32: Words, f64: Doubles, data: number, n: number): boolean {
  if ((n & 7) === 0) return f64[data + (n >> 3)] === FORBIDDEN;
  const tail = (data << 1) + (n >> 2);
  const mask = (1 << ((n & 3) << 3)) - 1; // bytes of data in that word
  return ((i32[tail] ^ FORBIDDEN_WORD) & ~mask) === 0 &&
    i32[tail + 1] === FORBIDDEN_WORD &&
    ((i32[tail + 2] ^ FORBIDDEN_WORD) & mask) === 0;
}

/** True if double words `from` … `to` − 1 are dead. */
function isDead(f64: Doubles, from: number, to: number): boolean {
  let k = from;
  for (const last = to - 3; k < last; k += 4) {
    if (f64[k] !== DEAD || f64[k + 1] !== DEAD) return false;
    if (f64[k + 2] !== DEAD || f64[k + 3] !== DEAD) return false;
  }
  for (; k < to; k++) if (f64[k] !== DEAD) return false;
  return true;
}

/** Fills double words `from` … `to` − 1. */
function fill(f64: Doubles, from: number, to: number, fresh: number): void {
  let k = from;
  for (const last = to - 3; k < last; k += 4) {
    f64[k] = fresh;
    f64[k + 1] = fresh;
    f64[k + 2] = fresh;
    f64[k + 3] = fresh;
  }
  for (; k < to; k++) f64[k] = fresh;
}

/** Takes over what the hooks of the domain do. */
function adjust(fast: FastPath, api: DebugAllocApi): void {
  fast.id = Block.idDoubleOf(api.id);
  fast.least = api.kept;
  fast.first = (HEADER + api.kept) >> 3;
  fast.lookFrom = Reuse.startOf(api.erases) >> 3;
  fast.looks = api.erases ? SizeClasses.SMALL_CLASSES : 0;
}

/** See the head of this file. */
export class FastPath {
  /** The route of the domain object. */
  declare readonly route: Route;
  /** The heap. */
  declare readonly m: Memory;
  /** Its words. */
  declare readonly i32: Words;
  /** Its double words. */
  declare readonly f64: Doubles;
  /** States of blocks. Word index. */
  declare readonly states: number;
  /** First ring of the small classes, or the null rings. Word index. */
  declare rings: number;
  /** Page map word of the pools that are this worker's, or -1. */
  declare key: number;
  /** Owner id of this worker. */
  declare owner: number;
  /** What notes of freed blocks have of it. */
  declare mark: number;
  /** Double word of the header with the ID of the domain. */
  declare id: number;
  /** Least request. Bytes: no less than what fills leave alone. */
  declare least: number;
  /** First double word that fills do not leave alone, from the block's. */
  declare first: number;
  /** First double word that must be dead in a free block, from the block's. */
  declare lookFrom: number;
  /** Where {@linkcode LOOK_ENDS} of this build start. Index. */
  declare looks: number;

  /** The short way of a domain object, closed. */
  constructor(route: Route) {
    const { m } = route;
    this.route = route;
    this.m = m;
    this.i32 = m.i32;
    this.f64 = m.f64;
    this.states = m.states;
    this.rings = Layout.NULL_RINGS;
    this.key = -1;
    this.owner = 0;
    this.mark = 0;
    this.id = FORBIDDEN;
    this.least = 0;
    this.first = 0;
    this.lookFrom = 0;
    this.looks = 0;
  }

  /** Opens the short way if calls may go it, or else closes it. */
  refresh(): void {
    const { isAttached, installed, domain, m, rings, poolKey } = this.route;
    const api = directApi(installed.records[domain], m, domain);
    const isOpen = isAttached && m.hasNotes && api !== null &&
      installed.arena === null;
    this.rings = isOpen ? rings : Layout.NULL_RINGS;
    this.key = isOpen ? poolKey : -1;
    this.owner = m.owner;
    this.mark = Seal.markOf(m.owner);
    if (api !== null) adjust(this, api);
  }

  /**
   * Allocates a small block.
   *
   * @param nbytes Anything.
   * @returns Byte address of its data, or 0: go the long way.
   */
  malloc(nbytes: number): Address {
    if (typeof nbytes !== "number") return 0;
    const n = nbytes | 0;
    if (n !== nbytes || n < this.least || n > MAX_REQUEST) return 0;
    const i32 = this.i32;
    const f64 = this.f64;
    const szidx = (n + 31) >> 4;
    const pool = i32[this.rings + szidx];
    const block = i32[pool + FREEBLOCK];
    const word = block >>> 2;
    const base = word >> 1;
    const end = word + (szidx << 2) + 2;
    const state = this.states + ((block >>> 9) << 1);
    const live = i32[state];
    const bit = 1 << (block >>> 4);
    if (block === 0 || (live & bit) !== 0) return 0;
    if (i32[end] !== 0) { // not new in its pool
      if (f64[base + 1] !== DEAD) return 0;
      const last = base + LOOK_ENDS[this.looks + szidx];
      if (!isDead(f64, base + this.lookFrom, last)) return 0;
    }
    const next = i32[word];
    if (next === 0) {
      if (!this.takeLast(szidx, pool)) return 0;
    } else {
      if (((next ^ block) & OTHER_PAGE) !== 0) return 0;
      i32[pool + FREEBLOCK] = next; // COMMIT
      i32[pool + COUNT] = i32[pool + COUNT] + 1;
    }
    f64[base] = SIZES[n];
    f64[base + 1] = this.id;
    const tail = base + 2 + (n >> 3);
    fill(f64, base + this.first, tail, CLEAN);
    f64[tail] = TAILS[n & 7];
    f64[tail + 1] = FORBIDDEN;
    i32[end] = 0;
    i32[end + 1] = this.owner;
    i32[state] = live | bit;
    return (block + HEADER) >>> 0;
  }

  /**
   * Takes the last block of a free list.
   *
   * @returns False, and nothing happened, if the list ends too early.
   */
  takeLast(szidx: number, pool: number): boolean {
    const { i32 } = this;
    const count = i32[pool + COUNT] + 1;
    const carved = ((count * (szidx + 1)) << 4) + PoolRecord.POOL_OVERHEAD;
    if (carved !== i32[pool + NEXTOFFSET]) return false;
    i32[pool + FREEBLOCK] = 0; // COMMIT
    i32[pool + COUNT] = count;
    const isFull = i32[pool + NEXTOFFSET] > i32[pool + MAXNEXTOFFSET];
    if (isFull) i32[this.rings + szidx] = i32[pool + NEXTPOOL];
    return true;
  }

  /**
   * Frees a small block.
   *
   * @param p Anything.
   * @returns False if nothing happened: go the long way.
   */
  free(p: Address): boolean {
    if (typeof p !== "number") return false;
    const at = p | 0;
    const block = (at - HEADER) | 0;
    if (at !== p || (block & UNFIT) !== 0) return false;
    const i32 = this.i32;
    const page = block >> 14;
    if (i32[PAGE_MAP + page] !== this.key) return false;
    const f64 = this.f64;
    const pool = POOLS + (page << 3);
    const szidx = i32[pool + SZIDX];
    const word = block >> 2;
    const base = word >> 1;
    const end = word + (szidx << 2) + 2;
    const state = this.states + ((block >>> 9) << 1);
    const live = i32[state];
    const bit = 1 << (block >>> 4);
    const isLive = (live & ~i32[state + X_PENDING] & bit) !== 0; // racy hint
    if (!isLive || f64[base + 1] !== this.id) return false;
    const low = i32[word + SIZE_LOW];
    const n = (low >>> 24) | ((low >> 8) & 256);
    if (
      n > (szidx << 4) - 16 || f64[base] !== SIZES[n]
    ) return false;
    if (!isFenced(i32, f64, base + 2, n)) return false;
    i32[state] = live ^ bit;
    i32[end] = block ^ this.mark;
    f64[base] = DEAD;
    f64[base + 1] = DEAD;
    fill(f64, base + this.first, base + ((n + 31) >> 3), DEAD);
    const next = i32[pool + FREEBLOCK];
    i32[word] = next;
    i32[pool + FREEBLOCK] = block; // COMMIT
    const count = i32[pool + COUNT] - 1;
    i32[pool + COUNT] = count;
    if (next === 0 || count === 0) this.settle(szidx, pool, next);
    return true;
  }

  /** A block came back to a pool whose list was dry, or which is now empty. */
  settle(szidx: number, pool: number, before: number): void {
    Pool.settle(this.m, this.rings + szidx, pool, before);
  }
}
