/**
 * Trace files from hostile hands: cut, padded, with random words, enormous
 * counts, bombs of gzip. Each is refused with a `TraceError` that names the
 * file, or is a trace that keeps its invariants; nothing else is thrown, and no
 * table is made for what a header only claims.
 *
 * Single damaged fields: `tests/tools/replay_trace_test.ts`.
 */

import { assert, assertEquals } from "@std/assert";
import { gzipSync } from "node:zlib";
import * as Trace from "../../src/tools/trace.ts";
import { Prng } from "../helpers/prng.ts";
import { attempt } from "./support.ts";

/** Files that are damaged from each seed. Count. */
const FILES = 3000;

/** A valid trace of random calls. */
function traceOf(random: Prng): Trace.Trace {
  const writer = new Trace.TraceWriter();
  const live: number[] = [];
  for (let k = 0; k < 40; k++) {
    if (live.length > 0 && random.chance(40)) {
      writer.free(live.splice(random.below(live.length), 1)[0]);
    } else live.push(writer.malloc(random.below(3), random.below(2000)));
  }
  return writer.trace("hostile.pmtr");
}

/** Damages some words, or cuts, or pads. */
function spoil(random: Prng, bytes: Uint8Array): Uint8Array {
  const view = new DataView(bytes.buffer);
  for (let k = random.below(4); k >= 0; k--) {
    const word = random.below(bytes.length >> 2);
    const value = random.pick([0, 1, 7, 0x7fffffff, 0xffffffff, random.next()]);
    view.setUint32(word * 4, value, true);
  }
  if (random.chance(20)) return bytes.slice(0, random.below(bytes.length));
  if (random.chance(10)) return new Uint8Array([...bytes, 1, 2, 3]);
  return bytes;
}

function read(bytes: Uint8Array, name: string): unknown {
  const path = `${Deno.makeTempDirSync()}/${name}`;
  try {
    Deno.writeFileSync(path, bytes);
    return attempt(() => Trace.readTrace(path));
  } finally {
    Deno.removeSync(path);
  }
}

Deno.test("parseTrace() refuses or reads whatever it is given (seed 20251122)", () => {
  let refused = 0;
  for (let number = 0; number < FILES; number++) {
    const random = new Prng(20251122, number);
    const bytes = spoil(random, Trace.encodeTrace(traceOf(random)));
    const error = attempt(() => Trace.parseTrace(bytes, "hostile.pmtr"));
    if (error === "accepted") continue;
    assert(error instanceof Trace.TraceError, `${number}: ${error}`);
    assert(error.message.includes("hostile.pmtr"), error.message);
    assert(error.message.length < 400, error.message);
    refused++;
  }
  assert(refused > FILES / 2, `${refused} refused`);
});

Deno.test("parseTrace() refuses random bytes (seed 11)", () => {
  for (let number = 0; number < 500; number++) {
    const random = new Prng(11, number);
    const bytes = Uint8Array.from(
      { length: random.below(300) },
      () => random.below(256),
    );
    const error = attempt(() => Trace.parseTrace(bytes, "noise"));
    assert(error instanceof Trace.TraceError, `${number}: ${error}`);
  }
});

Deno.test("readTrace() refuses damaged gzip, folders and nothing", () => {
  const whole = gzipSync(Trace.encodeTrace(traceOf(new Prng(5))));
  for (let length = 0; length < whole.length; length += 7) {
    const error = read(whole.subarray(0, length), "cut.pmtr.gz");
    assert(error instanceof Trace.TraceError, `${length}: ${error}`);
  }
  const folder = attempt(() => Trace.readTrace(Deno.makeTempDirSync()));
  assert(folder instanceof Trace.TraceError, `${folder}`);
  const none = attempt(() => Trace.readTrace("/nowhere/none.pmtr"));
  assert(none instanceof Trace.TraceError, `${none}`);
});

Deno.test("readTrace() refuses a text with lines of a megabyte", () => {
  const text = new TextEncoder().encode("malloc 1 ".repeat(130000));
  const error = read(text, "long.pmtr");
  assert(error instanceof Trace.TraceError, `${error}`);
  assert(error.message.length < 400, error.message);
});

Deno.test("readTrace() makes no tables for counts that the file has not", () => {
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  const words = [Trace.MAGIC, Trace.VERSION, 0xffffffff, 0xffffffff];
  words.forEach((word, k) => view.setUint32(4 * k, word, true));
  const start = performance.now();
  const error = read(bytes, "claims.pmtr");
  assert(error instanceof Trace.TraceError, `${error}`);
  assert(performance.now() - start < 1000);
  view.setUint32(8, 0, true); // no records, and ids for 16 GiB
  const ids = read(bytes, "ids.pmtr");
  assert(ids instanceof Trace.TraceError, `${ids}`);
  assertEquals(ids.value, 0xffffffff);
});
