/**
 * The domains of a hardened heap: what the fast paths of `raw.ts`, `mem.ts` and
 * `obj.ts` take on trust is tested here, at a price.
 *
 * ```text
 *   mistake                                  what tells it
 *   ──────────────────────────────────────   ─────────────────────────────────
 *   free of a freed block                    its LIVE bit is clear, or it is
 *                                            PENDING, see memory/states.ts
 *   free of an address inside of a block     likewise: no block starts there
 *   write into a freed block                 its link leads out of the pool,
 *                                            to a live block, or to too early
 *                                            an end
 * ```
 *
 * A write beyond the end of a block is found only if it changes the link of a
 * free one: fences are for the debug hooks.
 *
 * Written out for each domain for speed, see `mem.ts`. What is unusual goes to
 * the slow path, which finds out what it is.
 *
 * ## Threads
 *   As `mem.ts` and `memory/states.ts`. A worker that stops between the bit and
 *   the free list leaves a block that is counted as handed out, and not LIVE;
 *   `pools/repair.ts` makes the two fit.
 *
 * @module
 */

import * as BlockStates from "../layout/block_states.ts";
import * as Layout from "../layout/memory_map.ts";
import * as PoolRecord from "../layout/pool_record.ts";
import { type Memory, OVERFLOW } from "../memory/mod.ts";
import type { MemPtr, ObjPtr, RawPtr } from "../memory/pointers.ts";
import { Pool } from "../pools/mod.ts";
import type { Installed } from "./allocator.ts";
import * as Failure from "./failure.ts";
import { MemDomain } from "./mem.ts";
import { ObjDomain } from "./obj.ts";
import { RawDomain } from "./raw.ts";
import * as Requests from "./requests.ts";
import * as Seal from "./seal.ts";

// Hot: constants of this module fold, imported ones are read.
const PAGE_MAP = Layout.PAGE_MAP;
const POOLS = Layout.POOLS;
const { FREEBLOCK, COUNT, SZIDX, NEXTOFFSET, MAXNEXTOFFSET } = PoolRecord;
const { NEXTPOOL } = PoolRecord;
const { X_PENDING } = BlockStates;
/** Bits that no block on the fast path has: below 16, and the sign. */
const UNFIT = -2147483633;
/** Bits in which two blocks of a pool do not differ. */
const OTHER_PAGE = -16384 | 15;

/** Opens the fast paths of a domain, unless calls go to a record. */
function open(domain: HardenedRaw | HardenedMem | HardenedObj): void {
  const { route } = domain;
  const isOpen = route.isAttached && !route.installed.isHooked(route.domain);
  domain.rings = isOpen ? route.rings : Layout.NULL_RINGS;
  domain.key = isOpen ? route.poolKey : -1;
  domain.mark = Seal.markOf(route.m.owner);
}

/** The raw domain of a hardened heap. */
class HardenedRaw extends RawDomain {
  /** What notes of freed blocks have of this worker. */
  declare mark: number;
  /** States of blocks. Word index. */
  declare readonly states: number;

  constructor(m: Memory, throws: boolean, installed: Installed) {
    super(m, throws, installed);
    this.states = m.states;
  }

  override refresh(): void {
    open(this);
  }

  override malloc(nbytes: number): RawPtr {
    try {
      const n = nbytes | 0;
      if (n === nbytes && (n - 1) >>> 0 < 512) {
        const i32 = this.i32;
        const szidx = (n - 1) >> 4;
        const pool = i32[this.rings + szidx];
        const block = i32[pool + FREEBLOCK];
        const state = (this.states + ((block >>> 9) << 1)) | 0;
        const live = i32[state];
        const bit = 1 << (block >>> 4);
        const next = i32[block >>> 2];
        const count = i32[pool + COUNT] + 1;
        if (
          (live & bit) === 0 &&
          (next !== 0 ? ((next ^ block) & OTHER_PAGE) === 0 : block !== 0 &&
            ((count * (szidx + 1)) << 4) + 48 === i32[pool + NEXTOFFSET])
        ) {
          i32[pool + FREEBLOCK] = next; // COMMIT
          i32[pool + COUNT] = count;
          i32[state] = live | bit;
          if (
            next === 0 && i32[pool + NEXTOFFSET] > i32[pool + MAXNEXTOFFSET]
          ) i32[this.rings + szidx] = i32[pool + NEXTPOOL]; // full
          return (block >>> 0) as RawPtr;
        }
      }
      this.slow[1] = nbytes;
      return Reflect.apply(Requests.malloc, undefined, this.slow) as RawPtr;
    } catch (error) {
      if ((error as Error).message === OVERFLOW) this.m.isCut = true;
      if (typeof nbytes === "number") throw error;
      return Failure.malloc("raw", nbytes);
    }
  }

