/**
 * What differs between the two builds, as functions of a page map word.
 *
 * The engine asks "who is the holder?" and nothing else about builds; these
 * are the few answers that depend on it.
 *
 * ## Threads
 *   Pure functions of their arguments and of constants of the heap.
 *
 * @module
 */

import * as Header from "../layout/header.ts";
import * as Layout from "../layout/memory_map.ts";
import * as PageMap from "../layout/page_map.ts";
import * as ThreadState from "../layout/thread_state.ts";
import type { Memory } from "../memory/mod.ts";

/** Kind of a page map word. */
export function kindOf(key: number): number {
  return key & PageMap.KIND_MASK;
}

/** Domain of a page map word. */
export function domainOf(key: number): number {
  return (key >>> PageMap.DOMAIN_SHIFT) & PageMap.DOMAIN_MASK;
}

/** Holder of a page map word: incarnation and slot. */
export function holderOf(key: number): number {
  return key >>> PageMap.HOLDER_SHIFT;
}

/** The same page map word with another holder. */
export function withHolder(key: number, holder: number): number {
  const mask = (1 << PageMap.HOLDER_SHIFT) - 1;
  return (key & mask) | (holder << PageMap.HOLDER_SHIFT);
}

/** The same page map word with another kind. */
export function withKind(key: number, kind: number): number {
  return (key & ~PageMap.KIND_MASK) | kind;
}

/** True for MEM and OBJ where the GIL holds their pools, as pymalloc's. */
function isUnderGil(m: Memory, key: number): boolean {
  return m.isGilHeld && domainOf(key) !== PageMap.RAW;
}

/** Ring set of a pool. Index. */
export function ringSetOf(m: Memory, key: number): number {
  const domain = domainOf(key);
  return isUnderGil(m, key) && kindOf(key) !== PageMap.POOL
    ? domain + ThreadState.VIA_RAW
    : domain;
}

/** Ring head of a pool's class at its holder. Word index. */
export function ringOf(m: Memory, key: number, szidx: number): number {
  const slot = holderOf(key) & PageMap.SLOT_MASK;
  return Layout.THREADS + slot * ThreadState.SIZEOF + ThreadState.RINGS +
    ringSetOf(m, key) * ThreadState.RING_SET + szidx;
}

/** Arena set that a pool's page comes from and whose lock guards its changes. */
export function arenaSetOf(m: Memory, key: number): number {
  const isRawEngine = m.isGilHeld &&
    (domainOf(key) === PageMap.RAW || kindOf(key) !== PageMap.POOL);
  return isRawEngine ? Layout.RAW_ARENA_SET : Layout.ARENA_SET;
}

/**
 * True if the holder keeps one empty pool of each class, so that a program
 * that hovers at a boundary does not thrash. pymalloc keeps none.
 */
export function keepsSpare(m: Memory, key: number): boolean {
  return !isUnderGil(m, key) || kindOf(key) !== PageMap.POOL;
}

/**
 * True if pools change hands under the lock of their arena set. Where the GIL
 * holds them all it is the lock.
 */
export function needsLock(m: Memory, key: number): boolean {
  return !isUnderGil(m, key) || kindOf(key) !== PageMap.POOL;
}

/**
 * True if lock-free readers may still look at objects in an empty pool: it
 * changes class, domain or use only after a grace period.
 */
export function isDeferred(m: Memory, key: number): boolean {
  return m.build === Header.BUILD_FREE_THREADED &&
    domainOf(key) === PageMap.OBJ;
}

/** Word with the groups of news of a pool's holder. Word index. */
export function newsOf(key: number): number {
  return newsAt(holderOf(key) & PageMap.SLOT_MASK, domainOf(key));
}

/** Word with the groups of news of a slot for a domain. Word index. */
export function newsAt(slot: number, domain: number): number {
  const field = domain === PageMap.RAW
    ? ThreadState.X_RAW_NEWS
    : ThreadState.X_NEWS;
  return Layout.THREADS + slot * ThreadState.SIZEOF + field;
}
