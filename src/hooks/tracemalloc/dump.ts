/**
 * The file format of snapshots: one JSON object, in UTF-8.
 *
 * ```text
 *   format          "obmalloc snapshot"
 *   version         1
 *   tracebackLimit  frames that were kept of a stack
 *   names           [text, …]: file names and functions
 *   tracebacks      [[frames of the stack, name, line, name, name, line, …], …]
 *                   of each frame file, line, function; the most recent first
 *   traces          [domain, size, traceback, worker, domain, size, …]
 *   extra           what a program has added to the snapshot
 * ```
 *
 * Names and tracebacks are named by their place in the list. What is read is
 * not trusted: each number is one that the place may hold, or the file is
 * refused.
 *
 * Source: none in CPython, which pickles.
 *
 * @module
 */

import type { RawTrace } from "./filter.ts";
import type { RawFrame } from "./frame.ts";

const FORMAT = "obmalloc snapshot";
const VERSION = 1;
/** Numbers of a frame, and of a trace, in a file. Count. */
const FRAME_NUMBERS = 3;
const TRACE_NUMBERS = 4;

/** What a file holds. */
export interface Content {
  /** The traces. */
  readonly traces: readonly RawTrace[];
  /** Frames that were kept of a stack. Count. */
  readonly tracebackLimit: number;
  /** What a program has added. */
  readonly extra: Readonly<Record<string, unknown>>;
}

/** Lists that name what is in them by its place. */
class Table<T> {
  readonly items: T[] = [];
  readonly #places = new Map<unknown, number>();

  /** The place of an item, which `identity` is known by. */
  place(identity: unknown, make: () => T): number {
    const known = this.#places.get(identity);
    if (known !== undefined) return known;
    const place = this.items.push(make()) - 1;
    this.#places.set(identity, place);
    return place;
  }
}

/** The bytes of a file. */
export function encode(content: Content): Uint8Array<ArrayBuffer> {
  const names = new Table<string>();
  const tracebacks = new Table<number[]>();
  const nameAt = (name: string) => names.place(name, () => name);
  const traces = content.traces.flatMap((trace) => {
    const [domain, size, frames, total, worker = 0] = trace;
    const rawOf = () => [
      total,
      ...frames.flatMap(([filename, lineno, name = ""]) => [
        nameAt(filename),
        lineno,
        nameAt(name),
      ]),
    ];
    let place = tracebacks.place(frames, rawOf);
    if (tracebacks.items[place][0] !== total) {
      place = tracebacks.items.push(rawOf()) - 1;
    }
    return [domain, size, place, worker];
  });
  return new TextEncoder().encode(JSON.stringify({
    format: FORMAT,
    version: VERSION,
    tracebackLimit: content.tracebackLimit,
    names: names.items,
    tracebacks: tracebacks.items,
    traces,
    extra: content.extra,
  }));
}

/** @throws {TypeError} Always: a file cannot be read. */
export function refuse(why: string): never {
  throw new TypeError(`Cannot load a snapshot: ${why}`);
}

/** The value, if it is an integer from 0 up to, not including, `end`. */
function integer(value: unknown, end: number, what: string): number {
  if (Number.isSafeInteger(value) && (value as number) >= 0) {
    if ((value as number) < end) return value as number;
  }
  return refuse(`${what} is ${JSON.stringify(value)}`);
}

/** The value, if it is a list of a multiple of `step` items, after `head`. */
function list(
  value: unknown,
  what: string,
  step = 1,
  head = 0,
): readonly unknown[] {
  if (!Array.isArray(value)) refuse(`${what} is no list`);
  if (value.length < head || (value.length - head) % step !== 0) {
    refuse(`${what} has ${value.length} items`);
  }
  return value;
}

/** The value, if it is an object. */
function object(value: unknown, what: string): Record<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  return refuse(`${what} is no object`);
}

function parse(bytes: Uint8Array): Record<string, unknown> {
  let value: unknown;
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    value = JSON.parse(text);
  } catch {
    refuse("the file is no JSON");
  }
  const file = object(value, "the file");
  if (file.format !== FORMAT) refuse("the file is no snapshot");
  if (file.version !== VERSION) {
    refuse(
      `the file has version ${JSON.stringify(file.version)}, ` +
        `this library reads version ${VERSION}`,
    );
  }
  return file;
}

function readNames(value: unknown): readonly string[] {
  return list(value, "names").map((name) =>
    typeof name === "string" ? name : refuse("a name is no text")
  );
}

/** A traceback: the number of frames that the stack had, and its frames. */
interface Stack {
  readonly total: number;
  readonly frames: readonly RawFrame[];
}

function readStack(value: unknown, names: readonly string[]): Stack {
  const numbers = list(value, "a traceback", FRAME_NUMBERS, 1);
  const max = Number.MAX_SAFE_INTEGER;
  const frames: RawFrame[] = [];
  for (let k = 1; k < numbers.length; k += FRAME_NUMBERS) {
    const file = integer(numbers[k], names.length, "a file");
    const line = integer(numbers[k + 1], max, "a line");
    const name = integer(numbers[k + 2], names.length, "a function");
    frames.push([names[file], line, names[name]]);
  }
  return { total: integer(numbers[0], max, "a number of frames"), frames };
}

function readTraces(value: unknown, stacks: readonly Stack[]): RawTrace[] {
  const numbers = list(value, "traces", TRACE_NUMBERS);
  const max = Number.MAX_SAFE_INTEGER;
  const traces: RawTrace[] = [];
  for (let k = 0; k < numbers.length; k += TRACE_NUMBERS) {
    const domain = integer(numbers[k], 2 ** 32, "a domain");
    const size = integer(numbers[k + 1], max, "a size");
    const stack = stacks[integer(numbers[k + 2], stacks.length, "a place")];
    const worker = integer(numbers[k + 3], 2 ** 32, "a worker");
    traces.push([domain, size, stack.frames, stack.total, worker]);
  }
  return traces;
}

/**
 * What a file holds.
 *
 * @throws {TypeError} If it is no snapshot, or one of another version.
 */
export function decode(bytes: Uint8Array): Content {
  const file = parse(bytes);
  const names = readNames(file.names);
  const stacks = list(file.tracebacks, "tracebacks")
    .map((value) => readStack(value, names));
  return {
    traces: readTraces(file.traces, stacks),
    tracebackLimit: integer(file.tracebackLimit, 2 ** 32, "a limit"),
    extra: object(file.extra, "extra"),
  };
}
