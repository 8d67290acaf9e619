/**
 * `cpython/object.h`: what depends on how references are counted.
 *
 * In the free-threaded build a lock-free reader may find an object that is
 * dying. It tries to take a reference and sees whether it was in time; the
 * object must have been prepared for that by somebody who had a reference.
 *
 * @example A reference, if it can be had
 * ```ts
 * import assert from "node:assert/strict";
 * import {
 *   Py_DECREF,
 *   Py_FinalizeEx,
 *   Py_Initialize,
 *   Py_REFCNT,
 *   PyList_New,
 *   PyUnstable_EnableTryIncRef,
 *   PyUnstable_Object_IsUniquelyReferenced,
 *   PyUnstable_TryIncRef,
 * } from "@obmalloc/obmalloc/capi";
 *
 * Py_Initialize({ maxBytes: 16 * 1024 * 1024 });
 * const op = PyList_New(0);
 * assert.equal(PyUnstable_Object_IsUniquelyReferenced(op), 1);
 * PyUnstable_EnableTryIncRef(op);
 * assert.equal(PyUnstable_TryIncRef(op), 1);
 * assert.equal(Py_REFCNT(op), 2);
 * Py_DECREF(op);
 * Py_DECREF(op);
 * Py_FinalizeEx();
 * ```
 *
 * ## Threads
 *   As `objects/refcount/biased.ts`, or under the GIL.
 *
 * Source: CPython 3.14 Include/cpython/object.h; Objects/object.c.
 * Not here: PyUnstable_Object_IsUniqueReferencedTemporary(), which asks for the
 * stack of an interpreter.
 *
 * @module
 */

import { show } from "../errors.ts";
import { Finalizers, Kinds, Tracking } from "../objects/mod.ts";
import { Biased } from "../objects/refcount/mod.ts";
import {
  isImmortal,
  objects,
  type PyObject,
  requireObject,
} from "./objects.ts";

/**
 * Whether the only reference to an object is this thread's.
 *
 * C: `PyUnstable_Object_IsUniquelyReferenced()`, Objects/object.c.
 *
 * @param op Object.
 * @returns 1 if it is, else 0.
 * @throws {PointerError} If it is no object.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PyUnstable_Object_IsUniquelyReferenced(op: PyObject): 0 | 1 {
  const o = objects();
  requireObject(o, op, "look at the references to");
  return o.isUnique(op) ? 1 : 0;
}

/**
 * Whether an object never dies.
 *
 * C: `PyUnstable_IsImmortal()`, Objects/object.c.
 *
 * @param op Object.
 * @returns 1 if it is immortal, else 0.
 * @throws {PointerError} If it is no object.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PyUnstable_IsImmortal(op: PyObject): 0 | 1 {
  const o = objects();
  requireObject(o, op, "look at the references to");
  return isImmortal(o, op) ? 1 : 0;
}

/**
 * Makes an object immortal, if nobody else knows of it and it is no str.
 *
 * C: `PyUnstable_SetImmortal()`, Objects/object.c of 3.15.
 *
 * @param op Object.
 * @returns 1 if it is now immortal, else 0.
 * @throws {PointerError} If it is no object.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PyUnstable_SetImmortal(op: PyObject): 0 | 1 {
  const o = objects();
  requireObject(o, op, "make immortal");
  if (!o.isUnique(op) || o.kindOf(op) === Kinds.STR) return 0;
  o.setImmortal(op);
  return 1;
}

/**
 * Takes a reference to an object that may be dying; in the free-threaded build
 * another thread succeeds only after {@linkcode PyUnstable_EnableTryIncRef}.
 *
 * C: `PyUnstable_TryIncRef()`, Objects/object.c.
 *
 * @param op Object, or memory that was one and could not be given back yet.
 * @returns 1 if the caller has a reference now, else 0.
 * @throws {PointerError} If it is no object.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PyUnstable_TryIncRef(op: PyObject): 0 | 1 {
  const o = objects();
  requireObject(o, op, "try to take a reference to");
  if (o.isBiased) return Biased.tryIncref(o.m, op) ? 1 : 0;
  if (o.refcnt(op) === 0) return 0;
  o.incref(op);
  return 1;
}

/**
 * Lets other threads try to take references to an object from now on.
 *
 * C: `PyUnstable_EnableTryIncRef()`, Objects/object.c.
 *
 * @param op Object that the caller has a reference to.
 * @throws {PointerError} If it is no object.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PyUnstable_EnableTryIncRef(op: PyObject): void {
  const o = objects();
  requireObject(o, op, "let others try to take references to");
  if (o.isBiased) Biased.setMaybeWeakref(o.m, op);
}

/**
 * Would make the references of threads to an object cheaper; there is no
 * interpreter here whose stack could have some that are not counted.
 *
 * C: `PyUnstable_Object_EnableDeferredRefcount()`, Objects/object.c.
 *
 * @param op Object.
 * @returns 0: references are counted as before, as in C's GIL build.
 * @throws {PointerError} If it is no object.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PyUnstable_Object_EnableDeferredRefcount(op: PyObject): 0 {
  requireObject(objects(), op, "defer the references to");
  return 0;
}

/**
 * Runs the finalizer of an object's type, unless it was run, or this worker
 * does not have it.
 *
 * C: `PyObject_CallFinalizer()`, Objects/object.c.
 *
 * @param op Object that the caller has a reference to.
 * @throws {PointerError} If it is no object.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PyObject_CallFinalizer(op: PyObject): void {
  const o = objects();
  requireObject(o, op, "finalize");
  if (!Finalizers.isWanting(o, op)) return;
  if (Tracking.isGc(o, op)) Tracking.setFinalized(o, op);
  Finalizers.run(o, op);
}

/**
 * The same for an object that is about to die: for a program that frees it by
 * itself, with `PyObject_GC_Del()` or `PyObject_Free()`.
 *
 * C: `PyObject_CallFinalizerFromDealloc()`, Objects/object.c, where the object
 * has no reference; here the last one is the caller's.
 *
 * @param self Object that only the caller has a reference to.
 * @returns 0; or -1 if the finalizer has given a reference to somebody: the
 * object lives on, and the caller drops its own.
 * @throws {PointerError} If it is no object.
 * @throws {TypeError} If it has other references.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PyObject_CallFinalizerFromDealloc(self: PyObject): 0 | -1 {
  const o = objects();
  requireObject(o, self, "finalize");
  if (!o.isUnique(self)) {
    throw new TypeError(
      `Cannot finalize ${show(self)} as an object that is about to die: ` +
        `it has ${o.refcnt(self)} references`,
    );
  }
  PyObject_CallFinalizer(self);
  return o.isUnique(self) ? 0 : -1;
}
