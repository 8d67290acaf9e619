/**
 * CPython's Lib/test/test_tracemalloc.py: TestSnapshot, under the names that
 * the tests have there. C36.
 *
 * What cannot apply: `test_create_snapshot` replaces functions of the module;
 * here the same snapshot is made from its raw traces.
 */

import {
  assert,
  assertEquals,
  assertNotStrictEquals,
  assertThrows,
} from "@std/assert";
import {
  DomainFilter,
  Filter,
  type RawFrame,
  Snapshot,
  Statistic,
  StatisticDiff,
  Traceback,
  WorkerFilter,
} from "../../src/hooks/tracemalloc/mod.ts";
import {
  assertSame,
  createSnapshots,
  tracebackFilename,
  tracebackLineno,
} from "./fixture.ts";

const A2: readonly RawFrame[] = [["a.py", 2], ["b.py", 4]];
const A5: readonly RawFrame[] = [["a.py", 5], ["b.py", 4]];

Deno.test("test_create_snapshot", () => {
  const snapshot = new Snapshot([[0, 5, [["a.py", 2]], 10]], 5);
  assertEquals(snapshot.tracebackLimit, 5);
  assertEquals(snapshot.traces.length, 1);
  const trace = snapshot.traces.at(0)!;
  assertEquals(trace.size, 5);
  assertEquals(trace.traceback.totalNframe, 10);
  assertEquals(trace.traceback.length, 1);
  assertEquals(trace.traceback.at(0)?.filename, "a.py");
  assertEquals(trace.traceback.at(0)?.lineno, 2);
});

Deno.test("test_filter_traces", () => {
  const [snapshot] = createSnapshots();
  const filter1 = new Filter(false, "b.py");
  const filter2 = new Filter(true, "a.py", 2);
  const filter3 = new Filter(true, "a.py", 5);
  const original = [...snapshot.traces.raw];

  const snapshot3 = snapshot.filterTraces([filter1]);
  assertEquals(snapshot3.traces.raw, [
    [0, 10, A2, 3],
    [0, 10, A2, 3],
    [0, 10, A2, 3],
    [1, 2, A5, 3],
    [3, 7, [["<unknown>", 0]], 1],
  ]);
  assertEquals(snapshot.traces.raw, original);

  const snapshot4 = snapshot3.filterTraces([filter2, filter3]);
  assertEquals(snapshot4.traces.raw, [
    [0, 10, A2, 3],
    [0, 10, A2, 3],
    [0, 10, A2, 3],
    [1, 2, A5, 3],
  ]);

  const snapshot5 = snapshot.filterTraces([]);
  assertNotStrictEquals(snapshot5, snapshot);
  assertNotStrictEquals(snapshot5.traces, snapshot.traces);
  assert(snapshot5.traces.equals(snapshot.traces));

  const error = assertThrows(
    () => snapshot.filterTraces(filter1 as never),
    TypeError,
  );
  assertEquals(
    error.message,
    "filters must be a list of filters, not Filter",
  );
});

Deno.test("test_filter_traces_domain", () => {
  const [snapshot] = createSnapshots();
  const exclusive = new Filter(false, "a.py", null, false, 1);
  assertEquals(snapshot.filterTraces([exclusive]).traces.raw, [
    [0, 10, A2, 3],
    [0, 10, A2, 3],
    [0, 10, A2, 3],
    [2, 66, [["b.py", 1]], 1],
    [3, 7, [["<unknown>", 0]], 1],
  ]);
  const inclusive = new Filter(true, "a.py", null, false, 1);
  assertEquals(snapshot.filterTraces([inclusive]).traces.raw, [
    [1, 2, A5, 3],
  ]);
});

Deno.test("test_filter_traces_domain_filter", () => {
  const [snapshot] = createSnapshots();
  const exclusive = new DomainFilter(false, 3);
  assertEquals(snapshot.filterTraces([exclusive]).traces.raw, [
    [0, 10, A2, 3],
    [0, 10, A2, 3],
    [0, 10, A2, 3],
    [1, 2, A5, 3],
    [2, 66, [["b.py", 1]], 1],
  ]);
  const inclusive = new DomainFilter(true, 3);
  assertEquals(snapshot.filterTraces([inclusive]).traces.raw, [
    [3, 7, [["<unknown>", 0]], 1],
  ]);
});

