/**
 * What an address is, in words, and where its block starts.
 *
 * ## Threads
 *   Reads only. The page of a block that the caller owns cannot change; of
 *   any other address the answer may be out of date when it is read.
 *
 * @module
 */

import { PointerError, show } from "../errors.ts";
import * as Layout from "../layout/memory_map.ts";
import * as PageMap from "../layout/page_map.ts";
import * as PoolRecord from "../layout/pool_record.ts";
import {
  type Address,
  addressOf,
  type Memory,
  recordOf,
} from "../memory/mod.ts";
import { Policy, SizeClasses } from "../pools/mod.ts";
import { Large } from "../raw/mod.ts";
import { NAMES } from "./names.ts";

/** Size of the notes at the end of a block, see `seal.ts`. Bytes. */
export const NOTES_SIZE = 8;

/** True if the value is a number that is an address inside the heap. */
export function isAddress(m: Memory, value: number): boolean {
  return Number.isInteger(value) && value > 0 &&
    value < m.buffer.byteLength;
}

/** First page of the span or large block that a page is a part of. */
export function headOf(m: Memory, page: number): number {
  const i32 = m.i32;
  if (Policy.kindOf(i32[Layout.PAGE_MAP + page]) !== PageMap.TAIL) return page;
  const head = i32[recordOf(page) + PoolRecord.HEAD];
  return head > 0 && head < page ? head : page;
}

/** True if a block that may be live starts at the address, on its head page. */
export function isBlock(m: Memory, page: number, block: Address): boolean {
  const i32 = m.i32;
  const kind = Policy.kindOf(i32[Layout.PAGE_MAP + page]);
  const offset = block - addressOf(page);
  if (kind === PageMap.LARGE) return offset === 0;
  const isPool = kind === PageMap.POOL || kind === PageMap.SPAN ||
    kind === PageMap.VIA_RAW;
  if (!isPool) return false;
  const pool = recordOf(page);
  const end = i32[pool + PoolRecord.NEXTOFFSET]; // racy hint: it only grows
  return offset < end &&
    SizeClasses.isBlockStart(i32[pool + PoolRecord.SZIDX], offset);
}

/** Bytes that a block may be used for. The page is its first one. */
export function usableSize(m: Memory, page: number): number {
  return spaceOf(m, page) - overheadOf(m);
}

/** Bytes of each block that its notes take. */
export function overheadOf(m: Memory): number {
  return m.hasNotes ? NOTES_SIZE : 0;
}

/** Bytes of a block, its notes included. The page is its first one. */
export function spaceOf(m: Memory, page: number): number {
  const pool = recordOf(page);
  const kind = Policy.kindOf(m.i32[Layout.PAGE_MAP + page]);
  return kind === PageMap.LARGE
    ? m.i32[pool + PoolRecord.LENGTH] * Layout.PAGE_SIZE
    : SizeClasses.blockSize(m.i32[pool + PoolRecord.SZIDX]);
}

/** Who holds the pool: `the GIL`, `thread 3`, or `nobody`. */
function holderName(key: number): string {
  const slot = Policy.holderOf(key) & PageMap.SLOT_MASK;
  if (slot === PageMap.NOBODY) return "nobody";
  return slot === PageMap.GIL_HOLDER ? "the GIL" : `thread ${slot}`;
}

/** What the address is, as the second half of a sentence. */
export function describe(m: Memory, value: unknown): string {
  if (typeof value !== "number" || !Number.isInteger(value)) {
    return "it is no address";
  }
  if (!isAddress(m, value)) return "it is outside the heap";
  const page = headOf(m, value >>> Layout.PAGE_BITS);
  const key = m.i32[Layout.PAGE_MAP + page];
  const kind = Policy.kindOf(key);
  if (kind === PageMap.METADATA) return "it belongs to the heap's own tables";
  if (kind === PageMap.FREE || kind === PageMap.FREE_RUN) {
    return "its page is free";
  }
  if (kind === PageMap.TAIL) return "its page is no longer in use";
  const domain = NAMES[Policy.domainOf(key)];
  const held = kind === PageMap.LARGE
    ? `${Large.nbytesOf(m, page) - overheadOf(m)} bytes long`
    : `held by ${holderName(key)}`;
  if (isBlock(m, page, value)) {
    return `it is a block of the ${domain} domain, ${held}`;
  }
  return `no block starts there; it lies in memory of the ${domain} domain, ` +
    held;
}

/**
 * First page of a block of a domain.
 *
 * @throws {TypeError} If the value is no number.
 * @throws {PointerError} If it is no address of such a block.
 */
export function pageOfBlock(
  m: Memory,
  verb: string,
  domain: number,
  block: Address,
): number {
  if (isAddress(m, block)) {
    const page = headOf(m, block >>> Layout.PAGE_BITS);
    const isOurs = Policy.domainOf(m.i32[Layout.PAGE_MAP + page]) === domain;
    if (isOurs && isBlock(m, page, block)) return page;
  }
  const text = `Cannot ${verb} ${show(block)} in the ${NAMES[domain]} ` +
    `domain: ${describe(m, block)}`;
  throw typeof block === "number"
    ? new PointerError(text)
    : new TypeError(text);
}
