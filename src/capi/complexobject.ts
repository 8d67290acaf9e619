/**
 * `complexobject.h`: complex numbers, pairs of doubles.
 *
 * @example The two parts
 * ```ts
 * import assert from "node:assert/strict";
 * import {
 *   Py_DECREF,
 *   Py_FinalizeEx,
 *   Py_Initialize,
 *   PyComplex_AsCComplex,
 *   PyComplex_FromDoubles,
 * } from "@obmalloc/obmalloc/capi";
 *
 * Py_Initialize({ maxBytes: 16 * 1024 * 1024 });
 * const op = PyComplex_FromDoubles(1, -2);
 * assert.deepEqual(PyComplex_AsCComplex(op), { real: 1, imag: -2 });
 * Py_DECREF(op);
 * Py_FinalizeEx();
 * ```
 *
 * ## Threads
 *   As `objects/complex.ts`.
 *
 * Source: CPython 3.14 Include/complexobject.h; Objects/complexobject.c.
 *
 * @module
 */

import { Complex, Kinds } from "../objects/mod.ts";
import { PyFloat_AsDouble } from "./floatobject.ts";
import {
  isKind,
  objects,
  type PyObject,
  type PyTypeObject,
} from "./objects.ts";
import { orNoMemory } from "./raise.ts";

/** A complex number as a value. C: `Py_complex`. */
export interface Py_complex {
  /** Real part. */
  readonly real: number;
  /** Imaginary part. */
  readonly imag: number;
}

/** The type `complex`. C: `PyComplex_Type`. */
export function PyComplex_Type(): PyTypeObject {
  return objects().typeOfKind(Kinds.COMPLEX);
}

/**
 * Whether an object is a complex number.
 *
 * C: `PyComplex_Check()`, Include/complexobject.h.
 *
 * @param op Object.
 * @returns 1 if it is, else 0.
 * @throws {PointerError} If it is no object.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PyComplex_Check(op: PyObject): 0 | 1 {
  return isKind(op, Kinds.COMPLEX, "look at") ? 1 : 0;
}

/** The same as {@linkcode PyComplex_Check}: there are no subtypes. */
export const PyComplex_CheckExact: typeof PyComplex_Check = PyComplex_Check;

/**
 * A new complex number.
 *
 * C: `PyComplex_FromDoubles()`, Objects/complexobject.c.
 *
 * @param real Real part.
 * @param imag Imaginary part.
 * @returns Byte address; or 0 with a MemoryError set.
 * @throws {TypeError} If one is no number.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PyComplex_FromDoubles(real: number, imag: number): PyObject {
  return orNoMemory(Complex.fromNumbers(objects(), real, imag));
}

/** The same of a value. C: `PyComplex_FromCComplex()`. */
export function PyComplex_FromCComplex({ real, imag }: Py_complex): PyObject {
  return PyComplex_FromDoubles(real, imag);
}

/**
 * Real part of a complex number, or the value of a float or int.
 *
 * C: `PyComplex_RealAsDouble()`, Objects/complexobject.c.
 *
 * @param op Object.
 * @returns The value; or -1 with an exception set, as `PyFloat_AsDouble()`.
 * @throws {PointerError} If it is no object.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PyComplex_RealAsDouble(op: PyObject): number {
  return isKind(op, Kinds.COMPLEX, "convert")
    ? Complex.real(objects(), op)
    : PyFloat_AsDouble(op);
}

/**
 * Imaginary part of a complex number; 0 for anything else.
 *
 * C: `PyComplex_ImagAsDouble()`, Objects/complexobject.c.
 *
 * @param op Object.
 * @throws {PointerError} If it is no object.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PyComplex_ImagAsDouble(op: PyObject): number {
  return isKind(op, Kinds.COMPLEX, "convert") ? Complex.imag(objects(), op) : 0;
}

/** Both parts, as the two functions above. C: `PyComplex_AsCComplex()`. */
export function PyComplex_AsCComplex(op: PyObject): Py_complex {
  const imag = PyComplex_ImagAsDouble(op);
  return { real: PyComplex_RealAsDouble(op), imag };
}
