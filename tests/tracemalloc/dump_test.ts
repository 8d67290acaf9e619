/** Snapshots as files: what is written is read, and what is hostile refused. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { type RawTrace, Snapshot } from "../../src/hooks/tracemalloc/mod.ts";
import { createSnapshots } from "./fixture.ts";

Deno.test("a snapshot is read as it was written", () => {
  for (const snapshot of createSnapshots()) {
    const copy = Snapshot.fromBytes(snapshot.toBytes());
    assert(copy.traces.equals(snapshot.traces));
    assertEquals(copy.tracebackLimit, snapshot.tracebackLimit);
  }
  const frames = [["a\u{1f600}.ts", 1, "f"], ["b.ts", 2, ""]] as const;
  // The same frames of a stack of two depths, from two workers.
  const raw: RawTrace[] = [
    [4294967295, 2 ** 50, frames, 2, 258],
    [0, 0, frames, 9, 259],
  ];
  const copy = Snapshot.fromBytes(new Snapshot(raw, 7).toBytes());
  assertEquals(copy.traces.raw, raw);
  assertEquals(Snapshot.fromBytes(copy.toBytes()).traces.raw, raw);
});

/** A file that is a snapshot, but for what is replaced. */
function file(replaced: Record<string, unknown>): Uint8Array {
  const good = {
    format: "obmalloc snapshot",
    version: 1,
    tracebackLimit: 1,
    names: ["a.ts", "f"],
    tracebacks: [[1, 0, 5, 1]],
    traces: [0, 10, 0, 258],
    extra: {},
  };
  return new TextEncoder().encode(JSON.stringify({ ...good, ...replaced }));
}

Deno.test("the file that hostile ones are made of is good", () => {
  const snapshot = Snapshot.fromBytes(file({}));
  assertEquals(snapshot.traces.raw, [[0, 10, [["a.ts", 5, "f"]], 1, 258]]);
});

const HOSTILE: readonly (readonly [Record<string, unknown>, RegExp])[] = [
  [{ format: "x" }, /the file is no snapshot$/],
  [{ version: 2 }, /the file has version 2, this library reads version 1$/],
  [{ tracebackLimit: -1 }, /a limit is -1$/],
  [{ names: {} }, /names is no list$/],
  [{ names: ["a", 1] }, /a name is no text$/],
  [{ tracebacks: [[1, 0, 5]] }, /a traceback has 3 items$/],
  [{ tracebacks: [[]] }, /a traceback has 0 items$/],
  [{ tracebacks: [[1, 2, 5, 1]] }, /a file is 2$/],
  [{ tracebacks: [[1, 0, 5, -1]] }, /a function is -1$/],
  [{ tracebacks: [[1, 0, "5", 1]] }, /a line is "5"$/],
  [{ tracebacks: [[0.5, 0, 5, 1]] }, /a number of frames is 0.5$/],
  [{ tracebacks: ["x"] }, /a traceback is no list$/],
  [{ traces: [0, 10, 0] }, /traces has 3 items$/],
  [{ traces: [0, 10, 1, 0] }, /a place is 1$/],
  [{ traces: [0, -1, 0, 0] }, /a size is -1$/],
  [{ traces: [0, 1e300, 0, 0] }, /a size is 1e\+300$/],
  [{ traces: [2 ** 32, 1, 0, 0] }, /a domain is 4294967296$/],
  [{ traces: [0, 1, 0, null] }, /a worker is null$/],
  [{ extra: [] }, /extra is no object$/],
  [{ extra: null }, /extra is no object$/],
  [{ extra: { traces: 1 } }, /it adds a property 'traces'$/],
  [{ extra: { statistics: 1 } }, /it adds a property 'statistics'$/],
  [{ extra: JSON.parse('{"__proto__":1}') }, /a property '__proto__'$/],
];

Deno.test("hostile files are refused, and say why", () => {
  for (const [replaced, why] of HOSTILE) {
    const error = assertThrows(
      () => Snapshot.fromBytes(file(replaced)),
      TypeError,
    );
    assert(why.test(error.message), error.message);
    assert(error.message.startsWith("Cannot load a snapshot: "));
  }
  for (const text of ["", "{", "null", "[]", "\xff\xfe", "12"]) {
    const bytes = Uint8Array.from(text, (char) => char.charCodeAt(0));
    assertThrows(() => Snapshot.fromBytes(bytes), TypeError);
  }
});

Deno.test("a file that is cut anywhere is refused", () => {
  const bytes = createSnapshots()[0].toBytes();
  for (let end = 0; end < bytes.length; end++) {
    assertThrows(() => Snapshot.fromBytes(bytes.slice(0, end)), TypeError);
  }
});
