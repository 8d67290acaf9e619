/**
 * The end of a run: everything is freed, and the heap is proved empty.
 *
 * ## Invariants
 *   E1  a run ends well only if every block that was ever allocated has been
 *       verified and freed, the checker objects to nothing, and no block and
 *       no pool is left: what remains of the footprint are spare arenas
 *
 * ## Threads
 *   Main thread, after all workers have ended.
 *
 * @module
 */

import { findOverlap, liveRecords } from "./audit.ts";
import type { Hand } from "./hand.ts";
import { compareBlocks } from "./rounds.ts";

/** Size of an arena. Bytes. */
const ARENA_SIZE = 1048576;
/** Safe points and trims until no grace period can be pending. Count. */
const GRACE_PASSES = 3;

/**
 * Frees what the workers have left and proves that the heap is empty.
 *
 * @param hand Of the main thread, attached.
 * @throws {FindingError} If anything is wrong.
 */
export function proveEmpty(hand: Hand): void {
  const live = liveRecords(hand.control);
  const overlap = findOverlap(hand.control, live);
  if (overlap !== "") hand.fail("damaged", overlap);
  compareBlocks(hand, hand.check(), live);
  stopTracing(hand);
  for (const record of live) hand.release(record);
  // Empty pools of OBJ wait until all threads have passed a safe point.
  for (let pass = 0; pass < GRACE_PASSES; pass++) {
    hand.heap.threads.safePoint();
    hand.heap.trim();
  }
  requireNothing(hand);
}

/** Stops to trace; what was traced must be what is live. */
function stopTracing(hand: Hand): void {
  const { tracemalloc } = hand.heap;
  if (!tracemalloc.isTracing()) return;
  const [traced] = tracemalloc.getTracedMemory();
  const live = hand.control.liveBytes();
  tracemalloc.stop();
  compareBlocks(hand, hand.check(), liveRecords(hand.control));
  if (traced === live) return;
  hand.fail("lost-block", `${traced} bytes are traced, but ${live} are live`);
}

function requireNothing(hand: Hand): void {
  const report = hand.check();
  const { arenas, footprintBytes } = hand.heap.stats();
  const [raw, mem, obj] = report.blocks;
  const left: readonly [number, string][] = [
    [raw, "blocks of raw"],
    [mem, "blocks of mem"],
    [obj, "blocks of obj"],
    [report.largeBlocks, "large blocks"],
    [report.remoteBlocks, "blocks on remote stacks"],
    [report.pools, "pools"],
    [report.spans, "spans"],
    [footprintBytes - arenas * ARENA_SIZE, "bytes beside the spare arenas"],
    [hand.control.liveBytes(), "bytes by our own count"],
  ];
  const wrong = left.filter(([count]) => count !== 0);
  if (wrong.length === 0) return;
  const list = wrong.map(([count, what]) => `${count} ${what}`).join(", ");
  hand.fail("not-empty", `All was freed, and yet there are ${list}`);
}
