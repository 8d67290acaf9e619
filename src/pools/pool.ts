/**
 * Pools: pieces of the heap cut into blocks of one size, small pools of one
 * page and spans of up to 16.
 *
 * pymalloc carves a pool's next block as soon as its free list runs dry; here
 * that happens when the next request finds the list dry, and then for several
 * blocks. Blocks are handed out in the same order, because a block that was
 * never handed out is always behind the others in pymalloc's list.
 *
 * ## States
 *   used   has free blocks, or blocks to carve; in the ring of its class
 *   full   neither; in no ring
 *   empty  COUNT == 0; goes back to where it came from, or stays if it is the
 *          only one in its ring
 *
 * ## Invariants (checked by check/)
 *   P1  COUNT + |free list| == blocks carved; blocks on the remote stack are
 *       counted in COUNT
 *   P2  used ⇔ in a ring
 *   P3  NEXTOFFSET steps by the block size and ends above MAXNEXTOFFSET
 *
 * ## Threads
 *   The holder that the page map names reads and writes plainly. A worker that
 *   stops between the two stores of an allocation or a free leaves COUNT off
 *   by one, and P1 gives the true value. One that stops while it carves leaves
 *   a SHAPE that does not fit NEXTOFFSET: without a FREEBLOCK the carving never
 *   happened, with one it is done but for SHAPE (`repair.ts`).
 *
 * Source: CPython 3.14 Objects/obmalloc.c: pymalloc_alloc(),
 * pymalloc_pool_extend(), pymalloc_free(), insert_to_usedpool().
 *
 * @module
 */

import * as Layout from "../layout/memory_map.ts";
import * as PoolRecord from "../layout/pool_record.ts";
import * as RemoteRecord from "../layout/remote_record.ts";
import type { Address, Memory } from "../memory/mod.ts";
import * as Acquire from "./acquire.ts";
import * as Policy from "./policy.ts";
import * as Ring from "./ring.ts";
import * as SizeClasses from "./size_classes.ts";
import * as Supply from "./supply.ts";

// Hot: constants of this module fold, imported ones are read.
const POOLS = Layout.POOLS;
const { FREEBLOCK, COUNT, SZIDX, NEXTOFFSET, MAXNEXTOFFSET, SHIFT } =
  PoolRecord;

/**
 * So much is carved at a time: a small pool whole, a span page by page. Less
 * costs more calls of the slow path: 4 KiB made W3 a quarter slower.
 */
const CARVE_BYTES = 16384;

/**
 * Makes sure that blocks from `first` to `last` do not look as if freed: see
 * `domains/seal.ts` for where it says who did.
 */
function clearNotes(
  m: Memory,
  first: Address,
  last: Address,
  size: number,
): void {
  const i32 = m.i32;
  const offset = m.hasNotes ? size - 8 : 4;
  for (let block = first; block <= last; block += size) {
    i32[(block + offset) >>> 2] = 0;
  }
}

/**
 * Carves blocks into the dry free list of a pool, in the order of addresses.
 * C: pymalloc_pool_extend().
 */
function carve(m: Memory, pool: number): void {
  const i32 = m.i32;
  const size = SizeClasses.blockSize(i32[pool + SZIDX]);
  const base = ((pool - POOLS) >> SHIFT) << Layout.PAGE_BITS;
  const first = i32[pool + NEXTOFFSET];
  const end = Math.min(
    first + Math.max(CARVE_BYTES, size),
    i32[pool + MAXNEXTOFFSET],
  );
  let offset = first;
  while (offset + size <= end) {
    i32[(base + offset) >>> 2] = base + offset + size;
    offset += size;
  }
  if (m.isSealed) clearNotes(m, base + first, base + offset, size);
  i32[(base + offset) >>> 2] = 0;
  i32[pool + NEXTOFFSET] = offset + size;
  i32[pool + FREEBLOCK] = base + first; // COMMIT
  const remote = m.remotes + (((pool - POOLS) >> SHIFT) << RemoteRecord.SHIFT);
  i32[remote + RemoteRecord.SHAPE] =
    ((offset + size) << RemoteRecord.CLASS_BITS) | i32[pool + SZIDX];
}

/**
 * A pool of the ring, which has none with a free block at its front.
 *
 * @returns Its record, its free list not dry, or 0 if no pool can be had.
 */
function firstUsed(
  m: Memory,
  key: number,
  ring: number,
  szidx: number,
): number {
  const i32 = m.i32;
  let pool = i32[ring];
  if (pool === 0) pool = Acquire.pool(m, key, szidx);
  if (pool !== 0 && i32[pool + FREEBLOCK] === 0) carve(m, pool);
  return pool;
}

/**
 * Takes a block of the class from a ring of pools whose page map word is
 * `key`. C: pymalloc_alloc().
 *
 * @returns Byte address, or 0 if no pool can be had.
 */
export function take(m: Memory, key: number, szidx: number): Address {
  const i32 = m.i32;
  const ring = Policy.ringOf(m, key, szidx);
  let pool = i32[ring];
  let block = i32[pool + FREEBLOCK];
  if (block === 0) {
    pool = firstUsed(m, key, ring, szidx);
    if (pool === 0) return 0;
    block = i32[pool + FREEBLOCK];
  }
  i32[pool + FREEBLOCK] = i32[block >>> 2]; // COMMIT
  i32[pool + COUNT] = i32[pool + COUNT] + 1;
  if (Ring.isFull(m, pool)) Ring.shift(m, ring);
  return block >>> 0;
}

/**
 * Gives a block back to a pool that the caller holds. C: pymalloc_free().
 */
export function give(m: Memory, page: number, block: Address): void {
  const i32 = m.i32;
  const pool = POOLS + (page << SHIFT);
  const next = i32[pool + FREEBLOCK];
  i32[block >>> 2] = next;
  i32[pool + FREEBLOCK] = block | 0; // COMMIT
  const count = i32[pool + COUNT] - 1;
  i32[pool + COUNT] = count;
  if (next === 0 || count === 0) {
    const key = i32[Layout.PAGE_MAP + page];
    settle(m, Policy.ringOf(m, key, i32[pool + SZIDX]), pool, next);
  }
}

/**
 * Blocks came back to a pool whose free list was `before`: if it was dry the
 * pool may have been full, and now it may be empty.
 * C: insert_to_usedpool(), insert_to_freepool().
 */
export function settle(
  m: Memory,
  ring: number,
  pool: number,
  before: number,
): void {
  const i32 = m.i32;
  const wasFull = before === 0 &&
    i32[pool + NEXTOFFSET] > i32[pool + MAXNEXTOFFSET];
  if (wasFull) Ring.insertUsed(m, ring, pool);
  if (i32[pool + COUNT] === 0) {
    const page = (pool - POOLS) >> SHIFT;
    Supply.retire(m, i32[Layout.PAGE_MAP + page], ring, pool);
  }
}
