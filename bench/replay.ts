/**
 * Replay of the object calls of a recorded Python program: a workload of one
 * thread.
 *
 * Only the calls of the OBJ domain are replayed, all through the one measured
 * allocator, and no block is written to. Blocks that the program left are freed
 * after each pass, outside the time.
 *
 * @module
 */

import type { Stopwatch } from "./clock.ts";
import { freeBlocks, replayCalls, Trace } from "./kernels.ts";
import { subject } from "./subject.ts";
import type { Workload } from "./workloads.ts";

const { adapter, recorded } = subject();

/** Calls that a sample should have at least. Count. */
const ENOUGH = 1e6;

/** See the head of this file. */
export class ReplayWorkload implements Workload {
  /** Name of the figure: `replay` and the name of the trace. */
  readonly name = `replay:${recorded.name}`;
  readonly ops: number;
  readonly expected: number;
  readonly restarts = true;
  readonly #count = recorded.calls.length / 3;
  readonly #passes = Math.ceil(ENOUGH / this.#count);

  /** The replay of the recorded calls of the subject. */
  constructor() {
    const { calls } = recorded;
    this.ops = this.#count * this.#passes;
    let sum = 0;
    for (let i = 2; i < calls.length; i += 3) sum = (sum + calls[i]) | 0;
    this.expected = Math.imul(sum, this.#passes) >>> 0;
  }

  prepare(): void {}

  sample(watch: Stopwatch, chunk: number): number {
    const t = new Trace(0);
    for (let pass = 0; pass < this.#passes; pass++) {
      watch.start();
      for (let n = 0; n < this.#count; n += chunk) {
        replayCalls(t, n, Math.min(n + chunk, this.#count));
        adapter.safePoint();
      }
      watch.stop();
      freeBlocks();
    }
    return t.sum >>> 0;
  }

  finish(): void {}
}
