/**
 * Frames and tracebacks, as Python's `tracemalloc` has them.
 *
 * Source: CPython 3.14 Lib/tracemalloc.py: Frame, Traceback.
 * Differs: a frame also has the name of its function, which is no part of what
 * it is compared by.
 *
 * @module
 */

import { lineOf } from "./source_line.ts";
import { compareText, INSPECT, repr, reprTuple } from "./text.ts";

/** A frame as it is in snapshots: file name, line, and perhaps function. */
export type RawFrame =
  | readonly [filename: string, lineno: number]
  | readonly [filename: string, lineno: number, name: string];

/** How {@linkcode Traceback.format} is to go about it. */
export interface FormatOptions {
  /** The most recent frames if positive, the oldest if negative. Count. */
  readonly limit?: number;
  /** True if the most recent frame is to come first. */
  readonly mostRecentFirst?: boolean;
  /** The text of a line, or `""`; by default files are read that may be. */
  readonly getLine?: (filename: string, lineno: number) => string;
}

/** A line of a program that was on a stack. */
export class Frame {
  /** File name: a path, or a URL if it is no local file. */
  readonly filename: string;
  /** Line, from 1; 0 stands for the whole file, or for an unknown line. */
  readonly lineno: number;
  /** Name of the function, or `""`. */
  readonly name: string;

  /** A frame. */
  constructor(filename: string, lineno: number, name = "") {
    this.filename = filename;
    this.lineno = lineno;
    this.name = name;
  }

  /** True if the other frame is the same line of the same file. */
  equals(other: Frame): boolean {
    return this.compare(other) === 0;
  }

  /** Order by file, then line: negative, 0 or positive. */
  compare(other: Frame): number {
    return compareText(this.filename, other.filename) ||
      this.lineno - other.lineno;
  }

  /** `file:line`. */
  toString(): string {
    return `${this.filename}:${this.lineno}`;
  }

  /** @ignore What Python's `repr()` gives. */
  [INSPECT](): string {
    return `<Frame filename=${repr(this.filename)} lineno=${this.lineno}>`;
  }
}

/** Frames of a stack, from the oldest to the most recent. */
export class Traceback implements Iterable<Frame> {
  /** Frames that the stack had before it was cut; null if that is unknown. */
  readonly totalNframe: number | null;
  readonly #frames: readonly Frame[];
  #key: string | undefined;

  /**
   * A traceback.
   *
   * @param frames The most recent one first, as in {@linkcode RawFrame}.
   * @param totalNframe Frames that the stack had. Count.
   */
  constructor(
    frames: readonly RawFrame[],
    totalNframe: number | null = null,
  ) {
    this.#frames = frames.map(([filename, lineno, name]) =>
      new Frame(filename, lineno, name)
    ).reverse();
    this.totalNframe = totalNframe;
  }

  /** Frames that are kept. Count. */
  get length(): number {
    return this.#frames.length;
  }

  /** Frame `index` from the oldest; from the most recent if negative. */
  at(index: number): Frame | undefined {
    return this.#frames.at(index);
  }

  /** Frames from `start` up to, not including, `end`, as of an array. */
  slice(start?: number, end?: number): Frame[] {
    return this.#frames.slice(start, end);
  }

  /** True if a frame like this one is among them. */
  includes(frame: Frame): boolean {
    return this.#frames.some((it) => it.equals(frame));
  }

  /** The frames, the oldest first. */
  [Symbol.iterator](): Iterator<Frame> {
    return this.#frames[Symbol.iterator]();
  }

  /** @ignore The same for two tracebacks if and only if they are equal. */
  get key(): string {
    this.#key ??= this.#frames.map((frame) =>
      `${frame.lineno} ${frame.filename.length} ${frame.filename}`
    ).join("\n");
    return this.#key;
  }

  /** True if both have the same frames. */
  equals(other: Traceback): boolean {
    return this.key === other.key;
  }

  /** Order by the frames, the oldest first: negative, 0 or positive. */
  compare(other: Traceback): number {
    const end = Math.min(this.length, other.length);
    for (let k = 0; k < end; k++) {
      const order = this.#frames[k].compare(other.#frames[k]);
      if (order !== 0) return order;
    }
    return this.length - other.length;
  }

  /** The lines of the frames, with the text of each where it can be had. */
  format(options: FormatOptions = {}): string[] {
    const { limit, mostRecentFirst = false, getLine = lineOf } = options;
    const chosen = limit === undefined
      ? this.slice()
      : limit > 0
      ? this.slice(-limit)
      : this.slice(0, limit);
    if (mostRecentFirst) chosen.reverse();
    return chosen.flatMap(({ filename, lineno }) => {
      const text = getLine(filename, lineno).trim();
      const place = `  File "${filename}", line ${lineno}`;
      return text === "" ? [place] : [place, `    ${text}`];
    });
  }

  /** The oldest frame, as text. */
  toString(): string {
    return this.#frames.length === 0 ? "" : this.#frames[0].toString();
  }

  /** @ignore What Python's `repr()` gives. */
  [INSPECT](): string {
    const frames = reprTuple(this.#frames.map((frame) => frame[INSPECT]()));
    const total = this.totalNframe === null
      ? ""
      : ` total_nframe=${this.totalNframe}`;
    return `<Traceback ${frames}${total}>`;
  }
}
