/**
 * Snapshots: the traces of a moment, what can be asked of them, and how two of
 * them differ.
 *
 * Source: CPython 3.14 Lib/tracemalloc.py: Trace, Snapshot.
 *
 * @module
 */

import * as Dump from "./dump.ts";
import type { RawTrace, TraceFilter } from "./filter.ts";
import { type RawFrame, Traceback } from "./frame.ts";
import { Statistic, StatisticDiff } from "./statistic.ts";
import { formatSize, INSPECT, repr } from "./text.ts";

/** What blocks can be grouped by. */
export type KeyType = "traceback" | "filename" | "lineno";

const KEY_TYPES: readonly unknown[] = ["traceback", "filename", "lineno"];

/** Where a block was allocated, how large it is, and by whom. */
export class Trace {
  /** Domain; 0 is that of RAW, MEM and OBJ. */
  readonly domain: number;
  /** What was asked for. Bytes. */
  readonly size: number;
  /** Where it was allocated. */
  readonly traceback: Traceback;
  /** What `heap.threads.id` is in the worker that allocated it, or 0. */
  readonly worker: number;

  /** A trace. */
  constructor([domain, size, frames, totalNframe, worker = 0]: RawTrace) {
    this.domain = domain;
    this.size = size;
    this.traceback = new Traceback(frames, totalNframe);
    this.worker = worker;
  }

  /** True if all that is known of both is equal. */
  equals(other: Trace): boolean {
    return this.domain === other.domain && this.size === other.size &&
      this.worker === other.worker &&
      this.traceback.totalNframe === other.traceback.totalNframe &&
      this.traceback.equals(other.traceback);
  }

  /** For example `b.ts:4: 10 B`. */
  toString(): string {
    return `${this.traceback}: ${formatSize(this.size, false)}`;
  }

  /** @ignore What Python's `repr()` gives. */
  [INSPECT](): string {
    const { domain, size, traceback } = this;
    return `<Trace domain=${domain} size=${formatSize(size, false)}, ` +
      `traceback=${traceback[INSPECT]()}>`;
  }
}

/** The traces of a snapshot. */
export class Traces implements Iterable<Trace> {
  /** @ignore As they were given. */
  readonly raw: readonly RawTrace[];

  /** The traces, in this order. */
  constructor(raw: readonly RawTrace[]) {
    this.raw = raw;
  }

  /** Traces. Count. */
  get length(): number {
    return this.raw.length;
  }

  /** Trace `index`; from the end if negative. */
  at(index: number): Trace | undefined {
    const raw = this.raw.at(index);
    return raw === undefined ? undefined : new Trace(raw);
  }

  /** Traces from `start` up to, not including, `end`, as of an array. */
  slice(start?: number, end?: number): Trace[] {
    return this.raw.slice(start, end).map((raw) => new Trace(raw));
  }

  /** True if a trace like this one is among them. */
  includes(trace: Trace): boolean {
    return this.raw.some((raw) => new Trace(raw).equals(trace));
  }

  /** The traces. */
  *[Symbol.iterator](): Iterator<Trace> {
    for (const raw of this.raw) yield new Trace(raw);
  }

  /** True if both have equal traces in the same order. */
  equals(other: Traces): boolean {
    return this.length === other.length &&
      this.raw.every((raw, k) => new Trace(raw).equals(other.at(k)!));
  }

  /** @ignore What Python's `repr()` gives. */
  [INSPECT](): string {
    return `<Traces len=${this.length}>`;
  }
}

/** Bytes and blocks of a group. */
interface Group {
  readonly traceback: Traceback;
  size: number;
  count: number;
}

/** Throws unless blocks can be grouped so. */
function checkKeyType(keyType: unknown, cumulative: boolean): void {
  const shown = typeof keyType === "string" ? repr(keyType) : String(keyType);
  if (!KEY_TYPES.includes(keyType)) {
    throw new RangeError(`unknown key_type: ${shown}`); // verbatim
  }
  if (cumulative && keyType === "traceback") {
    throw new RangeError(
      `cumulative mode cannot by used with key type ${shown}`, // verbatim
    );
  }
}

/** The frames that stand for a trace whose frames these are. */
function framesOf(
  frames: readonly RawFrame[],
  keyType: KeyType,
): readonly RawFrame[] {
  if (keyType === "traceback") return frames;
  const first = frames.slice(0, 1);
  return keyType === "lineno"
    ? first
    : first.map(([filename]) => [filename, 0] as const);
}

/** Groups by the traceback that stands for what each trace is counted under. */
class Groups {
  readonly byKey = new Map<string, Group>();
  readonly #keyType: KeyType;
  /** Groups by the very frames of a trace, or the very frame: they are shared. */
  readonly #known = new Map<unknown, Group>();

  constructor(keyType: KeyType) {
    this.#keyType = keyType;
  }

  /** Counts a block under frames, which `identity` is known by. */
  add(identity: unknown, frames: readonly RawFrame[], size: number): void {
    let group = this.#known.get(identity);
    if (group === undefined) {
      group = this.#find(framesOf(frames, this.#keyType));
      this.#known.set(identity, group);
    }
    group.size += size;
    group.count++;
  }

