/**
 * Traces: what a file may not hold, and that what is written reads back.
 *
 * A small valid trace is damaged in one place at a time. Each damage must be
 * refused with a `TraceError` that names the file, the record and the value,
 * because traces come from anywhere.
 */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { gzipSync } from "node:zlib";
import * as PageMap from "../../src/layout/page_map.ts";
import * as Trace from "../../src/tools/trace.ts";

/** Five calls: malloc, calloc, realloc, free, and a realloc of NULL. */
function small(): Trace.Trace {
  const writer = new Trace.TraceWriter();
  const first = writer.malloc(PageMap.OBJ, 40);
  const second = writer.calloc(PageMap.MEM, 100);
  writer.realloc(first, 700);
  writer.free(second);
  writer.reallocNull(PageMap.RAW, 5);
  return writer.trace("small.pmtr");
}

/** The bytes of the small trace with one word replaced. */
function damaged(word: number, value: number): Uint8Array {
  const bytes = Trace.encodeTrace(small());
  new DataView(bytes.buffer).setUint32(word * 4, value, true);
  return bytes;
}

function refused(bytes: Uint8Array): Trace.TraceError {
  return assertThrows(
    () => Trace.parseTrace(bytes, "small.pmtr"),
    Trace.TraceError,
  );
}

/** First word of a record. Word index. */
function wordOf(record: number): number {
  return 4 + 3 * record;
}

Deno.test("parseTrace() reads back what encodeTrace() wrote", () => {
  const trace = small();
  assertEquals(trace.ids, 2);
  assertEquals(Trace.parseTrace(Trace.encodeTrace(trace), "small.pmtr"), trace);
});

Deno.test("parseTrace() reads a trace of no calls", () => {
  const none = new Trace.TraceWriter().trace("none.pmtr");
  const parsed = Trace.parseTrace(Trace.encodeTrace(none), "none.pmtr");
  assertEquals(parsed.codes.length, 0);
  assertEquals(Trace.requestedBytes(parsed), { peak: 0, live: 0 });
});

Deno.test("parseTrace() refuses bytes that are too few for a header", () => {
  for (const length of [0, 1, 15]) {
    const error = refused(new Uint8Array(length));
    assertEquals(error.value, length);
    assert(error.message.includes("header"), error.message);
  }
});

Deno.test("parseTrace() refuses another magic and another version", () => {
  const magic = refused(damaged(0, 0x12345678));
  assert(magic.message.includes("0x12345678"), magic.message);
  const version = refused(damaged(1, 2));
  assert(version.message.includes("got 2"), version.message);
  assertEquals(version.value, 2);
});

Deno.test("parseTrace() refuses counts that do not fit the file", () => {
  for (const records of [0, 4, 6, 0x7fffffff, 0xffffffff]) {
    const error = refused(damaged(2, records));
    assertEquals(error.value, records);
    assert(error.message.includes("small.pmtr"), error.message);
  }
  assertEquals(refused(damaged(3, 0xffffffff)).value, 0xffffffff);
});

Deno.test("parseTrace() refuses a file cut anywhere", () => {
  const bytes = Trace.encodeTrace(small());
  for (let length = 0; length < bytes.length; length++) {
    refused(bytes.slice(0, length));
  }
});

Deno.test("parseTrace() refuses an operation out of range", () => {
  const error = refused(damaged(wordOf(2), 4 + 256 * PageMap.OBJ));
  assertEquals([error.file, error.record, error.value], ["small.pmtr", 2, 4]);
  assert(error.message.includes("record 2: operation"), error.message);
});

Deno.test("parseTrace() refuses a domain out of range", () => {
  for (const domain of [3, 255, 0xffffff]) {
    const error = refused(damaged(wordOf(1), 256 * domain));
    assertEquals([error.record, error.value], [1, domain]);
  }
});

