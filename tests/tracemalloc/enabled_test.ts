/**
 * CPython's Lib/test/test_tracemalloc.py: TestTraceback and
 * TestTracemallocEnabled, under the names that the tests have there.
 *
 * What cannot apply:
 *
 * - `test_new_reference`: objects of free lists are not here yet.
 * - `test_fork`: a worker does not fork.
 * - `total_nframe > 10` in `test_snapshot`: frames beyond the limit are not
 *   counted, because each costs 3 µs; `totalNframe` is the number of those kept.
 */

import {
  assert,
  assertEquals,
  assertNotEquals,
  assertThrows,
} from "@std/assert";
import type { Heap, MemPtr } from "../../mod.ts";
import { Snapshot, Traceback } from "../../src/hooks/tracemalloc/mod.ts";
import { here, traced } from "./fixture.ts";

/** As CPython's `allocate_bytes()`: a block, and its traceback of one frame. */
function allocateBytes(heap: Heap, size: number): [MemPtr, Traceback] {
  const block = heap.mem.malloc(size);
  return [block, new Traceback([here(-1)])];
}

Deno.test("test_repr", () => {
  const repr = (...args: ConstructorParameters<typeof Traceback>) =>
    Deno.inspect(new Traceback(...args));
  assertEquals(repr([]), "<Traceback ()>");
  assertEquals(repr([], 0), "<Traceback () total_nframe=0>");
  const frames = "(<Frame filename='f2' lineno=2>, " +
    "<Frame filename='f1' lineno=1>)";
  assertEquals(repr([["f1", 1], ["f2", 2]]), `<Traceback ${frames}>`);
  assertEquals(
    repr([["f1", 1], ["f2", 2]], 2),
    `<Traceback ${frames} total_nframe=2>`,
  );
});

traced("test_get_tracemalloc_memory", (heap, tracemalloc) => {
  for (let k = 0; k < 1000; k++) allocateBytes(heap, 123);
  const size = tracemalloc.getTracemallocMemory();
  assert(size > 0);
  tracemalloc.clearTraces();
  const size2 = tracemalloc.getTracemallocMemory();
  assert(size2 >= 0 && size2 <= size);
  return 1000;
});

traced("test_get_object_traceback", (heap, tracemalloc) => {
  tracemalloc.clearTraces();
  const [block, expected] = allocateBytes(heap, 12345);
  const traceback = tracemalloc.getObjectTraceback(block);
  assert(traceback?.equals(expected), `${traceback} is not ${expected}`);
  assertEquals(traceback?.at(0)?.name, "allocateBytes");
  return 1;
});

/** Calls itself so often, then the function. */
function deep<T>(depth: number, run: () => T): T {
  if (depth === 0) return run();
  const result = deep(depth - 1, run);
  return result;
}

traced("test_set_traceback_limit", (heap, tracemalloc) => {
  tracemalloc.stop();
  assertThrows(() => tracemalloc.start(-1), RangeError);
  assertThrows(() => tracemalloc.start(0), RangeError);
  assertThrows(() => tracemalloc.start(65536), RangeError);
  assertThrows(() => tracemalloc.start("1" as never), TypeError);
  tracemalloc.start(10);
  const [block] = deep(20, () => allocateBytes(heap, 10));
  const traceback = tracemalloc.getObjectTraceback(block)!;
  assertEquals(traceback.length, 10);
  assertEquals(traceback.at(-1)?.name, "allocateBytes");
  assertEquals(traceback.at(0)?.name, "deep");
  tracemalloc.stop();

  tracemalloc.start(1);
  const [block2, expected] = deep(20, () => allocateBytes(heap, 10));
  const traceback2 = tracemalloc.getObjectTraceback(block2)!;
  assertEquals(traceback2.length, 1);
  assert(traceback2.equals(expected));
  return 2;
});

traced("test_get_traces", (heap, tracemalloc) => {
  tracemalloc.clearTraces();
  const [, expected] = allocateBytes(heap, 12345);
  const { traces } = tracemalloc.takeSnapshot();
  const trace = [...traces].find((it) => it.traceback.equals(expected))!;
  assertEquals(trace.domain, 0);
  assertEquals(trace.size, 12345);
  assertEquals(trace.worker, heap.threads.id);
  return 1;
});

