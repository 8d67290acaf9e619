/**
 * Replay of the object calls of a recorded Python program: a workload of one
 * thread.
 *
 * A trace file (`.pmtr`, or gzipped) is little-endian 32-bit words: magic,
 * version, number of records, number of ids, then three words a call. Only the
 * calls of the OBJ domain are replayed, all through the one measured allocator,
 * and no block is written to. Blocks that the program left are freed after each
 * pass, outside the time.
 *
 * @module
 */

import type { Adapter } from "./adapter.ts";
import type { Stopwatch } from "./clock.ts";
import { replayCalls, type Slots, Trace } from "./kernels.ts";
import type { Workload } from "./workloads.ts";

/** "PMTR" in little-endian. */
const MAGIC = 0x52544d50;
/** Number of the OBJ domain in a trace. */
const OBJ = 2;
/** Calls that a sample should have at least. Count. */
const ENOUGH = 1e6;

/** The bytes of a trace, unpacked. */
export async function readTrace(path: string | URL): Promise<ArrayBuffer> {
  const file = await Deno.open(path);
  const gzipped = String(path).endsWith(".gz");
  const stream = gzipped
    ? file.readable.pipeThrough(new DecompressionStream("gzip"))
    : file.readable;
  return await new Response(stream).arrayBuffer();
}

/** The calls of the OBJ domain: operation, id, size. */
function objectCalls(trace: ArrayBuffer): Int32Array {
  const words = new Int32Array(trace, 0, trace.byteLength >>> 2);
  if (words[0] !== MAGIC || words[1] !== 1) {
    throw new TypeError("Cannot replay the file: it is no trace of version 1");
  }
  const calls: number[] = [];
  for (let i = 4; i < 4 + 3 * words[2]; i += 3) {
    if (words[i] >> 8 !== OBJ) continue;
    calls.push(words[i] & 255, words[i + 1], words[i + 2]);
  }
  return Int32Array.from(calls);
}

/** See the head of this file. */
export class ReplayWorkload implements Workload {
  /** Name of the figure: `replay` and the name of the trace. */
  readonly name: string;
  readonly ops: number;
  readonly expected: number;
  readonly #adapter: Adapter;
  readonly #calls: Int32Array;
  readonly #blocks: Slots;
  readonly #passes: number;

  /** Reads a trace file. */
  static async load(path: string, adapter: Adapter): Promise<ReplayWorkload> {
    return new ReplayWorkload(path, await readTrace(path), adapter);
  }

  private constructor(path: string, trace: ArrayBuffer, adapter: Adapter) {
    this.name = `replay:${traceName(path)}`;
    this.#adapter = adapter;
    this.#calls = objectCalls(trace);
    this.#blocks = new Uint32Array(new Int32Array(trace, 0, 4)[3] + 1);
    const count = this.#calls.length / 3;
    this.#passes = Math.ceil(ENOUGH / count);
    this.ops = count * this.#passes;
    let sum = 0;
    for (let i = 2; i < this.#calls.length; i += 3) {
      sum = (sum + this.#calls[i]) | 0;
    }
    this.expected = Math.imul(sum, this.#passes) >>> 0;
  }

  prepare(): void {}

  sample(watch: Stopwatch, chunk: number): number {
    const { allocator } = this.#adapter;
    const t = new Trace(0);
    const count = this.#calls.length / 3;
    for (let pass = 0; pass < this.#passes; pass++) {
      watch.start();
      for (let n = 0; n < count; n += chunk) {
        const to = Math.min(n + chunk, count);
        replayCalls(allocator, this.#calls, this.#blocks, t, n, to);
        this.#adapter.safePoint();
      }
      watch.stop();
      this.finish();
    }
    return t.sum >>> 0;
  }

  finish(): void {
    const blocks = this.#blocks;
    for (let id = 0; id < blocks.length; id++) {
      if (blocks[id] !== 0) this.#adapter.allocator.free(blocks[id]);
      blocks[id] = 0;
    }
  }
}

/** Name of a trace file, without folder and endings. */
export function traceName(path: string): string {
  return path.replace(/^.*[/\\]/, "").replace(/\.pmtr(\.gz)?$/, "");
}
