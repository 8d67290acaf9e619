/**
 * `larson`: a server under churn, after Larson and Krishnan, "Memory
 * Allocation for Long-Running Server Applications" (ISMM 1998).
 *
 * Each worker has an array of blocks and, again and again, replaces a random
 * one by another of random size. Between rounds the arrays go round, so that
 * most blocks are freed by a worker that did not allocate them, long after.
 * Now and then a worker goes away into a system call and works on in the RAW
 * domain, which needs no thread state.
 *
 * ## Threads
 *   A table belongs to worker (table - round) modulo workers; the barrier
 *   hands it over.
 *
 * @module
 */

import type { Hand } from "./hand.ts";
import * as Misuse from "./misuse.ts";
import { releaseMost } from "./rounds.ts";
import { drawDomain, drawSize, RAW } from "./sizes.ts";
import * as WorkerRecord from "./worker_record.ts";

/** Blocks in the array of one worker. Count, at most `TABLE_BLOCKS`. */
const ARRAY = 768;
/** Records kept for work while detached. Count. */
const DETACHED = 16;

/** One round: `steps` random replacements. */
export function round(hand: Hand, round: number, steps: number): void {
  const { control, random } = hand;
  const table = tableOf(hand, round);
  for (let step = 0; step < steps; step++) {
    const record = control.entry(table, random.below(ARRAY));
    const share = random.below(100);
    if (share === 0 && random.chance(20)) workDetached(hand, table);
    if (hand.holds(record)) replace(hand, record, share);
    else hand.allocate(record, drawDomain(random), drawSize(random));
  }
}

/** Frees most of its last array; the main thread frees the rest. */
export function finish(hand: Hand, round: number): void {
  releaseMost(hand, tableOf(hand, round));
}

function tableOf(hand: Hand, round: number): number {
  return (hand.task.worker + round) % hand.task.workers;
}

function replace(hand: Hand, record: number, share: number): void {
  const { random } = hand;
  if (share < 20) return hand.resize(record);
  hand.release(record);
  if (share < 95) hand.allocate(record, drawDomain(random), drawSize(random));
}

/** Replaces RAW blocks while detached: the heap without a thread state. */
function workDetached(hand: Hand, table: number): void {
  const { control, random } = hand;
  hand.detached(WorkerRecord.WORKING, () => {
    Misuse.probeDetached(hand);
    for (let number = ARRAY; number < ARRAY + DETACHED; number++) {
      const record = control.entry(table, number);
      if (hand.holds(record)) hand.release(record);
      else hand.allocate(record, RAW, drawSize(random));
    }
  });
}
