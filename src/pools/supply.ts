/**
 * Supply of pools: where pools come from, and where empty ones go.
 *
 * Small pools come from the arenas of a set, spans from the page runs. An
 * empty pool goes back there; in the free-threaded build an empty pool of OBJ
 * first waits in quarantine until no reader can still look at its objects, and
 * only its own class may use it before that.
 *
 * ## Invariants (checked by check/)
 *   U1  a pool in an ABANDONED ring is held by NOBODY and has free blocks
 *   U2  a pool in a QUARANTINE ring is held by NOBODY, is empty, of OBJ; goals
 *       do not fall from front to back
 *
 * ## Threads
 *   The ring belongs to its holder. Pools change hands under the lock of their
 *   arena set, which is also what page map words of pools change under. A
 *   worker that stops between taking a pool and naming itself in the page map
 *   leaves a page that belongs to nobody; one that stops after it leaves a
 *   pool of its own in no ring, which the page map shows.
 *
 * Source: CPython 3.14 Objects/obmalloc.c: allocate_from_new_pool(),
 * _PyMem_mi_page_maybe_free(); the page map and adoption are ours.
 *
 * @module
 */

import * as ArenaSet from "../layout/arena_set.ts";
import * as Layout from "../layout/memory_map.ts";
import * as PageMap from "../layout/page_map.ts";
import * as PoolRecord from "../layout/pool_record.ts";
import * as RemoteRecord from "../layout/remote_record.ts";
import * as ThreadState from "../layout/thread_state.ts";
import { type Memory, pageOf, recordOf } from "../memory/mod.ts";
import { Runs } from "../raw/mod.ts";
import { Damage } from "../sync/mod.ts";
import { HeapLock, Qsbr } from "../threads/mod.ts";
import * as Arena from "./arena.ts";
import * as Policy from "./policy.ts";
import * as Ring from "./ring.ts";
import * as SizeClasses from "./size_classes.ts";

/** Gives a pool its class; its blocks are still to be carved. */
function format(m: Memory, pool: number, szidx: number): void {
  const i32 = m.i32;
  i32[pool + PoolRecord.SZIDX] = szidx;
  i32[pool + PoolRecord.COUNT] = 0;
  i32[pool + PoolRecord.NEXTOFFSET] = SizeClasses.firstOffset(szidx);
  i32[pool + PoolRecord.MAXNEXTOFFSET] = SizeClasses.maxOffset(szidx);
  i32[pool + PoolRecord.FREEBLOCK] = 0;
  i32[pool + PoolRecord.DRAIN] = 0;
  const remote = m.remotes + (pageOf(pool) << RemoteRecord.SHIFT);
  i32[remote + RemoteRecord.SHAPE] = szidx; // nothing is carved
}

/** A small pool from the arenas of the set, or 0. Under its lock. */
export function takeSmall(
  m: Memory,
  set: number,
  key: number,
  szidx: number,
): number {
  const pool = Arena.takePool(m, set);
  if (pool === 0) return 0;
  // A pool of the same class as last time keeps its free list.
  if (m.i32[pool + PoolRecord.SZIDX] !== szidx) format(m, pool, szidx);
  m.i32[Layout.PAGE_MAP + pageOf(pool)] = key; // COMMIT
  return pool;
}

/** A span from the page runs, or 0. */
export function takeSpan(m: Memory, key: number, szidx: number): number {
  const i32 = m.i32;
  const length = SizeClasses.pagesOf(szidx);
  const head = Runs.alloc(m, length);
  if (head === 0) return 0;
  const pool = recordOf(head);
  format(m, pool, szidx);
  Runs.markTail(m, head, head + 1, head + length);
  i32[Layout.PAGE_MAP + head] = key; // COMMIT
  return pool;
}

/** Ring of an arena set for the class of a pool. Word index. */
export function abandonedRing(m: Memory, key: number, szidx: number): number {
  return Policy.arenaSetOf(m, key) + ArenaSet.ABANDONED +
    Policy.ringSetOf(m, key) * ThreadState.RING_SET + szidx;
}

/**
 * True if a request for a small class is about to create an arena: exact where
 * the GIL holds the pools; else others may create it first, or free a pool.
 */
export function needsArena(m: Memory, key: number, szidx: number): boolean {
  const i32 = m.i32;
  const usable = Policy.arenaSetOf(m, key) + ArenaSet.USABLE_ARENAS;
  return i32[Policy.ringOf(m, key, szidx)] === 0 &&
    i32[usable] === 0 && // racy hint
    i32[abandonedRing(m, key, szidx)] === 0; // racy hint
}

/**
 * Takes the first pool of a ring of the set for a new holder. Under its lock.
 *
 * @returns Its record, or 0 if the ring is empty.
 */
export function adopt(
  m: Memory,
  ring: number,
  key: number,
  counter: number,
): number {
  if (m.i32[ring] === 0) return 0;
  Damage.requireRecord(m, m.i32[ring], "a list of pools left behind");
  const pool = Ring.shift(m, ring);
  m.i32[counter] -= 1;
  Atomics.store(m.i32, Layout.PAGE_MAP + pageOf(pool), key); // COMMIT
  return pool;
}

/** Gives back the page or pages of an empty pool. Under the set's lock. */
function surrender(m: Memory, set: number, key: number, pool: number): void {
  if (Policy.kindOf(key) !== PageMap.SPAN) {
    Arena.freePool(m, set, pool);
    return;
  }
  const page = pageOf(pool);
  const length = SizeClasses.pagesOf(m.i32[pool + PoolRecord.SZIDX]);
  Runs.free(m, page, length, key);
}

