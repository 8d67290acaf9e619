/**
 * What each of the two threads of W5 and W6 does.
 *
 * Load this module after `choose()` of `subject.ts`, whose allocator its loops
 * have as a constant.
 *
 * ## Threads
 *   Each thread has parties of its own; `control.ts` says where they meet.
 *
 * @module
 */

import { wallTime } from "./clock.ts";
import * as Control from "./control.ts";
import { exchangeSteps, fillShared, freeShared, Trace } from "./kernels.ts";
import { subject } from "./subject.ts";
import { SEED, SEED_2 } from "./workloads.ts";

// Constants of this module fold, imported ones are read.
const { MAILBOX, HEAD, TAIL, RING, ENTRIES, PUBLISH } = Control;
const { ARRAYS, SLOTS, STEPS, ITEMS } = Control;
const { adapter, control: buffer } = subject();
const { allocator, words } = adapter;
const control = new Int32Array(buffer);

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
  readonly #party: number;
  #mine: number;

  constructor(party: number) {
    this.trace = new Trace(party === 0 ? SEED : SEED_2);
    this.#party = party;
    this.#mine = ARRAYS + party * SLOTS;
  }

  prepare(): void {
    fillShared(this.trace, this.#mine);
    if (this.#party !== 0) return;
    const third = ARRAYS + 2 * SLOTS;
    fillShared(this.trace, third);
    Atomics.store(control, MAILBOX, third);
  }

  run(): void {
    for (let n = 0; n < STEPS; n += 50000) {
      for (let k = 0; k < 50; k++) {
        exchangeSteps(this.#mine, this.trace, 1000);
        adapter.safePoint();
      }
      this.#mine = Atomics.exchange(control, MAILBOX, this.#mine);
    }
  }

  finish(): void {
    freeShared(this.#mine);
    if (this.#party === 0) freeShared(control[MAILBOX]);
  }
}

/** W6, party 0: allocates, writes, sends. */
class Producer implements Party {
  readonly trace = new Trace(SEED);
  payload = 0;
  #head = 0;
  #tail = 0;

  prepare(): void {}

  run(): void {
    for (let n = 0; n < ITEMS; n += 1000) {
      this.#produce(1000);
      adapter.safePoint();
    }
    Atomics.store(control, HEAD, this.#head);
  }

  finish(): void {}

  #produce(n: number): void {
    let x = this.trace.x;
    let sum = this.trace.sum;
    let payload = this.payload;
    let head = this.#head;
    let tail = this.#tail;
    for (let i = 0; i < n; i++) {
      x ^= x << 13;
      x ^= x >>> 17;
      x ^= x << 5;
      const size = 1 + (x & 511);
      const block = allocator.malloc(size < 4 ? 4 : size);
      words[block >>> 2] = x;
      sum = (sum + size) | 0;
      payload ^= x;
      if (head - tail === ENTRIES) tail = this.#awaitSpace(head, tail);
      control[RING + (head & (ENTRIES - 1))] = block;
      head = (head + 1) | 0;
      if ((head & (PUBLISH - 1)) === 0) Atomics.store(control, HEAD, head);
    }
    this.trace.x = x;
    this.trace.sum = sum;
    this.payload = payload;
    this.#head = head;
    this.#tail = tail;
  }

  #awaitSpace(head: number, stale: number): number {
    let tail = Atomics.load(control, TAIL);
    if (tail !== stale) return tail;
    Atomics.store(control, HEAD, head);
    if (adapter.gil) adapter.leave();
    tail = Control.spinWhile(control, TAIL, stale);
    if (adapter.gil) adapter.enter();
    return tail;
  }
}

/** W6, party 1: receives, reads, frees. */
class Consumer implements Party {
  readonly trace = new Trace(SEED_2);
  payload = 0;
  #head = 0;
  #tail = 0;

  prepare(): void {}

  run(): void {
    for (let n = 0; n < ITEMS; n += 1000) {
      this.#consume(1000);
      adapter.safePoint();
    }
    Atomics.store(control, TAIL, this.#tail);
  }

  finish(): void {}

  #consume(n: number): void {
    let payload = this.payload;
    let head = this.#head;
    let tail = this.#tail;
    for (let i = 0; i < n; i++) {
      if (tail === head) head = this.#awaitItem(tail);
      const block = control[RING + (tail & (ENTRIES - 1))] >>> 0;
      payload ^= words[block >>> 2];
      allocator.free(block);
      tail = (tail + 1) | 0;
      if ((tail & (PUBLISH - 1)) === 0) Atomics.store(control, TAIL, tail);
    }
    this.payload = payload;
    this.#head = head;
    this.#tail = tail;
  }

  #awaitItem(tail: number): number {
    let head = Atomics.load(control, HEAD);
    if (head !== tail) return head;
    Atomics.store(control, TAIL, tail);
    if (adapter.gil) adapter.leave();
    head = Control.spinWhile(control, HEAD, tail);
    if (adapter.gil) adapter.enter();
    return head;
  }
}

function partyOf(task: Control.Task): Party {
  if (task.workload === "W5x2") {
    return new Exchanger(task.party);
  }
  return task.party === 0 ? new Producer() : new Consumer();
}

/** One worker's side: an untimed pass, then the samples. */
export function runParty(task: Control.Task): Control.Answer {
  const party = partyOf(task);
  const elapsed: number[] = [];
  const sums: number[] = [];
  let meetings = 0;
  party.prepare();
  for (let k = 0; k <= task.samples; k++) {
    party.trace.sum = 0;
    adapter.leave();
    Control.meet(control, ++meetings);
    const start = wallTime();
    adapter.enter();
    party.run();
    elapsed.push(wallTime() - start);
    sums.push(party.trace.sum >>> 0);
  }
  adapter.leave();
  Control.meet(control, ++meetings);
  adapter.enter();
  party.finish();
  return { elapsed: elapsed.slice(1), sums, payload: party.payload };
}
