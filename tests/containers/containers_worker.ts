/**
 * The other threads of the tests of containers.
 *
 * @module
 */

import { attach, type Heap, type HeapHandle } from "../../mod.ts";
import { List, Long, type Objects, open } from "../../src/objects/mod.ts";
import {
  type Control,
  isStopped,
  rendezvous,
  serve,
} from "../helpers/workers.ts";

/** Argument of all tasks. */
interface Job {
  readonly handle: HeapHandle;
  readonly list: number;
  readonly rounds: number;
  /** First value of this worker. */
  readonly first: number;
  readonly workers: number;
  /** Control word at which the workers meet before they start. */
  readonly start: number;
}

/** Most rounds of a reader that finds nothing. Count. */
const MOST = 300_000;

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
  rendezvous(control, job.start, job.workers);
  heap.threads.attach();
  try {
    return run(o, heap);
  } finally {
    heap.close();
  }
}

serve<Job>({
  /** Appends ints. */
  append: (job, control) =>
    work(job, control, (o, heap) => {
      for (let k = 0; k < job.rounds; k++) {
        const item = Long.fromNumber(o, job.first + k);
        if (!List.append(o, job.list, item)) throw new Error("No memory");
        o.decref(item);
        if (k % 16 === 0) heap.threads.safePoint();
      }
    }),

  /** Puts ints in, at both ends, and takes them out again; clears at times. */
  churn: (job, control) =>
    work(job, control, (o, heap) => {
      for (let k = 0; k < job.rounds; k++) {
        const item = Long.fromNumber(o, job.first + (k % 1000));
        List.insert(o, job.list, k % 3 === 0 ? 0 : 1000, item);
        o.decref(item);
        if (k % 5 === 4) List.clear(o, job.list);
        if (k % 7 === 6) List.reverse(o, job.list);
        heap.threads.safePoint();
      }
    }),

  /** Leaves items in the list, and exits. */
  leave: (job, control) =>
    work(job, control, (o) => {
      for (let k = 0; k < job.rounds; k++) {
        const item = Long.fromNumber(o, job.first + k);
        if (!List.append(o, job.list, item)) throw new Error("No memory");
        o.decref(item);
      }
    }),

  /** Takes out what others leave, and drops it; returns how many. */
  reap: (job, control) =>
    work(job, control, (o, heap) => {
      let popped = 0;
      while (popped < job.rounds && !isStopped(control)) {
        if (List.length(o, job.list) > 0) {
          o.decref(List.pop(o, job.list));
          popped++;
        }
        heap.threads.safePoint();
      }
      return popped;
    }),

  /** Reads items while others change the list; returns how many it got. */
  read: (job, control) =>
    work(job, control, (o, heap) => {
      let got = 0;
      // Under the GIL the others may not have had their turn yet.
      const mayEnd = (k: number) => k >= job.rounds && got > 0 || k > MOST;
      for (let k = 0; !mayEnd(k) && !isStopped(control); k++) {
        try {
          const item = List.getItem(o, job.list, k % 4);
          const value = Long.toNumber(o, item);
          o.decref(item);
          if (value < job.first || value >= job.first + 100_000) {
            throw new TypeError(`Got an item ${value}`);
          }
          got++;
        } catch (error) {
          if (!(error instanceof RangeError)) throw error;
        }
        heap.threads.safePoint();
      }
      return got;
    }),
});
