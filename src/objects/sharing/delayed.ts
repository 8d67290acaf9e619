/**
 * The queue of what is given up later: blocks and references that readers
 * without a lock may still have in view.
 *
 * Each item has a QSBR goal. Items stand in chunks; each thread appends to a
 * chunk of its own. All chunks of the heap are in one list: who looks after its
 * own takes over those of threads that are gone.
 *
 * ## Invariants
 *   D1  items of a chunk from RD to below WR are still to be given up, once
 *       each; their goals do not decrease
 *   D2  an item is given up only after each thread that was attached when it
 *       was put off has passed a safe point, or has detached
 *   D3  more than DEFERRED_LIMIT items or FREE_MEM_LIMIT bytes of one thread
 *       never share a sequence
 *
 * ## Threads
 *   NEXT and the head of the list are under DELAYED_LOCK, and X_OWNER changes
 *   under it; a lock of a worker that is gone is taken over, as each store
 *   leaves the list whole. All else belongs to the owner of the chunk. A worker
 *   that stops loses the one item in its hands; others find its chunk.
 *
 * Source: CPython 3.14 Objects/obmalloc.c: free_delayed(), process_queue(),
 * should_advance_qsbr_for_free(), _PyMem_AbandonDelayed().
 *
 * @module
 */

import * as Chunk from "../../layout/mem_work_chunk.ts";
import * as Layout from "../../layout/memory_map.ts";
import * as ObjectsWords from "../../layout/objects.ts";
import * as ThreadState from "../../layout/thread_state.ts";
import type { Address, Memory } from "../../memory/mod.ts";
import { Qsbr, Sections } from "../../threads/mod.ts";

const { NEXT, X_OWNER, RD, WR, ITEMS, ITEM_WORDS, ITEMS_MAX } = Chunk;
const { DELAYED_CHUNK, DELAYED_COUNT, DELAYED_BYTES, DELAYED_DUE } =
  ThreadState;
const LOCK = Layout.OBJECTS + ObjectsWords.DELAYED_LOCK;
const CHUNKS = Layout.OBJECTS + ObjectsWords.DELAYED_CHUNKS;

/** Most items that share a sequence. Count. C: QSBR_DEFERRED_LIMIT. */
export const DEFERRED_LIMIT = 127;
/** Most bytes that share a sequence. Bytes. C: QSBR_FREE_MEM_LIMIT. */
export const FREE_MEM_LIMIT = 1048576;

/** DELAYED_DUE: the thread shall look. */
const DUE = 1;
/** DELAYED_DUE: the thread is looking. */
const BUSY = 2;

/** Goal of an item of so many bytes. Sequence. */
function goalOf(m: Memory, nbytes: number): number {
  const { i32, thread } = m;
  const count = i32[thread + DELAYED_COUNT] + 1;
  // Of more than the limit no sum is needed, and it might not fit.
  const more = Math.min(nbytes, FREE_MEM_LIMIT + 1);
  const bytes = i32[thread + DELAYED_BYTES] + more;
  const isFull = count > DEFERRED_LIMIT || bytes > FREE_MEM_LIMIT;
  i32[thread + DELAYED_COUNT] = isFull ? 0 : count;
  i32[thread + DELAYED_BYTES] = isFull ? 0 : bytes;
  if (!isFull) return Qsbr.sharedNext(m);
  i32[thread + DELAYED_DUE] |= DUE;
  return Qsbr.advance(m);
}

/** The caller starts to look what may be given up. False if it does already. */
export function begin(m: Memory): boolean {
  const at = m.thread + DELAYED_DUE;
  if ((m.i32[at] & BUSY) !== 0) return false;
  m.i32[at] = BUSY;
  return true;
}

/** The caller has looked. */
export function end(m: Memory): void {
  m.i32[m.thread + DELAYED_DUE] &= DUE;
}

/** True if the caller appends to a chunk. */
export function isCurrent(m: Memory, chunk: number): boolean {
  return m.i32[m.thread + DELAYED_CHUNK] === chunk;
}

/** True if {@linkcode put} has room. */
export function hasRoom(m: Memory): boolean {
  const chunk = m.i32[m.thread + DELAYED_CHUNK];
  return chunk !== 0 && m.i32[chunk + WR] < ITEMS_MAX;
}

/**
 * Appends an item to the caller's chunk, which has room.
 *
 * @param item Block, or object with `Chunk.DECREF`. Byte address.
 * @param nbytes Size of the block, for the limits. Bytes.
 */
