/**
 * Pools that change hands: thread exit, help for detached threads, trimming.
 *
 * A thread that exits gives each of its pools to NOBODY; those with free
 * blocks go into the ABANDONED rings, where the next thread that needs such a
 * pool finds them. Full ones are in no ring: the first block that somebody
 * frees into one announces it in the news of NOBODY.
 *
 * A thread that is detached cannot collect its news. Anybody short of memory
 * may suspend it, which only a detached thread can be, do that work for it,
 * and resume it.
 *
 * ## Threads
 *   `exit()` runs in the thread itself. `relieve()` and `trim()` touch MEM and OBJ rings
 *   of suspended threads and of the caller, RAW rings of the caller only. A
 *   worker that stops in `exit()` leaves pools under its name, which the page
 *   map shows; one that stops in `help()` leaves a thread suspended, whose
 *   rings recovery rebuilds before it resumes it.
 *
 * Source: CPython 3.14 Objects/obmalloc.c and mimalloc: heap abandonment;
 * Python/brc.c (gh-157838) for help to detached threads.
 *
 * @module
 */

import * as ArenaSet from "../layout/arena_set.ts";
import * as Layout from "../layout/memory_map.ts";
import * as PageMap from "../layout/page_map.ts";
import * as PoolRecord from "../layout/pool_record.ts";
import * as ThreadState from "../layout/thread_state.ts";
import { type Memory, recordOf, threadsUsed } from "../memory/mod.ts";
import { Damage } from "../sync/mod.ts";
import { HeapLock, ThreadStates } from "../threads/mod.ts";
import * as Arena from "./arena.ts";
import * as Policy from "./policy.ts";
import * as Remote from "./remote.ts";
import * as Ring from "./ring.ts";
import * as SizeClasses from "./size_classes.ts";
import * as Supply from "./supply.ts";

/** Gives one pool of a holder to nobody, or back if it is empty. */
export function leave(m: Memory, page: number, key: number): void {
  const i32 = m.i32;
  const pool = recordOf(page);
  if (i32[pool + PoolRecord.COUNT] === 0) {
    Supply.release(m, key, pool);
    return;
  }
  const set = Policy.arenaSetOf(m, key);
  const orphan = Policy.withHolder(key, PageMap.NOBODY);
  HeapLock.lock(m, set + ArenaSet.LOCK);
  if (!Ring.isFull(m, pool)) Supply.abandonLocked(m, set, orphan, pool);
  Atomics.store(i32, Layout.PAGE_MAP + page, orphan); // COMMIT
  HeapLock.unlock(m, set + ArenaSet.LOCK);
  Remote.noteHolder(m, page);
}

/** Hands all that this worker holds to whoever comes. The thread's last act. */
export function exit(m: Memory): void {
  const i32 = m.i32;
  Remote.collect(m, PageMap.RAW, m.owner);
  Remote.collect(m, PageMap.MEM, m.owner);
  for (let page = m.firstPage; page < m.pages; page++) {
    const key = i32[Layout.PAGE_MAP + page];
    if (Policy.holderOf(key) === m.owner) leave(m, page, key);
  }
  for (let k = 0; k < 5 * ThreadState.RING_SET; k++) {
    i32[m.thread + ThreadState.RINGS + k] = 0;
  }
}

/** Gives the empty pools of a ring back: its spare, and any behind it. */
function releaseSpare(m: Memory, ring: number): void {
  const i32 = m.i32;
  let pool = i32[ring];
  let steps = 0;
  while (pool !== 0) {
    Damage.requireRecord(m, pool, "a ring");
    if (steps++ > m.pages) Damage.damaged(m, "a ring has no end");
    const next = i32[pool + PoolRecord.NEXTPOOL];
    if (i32[pool + PoolRecord.COUNT] === 0) {
      Ring.removeUsed(m, ring, pool);
      const page = (pool - Layout.POOLS) >> PoolRecord.SHIFT;
      Supply.release(m, i32[Layout.PAGE_MAP + page], pool);
    }
    pool = next;
  }
}

/** Gives back the spares of the ring sets `from` … `to` − 1 of a slot. */
function releaseSpares(
  m: Memory,
  slot: number,
  from: number,
  to: number,
): void {
  const rings = Layout.THREADS + slot * ThreadState.SIZEOF + ThreadState.RINGS;
  for (let set = from; set < to; set++) {
    for (let szidx = 0; szidx < SizeClasses.CLASSES; szidx++) {
      releaseSpare(m, rings + set * ThreadState.RING_SET + szidx);
    }
  }
}