Deno.test("WorkerFilter: by who allocated", () => {
  const snapshot = new Snapshot([
    [0, 1, A2, 2, 258],
    [0, 2, A2, 2, 259],
    [0, 3, A2, 2],
  ], 2);
  function sizes(filter: WorkerFilter): number[] {
    return [...snapshot.filterTraces([filter]).traces].map((it) => it.size);
  }
  assertEquals(sizes(new WorkerFilter(true, 259)), [2]);
  assertEquals(sizes(new WorkerFilter(false, 259)), [1, 3]);
});

/** Statistics as CPython's tests list them. */
function stats(...rows: [Traceback, number, number][]): Statistic[] {
  return rows.map((row) => new Statistic(...row));
}

/** Differences as CPython's tests list them. */
function diffs(
  ...rows: [Traceback, number, number, number, number][]
): StatisticDiff[] {
  return rows.map((row) => new StatisticDiff(...row));
}

Deno.test("test_snapshot_group_by_line", () => {
  const [snapshot, snapshot2] = createSnapshots();
  const tb0 = tracebackLineno("<unknown>", 0);
  const a2 = tracebackLineno("a.py", 2);
  const a5 = tracebackLineno("a.py", 5);
  const b1 = tracebackLineno("b.py", 1);
  const c578 = tracebackLineno("c.py", 578);
  assertSame(
    snapshot.statistics("lineno"),
    stats([b1, 66, 1], [a2, 30, 3], [tb0, 7, 1], [a5, 2, 1]),
  );
  assertSame(
    snapshot2.statistics("lineno"),
    stats([a5, 5002, 2], [c578, 400, 1], [a2, 30, 3]),
  );
  assertSame(
    snapshot2.compareTo(snapshot, "lineno"),
    diffs(
      [a5, 5002, 5000, 2, 1],
      [c578, 400, 400, 1, 1],
      [b1, 0, -66, 0, -1],
      [tb0, 0, -7, 0, -1],
      [a2, 30, 0, 3, 0],
    ),
  );
});

Deno.test("test_snapshot_group_by_file", () => {
  const [snapshot, snapshot2] = createSnapshots();
  const tb0 = tracebackFilename("<unknown>");
  const a = tracebackFilename("a.py");
  const b = tracebackFilename("b.py");
  const c = tracebackFilename("c.py");
  assertSame(
    snapshot.statistics("filename"),
    stats([b, 66, 1], [a, 32, 4], [tb0, 7, 1]),
  );
  assertSame(
    snapshot2.statistics("filename"),
    stats([a, 5032, 5], [c, 400, 1]),
  );
  assertSame(
    snapshot2.compareTo(snapshot, "filename"),
    diffs(
      [a, 5032, 5000, 5, 1],
      [c, 400, 400, 1, 1],
      [b, 0, -66, 0, -1],
      [tb0, 0, -7, 0, -1],
    ),
  );
});

Deno.test("test_snapshot_group_by_traceback", () => {
  const [snapshot, snapshot2] = createSnapshots();
  const tb1 = new Traceback(A2);
  const tb2 = new Traceback(A5);
  const tb3 = tracebackLineno("b.py", 1);
  const tb4 = tracebackLineno("<unknown>", 0);
  const tb5 = tracebackLineno("c.py", 578);
  assertSame(
    snapshot.statistics("traceback"),
    stats([tb3, 66, 1], [tb1, 30, 3], [tb4, 7, 1], [tb2, 2, 1]),
  );
  assertSame(
    snapshot2.statistics("traceback"),
    stats([tb2, 5002, 2], [tb5, 400, 1], [tb1, 30, 3]),
  );
  assertSame(
    snapshot2.compareTo(snapshot, "traceback"),
    diffs(
      [tb2, 5002, 5000, 2, 1],
      [tb5, 400, 400, 1, 1],
      [tb3, 0, -66, 0, -1],
      [tb4, 0, -7, 0, -1],
      [tb1, 30, 0, 3, 0],
    ),
  );
  const error = assertThrows(
    () => snapshot.statistics("traceback", true),
    RangeError,
  );
  assertEquals(
    error.message,
    "cumulative mode cannot by used with key type 'traceback'",
  );
  const error2 = assertThrows(
    () => snapshot.statistics("worker's" as never),
    RangeError,
  );
  assertEquals(error2.message, `unknown key_type: "worker's"`);
});

