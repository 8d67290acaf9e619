/**
 * Large blocks: more than 32 KiB, a page run each.
 *
 * ## Invariants (checked by check/)
 *   L1  the first page is LARGE with the block's domain and no holder
 *   L2  every further page is TAIL and its record's HEAD is the first page
 *   L3  (LENGTH − 1) · PAGE_SIZE < NBYTES ≤ LENGTH · PAGE_SIZE
 *
 * ## Threads
 *   A block belongs to who allocated it, and so do its page map words and its
 *   record. Any thread may free it: the page map word changes under the lock
 *   of the run allocator, so that of two frees of one block one is refused. A
 *   worker that stops between taking the pages and `// COMMIT` leaves pages
 *   that are marked as TAKEN by it; recovery gives them back.
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
import * as Runs from "./runs.ts";

/** Page map word of a large block of a domain. */
export function keyOf(domain: number): number {
  return PageMap.LARGE | (domain << PageMap.DOMAIN_SHIFT);
}

/** Pages for so many bytes. Count. */
export function pagesFor(nbytes: number): number {
  return Math.ceil(nbytes / Layout.PAGE_SIZE);
}

/**
 * A block of `nbytes` for a domain.
 *
 * @returns Its byte address, or 0 if no run is long enough.
 */
export function alloc(m: Memory, domain: number, nbytes: number): Address {
  const length = pagesFor(nbytes);
  if (length >= m.pages) return 0;
  const page = Runs.alloc(m, length);
  if (page === 0) return 0;
  const record = recordOf(page);
  m.i32[record + PoolRecord.NBYTES] = nbytes | 0;
  m.i32[record + PoolRecord.LENGTH] = length;
  Runs.markTail(m, page, page + 1, page + length);
  m.i32[Layout.PAGE_MAP + page] = keyOf(domain); // COMMIT
  return addressOf(page);
}

/**
 * Frees the block that starts with `page`.
 *
 * @returns False if there is no such block any more.
 */
export function free(m: Memory, domain: number, page: number): boolean {
  const length = m.i32[recordOf(page) + PoolRecord.LENGTH];
  return Runs.free(m, page, length, keyOf(domain));
}

/** Bytes that were asked for. */
export function nbytesOf(m: Memory, page: number): number {
  return m.i32[recordOf(page) + PoolRecord.NBYTES] >>> 0;
}

/**
 * Changes the size of a block without moving it.
 *
 * @returns False, and nothing happens, if the pages behind it are taken.
 */
export function resize(m: Memory, page: number, nbytes: number): boolean {
  const record = recordOf(page);
  const wanted = pagesFor(nbytes);
  if (wanted !== m.i32[record + PoolRecord.LENGTH]) {
    return Runs.resize(m, page, wanted, nbytes);
  }
  m.i32[record + PoolRecord.NBYTES] = nbytes | 0;
  return true;
}
