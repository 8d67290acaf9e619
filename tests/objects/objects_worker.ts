/**
 * What a worker of `races_test.ts` does.
 *
 * @module
 */

import { attach, type Heap, type HeapHandle } from "../../mod.ts";
import { Float, type Objects, Tuple, Unicode } from "../../src/objects/mod.ts";
import { Prng } from "../helpers/prng.ts";
import {
  type Control,
  FIRST_FREE,
  rendezvous,
  serve,
} from "../helpers/workers.ts";
import { openObjects } from "./objects_fixture.ts";

/** What a task is given. */
export interface Task {
  readonly handle: HeapHandle;
  /** Number of the worker, and how many there are. */
  readonly index: number;
  readonly count: number;
  /** Strings to intern, or objects to make. Count. */
  readonly size: number;
  /** An object that all know of. */
  readonly shared: number;
  /** Objects to drop. */
  readonly drops: readonly number[];
}

/** Turns between two safe points. Count. */
const STRETCH = 64;

/** Runs a task on the objects of the heap. */
function withObjects<T>(
  { handle }: Task,
  run: (o: Objects, heap: Heap) => T,
): T {
  using heap = attach(handle);
  return run(openObjects(heap), heap);
}

/** Interns the same strings as all others do, in an order of its own. */
function intern(task: Task, control: Control): number[] {
  rendezvous(control, FIRST_FREE, task.count);
  return withObjects(task, (o, heap) => {
    const order = Array.from({ length: task.size }, (_, k) => k);
    new Prng(7, task.index).shuffle(order);
    const found: number[] = new Array(task.size + 1).fill(o.statics);
    order.forEach((k, turn) => {
      found[k] = Unicode.intern(o, Unicode.fromString(o, `a name ${k}`));
      if (turn % STRETCH === 0) heap.threads.safePoint();
    });
    // Nobody drops a string before all have it.
    heap.threads.detached(() => {
      rendezvous(control, FIRST_FREE + 1, task.count);
    });
    for (let k = 0; k < task.size; k++) o.decref(found[k]);
    return found;
  });
}

/** Takes and drops references of what all know; makes objects that have some. */
function count(task: Task, control: Control): number[] {
  rendezvous(control, FIRST_FREE + 2, task.count);
  return withObjects(task, (o, heap) => {
    const made: number[] = [];
    for (let k = 0; k < task.size; k++) {
      o.incref(task.shared);
      const float = Float.fromNumber(o, k);
      const tuple = Tuple.pair(o, task.shared, float);
      o.decref(float);
      o.decref(task.shared);
      if (k % 2 === 0) made.push(tuple);
      else o.decref(tuple);
      if (k % STRETCH === 0) heap.threads.safePoint();
    }
    return made;
  });
}

/** Drops the last references of what other workers have made. */
function drop(task: Task): void {
  withObjects(task, (o, heap) => {
    task.drops.forEach((op, turn) => {
      o.decref(op);
      if (turn % STRETCH === 0) heap.threads.safePoint();
    });
  });
}

serve<Task>({ intern, count, drop });
