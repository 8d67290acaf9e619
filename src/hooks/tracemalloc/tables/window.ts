/**
 * A worker's window on the tables of traces.
 *
 * ## Threads
 *   Belongs to one worker. What the tables are made of comes from the engine's
 *   own RAW record, so that nothing that a program has installed sees it.
 *
 * @module
 */

import type { AnyAllocator } from "../../../domains/mod.ts";
import * as TraceTables from "../../../layout/trace_tables.ts";
import type { Address, Memory } from "../../../memory/mod.ts";

/** See the head of this file. */
export class Window {
  /** The heap. */
  declare readonly m: Memory;
  /** The heap as words of 64 bits. */
  declare readonly b64: BigInt64Array<SharedArrayBuffer>;
  /** Where memory for the tables comes from. */
  declare readonly source: AnyAllocator;
  /** Epoch of the tables that an operation has used last. Count. */
  epoch = 0;

  /** The window of the worker that `m` belongs to. */
  constructor(m: Memory, source: AnyAllocator) {
    this.m = m;
    this.b64 = new BigInt64Array(m.buffer);
    this.source = source;
  }
}

/** Zeroed memory of the tables, or 0. Word index. */
export function take(w: Window, tables: number, nbytes: number): number {
  const { source } = w;
  const block: Address = source.calloc(source.ctx, 1, nbytes);
  if (block !== 0) count(w, tables, nbytes);
  return block >>> 2;
}

/** Gives memory of the tables back. */
export function give(
  w: Window,
  tables: number,
  at: number,
  nbytes: number,
): void {
  const { source } = w;
  source.free(source.ctx, at * 4);
  count(w, tables, -nbytes);
}

/** Notes how many bytes hang on the tables. */
function count(w: Window, tables: number, nbytes: number): void {
  const at = (tables + TraceTables.X_BYTES) >>> 1;
  Atomics.add(w.b64, at, BigInt(nbytes));
}
