/**
 * What a caller asked for and got: seen through seals and debug hooks.
 *
 * Debug hooks put a header before the caller's data and a fence behind it
 * (`layout/debug_block.ts`), so that the address that the caller has is not
 * that of the engine's block. A block has such a header or has none: it may
 * have been allocated before the hooks were on.
 *
 * ## Threads
 *   Reads only. The words belong to who owns the block.
 *
 * Source: CPython 3.14 Objects/obmalloc.c, the comment on
 * _PyMem_DebugRawAlloc().
 *
 * @module
 */

import * as Allocators from "../layout/allocators.ts";
import * as DebugBlock from "../layout/debug_block.ts";
import * as Layout from "../layout/memory_map.ts";
import type { Address, Memory } from "../memory/mod.ts";
import { sizeOfBlock } from "./pool_blocks.ts";

/** API ids of RAW, MEM and OBJ: "r", "m" and "o". Bytes. */
const IDS = [0x72, 0x6d, 0x6f];
/** Four bytes of a fence. */
const FENCE = DebugBlock.FORBIDDENBYTE * 0x01010101 | 0;

/** A word with its bytes in the other order, as unsigned number. */
function swapped(word: number): number {
  return ((word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) |
    (word >>> 24)) >>> 0;
}

/**
 * Bytes that debug hooks were asked for, or -1 where no debug hook has been.
 *
 * @param m The heap.
 * @param domain Domain of the block.
 * @param block Live block of the engine. Byte address.
 * @param room Size of the block. Bytes.
 */
function debugSize(
  m: Memory,
  domain: number,
  block: Address,
  room: number,
): number {
  const isOn = m.i32[Layout.ALLOCATORS + Allocators.X_DEBUG] !== 0; // racy hint
  if (!isOn || room < DebugBlock.EXTRA) return -1;
  const base = block >>> 2;
  const id = IDS[domain] | (FENCE & ~255);
  const isHeader = m.i32[base + DebugBlock.ID] === id &&
    m.i32[base + DebugBlock.FENCE] === FENCE;
  if (!isHeader || m.i32[base + DebugBlock.SIZE_HIGH] !== 0) return -1;
  const nbytes = swapped(m.i32[base + DebugBlock.SIZE_LOW]);
  return nbytes + DebugBlock.EXTRA <= room ? nbytes : -1;
}

/** What the caller knows of a live block. */
export interface Requested {
  /** The address that the caller has. Byte address. */
  readonly data: Address;
  /** What the caller asked for, or -1 if nobody knows. Bytes. */
  readonly nbytes: number;
}

/**
 * What the caller of a live block asked for and got.
 *
 * @param m The heap.
 * @param page First page of the pool or large block.
 * @param szidx Size class of the pool, or -1.
 * @param domain Domain of the block.
 * @param block The block. Byte address.
 * @returns Its address and size as the caller knows them.
 */
export function requestedOf(
  m: Memory,
  page: number,
  szidx: number,
  domain: number,
  block: Address,
): Requested {
  const room = sizeOfBlock(m, page, szidx);
  const nbytes = debugSize(m, domain, block, room);
  if (nbytes >= 0) return { data: block + DebugBlock.HEADER, nbytes };
  return { data: block, nbytes: szidx < 0 ? room : -1 };
}
