/**
 * `xmalloc`: producers and consumers, after Lever and Boreham, "malloc()
 * Performance in a Multithreaded Linux Environment" (USENIX 2000).
 *
 * One half of the workers allocates batches of blocks and puts them into the
 * mailbox, the other half takes and frees them: not one block is freed by the
 * worker that allocated it. After each round the halves change places. A
 * single worker does both in turn.
 *
 * ## Invariants
 *   X1  consumers take as many batches as producers put: each takes a ticket
 *       first, and the number of tickets follows from the round
 *
 * ## Threads
 *   A batch belongs to who moved its state to BUSY, from EMPTY to fill it and
 *   from FULL to empty it; the store that ends BUSY publishes its records.
 *   Who finds none waits detached for `X_NEWS` to change.
 *
 * @module
 */

import * as BlockRecord from "./block_record.ts";
import { BATCH_BLOCKS, X_NEWS, X_TICKETS } from "./control.ts";
import type { Hand } from "./hand.ts";
import { mix } from "./random.ts";
import { drawDomain, drawSize } from "./sizes.ts";
import * as WorkerRecord from "./worker_record.ts";

const { BUSY, EMPTY, FULL, SERIAL } = BlockRecord;
/** Where the records of a batch begin. Words. */
const FIRST = 16;

/** One round: `steps` blocks of each producer. */
export function round(hand: Hand, round: number, steps: number): void {
  const { worker, workers } = hand.task;
  const batches = Math.ceil(steps / BATCH_BLOCKS);
  if (workers === 1) return alternate(hand, batches);
  if ((worker + round) % 2 === 0) return produce(hand, batches);
  // Even rounds give the larger half to the producers, odd ones the smaller.
  const even = round % 2 === 0;
  const producers = even ? Math.ceil(workers / 2) : Math.floor(workers / 2);
  consume(hand, batches * producers);
}

/** Nothing is left: the mailbox is empty after each round. */
export function finish(_hand: Hand, _round: number): void {}

function alternate(hand: Hand, batches: number): void {
  for (let batch = 0; batch < batches; batch++) {
    fillBatch(hand, seize(hand, EMPTY));
    emptyBatch(hand, seize(hand, FULL));
  }
}

function produce(hand: Hand, batches: number): void {
  for (let batch = 0; batch < batches; batch++) {
    fillBatch(hand, seize(hand, EMPTY));
  }
}

function consume(hand: Hand, batches: number): void {
  while (Atomics.add(hand.i32, X_TICKETS, 1) < batches) {
    emptyBatch(hand, seize(hand, FULL));
  }
}

/** Moves a batch of state `wanted` to BUSY; waits until there is one. */
function seize(hand: Hand, wanted: number): number {
  const { control, i32 } = hand;
  while (true) {
    const seen = Atomics.load(i32, X_NEWS);
    for (let number = 0; number < control.batches; number++) {
      const batch = control.batch(number);
      if (Atomics.compareExchange(i32, batch, wanted, BUSY) === wanted) {
        return batch;
      }
    }
    hand.interruptIfFailed();
    hand.detached(WorkerRecord.AT_MAILBOX, () => control.awaitNews(seen));
  }
}

function fillBatch(hand: Hand, batch: number): void {
  const { random } = hand;
  for (let block = 0; block < BATCH_BLOCKS; block++) {
    const record = batch + FIRST + block * BlockRecord.SIZEOF;
    hand.allocate(record, drawDomain(random), drawSize(random));
  }
  Atomics.store(hand.i32, batch, FULL);
  hand.control.announce();
}

function emptyBatch(hand: Hand, batch: number): void {
  for (let block = 0; block < BATCH_BLOCKS; block++) {
    const record = batch + FIRST + block * BlockRecord.SIZEOF;
    if (!hand.holds(record)) continue;
    if (mix(hand.i32[record + SERIAL]) % 8 === 0) hand.resize(record);
    hand.release(record);
  }
  Atomics.store(hand.i32, batch, EMPTY);
  hand.control.announce();
}
