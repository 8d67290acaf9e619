/**
 * Trace files: the calls of a recorded Python program.
 *
 * A trace file (`.pmtr`, or gzipped) is little-endian 32-bit words: magic,
 * version, number of records, number of ids, then three words a call.
 *
 * @module
 */

/** "PMTR" in little-endian. */
const MAGIC = 0x52544d50;
/** Number of the OBJ domain in a trace. */
const OBJ = 2;

/** The calls of one recorded program that are replayed. */
export interface Recorded {
  /** Name of the trace. */
  readonly name: string;
  /** Operation, id, size of each call of the OBJ domain. */
  readonly calls: Int32Array;
  /** Ids are below this. Count. */
  readonly ids: number;
}

/** No calls at all. */
export const NO_CALLS: Recorded = {
  name: "",
  calls: new Int32Array(),
  ids: 0,
};

/** The bytes of a trace, unpacked. */
export async function readTrace(path: string | URL): Promise<ArrayBuffer> {
  const file = await Deno.open(path);
  const gzipped = String(path).endsWith(".gz");
  const stream = gzipped
    ? file.readable.pipeThrough(new DecompressionStream("gzip"))
    : file.readable;
  return await new Response(stream).arrayBuffer();
}

/** Operation, id, size of each call of the OBJ domain. */
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

/** The calls of a trace file. */
export async function readRecorded(path: string): Promise<Recorded> {
  const trace = await readTrace(path);
  return {
    name: traceName(path),
    calls: objectCalls(trace),
    ids: new Int32Array(trace, 0, 4)[3] + 1,
  };
}

/** Name of a trace file, without folder and endings. */
export function traceName(path: string): string {
  return path.replace(/^.*[/\\]/, "").replace(/\.pmtr(\.gz)?$/, "");
}
