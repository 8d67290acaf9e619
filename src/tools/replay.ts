/**
 * Replays the allocations of a real program, and says where every block went.
 *
 *     deno task replay FILE [--domain obj|mem|raw|all]
 *         [--build gil|free-threaded] [--malloc NAME] [--expect EXPECTED.json]
 *         [--rounds N] [--json]
 *
 * Only the calls of the chosen domains are made, on a heap that nothing else
 * uses. Blocks that the program never freed stay live, and the report is taken
 * with them. In the GIL build MEM and OBJ are CPython's pymalloc to the block:
 * with `--expect` the places, the arenas and the report are compared with what
 * the real one did, and the first call that differs is named.
 *
 * A replay is made twice over. The first pass records places and is not
 * timed. Then, after a short warm-up, each timed round makes the same calls on
 * a fresh heap, with no work around a call but the loop and the table of
 * blocks. Fresh means that first touches of its pages are part of the time.
 *
 * ## What is not compared
 *   The figures of the report's arena map (see `report.ts`), and in the
 *   free-threaded build, where CPython has no pymalloc, places, arenas and
 *   report at all.
 *
 * ## Threads
 *   One worker, this one, and heaps that no other knows of.
 *
 * @module
 */

import {
  createHeap,
  type Heap,
  type HeapOptions,
  type MallocName,
} from "../../mod.ts";
import { MemoryError, PointerError } from "../../mod.ts";
import type { MemPtr, ObjPtr, RawPtr } from "../../mod.ts";
import { MALLOC_NAMES } from "../domains/allocator_names.ts";
import * as ArenaSet from "../layout/arena_set.ts";
import * as Layout from "../layout/memory_map.ts";
import * as Args from "./args.ts";
import * as Placement from "./placement.ts";
import * as Report from "../check/mod.ts";
import { withoutArenaMap } from "./report.ts";
import * as Trace from "./trace.ts";

/** The two builds of a heap. */
export type Build = "gil" | "free-threaded";

/** How to replay. */
export interface ReplayOptions {
  /** Which build to use. Default `"gil"`. */
  readonly build?: Build;
  /** Which allocator. Default `"default"`. */
  readonly malloc?: MallocName;
  /** Domains to replay: bit 0 RAW, bit 1 MEM, bit 2 OBJ. Default all. */
  readonly domains?: number;
  /** Timed rounds; 0 leaves out the timing. Count, default 3. */
  readonly rounds?: number;
}

/** What a replay found; the names are those of the expected files. */
export interface ReplayResult {
  /** Name of the trace. */
  readonly trace: string;
  /** Which build was used. */
  readonly build: Build;
  /** Domains replayed: bit 0 RAW, bit 1 MEM, bit 2 OBJ. */
  readonly domains: number;
  /** Calls made, frees included. Count. */
  readonly ops: number;
  /** Timed rounds. Count. */
  readonly rounds: number;
  /** Median of the rounds. Nanoseconds a call; 0 if there was none. */
  readonly ns_per_op: number;
  /** All places in one word. Eight hexadecimal digits. */
  readonly placement_hash: string;
  /** The hash after each 4,096 calls. */
  readonly checkpoints: readonly string[];
  /** Arenas ever allocated. Count. */
  readonly arenas_created: number;
  /** Most arenas at one time. Count. */
  readonly arenas_peak: number;
  /** Most bytes that the program held at one time, as it asked for them. */
  readonly peak_requested_bytes: number;
  /** Bytes that the program held at the end, as it asked for them. */
  readonly live_requested_bytes: number;
  /** Most bytes of pages that the heap had handed out at one time. */
  readonly footprint_peak_bytes: number;
  /** What `sys._debugmallocstats()` prints after the last call. */
  readonly report: string;
}

/** A result with the first places, which the comparison needs. */
export interface Replay {
  /** What is printed. */
  readonly result: ReplayResult;
  /** Places of the first allocations. */
  readonly first: readonly Placement.Placed[];
}

/** Rounds before the first that counts, at most. Count. */
const WARM_UP_ROUNDS = 10;
/** No further warm-up after this time. Milliseconds. */
const WARM_UP_MS = 150;
const MIB = 1048576;
const GIB = 1073741824;

/**
 * Size of a heap for a trace. Bytes: the default, or more for a program that
 * held more, such as one with hundreds of thread stacks.
 */
