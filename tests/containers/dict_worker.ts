/**
 * The other threads of the tests of dicts.
 *
 * @module
 */

import { attach, type Heap, type HeapHandle } from "../../mod.ts";
import * as PyObject from "../../src/layout/object_free_threaded.ts";
import {
  Dict,
  Long,
  type Objects,
  open,
  Unicode,
} from "../../src/objects/mod.ts";
import { CriticalSection } from "../../src/threads/mod.ts";
import {
  type Control,
  isStopped,
  rendezvous,
  serve,
} from "../helpers/workers.ts";

/** Argument of all tasks. */
interface Job {
  readonly handle: HeapHandle;
  readonly dict: number;
  readonly rounds: number;
  readonly workers: number;
}

/** Keys of all tasks. Count. */
const KEYS = 20;
/** Value of the first key; no small ints among them. */
const FIRST = 10_000;
/** Most rounds of a reader that finds nothing. Count. */
const MOST = 300_000;
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

/** Runs something with the n-th key, a str or an int of this worker's. */
function withKey<T>(o: Objects, n: number, run: (key: number) => T): T {
  const key = n % 4 === 3
    ? Long.fromNumber(o, FIRST * 2 + n)
    : Unicode.fromString(o, `key ${n}`);
  if (key === 0) throw new Error("No memory");
  const result = run(key);
  o.decref(key);
  return result;
}

/** Claims that a value is that of the n-th key; drops it. */
function look(o: Objects, n: number, value: number): void {
  const found = Long.toNumber(o, value);
  o.decref(value);
  if (found !== FIRST + n) throw new Error(`Got ${found} for key ${n}`);
}

/** Adds 1 to the value of a key, alone with the dict. */
function count(o: Objects, dict: number, key: number): void {
  CriticalSection.begin(o.m, (dict >>> 2) + PyObject.X_OB_MUTEX);
  const before = Dict.getItem(o, dict, key);
  const value = before === 0 ? 0 : Long.toNumber(o, before);
  const item = Long.fromNumber(o, value + 1);
  if (!Dict.setItem(o, dict, key, item)) throw new Error("No memory");
  CriticalSection.end(o.m);
  if (before !== 0) o.decref(before);
  o.decref(item);
}

serve<Job>({
  /** Counts keys. */
  count: (job, control) =>
    work(job, control, (o, heap) => {
      for (let k = 0; k < job.rounds; k++) {
        withKey(o, k % KEYS, (key) => count(o, job.dict, key));
        if (k % 16 === 0) heap.threads.safePoint();
      }
    }),

  /** Puts items in and takes them out again, one by one and all. */
  churn: (job, control) =>
    work(job, control, (o, heap) => {
      for (let k = 0; k < job.rounds; k++) {
        const n = (k * 7) % KEYS;
        withKey(o, n, (key) => {
          const item = Long.fromNumber(o, FIRST + n);
          if (!Dict.setItem(o, job.dict, key, item)) throw new Error("None");
          o.decref(item);
          if (k % 3 === 2) Dict.delItem(o, job.dict, key);
          if (k % 11 === 10) {
            const popped = Dict.pop(o, job.dict, key);
            if (popped !== 0) look(o, n, popped);
          }
        });
        if (k % 50 === 49) Dict.clear(o, job.dict);
        if (k % 37 === 36) {
          const pair = Dict.popItem(o, job.dict);
          if (pair > 0) o.decref(pair);
        }
        heap.threads.safePoint();
      }
    }),

  /** Reads items while others change the dict; returns how many it got. */
  read: (job, control) =>
    work(job, control, (o, heap) => {
      let got = 0;
      // Under the GIL the others may not have had their turn yet.
      const mayEnd = (k: number) => k >= job.rounds && got > 0 || k > MOST;
      for (let k = 0; !mayEnd(k) && !isStopped(control); k++) {
        const n = k % KEYS;
        const value = withKey(o, n, (key) => Dict.getItem(o, job.dict, key));
        if (value !== 0) {
          look(o, n, value);
          got++;
        }
        heap.threads.safePoint();
      }
      return got;
    }),

  /** Goes through all items while others change the dict. */
  iterate: (job, control) =>
    work(job, control, (o, heap) => {
      let got = 0;
      const entry = new Dict.Entry();
      for (let k = 0; k < job.rounds; k++) {
        let at = Dict.next(o, job.dict, 0, entry);
        while (at >= 0) {
          const value = Long.toNumber(o, entry.value);
          if (value < FIRST || value >= FIRST + KEYS) {
            throw new Error(`Got ${value}`);
          }
          o.decref(entry.key);
          o.decref(entry.value);
          got++;
          at = Dict.next(o, job.dict, at, entry);
        }
        heap.threads.safePoint();
      }
      return got;
    }),
});
