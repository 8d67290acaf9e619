/**
 * Replay parity: in the GIL build every block of MEM and of OBJ lies where
 * the real pymalloc put it, and the report is the one it printed.
 *
 * The traces and what CPython did with them are in tests/traces. A comparison
 * that cannot fail proves nothing, so each kind of difference is planted too.
 */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { createHeap } from "../../mod.ts";
import * as PageMap from "../../src/layout/page_map.ts";
import * as Placement from "../../src/tools/placement.ts";
import * as Replay from "../../src/tools/replay.ts";
import * as Trace from "../../src/tools/trace.ts";

const FOLDER = `${import.meta.dirname}/../traces`;
const NAMES = ["text_head", "asyncio_echo_head", "waves", "reallocs"];
const MASKS = { mem: 2, obj: 4 };

function traceOf(name: string): Trace.Trace {
  return Trace.readTrace(`${FOLDER}/${name}.pmtr.gz`);
}

function expectedOf(name: string, domain: string): Replay.Expected {
  const path = `${FOLDER}/${name}.${domain}.json`;
  return Replay.parseExpected(Deno.readTextFileSync(path));
}

for (const name of NAMES) {
  for (const domain of ["mem", "obj"] as const) {
    Deno.test(`replay of ${name} gives ${domain} the places of CPython`, () => {
      const trace = traceOf(name);
      const expected = expectedOf(name, domain);
      const options = { domains: MASKS[domain], rounds: 0 };
      const replay = Replay.replayTrace(trace, options);
      assertEquals(Replay.differences(trace, replay, expected), []);
      assertEquals(replay.result.trace, `${name}.pmtr`);
      const { first } = replay;
      for (const [k, pair] of expected.first_placements.entries()) {
        assertEquals([first[k].size, first[k].place], pair);
      }
    });
  }
}

Deno.test("the traces hold what they are there for", () => {
  const waves = expectedOf("waves", "obj");
  assert(waves.arenas_created > waves.arenas_peak, "an arena comes again");
  assert(waves.checkpoints.length >= 5);
  const options = { domains: MASKS.mem, rounds: 0 };
  const { first } = Replay.replayTrace(traceOf("reallocs"), options);
  assert(first.some(({ size }) => size === 0), "a request for 0 bytes");
  const stays = first.some(({ size, place }) =>
    size > 0 && size <= 512 && place === Placement.NO_PLACE
  );
  assert(stays, "a large block that shrinks stays outside the arenas");
});

Deno.test("a replay of all domains works in both builds", () => {
  const trace = traceOf("text_head");
  for (const build of ["gil", "free-threaded"] as const) {
    const { result } = Replay.replayTrace(trace, { build, rounds: 1 });
    assertEquals(result.domains, 7);
    assertEquals(result.ops, 20000);
    assertEquals(result.checkpoints.length, 4);
    assert(result.ns_per_op > 0);
    assert(result.footprint_peak_bytes >= result.peak_requested_bytes);
  }
});

Deno.test("the free-threaded build is compared by requests only", () => {
  const trace = traceOf("waves");
  const expected = expectedOf("waves", "mem");
  const build = "free-threaded";
  const replay = Replay.replayTrace(trace, { build, domains: 2, rounds: 0 });
  assertEquals(Replay.differences(trace, replay, expected), []);
  const wrong = { ...expected, peak_requested_bytes: 1, report: "" };
  assertEquals(Replay.differences(trace, replay, wrong), [
    "peak_requested_bytes: expected 1, got 1007824",
  ]);
});

Deno.test("differences() names the first call that lands elsewhere", () => {
  const trace = traceOf("waves");
  const replay = Replay.replayTrace(trace, { domains: 4, rounds: 0 });
  const expected = expectedOf("waves", "obj");
  const first_placements = expected.first_placements.map((pair, k) =>
    k < 40 ? pair : [512, 3 << 20 | 0x30] as const
  );
  const found = { ...expected, first_placements, placement_hash: "00000000" };
  const lines = Replay.differences(trace, replay, found);
  assertEquals(lines.length, 2);
  assert(lines[0].startsWith("call 40 (allocation 40, record 40): "));
  assert(lines[0].includes("expected 512 bytes at arena 3 offset 0x30"));
  assert(lines[0].includes("at arena 0 offset 0x"));
  assert(lines[1].startsWith("placement_hash: expected 00000000, got "));
});

Deno.test("differences() finds checkpoints, report lines and counts", () => {
  const trace = traceOf("reallocs");
  const replay = Replay.replayTrace(trace, { domains: 2, rounds: 0 });
  const expected = expectedOf("reallocs", "mem");
  function against(change: Partial<Replay.Expected>): string {
    const other = { ...expected, ...change };
    return Replay.differences(trace, replay, other).join("; ");
  }
  const { report, ops } = expected;
  assert(against({ checkpoints: ["0"] }).startsWith("checkpoint 0 (calls 0"));
  assert(against({ checkpoints: [] }).includes("expected none"));
  assert(against({ report: report.slice(0, -300) }).startsWith("report line"));
  const root = report.replace(/(root +=).*/, "$1 7");
  assertEquals(against({ report: root }), "");
  assert(against({ report: report.replace(" 1 ", " 2 ") }).length > 0);
  assertEquals(against({ ops: 1 }), `ops: expected 1, got ${ops}`);
  assert(against({ domains: 4 }).startsWith("domains: expected 4, got 2"));
});

Deno.test("parseExpected() names the key that makes no sense", () => {
  const good = expectedOf("reallocs", "mem");
  const bad: [string, unknown][] = [
    ["ops", -1],
    ["domains", "obj"],
    ["placement_hash", 5],
    ["report", null],
    ["first_placements", [[1, 2, 3]]],
    ["checkpoints", [1]],
  ];
  for (const [key, value] of bad) {
    const text = JSON.stringify({ ...good, [key]: value });
    assertThrows(() => Replay.parseExpected(text), SyntaxError, `"${key}"`);
  }
  assertThrows(() => Replay.parseExpected("[]"), SyntaxError);
  assertThrows(() => Replay.parseExpected("null"), SyntaxError, "an object");
  assertThrows(() => Replay.parseExpected("{"), SyntaxError);
});

Deno.test("replayTrace() says which call found no memory", () => {
  const writer = new Trace.TraceWriter();
  writer.malloc(PageMap.RAW, 64);
  writer.malloc(PageMap.MEM, 0xfffffff0);
  const trace = writer.trace("huge.pmtr");
  const error = assertThrows(
    () => Replay.replayTrace(trace, { rounds: 0 }),
    Trace.TraceError,
    "malloc of 4294967280 bytes",
  );
  assertEquals([error.record, error.value], [1, 4294967280]);
});

Deno.test("PlacementRecorder counts an arena that comes again anew", () => {
  using heap = createHeap({ build: "gil" });
  const recorder = new Placement.PlacementRecorder(heap.core.m);
  function fill(): Set<number> {
    const blocks = Array.from({ length: 4100 }, () => {
      const block = heap.mem.malloc(512);
      recorder.allocated(block, 512);
      return block;
    });
    const arenas = blocks.map((block) => recorder.placeOf(block) >>> 20);
    for (const block of blocks) {
      heap.mem.free(block);
      recorder.freed();
    }
    return new Set(arenas);
  }
  assertEquals(fill(), new Set([0, 1, 2]));
  // The arena that is empty first is last of the usable ones, and stays.
  assertEquals(fill(), new Set([0, 3, 4]));
  assertEquals(recorder.first.length, Placement.FIRST_PLACEMENTS);
  assertEquals(recorder.checkpoints.length, 4);
});
