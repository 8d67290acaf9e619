/**
 * `churn`: workers that come and go.
 *
 * A worker attaches, works for a while on blocks in the shared slots and on a
 * few of its own, leaves all that still live in the shared slots, and ends;
 * another worker with its number follows. In between it ends and restarts its
 * thread a few times without ending the worker, which is a hundred times
 * faster. So pools are left behind with live blocks in them, adopted by other
 * threads, and get frees from everybody.
 *
 * ## Threads
 *   A shared slot belongs to who moved its state to BUSY, see
 *   `block_record.ts`; it is kept BUSY over calls of the heap, and nobody
 *   waits for one. There is no barrier: the workers come and go.
 *
 * @module
 */

import * as BlockRecord from "./block_record.ts";
import { RUN, SLOTS } from "./control.ts";
import type { Hand } from "./hand.ts";
import { Random } from "./random.ts";
import { drawDomain, drawSize } from "./sizes.ts";
import { numberOf, type Task } from "./task.ts";
import * as WorkerRecord from "./worker_record.ts";

/** Records of a worker's own table in use. Count. */
const OWN = 192;
/** Longest life of a thread within the life of a worker. Steps. */
const LONGEST_THREAD = 4096;
/** Shortest. Steps. */
const SHORTEST_THREAD = 32;
/** Longest life of a worker. Steps. */
const LONGEST_LIFE = 64000;
/** Shortest. Steps. */
const SHORTEST_LIFE = 4000;
/** Lives that each worker has at least, if the number of steps is given. */
const LIVES = 4;

/** Steps of one life of a worker; the same for the same task. */
export function stepsOfLife(task: Task): number {
  const { seed, shape, worker, life, ops } = task;
  const random = new Random(seed, numberOf(shape), worker, life, 2);
  const steps = random.logarithmic(SHORTEST_LIFE, LONGEST_LIFE);
  return ops === 0 ? steps : Math.min(steps, Math.ceil(ops / LIVES));
}

/** One life of a worker, from attached to ready to close. */
export function live(hand: Hand): void {
  const { random, control } = hand;
  let left = stepsOfLife(hand.task);
  while (left > 0) {
    const steps = random.logarithmic(SHORTEST_THREAD, LONGEST_THREAD);
    const now = Math.min(left, steps);
    work(hand, now);
    left -= now;
    if (random.chance(12)) hand.check();
    if (hand.task.ops === 0 && control.stop !== RUN) break;
    if (left === 0) break;
    hand.leave();
    hand.rejoin();
  }
  leaveBlocks(hand);
}

function work(hand: Hand, steps: number): void {
  const { control, random, task, i32 } = hand;
  for (let step = 0; step < steps; step++) {
    const own = random.chance(50);
    const slot = control.slot(random.below(SLOTS));
    const record = control.entry(task.worker, random.below(OWN));
    if (own) {
      turn(hand, record);
      if (random.chance(25)) exchange(hand, record, slot);
    } else if (BlockRecord.tryLock(i32, slot)) {
      turn(hand, slot);
      BlockRecord.unlock(i32, slot);
    }
    if (random.below(2000) === 0) hand.detached(WorkerRecord.AT_MAILBOX, pause);
  }
}

/** Long enough for others to find our pools without us. */
function pause(): void {
  for (let spin = 0; spin < 1000; spin++) Atomics.pause();
}

/** Does to a record what comes next: allocate, resize or free. */
function turn(hand: Hand, record: number): void {
  const { random } = hand;
  const [domain, size] = [drawDomain(random), drawSize(random)];
  const share = random.below(100);
  if (!hand.holds(record)) {
    hand.allocate(record, domain, size);
  } else if (share < 25) {
    hand.resize(record);
  } else if (share < 75) {
    hand.release(record);
  }
}

function exchange(hand: Hand, record: number, slot: number): void {
  if (!BlockRecord.tryLock(hand.i32, slot)) return;
  BlockRecord.swap(hand.i32, record, slot);
  BlockRecord.unlock(hand.i32, slot);
}

/** Leaves the worker's own blocks in free shared slots. */
function leaveBlocks(hand: Hand): void {
  const { control, task, i32 } = hand;
  let slot = hand.random.below(SLOTS);
  for (let number = 0; number < OWN; number++) {
    const record = control.entry(task.worker, number);
    for (let tries = 0; tries < 8 && hand.holds(record); tries++) {
      slot = (slot + 1) % SLOTS;
      const there = control.slot(slot);
      if (!BlockRecord.tryLock(i32, there)) continue;
      if (!hand.holds(there)) BlockRecord.swap(i32, record, there);
      BlockRecord.unlock(i32, there);
    }
  }
}