  #find(frames: readonly RawFrame[]): Group {
    const traceback = new Traceback(frames);
    const known = this.byKey.get(traceback.key);
    if (known !== undefined) return known;
    const group = { traceback, size: 0, count: 0 };
    this.byKey.set(traceback.key, group);
    return group;
  }
}

/** The traces of a moment. */
export class Snapshot {
  /** Its traces. */
  readonly traces: Traces;
  /** Frames that were kept of a stack. Count. */
  readonly tracebackLimit: number;

  /**
   * A snapshot of traces. {@linkcode Tracemalloc.takeSnapshot} takes one.
   *
   * @param traces Domain, size, frames (the most recent first), frames that the
   * stack had, and perhaps the worker.
   * @param tracebackLimit Frames that were kept of a stack. Count.
   */
  constructor(traces: readonly RawTrace[], tracebackLimit: number) {
    this.traces = new Traces(traces);
    this.tracebackLimit = tracebackLimit;
  }

  #group(keyType: KeyType, cumulative: boolean): Map<string, Group> {
    checkKeyType(keyType, cumulative);
    const groups = new Groups(keyType);
    for (const [, size, frames] of this.traces.raw) {
      if (!cumulative) groups.add(frames, frames, size);
      else for (const frame of frames) groups.add(frame, [frame], size);
    }
    return groups.byKey;
  }

  /**
   * Groups the blocks, the largest group first.
   *
   * @param keyType By the whole traceback, by the file or by the line of the
   * most recent frame.
   * @param cumulative True if a block counts for each frame of its traceback.
   * @returns A statistic for each group.
   * @throws {RangeError} If blocks cannot be grouped so.
   */
  statistics(keyType: KeyType, cumulative = false): Statistic[] {
    return [...this.#group(keyType, cumulative).values()]
      .map(({ traceback, size, count }) =>
        new Statistic(traceback, size, count)
      )
      .sort((a, b) => b.compare(a));
  }

  /**
   * Compares this snapshot to an older one, the largest change first.
   *
   * @param old The older snapshot.
   * @param keyType As for {@linkcode statistics}.
   * @param cumulative As for {@linkcode statistics}.
   * @returns A difference for each group of either.
   * @throws {RangeError} If blocks cannot be grouped so.
   */
  compareTo(
    old: Snapshot,
    keyType: KeyType,
    cumulative = false,
  ): StatisticDiff[] {
    const now = this.#group(keyType, cumulative);
    const before = old.#group(keyType, cumulative);
    const diffs = [...now].map(([key, { traceback, size, count }]) => {
      const was = before.get(key) ?? { size: 0, count: 0 };
      const sizeDiff = size - was.size;
      const countDiff = count - was.count;
      return new StatisticDiff(traceback, size, sizeDiff, count, countDiff);
    });
    for (const [key, { traceback, size, count }] of before) {
      if (now.has(key)) continue;
      diffs.push(new StatisticDiff(traceback, 0, -size, 0, -count));
    }
    return diffs.sort((a, b) => b.compare(a));
  }

  /**
   * A snapshot of the traces that filters let stay: those that any inclusive
   * filter fits, if there is one, and that all exclusive ones let stay.
   *
   * @param filters The filters; none make a copy.
   * @returns Another snapshot.
   * @throws {TypeError} If they are no list.
   */
  filterTraces(filters: Iterable<TraceFilter>): Snapshot {
    if (typeof Object(filters)[Symbol.iterator] !== "function") {
      const name = Object(filters).constructor?.name ?? typeof filters;
      throw new TypeError(
        `filters must be a list of filters, not ${name}`, // verbatim
      );
    }
    const all = [...filters];
    const inclusive = all.filter((filter) => filter.inclusive);
    const exclusive = all.filter((filter) => !filter.inclusive);
    const stay = this.traces.raw.filter((trace) =>
      (inclusive.length === 0 || inclusive.some((it) => it.matches(trace))) &&
      exclusive.every((it) => it.matches(trace))
    );
    return new Snapshot(stay, this.tracebackLimit);
  }

  /** The snapshot as a file has it, in the format of `dump.ts`. */
  toBytes(): Uint8Array<ArrayBuffer> {
    const { traces, tracebackLimit, ...extra } = this;
    return Dump.encode({ traces: traces.raw, tracebackLimit, extra });
  }

  /**
   * Reads what {@linkcode toBytes} gave.
   *
   * @throws {TypeError} If it is no snapshot, or one of another version.
   */
  static fromBytes(bytes: Uint8Array): Snapshot {
    const { traces, tracebackLimit, extra } = Dump.decode(bytes);
    const snapshot = new Snapshot(traces, tracebackLimit);
    const taken = Object.keys(extra).find((name) => name in snapshot);
    if (taken !== undefined) Dump.refuse(`it adds a property ${repr(taken)}`);
    return Object.assign(snapshot, extra);
  }

  /**
   * Writes the snapshot into a file, for which Deno needs write permission.
   *
   * @param filename Path of the file.
   */
  dump(filename: string): void {
    Deno.writeFileSync(filename, this.toBytes());
  }

  /**
   * Reads a snapshot from a file, for which Deno needs read permission.
   *
   * @param filename Path of the file.
   * @returns The snapshot.
   * @throws {TypeError} If it is no snapshot, or one of another version.
   */
  static load(filename: string): Snapshot {
    return Snapshot.fromBytes(Deno.readFileSync(filename));
  }
}
