/**
 * The workloads of two threads: W5 and W6, and how they are timed.
 *
 * Each thread is a worker (`worker.ts`) that joined the measured memory; the
 * thread that started them sleeps. Both start from one barrier, and wall time
 * counts. A buffer of their own, beside the heap, holds the words they meet at:
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

import type { Adapter } from "./adapter.ts";
import { NoiseMeter, wallTime } from "./clock.ts";
import { exchangeSteps, Trace } from "./kernels.ts";
import type { Sampled } from "./result.ts";
import { prefill, SEED, SEED_2, SUMS } from "./workloads.ts";

const MET = 0;
const MAILBOX = 16;
const HEAD = 32;
const TAIL = 48;
const RING = 64;
const ENTRIES = 1024;
const ARRAYS = 1088;
const SLOTS = 5000;
/** Items between two publications. Count. */
const PUBLISH = 32;
/** Steps of a W5 sample for each thread, and items of a W6 sample. Counts. */
const STEPS = 5e6;
const ITEMS = 2e6;
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
function spinWhile(words: Int32Array, index: number, stale: number): number {
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
function meet(control: Int32Array, meetings: number): void {
  let met = Atomics.add(control, MET, 1) + 1;
  while (met < 2 * meetings) met = spinWhile(control, MET, met);
}

/** One side of a two-thread workload. */
interface Party {
  readonly trace: Trace;
  payload: number;
  prepare(): void;
  run(): void;
  finish(): void;
}

/** W5: steps on an array that is exchanged through the mailbox. */
class Exchanger implements Party {
  readonly trace: Trace;
  payload = 0;
  readonly #adapter: Adapter;
  readonly #control: Int32Array;
  readonly #slots: Uint32Array<SharedArrayBuffer>;
  readonly #party: number;
  #mine: number;

  constructor(adapter: Adapter, control: SharedArrayBuffer, party: number) {
    this.trace = new Trace(party === 0 ? SEED : SEED_2);
    this.#adapter = adapter;
    this.#control = new Int32Array(control);
    this.#slots = new Uint32Array(control);
    this.#party = party;
    this.#mine = ARRAYS + party * SLOTS;
  }

  prepare(): void {
    const { trace } = this;
    prefill(this.#adapter, this.#slots, this.#mine, this.#mine + SLOTS, trace);
    if (this.#party !== 0) return;
    const third = ARRAYS + 2 * SLOTS;
    prefill(this.#adapter, this.#slots, third, third + SLOTS, trace);
    Atomics.store(this.#control, MAILBOX, third);
  }

  run(): void {
    const { allocator, words } = this.#adapter;
    for (let n = 0; n < STEPS; n += 50000) {
      for (let k = 0; k < 50; k++) {
        exchangeSteps(
          allocator,
          words,
          this.#slots,
          this.#mine,
          this.trace,
          1000,
        );
        this.#adapter.safePoint();
      }
      this.#mine = Atomics.exchange(this.#control, MAILBOX, this.#mine);
    }
  }

  finish(): void {
    this.#freeArray(this.#mine);
    if (this.#party === 0) this.#freeArray(this.#control[MAILBOX]);
  }

  #freeArray(base: number): void {
    for (let s = base; s < base + SLOTS; s++) {
      this.#adapter.allocator.free(this.#slots[s]);
    }
  }
}

/** W6, party 0: allocates, writes, sends. */
class Producer implements Party {
  readonly trace = new Trace(SEED);
  payload = 0;
  readonly #adapter: Adapter;
  readonly #control: Int32Array;
  #head = 0;
  #tail = 0;

  constructor(adapter: Adapter, control: SharedArrayBuffer) {
    this.#adapter = adapter;
    this.#control = new Int32Array(control);
  }

  prepare(): void {}

  run(): void {
    for (let n = 0; n < ITEMS; n += 1000) {
      this.#produce(1000);
      this.#adapter.safePoint();
    }
    Atomics.store(this.#control, HEAD, this.#head);
  }

  finish(): void {}

  #produce(n: number): void {
    const control = this.#control;
    const { allocator, words } = this.#adapter;
    let x = this.trace.x;
    let sum = this.trace.sum;
    let payload = this.payload;
    let head = this.#head;
    for (let i = 0; i < n; i++) {
      x ^= x << 13;
      x ^= x >>> 17;
      x ^= x << 5;
      const size = 1 + (x & 511);
      const block = allocator.malloc(size < 4 ? 4 : size);
      words[block >>> 2] = x;
      sum = (sum + size) | 0;
      payload ^= x;
      if (head - this.#tail === ENTRIES) this.#awaitSpace(head);
      control[RING + (head & (ENTRIES - 1))] = block;
      head = (head + 1) | 0;
      if ((head & (PUBLISH - 1)) === 0) Atomics.store(control, HEAD, head);
    }
    this.trace.x = x;
    this.trace.sum = sum;
    this.payload = payload;
    this.#head = head;
  }

  #awaitSpace(head: number): void {
    const control = this.#control;
    this.#tail = Atomics.load(control, TAIL);
    if (head - this.#tail !== ENTRIES) return;
    Atomics.store(control, HEAD, head);
    if (this.#adapter.gil) this.#adapter.leave();
    this.#tail = spinWhile(control, TAIL, this.#tail);
    if (this.#adapter.gil) this.#adapter.enter();
  }
}

/** W6, party 1: receives, reads, frees. */
class Consumer implements Party {
  readonly trace = new Trace(SEED_2);
  payload = 0;
  readonly #adapter: Adapter;
  readonly #control: Int32Array;
  #head = 0;
  #tail = 0;

  constructor(adapter: Adapter, control: SharedArrayBuffer) {
    this.#adapter = adapter;
    this.#control = new Int32Array(control);
  }

  prepare(): void {}

  run(): void {
    for (let n = 0; n < ITEMS; n += 1000) {
      this.#consume(1000);
      this.#adapter.safePoint();
    }
    Atomics.store(this.#control, TAIL, this.#tail);
  }

  finish(): void {}

  #consume(n: number): void {
    const control = this.#control;
    const { allocator, words } = this.#adapter;
    let payload = this.payload;
    let tail = this.#tail;
    for (let i = 0; i < n; i++) {
      if (tail === this.#head) this.#awaitItem(tail);
      const block = control[RING + (tail & (ENTRIES - 1))] >>> 0;
      payload ^= words[block >>> 2];
      allocator.free(block);
      tail = (tail + 1) | 0;
      if ((tail & (PUBLISH - 1)) === 0) Atomics.store(control, TAIL, tail);
    }
    this.payload = payload;
    this.#tail = tail;
  }

  #awaitItem(tail: number): void {
    const control = this.#control;
    this.#head = Atomics.load(control, HEAD);
    if (tail !== this.#head) return;
    Atomics.store(control, TAIL, tail);
    if (this.#adapter.gil) this.#adapter.leave();
    this.#head = spinWhile(control, HEAD, tail);
    if (this.#adapter.gil) this.#adapter.enter();
  }
}

function partyOf(task: Task, adapter: Adapter): Party {
  if (task.workload === "W5x2") {
    return new Exchanger(adapter, task.control, task.party);
  }
  return task.party === 0
    ? new Producer(adapter, task.control)
    : new Consumer(adapter, task.control);
}

/** One worker's side: an untimed pass, then the samples. */
export function runParty(task: Task, adapter: Adapter): Answer {
  const control = new Int32Array(task.control);
  const party = partyOf(task, adapter);
  const elapsed: number[] = [];
  const sums: number[] = [];
  let meetings = 0;
  party.prepare();
  for (let k = 0; k <= task.samples; k++) {
    party.trace.sum = 0;
    adapter.leave();
    meet(control, ++meetings);
    const start = wallTime();
    adapter.enter();
    party.run();
    elapsed.push(wallTime() - start);
    sums.push(party.trace.sum >>> 0);
  }
  adapter.leave();
  meet(control, ++meetings);
  adapter.enter();
  party.finish();
  return { elapsed: elapsed.slice(1), sums, payload: party.payload };
}

function startWorker(task: Task): Promise<Answer> {
  const url = new URL("./worker.ts", import.meta.url);
  const worker = new Worker(url, { type: "module" });
  return new Promise((resolve, reject) => {
    worker.onmessage = (event: MessageEvent<Answer>) => {
      resolve(event.data);
      worker.terminate();
    };
    worker.onerror = (event) => {
      event.preventDefault();
      reject(new Error(event.message));
    };
    worker.postMessage(task);
  });
}

function figuresOf(workload: string, one: Answer, two: Answer) {
  const last = one.elapsed.map((ns, k) => Math.max(ns, two.elapsed[k]));
  if (workload === "W6") return { W6: last.map((ns) => ns / ITEMS) };
  return {
    W5x2: one.elapsed.map((ns, k) => (ns + two.elapsed[k]) / 2 / STEPS),
    W5x2wall: last.map((ns) => ns / 2 / STEPS),
  };
}

function findingsOf(
  workload: string,
  one: Answer,
  two: Answer,
  keeps: boolean,
): string[] {
  const expected = workload === "W6"
    ? [SUMS.W6, 0]
    : [SUMS.W5, SUMS["W5 of the second thread"]];
  const sums = [one.sums[0], two.sums[0]];
  const findings: string[] = [];
  if (sums.join() !== expected.join()) {
    findings.push(`${workload}: sums ${sums}, expected ${expected}`);
  }
  if (keeps && workload === "W6" && one.payload !== two.payload) {
    findings.push(`W6: sent ${one.payload}, read ${two.payload}`);
  }
  return findings;
}

/** Measures W5x2 or W6 by two workers on the memory of `adapter`. */
export async function measureShared(
  workload: string,
  adapter: Adapter,
  adapterName: string,
  samples: number,
): Promise<Sampled> {
  const control = new SharedArrayBuffer(4 * (ARRAYS + 3 * SLOTS));
  const task = { adapter: adapterName, handle: adapter.handle, control };
  adapter.leave();
  const noise = new NoiseMeter();
  const [one, two] = await Promise.all(
    [0, 1].map((party) => startWorker({ ...task, workload, party, samples })),
  );
  const others = noise.cores();
  adapter.enter();
  const findings = findingsOf(workload, one, two, adapter.keeps);
  const figures: Record<string, number[]> = figuresOf(workload, one, two);
  return { figures, sums: [...one.sums, ...two.sums], others, findings };
}
