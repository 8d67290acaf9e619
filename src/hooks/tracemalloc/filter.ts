/**
 * Filters of traces.
 *
 * Source: CPython 3.14 Lib/tracemalloc.py: Filter, DomainFilter.
 * Differs: file names keep their case on every system; there is a filter for
 * the worker that allocated.
 *
 * @module
 */

import type { RawFrame } from "./frame.ts";
import { matcher } from "./wildcard.ts";

/** A trace as it is in snapshots; the most recent frame comes first. */
export type RawTrace = readonly [
  domain: number,
  size: number,
  frames: readonly RawFrame[],
  totalNframe: number,
  worker?: number,
];

/** What decides whether a trace stays. */
export interface TraceFilter {
  /** True if it names what stays, false if it names what goes. */
  readonly inclusive: boolean;
  /** True if it lets the trace stay. */
  matches(trace: RawTrace): boolean;
}

/** `.pyc` is as good as `.py`. */
function normalize(filename: string): string {
  return filename.endsWith(".pyc") ? filename.slice(0, -1) : filename;
}

/** A filter on file names and lines. */
export class Filter implements TraceFilter {
  /** True if what fits stays, false if it goes. */
  readonly inclusive: boolean;
  /** Pattern with `*`, `?` and `[…]`. */
  readonly filenamePattern: string;
  /** Line, or null for all. */
  readonly lineno: number | null;
  /** True if all frames are looked at, false for the most recent one. */
  readonly allFrames: boolean;
  /** Domain, or null for all. */
  readonly domain: number | null;
  readonly #matches: (filename: string) => boolean;

  /** A filter; see the fields. */
  constructor(
    inclusive: boolean,
    filenamePattern: string,
    lineno: number | null = null,
    allFrames = false,
    domain: number | null = null,
  ) {
    this.inclusive = inclusive;
    this.filenamePattern = normalize(filenamePattern);
    this.lineno = lineno;
    this.allFrames = allFrames;
    this.domain = domain;
    this.#matches = matcher(this.filenamePattern);
  }

  #names([filename, lineno]: RawFrame): boolean {
    return this.#matches(normalize(filename)) &&
      (this.lineno === null || lineno === this.lineno);
  }

  /** True if it lets a trace with such a single frame stay. */
  matchesFrame(filename: string, lineno: number): boolean {
    return this.#names([filename, lineno]) === this.inclusive;
  }

  /** True if it lets a trace with such frames stay. */
  matchesFrames(frames: readonly RawFrame[]): boolean {
    const looked = this.allFrames ? frames : frames.slice(0, 1);
    return looked.some((frame) => this.#names(frame)) === this.inclusive;
  }

  /** True if it lets the trace stay. */
  matches([domain, , frames]: RawTrace): boolean {
    const isMatch = this.matchesFrames(frames);
    if (this.domain === null) return isMatch;
    return this.inclusive
      ? isMatch && domain === this.domain
      : isMatch || domain !== this.domain;
  }
}

/** A filter on the domain of traces. */
export class DomainFilter implements TraceFilter {
  /** True if the domain stays, false if it goes. */
  readonly inclusive: boolean;
  /** Domain; 0 is that of RAW, MEM and OBJ. */
  readonly domain: number;

  /** A filter; see the fields. */
  constructor(inclusive: boolean, domain: number) {
    this.inclusive = inclusive;
    this.domain = domain;
  }

  /** True if it lets the trace stay. */
  matches([domain]: RawTrace): boolean {
    return (domain === this.domain) === this.inclusive;
  }
}

/** A filter on the worker that allocated. */
export class WorkerFilter implements TraceFilter {
  /** True if the worker's blocks stay, false if they go. */
  readonly inclusive: boolean;
  /** What `heap.threads.id` is in that worker. */
  readonly worker: number;

  /** A filter; see the fields. */
  constructor(inclusive: boolean, worker: number) {
    this.inclusive = inclusive;
    this.worker = worker;
  }

  /** True if it lets the trace stay. */
  matches([, , , , worker]: RawTrace): boolean {
    return (worker === this.worker) === this.inclusive;
  }
}
