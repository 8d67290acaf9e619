/**
 * The control memory: what the workers of a stress run share beside the heap.
 *
 * It is a SharedArrayBuffer of its own, so that a broken heap cannot take the
 * evidence with it: every live block is listed here, and so is the last call
 * of every worker.
 *
 * ```text
 *   word 0                       64                 64 + 64 × (workers + 1)
 *   ┌───────────────────────────┬──────────────────┬───────────────┬────────┬────────┐
 *   │ X_STOP, barrier, mailbox… │ worker records   │ batches       │ slots  │ tables │
 *   └───────────────────────────┴──────────────────┴───────────────┴────────┴────────┘
 * ```
 *
 * ## Invariants
 *   C1  `X_STOP` only grows: RUN → TIME_UP → FAILED
 *   C2  the barrier opens once all workers have arrived, or when the run has
 *       failed; what the last of them writes before, all others see after
 *   C3  nobody waits here while attached (the GIL build would stand still, and
 *       stop-the-world in both); callers go through `Hand.detached()`
 *
 * ## Threads
 *   `X_` words are atomic. Waits end after {@linkcode NAP_MS} at the latest, to
 *   look at `X_STOP`, so a lost notify costs time and never the run.
 *
 * @module
 */

import * as BlockRecord from "./block_record.ts";
import type { Words } from "./pattern.ts";
import * as WorkerRecord from "./worker_record.ts";

/** RUN, TIME_UP or FAILED. Atomic. */
export const X_STOP = 0;
/** Workers at the barrier. Count, atomic. */
export const X_ARRIVED = 1;
/** How often the barrier opened. Count, atomic. */
export const X_PHASE = 2;
/** Whether who passes the barrier leaves the run. Atomic. */
export const X_LEAVE = 3;
/** Changes whenever blocks were put into, or taken from, the mailbox. Atomic. */
export const X_NEWS = 4;
/** Batches that consumers have spoken for in this round. Count, atomic. */
export const X_TICKETS = 5;
/** Highest sum of live bytes seen. 16-byte units, atomic. */
export const X_PEAK_LIVE = 6;
/** Number of the muster for which all workers stand still, or 0. Atomic. */
export const X_HOLD = 7;

/** `X_STOP`: go on. */
export const RUN = 0;
/** `X_STOP`: finish the round, then leave. */
export const TIME_UP = 1;
/** `X_STOP`: leave now; something was found. */
export const FAILED = 2;

/** Blocks in one batch of the mailbox. Count. */
export const BATCH_BLOCKS = 48;
/** A batch: a state word on its own line, then the block records. Words. */
export const BATCH_SIZEOF = 16 + BATCH_BLOCKS * BlockRecord.SIZEOF;
/** Shared slots, each with room for one block. Count. */
export const SLOTS = 1024;
/** Block records in the table of one worker. Count. */
export const TABLE_BLOCKS = 1024;
/** Most workers of one run. Count. */
export const MAX_WORKERS = 64;

const RECORDS = 64;
const NAP_MS = 50;

/** A worker's window on the control memory. */
export class Control {
  /** The control memory. */
  readonly buffer: SharedArrayBuffer;
  /** Its words. */
  readonly i32: Words;
  /** Its double words. */
  readonly f64: Float64Array<SharedArrayBuffer>;
  /** Workers of the run. Count. */
  readonly workers: number;
  /** Batches of the mailbox. Count. */
  readonly batches: number;

  /** A window on a control memory for `workers` workers. */
  constructor(buffer: SharedArrayBuffer, workers: number) {
    this.buffer = buffer;
    this.i32 = new Int32Array(buffer);
    this.f64 = new Float64Array(buffer);
    this.workers = workers;
    this.batches = batchesFor(workers);
  }

  /** Record of a worker; number `workers` is the main thread. Word index. */
  record(worker: number): number {
    return RECORDS + worker * WorkerRecord.SIZEOF;
  }

  /** Batch of the mailbox. Word index. */
  batch(number: number): number {
    return this.record(this.workers + 1) + number * BATCH_SIZEOF;
  }

  /** Shared slot. Word index. */
  slot(number: number): number {
    return this.batch(this.batches) + number * BlockRecord.SIZEOF;
  }

