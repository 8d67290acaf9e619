/**
 * The Web Worker of the probes: a task comes in a message.
 *
 * ## Threads
 *   Words of `probe_words.ts`, atomic accesses only.
 *
 * @module
 */

import { locks } from "./web_locks.ts";
import { COUNTER, GO, READY } from "./probe_words.ts";

declare const self: DedicatedWorkerGlobalScope;

let shared: Int32Array<SharedArrayBuffer>;
let number = 0;

function ready(): void {
  Atomics.store(shared, READY, 1);
  Atomics.notify(shared, READY);
}

function spin(): never {
  for (;;) Atomics.add(shared, COUNTER, 1);
}

/** Holds the lock for ever, then does `then`. */
function certify(then: () => void): void {
  locks.request("certificate", () => {
    then();
    return new Promise(() => {});
  });
}

const tasks: Record<string, () => void> = {
  "spin"() {
    ready();
    spin();
  },
  "park"() {
    ready();
    Atomics.wait(shared, GO, 0);
    Atomics.add(shared, COUNTER, 1);
    Atomics.notify(shared, COUNTER);
  },
  "certify, then close"() {
    self.onmessage = () => self.close();
    certify(ready);
  },
  "certify, then throw"() {
    self.onmessage = () => {
      throw new Error("Thrown by the probe");
    };
    certify(ready);
  },
  "certify, then spin"() {
    certify(() => {
      setTimeout(() => {
        ready();
        spin();
      });
    });
  },
  "queue"() {
    ready();
    Atomics.wait(shared, GO, 0);
    self.postMessage(number);
  },
  "overflow"() {
    self.postMessage(digOften());
  },
};

self.onmessage = ({ data }) => {
  shared = data.shared;
  number = data.number;
  tasks[data.task]();
};

/** Word that says how far a step got: its stores are 1, 2 and 3. */
const REACHED = 8;
/** Makes the call of a builtin need more of the stack than its caller has. */
const MANY = new Array<number>(40).fill(0) as [];

/** Stores, calls a function that stores and calls a builtin, stores. */
function step(): void {
  Atomics.store(shared, REACHED, 1);
  callee(1, 2, 3);
  Atomics.store(shared, REACHED, 3);
}

/** Has a frame of its own. */
function callee(a: number, b: number, c: number): number {
  Atomics.store(shared, REACHED, 2);
  return Atomics.notify(shared, 9, a + b + c, ...MANY);
}

/** Successes after which a stack is no longer near its end. Count. */
const FAR = 8;

/** What the probes of a stack have seen. Counts. */
const overflows = { reached: [0, 0, 0], fine: 0 };

/**
 * Fills the stack; on the way back every frame tries `step`, `args.length`
 * words further down, until that goes well for some time.
 */
function dig(args: number[]): void {
  try {
    dig(args);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
  if (overflows.fine < FAR) tryStep(args);
}

function tryStep(args: number[]): void {
  try {
    shared[REACHED] = 0; // no call that might overflow
    Reflect.apply(step, undefined, args);
    overflows.fine++;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    overflows.reached[shared[REACHED]]++;
  }
}

/** Counts where overflows land: at an entry, or between two of our stores. */
function digOften(): Record<string, unknown> {
  for (let round = 0; round < 600; round++) {
    overflows.fine = 0;
    dig(new Array<number>(round % 60).fill(0));
  }
  return { ...overflows, livesOn: true };
}
