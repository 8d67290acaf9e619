/**
 * What a worker of the stress run is told to do.
 *
 * @module
 */

import type { Canary } from "./canary.ts";
import type { MallocName } from "./heap.ts";
import type { KillCanary } from "./kill/canary.ts";

/** The shapes in the order in which they run; the index is part of the seed. */
export const SHAPES = ["larson", "xmalloc", "mstress", "churn"] as const;

/** Name of a shape. */
export type ShapeName = typeof SHAPES[number];

/** What a cell does: a shape, or `"kill"`, where workers die, see `kill/`. */
export type CellShape = ShapeName | "kill";

/** Number of a shape in the seeds of its streams; -1 for `"kill"`. */
export function numberOf(shape: CellShape): number {
  return SHAPES.findIndex((name) => name === shape);
}

/** Order to one worker. Structured-cloneable. */
export interface Task {
  /** What to do. */
  readonly shape: CellShape;
  /** Seed of the run; with shape, worker and life it gives the stream. */
  readonly seed: number;
  /** Number of this worker: 0 ≤ worker < workers. */
  readonly worker: number;
  /** Workers at a time. Count. */
  readonly workers: number;
  /** How many workers had this number before. Count. */
  readonly life: number;
  /** Steps of each worker, or 0 to go on until time is up. Count. */
  readonly ops: number;
  /** Size of the heap. Bytes. */
  readonly maxBytes: number;
  /** Which allocator the heap has. */
  readonly malloc: MallocName;
  /** Frames that the heap traces of each allocation, or 0. Count. */
  readonly trace: number;
  /** Planted bug, if any. */
  readonly canary: Canary | KillCanary | undefined;
}
