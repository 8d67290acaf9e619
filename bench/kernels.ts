/**
 * The measured loops, one function each.
 *
 * A process measures one adapter on one workload, and the allocator is a
 * constant of this module, so that the optimiser sees what a user's program
 * would show it. Load this module after `choose()` of `subject.ts`.
 *
 * The native program has the same loops, with the same numbers: equal sums
 * prove that both walked the same trace.
 *
 * ## Threads
 *   A loop belongs to one thread. `exchangeSteps` works on slots in shared
 *   memory, which only the holder of the slot array touches.
 *
 * @module
 */

import { SLOTS } from "./control.ts";
import { subject } from "./subject.ts";

// Constants of this module, not parameters: see subject.ts.
const { adapter, control, recorded } = subject();
const { allocator: a, words } = adapter;
const { calls } = recorded;
const slots = new Uint32Array(100000);
const blocks = new Uint32Array(recorded.ids);
const sharedSlots = new Uint32Array(control);
const SHARED_SLOTS = SLOTS;

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

/** Fills some slots with random sizes of at least 4 bytes. Not timed. */
function prefill(
  array: Uint32Array,
  from: number,
  to: number,
  t: Trace,
): void {
  for (let s = from; s < to; s++) {
    t.x ^= t.x << 13;
    t.x ^= t.x >>> 17;
    t.x ^= t.x << 5;
    const size = 1 + (t.x & 511);
    const block = a.malloc(size < 4 ? 4 : size);
    array[s] = block;
    words[block >>> 2] = t.x;
  }
}

/** Fills the first `n` slots, as W4 and MIX need it. */
export function fillSlots(t: Trace, n: number): void {
  prefill(slots, 0, n, t);
}

/** Fills the 5,000 shared slots from `base`. */
export function fillShared(t: Trace, base: number): void {
  prefill(sharedSlots, base, base + SHARED_SLOTS, t);
}

/** Frees what is in the first `n` slots. */
export function freeSlots(n: number): void {
  for (let s = 0; s < n; s++) a.free(slots[s]);
}

/** Frees what is in the 5,000 shared slots from `base`. */
export function freeShared(base: number): void {
  for (let s = base; s < base + SHARED_SLOTS; s++) a.free(sharedSlots[s]);
}

/** Frees what a replay left. */
export function freeBlocks(): void {
  for (let id = 0; id < blocks.length; id++) {
    if (blocks[id] !== 0) a.free(blocks[id]);
    blocks[id] = 0;
  }
}

/** W1: `n` pairs of 48 bytes. */
export function fixedPairs(t: Trace, n: number): void {
  let sum = t.sum;
  for (let i = 0; i < n; i++) {
    const block = a.malloc(48);
    if (block !== 0) sum = (sum + 1) | 0;
    a.free(block);
  }
  t.sum = sum;
}

/** W2: `n` pairs of 1 to 512 bytes. */
export function randomPairs(t: Trace, n: number): void {
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

/** Slots of a batch of W3. Count. */
const BATCH = 10000;

/** W3, one batch: fill 10,000 slots, shuffle them, free all in their new order. */
export function batch(t: Trace): void {
  let x = t.x;
  let sum = t.sum;
  for (let i = 0; i < BATCH; i++) {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    const size = 1 + (x & 511);
    slots[i] = a.malloc(size);
    sum = (sum + size) | 0;
  }
  for (let i = BATCH - 1; i >= 1; i--) {
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
  for (let i = 0; i < BATCH; i++) a.free(slots[i]);
  t.x = x;
  t.sum = sum;
}

/** W4: `n` steps over 100,000 slots: free one at random, fill it anew. */
export function churn(
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

/** W5: `n` steps as in W4 over the 5,000 shared slots from `base`. */
export function exchangeSteps(
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
    const s = (x >>> 0) % SHARED_SLOTS;
    a.free(sharedSlots[base + s]);
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    const size = 1 + (x & 511);
    const block = a.malloc(size < 4 ? 4 : size);
    sharedSlots[base + s] = block;
    words[block >>> 2] = x;
    sum = (sum + size + s) | 0;
  }
  t.x = x;
  t.sum = sum;
}

/** MIX: `n` steps as in W4 over 4,096 slots, of 16 to 32,768 bytes. */
export function mixed(
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
export function growOne(t: Trace): void {
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
export function growTwo(t: Trace): void {
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