traced("test_get_traces_intern_traceback", (heap, tracemalloc) => {
  tracemalloc.stop();
  tracemalloc.start(4);
  for (let k = 0; k < 2; k++) deep(4, () => allocateBytes(heap, 123));
  const { traces } = tracemalloc.takeSnapshot();
  assertEquals(traces.length, 2);
  const [[, , frames1], [, , frames2]] = traces.raw;
  assert(frames1 === frames2, "two tracebacks for one");
  return 2;
});

traced("test_get_traced_memory", (heap, tracemalloc) => {
  const size = 1024 * 1024;
  tracemalloc.clearTraces();
  const [block] = allocateBytes(heap, size);
  assertEquals(tracemalloc.getTracedMemory(), [size, size]);
  heap.mem.free(block);
  assertEquals(tracemalloc.getTracedMemory(), [0, size]);
  tracemalloc.clearTraces();
  assertEquals(tracemalloc.getTracedMemory(), [0, 0]);
  allocateBytes(heap, size);
  assertEquals(tracemalloc.getTracedMemory(), [size, size]);
  tracemalloc.stop();
  assertEquals(tracemalloc.getTracedMemory(), [0, 0]);
  return 1;
});

traced("test_clear_traces", (heap, tracemalloc) => {
  const [block] = allocateBytes(heap, 123);
  assertNotEquals(tracemalloc.getObjectTraceback(block), null);
  tracemalloc.clearTraces();
  assertEquals(tracemalloc.getObjectTraceback(block), null);
  return 1;
});

traced("test_reset_peak", (heap, tracemalloc) => {
  tracemalloc.clearTraces();
  heap.mem.free(heap.mem.malloc(100_000));
  const [, peak1] = tracemalloc.getTracedMemory();
  tracemalloc.resetPeak();
  const [size2, peak2] = tracemalloc.getTracedMemory();
  assert(peak2 >= size2);
  assert(peak2 < peak1);
  allocateBytes(heap, 1024 * 1024);
  const [size3, peak3] = tracemalloc.getTracedMemory();
  assert(peak3 >= size3);
  assertEquals(peak3 - peak2, 1024 * 1024);
  return 1;
});

traced("test_is_tracing", (_heap, tracemalloc) => {
  tracemalloc.stop();
  assert(!tracemalloc.isTracing());
  tracemalloc.start();
  assert(tracemalloc.isTracing());
});

traced("test_snapshot", (heap, tracemalloc) => {
  allocateBytes(heap, 123);
  const snapshot = tracemalloc.takeSnapshot();
  const file = Deno.makeTempFileSync();
  try {
    snapshot.dump(file);
    const snapshot2 = Snapshot.load(file);
    assert(snapshot2.traces.equals(snapshot.traces));
    assertEquals(snapshot2.tracebackLimit, 1);
    assertEquals(
      snapshot2.traces.at(0)?.traceback.at(0)?.name,
      "allocateBytes",
    );
  } finally {
    Deno.removeSync(file);
  }
  tracemalloc.stop();
  const error = assertThrows(() => tracemalloc.takeSnapshot(), Error);
  assertEquals(
    error.message,
    "the tracemalloc module must be tracing memory allocations to take a " +
      "snapshot",
  );
  return 1;
});

traced("test_snapshot_save_attr", (_heap, tracemalloc) => {
  const snapshot = tracemalloc.takeSnapshot();
  const bytes = Object.assign(snapshot, { testAttr: "new" }).toBytes();
  const snapshot2 = Snapshot.fromBytes(bytes) as Snapshot & {
    testAttr?: string;
  };
  assertEquals(snapshot2.testAttr, "new");
});

traced("test_no_incomplete_frames", (heap, tracemalloc) => {
  tracemalloc.stop();
  tracemalloc.start(8);
  const block = heap.mem.malloc(10);
  const traceback = tracemalloc.getObjectTraceback(block)!;
  assert(traceback.at(-1)!.filename.endsWith("enabled_test.ts"));
  for (const { filename, lineno } of traceback) {
    assert(filename !== "" && lineno > 0, `${filename}:${lineno}`);
    assert(!filename.includes("/src/"), `${filename} is the library`);
  }
  return 1;
});
