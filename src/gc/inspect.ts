/**
 * Looking at the objects that the collector looks after, and freezing them.
 *
 * Whatever is returned has one more reference, which the caller drops.
 *
 * ## Threads
 *   Under the GIL, or with the world stopped. An object without references is
 *   being deallocated, and passed over. A worker that stops here leaks references.
 *
 * Source: CPython 3.13 Modules/gcmodule.c, Python/gc.c: _PyGC_GetObjects(),
 * _PyGC_GetReferrers(), _PyGC_Freeze(), _PyGC_Unfreeze().
 *
 * @module
 */

import * as GcBits from "../layout/gc_bits.ts";
import * as GcState from "../layout/gc_state.ts";
import * as Layout from "../layout/memory_map.ts";
import * as PyObject from "../layout/object_free_threaded.ts";
import type { Address } from "../memory/mod.ts";
import type { Objects } from "../objects/mod.ts";
import { World } from "../threads/mod.ts";
import * as GcList from "./gc_list.ts";
import { listOf } from "./generations.ts";
import { objectOf } from "./reachable.ts";
import * as Refusal from "./refusal.ts";
import { eachTracked } from "./walk.ts";

const PERMANENT = Layout.OBJECTS + GcState.PERMANENT;
const COUNTS = Layout.OBJECTS + GcState.COUNTS;
const OLDEST = GcState.COUNT - 1;

/** Runs a function while nobody else changes objects. */
export function stopped<T>(
  o: Objects,
  attempt: string,
  timeoutMs: number,
  run: () => T,
): T {
  if (!World.stop(o.m, timeoutMs)) Refusal.lateThread(attempt, timeoutMs);
  try {
    return run();
  } finally {
    World.start(o.m);
  }
}

/** Visits the objects of a list. */
function eachOf(
  o: Objects,
  list: number,
  visit: (op: Address) => void,
): void {
  const { i32 } = o;
  let head = GcList.first(i32, list);
  for (; head !== list; head = GcList.nextOf(i32, head)) visit(objectOf(head));
}

/** Visits the objects of a generation, or of all below 0. */
function eachObject(
  o: Objects,
  generation: number,
  visit: (op: Address) => void,
): void {
  if (o.isBiased) return eachTracked(o, visit);
  for (let g = 0; g <= OLDEST; g++) {
    if (generation < 0 || g === generation) eachOf(o, listOf(g), visit);
  }
}

/** Adds an object to a result. */
function add(o: Objects, found: Address[], op: Address): void {
  if (o.refcnt(op) === 0) return;
  o.incref(op);
  found.push(op);
}

/** Objects of a generation, or of all below 0. In a pause. */
export function objects(o: Objects, generation: number): Address[] {
  const found: Address[] = [];
  eachObject(o, generation, (op) => add(o, found, op));
  return found;
}

/** Objects that refer to any of these. In a pause. */
export function referrers(
  o: Objects,
  targets: readonly Address[],
): Address[] {
  const wanted = new Set(targets);
  const found: Address[] = [];
  let isReferrer = false;
  const visit = (op: Address) => {
    if (wanted.has(op)) isReferrer = true;
  };
  eachObject(o, -1, (op) => {
    isReferrer = false;
    o.slotsOf(op)!.traverse?.(o, op, visit);
    if (isReferrer) add(o, found, op);
  });
  return found;
}

/** What these refer to. In a pause. */
export function referents(o: Objects, ops: readonly Address[]): Address[] {
  const found: Address[] = [];
  for (const op of ops) {
    o.slotsOf(op)?.traverse?.(o, op, (value) => add(o, found, value));
  }
  return found;
}

/** Has the collector leave all objects alone. In a pause. */
export function freeze(o: Objects): void {
  const { i32 } = o;
  if (o.isBiased) {
    return eachTracked(o, (op) => {
      i32[(op >>> 2) + PyObject.OB_GC_BITS] |= GcBits.FROZEN;
    });
  }
  for (let g = 0; g <= OLDEST; g++) {
    GcList.merge(i32, listOf(g), PERMANENT);
    i32[COUNTS + g] = 0;
  }
}

/** Has it look after frozen objects again. In a pause. */
export function unfreeze(o: Objects): void {
  const { i32 } = o;
  if (!o.isBiased) return GcList.merge(i32, PERMANENT, listOf(OLDEST));
  eachTracked(o, (op) => {
    i32[(op >>> 2) + PyObject.OB_GC_BITS] &= ~GcBits.FROZEN;
  });
}

/** Frozen objects. Count. In a pause. */
export function frozen(o: Objects): number {
  if (!o.isBiased) return GcList.sizeOf(o.i32, PERMANENT);
  let count = 0;
  eachTracked(o, (_, bits) => {
    if ((bits & GcBits.FROZEN) !== 0) count++;
  });
  return count;
}
