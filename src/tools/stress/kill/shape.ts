/**
 * `kill`: workers that die at work, by themselves or by force.
 *
 * Like `churn`, but a block stays in its record from birth to death: in the
 * table of its worker or in a shared slot, from where anybody frees it. So of a
 * worker that dies at any moment, all blocks are known but the one of the call
 * that was under way.
 *
 * ## Invariants
 *   K1  a shared slot that somebody is at names that worker in its state
 *   K2  who stands still for a muster is detached, in no call, and has no slot
 *
 * ## Threads
 *   Tables and slots as in `churn.ts`. The table of a dead worker belongs to
 *   the main thread, until that makes a survivor its heir, or employs somebody
 *   with the same number.
 *
 * @module
 */

import * as BlockRecord from "../block_record.ts";
import { RUN, SLOTS, X_HOLD } from "../control.ts";
import type { Hand } from "../hand.ts";
import { drawDomain, drawSize } from "../sizes.ts";
import * as WorkerRecord from "../worker_record.ts";
import { armOnce } from "./strike.ts";

/** Records of a worker's own table in use. Count. */
export const OWN = 192;
/** Shared slots in use; few, so that the dead are missed. Count. */
export const SHARED = SLOTS / 4;
/** Where the name of who is at a slot stands in its state. */
const NAME_SHIFT = 8;

/** State of a slot that a worker is at. */
export function busyBy(worker: number): number {
  return BlockRecord.BUSY | (worker + 1) << NAME_SHIFT;
}

/** Works until the run is over, or death comes. */
export function live(hand: Hand): void {
  const { control, i32, record } = hand;
  Atomics.store(i32, record + WorkerRecord.ID, hand.heap.threads.id);
  while (control.stop === RUN) {
    const muster = Atomics.load(i32, X_HOLD);
    const heir = Atomics.load(i32, record + WorkerRecord.HEIR);
    const doom = Atomics.load(i32, record + WorkerRecord.DOOM);
    if (doom !== 0) armOnce(doom);
    if (muster !== 0) standStill(hand, muster);
    else if (heir !== 0) inherit(hand, heir - 1);
    else step(hand);
  }
}

function standStill(hand: Hand, muster: number): void {
  const { control, i32, record } = hand;
  hand.detached(WorkerRecord.AT_BARRIER, () => {
    Atomics.store(i32, record + WorkerRecord.HELD, muster);
    control.awaitRelease(muster);
  });
  Atomics.store(i32, record + WorkerRecord.HELD, 0);
}

/** Verifies and frees the table of a dead worker. */
function inherit(hand: Hand, dead: number): void {
  for (let number = 0; number < OWN; number++) {
    const record = hand.control.entry(dead, number);
    if (hand.holds(record)) hand.release(record);
  }
  Atomics.store(hand.i32, hand.record + WorkerRecord.HEIR, 0);
}

function step(hand: Hand): void {
  const { control, random, task, i32 } = hand;
  if (random.chance(50)) {
    turn(hand, control.entry(task.worker, random.below(OWN)));
  } else {
    const slot = control.slot(random.below(SHARED));
    if (!BlockRecord.tryLock(i32, slot, busyBy(task.worker))) return;
    turn(hand, slot);
    BlockRecord.unlock(i32, slot);
  }
  if (random.below(4000) === 0) whim(hand);
}

/** Does to a record what comes next: allocate, resize or free. */
function turn(hand: Hand, record: number): void {
  const { random } = hand;
  const [domain, size] = [drawDomain(random), drawSize(random)];
  const share = random.below(100);
  if (!hand.holds(record)) hand.allocate(record, domain, size);
  else if (share < 25) hand.resize(record);
  else if (share < 75) hand.release(record);
}

/** What takes the rarer locks of the heap. */
function whim(hand: Hand): void {
  const { heap, random } = hand;
  switch (random.below(3)) {
    case 0:
      heap.threads.stopTheWorld(() => 0);
      break;
    case 1:
      hand.detached(WorkerRecord.AT_MAILBOX, () => Atomics.pause());
      break;
    default:
      heap.trim();
  }
}