  /** Block record `number` of the table of a worker. Word index. */
  entry(worker: number, number: number): number {
    const records = worker * TABLE_BLOCKS + number;
    return this.slot(SLOTS) + records * BlockRecord.SIZEOF;
  }

  /** `X_STOP`. */
  get stop(): number {
    return Atomics.load(this.i32, X_STOP);
  }

  /** Raises `X_STOP` and wakes who waits. */
  raiseStop(to: typeof TIME_UP | typeof FAILED): void {
    let seen = Atomics.load(this.i32, X_STOP);
    while (seen < to) {
      seen = Atomics.compareExchange(this.i32, X_STOP, seen, to);
    }
    Atomics.notify(this.i32, X_PHASE);
    this.announce();
  }

  /** Arrives at the barrier; true for the last, who must open it. */
  arrive(): boolean {
    return Atomics.add(this.i32, X_ARRIVED, 1) + 1 === this.workers;
  }

  /** Opens the barrier, for the next round or to leave. */
  open(leave: boolean): void {
    Atomics.store(this.i32, X_ARRIVED, 0);
    Atomics.store(this.i32, X_TICKETS, 0);
    Atomics.store(this.i32, X_LEAVE, leave ? 1 : 0);
    Atomics.add(this.i32, X_PHASE, 1);
    Atomics.notify(this.i32, X_PHASE);
  }

  /** Waits until the barrier has left phase `phase`, or the run has failed. */
  awaitPhase(phase: number): void {
    while (Atomics.load(this.i32, X_PHASE) === phase && this.stop !== FAILED) {
      Atomics.wait(this.i32, X_PHASE, phase, NAP_MS);
    }
  }

  /** Waits until muster `number` is over, or the run has failed. */
  awaitRelease(number: number): void {
    while (Atomics.load(this.i32, X_HOLD) === number && this.stop !== FAILED) {
      Atomics.wait(this.i32, X_HOLD, number, NAP_MS);
    }
  }

  /** Says that the mailbox has changed. */
  announce(): void {
    Atomics.add(this.i32, X_NEWS, 1);
    Atomics.notify(this.i32, X_NEWS);
  }

  /** Waits until the mailbox has changed since `X_NEWS` was `seen`. */
  awaitNews(seen: number): void {
    Atomics.wait(this.i32, X_NEWS, seen, NAP_MS);
  }

  /** Live bytes of all workers together, about. */
  liveBytes(): number {
    let sum = 0;
    for (let worker = 0; worker <= this.workers; worker++) {
      sum += this.f64[(this.record(worker) + WorkerRecord.LIVE) >> 1];
    }
    return sum;
  }

  /** Looks at the live bytes and keeps their peak. */
  samplePeak(): void {
    const live = Math.floor(this.liveBytes() / 16);
    let seen = Atomics.load(this.i32, X_PEAK_LIVE);
    while (seen < live) {
      const won = Atomics.compareExchange(this.i32, X_PEAK_LIVE, seen, live);
      if (won === seen) return;
      seen = won;
    }
  }

  /** Sum of one word over all worker records. */
  total(word: number): number {
    let sum = 0;
    for (let worker = 0; worker <= this.workers; worker++) {
      sum += this.i32[this.record(worker) + word] >>> 0;
    }
    return sum;
  }
}

function batchesFor(workers: number): number {
  return Math.max(4, 2 * workers);
}

/** A control memory for `workers` workers, all 0. */
export function createControl(workers: number): Control {
  const empty = new Control(new SharedArrayBuffer(64), workers);
  const words = empty.entry(workers, 0);
  return new Control(new SharedArrayBuffer(words * 4), workers);
}

/** Calls `visit` with every record that may hold a block. */
export function forEachRecord(
  control: Control,
  visit: (record: number) => void,
): void {
  for (let batch = 0; batch < control.batches; batch++) {
    const first = control.batch(batch) + 16;
    for (let block = 0; block < BATCH_BLOCKS; block++) {
      visit(first + block * BlockRecord.SIZEOF);
    }
  }
  const end = control.entry(control.workers, 0);
  for (let at = control.slot(0); at < end; at += BlockRecord.SIZEOF) visit(at);
}
