/**
 * Repair: puts right what a holder that died has left half done.
 *
 * Everything is derived again from what cannot be torn: the page map, the
 * links of free lists, remote stacks. Doing it twice does no harm, so whoever
 * dies while repairing leaves work for the next and nothing else.
 *
 * ## Threads
 *   `mend()` and `rings()` are for pools whose holder is dead, is suspended by
 *   a worker that is dead, or is the caller. `arenaSet()` is for who has the
 *   lock of the set, or the GIL where that is the lock.
 *
 * @module
 */

import * as ArenaObject from "../layout/arena_object.ts";
import * as ArenaSet from "../layout/arena_set.ts";
import * as Layout from "../layout/memory_map.ts";
import * as PageMap from "../layout/page_map.ts";
import * as PoolRecord from "../layout/pool_record.ts";
import * as RemoteRecord from "../layout/remote_record.ts";
import * as ThreadState from "../layout/thread_state.ts";
import { addressOf, type Memory, recordOf, States } from "../memory/mod.ts";
import { Runs } from "../raw/mod.ts";
import * as Arena from "./arena.ts";
import * as Policy from "./policy.ts";
import * as Remote from "./remote.ts";
import * as Ring from "./ring.ts";
import * as SizeClasses from "./size_classes.ts";
import * as Supply from "./supply.ts";

const { FREEBLOCK, COUNT, SZIDX, NEXTOFFSET, DRAIN } = PoolRecord;
const COUNT_SHIFT = RemoteRecord.TOP_BITS;

/** True if a page map word is that of a pool or span. */
export function isPool(key: number): boolean {
  const kind = Policy.kindOf(key);
  return kind === PageMap.POOL || kind === PageMap.SPAN ||
    kind === PageMap.VIA_RAW;
}

/** Blocks of a pool that were ever carved. Count. */
function carvedOf(m: Memory, pool: number): number {
  const szidx = m.i32[pool + SZIDX];
  const bytes = m.i32[pool + NEXTOFFSET] - SizeClasses.firstOffset(szidx);
  return Math.floor(bytes / SizeClasses.blockSize(szidx));
}

/** True if a carved block of the pool starts there. */
function isCarved(m: Memory, page: number, block: number): boolean {
  const pool = recordOf(page);
  const offset = (block >>> 0) - addressOf(page);
  return offset >= 0 && offset < m.i32[pool + NEXTOFFSET] &&
    SizeClasses.isBlockStart(m.i32[pool + SZIDX], offset);
}

/**
 * Position of a block in a list of at most `most` blocks of a page, or -1.
 * With `block` 0: the length of the list.
 */
function find(
  m: Memory,
  page: number,
  head: number,
  most: number,
  block: number,
): number {
  let at = head;
  for (let k = 0; k <= most; k++) {
    if (at === block) return k;
    if (at === 0 || !isCarved(m, page, at)) return -1;
    at = m.i32[at >>> 2];
  }
  return -1;
}

/** True if a stack that was noted in DRAIN had been taken off the page. */
function wasTaken(m: Memory, page: number, stack: number): boolean {
  const at = m.remotes + (page << RemoteRecord.SHIFT) + RemoteRecord.X_REMOTE;
  const now = Atomics.load(m.i32, at);
  if (now === 0) return true;
  const base = addressOf(page);
  const above = (now >>> COUNT_SHIFT) - (stack >>> COUNT_SHIFT);
  const top = Remote.addressOfTop(base, stack);
  return above < 0 ||
    find(m, page, Remote.addressOfTop(base, now), above, top) !== above;
}

/** Ends a drain that was begun. */
function finishDrain(m: Memory, page: number, pool: number): void {
  const i32 = m.i32;
  const stack = i32[pool + DRAIN];
  if (stack === 0) return;
  const top = Remote.addressOfTop(addressOf(page), stack);
  const list = i32[pool + FREEBLOCK];
  const isDone = !wasTaken(m, page, stack) ||
    find(m, page, list, carvedOf(m, pool), top) >= 0;
  if (!isDone) {
    Remote.append(m, page, stack, list);
    i32[pool + FREEBLOCK] = top; // COMMIT
  }
  i32[pool + DRAIN] = 0;
}

