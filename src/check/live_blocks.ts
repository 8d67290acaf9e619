/**
 * All live blocks, one by one: what the search for leaks compares.
 *
 * ## Threads
 *   Reads only. Exact for MEM and OBJ while the world is stopped, under the
 *   locks of `locks.ts`. RAW pools of other workers may change under the walk:
 *   what they do meanwhile is seen in part.
 *
 * @module
 */

import * as Layout from "../layout/memory_map.ts";
import * as PageMap from "../layout/page_map.ts";
import { type Address, addressOf, type Memory } from "../memory/mod.ts";
import { Policy, SizeClasses } from "../pools/mod.ts";
import { classOf, isPool, LIVE, statesOf } from "./pool_blocks.ts";

/** A set of block addresses: one bit for each 16 bytes of the heap. */
export class BlockSet {
  readonly #bits: Uint32Array;
  /** Blocks in the set. Count. */
  size = 0;

  /** An empty set for a heap of so many bytes. */
  constructor(bytes: number) {
    this.#bits = new Uint32Array(Math.ceil(bytes / 512));
  }

  /** True if the set has the block. */
  has(block: Address): boolean {
    const granule = block >>> 4;
    return (this.#bits[granule >>> 5] & (1 << (granule & 31))) !== 0;
  }

  /** Adds a block that it does not have. */
  add(block: Address): void {
    const granule = block >>> 4;
    this.#bits[granule >>> 5] |= 1 << (granule & 31);
    this.size++;
  }
}

/**
 * Is called with the address of a live block, its first page, the page map word
 * of that page, and its size class, or -1 for a large block.
 */
export type Visit = (
  block: Address,
  page: number,
  key: number,
  szidx: number,
) => void;

/** Visits the live blocks of a pool. */
function visitPool(m: Memory, page: number, key: number, visit: Visit): void {
  const szidx = classOf(m, page);
  if (szidx < 0) return; // damaged
  const first = addressOf(page) + SizeClasses.firstOffset(szidx);
  const size = SizeClasses.blockSize(szidx);
  const states = statesOf(m, page, szidx);
  for (let k = 0; k < states.length; k++) {
    if (states[k] === LIVE) visit(first + k * size, page, key, szidx);
  }
}

/**
 * Visits every live block of every domain, in the order of addresses.
 *
 * @param m The heap.
 * @param visit What to do with each; it changes nothing in the heap.
 */
export function eachLiveBlock(m: Memory, visit: Visit): void {
  for (let page = m.firstPage; page < m.pages; page++) {
    const key = m.i32[Layout.PAGE_MAP + page]; // racy hint
    if (Policy.domainOf(key) > PageMap.OBJ) continue; // in no use yet
    if (isPool(key)) visitPool(m, page, key, visit);
    else if (Policy.kindOf(key) === PageMap.LARGE) {
      visit(addressOf(page), page, key, -1);
    }
  }
}
