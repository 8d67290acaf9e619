/**
 * The workloads of one thread: what is prepared, what is timed, what its sum
 * must be.
 *
 * A sample is always run as many short calls of a loop from `kernels.ts`: the
 * first, untimed pass so lets the optimiser compile the whole function, where a
 * single long call would leave us measuring a loop that was replaced while it
 * ran. The sum of that first pass is what it is in every other language.
 *
 * @module
 */

import type { Adapter } from "./adapter.ts";
import type { Stopwatch } from "./clock.ts";
import {
  batch,
  churn,
  exchangeSteps,
  fixedPairs,
  growOne,
  growTwo,
  mixed,
  randomPairs,
  type Slots,
  Trace,
} from "./kernels.ts";

/** Seed of the first thread. */
export const SEED = 0x9e3779b9;
/** Seed of the second thread. */
export const SEED_2 = 0x85ebca6b;

/**
 * Sums of the first samples: `native/native.c` gives the same. Those of W1 to
 * W4 are also those of the study that the workloads were taken from.
 */
export const SUMS: Readonly<Record<string, number>> = {
  W1: 5000000,
  W2: 1281545103,
  W3: 2755136356,
  W4: 1651448129,
  W5: 893255008,
  "W5 of the second thread": 896370825,
  W6: 512551879,
  W7: 27200,
  MIX: 1269670533,
  "W3, one batch": 27602503,
  "W4, 400 steps": 20062714,
};

/** Something that can be sampled. */
export interface Workload {
  /** Operations of one sample. Count. */
  readonly ops: number;
  /** Sum of the first sample. */
  readonly expected: number;
  /** Whatever comes before the first sample. */
  prepare(): void;
  /** One sample, in calls of `chunk` operations where it may be cut so. */
  sample(watch: Stopwatch, chunk: number): number;
  /** Frees what is still live. */
  finish(): void;
}

/** What makes a workload of one thread. */
interface Plan {
  /** Operations of one sample. Count. */
  readonly ops: number;
  /** Sum of the first sample. */
  readonly expected: number;
  /** Operations of one call of `step`, or 0 where any number will do. */
  readonly chunk: number;
  /** True where each sample walks the same trace from its start. */
  readonly restarts: boolean;
  /** Where the trace stands. */
  readonly trace: Trace;
  /** Whatever comes before the first sample. */
  prepare(): void;
  /** Does `n` operations. */
  step(n: number): void;
  /** Frees what is still live. */
  finish(): void;
}

class Planned implements Workload {
  readonly ops: number;
  readonly expected: number;
  readonly #adapter: Adapter;
  readonly #plan: Plan;

  constructor(adapter: Adapter, plan: Plan) {
    this.#adapter = adapter;
    this.#plan = plan;
    this.ops = plan.ops;
    this.expected = plan.expected;
  }

  prepare(): void {
    this.#plan.prepare();
  }

  sample(watch: Stopwatch, chunk: number): number {
    const plan = this.#plan;
    const { ops, trace } = plan;
    const calls = Math.min(plan.chunk || chunk, ops);
    trace.sum = 0;
    if (plan.restarts) trace.x = SEED | 0;
    watch.start();
    for (let n = 0; n < ops; n += calls) {
      plan.step(calls);
      this.#adapter.safePoint();
    }
    watch.stop();
    return trace.sum >>> 0;
  }

  finish(): void {
    this.#plan.finish();
  }
}

/** Fills slots with random sizes of at least 4 bytes, as W4 and W5 do. */
export function prefill(
  adapter: Adapter,
  slots: Slots,
  from: number,
  to: number,
  t: Trace,
): void {
  for (let s = from; s < to; s++) {
    t.x ^= t.x << 13;
    t.x ^= t.x >>> 17;
    t.x ^= t.x << 5;
    const size = 1 + (t.x & 511);
    const block = adapter.allocator.malloc(size < 4 ? 4 : size);
    slots[s] = block;
    adapter.words[block >>> 2] = t.x;
  }
}

function freeAll(adapter: Adapter, slots: Slots): void {
  for (const block of slots) adapter.allocator.free(block);
}

/** W1 and W2; where not seeded, W1e and W2e: the heap is empty. */
function pairs(adapter: Adapter, fixed: boolean, seeded: boolean): Plan {
  const { allocator } = adapter;
  const trace = new Trace(SEED);
  const live: number[] = [];
  return {
    ops: 5e6,
    expected: fixed ? SUMS.W1 : SUMS.W2,
    chunk: 0,
    restarts: true,
    trace,
    prepare() {
      if (!seeded) return;
      // Two live blocks of each class, so that no pool becomes empty.
      for (let size = 16; size <= 512; size += 16) {
        live.push(allocator.malloc(size), allocator.malloc(size));
      }
    },
    step: fixed
      ? (n) => fixedPairs(allocator, trace, n)
      : (n) => randomPairs(allocator, trace, n),
    finish: () => live.forEach((block) => allocator.free(block)),
  };
}

