/**
 * Rounds: what most shapes are made of. All workers do a number of steps, meet
 * at a barrier, and the last to arrive checks the heap while the others wait.
 *
 * Rounds are of very different length, most of them short: races show right
 * after a barrier, when all workers start at once, far more often than in the
 * middle of a long run.
 *
 * ## Invariants
 *   R1  all workers of a run do the same rounds: the lengths come from a
 *       stream that all of them share, and one of them decides when to leave
 *   R2  when the barrier opens, every live block stands in a record
 *
 * ## Threads
 *   The barrier of `control.ts`. The last to arrive stays attached and opens
 *   it after the check; all others wait detached. Now and then all threads end
 *   before the barrier: then the last to arrive has the heap to itself, all
 *   pools belong to nobody, and the check sees all of RAW too.
 *
 * @module
 */

import { findOverlap, liveRecords } from "./audit.ts";
import { RUN, TABLE_BLOCKS, X_LEAVE, X_PHASE } from "./control.ts";
import type { Hand } from "./hand.ts";
import type { CheckReport } from "./heap.ts";
import { DOMAINS, MEM, RAW } from "./sizes.ts";
import { DOMAIN } from "./block_record.ts";
import { Random } from "./random.ts";
import { numberOf } from "./task.ts";
import * as WorkerRecord from "./worker_record.ts";

/** A shape made of rounds. */
export interface RoundShape {
  /** One round of one worker, about `steps` calls of the heap long. */
  round(hand: Hand, round: number, steps: number): void;
  /** What the worker does after the last round. */
  finish(hand: Hand, round: number): void;
}

/** Longest round. Steps. */
const LONGEST = 8192;
/** Shortest round. Steps. */
const SHORTEST = 64;
/** The whole heap is checked after one round in so many. Count. */
const CHECK_EVERY = 8;
/** In one round of so many all threads end first, and new ones begin. Count. */
const ALONE_EVERY = 12;

/** Does rounds until time or the number of operations is up. */
export function runRounds(hand: Hand, shape: RoundShape): void {
  const { task } = hand;
  const pace = new Random(task.seed, numberOf(task.shape));
  let left = task.ops === 0 ? Infinity : task.ops;
  let round = 0;
  let leave = false;
  while (!leave) {
    const steps = Math.min(left, pace.logarithmic(SHORTEST, LONGEST));
    left -= steps;
    hand.i32[hand.record + WorkerRecord.ROUND] = round;
    if (checksNow(hand, round)) hand.check();
    shape.round(hand, round, steps);
    leave = meet(hand, round, left === 0);
    round++;
  }
  shape.finish(hand, round);
}

/** Whether it is this worker's turn to check while the others are at work. */
function checksNow(hand: Hand, round: number): boolean {
  if (round % CHECK_EVERY !== CHECK_EVERY / 2) return false;
  const turn = Math.floor(round / CHECK_EVERY);
  return turn % hand.task.workers === hand.task.worker;
}

/** Meets the others at the barrier; true if this was the last round. */
function meet(hand: Hand, round: number, done: boolean): boolean {
  const { control, i32 } = hand;
  const phase = Atomics.load(i32, X_PHASE);
  const alone = round % ALONE_EVERY === ALONE_EVERY - 1;
  if (alone) hand.leave();
  if (control.arrive()) {
    if (alone) hand.rejoin();
    const leave = done || control.stop !== RUN;
    if (leave || alone || round % CHECK_EVERY === 0) checkAll(hand);
    control.open(leave);
  } else if (alone) {
    hand.phase(WorkerRecord.AT_BARRIER);
    control.awaitPhase(phase);
    hand.interruptIfFailed();
    hand.rejoin();
  } else {
    hand.detached(WorkerRecord.AT_BARRIER, () => control.awaitPhase(phase));
  }
  hand.interruptIfFailed();
  return Atomics.load(i32, X_LEAVE) === 1;
}

/** Checks the heap and compares it with what is known to live in it. */
function checkAll(hand: Hand): void {
  const report = hand.check();
  const live = liveRecords(hand.control);
  const overlap = findOverlap(hand.control, live);
  if (overlap !== "") hand.fail("damaged", overlap);
  compareBlocks(hand, report, live);
  hand.control.samplePeak();
}

/**
 * Compares the blocks that the heap counts with those that are known to live.
 *
 * @param live Records of all live blocks.
 * @throws {FindingError} If they differ.
 */
export function compareBlocks(
  hand: Hand,
  report: CheckReport,
  live: readonly number[],
): void {
  const alive = [0, 0, 0];
  for (const record of live) alive[hand.i32[record + DOMAIN]]++;
  // Beside other threads, which may use RAW detached, only MEM and OBJ count.
  // The tables of tracing are blocks of RAW.
  const isRawOurs = report.isQuiet && !hand.heap.tracemalloc.isTracing();
  const first = isRawOurs ? RAW : MEM;
  for (let domain = first; domain < DOMAINS.length; domain++) {
    const counted = report.blocks[domain];
    if (counted === alive[domain]) continue;
    hand.fail(
      "lost-block",
      `The heap counts ${counted} blocks of ${DOMAINS[domain]}, but ` +
        `${alive[domain]} are alive`,
    );
  }
}

/** Verifies and frees all but the first quarter of a table. */
export function releaseMost(hand: Hand, table: number): void {
  for (let number = TABLE_BLOCKS - 1; number >= TABLE_BLOCKS / 4; number--) {
    const record = hand.control.entry(table, number);
    if (hand.holds(record)) hand.release(record);
  }
}
