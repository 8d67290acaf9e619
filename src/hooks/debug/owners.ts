/**
 * Which worker allocated a block, and which one freed it: what a report says
 * beyond CPython's text. Heaps without notes do not know.
 *
 * ## Threads
 *   Reads only, plainly: the block may belong to nobody. A note that names no
 *   worker is not believed.
 *
 * @module
 */

import * as Layout from "../../layout/memory_map.ts";
import * as PageMap from "../../layout/page_map.ts";
import { Describe, Seal } from "../../domains/mod.ts";
import {
  type Address,
  type Memory,
  States,
  threadsUsed,
} from "../../memory/mod.ts";

/**
 * First page of the engine's block that starts at an address, or -1 if none
 * does or the heap knows no states of blocks.
 */
export function pageOf(m: Memory, base: Address): number {
  if (!m.isSealed || base % 16 !== 0) return -1;
  const page = Describe.headOf(m, base >>> Layout.PAGE_BITS);
  const isOurs = page >= m.firstPage && page < m.pages;
  return isOurs && Describe.isBlock(m, page, base) ? page : -1;
}

/** `thread 3`, or `""` if no worker can have that owner id. */
export function nameOf(m: Memory, owner: number): string {
  const slot = owner & PageMap.SLOT_MASK;
  const isWorker = owner > 0 && slot >= PageMap.FIRST_SLOT &&
    slot < threadsUsed(m);
  return isWorker ? `thread ${slot}` : "";
}

/** True if the engine knows that a block was freed. */
export function isFreed(m: Memory, base: Address): boolean {
  const page = pageOf(m, base);
  return page >= 0 && !States.isLive(m, base);
}

/**
 * Who allocated and who freed a block, in a sentence.
 *
 * @param m The heap.
 * @param base Where the hooks' block starts. Byte address.
 * @returns A line with its end, or `""` if nothing is known.
 */
export function describe(m: Memory, base: Address): string {
  const page = pageOf(m, base);
  if (page < 0) return "";
  const freer = Seal.freedBy(m, page, base);
  if (freer === 0 && !States.isLive(m, base)) return "";
  const allocator = nameOf(m, Seal.allocatedBy(m, page, base));
  if (allocator === "") return "";
  const freed = nameOf(m, freer);
  return `Allocated by ${allocator}` +
    (freed === "" ? "" : `; first freed by ${freed}`) + ".\n";
}