export function put(m: Memory, item: Address, nbytes: number): void {
  const { i32 } = m;
  const chunk = i32[m.thread + DELAYED_CHUNK];
  const wr = i32[chunk + WR];
  const at = chunk + ITEMS + wr * ITEM_WORDS;
  i32[at] = item | 0;
  i32[at + 1] = goalOf(m, nbytes);
  i32[chunk + WR] = wr + 1; // COMMIT
}

/**
 * Makes a block the chunk that the caller appends to.
 *
 * @param block Block of RAW of `Chunk.NBYTES`. Byte address.
 */
export function add(m: Memory, block: Address): void {
  const { i32 } = m;
  const chunk = block >>> 2;
  i32[chunk + RD] = 0;
  i32[chunk + WR] = 0;
  Atomics.store(i32, chunk + X_OWNER, m.owner);
  Sections.lock(m, LOCK);
  i32[chunk + NEXT] = i32[CHUNKS];
  i32[CHUNKS] = chunk; // COMMIT
  Sections.unlock(m, LOCK);
  i32[m.thread + DELAYED_CHUNK] = chunk;
}

/**
 * Takes the first item out of a chunk of the caller's.
 *
 * @returns The item, or 0 if there is none that may be given up.
 */
export function take(m: Memory, chunk: number): Address {
  const { i32 } = m;
  const rd = i32[chunk + RD];
  const wr = i32[chunk + WR];
  if (rd >= wr) return 0;
  const at = chunk + ITEMS + rd * ITEM_WORDS;
  if (!Qsbr.poll(m, i32[at + 1])) return 0;
  const item = i32[at] >>> 0;
  i32[chunk + RD] = rd + 1; // COMMIT
  if (rd + 1 === wr) {
    // In this order an item is never there again.
    i32[chunk + WR] = 0;
    i32[chunk + RD] = 0;
  }
  return item;
}

/** Items in a chunk of the caller's. Count. */
export function length(m: Memory, chunk: number): number {
  return Math.max(m.i32[chunk + WR] - m.i32[chunk + RD], 0);
}

/** True if there is nothing in a chunk of the caller's. */
export function isEmpty(m: Memory, chunk: number): boolean {
  return length(m, chunk) === 0;
}

/**
 * The next chunk that is the caller's, or is from then on, because nobody else
 * has it.
 *
 * @param chunk A chunk of the caller's, or 0 to start. Word index.
 * @returns Word index, or 0 if there is none.
 */
export function next(m: Memory, chunk: number): number {
  const { i32 } = m;
  Sections.lock(m, LOCK);
  let found = chunk === 0 ? i32[CHUNKS] : i32[chunk + NEXT];
  while (found !== 0 && !isMineLocked(m, found)) found = i32[found + NEXT];
  Sections.unlock(m, LOCK);
  return found;
}

/** True if a chunk is the caller's, perhaps just now. */
function isMineLocked(m: Memory, chunk: number): boolean {
  const { i32 } = m;
  const owner = Atomics.load(i32, chunk + X_OWNER);
  if (owner === m.owner) return true;
  if (owner !== 0 && !Sections.isGone(m, owner)) return false;
  // Nobody else may start the sequence that its last items wait for.
  Qsbr.advance(m);
  Atomics.store(i32, chunk + X_OWNER, m.owner); // COMMIT
  return true;
}

/** Takes an empty chunk of the caller's off the list; the caller frees it. */
export function remove(m: Memory, chunk: number): void {
  const { i32 } = m;
  Sections.lock(m, LOCK);
  let at = CHUNKS;
  while (i32[at] !== chunk) at = i32[at] + NEXT;
  i32[at] = i32[chunk + NEXT]; // COMMIT
  Sections.unlock(m, LOCK);
  if (i32[m.thread + DELAYED_CHUNK] === chunk) {
    i32[m.thread + DELAYED_CHUNK] = 0;
  }
}

/** Leaves all chunks of the caller to others. C: `_PyMem_AbandonDelayed()`. */
export function abandon(m: Memory): void {
  const { i32 } = m;
  i32[m.thread + DELAYED_CHUNK] = 0;
  Sections.lock(m, LOCK);
  for (let at = i32[CHUNKS]; at !== 0; at = i32[at + NEXT]) {
    if (Atomics.load(i32, at + X_OWNER) === m.owner) {
      Atomics.store(i32, at + X_OWNER, 0); // COMMIT
    }
  }
  Sections.unlock(m, LOCK);
}
