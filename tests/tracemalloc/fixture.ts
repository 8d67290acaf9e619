/**
 * Heaps that are traced, for tests.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import type { Heap } from "../../mod.ts";
import {
  type RawFrame,
  type RawTrace,
  Snapshot,
  Traceback,
  Tracemalloc,
} from "../../src/hooks/tracemalloc/mod.ts";
import { BUILDS, withHeap } from "../helpers/heap_fixture.ts";

/** A line of this file, as stacks have it: where {@linkcode here} was called. */
export function here(delta = 0): RawFrame {
  const line = (new Error().stack ?? "").split("\n")[2];
  const found = /file:\/\/(\/.*?):(\d+):\d+/.exec(line);
  assert(found, `no place in ${line}`);
  return [decodeURIComponent(found[1]), Number(found[2]) + delta];
}

/** A traceback of one line. */
export function tracebackLineno(filename: string, lineno: number): Traceback {
  return new Traceback([[filename, lineno]]);
}

/** A traceback of a whole file. */
export function tracebackFilename(filename: string): Traceback {
  return tracebackLineno(filename, 0);
}

/**
 * Declares a test for each build, on a fresh heap that is traced. After it
 * tracing stops; then the heap is checked, and has no block but those that the
 * test returns the number of.
 */
export function traced(
  name: string,
  test: (heap: Heap, tracemalloc: Tracemalloc) => number | void,
): void {
  for (const build of BUILDS) {
    Deno.test(`${name} (${build})`, () => {
      withHeap(build, (heap) => {
        const tracemalloc = new Tracemalloc(heap.core);
        tracemalloc.start();
        const left = test(heap, tracemalloc) ?? 0;
        tracemalloc.stop();
        assertEquals(blocksOf(heap), left, "blocks that are left");
      });
    });
  }
}

/** Blocks of all domains. Count. */
export function blocksOf(heap: Heap): number {
  const { blocks } = heap.check();
  return blocks[0] + blocks[1] + blocks[2];
}

/** The two snapshots that CPython's tests work on. */
export function createSnapshots(): [Snapshot, Snapshot] {
  const tb1: readonly RawFrame[] = [["a.py", 2], ["b.py", 4]];
  const tb2: readonly RawFrame[] = [["a.py", 5], ["b.py", 4]];
  const traces: RawTrace[] = [
    [0, 10, tb1, 3],
    [0, 10, tb1, 3],
    [0, 10, tb1, 3],
    [1, 2, tb2, 3],
    [2, 66, [["b.py", 1]], 1],
    [3, 7, [["<unknown>", 0]], 1],
  ];
  const traces2: RawTrace[] = [
    [0, 10, tb1, 3],
    [0, 10, tb1, 3],
    [0, 10, tb1, 3],
    [2, 2, tb2, 3],
    [2, 5000, tb2, 3],
    [4, 400, [["c.py", 578]], 1],
  ];
  return [new Snapshot(traces, 2), new Snapshot(traces2, 2)];
}

/** Claims that two lists have equal items in the same order. */
export function assertSame<T extends { equals(other: T): boolean }>(
  actual: readonly T[],
  expected: readonly T[],
): void {
  // Texts first: they tell more when they differ.
  assertEquals(actual.map(String), expected.map(String));
  assert(actual.every((it, k) => it.equals(expected[k])));
}
