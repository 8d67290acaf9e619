/**
 * The blocks of a pool: which are live, free, on their way back, never carved.
 *
 * Nothing that is read is trusted: a list is followed only from block to block
 * of its pool, and never over a block that it has passed.
 *
 * ## Threads
 *   Reads only. The answer is exact for a pool at rest: one of the caller's own,
 *   or of MEM and OBJ in a world that is stopped. Of any other it is one that
 *   was true a moment ago, for each block by itself.
 *
 * @module
 */

import * as Layout from "../layout/memory_map.ts";
import * as PageMap from "../layout/page_map.ts";
import * as PoolRecord from "../layout/pool_record.ts";
import * as RemoteRecord from "../layout/remote_record.ts";
import { addressOf, type Memory, recordOf } from "../memory/mod.ts";
import { Describe } from "../domains/mod.ts";
import { Policy, Remote, SizeClasses } from "../pools/mod.ts";
import { Large } from "../raw/mod.ts";

/** The block was handed out and not given back. */
export const LIVE = 0;
/** The block is on the free list of its pool: freed, or never handed out. */
export const FREE = 1;
/** Another thread gave the block back; the holder has not taken it yet. */
export const REMOTE = 2;
/** The block was never carved. */
export const UNCARVED = 3;

/** True if a page map word is that of a pool or a span. */
export function isPool(key: number): boolean {
  const kind = Policy.kindOf(key);
  return kind === PageMap.POOL || kind === PageMap.SPAN ||
    kind === PageMap.VIA_RAW;
}

/** Size class of a pool, or -1 if it is none that its page can have. */
export function classOf(m: Memory, page: number): number {
  const szidx = m.i32[recordOf(page) + PoolRecord.SZIDX];
  const isSpan = Policy.kindOf(m.i32[Layout.PAGE_MAP + page]) === PageMap.SPAN;
  const from = isSpan ? SizeClasses.SMALL_CLASSES : 0;
  const to = isSpan ? SizeClasses.CLASSES : SizeClasses.SMALL_CLASSES;
  return szidx >= from && szidx < to ? szidx : -1;
}

/**
 * Size of a block of a class; with -1 of the large block that starts with the
 * page, what it was asked for. Bytes.
 */
export function sizeOfBlock(m: Memory, page: number, szidx: number): number {
  return szidx < 0
    ? Math.max(Large.nbytesOf(m, page) - Describe.overheadOf(m), 0)
    : SizeClasses.blockSize(szidx);
}

/** Blocks on the remote stack of a pool of the class. Count. */
export function remoteCount(m: Memory, page: number, szidx: number): number {
  const at = m.remotes + (page << RemoteRecord.SHIFT) + RemoteRecord.X_REMOTE;
  const stack = Atomics.load(m.i32, at);
  const count = stack >>> RemoteRecord.TOP_BITS;
  return Math.min(count, SizeClasses.capacity(szidx));
}

/** Blocks of a pool of the class that are handed out, remote ones too. Count. */
export function usedCount(m: Memory, page: number, szidx: number): number {
  const count = m.i32[recordOf(page) + PoolRecord.COUNT]; // racy hint
  return Math.min(Math.max(count, 0), SizeClasses.capacity(szidx));
}

/** Gives a state to the blocks of a list that have none yet. */
function markList(
  m: Memory,
  first: number,
  size: number,
  head: number,
  states: Uint8Array,
  state: number,
): void {
  let block = head >>> 0;
  while (block !== 0) {
    const index = (block - first) / size;
    if (states[index] !== LIVE) return; // also if it is no index
    states[index] = state;
    block = m.i32[block >>> 2] >>> 0;
  }
}

/** Blocks of a pool that were carved. Count. */
function carvedCount(m: Memory, page: number, szidx: number): number {
  const next = m.i32[recordOf(page) + PoolRecord.NEXTOFFSET]; // racy hint
  const carved = Math.floor(
    (next - SizeClasses.firstOffset(szidx)) / SizeClasses.blockSize(szidx),
  );
  return Math.min(Math.max(carved, 0), SizeClasses.capacity(szidx));
}

/**
 * States of all blocks of a pool, in the order of their addresses.
 *
 * @param m The heap.
 * @param page First page of the pool.
 * @param szidx What {@linkcode classOf} says of it, not -1.
 * @returns {@linkcode LIVE} and so on, for each block.
 */
export function statesOf(m: Memory, page: number, szidx: number): Uint8Array {
  const { i32 } = m;
  const pool = recordOf(page);
  const base = addressOf(page);
  const first = base + SizeClasses.firstOffset(szidx);
  const size = SizeClasses.blockSize(szidx);
  const carved = carvedCount(m, page, szidx);
  const states = new Uint8Array(SizeClasses.capacity(szidx));
  for (let k = carved; k < states.length; k++) states[k] = UNCARVED;
  const remote = m.remotes + (page << RemoteRecord.SHIFT);
  const stack = Atomics.load(i32, remote + RemoteRecord.X_REMOTE);
  const free = i32[pool + PoolRecord.FREEBLOCK]; // racy hint
  const drain = i32[pool + PoolRecord.DRAIN]; // racy hint
  markList(m, first, size, free, states, FREE);
  const taken = Remote.addressOfTop(base, drain);
  markList(m, first, size, taken, states, FREE);
  const waiting = Remote.addressOfTop(base, stack);
  markList(m, first, size, waiting, states, REMOTE);
  return states;
}
