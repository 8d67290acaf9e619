/**
 * Rings: lists of pools, one for each size class of a holder.
 *
 * CPython's are circular, which its trick of overlapping headers needs; these
 * end with 0, and PREVPOOL of the first pool means nothing, so that the first
 * pool comes and goes with two stores. The name stayed.
 *
 * ## Invariants (checked by check/)
 *   G1  NEXTPOOL and PREVPOOL of neighbours agree; the last has no next pool
 *   G2  free-threaded build: the tail of a holder's ring that is not empty is
 *       its last pool
 *
 * ## Threads
 *   Plain accesses of who owns the ring: the holder, or who has the lock of
 *   the arena set for its ABANDONED and QUARANTINE rings. A worker that stops
 *   inside leaves links that can be rebuilt from the page map.
 *
 * Source: CPython 3.14 Objects/obmalloc.c, usedpools, insert_to_usedpool().
 *
 * @module
 */

import * as PoolRecord from "../layout/pool_record.ts";
import * as ThreadState from "../layout/thread_state.ts";
import type { Memory } from "../memory/mod.ts";

const { FREEBLOCK, NEXTOFFSET, MAXNEXTOFFSET, NEXTPOOL, PREVPOOL } = PoolRecord;
const TO_TAIL = ThreadState.TO_TAIL;

/** Puts a pool at the front of a ring: the next block comes from it. */
export function push(m: Memory, ring: number, pool: number): void {
  const i32 = m.i32;
  const head = i32[ring];
  i32[pool + NEXTPOOL] = head;
  if (head !== 0) i32[head + PREVPOOL] = pool;
  i32[ring] = pool;
}

/** True if a pool has no free block and none to carve. */
export function isFull(m: Memory, pool: number): boolean {
  const i32 = m.i32;
  return i32[pool + FREEBLOCK] === 0 &&
    i32[pool + NEXTOFFSET] > i32[pool + MAXNEXTOFFSET];
}

/** Takes a pool out of a ring. */
export function unlink(m: Memory, ring: number, pool: number): void {
  const i32 = m.i32;
  const next = i32[pool + NEXTPOOL];
  if (i32[ring] === pool) {
    i32[ring] = next;
    return;
  }
  const prev = i32[pool + PREVPOOL];
  i32[prev + NEXTPOOL] = next;
  if (next !== 0) i32[next + PREVPOOL] = prev;
}

/** Takes the first pool out of a ring that has one. */
export function shift(m: Memory, ring: number): number {
  const head = m.i32[ring];
  m.i32[ring] = m.i32[head + NEXTPOOL];
  return head;
}

/** Puts a pool at the end of a ring whose last pool the word `tail` names. */
export function append(
  m: Memory,
  ring: number,
  tail: number,
  pool: number,
): void {
  const i32 = m.i32;
  const last = i32[ring] === 0 ? 0 : i32[tail];
  i32[pool + NEXTPOOL] = 0;
  i32[pool + PREVPOOL] = last;
  if (last !== 0) i32[last + NEXTPOOL] = pool;
  else i32[ring] = pool;
  i32[tail] = pool;
}

/**
 * A pool of a holder has free blocks again. C: insert_to_usedpool().
 *
 * In the GIL build it goes to the front of its ring, as in pymalloc. Where most
 * pools are full that makes it full again by the next request. Therefore in the
 * free-threaded build it goes to the end, and has gathered free blocks when its
 * turn comes: W5 takes half of the time, W4 four fifths (measured 2026-11).
 */
export function insertUsed(m: Memory, ring: number, pool: number): void {
  if (m.isGilHeld) push(m, ring, pool);
  else append(m, ring, ring + TO_TAIL, pool);
}

/** Takes a pool out of a ring of its holder. */
export function removeUsed(m: Memory, ring: number, pool: number): void {
  const i32 = m.i32;
  if (!m.isGilHeld && i32[pool + NEXTPOOL] === 0) {
    // Means nothing if the ring is empty now, as G2 allows.
    i32[ring + TO_TAIL] = i32[pool + PREVPOOL];
  }
  unlink(m, ring, pool);
}
