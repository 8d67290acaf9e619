/**
 * `PyFloatObject`: a double, behind the header.
 *
 * ```text
 *   0             2
 *   ┌─────────────┐
 *   │ OB_FVAL     │
 *   └─────────────┘
 * ```
 *
 * A multiple of 8 bytes from the start of the heap. Written before anybody else
 * knows of the object, and never again.
 *
 * Source: CPython 3.14 Include/cpython/floatobject.h.
 *
 * @module
 */

/** The value, two words. C: ob_fval. */
export const OB_FVAL = 0;

/** Size of the fields. Words. */
export const SIZEOF = 2;