Deno.test("test_snapshot_group_by_cumulative", () => {
  const [snapshot] = createSnapshots();
  assertSame(
    snapshot.statistics("filename", true),
    stats(
      [tracebackFilename("b.py"), 98, 5],
      [tracebackFilename("a.py"), 32, 4],
      [tracebackFilename("<unknown>"), 7, 1],
    ),
  );
  assertSame(
    snapshot.statistics("lineno", true),
    stats(
      [tracebackLineno("b.py", 1), 66, 1],
      [tracebackLineno("b.py", 4), 32, 4],
      [tracebackLineno("a.py", 2), 30, 3],
      [tracebackFilename("<unknown>"), 7, 1],
      [tracebackLineno("a.py", 5), 2, 1],
    ),
  );
});

Deno.test("statistics of equal size and count: by traceback, descending", () => {
  const frames: readonly (readonly RawFrame[])[] = [
    [["b.py", 1]],
    [["a.py", 10]],
    [["a.py", 9]],
    // The oldest frame is compared first.
    [["z.py", 1], ["a.py", 9]],
    [["\uffff.py", 1]],
    [["\u{10000}.py", 1]],
  ];
  const snapshot = new Snapshot(frames.map((it) => [0, 1, it, 1]), 2);
  assertEquals(
    snapshot.statistics("traceback").map((it) => String(it.traceback.at(-1))),
    ["\u{10000}.py:1", "\uffff.py:1", "b.py:1", "a.py:10", "z.py:1", "a.py:9"],
  );
});

Deno.test("test_trace_format", () => {
  const [snapshot] = createSnapshots();
  const trace = snapshot.traces.at(0)!;
  assertEquals(String(trace), "b.py:4: 10 B");
  assertEquals(String(trace.traceback), "b.py:4");
  assertEquals(String(trace.traceback.at(0)), "b.py:4");
});

Deno.test("test_statistic_format", () => {
  const [snapshot] = createSnapshots();
  const [stat] = snapshot.statistics("lineno");
  assertEquals(String(stat), "b.py:1: size=66 B, count=1, average=66 B");
});

Deno.test("test_statistic_diff_format", () => {
  const [snapshot, snapshot2] = createSnapshots();
  const [stat] = snapshot2.compareTo(snapshot, "lineno");
  assertEquals(
    String(stat),
    "a.py:5: size=5002 B (+5000 B), count=2 (+1), average=2501 B",
  );
});

Deno.test("test_slices", () => {
  const [snapshot] = createSnapshots();
  const { traces } = snapshot;
  assertSame(traces.slice(0, 2), [traces.at(0)!, traces.at(1)!]);
  const { traceback } = traces.at(0)!;
  assertSame(traceback.slice(0, 2), [traceback.at(0)!, traceback.at(1)!]);
});

Deno.test("test_format_traceback", () => {
  const { traceback } = createSnapshots()[0].traces.at(0)!;
  const getLine = (name: string, line: number) => `  <${name}, ${line}>`;
  const b = ['  File "b.py", line 4', "    <b.py, 4>"];
  const a = ['  File "a.py", line 2', "    <a.py, 2>"];
  assertEquals(traceback.format({ getLine }), [...b, ...a]);
  assertEquals(traceback.format({ getLine, limit: 1 }), a);
  assertEquals(traceback.format({ getLine, limit: -1 }), b);
  const mostRecentFirst = true;
  assertEquals(traceback.format({ getLine, mostRecentFirst }), [...a, ...b]);
  assertEquals(traceback.format({ getLine, mostRecentFirst, limit: 1 }), a);
  assertEquals(traceback.format({ getLine, mostRecentFirst, limit: -1 }), b);
});

Deno.test("format() reads the lines of files that may be read", () => {
  const file = Deno.makeTempFileSync();
  Deno.writeTextFileSync(file, "one\n   two  \n");
  try {
    assertEquals(new Traceback([[file, 2]]).format(), [
      `  File "${file}", line 2`,
      "    two",
    ]);
    assertEquals(new Traceback([["no such file", 2]]).format(), [
      '  File "no such file", line 2',
    ]);
  } finally {
    Deno.removeSync(file);
  }
});
