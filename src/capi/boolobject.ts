/**
 * `boolobject.h`: True and False.
 *
 * They have no fixed address in a heap, so what is a constant in C is a
 * function here.
 *
 * @example Of a number
 * ```ts
 * import assert from "node:assert/strict";
 * import {
 *   Py_FinalizeEx,
 *   Py_Initialize,
 *   Py_True,
 *   PyBool_FromLong,
 * } from "@obmalloc/obmalloc/capi";
 *
 * Py_Initialize({ maxBytes: 16 * 1024 * 1024 });
 * assert.equal(PyBool_FromLong(7), Py_True());
 * Py_FinalizeEx();
 * ```
 *
 * ## Threads
 *   Both are immortal; only read.
 *
 * Source: CPython 3.14 Include/boolobject.h; Objects/boolobject.c.
 *
 * @module
 */

import { Bool, Kinds } from "../objects/mod.ts";
import {
  isKind,
  objects,
  type PyObject,
  type PyTypeObject,
} from "./objects.ts";

/** The type `bool`. C: `PyBool_Type`. */
export function PyBool_Type(): PyTypeObject {
  return objects().typeOfKind(Kinds.BOOL);
}

/** The object `True`, which is immortal. C: `Py_True`. */
export function Py_True(): PyObject {
  return Bool.fromBoolean(objects(), true);
}

/** The object `False`, which is immortal. C: `Py_False`. */
export function Py_False(): PyObject {
  return Bool.fromBoolean(objects(), false);
}

/** Whether an object is `True`. C: `Py_IsTrue()`. Returns 0 or 1. */
export function Py_IsTrue(op: PyObject): 0 | 1 {
  return op === Py_True() ? 1 : 0;
}

/** Whether an object is `False`. C: `Py_IsFalse()`. Returns 0 or 1. */
export function Py_IsFalse(op: PyObject): 0 | 1 {
  return op === Py_False() ? 1 : 0;
}

/**
 * Whether an object is True or False.
 *
 * C: `PyBool_Check()`, Include/boolobject.h.
 *
 * @param op Object.
 * @returns 1 if it is, else 0.
 * @throws {PointerError} If it is no object.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PyBool_Check(op: PyObject): 0 | 1 {
  return isKind(op, Kinds.BOOL, "look at") ? 1 : 0;
}

/**
 * True for any number but 0, else False.
 *
 * C: `PyBool_FromLong()`, Objects/boolobject.c.
 *
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PyBool_FromLong(value: number): PyObject {
  return Bool.fromBoolean(objects(), value !== 0);
}
