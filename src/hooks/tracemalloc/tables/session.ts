/**
 * From start to stop: the tables are made, used by all workers, and freed.
 *
 * ```text
 *   start   make the tables ─▶ publish them, unless somebody else has
 *   track   enter ─▶ are these the tables that I mean? ─▶ put ─▶ leave
 *   stop    take the tables away ─▶ wait until nobody is inside ─▶ free them
 * ```
 *
 * There is no lock. Whoever gets the tables from the word that all read is the
 * only one to free them, and starting again meanwhile makes others.
 *
 * ## Invariants
 *   S1  tables that X_TABLES names are complete, and nobody has freed of them
 *   S2  tables are freed once, when no worker that may run knows them
 *   S3  after a stop that returns FREED, RAW has nothing of these tables but what
 *       the dead have lost
 *
 * ## Threads
 *   X_TABLES changes by compare-and-exchange and exchange. All else is as in
 *   `inside.ts`, `intern.ts` and `traces.ts`. A worker that dies in start leaks
 *   tables that nobody knows; one that dies in stop leaks those that it has
 *   taken away, and nobody traces any more.
 *
 * Source: CPython 3.14 Python/tracemalloc.c: _PyTraceMalloc_Start(),
 * _PyTraceMalloc_Stop(), PyTraceMalloc_Track() and their kin.
 * Differs: CPython's has one lock for the tables and another for the hooks.
 *
 * @module
 */

import * as Layout from "../../../layout/memory_map.ts";
import * as TraceRecord from "../../../layout/trace_record.ts";
import * as TraceTables from "../../../layout/trace_tables.ts";
import * as Words from "../../../layout/tracemalloc.ts";
import type { Memory } from "../../../memory/mod.ts";
import * as Inside from "./inside.ts";
import * as Intern from "./intern.ts";
import * as Traces from "./traces.ts";
import { give, type Window } from "./window.ts";

const X_TABLES = Layout.TRACEMALLOC + Words.X_TABLES;
const X_EPOCHS = Layout.TRACEMALLOC + Words.X_EPOCHS;
const X_LIMIT = Layout.TRACEMALLOC + Words.X_LIMIT;

/** The operation was done. C: 0. */
export const DONE = 0;
/** No memory is left for a trace. C: -1. */
export const NO_MEMORY = -1;
/** Nobody traces. C: -2. */
export const NOT_TRACING = -2;
/** The traceback is of tables that are gone. */
export const STALE = -3;

/** Result of {@linkcode stop}: nothing of the tables is left. */
export const FREED = 1;
/** Result of {@linkcode stop}: they stay, for somebody may still use them. */
export const ABANDONED = 2;

/** True while allocations are traced. */
export function isTracing(m: Memory): boolean {
  return Atomics.load(m.i32, X_TABLES) !== 0;
}

/** Frames kept of a stack, since the last start; 1 before. Count. */
export function limitOf(w: Window): number {
  return figure(w, LIMIT) || Atomics.load(w.m.i32, X_LIMIT) || 1;
}

/** Bytes of the tables themselves, without what hangs on them. */
function bytesOf(w: Window): number {
  const words = TraceTables.DIRECTORY + w.m.pages + TraceTables.NUM_BUCKETS;
  return words * 4;
}

/** Tables that nobody else knows yet, or 0. */
function make(w: Window, limit: number): number {
  const { i32 } = w.m;
  const nbytes = bytesOf(w);
  const { source } = w;
  const tables = source.calloc(source.ctx, 1, nbytes) >>> 2;
  if (tables === 0) return 0;
  const bytes = (tables + TraceTables.X_BYTES) >>> 1;
  Atomics.store(w.b64, bytes, BigInt(nbytes));
  i32[tables + TraceTables.EPOCH] = Atomics.add(i32, X_EPOCHS, 1) + 1;
  i32[tables + TraceTables.LIMIT] = limit;
  return tables;
}

/** Frees the block that {@linkcode make} gave. */
function giveTables(w: Window, tables: number): void {
  w.source.free(w.source.ctx, tables * 4);
}

/**
 * Traces from now on, unless somebody has started already.
 *
 * @param w The window of this worker.
 * @param limit Frames to keep of a stack. Count.
 * @returns False if no memory is left for the tables.
 */
export function start(w: Window, limit: number): boolean {
  const { i32 } = w.m;
  if (Atomics.load(i32, X_TABLES) !== 0) return true;
  const tables = make(w, limit);
  if (tables === 0) return false;
  if (Atomics.compareExchange(i32, X_TABLES, 0, tables) !== 0) { // COMMIT
    giveTables(w, tables);
    return true;
  }
  Atomics.store(i32, X_LIMIT, limit);
  return true;
}

/** Frees all that hangs on the tables, and the tables. */
function free(w: Window, tables: number): void {
  const { i32, pages } = w.m;
  for (let page = 0; page < pages; page++) {
    const at = tables + TraceTables.DIRECTORY + page;
    const array = Atomics.load(i32, at);
    if (array !== 0) give(w, tables, array, Traces.PAGE_BYTES);
  }
  const first = Intern.firstBucket(w, tables);
  for (let k = 0; k < TraceTables.NUM_BUCKETS; k++) {
    Intern.freeBucket(w, tables, first + k);
  }
  giveTables(w, tables);
}

/**
 * Traces no more. The caller is not inside.
 *
 * @param w The window of this worker.
 * @returns FREED, ABANDONED, or NOT_TRACING if there was nothing to stop.
 */
export function stop(w: Window): number {
  const tables = Atomics.exchange(w.m.i32, X_TABLES, 0); // COMMIT
  if (tables === 0) return NOT_TRACING;
  if (!Inside.awaitOthers(w.m)) return ABANDONED;
  free(w, tables);
  return FREED;
}

