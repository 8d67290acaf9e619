/**
 * The RAW domain: memory for code that runs without a thread state.
 *
 * It plays the part of the system's malloc. Written out for speed, see
 * `mem.ts`.
 *
 * ## Threads
 *   May be called attached or not. Its pools are held by the worker in both
 *   builds: plain accesses. A worker that stops inside leaves COUNT off by one
 *   at most, see pools/pool.ts.
 *
 * Source: CPython 3.14 Objects/obmalloc.c, PyMem_RawMalloc() and its kin.
 *
 * @module
 */

import * as Layout from "../layout/memory_map.ts";
import * as PageMap from "../layout/page_map.ts";
import * as PoolRecord from "../layout/pool_record.ts";
import { type Memory, OVERFLOW } from "../memory/mod.ts";
import type { RawPtr } from "../memory/pointers.ts";
import { Pool } from "../pools/mod.ts";
import * as Failure from "./failure.ts";
import * as Requests from "./requests.ts";
import type { Installed } from "./allocator.ts";
import { Route } from "./route.ts";

// Hot: constants of this module fold, imported ones are read.
const PAGE_MAP = Layout.PAGE_MAP;
const POOLS = Layout.POOLS;
const { FREEBLOCK, COUNT, SZIDX, NEXTOFFSET, MAXNEXTOFFSET } = PoolRecord;
const { NEXTPOOL } = PoolRecord;
/** Bits that no block on the fast path has: below 16, and the sign. */
const UNFIT = -2147483633;

/**
 * The RAW domain of a heap: memory for code without a thread state.
 *
 * May be called attached or detached, until the heap is closed.
 * C: `PYMEM_DOMAIN_RAW`.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { createHeap } from "@obmalloc/obmalloc";
 *
 * using heap = createHeap({ maxBytes: 16 * 1024 * 1024 });
 * let block = heap.raw.calloc(10, 4);
 * heap.i32[block >>> 2] = 42;
 * block = heap.raw.realloc(block, 4000);
 * assert.equal(heap.i32[block >>> 2], 42);
 * heap.raw.free(block);
 * ```
 */
export class RawDomain {
  /** @ignore How this worker reaches the engine. */
  declare readonly route: Route;
  /** @ignore The heap. */
  declare readonly m: Memory;
  /** @ignore Its words. */
  declare readonly i32: Int32Array<SharedArrayBuffer>;
  /** @ignore First ring of the small classes, or the null rings. Word index. */
  declare rings: number;
  /** @ignore Page map word of the pools that are this worker's, or -1. */
  declare key: number;
  /** @ignore Arguments of the slow paths, see `mem.ts`. */
  declare readonly slow: [Route, number];

  /**
   * @ignore The domain as the worker of `m` sees it. Where it does not
   * throw for lack of memory or a bad size, it returns 0.
   */
  constructor(m: Memory, throws: boolean, installed: Installed) {
    this.route = new Route(m, PageMap.RAW, throws, installed);
    this.m = m;
    this.i32 = m.i32;
    this.slow = [this.route, 0];
    this.refresh();
  }

  /** @ignore Opens the domain for the thread state that the worker has now. */
  bind(): void {
    this.route.isAttached = true;
    this.refresh();
  }

  /** @ignore Opens the fast paths, unless calls have to go another way. */
  refresh(): void {
    const { isOpen, rings, poolKey } = this.route;
    this.rings = isOpen ? rings : Layout.NULL_RINGS;
    this.key = isOpen ? poolKey : -1;
  }

  /** @ignore Nothing to open: RAW needs no attached thread state. */
  attach(): void {}

  /** @ignore Nothing to close either. */
  detach(): void {}

  /** @ignore Closes the domain for good: the thread state is given back. */
  close(): void {
    this.route.isAttached = false;
    this.refresh();
  }

