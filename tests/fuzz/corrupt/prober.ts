/**
 * The worker that meets damaged heaps; `probe.ts` watches over it.
 *
 * ## Threads
 *   Shares four words with its watchdog: the number of the case, the number of
 *   the call, and nothing else. A worker that hangs leaves them as they are.
 *
 * @module
 */

import { callOne } from "./call_case.ts";
import { checkOne } from "./check_case.ts";
import { caseOf, textOf } from "./damage.ts";
import { untyped } from "./outcome.ts";
import { faultyHeap } from "./canary.ts";
import { stackOne } from "../ops/stack.ts";

// Of the two kinds of global scope that the compiler knows, it is this one.
declare const self: DedicatedWorkerGlobalScope;

/** What the worker is to do. */
export interface Errand {
  /** `check`, `calls`, `stack`, or a canary. */
  readonly mode: string;
  /** Seed of the run. */
  readonly seed: number;
  /** First case. Number. */
  readonly from: number;
  /** First case that is not done. Number. */
  readonly to: number;
  /** Words shared with the watchdog. */
  readonly words: Int32Array<SharedArrayBuffer>;
}

/** What the worker says, in batches. */
export interface Word {
  /** Regions: damaged how often, found how often. */
  readonly regions: Record<string, [number, number]>;
  /** What must not happen, with the case. */
  readonly faults: [number, string][];
  /** Calls or checks. Count. */
  readonly calls: number;
  /** True at the end. */
  readonly isLast: boolean;
}

/** Cases between two messages. Count. */
const BATCH = 20;

class Batch {
  regions: Record<string, [number, number]> = {};
  faults: [number, string][] = [];
  calls = 0;

  send(isLast: boolean): void {
    const { regions, faults, calls } = this;
    self.postMessage({ regions, faults, calls, isLast } satisfies Word);
    this.regions = {};
    this.faults = [];
    this.calls = 0;
  }
}

/** One case of the stack. */
function runStack(batch: Batch, errand: Errand, number: number): void {
  const count = () => void Atomics.add(errand.words, 1, 1);
  try {
    const { name, fault, overflows } = stackOne(number, count);
    batch.calls += overflows;
    if (fault !== "") batch.faults.push([number, `${name}: ${fault}`]);
  } catch (error) {
    batch.faults.push([number, `stack case ${number}: ${untyped(error)}`]);
  }
}

/** One case in one mode. */
function run(batch: Batch, errand: Errand, number: number): void {
  if (errand.mode === "stack") return runStack(batch, errand, number);
  const each = caseOf(errand.seed, number);
  const { words } = errand;
  if (errand.mode === "calls") {
    const { done, faults, calls } = callOne(
      each,
      () => void Atomics.add(words, 1, 1),
    );
    batch.calls += calls;
    for (const fault of faults) {
      batch.faults.push([number, `${textOf(each, done)}: ${fault}`]);
    }
    return;
  }
  if (errand.mode.startsWith("canary")) faultyHeap(errand.mode);
  const { done, fault, isFound } = checkOne(each);
  batch.calls++;
  const key = `${each.build}: ${done.region}`;
  const tally = batch.regions[key] ??= [0, 0];
  tally[0]++;
  if (isFound) tally[1]++;
  if (fault !== "") {
    batch.faults.push([number, `${textOf(each, done)}: ${fault}`]);
  }
}

self.addEventListener("message", (event: MessageEvent) => {
  const errand = event.data as Errand;
  const batch = new Batch();
  for (let number = errand.from; number < errand.to; number++) {
    Atomics.store(errand.words, 1, 0);
    Atomics.store(errand.words, 0, number);
    run(batch, errand, number);
    if ((number - errand.from) % BATCH === BATCH - 1) batch.send(false);
  }
  batch.send(true);
  self.close();
});
