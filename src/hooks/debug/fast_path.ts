/**
 * The short way through debug hooks and engine, for small blocks of pools that
 * this worker holds, in a heap with seals.
 *
 * What it writes is what `hooks.ts` writes, byte by byte. Whatever is unusual
 * it leaves alone and says so, before it has changed anything: the caller then
 * goes the long way, which finds out what it is.
 *
 * ```text
 *   mistake                                  what tells it
 *   ──────────────────────────────────────   ─────────────────────────────────
 *   those of domains/hardened.ts             the seal, the link, the count
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
 *   that it holds, plain accesses. A block is filled between its seal and its
 *   link; a worker that stops in between leaks it.
 *
 * Source: CPython 3.14 Objects/obmalloc.c: _PyMem_DebugRawAlloc(),
 * _PyMem_DebugRawFree().
 *
 * @module
 */

import * as DebugBlock from "../../layout/debug_block.ts";
import * as Layout from "../../layout/memory_map.ts";
import * as PoolRecord from "../../layout/pool_record.ts";
import { Seal } from "../../domains/mod.ts";
import type { Route } from "../../domains/route.ts";
import { type Address, type Memory, OVERFLOW } from "../../memory/mod.ts";
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
const { CLEAN, DEAD, DEAD_WORD, FORBIDDEN, FORBIDDEN_WORD } = Block;
const MULTIPLIER = Seal.MULTIPLIER;
const imul = Math.imul;
/** Largest request that small pools serve, with fences and seal. Bytes. */
const MAX_REQUEST = 480;
/** Bits that a block on the fast path may have. */
const FIT = 0x7ffffff0;
/** Bits in which two blocks of a pool do not differ. */
const OTHER_PAGE = -16384 | 15;

/** Words of a block. */
type Words = Int32Array<SharedArrayBuffer>;
/** Double words of a block. */
type Doubles = Float64Array<SharedArrayBuffer>;

/** The bytes of a word that stand before address n, if it is in that word. */
function maskOf(n: number): number {
  return (1 << ((n & 3) << 3)) - 1;
}

/** Writes the end of `n` bytes of data, no multiple of 8, and their fence. */
function fence(
  i32: Words,
  f64: Doubles,
  data: number,
  n: number,
  kept: number,
): void {
  const last = n >> 3;
  if (last >= kept) f64[data + last] = CLEAN;
  const tail = (data << 1) + (n >> 2);
  const mask = maskOf(n);
  i32[tail] = (i32[tail] & mask) | (FORBIDDEN_WORD & ~mask);
  i32[tail + 1] = FORBIDDEN_WORD;
  if (mask === 0) return;
  i32[tail + 2] = (i32[tail + 2] & ~mask) | (FORBIDDEN_WORD & mask);
}

/** Marks the end of the fence behind `n` bytes, no multiple of 8. */
function killRest(i32: Words, data: number, n: number, kept: number): void {
  const rest = (n >> 3) + 1;
  if (rest < kept) return;
  let at = (data + rest) << 1;
  if ((n & 4) !== 0) i32[at++] = DEAD_WORD;
  const mask = maskOf(n);
  i32[at] = (i32[at] & ~mask) | (DEAD_WORD & mask);
}

/** True if the trailing fence is whole. */
function isFenced(i32: Words, data: number, n: number): boolean {
  const tail = (data << 1) + (n >> 2);
  const mask = maskOf(n);
  return ((i32[tail] ^ FORBIDDEN_WORD) & ~mask) === 0 &&
    i32[tail + 1] === FORBIDDEN_WORD &&
    ((i32[tail + 2] ^ FORBIDDEN_WORD) & mask) === 0;
}