function heapBytes(peak: number): number {
  const wanted = Math.ceil((peak * 1.25 + 64 * MIB) / MIB) * MIB;
  return Math.min(Math.max(wanted, GIB), Layout.MAX_BYTES);
}

/** One call on the heap. Returns the block, or 0 after a free. */
function call(heap: Heap, code: number, block: number, size: number): number {
  switch (code) {
    case 0:
      return heap.raw.malloc(size);
    case 1:
      return heap.raw.calloc(1, size);
    case 2:
      return heap.raw.realloc(block as RawPtr, size);
    case 3:
      heap.raw.free(block as RawPtr);
      return 0;
    case 4:
      return heap.mem.malloc(size);
    case 5:
      return heap.mem.calloc(1, size);
    case 6:
      return heap.mem.realloc(block as MemPtr, size);
    case 7:
      heap.mem.free(block as MemPtr);
      return 0;
    case 8:
      return heap.obj.malloc(size);
    case 9:
      return heap.obj.calloc(1, size);
    case 10:
      return heap.obj.realloc(block as ObjPtr, size);
    default:
      heap.obj.free(block as ObjPtr);
      return 0;
  }
}

/** Whether a heap may answer so to a call that makes sense: no memory. */
function isRefusal(error: unknown): error is Error {
  return error instanceof MemoryError ||
    error instanceof RangeError && !(error instanceof PointerError);
}

function refuse(trace: Trace.Trace, at: number, error: Error): never {
  const size = trace.sizes[at];
  const op = Trace.opName(trace.codes[at] & Trace.OP_MASK);
  const problem = `${op} of ${size} bytes fails, ${error.message}`;
  throw new Trace.TraceError(trace.name, problem, at, size);
}

/**
 * The chosen calls of a trace on a heap, each noted by the recorder.
 *
 * @throws {Trace.TraceError} If the heap has no memory left for a call.
 */
function record(
  heap: Heap,
  trace: Trace.Trace,
  domains: number,
  recorder: Placement.PlacementRecorder,
): void {
  const { codes, blocks, sizes } = trace;
  const live = new Float64Array(trace.ids);
  for (let k = 0; k < codes.length; k++) {
    if (!Trace.isSelected(codes[k], domains)) continue;
    const id = blocks[k];
    try {
      live[id] = call(heap, codes[k], live[id], sizes[k]);
    } catch (error) {
      if (isRefusal(error)) refuse(trace, k, error);
      throw error;
    }
    if ((codes[k] & Trace.OP_MASK) === Trace.FREE) recorder.freed();
    else recorder.allocated(live[id], sizes[k]);
  }
}

/**
 * All calls of a trace on a heap, and nothing else: what is timed.
 *
 * The three domains are written out, because one shared call site costs more
 * than the call (3.6 ns against 0.5 ns, Deno 2.9.6).
 */
function run(heap: Heap, trace: Trace.Trace, live: Uint32Array): void {
  const { raw, mem, obj } = heap;
  const { codes, blocks, sizes } = trace;
  for (let k = 0; k < codes.length; k++) {
    const id = blocks[k];
    switch (codes[k]) {
      case 0:
        live[id] = raw.malloc(sizes[k]);
        break;
      case 1:
        live[id] = raw.calloc(1, sizes[k]);
        break;
      case 2:
        live[id] = raw.realloc(live[id] as RawPtr, sizes[k]);
        break;
      case 3:
        raw.free(live[id] as RawPtr);
        live[id] = 0;
        break;
      case 4:
        live[id] = mem.malloc(sizes[k]);
        break;
      case 5:
        live[id] = mem.calloc(1, sizes[k]);
        break;
      case 6:
        live[id] = mem.realloc(live[id] as MemPtr, sizes[k]);
        break;
      case 7:
        mem.free(live[id] as MemPtr);
        live[id] = 0;
        break;
      case 8:
        live[id] = obj.malloc(sizes[k]);
        break;
      case 9:
        live[id] = obj.calloc(1, sizes[k]);
        break;
      case 10:
        live[id] = obj.realloc(live[id] as ObjPtr, sizes[k]);
        break;
      default:
        obj.free(live[id] as ObjPtr);
        live[id] = 0;
    }
  }
}

