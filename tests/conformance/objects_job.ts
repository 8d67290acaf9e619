/**
 * What the tests of objects and their workers have in common.
 *
 * @module
 */

import type { HeapHandle } from "../../mod.ts";

/** Argument of all tasks. */
export interface Job {
  readonly handle: HeapHandle;
  /** Number of this worker. */
  readonly me: number;
  /** Workers that meet before they start. Count. */
  readonly workers: number;
  /** What the task works on: an object or memory, or 0. */
  readonly op: number;
  /** How often. Count. */
  readonly rounds: number;
}

/** Slots through which objects are passed on. Count. */
export const SLOTS = 64;
