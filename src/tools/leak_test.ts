/**
 * Tests that fail if they leave a block behind.
 *
 * @example A function that must free what it allocates
 * ```ts
 * import assert from "node:assert/strict";
 * import { createHeap } from "@obmalloc/obmalloc";
 * import { LeakError, withLeakCheck } from "@obmalloc/obmalloc/tools";
 *
 * using heap = createHeap({ maxBytes: 16 * 1024 * 1024 });
 * withLeakCheck(heap, () => heap.mem.free(heap.mem.malloc(48)));
 * assert.throws(
 *   () => withLeakCheck(heap, () => heap.mem.malloc(48)),
 *   (error) => error instanceof LeakError && error.report.blocks === 1,
 * );
 * ```
 *
 * @module
 */

import {
  createHeap,
  type Heap,
  type HeapMark,
  type HeapOptions,
  type LeakReport,
} from "../../mod.ts";

/** Blocks were left behind. */
export class LeakError extends Error {
  /** Always `"LeakError"`. */
  override readonly name = "LeakError";
  /** Which blocks. */
  readonly report: LeakReport;

  /** An error whose message is the report. */
  constructor(report: LeakReport) {
    super(report.toString());
    this.report = report;
  }
}

/** Throws if more is live than at the mark. */
function requireNoLeak(heap: Heap, mark: HeapMark): void {
  const report = heap.leaks(mark);
  if (!report.ok) throw new LeakError(report);
}

/**
 * Runs a function and makes sure that it leaves no block behind, nor any other
 * worker meanwhile.
 *
 * @param heap The heap, attached before and after.
 * @param run What to do; a promise that it returns is awaited.
 * @returns What `run` returns.
 * @throws {LeakError} If blocks were left; a promise rejects with it.
 */
export function withLeakCheck<T>(heap: Heap, run: () => T): T {
  const mark = heap.mark();
  const result = run();
  if (result instanceof Promise) {
    return result.then((value) => {
      requireNoLeak(heap, mark);
      return value;
    }) as T;
  }
  requireNoLeak(heap, mark);
  return result;
}

/**
 * Declares a test of Deno on a heap of its own, which fails if a block is left.
 *
 * @example Usage
 * ```ts ignore
 * import { leakTest } from "@obmalloc/obmalloc/tools";
 *
 * leakTest("a block comes and goes", (heap) => {
 *   heap.mem.free(heap.mem.malloc(48));
 * });
 * ```
 *
 * @param name Name of the test.
 * @param run The test.
 * @param options Options of the heap.
 */
export function leakTest(
  name: string,
  run: (heap: Heap, context: Deno.TestContext) => void | Promise<void>,
  options: HeapOptions = {},
): void {
  Deno.test(name, async (context) => {
    using heap = createHeap(options);
    await withLeakCheck(heap, () => run(heap, context));
  });
}
