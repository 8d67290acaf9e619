/**
 * When the collector runs by itself, and what it has done: words that all
 * workers share.
 *
 * ## Threads
 *   Atomic words, each by itself; the counts are plain under the GIL. A worker
 *   that stops between two of them leaves some set and some not.
 *
 * Source: CPython 3.13 Modules/gcmodule.c; Python/gc.c: gc_select_generation().
 *
 * @module
 */

import * as GcState from "../layout/gc_state.ts";
import * as Layout from "../layout/memory_map.ts";
import * as RunBins from "../layout/run_bins.ts";
import { type Objects, Tracking } from "../objects/mod.ts";

const STATE = Layout.OBJECTS;
const THRESHOLDS = STATE + GcState.X_THRESHOLDS;
const COUNTS = STATE + GcState.COUNTS;
const STATS = STATE + GcState.X_STATS;
const CANDIDATES = STATE + GcState.X_CANDIDATES;
const DURATION = STATE + GcState.X_DURATION;
const DISABLED = STATE + GcState.X_DISABLED;
const TOTAL = STATE + GcState.X_LONG_LIVED_TOTAL;
const PENDING = STATE + GcState.X_LONG_LIVED_PENDING;
const LIMIT = STATE + GcState.X_LIMIT;
const PRESSURE = STATE + GcState.X_PRESSURE;
const USED_PAGES = Layout.RUNS + RunBins.USED_PAGES;
/** Words of statistics of a generation. */
const STAT_WORDS = 3;
const { DEFAULTS } = GcState;

/** A number for each generation. */
export type Triple = [number, number, number];

/** What collections of a generation have done; counts but for the last. */
export interface GenerationStats {
  /** Collections of it. */
  readonly collections: number;
  /** Objects that they have collected. */
  readonly collected: number;
  /** Objects that they could not collect: none. */
  readonly uncollectable: number;
  /** Objects that they have looked at. */
  readonly candidates: number;
  /** How long they took, up to about 71 minutes, then from 0 on. Seconds. */
  readonly duration: number;
}

/** Whether collections start by themselves. */
export function isEnabled({ i32 }: Objects): boolean {
  return Atomics.load(i32, DISABLED) === 0;
}

/** Lets collections start by themselves, or not. */
export function enable({ i32 }: Objects, enabled: boolean): void {
  Atomics.store(i32, DISABLED, enabled ? 0 : 1);
}

/** The thresholds. */
export function thresholds({ i32 }: Objects): Triple {
  return DEFAULTS.map((start, g) =>
    start + Atomics.load(i32, THRESHOLDS + g)
  ) as Triple;
}

/**
 * Sets thresholds; those that are not given stay.
 *
 * @throws {RangeError} If one is no count below 2^31, or there are none or too
 * many.
 */
export function setThresholds(
  { i32 }: Objects,
  values: readonly number[],
): void {
  const isCount = (value: number) => value === (value | 0) && value >= 0;
  if (values.length < 1 || values.length > 3 || !values.every(isCount)) {
    throw new RangeError(
      `Cannot set thresholds to ${values.join(", ")}: they must be ` +
        "one to three integers from 0 to 2147483647",
    );
  }
  values.forEach((value, g) => {
    Atomics.store(i32, THRESHOLDS + g, value - DEFAULTS[g]);
  });
}

/** What is compared with the thresholds. */
export function counts(o: Objects): Triple {
  if (o.isBiased) Tracking.handOver(o);
  return [0, 1, 2].map((g) => Atomics.load(o.i32, COUNTS + g)) as Triple;
}

/** What was done so far, by generation. */
export function stats({ i32 }: Objects): GenerationStats[] {
  return [0, 1, 2].map((g) => {
    const at = STATS + g * STAT_WORDS;
    return {
      collections: Atomics.load(i32, at) >>> 0,
      collected: Atomics.load(i32, at + 1) >>> 0,
      uncollectable: Atomics.load(i32, at + 2) >>> 0,
      candidates: Atomics.load(i32, CANDIDATES + g) >>> 0,
      duration: (Atomics.load(i32, DURATION + g) >>> 0) / 1e6,
    };
  });
}

/** Notes a collection. */
export function note(
  { i32 }: Objects,
  generation: number,
  collected: number,
  candidates: number,
  seconds: number,
): void {
  const at = STATS + generation * STAT_WORDS;
  Atomics.add(i32, at, 1);
  Atomics.add(i32, at + 1, collected);
  Atomics.add(i32, CANDIDATES + generation, candidates);
  Atomics.add(i32, DURATION + generation, Math.round(seconds * 1e6) | 0);
}

/**
 * GIL build: the oldest generation that is due, or -1. The oldest one only if
 * its objects have become a quarter more. C: gc_select_generation().
 */
export function due(o: Objects): number {
  const limits = thresholds(o);
  if (!isEnabled(o) || limits[0] === 0) return -1;
  const { i32 } = o;
  const isFew = Atomics.load(i32, PENDING) < Atomics.load(i32, TOTAL) >> 2;
  for (let g = GcState.COUNT - 1; g >= 0; g--) {
    if (g === GcState.COUNT - 1 && isFew) continue;
    if (Atomics.load(i32, COUNTS + g) > limits[g]) return g;
  }
  return -1;
}

/** Bytes from which on the collector is asked, or 0. */
export function limit({ i32 }: Objects): number {
  return Atomics.load(i32, LIMIT) * Layout.PAGE_SIZE;
}

/**
 * Sets how many bytes the heap may hold before the collector is asked.
 *
 * @param bytes Rounded up to whole pages; 0 for no limit.
 * @throws {RangeError} If it is no count of bytes that a heap can hold.
 */
export function setLimit({ i32 }: Objects, bytes: number): void {
  if (!Number.isInteger(bytes) || bytes < 0 || bytes > Layout.MAX_BYTES) {
    throw new RangeError(
      `Cannot set the memory limit to ${bytes} bytes: it must be an ` +
        `integer from 0 to ${Layout.MAX_BYTES}`,
    );
  }
  Atomics.store(i32, LIMIT, Math.ceil(bytes / Layout.PAGE_SIZE));
  Atomics.store(i32, PRESSURE, 0);
}

/** Whether the heap holds more than its limit, and more than it has got used to. */
export function isPressed(o: Objects): boolean {
  const { i32 } = o;
  const pages = i32[LIMIT]; // racy hint
  const used = i32[USED_PAGES]; // racy hint
  return pages !== 0 && used > pages &&
    used > Atomics.load(i32, PRESSURE) && isEnabled(o);
}

/**
 * What could not be freed is no reason to try again before it is a quarter
 * more.
 */
export function relax({ i32 }: Objects): void {
  const used = i32[USED_PAGES]; // racy hint
  Atomics.store(i32, PRESSURE, used + (used >> 2));
}