Deno.test("parseTrace() refuses an id out of range", () => {
  for (const id of [2, 0x80000000, 0xffffffff]) {
    const error = refused(damaged(wordOf(3) + 1, id));
    assertEquals([error.record, error.value], [3, id]);
  }
});

Deno.test("parseTrace() refuses malloc of a live id", () => {
  const error = refused(damaged(wordOf(2), Trace.MALLOC + 256 * PageMap.OBJ));
  assertEquals([error.record, error.value], [2, 0]);
  assert(error.message.includes("malloc of id 0, which is live"));
});

Deno.test("parseTrace() refuses free of an id that is not live", () => {
  const error = refused(damaged(wordOf(1), Trace.FREE + 256 * PageMap.MEM));
  assertEquals([error.record, error.value], [1, 1]);
  assert(error.message.includes("free of id 1, which is not live"));
});

Deno.test("parseTrace() refuses realloc and free in another domain", () => {
  const realloc = refused(
    damaged(wordOf(2), Trace.REALLOC + 256 * PageMap.MEM),
  );
  assertEquals(realloc.record, 2);
  assert(realloc.message.includes("domain mem, but it is of obj"));
  assertEquals(refused(damaged(wordOf(3), Trace.FREE)).record, 3);
});

Deno.test("parseTrace() accepts realloc of NULL", () => {
  const trace = Trace.parseTrace(Trace.encodeTrace(small()), "small.pmtr");
  assertEquals(trace.codes[4], Trace.REALLOC);
  assertEquals(trace.blocks[4], 1);
});

Deno.test("readTrace() reads plain and compressed files by their bytes", () => {
  const folder = Deno.makeTempDirSync();
  try {
    const trace = small();
    Trace.writeTrace(`${folder}/small.pmtr`, trace);
    Trace.writeTrace(`${folder}/small.pmtr.gz`, trace);
    Deno.renameSync(`${folder}/small.pmtr`, `${folder}/renamed`);
    assertEquals(Trace.readTrace(`${folder}/small.pmtr.gz`), trace);
    const renamed = Trace.readTrace(`${folder}/renamed`);
    assertEquals(renamed, { ...trace, name: "renamed" });
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

Deno.test("readTrace() refuses damaged gzip data and missing files", () => {
  const folder = Deno.makeTempDirSync();
  try {
    const packed = gzipSync(Trace.encodeTrace(small()));
    const path = `${folder}/cut.pmtr.gz`;
    Deno.writeFileSync(path, packed.subarray(0, packed.length - 9));
    const cut = assertThrows(() => Trace.readTrace(path), Trace.TraceError);
    assert(cut.message.includes("cut.pmtr.gz"), cut.message);
    assert(cut.message.includes("gzip"), cut.message);
    assertThrows(
      () => Trace.readTrace(`${folder}/missing.pmtr`),
      Trace.TraceError,
      "missing.pmtr",
    );
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

Deno.test("selectDomains() keeps the calls of the mask in order", () => {
  const trace = small();
  const obj = Trace.selectDomains(trace, 4);
  assertEquals([...obj.blocks], [0, 0]);
  assertEquals([...obj.sizes], [40, 700]);
  assertEquals(Trace.selectDomains(trace, 7), trace);
  assertEquals(Trace.selectDomains(trace, 0).codes.length, 0);
});

Deno.test("requestedBytes() follows reallocs and frees", () => {
  const trace = small();
  assertEquals(Trace.requestedBytes(trace), { peak: 800, live: 705 });
  const mem = Trace.selectDomains(trace, 2);
  assertEquals(Trace.requestedBytes(mem), { peak: 100, live: 0 });
});

Deno.test("headOf() is a trace that could have been recorded", () => {
  const trace = small();
  for (let length = 0; length <= 5; length++) {
    const head = Trace.headOf(trace, length, "head.pmtr");
    const bytes = Trace.encodeTrace(head);
    assertEquals(Trace.parseTrace(bytes, "head.pmtr"), head);
    assertEquals(head.codes.length, length);
  }
});
