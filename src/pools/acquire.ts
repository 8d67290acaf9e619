/**
 * Getting a pool for a holder whose ring has run dry.
 *
 * It looks, in this order, at
 *   1. news: pools of its own that others freed blocks into
 *   2. pools that exited threads left, of the same domain and class
 *   3. empty pools of the class that still wait for QSBR: the same size may
 *      use them at once
 *   4. the arenas of its set, or, for a span, the page runs
 * In the GIL build MEM and OBJ find something in the last place only, which
 * is pymalloc's rule.
 *
 * ## Threads
 *   The ring belongs to its holder; places 2 to 4 are under the lock of the
 *   arena set, or under the GIL for the pools that it holds. A worker that
 *   stops behind the lock leaves a pool of its own in no ring, which the page
 *   map shows.
 *
 * Source: CPython 3.14 Objects/obmalloc.c, allocate_from_new_pool().
 *
 * @module
 */

import * as ArenaSet from "../layout/arena_set.ts";
import * as Layout from "../layout/memory_map.ts";
import * as ThreadState from "../layout/thread_state.ts";
import { type Memory, pageOf } from "../memory/mod.ts";
import { HeapLock } from "../threads/mod.ts";
import * as Policy from "./policy.ts";
import * as Remote from "./remote.ts";
import * as Ring from "./ring.ts";
import * as SizeClasses from "./size_classes.ts";
import * as Supply from "./supply.ts";

/** A pool from the set: left behind, quarantined, or new. Under its lock. */
function supply(
  m: Memory,
  set: number,
  key: number,
  szidx: number,
): number {
  const i32 = m.i32;
  const abandoned = Supply.abandonedRing(m, key, szidx);
  const count = set + ArenaSet.ABANDONED_COUNT;
  const left = Supply.adopt(m, abandoned, key, count);
  if (left !== 0) {
    i32[m.thread + ThreadState.STAT_ADOPTED] += 1;
    return left;
  }
  if (i32[set + ArenaSet.QUARANTINED] !== 0 && Policy.isDeferred(m, key)) {
    const ring = set + ArenaSet.QUARANTINE + szidx;
    const empty = Supply.adopt(m, ring, key, set + ArenaSet.QUARANTINED);
    if (empty !== 0) return empty;
  }
  if (i32[set + ArenaSet.QUARANTINED] !== 0) Supply.ripen(m, set);
  return szidx < SizeClasses.SMALL_CLASSES
    ? Supply.takeSmall(m, set, key, szidx)
    : Supply.takeSpan(m, key, szidx);
}

/** Gets a pool of MEM or OBJ in the GIL build: from the arenas only. */
function pymallocPool(
  m: Memory,
  ring: number,
  key: number,
  szidx: number,
): number {
  const i32 = m.i32;
  const record = Supply.takeSmall(m, Layout.ARENA_SET, key, szidx);
  if (record !== 0) {
    Ring.push(m, ring, record);
    i32[m.thread + ThreadState.STAT_POOLS_TAKEN] += 1;
  }
  return record;
}

/**
 * Gets a pool of the class into the holder's ring, which is empty.
 *
 * @returns The first pool of the ring, or 0 if no memory is left.
 */
export function pool(m: Memory, key: number, szidx: number): number {
  const i32 = m.i32;
  const ring = Policy.ringOf(m, key, szidx);
  if (!Policy.needsLock(m, key)) return pymallocPool(m, ring, key, szidx);
  Remote.collect(m, Policy.domainOf(key), Policy.holderOf(key));
  Remote.collectOrphans(m, Policy.domainOf(key));
  if (i32[ring] !== 0) return i32[ring];
  const set = Policy.arenaSetOf(m, key);
  HeapLock.lock(m, set + ArenaSet.LOCK);
  const record = supply(m, set, key, szidx);
  HeapLock.unlock(m, set + ArenaSet.LOCK);
  if (record !== 0) {
    Remote.noteHolder(m, pageOf(record));
    Ring.insertUsed(m, ring, record);
    i32[m.thread + ThreadState.STAT_POOLS_TAKEN] += 1;
  }
  return record;
}
