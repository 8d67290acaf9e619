/**
 * The domains of a hardened heap: what the fast paths of `raw.ts`, `mem.ts` and
 * `obj.ts` take on trust is tested here, at a price.
 *
 * ```text
 *   mistake                                  what tells it
 *   ──────────────────────────────────────   ─────────────────────────────────
 *   free of a freed block                    its seal is that of a freed one
 *   free of an address inside of a block     no seal there, see seal.ts
 *   write beyond the end, up to the seal     the seal is damaged
 *   write into a freed block                 its link leads out of the pool,
 *                                            to a live block, or to too early
 *                                            an end
 * ```
 *
 * Written out for each domain for speed, see `mem.ts`. What is unusual goes to
 * the slow path, which finds out what it is.
 *
 * ## Threads
 *   As `mem.ts` and `seal.ts`.
 *
 * @module
 */

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
const MULTIPLIER = Seal.MULTIPLIER;
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
  /** Owner id of this worker as the seals of freed blocks have it. */
  declare mark: number;
  /** What seals are mixed with. */
  declare readonly secret: number;

  constructor(m: Memory, throws: boolean, installed: Installed) {
    super(m, throws, installed);
    this.secret = m.secret;
  }

  override refresh(): void {
    open(this);
  }

  override malloc(nbytes: number): RawPtr {
    try {
      const n = nbytes | 0;
      if (n === nbytes && (n - 1) >>> 0 < 504) {
        const i32 = this.i32;
        const szidx = (n + 7) >> 4;
        const pool = i32[this.rings + szidx];
        const block = i32[pool + FREEBLOCK];
        const end = (block >>> 2) + (szidx << 2) + 2;
        const seal = (Math.imul(block, MULTIPLIER) ^ this.secret) | 0;
        const next = i32[block >>> 2];
        const count = i32[pool + COUNT] + 1;
        const isSound = next === 0
          ? ((count * (szidx + 1)) << 4) + 48 === i32[pool + NEXTOFFSET]
          : ((next ^ block) & OTHER_PAGE) === 0;
        if (isSound && block !== 0 && i32[end] !== seal) {
          i32[pool + FREEBLOCK] = next; // COMMIT
          i32[pool + COUNT] = count;
          if (
            next === 0 && i32[pool + NEXTOFFSET] > i32[pool + MAXNEXTOFFSET]
          ) i32[this.rings + szidx] = i32[pool + NEXTPOOL]; // full
          i32[end] = seal;
          i32[end + 1] = this.m.owner;
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
        const pool = POOLS + (page << 3);
        const szidx = i32[pool + SZIDX];
        const end = (block >>> 2) + (szidx << 2) + 2;
        const seal = (Math.imul(block, MULTIPLIER) ^ this.secret) | 0;
        if (i32[end] === seal) {
          i32[end] = seal ^ this.mark;
          const next = i32[pool + FREEBLOCK];
          i32[block >>> 2] = next;
          i32[pool + FREEBLOCK] = block; // COMMIT
          const count = i32[pool + COUNT] - 1;
          i32[pool + COUNT] = count;
          if (next === 0 || count === 0) {
            Pool.settle(this.m, this.rings + szidx, pool, next);
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
  /** Owner id of this worker as the seals of freed blocks have it. */
  declare mark: number;
  /** What seals are mixed with. */
  declare readonly secret: number;

  constructor(m: Memory, throws: boolean, installed: Installed) {
    super(m, throws, installed);
    this.secret = m.secret;
  }

  override refresh(): void {
    open(this);
  }

  override malloc(nbytes: number): MemPtr {
    try {
      const n = nbytes | 0;
      if (n === nbytes && (n - 1) >>> 0 < 504) {
        const i32 = this.i32;
        const szidx = (n + 7) >> 4;
        const pool = i32[this.rings + szidx];
        const block = i32[pool + FREEBLOCK];
        const end = (block >>> 2) + (szidx << 2) + 2;
        const seal = (Math.imul(block, MULTIPLIER) ^ this.secret) | 0;
        const next = i32[block >>> 2];
        const count = i32[pool + COUNT] + 1;
        const isSound = next === 0
          ? ((count * (szidx + 1)) << 4) + 48 === i32[pool + NEXTOFFSET]
          : ((next ^ block) & OTHER_PAGE) === 0;
        if (isSound && block !== 0 && i32[end] !== seal) {
          i32[pool + FREEBLOCK] = next; // COMMIT
          i32[pool + COUNT] = count;
          if (
            next === 0 && i32[pool + NEXTOFFSET] > i32[pool + MAXNEXTOFFSET]
          ) i32[this.rings + szidx] = i32[pool + NEXTPOOL]; // full
          i32[end] = seal;
          i32[end + 1] = this.m.owner;
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
        const pool = POOLS + (page << 3);
        const szidx = i32[pool + SZIDX];
        const end = (block >>> 2) + (szidx << 2) + 2;
        const seal = (Math.imul(block, MULTIPLIER) ^ this.secret) | 0;
        if (i32[end] === seal) {
          i32[end] = seal ^ this.mark;
          const next = i32[pool + FREEBLOCK];
          i32[block >>> 2] = next;
          i32[pool + FREEBLOCK] = block; // COMMIT
          const count = i32[pool + COUNT] - 1;
          i32[pool + COUNT] = count;
          if (next === 0 || count === 0) {
            Pool.settle(this.m, this.rings + szidx, pool, next);
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
  /** Owner id of this worker as the seals of freed blocks have it. */
  declare mark: number;
  /** What seals are mixed with. */
  declare readonly secret: number;

  constructor(m: Memory, throws: boolean, installed: Installed) {
    super(m, throws, installed);
    this.secret = m.secret;
  }

  override refresh(): void {
    open(this);
  }

  override malloc(nbytes: number): ObjPtr {
    try {
      const n = nbytes | 0;
      if (n === nbytes && (n - 1) >>> 0 < 504) {
        const i32 = this.i32;
        const szidx = (n + 7) >> 4;
        const pool = i32[this.rings + szidx];
        const block = i32[pool + FREEBLOCK];
        const end = (block >>> 2) + (szidx << 2) + 2;
        const seal = (Math.imul(block, MULTIPLIER) ^ this.secret) | 0;
        const next = i32[block >>> 2];
        const count = i32[pool + COUNT] + 1;
        const isSound = next === 0
          ? ((count * (szidx + 1)) << 4) + 48 === i32[pool + NEXTOFFSET]
          : ((next ^ block) & OTHER_PAGE) === 0;
        if (isSound && block !== 0 && i32[end] !== seal) {
          i32[pool + FREEBLOCK] = next; // COMMIT
          i32[pool + COUNT] = count;
          if (
            next === 0 && i32[pool + NEXTOFFSET] > i32[pool + MAXNEXTOFFSET]
          ) i32[this.rings + szidx] = i32[pool + NEXTPOOL]; // full
          i32[end] = seal;
          i32[end + 1] = this.m.owner;
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
        const pool = POOLS + (page << 3);
        const szidx = i32[pool + SZIDX];
        const end = (block >>> 2) + (szidx << 2) + 2;
        const seal = (Math.imul(block, MULTIPLIER) ^ this.secret) | 0;
        if (i32[end] === seal) {
          i32[end] = seal ^ this.mark;
          const next = i32[pool + FREEBLOCK];
          i32[block >>> 2] = next;
          i32[pool + FREEBLOCK] = block; // COMMIT
          const count = i32[pool + COUNT] - 1;
          i32[pool + COUNT] = count;
          if (next === 0 || count === 0) {
            Pool.settle(this.m, this.rings + szidx, pool, next);
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
  if (m.isSealed) {
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