  override free(block: RawPtr | 0): void {
    try {
      const page = block >>> 14;
      const i32 = this.i32;
      if (
        (block | 0) === block && i32[PAGE_MAP + page] === this.key &&
        (block & UNFIT) === 0
      ) {
        const state = (this.states + ((block >>> 9) << 1)) | 0;
        const live = i32[state];
        const bit = 1 << (block >>> 4);
        // PENDING: somebody else has freed it.
        if ((live & ~i32[state + X_PENDING] & bit) !== 0) { // racy hint
          i32[state] = live ^ bit;
          const pool = POOLS + (page << 3);
          const next = i32[pool + FREEBLOCK];
          i32[block >>> 2] = next;
          i32[(block >>> 2) + 1] = block ^ this.mark;
          i32[pool + FREEBLOCK] = block; // COMMIT
          const count = i32[pool + COUNT] - 1;
          i32[pool + COUNT] = count;
          if (next === 0 || count === 0) {
            const ring = this.rings + i32[pool + SZIDX];
            Pool.settle(this.m, ring, pool, next);
          }
          return;
        }
      }
      this.slow[1] = block;
      Reflect.apply(Requests.free, undefined, this.slow);
    } catch (error) {
      if ((error as Error).message === OVERFLOW) this.m.isCut = true;
      if (typeof block === "number") throw error;
      Failure.free("raw", block);
    }
  }
}

/** The mem domain of a hardened heap. */
class HardenedMem extends MemDomain {
  /** What notes of freed blocks have of this worker. */
  declare mark: number;
  /** States of blocks. Word index. */
  declare readonly states: number;

  constructor(m: Memory, throws: boolean, installed: Installed) {
    super(m, throws, installed);
    this.states = m.states;
  }

  override refresh(): void {
    open(this);
  }

  override malloc(nbytes: number): MemPtr {
    try {
      const n = nbytes | 0;
      if (n === nbytes && (n - 1) >>> 0 < 512) {
        const i32 = this.i32;
        const szidx = (n - 1) >> 4;
        const pool = i32[this.rings + szidx];
        const block = i32[pool + FREEBLOCK];
        const state = (this.states + ((block >>> 9) << 1)) | 0;
        const live = i32[state];
        const bit = 1 << (block >>> 4);
        const next = i32[block >>> 2];
        const count = i32[pool + COUNT] + 1;
        if (
          (live & bit) === 0 &&
          (next !== 0 ? ((next ^ block) & OTHER_PAGE) === 0 : block !== 0 &&
            ((count * (szidx + 1)) << 4) + 48 === i32[pool + NEXTOFFSET])
        ) {
          i32[pool + FREEBLOCK] = next; // COMMIT
          i32[pool + COUNT] = count;
          i32[state] = live | bit;
          if (
            next === 0 && i32[pool + NEXTOFFSET] > i32[pool + MAXNEXTOFFSET]
          ) i32[this.rings + szidx] = i32[pool + NEXTPOOL]; // full
          return (block >>> 0) as MemPtr;
        }
      }
      this.slow[1] = nbytes;
      return Reflect.apply(Requests.malloc, undefined, this.slow) as MemPtr;
    } catch (error) {
      if ((error as Error).message === OVERFLOW) this.m.isCut = true;
      if (typeof nbytes === "number") throw error;
      return Failure.malloc("mem", nbytes);
    }
  }

  override free(block: MemPtr | 0): void {
    try {
      const page = block >>> 14;
      const i32 = this.i32;
      if (
        (block | 0) === block && i32[PAGE_MAP + page] === this.key &&
        (block & UNFIT) === 0
      ) {
        const state = (this.states + ((block >>> 9) << 1)) | 0;
        const live = i32[state];
        const bit = 1 << (block >>> 4);
        // PENDING: somebody else has freed it.
        if ((live & ~i32[state + X_PENDING] & bit) !== 0) { // racy hint
          i32[state] = live ^ bit;
          const pool = POOLS + (page << 3);
          const next = i32[pool + FREEBLOCK];
          i32[block >>> 2] = next;
          i32[(block >>> 2) + 1] = block ^ this.mark;
          i32[pool + FREEBLOCK] = block; // COMMIT
          const count = i32[pool + COUNT] - 1;
          i32[pool + COUNT] = count;
          if (next === 0 || count === 0) {
            const ring = this.rings + i32[pool + SZIDX];
            Pool.settle(this.m, ring, pool, next);
          }
          return;
        }
      }
      this.slow[1] = block;
      Reflect.apply(Requests.free, undefined, this.slow);
    } catch (error) {
      if ((error as Error).message === OVERFLOW) this.m.isCut = true;
      if (typeof block === "number") throw error;
      Failure.free("mem", block);
    }
  }
}

