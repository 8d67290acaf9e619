/**
 * The other threads of the tests of objects, at the C face.
 *
 * @module
 */

import type { Heap } from "../../mod.ts";
import * as C from "../../src/capi/mod.ts";
import { objectsOf } from "../../src/gc/open.ts";
import {
  type Control,
  FIRST_FREE,
  isStopped,
  rendezvous,
  serve,
} from "../helpers/workers.ts";
import { type Job, SLOTS } from "./objects_job.ts";

/** Control word at which the workers meet. */
const START = 1;

/** Takes the runtime, meets the others, does the work, leaves. */
function work<T>(job: Job, control: Control, run: (heap: Heap) => T): T {
  const heap = C.Py_Initialize(job.handle);
  C.Py_None();
  heap.threads.detach();
  rendezvous(control, START, job.workers);
  heap.threads.attach();
  try {
    return run(heap);
  } finally {
    C.Py_FinalizeEx();
  }
}

/** Fails where a function of C has. */
function must(result: number): number {
  if (result > 0 || C.PyErr_Occurred() === null) return result;
  throw C.PyErr_GetRaisedException();
}

/** An object of one of several types and sizes. */
function someObject(k: number): number {
  switch (k % 5) {
    case 0:
      return must(C.PyFloat_FromDouble(k));
    case 1:
      return must(C.PyLong_FromLong(1000 + k));
    case 2:
      return must(C.PyUnicode_FromString(`text ${k}`.repeat(1 + k % 20)));
    case 3:
      return must(C.PyList_New(k % 40));
    default:
      return must(C.PyTuple_Pack(2, C.Py_None(), C.Py_True()));
  }
}

/** Garbage of the collector: a list in itself. */
function dropCycle(): void {
  const list = must(C.PyList_New(0));
  must(C.PyList_Append(list, list));
  C.Py_DECREF(list);
}

