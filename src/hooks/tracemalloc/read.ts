/**
 * Reading the tables: tracebacks, and all the traces of a moment.
 *
 * ## Threads
 *   Whoever reads is inside, so nothing is freed. Others go on meanwhile: each
 *   trace is one that was there when it was read, and a block that is freed and
 *   one that is allocated while the tables are walked may both be among them,
 *   or neither.
 *
 * Source: CPython 3.14 Python/tracemalloc.c: _PyTraceMalloc_GetTraces(),
 * traceback_to_pyobject().
 *
 * @module
 */

import * as Layout from "../../layout/memory_map.ts";
import * as TraceRecord from "../../layout/trace_record.ts";
import * as TraceTables from "../../layout/trace_tables.ts";
import type { RawTrace } from "./filter.ts";
import type { RawFrame } from "./frame.ts";
import * as Inside from "./tables/inside.ts";
import { firstBucket, nameOf } from "./tables/intern.ts";
import type { Memory } from "../../memory/mod.ts";
import * as Traces from "./tables/traces.ts";
import type { Window } from "./tables/window.ts";

const { ITEMS, COUNT, FRAMES, FRAME_ITEMS } = TraceRecord;

/** A traceback: its frames, the most recent first, and what else is known. */
export interface RawTraceback {
  /** Its frames, the most recent first. */
  readonly frames: readonly RawFrame[];
  /** Frames that the stack had. Count. */
  readonly totalNframe: number;
  /** Owner value of the worker. */
  readonly worker: number;
}

/** What turns records of one tables into texts, each of them once. */
export class Reader {
  readonly #w: Window;
  readonly #names = new Map<number, string>();
  readonly #tracebacks = new Map<number, RawTraceback>();

  /** A reader, to be used while its worker is inside. */
  constructor(w: Window) {
    this.#w = w;
  }

  #name(granule: number): string {
    let name = this.#names.get(granule);
    if (name === undefined) {
      name = nameOf(this.#w, granule << 2);
      this.#names.set(granule, name);
    }
    return name;
  }

  /** The traceback of a trace. */
  tracebackOf(trace: bigint): RawTraceback {
    const record = Traces.tracebackOf(trace);
    let known = this.#tracebacks.get(record);
    if (known === undefined) {
      known = this.#read(record);
      this.#tracebacks.set(record, known);
    }
    return known;
  }

  #read(record: number): RawTraceback {
    const i32 = this.#w.m.i32;
    const frames: RawFrame[] = [];
    const end = record + ITEMS + i32[record + COUNT];
    for (let at = record + ITEMS + FRAMES; at < end; at += FRAME_ITEMS) {
      const file = this.#name(i32[at]);
      frames.push([file, i32[at + 1], this.#name(i32[at + 2])]);
    }
    return {
      frames,
      totalNframe: i32[record + ITEMS + TraceRecord.TOTAL_NFRAME],
      worker: i32[record + ITEMS + TraceRecord.OWNER],
    };
  }
}

/** Adds a trace, unless it is none. */
function add(
  reader: Reader,
  to: RawTrace[],
  domain: number,
  trace: bigint,
): void {
  if (trace === Traces.NONE) return;
  const { frames, totalNframe, worker } = reader.tracebackOf(trace);
  to.push([domain, Traces.sizeOf(trace), frames, totalNframe, worker]);
}

/** Adds the traces of blocks of the heap, in the order of their addresses. */
function addBlocks(
  w: Window,
  tables: number,
  reader: Reader,
  to: RawTrace[],
): void {
  for (let page = 0; page < w.m.pages; page++) {
    const entry = tables + TraceTables.DIRECTORY + page;
    const array = Atomics.load(w.m.i32, entry);
    if (array === 0) continue;
    const first = Traces.slotIn(array, page << Layout.PAGE_BITS);
    for (let k = 0; k < TraceTables.PAGE_TRACES; k++) {
      add(reader, to, 0, Atomics.load(w.b64, first + k));
    }
  }
}

/** Adds the traces of all other keys. */
function addKeys(
  w: Window,
  tables: number,
  reader: Reader,
  to: RawTrace[],
): void {
  const i32 = w.m.i32;
  const first = firstBucket(w, tables);
  for (let k = 0; k < TraceTables.NUM_BUCKETS; k++) {
    let record = Atomics.load(i32, first + k);
    while (record !== 0) {
      if (i32[record + TraceRecord.KIND] === TraceRecord.KEY) {
        const trace = Atomics.load(
          w.b64,
          (record + TraceRecord.X_TRACE) >>> 1,
        );
        add(reader, to, i32[record + ITEMS] >>> 0, trace);
      }
      record = i32[record + TraceRecord.NEXT];
    }
  }
}

/**
 * All traces.
 *
 * @param w The window of a worker that is inside.
 * @param tables The tables. Word index.
 * @returns The traces: blocks of the heap in the order of their addresses,
 * then all others.
 */
export function readAll(w: Window, tables: number): RawTrace[] {
  const reader = new Reader(w);
  const traces: RawTrace[] = [];
  addBlocks(w, tables, reader, traces);
  addKeys(w, tables, reader, traces);
  return traces;
}

/**
 * The block that this worker is giving back, whose trace it has taken off: the
 * records below may still want to say where it was allocated.
 */
const leaving = {
  m: null as Memory | null,
  ptr: 0,
  trace: Traces.NONE,
  epoch: 0,
};

/** Notes what was taken off of a block, until {@linkcode forget}. */
export function remember(w: Window, ptr: number, trace: bigint): void {
  leaving.m = w.m;
  leaving.ptr = ptr;
  leaving.trace = trace;
  leaving.epoch = w.epoch;
}

/** The block is gone, or has its trace again. */
export function forget(): void {
  leaving.m = null;
}

/** The trace that was taken off of a block, or none. */
function remembered(w: Window, tables: number, ptr: number): bigint {
  const isIt = leaving.m === w.m && leaving.ptr === ptr &&
    leaving.epoch === w.m.i32[tables + TraceTables.EPOCH];
  return isIt ? leaving.trace : Traces.NONE;
}

/** The trace of a key, or of the block that is being given back. */
function traceOf(
  w: Window,
  tables: number,
  domain: number,
  ptr: number,
): bigint {
  const trace = Traces.look(w, tables, domain, ptr);
  if (trace !== Traces.NONE || domain !== 0) return trace;
  return remembered(w, tables, ptr);
}

/**
 * Where a block was allocated.
 *
 * @param w The window of a worker that is not inside.
 * @param domain Domain of the block.
 * @param ptr Its pointer.
 * @returns The traceback, or null if there is no trace of it.
 */
export function readOne(
  w: Window,
  domain: number,
  ptr: number,
): RawTraceback | null {
  const tables = Inside.enter(w.m);
  const trace = tables === 0 ? Traces.NONE : traceOf(w, tables, domain, ptr);
  const found = trace === Traces.NONE ? null : new Reader(w).tracebackOf(trace);
  Inside.leave(w.m);
  return found;
}
