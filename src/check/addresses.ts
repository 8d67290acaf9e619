/**
 * What lies at an address: the page, the block, and what state it is in.
 *
 * Any number may be asked about; no list is trusted (`pool_blocks.ts`).
 *
 * ## Threads
 *   Reads only, and stops nobody. Of a block that the caller owns the answer is
 *   exact; of any other it is one that was true a moment ago.
 *
 * Source: mimalloc 2.1 alloc.c, mi_is_in_heap_region(); the rest is ours.
 *
 * @module
 */

import * as Layout from "../layout/memory_map.ts";
import * as PageMap from "../layout/page_map.ts";
import * as PoolRecord from "../layout/pool_record.ts";
import {
  type Address,
  addressOf,
  type Memory,
  recordOf,
} from "../memory/mod.ts";
import { Describe } from "../domains/mod.ts";
import { Policy, SizeClasses } from "../pools/mod.ts";
import {
  classOf,
  FREE,
  isPool,
  LIVE,
  REMOTE,
  sizeOfBlock,
  statesOf,
} from "./pool_blocks.ts";

/**
 * What an address is:
 *
 * - `"live"`: in a block that was allocated and not freed
 * - `"free"`: in a block that may be given out: it was freed, or never was
 * - `"remote"`: in a block that another thread freed; the thread that holds its
 *   pool has not taken it back yet
 * - `"quarantined"`: in a pool of OBJ that is empty and waits until no reader
 *   can still look at it
 * - `"uncarved"`: in a part of a pool that no block was ever given out of
 * - `"gap"`: in a pool, where no block can be
 * - `"unused"`: in a page that nobody uses
 * - `"in transit"`: in pages that a thread has taken and not put to use yet
 * - `"metadata"`: in the heap's own tables
 * - `"null"`: 0
 * - `"outside"`: no address of the heap
 */
export type AddressState =
  | "live"
  | "free"
  | "remote"
  | "quarantined"
  | "uncarved"
  | "gap"
  | "unused"
  | "in transit"
  | "metadata"
  | "null"
  | "outside";

/** What {@linkcode lookUp} finds. */
export interface Place {
  /** The number that was asked about. */
  readonly address: number;
  /** What it is. */
  readonly state: AddressState;
  /** First page of the pool, span or large block. Page number, or 0. */
  readonly page: number;
  /** Page map word of that page. */
  readonly key: number;
  /** Block that the address lies in. Byte address, or 0. */
  readonly block: Address;
  /** Size class of the pool, or -1. */
  readonly szidx: number;
  /** Size of the block; of a large one what was asked for. Bytes, or 0. */
  readonly blockSize: number;
}

/** A place without a block. */
function bare(
  address: number,
  state: AddressState,
  page = 0,
  key = 0,
  szidx = -1,
): Place {
  return { address, state, page, key, block: 0, szidx, blockSize: 0 };
}

/** State of a page that is neither pool nor large block. */
function stateOfPage(key: number): AddressState {
  const kind = Policy.kindOf(key);
  if (kind === PageMap.METADATA) return "metadata";
  return kind === PageMap.LARGE ? "in transit" : "unused";
}

/** State of a block of a pool. */
function stateOfBlock(
  m: Memory,
  page: number,
  key: number,
  szidx: number,
  index: number,
): AddressState {
  const state = statesOf(m, page, szidx)[index];
  if (state === LIVE) return "live";
  if (state === REMOTE) return "remote";
  if (state !== FREE) return "uncarved";
  const isNobodys = (Policy.holderOf(key) & PageMap.SLOT_MASK) ===
    PageMap.NOBODY;
  const isEmpty = m.i32[recordOf(page) + PoolRecord.COUNT] === 0; // racy hint
  return isNobodys && isEmpty ? "quarantined" : "free";
}

/** An address in a pool or span. */
function inPool(m: Memory, address: number, page: number, key: number): Place {
  const szidx = classOf(m, page);
  if (szidx < 0) return bare(address, "gap", page, key);
  const first = addressOf(page) + SizeClasses.firstOffset(szidx);
  const size = SizeClasses.blockSize(szidx);
  const index = Math.floor((address - first) / size);
  if (index < 0 || index >= SizeClasses.capacity(szidx)) {
    return bare(address, "gap", page, key, szidx);
  }
  return {
    address,
    state: stateOfBlock(m, page, key, szidx, index),
    page,
    key,
    block: first + index * size,
    szidx,
    blockSize: size,
  };
}

/** An address in a large block. */
function inLarge(m: Memory, address: number, page: number, key: number): Place {
  const length = m.i32[recordOf(page) + PoolRecord.LENGTH];
  const block = addressOf(page);
  if (address - block >= length * Layout.PAGE_SIZE) {
    return bare(address, "unused");
  }
  return {
    address,
    state: "live",
    page,
    key,
    block,
    szidx: -1,
    blockSize: sizeOfBlock(m, page, -1),
  };
}

/**
 * Finds out what a number is.
 *
 * @param m The heap.
 * @param address Any number.
 * @returns What it is in the heap.
 */
export function lookUp(m: Memory, address: number): Place {
  if (address === 0) return bare(address, "null");
  if (!Describe.isAddress(m, address)) return bare(address, "outside");
  const page = Describe.headOf(m, Math.floor(address / Layout.PAGE_SIZE));
  const key = m.i32[Layout.PAGE_MAP + page]; // racy hint
  if (isPool(key)) return inPool(m, address, page, key);
  const isLarge = Policy.kindOf(key) === PageMap.LARGE &&
    Policy.domainOf(key) <= PageMap.OBJ;
  if (isLarge) return inLarge(m, address, page, key);
  return bare(address, stateOfPage(key), page, key);
}