/** One round on a fresh heap. Returns nanoseconds a call. */
function timeRound(
  trace: Trace.Trace,
  options: HeapOptions,
  live: Uint32Array,
): number {
  live.fill(0);
  using heap = createHeap(options);
  const start = performance.now();
  run(heap, trace, live);
  const elapsed = performance.now() - start;
  return elapsed * 1e6 / Math.max(trace.codes.length, 1);
}

/**
 * Times the calls of a trace, after rounds that are not counted: the first
 * ones of a short trace measure the compiler.
 *
 * @param trace What to replay, all of it: see {@linkcode Trace.selectDomains}.
 * @param options Build and allocator of the heap.
 * @param rounds How often, each time on a fresh heap. Count.
 * @returns Nanoseconds a call, one figure for each round.
 */
export function timeRounds(
  trace: Trace.Trace,
  options: HeapOptions,
  rounds: number,
): number[] {
  if (rounds === 0) return [];
  const maxBytes = heapBytes(Trace.requestedBytes(trace).peak);
  const heap = { ...options, maxBytes };
  const live = new Uint32Array(trace.ids);
  const start = performance.now();
  for (let round = 0; round < WARM_UP_ROUNDS; round++) {
    timeRound(trace, heap, live);
    if (performance.now() - start > WARM_UP_MS) break;
  }
  return Array.from({ length: rounds }, () => timeRound(trace, heap, live));
}