/**
 * Interns a name or a traceback. The record is good in the epoch that the
 * window has afterwards.
 *
 * @param w The window of this worker.
 * @param words KIND, COUNT, and so many words.
 * @param epoch Epoch of the tables that the words name records of, or 0.
 * @returns The record, a word index; or NO_MEMORY, NOT_TRACING or STALE.
 */
export function intern(
  w: Window,
  words: readonly number[],
  epoch: number,
): number {
  const tables = Inside.enter(w.m);
  let result = NOT_TRACING;
  if (tables !== 0) {
    const now = w.m.i32[tables + TraceTables.EPOCH];
    if (epoch !== 0 && now !== epoch) result = STALE;
    else {
      w.epoch = now;
      result = Intern.intern(w, tables, words) || NO_MEMORY;
    }
  }
  Inside.leave(w.m);
  return result;
}

/**
 * Notes where a block was allocated, in the place of what was noted before.
 *
 * @param w The window of this worker.
 * @param domain Domain of the block.
 * @param ptr Its pointer.
 * @param size Its size. Bytes, below `SIZE_LIMIT`.
 * @param traceback Where it was allocated. Word index.
 * @param epoch Epoch in which the traceback was interned.
 * @returns DONE, NO_MEMORY, NOT_TRACING or STALE.
 */
export function track(
  w: Window,
  domain: number,
  ptr: number,
  size: number,
  traceback: number,
  epoch: number,
): number {
  const tables = Inside.enter(w.m);
  let result = NOT_TRACING;
  if (tables !== 0) {
    const trace = Traces.pack(traceback, size);
    if (w.m.i32[tables + TraceTables.EPOCH] !== epoch) result = STALE;
    else if (Traces.put(w, tables, domain, ptr, trace)) result = DONE;
    else result = NO_MEMORY;
  }
  Inside.leave(w.m);
  return result;
}

/**
 * Forgets where a block was allocated.
 *
 * @param w The window of this worker.
 * @param domain Domain of the block.
 * @param ptr Its pointer.
 * @returns The trace that it had, of the epoch that the window has afterwards.
 */
export function untrack(w: Window, domain: number, ptr: number): bigint {
  const tables = Inside.enter(w.m);
  let trace = Traces.NONE;
  if (tables !== 0) {
    w.epoch = w.m.i32[tables + TraceTables.EPOCH];
    trace = Traces.remove(w, tables, domain, ptr);
  }
  Inside.leave(w.m);
  return trace;
}

/** Forgets the traces of a bucket of interned keys. */
function clearBucket(w: Window, tables: number, bucket: number): void {
  const i32 = w.m.i32;
  let record = Atomics.load(i32, bucket);
  while (record !== 0) {
    if (i32[record + TraceRecord.KIND] === TraceRecord.KEY) {
      Traces.removeAt(w, tables, (record + TraceRecord.X_TRACE) >>> 1);
    }
    record = i32[record + TraceRecord.NEXT];
  }
}

/** Forgets the traces of a page. */
function clearPage(w: Window, tables: number, array: number): void {
  const end = TraceTables.PAGE_TRACES;
  for (let k = 0; k < end; k++) {
    k = Traces.nextIn(w, array, k);
    if (k < end) Traces.removeAt(w, tables, (array >>> 1) + k);
  }
}

/**
 * Forgets all traces. The peak becomes what is traced afterwards.
 *
 * @param w The window of this worker.
 */
export function clear(w: Window): void {
  const { i32, pages } = w.m;
  const tables = Inside.enter(w.m);
  if (tables !== 0) {
    for (let page = 0; page < pages; page++) {
      const at = tables + TraceTables.DIRECTORY + page;
      const array = Atomics.load(i32, at);
      if (array !== 0) clearPage(w, tables, array);
    }
    const first = Intern.firstBucket(w, tables);
    for (let k = 0; k < TraceTables.NUM_BUCKETS; k++) {
      clearBucket(w, tables, first + k);
    }
    Traces.resetPeak(w, tables);
  }
  Inside.leave(w.m);
}

/** A figure of the tables, or 0 if nobody traces: see {@linkcode figure}. */
export const TRACED = 0;
/** Most bytes of all traces at one time. */
export const PEAK = 1;
/** Bytes of the tables and what hangs on them. */
export const MEMORY = 2;
/** Frames kept of a stack. Count. */
export const LIMIT = 3;

/**
 * Reads a figure.
 *
 * @param w The window of this worker.
 * @param which TRACED, PEAK, MEMORY or LIMIT.
 * @returns Bytes, or a count.
 */
export function figure(w: Window, which: number): number {
  const tables = Inside.enter(w.m);
  const value = tables === 0 ? 0 : read(w, tables, which);
  Inside.leave(w.m);
  return value;
}

function read(w: Window, tables: number, which: number): number {
  if (which === TRACED) return Traces.traced(w, tables);
  if (which === PEAK) return Traces.peak(w, tables);
  if (which === LIMIT) return limitIn(w, tables);
  const at = (tables + TraceTables.X_BYTES) >>> 1;
  return Number(Atomics.load(w.b64, at));
}

/** Frames kept of a stack, by these tables. Count. */
export function limitIn(w: Window, tables: number): number {
  return w.m.i32[tables + TraceTables.LIMIT];
}

/** Makes the peak what is traced now. */
export function resetPeak(w: Window): void {
  const tables = Inside.enter(w.m);
  if (tables !== 0) Traces.resetPeak(w, tables);
  Inside.leave(w.m);
}
