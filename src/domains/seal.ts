/**
 * Seals: what each block ends with in a heap that wants to know its mistakes.
 *
 * ```text
 *   block                                        usable end
 *   ┌──────────────────────────────┬──────┬──────┐
 *   │ what the caller may use      │ SEAL │ BY   │
 *   └──────────────────────────────┴──────┴──────┘
 *   SEAL  of a live block: a number that its address and the heap's secret make;
 *         of a freed one: the same, mixed with the owner id of who freed it
 *   BY    owner id of who allocated the block
 * ```
 *
 * So a block that is freed twice, an address inside of a block, and a write
 * beyond the usable end are told from a live block by one compare, and a report
 * can say who did what.
 *
 * ## Invariants
 *   E1  SEAL of a live block is its number; of no other address, but for one
 *       chance in four thousand million
 *
 * ## Threads
 *   The words belong to who owns the block. Whoever frees a block of another
 *   holder's pool breaks its seal by compare-and-exchange, so that of two that
 *   free it at once one is refused; in the holder's own pools the test and the
 *   store are plain, and two frees at the same moment may both pass. A worker
 *   that stops between the seal and the free leaks the block.
 *
 * @module
 */

import { PointerError, show } from "../errors.ts";
import * as Layout from "../layout/memory_map.ts";
import * as PageMap from "../layout/page_map.ts";
import type { Address, Memory } from "../memory/mod.ts";
import * as Describe from "./describe.ts";

/** Low bits of what is mixed into the seal of a freed block. */
const FREED = 21;
/** Bits of {@linkcode FREED}. */
const FREED_BITS = 5;
/** Spreads addresses over all words. */
export const MULTIPLIER = -1640531535;

/** The seal of a live block. */
export function sealOf(secret: number, block: Address): number {
  return (Math.imul(block, MULTIPLIER) ^ secret) | 0;
}

/** What is mixed into the seal of a block that `owner` frees. */
export function markOf(owner: number): number {
  return (owner << FREED_BITS) | FREED;
}

/** Word with the seal of a block whose pool or run starts with `page`. */
function wordOf(m: Memory, page: number, block: Address): number {
  return (block >>> 2) + (Describe.spaceOf(m, page) >>> 2) - 2;
}

/** Seals a block that was just taken, and notes who had freed it before. */
export function seal(m: Memory, block: Address): void {
  const page = Describe.headOf(m, block >>> Layout.PAGE_BITS);
  const at = wordOf(m, page, block);
  m.lastSealed = block;
  m.lastFreer = freedBy(m, page, block);
  m.i32[at + 1] = m.owner;
  m.i32[at] = sealOf(m.secret, block);
}

/** Who allocated a block. Owner id, if it has not been overwritten. */
export function allocatedBy(m: Memory, page: number, block: Address): number {
  return m.i32[wordOf(m, page, block) + 1];
}

/**
 * Who freed a block. Owner id, or 0 if it is not freed, was never allocated, or
 * its seal is damaged.
 */
export function freedBy(m: Memory, page: number, block: Address): number {
  const found = m.i32[wordOf(m, page, block)];
  if (found === 0) return 0;
  const mark = found ^ sealOf(m.secret, block);
  return (mark & ((1 << FREED_BITS) - 1)) === FREED ? mark >>> FREED_BITS : 0;
}

/** Why a seal is not that of a live block, as the end of a sentence. */
function faultOf(m: Memory, page: number, block: Address): string {
  const owner = freedBy(m, page, block);
  if (owner === 0) {
    return "its seal is damaged: something wrote beyond its end, or it was " +
      "never allocated";
  }
  return `thread ${owner & PageMap.SLOT_MASK} has freed it already`;
}

/** Throws because a block is not live. */
export function refuse(
  m: Memory,
  verb: string,
  domain: string,
  page: number,
  block: Address,
): never {
  throw new PointerError(
    `Cannot ${verb} ${show(block)} in the ${domain} domain: ` +
      faultOf(m, page, block),
  );
}

/** True if a block is live by its seal. */
export function isLive(m: Memory, page: number, block: Address): boolean {
  return m.i32[wordOf(m, page, block)] === sealOf(m.secret, block);
}

/**
 * Breaks the seal of a live block that is about to be freed.
 *
 * @returns False, and nothing happens, if the block is not live.
 */
export function breakSeal(m: Memory, page: number, block: Address): boolean {
  const at = wordOf(m, page, block);
  const live = sealOf(m.secret, block);
  const freed = live ^ markOf(m.owner);
  return Atomics.compareExchange(m.i32, at, live, freed) === live;
}
