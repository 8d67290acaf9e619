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

import type { Stopwatch } from "./clock.ts";
import { ARRAYS, MAILBOX, SLOTS } from "./control.ts";
import {
  batch,
  churn,
  exchangeSteps,
  fillShared,
  fillSlots,
  fixedPairs,
  freeShared,
  freeSlots,
  growOne,
  growTwo,
  mixed,
  randomPairs,
  Trace,
} from "./kernels.ts";
import { subject } from "./subject.ts";

const { adapter, control } = subject();
const { allocator, slow } = adapter;

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
  /** True where each sample walks the same trace from its start. */
  readonly restarts: boolean;
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
  readonly restarts: boolean;
  readonly #plan: Plan;

  constructor(plan: Plan) {
    this.#plan = plan;
    this.ops = plan.ops;
    this.expected = plan.expected;
    this.restarts = plan.restarts;
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
      adapter.safePoint();
    }
    watch.stop();
    return trace.sum >>> 0;
  }

  finish(): void {
    this.#plan.finish();
  }
}

/** W1 and W2; where not seeded, W1e and W2e: the heap is empty. */
function pairs(fixed: boolean, seeded: boolean): Plan {
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
    step: fixed ? (n) => fixedPairs(trace, n) : (n) => randomPairs(trace, n),
    finish: () => live.forEach((block) => allocator.free(block)),
  };
}

/** W3: batches of 10,000 blocks, freed in random order. */
function batches(): Plan {
  const trace = new Trace(SEED);
  return {
    ops: slow ? 1e4 : 1e6,
    expected: slow ? SUMS["W3, one batch"] : SUMS.W3,
    chunk: 10000,
    restarts: true,
    trace,
    prepare() {},
    step: () => batch(trace),
    finish() {},
  };
}

/** W4: 100,000 slots, one at a time freed and filled anew. */
function churning(): Plan {
  const trace = new Trace(SEED);
  return {
    ops: slow ? 400 : 2e6,
    expected: slow ? SUMS["W4, 400 steps"] : SUMS.W4,
    chunk: 0,
    restarts: false,
    trace,
    prepare() {
      fillSlots(trace, 100000);
      for (let n = 0; n < 5e5 && !slow; n += 1000) {
        churn(trace, 1000);
      }
    },
    step: (n) => churn(trace, n),
    // Freeing 100,000 blocks would take a slow adapter minutes.
    finish: () => slow ? undefined : freeSlots(100000),
  };
}

/** W5x1: what one thread of W5 does when it is alone. */
function exchangeAlone(): Plan {
  const trace = new Trace(SEED);
  const mailbox = new Int32Array(control, 4 * MAILBOX, 1);
  let mine = ARRAYS;
  let calls = 0;
  return {
    ops: 5e6,
    expected: SUMS.W5,
    chunk: 1000,
    restarts: false,
    trace,
    prepare() {
      const third = ARRAYS + 2 * SLOTS;
      fillShared(trace, mine);
      fillShared(trace, third);
      mailbox[0] = third;
    },
    step(n) {
      exchangeSteps(mine, trace, n);
      if (++calls % 50 === 0) mine = Atomics.exchange(mailbox, 0, mine);
    },
    finish() {
      freeShared(mine);
      freeShared(mailbox[0]);
    },
  };
}

/** W7 and W7b: buffers that grow by realloc, 68 times each. */
function growth(two: boolean): Plan {
  const trace = new Trace(SEED);
  return {
    ops: 27200,
    expected: SUMS.W7,
    chunk: two ? 136 : 68,
    restarts: true,
    trace,
    prepare() {},
    step: two ? () => growTwo(trace) : () => growOne(trace),
    finish() {},
  };
}

/** MIX: 16 to 32,768 bytes, all sizes alike, in 4,096 slots. */
function mixing(): Plan {
  const trace = new Trace(SEED);
  return {
    ops: 1e6,
    expected: SUMS.MIX,
    chunk: 0,
    restarts: false,
    trace,
    prepare() {
      fillSlots(trace, 4096);
      for (let n = 0; n < 1e5; n += 1000) {
        mixed(trace, 1000);
      }
    },
    step: (n) => mixed(trace, n),
    finish: () => freeSlots(4096),
  };
}

function planOf(name: string): Plan {
  switch (name) {
    case "W1":
    case "W1e":
      return pairs(true, name === "W1");
    case "W2":
    case "W2e":
      return pairs(false, name === "W2");
    case "W3":
      return batches();
    case "W4":
      return churning();
    case "W5x1":
      return exchangeAlone();
    case "W7":
    case "W7b":
      return growth(name === "W7b");
    case "MIX":
      return mixing();
    default:
      throw new RangeError(`Cannot make workload "${name}": unknown`);
  }
}

/** The workload of that name, to be prepared, sampled, and finished. */
export function makeWorkload(name: string): Workload {
  return new Planned(planOf(name));
}