  /**
   * Allocates `nbytes` bytes, uninitialised. 0 bytes are a block of its own.
   *
   * C: `PyMem_RawMalloc()`, Objects/obmalloc.c.
   *
   * @param nbytes Size in bytes.
   * @returns Byte address, a multiple of 16, never 0.
   * @throws {TypeError} If `nbytes` is no number.
   * @throws {RangeError} If `nbytes` is negative or no safe integer.
   * @throws {MemoryError} If no memory is left.
   */
  malloc(nbytes: number): RawPtr {
    try {
      const n = nbytes | 0;
      if (n === nbytes && (n - 1) >>> 0 < 512) {
        const i32 = this.i32;
        const ring = this.rings + ((n - 1) >> 4);
        const pool = i32[ring];
        const block = i32[pool + FREEBLOCK];
        if (block !== 0) {
          const next = i32[block >>> 2];
          i32[pool + FREEBLOCK] = next; // COMMIT
          i32[pool + COUNT] = i32[pool + COUNT] + 1;
          if (
            next === 0 && i32[pool + NEXTOFFSET] > i32[pool + MAXNEXTOFFSET]
          ) i32[ring] = i32[pool + NEXTPOOL]; // full: leaves the ring
          return (block >>> 0) as RawPtr;
        }
      }
      this.slow[1] = nbytes;
      return Reflect.apply(
        Requests.malloc,
        undefined,
        this.slow,
      ) as RawPtr;
    } catch (error) {
      if ((error as Error).message === OVERFLOW) this.m.isCut = true;
      if (typeof nbytes === "number") throw error;
      return Failure.malloc("raw", nbytes);
    }
  }

  /**
   * Frees a block. 0 is nothing to free.
   *
   * C: `PyMem_RawFree()`, Objects/obmalloc.c.
   *
   * @param block Block of this domain, of whichever worker, or 0.
   * @throws {TypeError} If `block` is no number.
   * @throws {PointerError} If `block` is no block of this domain. A multiple
   * of 16 inside of a small block of this worker's own is taken on trust.
   */
  free(block: RawPtr | 0): void {
    try {
      const page = block >>> 14;
      const i32 = this.i32;
      if (
        (block | 0) === block && i32[PAGE_MAP + page] === this.key &&
        (block & UNFIT) === 0
      ) {
        const pool = POOLS + (page << 3);
        const next = i32[pool + FREEBLOCK];
        i32[block >>> 2] = next;
        i32[pool + FREEBLOCK] = block; // COMMIT
        const count = i32[pool + COUNT] - 1;
        i32[pool + COUNT] = count;
        if (next === 0 || count === 0) {
          const ring = this.rings + i32[pool + SZIDX];
          Pool.settle(this.m, ring, pool, next);
        }
        return;
      }
      this.slow[1] = block;
      Reflect.apply(Requests.free, undefined, this.slow);
    } catch (error) {
      if ((error as Error).message === OVERFLOW) this.m.isCut = true;
      if (typeof block === "number") throw error;
      Failure.free("raw", block);
    }
  }

  /**
   * Allocates `nelem` times `elsize` bytes, all 0.
   *
   * C: `PyMem_RawCalloc()`, Objects/obmalloc.c.
   *
   * @param nelem Elements. Count.
   * @param elsize Size of one in bytes.
   * @returns Byte address, a multiple of 16, never 0.
   * @throws {TypeError} If an argument is no number.
   * @throws {RangeError} If an argument is negative or no safe integer.
   * @throws {MemoryError} If the product is too large or no memory is left.
   */
  calloc(nelem: number, elsize: number): RawPtr {
    try {
      return Requests.calloc(this.route, nelem, elsize) as RawPtr;
    } catch (error) {
      if ((error as Error).message === OVERFLOW) this.m.isCut = true;
      throw error;
    }
  }

  /**
   * Changes the size of a block; the first bytes stay, the address may change.
   *
   * C: `PyMem_RawRealloc()`, Objects/obmalloc.c.
   *
   * @param block Block of this domain, or 0 for a new one.
   * @param nbytes New size in bytes.
   * @returns Byte address, never 0. The old address is no longer valid.
   * @throws {TypeError} If an argument is no number.
   * @throws {RangeError} If `nbytes` is negative or no safe integer.
   * @throws {PointerError} If `block` is no block of this domain.
   * @throws {MemoryError} If no memory is left; the block is unchanged.
   */
  realloc(block: RawPtr | 0, nbytes: number): RawPtr {
    try {
      return Requests.realloc(this.route, block, nbytes) as RawPtr;
    } catch (error) {
      if ((error as Error).message === OVERFLOW) this.m.isCut = true;
      throw error;
    }
  }

  /**
   * Room in a block, at least what was asked for.
   *
   * @param block Block of this domain.
   * @returns Bytes.
   * @throws {PointerError} If `block` is no block of this domain.
   */
  sizeOf(block: RawPtr): number {
    return Requests.sizeOf(this.route, block);
  }
}