function median(figures: readonly number[]): number {
  if (figures.length === 0) return 0;
  const sorted = figures.toSorted((a, b) => a - b);
  const middle = sorted.length >>> 1;
  return sorted.length % 2 === 1
    ? sorted[middle]
    : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * Replays a trace.
 *
 * @param trace All calls of a program.
 * @param options Build, domains and rounds.
 * @returns What the calls led to, and what they cost.
 * @throws {Trace.TraceError} If a heap of 4 GiB has no memory for a call.
 */
export function replayTrace(
  trace: Trace.Trace,
  options: ReplayOptions = {},
): Replay {
  const { build = "gil", domains = Trace.ALL_DOMAINS, rounds = 3 } = options;
  const selected = Trace.selectDomains(trace, domains);
  const { peak, live } = Trace.requestedBytes(selected);
  const kind = { build, malloc: options.malloc ?? "default" };
  using heap = createHeap({ ...kind, maxBytes: heapBytes(peak) });
  const { m } = heap.core;
  const recorder = new Placement.PlacementRecorder(m);
  record(heap, trace, domains, recorder);
  const result = {
    trace: trace.name,
    build,
    domains,
    ops: selected.codes.length,
    rounds,
    ns_per_op: Number(median(timeRounds(selected, kind, rounds)).toFixed(2)),
    placement_hash: recorder.hash,
    checkpoints: recorder.checkpoints,
    arenas_created: m.i32[Layout.ARENA_SET + ArenaSet.TOTAL],
    arenas_peak: m.i32[Layout.ARENA_SET + ArenaSet.HIGHWATER],
    peak_requested_bytes: peak,
    live_requested_bytes: live,
    footprint_peak_bytes: heap.stats().footprintPeakBytes,
    report: Report.debugMallocStats(m),
  };
  return { result, first: recorder.first };
}

/** What another allocator did with the same calls: tests/traces/README.md. */
export interface Expected {
  /** Domains replayed: bit 0 RAW, bit 1 MEM, bit 2 OBJ. */
  readonly domains: number;
  /** Calls made, frees included. Count. */
  readonly ops: number;
  /** Arenas ever allocated. Count. */
  readonly arenas_created: number;
  /** Most arenas at one time. Count. */
  readonly arenas_peak: number;
  /** Most bytes that the program held at one time. */
  readonly peak_requested_bytes: number;
  /** Bytes that the program held at the end. */
  readonly live_requested_bytes: number;
  /** All places in one word. */
  readonly placement_hash: string;
  /** The report after the last call. */
  readonly report: string;
  /** Size and place of the first allocations. */
  readonly first_placements: readonly (readonly [number, number])[];
  /** The hash after each 4,096 calls. */
  readonly checkpoints: readonly string[];
}

const COUNTS = [
  "domains",
  "ops",
  "arenas_created",
  "arenas_peak",
  "peak_requested_bytes",
  "live_requested_bytes",
] as const;

function isCount(value: unknown): boolean {
  return typeof value === "number" && Number.isInteger(value) && value >= 0;
}

function isPlacement(value: unknown): boolean {
  return Array.isArray(value) && value.length === 2 && value.every(isCount);
}

function isText(value: unknown): boolean {
  return typeof value === "string";
}

/** Which key of an expected file is missing or of the wrong kind, or `""`. */
function faultyKey(value: object): string {
  const fields = new Map(Object.entries(value));
  for (const key of COUNTS) if (!isCount(fields.get(key))) return key;
  for (const key of ["placement_hash", "report"]) {
    if (!isText(fields.get(key))) return key;
  }
  const placements: unknown = fields.get("first_placements");
  const pairs = Array.isArray(placements) && placements.every(isPlacement);
  if (!pairs) return "first_placements";
  const checkpoints: unknown = fields.get("checkpoints");
  const hashes = Array.isArray(checkpoints) && checkpoints.every(isText);
  return hashes ? "" : "checkpoints";
}

function isExpected(value: unknown): value is Expected {
  return typeof value === "object" && value !== null && faultyKey(value) === "";
}

/**
 * Expected values from the text of their file.
 *
 * @throws {SyntaxError} If it is no JSON, or a value is missing or of the
 *   wrong kind.
 */
export function parseExpected(text: string): Expected {
  const value: unknown = JSON.parse(text);
  if (isExpected(value)) return value;
  const isObject = typeof value === "object" && value !== null;
  const fault = isObject ? `"${faultyKey(value)}"` : "an object";
  throw new SyntaxError(`${fault} is missing or of the wrong kind`);
}

/** Number in the whole trace of the nth call of some domains. */
function recordOfCall(
  trace: Trace.Trace,
  domains: number,
  nth: number,
): number {
  let calls = 0;
  for (let record = 0; record < trace.codes.length; record++) {
    if (!Trace.isSelected(trace.codes[record], domains)) continue;
    if (calls++ === nth) return record;
  }
  return trace.codes.length;
}

/** The first of the first allocations that differ, in words, or `""`. */
function placementDifference(
  trace: Trace.Trace,
  replay: Replay,
  expected: Expected,
): string {
  const { first } = replay;
  const length = Math.min(first.length, expected.first_placements.length);
  for (let k = 0; k < length; k++) {
    const [size, place] = expected.first_placements[k];
    const got = first[k];
    if (got.size === size && got.place === place) continue;
    const at = recordOfCall(trace, expected.domains, got.call);
    return `call ${got.call} (allocation ${k}, record ${at}): expected ` +
      `${size} bytes at ${Placement.placeText(place)}, ` +
      `got ${got.size} bytes at ${Placement.placeText(got.place)}`;
  }
  return "";
}

/** The first checkpoint that differs, in words, or `""`. */
function checkpointDifference(result: ReplayResult, expected: Expected) {
  const { checkpoints } = expected;
  const got = result.checkpoints;
  const length = Math.max(checkpoints.length, got.length);
  for (let k = 0; k < length; k++) {
    if (got[k] === checkpoints[k]) continue;
    const from = k * Placement.CHECKPOINT_CALLS;
    const to = from + Placement.CHECKPOINT_CALLS - 1;
    return `checkpoint ${k} (calls ${from} to ${to}): expected ` +
      `${checkpoints[k] ?? "none"}, got ${got[k] ?? "none"}`;
  }
  return "";
}

/** The first line of two reports that differs, in words, or `""`. */
function reportDifference(got: string, expected: string): string {
  const gotLines = withoutArenaMap(got).split("\n");
  const lines = withoutArenaMap(expected).split("\n");
  const length = Math.max(gotLines.length, lines.length);
  for (let k = 0; k < length; k++) {
    if (gotLines[k] === lines[k]) continue;
    return `report line ${k + 1}: expected ${JSON.stringify(lines[k])}, ` +
      `got ${JSON.stringify(gotLines[k])}`;
  }
  return "";
}

/**
 * What differs between a replay and what another allocator did.
 *
 * @param trace What was replayed.
 * @param replay The result.
 * @param expected The result to compare with.
 * @returns One line for each difference, the most telling first; empty if all
 *   is equal. In the free-threaded build only what the program asked for is
 *   compared.
 */
export function differences(
  trace: Trace.Trace,
  replay: Replay,
  expected: Expected,
): string[] {
  const { result } = replay;
  const isGil = result.build === "gil";
  const found = [];
  if (isGil && result.domains === expected.domains) {
    found.push(
      placementDifference(trace, replay, expected),
      checkpointDifference(result, expected),
      reportDifference(result.report, expected.report),
    );
  }
  for (const key of [...COUNTS, "placement_hash"] as const) {
    const places = key.startsWith("arenas") || key === "placement_hash";
    if (places && !isGil || result[key] === expected[key]) continue;
    found.push(`${key}: expected ${expected[key]}, got ${result[key]}`);
  }
  return found.filter((line) => line !== "");
}

const MASKS = { raw: 1, mem: 2, obj: 4, all: Trace.ALL_DOMAINS };

const TOOL = {
  name: "replay",
  summary: "Replay the allocations of a program, recorded in FILE (.pmtr or " +
    ".pmtr.gz).",
  operands: ["FILE"],
  options: {
    domain: Args.choice(
      ["obj", "mem", "raw", "all"],
      undefined,
      "Make only the calls of this domain (default all, or what EXPECTED " +
        "is of)",
    ),
    build: Args.choice(["gil", "free-threaded"], "gil", "Build of the heap"),
    malloc: Args.choice(MALLOC_NAMES, "default", "Which allocator"),
    expect: Args.text(
      "EXPECTED",
      undefined,
      "Compare with the values in this JSON file; exit 1 if one differs",
    ),
    rounds: Args.integer({ min: 0, max: 1000 }, 3, "Timed rounds"),
    json: Args.flag("Print one JSON object"),
  },
};

function readExpected(path: string | undefined): Expected | undefined {
  if (path === undefined) return undefined;
  try {
    return parseExpected(Deno.readTextFileSync(path));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Args.UsageError(`Cannot read expected "${path}": ${reason}`);
  }
}

function domainsText(domains: number): string {
  return [0, 1, 2].filter((domain) => domains >>> domain & 1)
    .map(Trace.domainName).join(", ");
}

function summary(result: ReplayResult): string {
  const rows = [
    ["trace", `${result.trace}, domains ${domainsText(result.domains)}`],
    ["build", result.build],
    ["calls", Report.grouped(result.ops)],
    ["time", `${result.ns_per_op} ns a call, median of ${result.rounds}`],
    ["placement hash", result.placement_hash],
    ["arenas", `${result.arenas_created}, at most ${result.arenas_peak}`],
    ["peak requested", `${Report.grouped(result.peak_requested_bytes)} bytes`],
    ["live requested", `${Report.grouped(result.live_requested_bytes)} bytes`],
    ["peak footprint", `${Report.grouped(result.footprint_peak_bytes)} bytes`],
  ];
  return rows.map(([label, value]) => `${label.padEnd(16)}${value}\n`).join("");
}

function printReplay(
  result: ReplayResult,
  json: boolean,
  expected: Expected | undefined,
  found: readonly string[],
): void {
  const verdict = expected === undefined ? {} : { differences: found };
  if (json) {
    Args.print(JSON.stringify({ ...result, ...verdict }) + "\n");
  } else {
    Args.print(`${summary(result)}\n${result.report}\n`);
    if (expected !== undefined && found.length === 0) {
      Args.print("as expected\n");
    }
  }
  for (const line of found) Args.printError(`difference: ${line}\n`);
}

function main(args: Args.Arguments<typeof TOOL.options>): number {
  const { domain, build, malloc, rounds, json, expect } = args.values;
  const expected = readExpected(expect);
  const domains = domain === undefined
    ? expected?.domains ?? Trace.ALL_DOMAINS
    : MASKS[domain];
  try {
    const trace = Trace.readTrace(args.operands[0]);
    const replay = replayTrace(trace, { build, malloc, domains, rounds });
    const found = expected ? differences(trace, replay, expected) : [];
    printReplay(replay.result, json, expected, found);
    return found.length === 0 ? Args.OK : Args.FAILED;
  } catch (error) {
    if (!(error instanceof Trace.TraceError)) throw error;
    Args.printError(`replay: ${error.message}\n`);
    return Args.FAILED;
  }
}

if (import.meta.main) Deno.exit(await Args.runTool(TOOL, main, Deno.args));
