/**
 * What blocks have in common: their bytes and their number.
 *
 * Source: CPython 3.14 Lib/tracemalloc.py: Statistic, StatisticDiff.
 *
 * @module
 */

import type { Traceback } from "./frame.ts";
import { formatSigned, formatSize, INSPECT } from "./text.ts";

/** `, average=…`, unless there is nothing to divide by. */
function average(size: number, count: number): string {
  return count === 0 ? "" : `, average=${formatSize(size / count, false)}`;
}

/** The blocks that one line, file or traceback has allocated. */
export class Statistic {
  /** Where. */
  readonly traceback: Traceback;
  /** Bytes. */
  readonly size: number;
  /** Blocks. Count. */
  readonly count: number;

  /** A statistic. */
  constructor(traceback: Traceback, size: number, count: number) {
    this.traceback = traceback;
    this.size = size;
    this.count = count;
  }

  /** True if all three are equal. */
  equals(other: Statistic): boolean {
    return this.traceback.equals(other.traceback) &&
      this.size === other.size && this.count === other.count;
  }

  /** Order by size, count, traceback: negative, 0 or positive. */
  compare(other: Statistic): number {
    return this.size - other.size || this.count - other.count ||
      this.traceback.compare(other.traceback);
  }

  /** For example `b.ts:1: size=66 B, count=1, average=66 B`. */
  toString(): string {
    const { traceback, size, count } = this;
    return `${traceback}: size=${formatSize(size, false)}, count=${count}` +
      average(size, count);
  }

  /** @ignore What Python's `repr()` gives. */
  [INSPECT](): string {
    const { traceback, size, count } = this;
    return `<Statistic traceback=${traceback[INSPECT]()} ` +
      `size=${size} count=${count}>`;
  }
}

/** How a {@linkcode Statistic} differs between two snapshots. */
export class StatisticDiff {
  /** Where. */
  readonly traceback: Traceback;
  /** Bytes in the newer snapshot. */
  readonly size: number;
  /** How many more these are. Bytes. */
  readonly sizeDiff: number;
  /** Blocks in the newer snapshot. Count. */
  readonly count: number;
  /** How many more these are. Count. */
  readonly countDiff: number;

  /** A difference. */
  constructor(
    traceback: Traceback,
    size: number,
    sizeDiff: number,
    count: number,
    countDiff: number,
  ) {
    this.traceback = traceback;
    this.size = size;
    this.sizeDiff = sizeDiff;
    this.count = count;
    this.countDiff = countDiff;
  }

  /** True if all five are equal. */
  equals(other: StatisticDiff): boolean {
    return this.traceback.equals(other.traceback) &&
      this.size === other.size && this.sizeDiff === other.sizeDiff &&
      this.count === other.count && this.countDiff === other.countDiff;
  }

  /** Order by what has changed most: negative, 0 or positive. */
  compare(other: StatisticDiff): number {
    return Math.abs(this.sizeDiff) - Math.abs(other.sizeDiff) ||
      this.size - other.size ||
      Math.abs(this.countDiff) - Math.abs(other.countDiff) ||
      this.count - other.count ||
      this.traceback.compare(other.traceback);
  }

  /** For example `a.ts:5: size=5002 B (+5000 B), count=2 (+1), average=2501 B`. */
  toString(): string {
    const { traceback, size, sizeDiff, count, countDiff } = this;
    return `${traceback}: size=${formatSize(size, false)} ` +
      `(${formatSize(sizeDiff, true)}), count=${count} ` +
      `(${formatSigned(countDiff)})${average(size, count)}`;
  }

  /** @ignore What Python's `repr()` gives. */
  [INSPECT](): string {
    const { traceback, size, sizeDiff, count, countDiff } = this;
    return `<StatisticDiff traceback=${traceback[INSPECT]()} ` +
      `size=${size} (${formatSigned(sizeDiff)}) ` +
      `count=${count} (${formatSigned(countDiff)})>`;
  }
}
