/**
 * Rings: circular lists of pools, one for each size class of a holder.
 *
 * ## Invariants (checked by tools/check.ts)
 *   G1  NEXTPOOL and PREVPOOL of neighbours agree, all around
 *   G2  the head word is 0 iff the ring is empty
 *
 * ## Threads
 *   Plain accesses of who owns the ring: the holder, or who has the lock of
 *   the arena set for its ABANDONED and QUARANTINE rings. A worker that stops
 *   inside leaves links that can be rebuilt from the page map.
 *
 * Source: CPython 3.14 Objects/obmalloc.c, usedpools.
 *
 * @module
 */

import * as PoolRecord from "../layout/pool_record.ts";
import type { Memory } from "../memory/mod.ts";

const NEXTPOOL = PoolRecord.NEXTPOOL;
const PREVPOOL = PoolRecord.PREVPOOL;

/** Puts a pool at the end of a ring. */
export function pushBack(m: Memory, ring: number, pool: number): void {
  const i32 = m.i32;
  const head = i32[ring];
  if (head === 0) {
    i32[pool + NEXTPOOL] = pool;
    i32[pool + PREVPOOL] = pool;
    i32[ring] = pool;
    return;
  }
  const tail = i32[head + PREVPOOL];
  i32[pool + NEXTPOOL] = head;
  i32[pool + PREVPOOL] = tail;
  i32[tail + NEXTPOOL] = pool;
  i32[head + PREVPOOL] = pool;
}

/** Puts a pool at the front of a ring: the next block comes from it. */
export function pushFront(m: Memory, ring: number, pool: number): void {
  pushBack(m, ring, pool);
  m.i32[ring] = pool;
}

/** Takes a pool out of a ring. */
export function unlink(m: Memory, ring: number, pool: number): void {
  const i32 = m.i32;
  const next = i32[pool + NEXTPOOL];
  if (next === pool) {
    i32[ring] = 0;
    return;
  }
  const prev = i32[pool + PREVPOOL];
  i32[next + PREVPOOL] = prev;
  i32[prev + NEXTPOOL] = next;
  if (i32[ring] === pool) i32[ring] = next;
}

/** Last pool of a ring that is not empty. Word index. */
export function last(m: Memory, ring: number): number {
  return m.i32[m.i32[ring] + PREVPOOL];
}
