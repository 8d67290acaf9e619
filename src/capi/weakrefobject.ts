/**
 * `weakrefobject.h`: references that do not keep an object alive.
 *
 * Objects of types with `Py_TPFLAGS_MANAGED_WEAKREF` can be named so, and of the
 * built-in types those that can in CPython.
 *
 * @example An object that dies
 * ```ts
 * import assert from "node:assert/strict";
 * import {
 *   NULL,
 *   Py_DECREF,
 *   Py_FinalizeEx,
 *   Py_Initialize,
 *   Py_TPFLAGS_MANAGED_WEAKREF,
 *   PyType_FromSpec,
 *   PyType_GenericNew,
 *   PyWeakref_GetRef,
 *   PyWeakref_IsDead,
 *   PyWeakref_NewRef,
 * } from "@obmalloc/obmalloc/capi";
 *
 * Py_Initialize({ maxBytes: 16 * 1024 * 1024 });
 * const flags = Py_TPFLAGS_MANAGED_WEAKREF;
 * const op = PyType_GenericNew(
 *   PyType_FromSpec({ name: "Weak", basicsize: 0, flags, slots: [] }),
 * );
 * let calls = 0;
 * const ref = PyWeakref_NewRef(op, () => calls++);
 * const found = { op: NULL };
 * assert.equal(PyWeakref_GetRef(ref, found, "op"), 1);
 * assert.equal(found.op, op);
 * [op, found.op].forEach(Py_DECREF);
 * assert.equal(PyWeakref_IsDead(ref), 1);
 * assert.equal(calls, 1);
 * Py_DECREF(ref);
 * Py_FinalizeEx();
 * ```
 *
 * ## Threads
 *   As `objects/weakref.ts`. Callbacks are functions of the worker that made the
 *   reference, and run there.
 *
 * Source: CPython 3.14 Include/weakrefobject.h; Objects/weakrefobject.c.
 * Not here: proxies; PyWeakref_GetObject(), which CPython 3.15 has removed.
 *
 * @module
 */

import { Kinds, Weakref } from "../objects/mod.ts";
import {
  isKind,
  objects,
  type PyObject,
  type PyTypeObject,
  requireObject,
  typeName,
} from "./objects.ts";
import { fail, orNoMemory, raise } from "./raise.ts";
import type { PyObjectHolder } from "./refcount.ts";

/** The type of weak references. C: `_PyWeakref_RefType`. */
export function _PyWeakref_RefType(): PyTypeObject {
  return objects().typeOfKind(Kinds.WEAKREF);
}

/**
 * Whether an object is a weak reference.
 *
 * C: `PyWeakref_Check()`, Include/weakrefobject.h.
 *
 * @param op Object.
 * @returns 1 if it is, else 0.
 * @throws {PointerError} If it is no object.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PyWeakref_Check(op: PyObject): 0 | 1 {
  return isKind(op, Kinds.WEAKREF, "look at") ? 1 : 0;
}

/** The same as {@linkcode PyWeakref_Check}: there are no proxies. */
export const PyWeakref_CheckRef: typeof PyWeakref_Check = PyWeakref_Check;

/**
 * A weak reference to an object. Without a callback there is one for each
 * object, as long as somebody has it.
 *
 * C: `PyWeakref_NewRef()`, Objects/weakrefobject.c.
 *
 * @param ob Object.
 * @param callback Is called when the object has died, or null.
 * @returns Byte address; or 0 with an exception set: a MemoryError, or a
 * TypeError if the object's type has no weak references.
 * @throws {PointerError} If it is no object.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PyWeakref_NewRef(
  ob: PyObject,
  callback: Weakref.Callback | null,
): PyObject {
  const o = objects();
  requireObject(o, ob, "make a weak reference to");
  if (!Weakref.isSupported(o, ob)) {
    const name = typeName(o, ob);
    return raise(
      TypeError,
      `cannot create weak reference to '${name}' object`, // verbatim
    );
  }
  return orNoMemory(Weakref.create(o, ob, callback ?? undefined));
}

/** Whether an object is a weak reference; or false with a TypeError set. */
function isRef(ref: PyObject): boolean {
  if (isKind(ref, Kinds.WEAKREF, "look through")) return true;
  raise(TypeError, "expected a weakref"); // verbatim
  return false;
}

/**
 * What a weak reference names.
 *
 * C: `PyWeakref_GetRef()`, Objects/weakrefobject.c.
 *
 * @param ref Object.
 * @param holder Gets the object, whose reference is the caller's, or NULL.
 * @param key Its member, or an index.
 * @returns 1 if it lives, 0 if it is dead; or -1 with a TypeError set, if `ref`
 * is no weak reference.
 * @throws {PointerError} If it is no object.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PyWeakref_GetRef<K extends PropertyKey>(
  ref: PyObject,
  holder: PyObjectHolder<K>,
  key: K,
): 0 | 1 | -1 {
  holder[key] = 0;
  if (!isRef(ref)) return -1;
  const op = Weakref.get(objects(), ref);
  holder[key] = op;
  return op === 0 ? 0 : 1;
}

/**
 * Whether what a weak reference names is dead.
 *
 * C: `PyWeakref_IsDead()`, Objects/weakrefobject.c.
 *
 * @param ref Object.
 * @returns 1 or 0; or -1 with a TypeError set, if it is no weak reference.
 * @throws {PointerError} If it is no object.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PyWeakref_IsDead(ref: PyObject): 0 | 1 | -1 {
  if (!isKind(ref, Kinds.WEAKREF, "look through")) {
    return fail(TypeError, "expected a weakref"); // verbatim
  }
  return Weakref.isDead(objects(), ref) ? 1 : 0;
}
