/**
 * `mstress`: cohorts that grow and die, after Leijen's `test-stress.c` of
 * mimalloc.
 *
 * In each round a worker builds up a cohort of blocks, frees, resizes and
 * exchanges random ones of it with random shared slots while it grows, and
 * then takes it down. One block in eight is kept for later rounds, so that
 * young and old blocks share pools.
 *
 * ## Threads
 *   The table is the worker's own. A shared slot belongs to who moved its
 *   state to BUSY, see `block_record.ts`; nobody waits for one.
 *
 * @module
 */

import * as BlockRecord from "./block_record.ts";
import { TABLE_BLOCKS } from "./control.ts";
import type { Hand } from "./hand.ts";
import { releaseMost } from "./rounds.ts";
import { drawDomain, drawSize } from "./sizes.ts";

/** Shared slots in use. Count, at most `SLOTS`. */
const TRANSFERS = 256;

/** One round: one cohort of about `steps` / 3 blocks. */
export function round(hand: Hand, _round: number, steps: number): void {
  const peak = Math.min(TABLE_BLOCKS, Math.ceil(steps / 3));
  let left = steps;
  while (left > 0) {
    const grown = Math.min(left, peak);
    grow(hand, grown);
    shrink(hand, grown);
    left -= grown;
  }
}

/** Frees most of its own table; the main thread frees the rest. */
export function finish(hand: Hand, _round: number): void {
  releaseMost(hand, hand.task.worker);
}

function entry(hand: Hand, number: number): number {
  return hand.control.entry(hand.task.worker, number);
}

function grow(hand: Hand, peak: number): void {
  const { random } = hand;
  for (let top = 0; top < peak; top++) {
    const record = entry(hand, top);
    const [domain, size] = [drawDomain(random), drawSize(random)];
    if (!hand.holds(record)) hand.allocate(record, domain, size);
    const older = entry(hand, random.below(top + 1));
    const share = random.below(100);
    if (share < 25) exchange(hand, older);
    else if (!hand.holds(older)) continue;
    else if (share < 50) hand.release(older);
    else if (share < 70) hand.resize(older);
  }
}

function shrink(hand: Hand, peak: number): void {
  const { random } = hand;
  for (let top = peak - 1; top >= 0; top--) {
    const record = entry(hand, top);
    if (random.chance(25)) exchange(hand, record);
    const kept = random.chance(12);
    if (!kept && hand.holds(record)) hand.release(record);
  }
}

/** Exchanges a block, or none, for what is in a random shared slot. */
function exchange(hand: Hand, record: number): void {
  const slot = hand.control.slot(hand.random.below(TRANSFERS));
  if (!BlockRecord.tryLock(hand.i32, slot)) return;
  BlockRecord.swap(hand.i32, record, slot);
  BlockRecord.unlock(hand.i32, slot);
}
