/**
 * The OBJ domain: memory of objects, and of objects only.
 *
 * In the free-threaded build objects come from here and from nowhere else: an
 * empty pool keeps its class until no reader can still look at what were the
 * reference counts of its objects. Written out for speed, see `mem.ts`.
 *
 * ## Threads
 *   Needs an attached thread state. While there is none, `key` fits no page
 *   and `rings` are the null rings, so that the fast paths find nothing. What
 *   they do find is held by this worker (or by the GIL that it holds): plain
 *   accesses. A worker that stops inside leaves COUNT off by one at most, see
 *   pools/pool.ts.
 *
 * Source: CPython 3.14 Objects/obmalloc.c, PyObject_Malloc() and its kin.
 *
 * @module
 */

import * as Layout from "../layout/memory_map.ts";
import * as PageMap from "../layout/page_map.ts";
import * as PoolRecord from "../layout/pool_record.ts";
import { type Memory, OVERFLOW } from "../memory/mod.ts";
import type { ObjPtr } from "../memory/pointers.ts";
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
 * The OBJ domain of a heap: memory of objects, and of objects only.
 *
 * Needs an attached thread state; without one each call throws
 * {@linkcode ThreadStateError}. C: `PYMEM_DOMAIN_OBJ`.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { createHeap } from "@obmalloc/obmalloc";
 *
 * using heap = createHeap({ maxBytes: 16 * 1024 * 1024 });
 * let block = heap.obj.calloc(10, 4);
 * heap.i32[block >>> 2] = 42;
 * block = heap.obj.realloc(block, 4000);
 * assert.equal(heap.i32[block >>> 2], 42);
 * heap.obj.free(block);
 * ```
 */
export class ObjDomain {
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
   * @ignore The domain as the worker of `m` sees it, not attached yet. Where it does not
   * throw for lack of memory or a bad size, it returns 0.
   */
  constructor(m: Memory, throws: boolean, installed: Installed) {
    this.route = new Route(m, PageMap.OBJ, throws, installed);
    this.m = m;
    this.i32 = m.i32;
    this.slow = [this.route, 0];
    this.rings = Layout.NULL_RINGS;
    this.key = -1;
  }

  /** @ignore Opens the domain: the thread state is attached. */
  attach(): void {
    this.route.isAttached = true;
    this.refresh();
  }

  /** @ignore Opens the fast paths, unless calls have to go another way. */
  refresh(): void {
    const { isOpen, rings, poolKey } = this.route;
    this.rings = isOpen ? rings : Layout.NULL_RINGS;
    this.key = isOpen ? poolKey : -1;
  }

  /** @ignore Closes the domain: the thread state is about to be detached. */
  detach(): void {
    this.close();
  }

  /** @ignore Closes the domain for good: the thread state is given back. */
  close(): void {
    this.route.isAttached = false;
    this.refresh();
  }

  /**
   * Allocates `nbytes` bytes, uninitialised. 0 bytes are a block of its own.
   *
   * C: `PyObject_Malloc()`, Objects/obmalloc.c.
   *
   * @param nbytes Size in bytes.
   * @returns Byte address, a multiple of 16, never 0.
   * @throws {TypeError} If `nbytes` is no number.
   * @throws {RangeError} If `nbytes` is negative or no safe integer.
   * @throws {MemoryError} If no memory is left.
   */
  malloc(nbytes: number): ObjPtr {
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
          return (block >>> 0) as ObjPtr;
        }
      }
      this.slow[1] = nbytes;
      return Reflect.apply(
        Requests.malloc,
        undefined,
        this.slow,
      ) as ObjPtr;
    } catch (error) {
      if ((error as Error).message === OVERFLOW) this.m.isCut = true;
      if (typeof nbytes === "number") throw error;
      return Failure.malloc("obj", nbytes);
    }
  }

  /**
   * Frees a block. 0 is nothing to free.
   *
   * C: `PyObject_Free()`, Objects/obmalloc.c.
   *
   * @param block Block of this domain, of whichever worker, or 0.
   * @throws {TypeError} If `block` is no number.
   * @throws {PointerError} If `block` is no block of this domain. A multiple
   * of 16 inside of a small block of this worker's own is taken on trust.
   */
  free(block: ObjPtr | 0): void {
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
      Failure.free("obj", block);
    }
  }

  /**
   * Allocates `nelem` times `elsize` bytes, all 0.
   *
   * C: `PyObject_Calloc()`, Objects/obmalloc.c.
   *
   * @param nelem Elements. Count.
   * @param elsize Size of one in bytes.
   * @returns Byte address, a multiple of 16, never 0.
   * @throws {TypeError} If an argument is no number.
   * @throws {RangeError} If an argument is negative or no safe integer.
   * @throws {MemoryError} If the product is too large or no memory is left.
   */
  calloc(nelem: number, elsize: number): ObjPtr {
    try {
      return Requests.calloc(this.route, nelem, elsize) as ObjPtr;
    } catch (error) {
      if ((error as Error).message === OVERFLOW) this.m.isCut = true;
      throw error;
    }
  }

  /**
   * Changes the size of a block; the first bytes stay, the address may change.
   *
   * C: `PyObject_Realloc()`, Objects/obmalloc.c.
   *
   * @param block Block of this domain, or 0 for a new one.
   * @param nbytes New size in bytes.
   * @returns Byte address, never 0. The old address is no longer valid.
   * @throws {TypeError} If an argument is no number.
   * @throws {RangeError} If `nbytes` is negative or no safe integer.
   * @throws {PointerError} If `block` is no block of this domain.
   * @throws {MemoryError} If no memory is left; the block is unchanged.
   */
  realloc(block: ObjPtr | 0, nbytes: number): ObjPtr {
    try {
      return Requests.realloc(this.route, block, nbytes) as ObjPtr;
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
  sizeOf(block: ObjPtr): number {
    return Requests.sizeOf(this.route, block);
  }
}