/** The obj domain of a hardened heap. */
class HardenedObj extends ObjDomain {
  /** What notes of freed blocks have of this worker. */
  declare mark: number;
  /** States of blocks. Word index. */
  declare readonly states: number;

  constructor(m: Memory, throws: boolean, installed: Installed) {
    super(m, throws, installed);
    this.states = m.states;
  }

  override refresh(): void {
    open(this);
  }

  override malloc(nbytes: number): ObjPtr {
    try {
      const n = nbytes | 0;
      if (n === nbytes && (n - 1) >>> 0 < 512) {
        const i32 = this.i32;
        const szidx = (n - 1) >> 4;
        const pool = i32[this.rings + szidx];
        const block = i32[pool + FREEBLOCK];
        const state = (this.states + ((block >>> 9) << 1)) | 0;
        const live = i32[state];
        const bit = 1 << (block >>> 4);
        const next = i32[block >>> 2];
        const count = i32[pool + COUNT] + 1;
        if (
          (live & bit) === 0 &&
          (next !== 0 ? ((next ^ block) & OTHER_PAGE) === 0 : block !== 0 &&
            ((count * (szidx + 1)) << 4) + 48 === i32[pool + NEXTOFFSET])
        ) {
          i32[pool + FREEBLOCK] = next; // COMMIT
          i32[pool + COUNT] = count;
          i32[state] = live | bit;
          if (
            next === 0 && i32[pool + NEXTOFFSET] > i32[pool + MAXNEXTOFFSET]
          ) i32[this.rings + szidx] = i32[pool + NEXTPOOL]; // full
          return (block >>> 0) as ObjPtr;
        }
      }
      this.slow[1] = nbytes;
      return Reflect.apply(Requests.malloc, undefined, this.slow) as ObjPtr;
    } catch (error) {
      if ((error as Error).message === OVERFLOW) this.m.isCut = true;
      if (typeof nbytes === "number") throw error;
      return Failure.malloc("obj", nbytes);
    }
  }

  override free(block: ObjPtr | 0): void {
    try {
      const page = block >>> 14;
      const i32 = this.i32;
      if (
        (block | 0) === block && i32[PAGE_MAP + page] === this.key &&
        (block & UNFIT) === 0
      ) {
        const state = (this.states + ((block >>> 9) << 1)) | 0;
        const live = i32[state];
        const bit = 1 << (block >>> 4);
        // PENDING: somebody else has freed it.
        if ((live & ~i32[state + X_PENDING] & bit) !== 0) { // racy hint
          i32[state] = live ^ bit;
          const pool = POOLS + (page << 3);
          const next = i32[pool + FREEBLOCK];
          i32[block >>> 2] = next;
          i32[(block >>> 2) + 1] = block ^ this.mark;
          i32[pool + FREEBLOCK] = block; // COMMIT
          const count = i32[pool + COUNT] - 1;
          i32[pool + COUNT] = count;
          if (next === 0 || count === 0) {
            const ring = this.rings + i32[pool + SZIDX];
            Pool.settle(this.m, ring, pool, next);
          }
          return;
        }
      }
      this.slow[1] = block;
      Reflect.apply(Requests.free, undefined, this.slow);
    } catch (error) {
      if ((error as Error).message === OVERFLOW) this.m.isCut = true;
      if (typeof block === "number") throw error;
      Failure.free("obj", block);
    }
  }
}

/** The three domains of a worker. */
export interface Domains {
  readonly raw: RawDomain;
  readonly mem: MemDomain;
  readonly obj: ObjDomain;
}

/** The domains of a worker, as the heap wants them. */
export function makeDomains(
  m: Memory,
  throws: boolean,
  installed: Installed,
): Domains {
  // Where there are notes as well, the slow paths write them.
  if (m.isSealed && !m.hasNotes) {
    return {
      raw: new HardenedRaw(m, throws, installed),
      mem: new HardenedMem(m, throws, installed),
      obj: new HardenedObj(m, throws, installed),
    };
  }
  return {
    raw: new RawDomain(m, throws, installed),
    mem: new MemDomain(m, throws, installed),
    obj: new ObjDomain(m, throws, installed),
  };
}