serve<Job>({
  /** Passes objects to whoever takes them, and drops those of others. */
  pass: (job, control) =>
    work(job, control, (heap) => {
      for (let k = 0; k < job.rounds; k++) {
        const slot = (job.op >>> 2) + (k * 7 + job.me) % SLOTS;
        const op = someObject(k);
        const other = Atomics.exchange(heap.i32, slot, op | 0) >>> 0;
        C.Py_XDECREF(other);
        if (k % 16 === 0) heap.threads.safePoint();
      }
    }),

  /** Makes a list of small objects that somebody else will drop. */
  fill: (job, control) =>
    work(job, control, (heap) => {
      const list = must(C.PyList_New(0));
      for (let k = 0; k < job.rounds; k++) {
        const op = must(C.PyTuple_Pack(1, C.Py_None()));
        must(C.PyList_Append(list, op));
        C.Py_DECREF(op);
        if (k % 64 === 0) heap.threads.safePoint();
      }
      return list;
    }),

  /** Appends or extends by ints from `rounds` on, in order. */
  grow: (job, control) =>
    work(job, control, (heap) => {
      const isExtending = job.me % 2 === 1;
      for (let k = 0; k < job.rounds;) {
        const count = isExtending ? 1 + k % 3 : 1;
        const part = must(C.PyList_New(count));
        for (let n = 0; n < count; n++, k++) {
          const item = must(C.PyLong_FromLong(job.rounds + k));
          must(C.PyList_SetItem(part, n, item));
        }
        if (isExtending) must(C.PyList_Extend(job.op, part));
        else must(C.PyList_Append(job.op, C.PyList_GetItem(part, 0)));
        C.Py_DECREF(part);
        heap.threads.safePoint();
      }
    }),

  /** Reads a list that grows from its start until it is full. */
  follow: (job, control) =>
    work(job, control, (heap) => {
      for (let k = 0; k < job.rounds && !isStopped(control);) {
        const item = C.PyList_GetItemRef(job.op, k);
        if (item === C.NULL) {
          C.PyErr_Clear();
          heap.threads.safePoint();
          continue;
        }
        const value = C.PyLong_AsLong(item);
        C.Py_DECREF(item);
        if (value !== job.rounds + k) {
          throw new Error(`Item ${k} is ${value}`);
        }
        k++;
        if (k % 16 === 0) heap.threads.safePoint();
      }
    }),

  /** Adds a name of its own to each dict of a list. */
  name: (job, control) =>
    work(job, control, (heap) => {
      for (let k = 0; k < job.rounds; k++) {
        const dict = must(C.PyList_GetItemRef(job.op, k));
        const value = must(C.PyLong_FromLong(1000 + job.me));
        must(C.PyDict_SetItemString(dict, `name${job.me}`, value));
        C.Py_DECREF(value);
        C.Py_DECREF(dict);
        heap.threads.safePoint();
      }
    }),

  /** Replaces the dict that an object has by new ones. */
  replace: (job, control) =>
    work(job, control, (heap) => {
      for (let k = 0; k < job.rounds; k++) {
        const dict = must(C.PyDict_New());
        const value = must(C.PyLong_FromLong(1000 + k));
        must(C.PyDict_SetItemString(dict, "attr", value));
        C.Py_DECREF(value);
        must(C.PyList_SetItem(job.op, 0, dict));
        heap.threads.safePoint();
      }
    }),

  /** Reads the item of a dict that is replaced; returns how often. */
  lookUp: (job, control) =>
    work(job, control, (heap) => {
      for (let k = 0; k < job.rounds; k++) {
        const dict = must(C.PyList_GetItemRef(job.op, 0));
        const self = { value: C.NULL };
        must(C.PyDict_GetItemStringRef(dict, "attr", self, "value"));
        const value = C.PyLong_AsLong(self.value);
        if (value < 1000) throw new Error(`Got ${value}`);
        C.Py_CLEAR(self, "value");
        C.Py_DECREF(dict);
        heap.threads.safePoint();
      }
    }),

  /** Makes and drops objects of the collector until it is told to stop. */
  mutate: (job, control) =>
    work(job, control, (heap) => {
      let made = 0;
      while (Atomics.load(control, FIRST_FREE) < job.rounds) {
        if (isStopped(control)) break;
        const list = must(C.PyList_New(3));
        must(C.PyList_SetItem(list, 1, must(C.PyTuple_New(2))));
        dropCycle();
        C.Py_DECREF(list);
        heap.threads.safePoint();
        made++;
      }
      return made;
    }),

  /** Looks at all objects, at referrers, and sets thresholds. */
  inspect: (job, control) =>
    work(job, control, (heap) => {
      const { gc, objects: o } = objectsOf(heap.core)!;
      let seen = 0;
      for (let k = 0; k < job.rounds; k++) {
        const found = k % 2 === 0
          ? gc.getObjects()
          : gc.getReferrers(C.Py_None());
        for (const op of found) o.decref(op);
        if (!found.includes(job.op)) throw new Error("The list is missing");
        seen += found.length;
        Atomics.add(control, FIRST_FREE, 1);
        heap.threads.safePoint();
      }
      return seen;
    }),

  /** Sets thresholds while the others allocate. */
  threshold: (job, control) =>
    work(job, control, (heap) => {
      const { gc } = objectsOf(heap.core)!;
      for (let k = 0; k < job.rounds; k++) {
        gc.setThreshold(1 + k % 100, k % 2 === 0 ? 0 : 10);
        const [first] = gc.getThreshold();
        if (first !== 1 + k % 100) throw new Error(`Threshold ${first}`);
        dropCycle();
        heap.threads.safePoint();
      }
      Atomics.add(control, FIRST_FREE, job.rounds);
      gc.setThreshold(2000, 10, 10);
    }),

  /** Makes deep nests, and drops them. */
  nest: (job, control) =>
    work(job, control, (heap) => {
      for (let k = 0; k < job.rounds; k++) {
        let op = must(C.PyTuple_New(0));
        for (let depth = 0; depth < 2000; depth++) {
          const outer = must(C.PyTuple_Pack(1, op));
          C.Py_DECREF(op);
          op = outer;
          if (depth % 64 === 0) heap.threads.safePoint();
        }
        C.Py_DECREF(op);
      }
    }),

  /** Drops a reference to an object of somebody else. */
  drop: (job, control) =>
    work(job, control, () => {
      C.Py_DECREF(job.op);
    }),

  /** Interns and defines what all others do at the same time. */
  one: (job, control) =>
    work(job, control, () => {
      const found: number[] = [];
      for (let k = 0; k < job.rounds; k++) {
        const name = `One${k}`;
        found.push(must(C.PyType_FromSpec({ name, basicsize: 0, slots: [] })));
        if (job.op === 1) found.push(must(C.PyUnicode_InternFromString(name)));
      }
      return found;
    }),
});
