/**
 * CPython's Lib/test/test_tracemalloc.py: TestCAPI, under the names that the
 * tests have there, and what is beyond them. C34.
 *
 * What cannot apply: `test_late_untrack`, for nothing is untracked by objects
 * that die late. `test_tracemalloc_track_race` is in `races_test.ts`.
 */

import { assert, assertEquals, assertThrows } from "@std/assert";
import type { Heap } from "../../mod.ts";
import {
  _PyTraceMalloc_GetTraceback,
  PyTraceMalloc_Track,
  PyTraceMalloc_Untrack,
} from "../../src/capi/tracemalloc.ts";
import { install, uninstall } from "../../src/capi/runtime.ts";
import {
  DomainFilter,
  Traceback,
  type Tracemalloc,
} from "../../src/hooks/tracemalloc/mod.ts";
import { here, traced } from "./fixture.ts";

const DOMAIN = 5;
const PTR = 0xabc10;
const SIZE = 123;

/** The same in a heap that is the runtime's. */
function tracedC(
  name: string,
  test: (heap: Heap, tracemalloc: Tracemalloc) => void,
): void {
  traced(name, (heap, tracemalloc) => {
    install(heap, false);
    try {
      test(heap, tracemalloc);
    } finally {
      uninstall();
    }
  });
}

/** As the test's own: tracks the block; the traceback that it must have. */
function track(): Traceback {
  assertEquals(PyTraceMalloc_Track(DOMAIN, PTR, SIZE), 0);
  return new Traceback([here(-1)]);
}

/** What is traced in the domain. Bytes. */
function sizeInDomain(tracemalloc: Tracemalloc): number {
  const snapshot = tracemalloc.takeSnapshot();
  return [...snapshot.filterTraces([new DomainFilter(true, DOMAIN)]).traces]
    .reduce((sum, { size }) => sum + size, 0);
}

function checkTrack(tracemalloc: Tracemalloc): void {
  const expected = track();
  const traceback = _PyTraceMalloc_GetTraceback(DOMAIN, PTR);
  assert(traceback?.equals(expected), `${traceback} is not ${expected}`);
  assertEquals(sizeInDomain(tracemalloc), SIZE);
}

tracedC("test_track", (_heap, tracemalloc) => checkTrack(tracemalloc));

tracedC("test_track_without_gil", (heap, tracemalloc) => {
  heap.threads.detach();
  checkTrack(tracemalloc);
  heap.threads.attach();
});

tracedC("test_track_already_tracked", (_heap, tracemalloc) => {
  const first = track();
  assertEquals(PyTraceMalloc_Track(DOMAIN, PTR, 7), 0);
  const traceback = _PyTraceMalloc_GetTraceback(DOMAIN, PTR)!;
  assert(!traceback.equals(first));
  assertEquals(traceback.at(0)?.name, "");
  assertEquals(sizeInDomain(tracemalloc), 7);
  assertEquals(tracemalloc.getTracedMemory(), [7, SIZE]);
});

function checkUntrack(tracemalloc: Tracemalloc): void {
  track();
  assert(_PyTraceMalloc_GetTraceback(DOMAIN, PTR));
  assertEquals(sizeInDomain(tracemalloc), SIZE);
  assertEquals(PyTraceMalloc_Untrack(DOMAIN, PTR), 0);
  assertEquals(_PyTraceMalloc_GetTraceback(DOMAIN, PTR), null);
  assertEquals(sizeInDomain(tracemalloc), 0);
  assertEquals(PyTraceMalloc_Untrack(DOMAIN, PTR), 0);
  assertEquals(PyTraceMalloc_Untrack(DOMAIN, PTR), 0);
}

tracedC("test_untrack", (_heap, tracemalloc) => checkUntrack(tracemalloc));

tracedC("test_untrack_without_gil", (heap, tracemalloc) => {
  heap.threads.detach();
  checkUntrack(tracemalloc);
  heap.threads.attach();
});

tracedC("test_stop_track", (_heap, tracemalloc) => {
  tracemalloc.stop();
  assertEquals(PyTraceMalloc_Track(DOMAIN, PTR, SIZE), -2);
  assertEquals(_PyTraceMalloc_GetTraceback(DOMAIN, PTR), null);
});

tracedC("test_stop_untrack", (_heap, tracemalloc) => {
  track();
  tracemalloc.stop();
  assertEquals(PyTraceMalloc_Untrack(DOMAIN, PTR), -2);
});

Deno.test("without a runtime nobody traces", () => {
  assertEquals(PyTraceMalloc_Track(DOMAIN, PTR, SIZE), -2);
  assertEquals(PyTraceMalloc_Untrack(DOMAIN, PTR), -2);
  assertEquals(_PyTraceMalloc_GetTraceback(DOMAIN, PTR), null);
});

tracedC("keys are told apart by domain and by every bit", (_heap, tracer) => {
  const max = Number.MAX_SAFE_INTEGER;
  const keys: [number, number][] = [
    [0, 0],
    [0, 1],
    [0, 16],
    [0, 2 ** 32 + 16],
    [0, 2 ** 40 + 16],
    [1, 16],
    [4294967295, 16],
    [7, max],
    [7, max - 2 ** 32],
  ];
  keys.forEach(([domain, ptr], k) => {
    assertEquals(PyTraceMalloc_Track(domain, ptr, 2 ** k), 0);
  });
  let sum = 2 ** keys.length - 1;
  assertEquals(tracer.getTracedMemory(), [sum, sum]);
  const sizes = [...tracer.takeSnapshot().traces].map(({ size }) => size);
  assertEquals(sizes.sort((a, b) => a - b), keys.map((_, k) => 2 ** k));
  keys.forEach(([domain, ptr], k) => {
    assertEquals(PyTraceMalloc_Untrack(domain, ptr), 0);
    sum -= 2 ** k;
    assertEquals(tracer.getTracedMemory()[0], sum);
  });
});

tracedC("sizes beyond 2^32 are exact, from 32 GiB on refused", (_heap, it) => {
  const max = 2 ** 35 - 1;
  assertEquals(PyTraceMalloc_Track(9, 1, max), 0);
  assertEquals(PyTraceMalloc_Track(9, 2, max), 0);
  assertEquals(it.getTracedMemory(), [2 * max, 2 * max]);
  assertEquals(PyTraceMalloc_Track(9, 3, max + 1), -1);
  assertEquals(it.takeSnapshot().traces.at(0)?.size, max);
});

tracedC("what is no domain, pointer or size is refused", (_heap, tracer) => {
  for (const bad of [-1, 0.5, NaN, 2 ** 32, "5", undefined]) {
    assertThrows(() => PyTraceMalloc_Track(bad as never, 1, 1), TypeError);
    assertThrows(() => PyTraceMalloc_Untrack(bad as never, 1), TypeError);
  }
  for (const bad of [-1, 0.5, NaN, 2 ** 53, "5", null]) {
    assertThrows(() => PyTraceMalloc_Track(1, bad as never, 1), TypeError);
    assertThrows(() => PyTraceMalloc_Track(1, 1, bad as never), TypeError);
    assertThrows(() => PyTraceMalloc_Untrack(1, bad as never), TypeError);
  }
  assertEquals(tracer.getTracedMemory(), [0, 0]);
});
