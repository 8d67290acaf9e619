/**
 * The measured loops, one function each.
 *
 * A process measures one adapter on one workload, so every call in these loops
 * has one receiver and the optimiser sees what a user's program would show it.
 * The native program has the same loops, with the same numbers: equal sums
 * prove that both walked the same trace.
 *
 * ## Threads
 *   A loop belongs to one thread. `exchangeSteps` works on slots in shared
 *   memory, which only the holder of the slot array touches.
 *
 * @module
 */

/** What is measured: the calls of one allocator. Addresses are bytes. */
export interface Allocator {
  /** A block of `size` bytes. */
  malloc(size: number): number;
  /** A zeroed block of `count * size` bytes. */
  calloc(count: number, size: number): number;
  /** The block, now of `size` bytes, perhaps elsewhere. */
  realloc(block: number, size: number): number;
  /** Gives the block back. */
  free(block: number): void;
}

/** Words of the memory that the blocks lie in. */
export type Words = Int32Array<SharedArrayBuffer>;

/** Slots for block addresses. */
export type Slots = Uint32Array;

/** Where a pseudo-random trace stands, and the sum over its steps. */
export class Trace {
  /** State of the xorshift32 generator. */
  x: number;
  /** Sum over the steps, modulo 2^32. */
  sum = 0;

  /** A trace that starts with `seed`. */
  constructor(seed: number) {
    this.x = seed | 0;
  }
}

/** W1: `n` pairs of 48 bytes. */
export function fixedPairs(a: Allocator, t: Trace, n: number): void {
  let sum = t.sum;
  for (let i = 0; i < n; i++) {
    const block = a.malloc(48);
    if (block !== 0) sum = (sum + 1) | 0;
    a.free(block);
  }
  t.sum = sum;
}

/** W2: `n` pairs of 1 to 512 bytes. */
export function randomPairs(a: Allocator, t: Trace, n: number): void {
  let x = t.x;
  let sum = t.sum;
  for (let i = 0; i < n; i++) {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    const size = 1 + (x & 511);
    const block = a.malloc(size);
    sum = (sum + size) | 0;
    a.free(block);
  }
  t.x = x;
  t.sum = sum;
}

/** W3, one batch: fill all slots, shuffle them, free all in their new order. */
export function batch(a: Allocator, slots: Slots, t: Trace): void {
  const n = slots.length;
  let x = t.x;
  let sum = t.sum;
  for (let i = 0; i < n; i++) {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    const size = 1 + (x & 511);
    slots[i] = a.malloc(size);
    sum = (sum + size) | 0;
  }
  for (let i = n - 1; i >= 1; i--) {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    // `>>> 0` around it: an integer division, not one of doubles.
    const j = ((x >>> 0) % ((i + 1) >>> 0)) >>> 0;
    const block = slots[i];
    slots[i] = slots[j];
    slots[j] = block;
    sum = (sum + j) | 0;
  }
  for (let i = 0; i < n; i++) a.free(slots[i]);
  t.x = x;
  t.sum = sum;
}

/** W4: `n` steps over 100,000 slots: free one at random, fill it anew. */
export function churn(
  a: Allocator,
  words: Words,
  slots: Slots,
  t: Trace,
  n: number,
): void {
  let x = t.x;
  let sum = t.sum;
  for (let i = 0; i < n; i++) {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    const s = (x >>> 0) % 100000;
    a.free(slots[s]);
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    const size = 1 + (x & 511);
    const block = a.malloc(size < 4 ? 4 : size);
    slots[s] = block;
    words[block >>> 2] = x;
    sum = (sum + size + s) | 0;
  }
  t.x = x;
  t.sum = sum;
}

/** W5: `n` steps as in W4 over the 5,000 slots from `base`. */
export function exchangeSteps(
  a: Allocator,
  words: Words,
  slots: Uint32Array<SharedArrayBuffer>,
  base: number,
  t: Trace,
  n: number,
): void {
  let x = t.x;
  let sum = t.sum;
  for (let i = 0; i < n; i++) {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    const s = (x >>> 0) % 5000;
    a.free(slots[base + s]);
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    const size = 1 + (x & 511);
    const block = a.malloc(size < 4 ? 4 : size);
    slots[base + s] = block;
    words[block >>> 2] = x;
    sum = (sum + size + s) | 0;
  }
  t.x = x;
  t.sum = sum;
}

/** MIX: `n` steps as in W4 over 4,096 slots, of 16 to 32,768 bytes. */
export function mixed(
  a: Allocator,
  words: Words,
  slots: Slots,
  t: Trace,
  n: number,
): void {
  let x = t.x;
  let sum = t.sum;
  for (let i = 0; i < n; i++) {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    const s = x & 4095;
    a.free(slots[s]);
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    const size = 16 + (x >>> 0) % 32753;
    const block = a.malloc(size);
    slots[s] = block;
    words[block >>> 2] = x;
    sum = (sum + size + s) | 0;
  }
  t.x = x;
  t.sum = sum;
}

/** Where a growing buffer of W7 ends. Bytes. */
const GROWN = 1 << 20;

/** W7, one run: a buffer grown as a Python list grows, to 1 MiB. */
export function growOne(a: Allocator, words: Words, t: Trace): void {
  let block = a.malloc(16);
  let length = 2;
  let bytes = 16;
  let sum = t.sum;
  while (bytes < GROWN) {
    const need = length + 1;
    length = (need + (need >>> 3) + 6) & ~3;
    bytes = length << 3;
    if (bytes > GROWN) bytes = GROWN;
    block = a.realloc(block, bytes);
    words[(block + bytes - 4) >>> 2] = length;
    sum = (sum + 1) | 0;
  }
  a.free(block);
  t.sum = sum;
}

/** W7b, one run: two buffers as in W7, grown by turns. */
export function growTwo(a: Allocator, words: Words, t: Trace): void {
  let left = a.malloc(16);
  let right = a.malloc(16);
  let length = 2;
  let bytes = 16;
  let sum = t.sum;
  while (bytes < GROWN) {
    const need = length + 1;
    length = (need + (need >>> 3) + 6) & ~3;
    bytes = length << 3;
    if (bytes > GROWN) bytes = GROWN;
    left = a.realloc(left, bytes);
    words[(left + bytes - 4) >>> 2] = length;
    right = a.realloc(right, bytes);
    words[(right + bytes - 4) >>> 2] = length;
    sum = (sum + 2) | 0;
  }
  a.free(left);
  a.free(right);
  t.sum = sum;
}

/** Replay: the calls `from` to `to` of a recorded program. */
export function replayCalls(
  a: Allocator,
  calls: Int32Array,
  blocks: Slots,
  t: Trace,
  from: number,
  to: number,
): void {
  let sum = t.sum;
  for (let i = from * 3; i < to * 3; i += 3) {
    const id = calls[i + 1];
    const size = calls[i + 2];
    const operation = calls[i];
    if (operation === 3) {
      a.free(blocks[id]);
      blocks[id] = 0;
    } else if (operation === 0) {
      blocks[id] = a.malloc(size);
    } else if (operation === 1) {
      blocks[id] = a.calloc(1, size);
    } else {
      blocks[id] = a.realloc(blocks[id], size);
    }
    sum = (sum + size) | 0;
  }
  t.sum = sum;
}