/** W3: batches of 10,000 blocks, freed in random order. */
function batches(adapter: Adapter): Plan {
  const trace = new Trace(SEED);
  const slots: Slots = new Uint32Array(10000);
  return {
    ops: adapter.slow ? 1e4 : 1e6,
    expected: adapter.slow ? SUMS["W3, one batch"] : SUMS.W3,
    chunk: 10000,
    restarts: true,
    trace,
    prepare() {},
    step: () => batch(adapter.allocator, slots, trace),
    finish() {},
  };
}

/** W4: 100,000 slots, one at a time freed and filled anew. */
function churning(adapter: Adapter): Plan {
  const { allocator, words, slow } = adapter;
  const trace = new Trace(SEED);
  const slots: Slots = new Uint32Array(100000);
  return {
    ops: slow ? 400 : 2e6,
    expected: slow ? SUMS["W4, 400 steps"] : SUMS.W4,
    chunk: 0,
    restarts: false,
    trace,
    prepare() {
      prefill(adapter, slots, 0, slots.length, trace);
      for (let n = 0; n < 5e5 && !slow; n += 1000) {
        churn(allocator, words, slots, trace, 1000);
      }
    },
    step: (n) => churn(allocator, words, slots, trace, n),
    // Freeing 100,000 blocks would take a slow adapter minutes.
    finish: () => slow ? undefined : freeAll(adapter, slots),
  };
}

/** W5x1: what one thread of W5 does when it is alone. */
function exchangeAlone(adapter: Adapter): Plan {
  const { allocator, words } = adapter;
  const trace = new Trace(SEED);
  const slots = new Uint32Array(new SharedArrayBuffer(4 * 15000));
  const mailbox = new Int32Array(new SharedArrayBuffer(4));
  let mine = 0;
  let calls = 0;
  return {
    ops: 5e6,
    expected: SUMS.W5,
    chunk: 1000,
    restarts: false,
    trace,
    prepare() {
      prefill(adapter, slots, 0, 5000, trace);
      prefill(adapter, slots, 10000, 15000, trace);
      mailbox[0] = 10000;
    },
    step(n) {
      exchangeSteps(allocator, words, slots, mine, trace, n);
      if (++calls % 50 === 0) mine = Atomics.exchange(mailbox, 0, mine);
    },
    finish() {
      freeAll(adapter, slots.subarray(0, 5000));
      freeAll(adapter, slots.subarray(10000));
    },
  };
}

/** W7 and W7b: buffers that grow by realloc, 68 times each. */
function growth(adapter: Adapter, two: boolean): Plan {
  const { allocator, words } = adapter;
  const trace = new Trace(SEED);
  return {
    ops: 27200,
    expected: SUMS.W7,
    chunk: two ? 136 : 68,
    restarts: true,
    trace,
    prepare() {},
    step: two
      ? () => growTwo(allocator, words, trace)
      : () => growOne(allocator, words, trace),
    finish() {},
  };
}

/** MIX: 16 to 32,768 bytes, all sizes alike, in 4,096 slots. */
function mixing(adapter: Adapter): Plan {
  const { allocator, words } = adapter;
  const trace = new Trace(SEED);
  const slots: Slots = new Uint32Array(4096);
  return {
    ops: 1e6,
    expected: SUMS.MIX,
    chunk: 0,
    restarts: false,
    trace,
    prepare() {
      prefill(adapter, slots, 0, slots.length, trace);
      for (let n = 0; n < 1e5; n += 1000) {
        mixed(allocator, words, slots, trace, 1000);
      }
    },
    step: (n) => mixed(allocator, words, slots, trace, n),
    finish: () => freeAll(adapter, slots),
  };
}

function planOf(name: string, adapter: Adapter): Plan {
  switch (name) {
    case "W1":
    case "W1e":
      return pairs(adapter, true, name === "W1");
    case "W2":
    case "W2e":
      return pairs(adapter, false, name === "W2");
    case "W3":
      return batches(adapter);
    case "W4":
      return churning(adapter);
    case "W5x1":
      return exchangeAlone(adapter);
    case "W7":
    case "W7b":
      return growth(adapter, name === "W7b");
    case "MIX":
      return mixing(adapter);
    default:
      throw new RangeError(`Cannot make workload "${name}": unknown`);
  }
}

/** The workload of that name, to be prepared, sampled, and finished. */
export function makeWorkload(name: string, adapter: Adapter): Workload {
  return new Planned(adapter, planOf(name, adapter));
}
