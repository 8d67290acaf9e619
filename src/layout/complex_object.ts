/**
 * `PyComplexObject`: two doubles, behind the header.
 *
 * ```text
 *   0             2             4
 *   ┌─────────────┬─────────────┐
 *   │ REAL        │ IMAG        │
 *   └─────────────┴─────────────┘
 * ```
 *
 * Multiples of 8 bytes from the start of the heap. Written before anybody else
 * knows of the object, and never again.
 *
 * Source: CPython 3.14 Include/cpython/complexobject.h, Py_complex.
 *
 * @module
 */

/** Real part, two words. C: cval.real. */
export const REAL = 0;
/** Imaginary part, two words. C: cval.imag. */
export const IMAG = 2;

/** Size of the fields. Words. */
export const SIZEOF = 4;
