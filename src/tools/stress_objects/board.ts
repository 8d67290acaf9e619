/**
 * The board: what the workers share beside the heap. It is a SharedArrayBuffer
 * of its own, so that a broken heap cannot take the evidence with it.
 *
 * ```text
 *   word 0     64                  64 × (workers + 1)
 *   ┌─────────┬───────────────────┬───────┬───────┬───────┬───────────────────────┐
 *   │ X_STOP  │ worker records    │ slots │ rings │ weaks │ tables of the workers │
 *   └─────────┴───────────────────┴───────┴───────┴───────┴───────────────────────┘
 * ```
 *
 * Slots, rings, weaks and entries of tables are 0 or the address of an object, and
 * stand for a reference to it.
 *
 * ## Invariants
 *   B1  `X_STOP` only grows: RUN → TIME_UP → FAILED
 *   B2  entry k of a table has objects of place `placeAt(k)` only
 *
 * ## Threads
 *   X_STOP, slots, rings and weaks are atomic. A worker's record and table are written
 *   plainly by it; the main thread reads records while it writes, and tables
 *   when it has ended. // racy hint
 *
 * @module
 */

import * as Places from "./places.ts";

/** RUN, TIME_UP or FAILED. Atomic. */
const X_STOP = 0;
/** `X_STOP`: go on. */
export const RUN = 0;
/** `X_STOP`: end now, and well. */
export const TIME_UP = 1;
/** `X_STOP`: end now; something was found. */
export const FAILED = 2;

/** Of a worker's record: steps taken. Count. */
export const OPS = 0;
/** Of a worker's record: number of the step it is at, or -1. */
export const STEP = 1;
/** Of a worker's record: thread states that it had. Count. */
export const LIVES = 2;
/** Of a worker's record: collections that it asked for. Count. */
export const COLLECTIONS = 3;
/** Of a worker's record: references that it took from others. Count. */
export const HANDED = 4;
/** Size of a record: each has lines of its own. Words. */
const RECORD = 64;

/** Places that tables have entries for. Count. */
const COLUMNS = Places.RING - Places.FIRST_LIST;
/** Entries of each place in a table. Count. */
export const ROWS = 4;
/** Entries of a table. Count. */
export const ENTRIES = COLUMNS * ROWS;

/** Entry of a table for a place. Index. */
export function entryOf(place: number, row: number): number {
  return place - Places.FIRST_LIST + row * COLUMNS;
}

/** What an entry of a table is for. */
export function placeAt(entry: number): number {
  return Places.FIRST_LIST + entry % COLUMNS;
}

/** See the head of this file. */
export class Board {
  /** The memory. */
  readonly buffer: SharedArrayBuffer;
  /** Its words. */
  readonly i32: Int32Array<SharedArrayBuffer>;
  /** Workers of the run. Count. */
  readonly workers: number;

  /** A window on a board for `workers` workers. */
  constructor(buffer: SharedArrayBuffer, workers: number) {
    this.buffer = buffer;
    this.i32 = new Int32Array(buffer);
    this.workers = workers;
  }

  /** Record of a worker. Word index. */
  record(worker: number): number {
    return (worker + 1) * RECORD;
  }

  /** Slot of a place. Word index. */
  slot(place: number): number {
    return this.record(this.workers) + place - Places.FIRST_SLOT;
  }

  /** A ring. Word index. */
  ring(number: number): number {
    return this.slot(Places.RING) + number;
  }

  /** A weak reference; the next word keeps what it names alive. Word index. */
  weak(number: number): number {
    return this.ring(Places.RINGS) + number * 2;
  }

  /** First entry of a worker's table. Word index. */
  table(worker: number): number {
    return this.weak(Places.WEAKS) + worker * ENTRIES;
  }

  /** `X_STOP`. */
  get stop(): number {
    return Atomics.load(this.i32, X_STOP);
  }

  /** Raises `X_STOP`. */
  raiseStop(to: typeof TIME_UP | typeof FAILED): void {
    let seen = Atomics.load(this.i32, X_STOP);
    while (seen < to) {
      seen = Atomics.compareExchange(this.i32, X_STOP, seen, to);
    }
  }

  /** Sum of a word of all records. */
  total(word: number): number {
    let sum = 0;
    for (let worker = 0; worker < this.workers; worker++) {
      sum += this.i32[this.record(worker) + word];
    }
    return sum;
  }

  /** All words that may hold a reference: from, and up to. Word indices. */
  get references(): [number, number] {
    return [this.slot(Places.FIRST_SLOT), this.table(this.workers)];
  }
}

/** A board for `workers` workers, all 0. */
export function createBoard(workers: number): Board {
  const empty = new Board(new SharedArrayBuffer(64), workers);
  const words = empty.table(workers);
  return new Board(new SharedArrayBuffer(words * 4), workers);
}
