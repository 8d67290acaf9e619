/**
 * What the test of deaths and its workers both know.
 *
 * ## Threads
 *   The words of a ledger are atomic. Its worker writes all but STOP.
 *
 * @module
 */

import type { HeapHandle } from "../../mod.ts";

/** Word: what `heap.threads.id` is. */
export const ID = 0;
/** Word: operations that were done. Count. */
export const OPS = 1;
/** Word: 1 once the worker shall come to its end. */
export const STOP = 2;
/** Word: 1 once it has. */
export const ENDED = 3;

/** Items that a list has at most, but for those that come at once. Count. */
export const LENGTH = 48;
/** Least value of an item. */
export const LEAST = 1_000_000;
/** One above the largest. */
export const MOST = 2_000_000;

/** What a worker is given. */
export interface Part {
  readonly handle: HeapHandle;
  readonly ledger: Int32Array<SharedArrayBuffer>;
  /** The list. Byte address. */
  readonly list: number;
  /** The object whose references are counted. Byte address. */
  readonly object: number;
  readonly seed: number;
}
