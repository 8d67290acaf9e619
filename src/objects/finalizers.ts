/**
 * Finalizers: functions that run once before an object dies.
 *
 * ## Threads
 *   A finalizer runs in the worker that drops the last reference, or in the one
 *   that collects. The flag that it was run is set before it runs, so that a
 *   worker's death inside of it does not run it again. An object that is to die
 *   has one reference meanwhile, its deallocator's: who stops there leaks it.
 *
 * Source: CPython 3.14 Objects/object.c: PyObject_CallFinalizer(),
 * PyObject_CallFinalizerFromDealloc(), _PyObject_ResurrectStart().
 *
 * @module
 */

import { show } from "../errors.ts";
import * as Gil from "../layout/object_gil.ts";
import * as PyObject from "../layout/object_free_threaded.ts";
import * as TypeObject from "../layout/type_object.ts";
import type { Address } from "../memory/mod.ts";
import { Debug } from "../hooks/mod.ts";
import * as Held from "./held.ts";
import type { Objects } from "./objects.ts";
import { Biased } from "./refcount/mod.ts";
import * as Tracking from "./tracking.ts";

/** One reference in X_OB_REF_SHARED. */
const ONE = 1 << PyObject.SHARED_SHIFT;

/** Runs before an object dies. C: `destructor`, of `tp_finalize`. */
export type Finalize = (op: Address) => void;

/** Whether an object has a finalizer that was not run. */
export function isWanting(o: Objects, op: Address): boolean {
  const flags = o.i32[o.fields(o.typeOf(op)) + TypeObject.TP_FLAGS];
  return (flags & TypeObject.HAS_FINALIZE) !== 0 &&
    !Tracking.isFinalized(o, op);
}

/** Whether this worker has the finalizer of an object's type. */
export function isKnown(o: Objects, op: Address): boolean {
  return o.finalizers[o.typeOf(op)] !== undefined;
}

/**
 * Runs the finalizer of an object that the caller has a reference to. What it
 * throws is printed. C: `PyObject_CallFinalizer()`, and PyErr_WriteUnraisable()
 * behind it.
 */
export function run(o: Objects, op: Address): void {
  const finalize = o.finalizers[o.typeOf(op)];
  if (finalize === undefined) return;
  try {
    Held.callOut(o, finalize, op);
  } catch (error) {
    const name = o.nameOf(o.typeOf(op));
    Debug.Stderr.write(
      `Exception ignored in the finalizer of <${name} object at ` +
        `${show(op)}>: ${error}\n`,
    );
  }
}

/**
 * Gives an object without references one. If nobody owns it, it stays so:
 * others may be looking at it through weak references.
 * C: _PyObject_ResurrectStart().
 */
function resurrect(o: Objects, op: Address): void {
  const { i32 } = o;
  const at = op >>> 2;
  if (!o.isBiased) i32[at + Gil.OB_REFCNT] = 1;
  else if (i32[at + PyObject.OB_TID] === o.tid) {
    i32[at + PyObject.OB_REF_LOCAL] = 1;
  } else Atomics.add(i32, at + PyObject.X_OB_REF_SHARED, ONE);
}

/** Takes that reference back. Returns true if there are others now. */
function hasOthers(o: Objects, op: Address): boolean {
  if (o.isBiased) return Biased.decref(o.m, op) !== Biased.DEAD;
  return --o.i32[(op >>> 2) + Gil.OB_REFCNT] !== 0;
}

/**
 * Runs the finalizer of an object without references, once.
 * C: `PyObject_CallFinalizerFromDealloc()`.
 *
 * @returns True if the object lives on.
 */
export function callFromDealloc(o: Objects, op: Address): boolean {
  if (!isWanting(o, op)) return false;
  if (Tracking.isGc(o, op)) Tracking.setFinalized(o, op);
  resurrect(o, op);
  run(o, op);
  return hasOthers(o, op);
}