/**
 * Gives back the quarantined pools whose grace period is over. Under the lock
 * of the set.
 *
 * @returns How many. Count.
 */
export function ripen(m: Memory, set: number): number {
  const i32 = m.i32;
  const before = i32[set + ArenaSet.QUARANTINED];
  for (let szidx = 0; szidx < SizeClasses.CLASSES; szidx++) {
    const ring = set + ArenaSet.QUARANTINE + szidx;
    while (i32[ring] !== 0) {
      const pool = Damage.requireRecord(m, i32[ring], "a quarantine");
      const page = pageOf(pool);
      const remote = m.remotes + (page << RemoteRecord.SHIFT);
      if (!Qsbr.poll(m, i32[remote + RemoteRecord.GOAL])) break;
      Ring.shift(m, ring);
      i32[set + ArenaSet.QUARANTINED] -= 1;
      surrender(m, set, i32[Layout.PAGE_MAP + page], pool);
    }
  }
  return before - i32[set + ArenaSet.QUARANTINED];
}

/** Puts an empty pool that readers may still look at where it can ripen. */
function quarantine(m: Memory, set: number, key: number, pool: number): void {
  const i32 = m.i32;
  const page = pageOf(pool);
  const remote = m.remotes + (page << RemoteRecord.SHIFT);
  i32[remote + RemoteRecord.GOAL] = Qsbr.advance(m);
  i32[Layout.PAGE_MAP + page] = Policy.withHolder(key, PageMap.NOBODY);
  const szidx = i32[pool + PoolRecord.SZIDX];
  const ring = set + ArenaSet.QUARANTINE + szidx;
  Ring.append(m, ring, set + ArenaSet.TAILS + szidx, pool);
  i32[set + ArenaSet.QUARANTINED] += 1;
}

/** An empty pool, in no ring, leaves its holder. Under the set's lock. */
export function releaseLocked(
  m: Memory,
  set: number,
  key: number,
  pool: number,
): void {
  if (Policy.isDeferred(m, key)) quarantine(m, set, key, pool);
  else surrender(m, set, key, pool);
}

/** An empty pool, in no ring, leaves its holder. */
export function release(m: Memory, key: number, pool: number): void {
  const set = Policy.arenaSetOf(m, key);
  if (!Policy.needsLock(m, key)) {
    surrender(m, set, key, pool);
    return;
  }
  HeapLock.lock(m, set + ArenaSet.LOCK);
  releaseLocked(m, set, key, pool);
  HeapLock.unlock(m, set + ArenaSet.LOCK);
}

/**
 * A pool with free blocks, in no ring, goes where others find it. Under the
 * set's lock; `key` has NOBODY as holder and is still to be written.
 */
export function abandonLocked(
  m: Memory,
  set: number,
  key: number,
  pool: number,
): void {
  const szidx = m.i32[pool + PoolRecord.SZIDX];
  Ring.push(m, abandonedRing(m, key, szidx), pool);
  m.i32[set + ArenaSet.ABANDONED_COUNT] += 1;
}

/**
 * A pool of the holder's ring became empty: it stays if the ring has no other,
 * so that a program that hovers at a boundary does not thrash, else it leaves.
 */
export function retire(
  m: Memory,
  key: number,
  ring: number,
  pool: number,
): void {
  const i32 = m.i32;
  if (!Policy.needsLock(m, key)) { // pymalloc
    Ring.unlink(m, ring, pool);
    Arena.freePool(m, Layout.ARENA_SET, pool);
    return;
  }
  const isAlone = i32[ring] === pool && i32[pool + PoolRecord.NEXTPOOL] === 0;
  if (isAlone && Policy.keepsSpare(m, key)) return;
  Ring.removeUsed(m, ring, pool);
  release(m, key, pool);
}

/**
 * Makes an abandoned page this worker's own, if it still is abandoned.
 *
 * The pool is put into its ring if it has free blocks.
 *
 * @param old Its page map word, which names NOBODY as holder.
 * @returns Its new page map word, or 0 if it is not abandoned any more:
 * somebody has adopted it, perhaps emptied it and given it back.
 */
export function claim(m: Memory, page: number, old: number): number {
  const i32 = m.i32;
  const pool = recordOf(page);
  const set = Policy.arenaSetOf(m, old);
  HeapLock.lock(m, set + ArenaSet.LOCK);
  const isFree = Atomics.load(i32, Layout.PAGE_MAP + page) === old &&
    i32[pool + PoolRecord.COUNT] !== 0;
  const key = isFree ? Policy.withHolder(old, m.owner) : 0;
  const hasBlocks = isFree && !Ring.isFull(m, pool);
  if (hasBlocks) {
    const szidx = i32[pool + PoolRecord.SZIDX];
    Ring.unlink(m, abandonedRing(m, old, szidx), pool);
    i32[set + ArenaSet.ABANDONED_COUNT] -= 1;
  }
  if (isFree) Atomics.store(i32, Layout.PAGE_MAP + page, key); // COMMIT
  HeapLock.unlock(m, set + ArenaSet.LOCK);
  if (hasBlocks) {
    const szidx = i32[pool + PoolRecord.SZIDX];
    Ring.insertUsed(m, Policy.ringOf(m, key, szidx), pool);
  }
  return key;
}
