/**
 * The MEM domain: buffers, and whatever is no object.
 *
 * The three domains are written out instead of sharing one class: each then
 * has call sites of its own, which the engine inlines; one shared method costs
 * seven times as much (measured 2026-11). What happens off the fast path is
 * shared, in `requests.ts`.
 *
 * The slow paths are called through `Reflect.apply` with an array that the
 * engine cannot see through. It would otherwise inline them here, find that
 * `malloc` has grown too large, and no longer inline `malloc` into the loops
 * that call it: 15 % on W4 (measured 2026-11).
 *
 * Fields are declared, not defined: a class field starts as `undefined`, which
 * makes the engine check the kind of `i32` at each access. 1 ns of 4 on W1.
 *
 * ## Threads
 *   Needs an attached thread state. While there is none, `key` fits no page
 *   and `rings` are the null rings, so that the fast paths find nothing. What
 *   they do find is held by this worker (or by the GIL that it holds): plain
 *   accesses. A worker that stops inside leaves COUNT off by one at most, see
 *   pools/pool.ts.
 *
 * Source: CPython 3.14 Objects/obmalloc.c, PyMem_Malloc() and its kin.
 *
 * @module
 */

import * as Layout from "../layout/memory_map.ts";
import * as PageMap from "../layout/page_map.ts";
import * as PoolRecord from "../layout/pool_record.ts";
import type { Address, Memory } from "../memory/mod.ts";
import { Pool } from "../pools/mod.ts";
import * as Requests from "./requests.ts";
import { Route } from "./route.ts";

// Hot: constants of this module fold, imported ones are read.
const PAGE_MAP = Layout.PAGE_MAP;
const POOLS = Layout.POOLS;
const { FREEBLOCK, COUNT, SZIDX, NEXTOFFSET, MAXNEXTOFFSET } = PoolRecord;
const { NEXTPOOL } = PoolRecord;

/** See the head of this file. C: `PYMEM_DOMAIN_MEM`. */
export class MemDomain {
  /** How this worker reaches the engine. */
  declare readonly route: Route;
  /** The heap. */
  declare readonly m: Memory;
  /** Its words. */
  declare readonly i32: Int32Array<SharedArrayBuffer>;
  /** First ring of the small classes, or the null rings. Word index. */
  declare rings: number;
  /** Page map word of the pools that are this worker's, or -1. */
  declare key: number;
  /** Arguments of the slow paths, see mem.ts. */
  declare readonly slow: [Route, number];

  /** The domain as the worker of `m` sees it; not attached yet. */
  constructor(m: Memory) {
    this.route = new Route(m, PageMap.MEM);
    this.m = m;
    this.slow = [this.route, 0];
    this.i32 = m.i32;
    this.rings = Layout.NULL_RINGS;
    this.key = -1;
  }

  /** Opens the domain: the thread state is attached. */
  attach(): void {
    this.route.isAttached = true;
    this.rings = this.route.rings;
    this.key = this.route.poolKey;
  }

  /** Closes the domain: the thread state is about to be detached. */
  detach(): void {
    this.route.isAttached = false;
    this.rings = Layout.NULL_RINGS;
    this.key = -1;
  }

  /** `PyMem_Malloc()`: byte address, or 0. */
  malloc(nbytes: number): Address {
    if (
      typeof nbytes === "number" && (nbytes | 0) === nbytes &&
      (nbytes - 1) >>> 0 < 512
    ) {
      const i32 = this.i32;
      const ring = this.rings + ((nbytes - 1) >> 4);
      const pool = i32[ring];
      const block = i32[pool + FREEBLOCK];
      if (block !== 0) {
        const next = i32[block >>> 2];
        i32[pool + FREEBLOCK] = next; // COMMIT
        i32[pool + COUNT] = i32[pool + COUNT] + 1;
        if (
          next === 0 && i32[pool + NEXTOFFSET] > i32[pool + MAXNEXTOFFSET]
        ) i32[ring] = i32[pool + NEXTPOOL]; // full: leaves the ring
        return block >>> 0;
      }
    }
    this.slow[1] = nbytes;
    return Reflect.apply(Requests.malloc, undefined, this.slow);
  }

  /** `PyMem_Free()`: byte address of a block of this domain, or 0. */
  free(block: Address): void {
    const i32 = this.i32;
    if (
      typeof block === "number" && (block | 0) === block &&
      i32[PAGE_MAP + (block >>> 14)] === this.key &&
      (block & 15) === 0 && block > 0
    ) {
      const pool = POOLS + ((block >>> 14) << 3);
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
  }

  /** `PyMem_Calloc()`: byte address of zeroed bytes, or 0. */
  calloc(nelem: number, elsize: number): Address {
    return Requests.calloc(this.route, nelem, elsize);
  }

  /** `PyMem_Realloc()`: byte address, or 0 and the old block is untouched. */
  realloc(block: Address, nbytes: number): Address {
    return Requests.realloc(this.route, block, nbytes);
  }

  /** Bytes that a block has room for. */
  sizeOf(block: Address): number {
    return Requests.sizeOf(this.route, block);
  }
}
