/**
 * The other threads of the tests of sets.
 *
 * @module
 */

import { attach, type Heap, type HeapHandle } from "../../mod.ts";
import { Long, type Objects, open, Sets } from "../../src/objects/mod.ts";
import { type Control, rendezvous, serve } from "../helpers/workers.ts";

/** Argument of all tasks. */
export interface Job {
  readonly handle: HeapHandle;
  readonly set: number;
  readonly other: number;
  readonly rounds: number;
  /** First value of this worker. */
  readonly first: number;
  readonly workers: number;
}

/** Control word at which the workers meet before they start. */
const START = 1;

/** Joins the heap, meets the others, does the work, leaves. */
function work<T>(
  job: Job,
  control: Control,
  run: (o: Objects, heap: Heap) => T,
): T {
  const heap = attach(job.handle);
  const o = open(heap.core);
  if (o === null) throw new Error("Cannot open the objects of a heap");
  heap.threads.detach();
  rendezvous(control, START, job.workers);
  heap.threads.attach();
  try {
    return run(o, heap);
  } finally {
    heap.close();
  }
}

/** Adds an int that nobody keeps. */
function add(o: Objects, set: number, value: number): void {
  const key = Long.fromNumber(o, value);
  if (!Sets.add(o, set, key)) throw new Error("No memory");
  o.decref(key);
}

/** Pops an int, or -1. */
function pop(o: Objects, set: number): number {
  const key = Sets.pop(o, set);
  if (key === 0) return -1;
  const value = Long.toNumber(o, key);
  o.decref(key);
  return value;
}

serve<Job>({
  /** Adds ints that are its own, and some that all have. */
  add: (job, control) =>
    work(job, control, (o, heap) => {
      for (let k = 0; k < job.rounds; k++) {
        add(o, job.set, job.first + k);
        add(o, job.set, 1000 + k % 100);
        if (k % 16 === 0) heap.threads.safePoint();
      }
    }),

  /** Moves ints from a set to another; returns how many. */
  move: (job, control) =>
    work(job, control, (o, heap) => {
      let moved = 0;
      for (let k = 0; k < job.rounds; k++) {
        const [from, to] = (k + job.first) % 2 === 0
          ? [job.set, job.other]
          : [job.other, job.set];
        const value = pop(o, from);
        if (value >= 0) {
          add(o, to, value);
          moved++;
        }
        heap.threads.safePoint();
      }
      return moved;
    }),

  /** Combines two sets in both orders while others change them. */
  combine: (job, control) =>
    work(job, control, (o, heap) => {
      for (let k = 0; k < job.rounds / 8; k++) {
        const { set, other } = job;
        const made = [
          Sets.union(o, set, other),
          Sets.intersection(o, other, set),
          Sets.difference(o, set, other),
          Sets.copy(o, other),
        ];
        const [all, both] = made.map((op) => Sets.length(o, op));
        if (both > all) throw new Error(`${both} of ${all} are in both`);
        for (const op of made) o.decref(op);
        heap.threads.safePoint();
      }
      return 0;
    }),
});
