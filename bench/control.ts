/**
 * Where the two threads of W5 and W6 meet: words of a buffer beside the heap.
 *
 * ```text
 * word   0   16       32        48        64 … 1087   1088 … 16087
 *        met mailbox  head (W6) tail (W6) ring (W6)   3 arrays of slots (W5)
 * ```
 *
 * ## Threads
 *   `met` only grows: who finds it at the number of parties times the number of
 *   meetings goes on. `mailbox` is exchanged. `head` is written by the producer
 *   after the ring entries before it, `tail` by the consumer; each is published
 *   every 32 items and before a wait.
 *
 * @module
 */

/** Arrivals at barriers. Word index; count. */
export const MET = 0;
/** The array that neither thread has. Word index; word index. */
export const MAILBOX = 16;
/** Items that were sent. Word index; count. */
export const HEAD = 32;
/** Items that were received. Word index; count. */
export const TAIL = 48;
/** First entry of the ring. Word index. */
export const RING = 64;
/** Entries of the ring. Count. */
export const ENTRIES = 1024;
/** First slot of the first array. Word index. */
export const ARRAYS = 1088;
/** Slots of an array. Count. */
export const SLOTS = 5000;
/** Size of the buffer. Words. */
export const SIZEOF = ARRAYS + 3 * SLOTS;
/** Items between two publications. Count. */
export const PUBLISH = 32;
/** Steps of a W5 sample for each thread. Count. */
export const STEPS = 5e6;
/** Items of a W6 sample. Count. */
export const ITEMS = 2e6;
/** When a wait is taken for a dead lock. Milliseconds. */
const PATIENCE = 60_000;

/** What a worker is told. */
export interface Task {
  /** Name of the adapter. */
  readonly adapter: string;
  /** What it joins. */
  readonly handle: unknown;
  /** The buffer of the words in the picture above. */
  readonly control: SharedArrayBuffer;
  /** W5x2 or W6. */
  readonly workload: string;
  /** 0 or 1. */
  readonly party: number;
  /** Timed samples. Count. */
  readonly samples: number;
}

/** What a worker answers. */
export interface Answer {
  /** Nanoseconds from the barrier to its own end, for each sample. */
  readonly elapsed: number[];
  /** Sums of the untimed first pass and of the samples. */
  readonly sums: number[];
  /** W6: exclusive or of all payloads, as sent or as read. */
  readonly payload: number;
}

/** Spins until a word is no longer `stale`, or for W5 and W6 alike, fails. */
export function spinWhile(
  words: Int32Array,
  index: number,
  stale: number,
): number {
  const limit = performance.now() + PATIENCE;
  for (let k = 1;; k++) {
    const value = Atomics.load(words, index);
    if (value !== stale) return value;
    Atomics.pause();
    if ((k & 0xffff) === 0 && performance.now() > limit) {
      throw new Error(`Cannot go on: word ${index} stayed ${stale}`);
    }
  }
}

/** Waits until all parties came here as often as this one. */
export function meet(control: Int32Array, meetings: number): void {
  let met = Atomics.add(control, MET, 1) + 1;
  while (met < 2 * meetings) met = spinWhile(control, MET, met);
}