/** Ends a carving that was begun, or undoes it. */
function finishCarve(m: Memory, page: number, pool: number): void {
  const i32 = m.i32;
  const szidx = i32[pool + SZIDX];
  const at = m.remotes + (page << RemoteRecord.SHIFT) + RemoteRecord.SHAPE;
  const end = i32[at] >>> RemoteRecord.CLASS_BITS;
  if (end === i32[pool + NEXTOFFSET]) return;
  if (i32[pool + FREEBLOCK] === 0) {
    const first = SizeClasses.firstOffset(szidx);
    i32[pool + NEXTOFFSET] = Math.max(end, first);
  } else {
    i32[at] = (i32[pool + NEXTOFFSET] << RemoteRecord.CLASS_BITS) | szidx;
  }
}

/**
 * Makes the states of the blocks of a pool fit its free list. In a sealed heap.
 *
 * No block that is not free looks so meanwhile: somebody may be about to free
 * one. A claim is none of ours, unless it is of a free block.
 */
function mendStates(m: Memory, page: number, pool: number): void {
  const szidx = m.i32[pool + SZIDX];
  const size = SizeClasses.blockSize(szidx);
  const first = addressOf(page) + SizeClasses.firstOffset(szidx);
  const end = first + carvedOf(m, pool) * size;
  for (let block = first; block < end; block += size) States.raise(m, block);
  let free = m.i32[pool + FREEBLOCK];
  while (free !== 0) {
    States.lower(m, free);
    States.unclaim(m, free);
    free = m.i32[free >>> 2];
  }
}

/**
 * Makes a pool whole whose holder was cut short.
 *
 * @returns By how much COUNT was wrong: 1 if a block was on its way out. Count.
 */
export function mend(m: Memory, page: number): number {
  const i32 = m.i32;
  const pool = recordOf(page);
  finishCarve(m, page, pool);
  finishDrain(m, page, pool);
  const carved = carvedOf(m, pool);
  const free = find(m, page, i32[pool + FREEBLOCK], carved, 0);
  if (free < 0) return 0; // a damaged list is none of ours to mend
  if (m.isSealed) mendStates(m, page, pool);
  const wrong = carved - free - i32[pool + COUNT];
  i32[pool + COUNT] = carved - free;
  return wrong;
}

/** Empties the ring sets `from` … `to` − 1 of a slot. */
function clearRings(m: Memory, slot: number, from: number, to: number): void {
  const rings = Layout.THREADS + slot * ThreadState.SIZEOF + ThreadState.RINGS;
  for (
    let k = from * ThreadState.RING_SET;
    k < to * ThreadState.RING_SET;
    k++
  ) {
    m.i32[rings + k] = 0;
  }
}

/**
 * Mends the pools of a holder in the domains `from` … `to`, and rebuilds its
 * rings of them. Its empty pools go back.
 *
 * @returns Blocks that were on their way. Count.
 */
export function rings(
  m: Memory,
  holder: number,
  from: number,
  to: number,
): number {
  const i32 = m.i32;
  const slot = holder & PageMap.SLOT_MASK;
  clearRings(m, slot, from, to + 1);
  if (slot === PageMap.GIL_HOLDER) {
    clearRings(
      m,
      slot,
      from + ThreadState.VIA_RAW,
      to + 1 + ThreadState.VIA_RAW,
    );
  }
  let wrong = 0;
  for (let page = m.firstPage; page < m.pages; page++) {
    const key = Atomics.load(i32, Layout.PAGE_MAP + page);
    const domain = Policy.domainOf(key);
    const isTheirs = isPool(key) && Policy.holderOf(key) === holder;
    if (!isTheirs || domain < from || domain > to) continue;
    wrong += mend(m, page);
    replace(m, page, key);
  }
  return wrong;
}

/** Puts a pool into its ring, or gives it back if it is empty. */
function replace(m: Memory, page: number, key: number): void {
  const pool = recordOf(page);
  if (m.i32[pool + COUNT] === 0) Supply.release(m, key, pool);
  else if (!Ring.isFull(m, pool)) {
    Ring.insertUsed(m, Policy.ringOf(m, key, m.i32[pool + SZIDX]), pool);
  }
}

/** Drops all lists and counts of a set. */
function clearSet(m: Memory, set: number): void {
  const i32 = m.i32;
  i32[set + ArenaSet.USABLE_ARENAS] = 0;
  i32[set + ArenaSet.CURRENT] = 0;
  i32[set + ArenaSet.QUARANTINED] = 0;
  i32[set + ArenaSet.ABANDONED_COUNT] = 0;
  for (let k = ArenaSet.NFP2LASTA; k < ArenaSet.ABANDONED; k++) {
    i32[set + k] = 0;
  }
  for (let k = ArenaSet.ABANDONED; k < ArenaSet.SIZEOF; k++) i32[set + k] = 0;
}

