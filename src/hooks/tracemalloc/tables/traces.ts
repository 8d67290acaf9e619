/**
 * The traces: which block was allocated where, and how many bytes they are.
 *
 * A trace stands in one word of 64 bits (`layout/trace_tables.ts`): for a block
 * of the heap in the array of its page, for any other domain or pointer in an
 * interned KEY.
 *
 * ## Invariants
 *   T1  X_TRACED == sum of the sizes of all traces, while nobody is inside
 *   T2  X_PEAK >= every value that X_TRACED had since it was last reset
 *
 * ## Threads
 *   A trace is put, replaced and removed by one exchange, and whoever it comes
 *   back to counts the difference. So however a worker that clears, one that
 *   frees and one that tracks the same key meet, each trace is counted once and
 *   given back once. Between the exchange and the count X_TRACED is off by that
 *   trace, for ever if the worker dies there. An array of a page is published
 *   by compare-and-exchange; a worker that dies before that leaks it.
 *
 * Source: CPython 3.14 Python/tracemalloc.c: tracemalloc_add_trace_unlocked(),
 * tracemalloc_remove_trace_unlocked().
 * Differs: no lock. Sizes are below 32 GiB.
 *
 * @module
 */

import * as Layout from "../../../layout/memory_map.ts";
import * as TraceRecord from "../../../layout/trace_record.ts";
import * as TraceTables from "../../../layout/trace_tables.ts";
import { find, intern } from "./intern.ts";
import { give, take, type Window } from "./window.ts";

const PAGE_MASK = Layout.PAGE_SIZE - 1;
const GRANULE_BITS = TraceTables.GRANULE_BITS;
const GRANULE_MASK = (1 << GRANULE_BITS) - 1;
const SIZE_BITS = BigInt(TraceTables.SIZE_BITS);
const SIZE_MASK = (1n << SIZE_BITS) - 1n;
const TWO_32 = 4294967296;
/** No trace. */
export const NONE = 0n;
/** Bytes of the array of a page. */
export const PAGE_BYTES = TraceTables.PAGE_TRACES * 8;

/** A trace. The traceback is a word index, the size in bytes. */
export function pack(traceback: number, size: number): bigint {
  return BigInt(traceback >>> 2) << SIZE_BITS | BigInt(size);
}

/** Size in a trace. Bytes. */
export function sizeOf(trace: bigint): number {
  return Number(trace & SIZE_MASK);
}

/** Traceback in a trace. Word index. */
export function tracebackOf(trace: bigint): number {
  return Number(trace >> SIZE_BITS) * 4;
}

/** True if the trace of a key stands in the array of a page. */
function isBlock(w: Window, domain: number, ptr: number): boolean {
  return domain === 0 && ptr < w.m.buffer.byteLength &&
    (ptr & GRANULE_MASK) === 0;
}

/** Words of a key, as `intern.ts` wants them. */
function keyWords(domain: number, ptr: number): number[] {
  return [TraceRecord.KEY, 3, domain | 0, ptr | 0, (ptr / TWO_32) | 0];
}

/** Where the directory names the array of a page. Word index. */
function entryOf(tables: number, page: number): number {
  return tables + TraceTables.DIRECTORY + page;
}

/** Makes the array of a page, unless somebody else has. Word index, or 0. */
function makePage(w: Window, tables: number, entry: number): number {
  const made = take(w, tables, PAGE_BYTES);
  if (made === 0) return 0;
  const seen = Atomics.compareExchange(w.m.i32, entry, 0, made); // COMMIT
  if (seen === 0) return made;
  give(w, tables, made, PAGE_BYTES);
  return seen;
}

/** The trace of an address. Index of 64 bits. */
export function slotIn(array: number, ptr: number): number {
  return (array >>> 1) + ((ptr & PAGE_MASK) >>> GRANULE_BITS);
}

/** Where the trace of a key stands, or 0 if nowhere. Index of 64 bits. */
function slotOf(
  w: Window,
  tables: number,
  domain: number,
  ptr: number,
): number {
  if (isBlock(w, domain, ptr)) {
    const entry = entryOf(tables, ptr >>> Layout.PAGE_BITS);
    const array = Atomics.load(w.m.i32, entry);
    return array === 0 ? 0 : slotIn(array, ptr);
  }
  const record = find(w, tables, keyWords(domain, ptr));
  return record === 0 ? 0 : (record + TraceRecord.X_TRACE) >>> 1;
}

