/**
 * `refcount.h`: references to objects.
 *
 * Objects are byte addresses; 0 is NULL. Who has a reference to an object may
 * use it, and drops it when it is done: with the last one the object dies. In
 * the free-threaded build a reference may be dropped by another worker than the
 * one that took it.
 *
 * What C's macros assign to (`Py_CLEAR(self->child)`) is here a member of an
 * object of JavaScript, or an item of a typed array:
 * `Py_CLEAR(self, "child")`, `Py_CLEAR(heap.i32, word)`.
 *
 * @example Two references
 * ```ts
 * import assert from "node:assert/strict";
 * import {
 *   Py_CLEAR,
 *   Py_DECREF,
 *   Py_FinalizeEx,
 *   Py_Initialize,
 *   Py_NewRef,
 *   Py_REFCNT,
 *   PyFloat_FromDouble,
 * } from "@obmalloc/obmalloc/capi";
 *
 * Py_Initialize({ maxBytes: 16 * 1024 * 1024 });
 * const op = PyFloat_FromDouble(1.5);
 * const self = { value: Py_NewRef(op) };
 * assert.equal(Py_REFCNT(op), 2);
 * Py_CLEAR(self, "value");
 * assert.equal(self.value, 0);
 * assert.equal(Py_REFCNT(op), 1);
 * Py_DECREF(op);
 * Py_FinalizeEx();
 * ```
 *
 * ## Threads
 *   As `objects/refcount/biased.ts`, or under the GIL.
 *
 * Source: CPython 3.14 Include/refcount.h, Include/cpython/object.h;
 * Objects/object.c.
 * Differs: an address that is none of an object throws.
 *
 * @module
 */

import * as FreeThreaded from "../layout/object_free_threaded.ts";
import * as Gil from "../layout/object_gil.ts";
import type { Objects } from "../objects/mod.ts";
import {
  isImmortal,
  objects,
  type PyObject,
  requireObject,
} from "./objects.ts";

/** What has a member, or an item, that is a reference. C: a variable. */
export type PyObjectHolder<K extends PropertyKey> = { [P in K]: PyObject };

/**
 * References to an object. Large for an immortal one. Count.
 *
 * C: `Py_REFCNT()`, Include/refcount.h.
 *
 * @param op Object.
 * @throws {PointerError} If it is no object.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function Py_REFCNT(op: PyObject): number {
  const o = objects();
  requireObject(o, op, "count the references to");
  return o.refcnt(op);
}

/**
 * Sets how many references there are to an object that nobody else uses.
 *
 * C: `Py_SET_REFCNT()`, Include/refcount.h. Of an immortal object it changes
 * nothing.
 *
 * @param op Object.
 * @param refcnt References, from 1 to 2^29 − 1. Count.
 * @throws {PointerError} If it is no object.
 * @throws {RangeError} If there can be no such count.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function Py_SET_REFCNT(op: PyObject, refcnt: number): void {
  const o = objects();
  requireObject(o, op, "set the references to");
  if (!Number.isInteger(refcnt) || refcnt < 1 || refcnt >= 2 ** 29) {
    throw new RangeError(
      `Cannot set the references to an object to ${refcnt}: ` +
        "the count must be an integer from 1 to 536870911",
    );
  }
  if (isImmortal(o, op)) return;
  const at = op >>> 2;
  if (!o.isBiased) o.i32[at + Gil.OB_REFCNT] = refcnt;
  else if (o.i32[at + FreeThreaded.OB_TID] === o.tid) { // racy hint
    const shared = Atomics.load(o.i32, at + FreeThreaded.X_OB_REF_SHARED);
    const local = refcnt - (shared >> FreeThreaded.SHARED_SHIFT);
    o.i32[at + FreeThreaded.OB_REF_LOCAL] = local;
  } else setShared(o, at, refcnt);
}

/** The same of an object that is not this thread's, which owns it no longer. */
function setShared(o: Objects, at: number, refcnt: number): void {
  o.i32[at + FreeThreaded.OB_TID] = 0;
  o.i32[at + FreeThreaded.OB_REF_LOCAL] = 0;
  const shared = (refcnt << FreeThreaded.SHARED_SHIFT) | FreeThreaded.MERGED;
  Atomics.store(o.i32, at + FreeThreaded.X_OB_REF_SHARED, shared);
}