/** Lists the free pools of an arena again; none keeps its class. */
function mendArena(m: Memory, arena: number): void {
  const i32 = m.i32;
  const first = Arena.firstPage(arena);
  const end = first + Layout.PAGES_PER_ARENA;
  let free = 0;
  let count = 0;
  for (let page = end - 1; page >= first; page--) {
    if (i32[Layout.PAGE_MAP + page] !== PageMap.FREE) continue;
    const pool = recordOf(page);
    i32[pool + SZIDX] = Arena.DUMMY_SIZE_IDX;
    i32[pool + PoolRecord.NEXTPOOL] = free;
    free = pool;
    count++;
  }
  i32[arena + ArenaObject.POOL_ADDRESS] = end;
  i32[arena + ArenaObject.NTOTALPOOLS] = Layout.PAGES_PER_ARENA;
  i32[arena + ArenaObject.NFREEPOOLS] = count;
  i32[arena + ArenaObject.FREEPOOLS] = free;
}

/** Lists the arenas of a set with `count` free pools behind `prev`. */
function listArenas(
  m: Memory,
  set: number,
  count: number,
  prev: number,
): number {
  let last = prev;
  for (let page = 0; page < m.pages; page += Layout.PAGES_PER_ARENA) {
    const arena = Runs.arenaOf(page);
    if (m.i32[arena + ArenaObject.SET] !== set) continue;
    if (m.i32[arena + ArenaObject.NFREEPOOLS] !== count) continue;
    Arena.linkAfter(m, set, arena, last);
    m.i32[set + ArenaSet.NFP2LASTA + count] = arena;
    last = arena;
  }
  return last;
}

/** Where the pools of nobody belong: rings of the set, or back. */
function replaceOrphans(m: Memory, set: number): void {
  const i32 = m.i32;
  for (let page = m.firstPage; page < m.pages; page++) {
    const key = Atomics.load(i32, Layout.PAGE_MAP + page);
    if (!isPool(key) || Policy.holderOf(key) !== PageMap.NOBODY) continue;
    if (Policy.arenaSetOf(m, key) !== set) continue;
    const pool = recordOf(page);
    if (i32[pool + COUNT] === 0) Supply.releaseLocked(m, set, key, pool);
    else if (!Ring.isFull(m, pool)) {
      Supply.abandonLocked(m, set, key, pool);
    }
  }
}

/** Rebuilds an arena set from arena objects and page map. Under its lock. */
export function arenaSet(m: Memory, set: number): void {
  const i32 = m.i32;
  clearSet(m, set);
  let current = 0;
  for (let page = 0; page < m.pages; page += Layout.PAGES_PER_ARENA) {
    const arena = Runs.arenaOf(page);
    if (i32[arena + ArenaObject.SET] !== set) continue;
    mendArena(m, arena);
    current++;
  }
  i32[set + ArenaSet.CURRENT] = current;
  if (current > i32[set + ArenaSet.HIGHWATER]) {
    i32[set + ArenaSet.HIGHWATER] = current;
  }
  let last = 0;
  for (let n = 1; n <= Layout.PAGES_PER_ARENA; n++) {
    last = listArenas(m, set, n, last);
  }
  Arena.keepOneEmpty(m, set);
  replaceOrphans(m, set);
}

/** Announces every page again that has remote frees: bits cannot be too many. */
export function announceAll(m: Memory): void {
  for (let page = m.firstPage; page < m.pages; page++) {
    const key = Atomics.load(m.i32, Layout.PAGE_MAP + page);
    if (isPool(key)) Remote.noteHolder(m, page);
  }
}

/** Gives back what a worker took from the page runs and has not put to use. */
export function giveBackTaken(m: Memory, owner: number): number {
  const key = Runs.takenKey(owner);
  let pages = 0;
  for (let page = m.firstPage; page < m.pages; page++) {
    if (Atomics.load(m.i32, Layout.PAGE_MAP + page) !== key) continue;
    const length = m.i32[Runs.takenPagesOf(m, page)];
    if (Runs.free(m, page, length, key)) pages += length;
  }
  return pages;
}