/** The same, made if need be; 0 if no memory is left. */
function makeSlot(
  w: Window,
  tables: number,
  domain: number,
  ptr: number,
): number {
  if (isBlock(w, domain, ptr)) {
    const entry = entryOf(tables, ptr >>> Layout.PAGE_BITS);
    const array = Atomics.load(w.m.i32, entry) ||
      makePage(w, tables, entry);
    return array === 0 ? 0 : slotIn(array, ptr);
  }
  const record = intern(w, tables, keyWords(domain, ptr));
  return record === 0 ? 0 : (record + TraceRecord.X_TRACE) >>> 1;
}

/** Counts bytes that are traced now, or no more. */
function count(w: Window, tables: number, delta: bigint): void {
  const traced = (tables + TraceTables.X_TRACED) >>> 1;
  const sum = Atomics.add(w.b64, traced, delta) + delta;
  if (delta > 0n) raisePeak(w, tables, sum);
}

/** Makes the peak at least `sum`. */
function raisePeak(w: Window, tables: number, sum: bigint): void {
  const at = (tables + TraceTables.X_PEAK) >>> 1;
  let seen = Atomics.load(w.b64, at);
  while (seen < sum) {
    const old = seen;
    seen = Atomics.compareExchange(w.b64, at, old, sum);
    if (seen === old) return;
    Atomics.pause();
  }
}

/**
 * Puts a trace in the place of whatever trace the key has.
 *
 * @param w The window of a worker that is inside.
 * @param tables The tables. Word index.
 * @param domain Domain of the key.
 * @param ptr Its pointer.
 * @param trace The trace, not {@linkcode NONE}.
 * @returns False if no memory is left for it.
 */
export function put(
  w: Window,
  tables: number,
  domain: number,
  ptr: number,
  trace: bigint,
): boolean {
  const slot = makeSlot(w, tables, domain, ptr);
  if (slot === 0) return false;
  const old = Atomics.exchange(w.b64, slot, trace); // COMMIT
  count(w, tables, (trace & SIZE_MASK) - (old & SIZE_MASK));
  return true;
}

/** Removes the trace that stands in a place, and returns it. */
export function removeAt(w: Window, tables: number, slot: number): bigint {
  if (Atomics.load(w.b64, slot) === NONE) return NONE;
  const old = Atomics.exchange(w.b64, slot, NONE); // COMMIT
  if (old !== NONE) count(w, tables, -(old & SIZE_MASK));
  return old;
}

/** Removes the trace of a key, and returns it. */
export function remove(
  w: Window,
  tables: number,
  domain: number,
  ptr: number,
): bigint {
  const slot = slotOf(w, tables, domain, ptr);
  return slot === 0 ? NONE : removeAt(w, tables, slot);
}

/** The trace of a key. */
export function look(
  w: Window,
  tables: number,
  domain: number,
  ptr: number,
): bigint {
  const slot = slotOf(w, tables, domain, ptr);
  return slot === 0 ? NONE : Atomics.load(w.b64, slot);
}

/** Bytes of all traces. */
export function traced(w: Window, tables: number): number {
  const sum = Atomics.load(w.b64, (tables + TraceTables.X_TRACED) >>> 1);
  return Math.max(0, Number(sum));
}

/** Most bytes of all traces at one time. */
export function peak(w: Window, tables: number): number {
  const most = Atomics.load(w.b64, (tables + TraceTables.X_PEAK) >>> 1);
  return Math.max(traced(w, tables), Number(most));
}

/** Makes the peak what is traced now. */
export function resetPeak(w: Window, tables: number): void {
  const sum = Atomics.load(w.b64, (tables + TraceTables.X_TRACED) >>> 1);
  Atomics.store(w.b64, (tables + TraceTables.X_PEAK) >>> 1, sum);
  // What others have added meanwhile.
  raisePeak(
    w,
    tables,
    Atomics.load(w.b64, (tables + TraceTables.X_TRACED) >>> 1),
  );
}

/**
 * The next place from `slot` on that may have a trace, in the array of a page.
 *
 * @param w The window of a worker that is inside.
 * @param array Array of the page. Word index.
 * @param from Number of a granule of the page.
 * @returns Number of the granule, or `PAGE_TRACES` if there is none.
 */
export function nextIn(w: Window, array: number, from: number): number {
  const first = array >>> 1;
  for (let k = from; k < TraceTables.PAGE_TRACES; k++) {
    if (Atomics.load(w.b64, first + k) !== NONE) return k;
  }
  return TraceTables.PAGE_TRACES;
}
