/**
 * Planted bugs of the run that kills: what a broken recovery would do.
 *
 * | canary | what goes wrong | what must be found |
 * |---|---|---|
 * | `forgotten-reap` | `reap()` does nothing | `not-recovered` |
 * | `forgotten-pools` | the pools of the dead stay theirs | `broken-invariant` |
 * | `forgotten-blocks` | nobody frees what the dead held | `lost-block` |
 *
 * ## Threads
 *   Main thread. The pools are given back to the dead by plain writes to the
 *   page map: it is a bug that is planted, and may do what bugs do.
 *
 * @module
 */

import * as Layout from "../../../layout/memory_map.ts";
import * as PageMap from "../../../layout/page_map.ts";
import type { Heap, RevokeReport } from "../heap.ts";

/** Names of the planted bugs. */
export const KILL_CANARIES = [
  "forgotten-reap",
  "forgotten-pools",
  "forgotten-blocks",
] as const;

/** Name of a planted bug. */
export type KillCanary = typeof KILL_CANARIES[number];

/** Page map words of the pools that the given workers hold, by word index. */
function poolsOf(heap: Heap, ids: readonly number[]): Map<number, number> {
  const pools = new Map<number, number>();
  const pages = heap.buffer.byteLength >>> 14;
  for (let page = 0; page < pages; page++) {
    const word = heap.i32[Layout.PAGE_MAP + page];
    const kind = word & PageMap.KIND_MASK;
    const isPool = kind === PageMap.POOL || kind === PageMap.SPAN;
    const holder = word >>> PageMap.HOLDER_SHIFT;
    if (isPool && ids.includes(holder)) pools.set(Layout.PAGE_MAP + page, word);
  }
  return pools;
}

/**
 * Recovers the dead as a heap with a bug would.
 *
 * @param ids What `heap.threads.id` was in those that are to die.
 */
export async function reap(
  canary: string | undefined,
  heap: Heap,
  ids: readonly number[],
): Promise<RevokeReport[]> {
  if (canary === "forgotten-reap") return [];
  if (canary !== "forgotten-pools") return await heap.reap();
  const before = poolsOf(heap, ids);
  const reports = await heap.reap();
  for (const [index, word] of before) {
    const left = word & ((1 << PageMap.HOLDER_SHIFT) - 1);
    if (heap.i32[index] === left) heap.i32[index] = word;
  }
  return reports;
}
