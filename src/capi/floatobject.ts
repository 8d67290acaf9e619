/**
 * `floatobject.h`: floats, which are doubles.
 *
 * @example A float and back
 * ```ts
 * import assert from "node:assert/strict";
 * import {
 *   Py_DECREF,
 *   Py_FinalizeEx,
 *   Py_Initialize,
 *   PyFloat_AsDouble,
 *   PyFloat_FromDouble,
 * } from "@obmalloc/obmalloc/capi";
 *
 * Py_Initialize({ maxBytes: 16 * 1024 * 1024 });
 * const op = PyFloat_FromDouble(-0);
 * assert.equal(PyFloat_AsDouble(op), -0);
 * Py_DECREF(op);
 * Py_FinalizeEx();
 * ```
 *
 * ## Threads
 *   As `objects/float.ts`.
 *
 * Source: CPython 3.14 Include/floatobject.h; Objects/floatobject.c.
 *
 * @module
 */

import { Float, Kinds } from "../objects/mod.ts";
import { PyLong_AsDouble, PyLong_Check } from "./longobject.ts";
import {
  isKind,
  objects,
  type PyObject,
  type PyTypeObject,
  typeName,
} from "./objects.ts";
import { fail, orNoMemory } from "./raise.ts";

/** The type `float`. C: `PyFloat_Type`. */
export function PyFloat_Type(): PyTypeObject {
  return objects().typeOfKind(Kinds.FLOAT);
}

/**
 * Whether an object is a float.
 *
 * C: `PyFloat_Check()`, Include/floatobject.h.
 *
 * @param op Object.
 * @returns 1 if it is, else 0.
 * @throws {PointerError} If it is no object.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PyFloat_Check(op: PyObject): 0 | 1 {
  return isKind(op, Kinds.FLOAT, "look at") ? 1 : 0;
}

/** The same as {@linkcode PyFloat_Check}: there are no subtypes. */
export const PyFloat_CheckExact: typeof PyFloat_Check = PyFloat_Check;

/**
 * A new float.
 *
 * C: `PyFloat_FromDouble()`, Objects/floatobject.c.
 *
 * @param value Number.
 * @returns Byte address; or 0 with a MemoryError set.
 * @throws {TypeError} If it is no number.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PyFloat_FromDouble(value: number): PyObject {
  return orNoMemory(Float.fromNumber(objects(), value));
}

/**
 * The value of a float, or of an int as a double.
 *
 * C: `PyFloat_AsDouble()`, Objects/floatobject.c.
 *
 * @param op Object.
 * @returns The value; or -1 with an exception set: an OverflowError if an int
 * is too large, a TypeError if it is none of these.
 * @throws {PointerError} If it is no object.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PyFloat_AsDouble(op: PyObject): number {
  const o = objects();
  if (isKind(op, Kinds.FLOAT, "convert")) return Float.toNumber(o, op);
  if (PyLong_Check(op) === 1) return PyLong_AsDouble(op);
  const name = typeName(o, op);
  return fail(TypeError, `must be real number, not ${name}`); // verbatim
}

/**
 * The value of a float.
 *
 * C: `PyFloat_AS_DOUBLE()`, Include/cpython/floatobject.h.
 *
 * @throws {TypeError} If it is no float.
 */
export function PyFloat_AS_DOUBLE(op: PyObject): number {
  isKind(op, Kinds.FLOAT, "convert");
  return Float.toNumber(objects(), op);
}