/** Takes over what the hooks of the domain do. */
function adjust(fast: FastPath, api: DebugAllocApi): void {
  fast.id = Block.idDoubleOf(api.id);
  fast.kept = api.kept >> 3;
  fast.lookFrom = (Reuse.startOf(api) - HEADER) >> 3;
  for (let szidx = 0; szidx < SizeClasses.SMALL_CLASSES; szidx++) {
    const end = Reuse.endOf(api, SizeClasses.blockSize(szidx));
    // Rounded up: if the rest was never marked, the long way knows better.
    fast.lookEnds[szidx] = (end - HEADER + 7) >> 3;
  }
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
  /** What seals are mixed with. */
  declare readonly secret: number;
  /** By request: the double word with the size. */
  declare readonly sizes: Float64Array<ArrayBuffer>;
  /** First ring of the small classes, or the null rings. Word index. */
  declare rings: number;
  /** Page map word of the pools that are this worker's, or -1. */
  declare key: number;
  /** Owner id of this worker. */
  declare owner: number;
  /** The same as the seals of freed blocks have it. */
  declare mark: number;
  /** Double word of the header with the ID of the domain. */
  declare id: number;
  /** Double words of data that fills leave alone. Count. */
  declare kept: number;
  /** First double word of data that must be dead in a free block. Index. */
  declare lookFrom: number;
  /** By size class: behind the last such double word. Index. */
  declare readonly lookEnds: Int32Array<ArrayBuffer>;

  /** The short way of a domain object, closed. */
  constructor(route: Route) {
    const { m } = route;
    this.route = route;
    this.m = m;
    this.i32 = m.i32;
    this.f64 = m.f64;
    this.secret = m.secret;
    this.sizes = Block.sizeDoubles(MAX_REQUEST);
    this.rings = Layout.NULL_RINGS;
    this.key = -1;
    this.owner = 0;
    this.mark = 0;
    this.id = FORBIDDEN;
    this.kept = 0;
    this.lookFrom = 0;
    this.lookEnds = new Int32Array(SizeClasses.SMALL_CLASSES);
  }

  /** Opens the short way if calls may go it, or else closes it. */
  refresh(): void {
    const { isAttached, installed, domain, m, rings, poolKey } = this.route;
    const api = directApi(installed.records[domain], m, domain);
    const isOpen = isAttached && m.isSealed && api !== null &&
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
    if (n !== nbytes || n >>> 0 > MAX_REQUEST) return 0;
    const i32 = this.i32;
    const f64 = this.f64;
    const szidx = (n + 31) >> 4;
    const pool = i32[this.rings + szidx];
    const block = i32[pool + FREEBLOCK];
    if (block === 0) return 0;
    const data = (block >>> 3) + 2;
    const end = (block >>> 2) + (szidx << 2) + 2;
    const seal = imul(block, MULTIPLIER) ^ this.secret;
    const next = i32[block >>> 2];
    const found = i32[end];
    if (found !== 0) { // not new in its pool
      if (found === seal || f64[data - 1] !== DEAD) return 0;
      const last = data + this.lookEnds[szidx];
      for (let k = data + this.lookFrom; k < last; k++) {
        if (f64[k] !== DEAD) return 0;
      }
    }
    if (next === 0) {
      if (!this.takeLast(szidx, pool)) return 0;
    } else {
      if (((next ^ block) & OTHER_PAGE) !== 0) return 0;
      i32[pool + FREEBLOCK] = next; // COMMIT
      i32[pool + COUNT] = i32[pool + COUNT] + 1;
    }
    i32[end] = seal;
    i32[end + 1] = this.owner;
    f64[data - 2] = this.sizes[n];
    f64[data - 1] = this.id;
    const tail = data + (n >> 3);
    for (let k = data + this.kept; k < tail; k++) f64[k] = CLEAN;
    if ((n & 7) === 0) f64[tail] = FORBIDDEN;
    else fence(i32, f64, data, n, this.kept);
    return (block >>> 0) + HEADER;
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
    const block = (p - HEADER) & FIT;
    if (block + HEADER !== p) return false;
    const i32 = this.i32;
    const page = block >> 14;
    if (i32[PAGE_MAP + page] !== this.key) return false;
    const f64 = this.f64;
    const pool = POOLS + (page << 3);
    const szidx = i32[pool + SZIDX];
    const data = (block >> 3) + 2;
    const end = (block >> 2) + (szidx << 2) + 2;
    const seal = imul(block, MULTIPLIER) ^ this.secret;
    if (i32[end] !== seal || f64[data - 1] !== this.id) return false;
    const low = i32[(block >> 2) + SIZE_LOW];
    const n = (low >>> 24) | ((low >> 8) & 0xff00);
    if (n > (szidx << 4) - 16 || f64[data - 2] !== this.sizes[n]) return false;
    const tail = data + (n >> 3);
    if ((n & 7) === 0) {
      if (f64[tail] !== FORBIDDEN) return false;
    } else if (!isFenced(i32, data, n)) return false;
    i32[end] = seal ^ this.mark;
    f64[data - 2] = DEAD;
    f64[data - 1] = DEAD;
    for (let k = data + this.kept; k <= tail; k++) f64[k] = DEAD;
    if ((n & 7) !== 0) killRest(i32, data, n, this.kept);
    const next = i32[pool + FREEBLOCK];
    i32[block >> 2] = next;
    i32[pool + FREEBLOCK] = block; // COMMIT
    const count = i32[pool + COUNT] - 1;
    i32[pool + COUNT] = count;
    if (next === 0 || count === 0) this.settle(szidx, pool, next);
    return true;
  }

  /** A block came back to a pool whose list was dry, or which is now empty. */
  settle(szidx: number, pool: number, before: number): void {
    try {
      Pool.settle(this.m, this.rings + szidx, pool, before);
    } catch (error) {
      if ((error as Error).message === OVERFLOW) this.m.isCut = true;
      throw error;
    }
  }
}
