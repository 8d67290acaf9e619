/**
 * Pools: pieces of the heap cut into blocks of one size, small pools of one
 * page and spans of up to 16.
 *
 * ## States
 *   used   free list not empty; in the ring of its class
 *   full   free list empty; in no ring
 *   empty  COUNT == 0; goes back to where it came from, or stays last in the
 *          ring as the class's spare
 *
 * ## Invariants (checked by tools/check.ts)
 *   P1  COUNT + |free list| + blocks never carved == capacity; blocks on the
 *       remote stack are counted in COUNT
 *   P2  in a ring ⇔ FREEBLOCK != 0
 *   P3  NEXTOFFSET steps by the block size and ends above MAXNEXTOFFSET
 *
 * ## Threads
 *   The holder that the page map names reads and writes plainly. A worker that
 *   stops between the two stores of an allocation or a free leaves COUNT off
 *   by one, and P1 gives the true value.
 *
 * Source: CPython 3.14 Objects/obmalloc.c: pymalloc_alloc(),
 * pymalloc_pool_extend(), pymalloc_free(), insert_to_usedpool().
 *
 * @module
 */

import * as Layout from "../layout/memory_map.ts";
import * as PoolRecord from "../layout/pool_record.ts";
import { type Address, addressOf, type Memory, pageOf } from "../memory/mod.ts";
import * as Acquire from "./acquire.ts";
import * as Policy from "./policy.ts";
import * as Ring from "./ring.ts";
import * as SizeClasses from "./size_classes.ts";
import * as Supply from "./supply.ts";

// Hot: constants of this module fold, imported ones are read.
const FREEBLOCK = PoolRecord.FREEBLOCK;
const COUNT = PoolRecord.COUNT;
const NEXTOFFSET = PoolRecord.NEXTOFFSET;

/**
 * The pool's last free block was taken: carve one more, or, if all are carved,
 * take the full pool out of its ring. C: pymalloc_pool_extend().
 */
export function extend(m: Memory, ring: number, pool: number): void {
  const i32 = m.i32;
  const offset = i32[pool + NEXTOFFSET];
  if (offset <= i32[pool + PoolRecord.MAXNEXTOFFSET]) {
    const block = addressOf(pageOf(pool)) + offset;
    i32[block >>> 2] = 0;
    i32[pool + NEXTOFFSET] = offset +
      SizeClasses.blockSize(i32[pool + PoolRecord.SZIDX]);
    i32[pool + FREEBLOCK] = block | 0; // COMMIT
  } else {
    Ring.unlink(m, ring, pool);
  }
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
  if (pool === 0) {
    pool = Acquire.pool(m, key, szidx);
    if (pool === 0) return 0;
  }
  const block = i32[pool + FREEBLOCK];
  const next = i32[block >>> 2];
  i32[pool + FREEBLOCK] = next; // COMMIT
  i32[pool + COUNT] += 1;
  if (next === 0) extend(m, ring, pool);
  return block >>> 0;
}

/**
 * Gives a block back to a pool that the caller holds. C: pymalloc_free().
 */
export function give(m: Memory, page: number, block: Address): void {
  const i32 = m.i32;
  const pool = Layout.POOLS + (page << PoolRecord.SHIFT);
  const next = i32[pool + FREEBLOCK];
  i32[block >>> 2] = next;
  i32[pool + FREEBLOCK] = block | 0; // COMMIT
  const count = i32[pool + COUNT] - 1;
  i32[pool + COUNT] = count;
  if (next === 0 || count === 0) settle(m, page, next === 0);
}

/**
 * A block came back and the pool changed its state: from full to used, or
 * from used to empty. C: insert_to_usedpool(), insert_to_freepool().
 */
export function settle(m: Memory, page: number, wasFull: boolean): void {
  const i32 = m.i32;
  const pool = Layout.POOLS + (page << PoolRecord.SHIFT);
  const key = i32[Layout.PAGE_MAP + page];
  const ring = Policy.ringOf(m, key, i32[pool + PoolRecord.SZIDX]);
  if (wasFull) Ring.pushFront(m, ring, pool);
  if (i32[pool + COUNT] === 0) Supply.retire(m, key, ring, pool);
}