/**
 * One more reference to an object.
 *
 * C: `Py_INCREF()`, Include/refcount.h.
 *
 * @param op Object.
 * @throws {PointerError} If it is no object.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function Py_INCREF(op: PyObject): void {
  const o = objects();
  requireObject(o, op, "take a reference to");
  o.incref(op);
}

/**
 * One reference to an object less; without any it dies.
 *
 * C: `Py_DECREF()`, Include/refcount.h.
 *
 * @param op Object.
 * @throws {PointerError} If it is no object.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function Py_DECREF(op: PyObject): void {
  const o = objects();
  requireObject(o, op, "drop a reference to");
  o.decref(op);
}

/** {@linkcode Py_INCREF} that leaves NULL alone. C: `Py_XINCREF()`. */
export function Py_XINCREF(op: PyObject): void {
  if (op !== 0) Py_INCREF(op);
}

/** {@linkcode Py_DECREF} that leaves NULL alone. C: `Py_XDECREF()`. */
export function Py_XDECREF(op: PyObject): void {
  if (op !== 0) Py_DECREF(op);
}

/** The same as {@linkcode Py_XINCREF}. C: `Py_IncRef()`, Objects/object.c. */
export const Py_IncRef: typeof Py_XINCREF = Py_XINCREF;

/** The same as {@linkcode Py_XDECREF}. C: `Py_DecRef()`, Objects/object.c. */
export const Py_DecRef: typeof Py_XDECREF = Py_XDECREF;

/**
 * One more reference to an object, which is returned.
 *
 * C: `Py_NewRef()`, Include/refcount.h.
 *
 * @param op Object.
 * @returns `op`.
 * @throws {PointerError} If it is no object.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function Py_NewRef(op: PyObject): PyObject {
  Py_INCREF(op);
  return op;
}

/** {@linkcode Py_NewRef} that returns NULL for NULL. C: `Py_XNewRef()`. */
export function Py_XNewRef(op: PyObject): PyObject {
  Py_XINCREF(op);
  return op;
}

/** What a holder holds, as an address. */
function held<K extends PropertyKey>(
  holder: PyObjectHolder<K>,
  key: K,
): PyObject {
  const op = holder[key];
  // Words of the heap have addresses from 2 GiB on below 0.
  return op | 0 ? op >>> 0 : op;
}

/**
 * Sets a member to NULL, and then drops the reference that it was.
 *
 * C: `Py_CLEAR()`, a macro of Include/refcount.h.
 *
 * @param holder What has the member, or a typed array.
 * @param key Name of the member, or an index.
 * @throws {PointerError} If it is neither an object nor NULL; it is kept then.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function Py_CLEAR<K extends PropertyKey>(
  holder: PyObjectHolder<K>,
  key: K,
): void {
  const op = held(holder, key);
  if (op === 0) return;
  requireObject(objects(), op, "drop a reference to");
  holder[key] = 0;
  Py_DECREF(op);
}

/**
 * Sets a member to another object, and then drops the reference that it was.
 *
 * C: `Py_XSETREF()`, a macro of Include/cpython/object.h.
 *
 * @param holder What has the member, or a typed array.
 * @param key Name of the member, or an index.
 * @param value Object, whose reference goes into the member, or NULL.
 * @throws {PointerError} If what is there is neither an object nor NULL; it is
 * kept then.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function Py_XSETREF<K extends PropertyKey>(
  holder: PyObjectHolder<K>,
  key: K,
  value: PyObject,
): void {
  const before = held(holder, key);
  if (before !== 0) requireObject(objects(), before, "drop a reference to");
  holder[key] = value;
  Py_XDECREF(before);
}

/**
 * The same where there is an object.
 *
 * C: `Py_SETREF()`, a macro of Include/cpython/object.h.
 *
 * @throws {PointerError} If what is there is no object; it is kept then.
 */
export function Py_SETREF<K extends PropertyKey>(
  holder: PyObjectHolder<K>,
  key: K,
  value: PyObject,
): void {
  requireObject(objects(), held(holder, key), "drop a reference to");
  Py_XSETREF(holder, key, value);
}
