/**
 * Planted bugs that schedules must find: a lock that tests and then sets, an
 * update that is lost, a stack with the ABA problem, a wake-up that is lost.
 * And a lock that is right, which must pass.
 *
 * ## Threads
 *   Words of the stage; what is wrong with their accesses is the point.
 *
 * @module
 */

import { claim, type Scenario, type Stage } from "./scenario.ts";

/** Times that each worker does what it does. Count. */
const ROUNDS = 3;
const LOCK = 0;
const COUNTER = 2;
const TOP = 4;
const NODES = 8;
const TAKEN = 24;

type Words = Int32Array<SharedArrayBuffer>;

/** A scenario on 64 words that are 0 at first. */
function small(
  name: string,
  workers: number,
  weight: number,
  script: (i32: Words, me: number) => void,
  finish: (i32: Words) => void,
): Scenario {
  return {
    name,
    workers,
    length: 30,
    weight,
    create: () => new SharedArrayBuffer(256),
    ranges: () => [[0, 64]],
    open({ buffer }: Stage, { me }) {
      const i32 = new Int32Array(buffer);
      return {
        begin() {},
        run: () => script(i32, me),
        finish: () => finish(i32),
      };
    },
  };
}

/** A plain addition that another worker can come into. */
function increment(i32: Words): void {
  const seen = i32[COUNTER];
  Atomics.load(i32, LOCK); // here the turn may pass
  i32[COUNTER] = seen + 1;
}

function expectCount(workers: number): (i32: Words) => void {
  return (i32) =>
    claim(
      i32[COUNTER] === workers * ROUNDS,
      `${i32[COUNTER]} of ${workers * ROUNDS} updates`,
    );
}

function testThenSet(i32: Words): void {
  for (let round = 0; round < ROUNDS; round++) {
    while (Atomics.load(i32, LOCK) !== 0) Atomics.pause();
    Atomics.store(i32, LOCK, 1);
    increment(i32);
    Atomics.store(i32, LOCK, 0);
  }
}

function compareAndSet(i32: Words): void {
  for (let round = 0; round < ROUNDS; round++) {
    while (Atomics.compareExchange(i32, LOCK, 0, 1) !== 0) Atomics.pause();
    increment(i32);
    Atomics.store(i32, LOCK, 0);
  }
}

function loadThenStore(i32: Words): void {
  for (let round = 0; round < ROUNDS; round++) {
    Atomics.store(i32, COUNTER, Atomics.load(i32, COUNTER) + 1);
  }
}

/** Takes a node off a stack whose top has no tag, or 0. */
function pop(i32: Words): number {
  for (;;) {
    const top = Atomics.load(i32, TOP);
    if (top === 0) return 0;
    const next = Atomics.load(i32, NODES + top);
    if (Atomics.compareExchange(i32, TOP, top, next) === top) return top;
  }
}

function push(i32: Words, node: number): void {
  for (;;) {
    const top = Atomics.load(i32, TOP);
    Atomics.store(i32, NODES + node, top);
    if (Atomics.compareExchange(i32, TOP, top, node) === top) return;
  }
}

function popAndPush(i32: Words, me: number): void {
  if (me === 0) { for (let node = 1; node <= 3; node++) push(i32, node); }
  const [a, b] = [pop(i32), pop(i32)];
  for (const node of [a, b]) {
    if (node === 0) continue;
    claim(Atomics.add(i32, TAKEN + node, 1) === 0, `Node ${node} popped twice`);
  }
  for (const node of [a, b]) {
    if (node === 0) continue;
    Atomics.sub(i32, TAKEN + node, 1);
    push(i32, node);
  }
}

/** Looks whether there is a reason to sleep, sleeps without looking again. */
function sleepLate(i32: Words, me: number): void {
  if (me === 0) {
    Atomics.store(i32, COUNTER, 1);
    Atomics.notify(i32, LOCK, 1);
  } else if (Atomics.load(i32, COUNTER) === 0) {
    Atomics.wait(i32, LOCK, 0);
  }
}

/** The planted bugs, and the lock that is none. */
export const CANARIES: readonly Scenario[] = [
  small("canary: test-then-set lock", 2, 0, testThenSet, expectCount(2)),
  small("canary: lost update", 2, 0, loadThenStore, expectCount(2)),
  small("canary: ABA", 3, 0, popAndPush, () => {}),
  small("canary: lost wake-up", 2, 0, sleepLate, () => {}),
  small("good spin lock", 3, 8, compareAndSet, expectCount(3)),
];