/** Does the work of a suspended thread that it cannot do itself. */
function help(m: Memory, slot: number): void {
  const thread = Layout.THREADS + slot * ThreadState.SIZEOF;
  const incarnation = m.i32[thread + ThreadState.INCARNATION];
  const holder = (incarnation << PageMap.INCARNATION_SHIFT) | slot;
  Remote.collect(m, PageMap.MEM, holder);
  releaseSpares(m, slot, PageMap.MEM, PageMap.OBJ + 1);
}

/** Takes a pool with free blocks out of a suspended thread's ring, or 0. */
function takeOver(m: Memory, key: number, szidx: number, slot: number): number {
  const i32 = m.i32;
  const theirs = Policy.ringOf(m, Policy.withHolder(key, slot), szidx);
  const pool = i32[theirs];
  if (pool === 0) return 0;
  Damage.requireRecord(m, pool, "a ring");
  const page = (pool - Layout.POOLS) >> PoolRecord.SHIFT;
  Ring.removeUsed(m, theirs, pool);
  const set = Policy.arenaSetOf(m, key);
  HeapLock.lock(m, set + ArenaSet.LOCK);
  Atomics.store(i32, Layout.PAGE_MAP + page, key); // COMMIT
  HeapLock.unlock(m, set + ArenaSet.LOCK);
  Remote.noteHolder(m, page);
  Ring.insertUsed(m, Policy.ringOf(m, key, szidx), pool);
  i32[m.thread + ThreadState.STAT_ADOPTED] += 1;
  return pool;
}

/**
 * Helps every detached thread; with a `key` of MEM or OBJ also takes over one
 * pool of that kind and class. Free-threaded build only: under the GIL no
 * thread has pools of MEM or OBJ.
 */
function helpDetached(m: Memory, key: number, szidx: number): void {
  if (m.isGilHeld) return;
  const used = threadsUsed(m);
  const wantsPool = key !== 0 && Policy.domainOf(key) !== PageMap.RAW;
  let isServed = !wantsPool;
  for (let slot = PageMap.FIRST_SLOT; slot < used; slot++) {
    if (slot === m.slot || !ThreadStates.suspendDetached(m, slot)) continue;
    help(m, slot);
    if (!isServed) isServed = takeOver(m, key, szidx, slot) !== 0;
    ThreadStates.resume(m, slot);
  }
}

/** Gives back the spares that the GIL holds. */
function releaseGilSpares(m: Memory): void {
  if (!m.isGilHeld) return;
  const sets = PageMap.OBJ + ThreadState.VIA_RAW + 1;
  releaseSpares(m, PageMap.GIL_HOLDER, PageMap.MEM, sets);
}

/** Ripens what a set has in quarantine. */
function ripen(m: Memory, set: number): void {
  HeapLock.lock(m, set + ArenaSet.LOCK);
  Supply.ripen(m, set);
  HeapLock.unlock(m, set + ArenaSet.LOCK);
}

/** Gives back the arena that a set keeps in reserve. */
function trimArenas(m: Memory, set: number): void {
  HeapLock.lock(m, set + ArenaSet.LOCK);
  Arena.trim(m, set);
  HeapLock.unlock(m, set + ArenaSet.LOCK);
}

/**
 * Makes room when an allocation is about to fail. `isAttached` says whether
 * the caller may touch MEM and OBJ; with a `key` of 0 arenas kept in reserve go
 * back as well.
 *
 * A pool of the wanted kind may have come into the caller's ring.
 */
export function relieve(
  m: Memory,
  isAttached: boolean,
  key: number,
  szidx: number,
): void {
  Remote.collect(m, PageMap.RAW, m.owner);
  releaseSpares(m, m.slot, PageMap.RAW, PageMap.RAW + 1);
  if (isAttached) {
    Remote.collectOrphans(m, PageMap.MEM);
    Remote.collect(m, PageMap.MEM, m.owner);
    releaseSpares(m, m.slot, PageMap.MEM, PageMap.OBJ + 1);
    releaseGilSpares(m);
    helpDetached(m, key, szidx);
  }
  if (!m.isGilHeld) ripen(m, Layout.ARENA_SET);
  if (key !== 0) return;
  trimArenas(m, Layout.RAW_ARENA_SET);
  if (isAttached || !m.isGilHeld) {
    trimArenas(m, Layout.ARENA_SET);
  }
}

/**
 * Gives back whatever nothing is allocated in: spares, quarantined pools whose
 * time has come, arenas kept in reserve.
 */
export function trim(m: Memory, isAttached: boolean): void {
  Remote.collectOrphans(m, PageMap.RAW);
  relieve(m, isAttached, 0, 0);
}
