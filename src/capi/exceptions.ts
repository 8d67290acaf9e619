/**
 * Python's exceptions as classes of JavaScript, of which the error indicator
 * holds one.
 *
 * ```text
 *   BaseException, Exception     Error
 *   ├─ ArithmeticError
 *   │  └─ OverflowError, ZeroDivisionError
 *   ├─ LookupError
 *   │  └─ IndexError, KeyError
 *   ├─ MemoryError               that of `errors.ts`
 *   ├─ ReferenceError            JavaScript's
 *   ├─ RuntimeError
 *   │  └─ RecursionError, NotImplementedError
 *   ├─ SystemError
 *   ├─ TypeError                 JavaScript's
 *   └─ ValueError
 *      └─ UnicodeError
 * ```
 *
 * Source: CPython 3.14 Objects/exceptions.c.
 *
 * @module
 */

/** C: `PyExc_ArithmeticError`. */
export class ArithmeticError extends Error {
  override readonly name: string = "ArithmeticError";
}

/** C: `PyExc_OverflowError`. */
export class OverflowError extends ArithmeticError {
  override readonly name: string = "OverflowError";
}

/** C: `PyExc_ZeroDivisionError`. */
export class ZeroDivisionError extends ArithmeticError {
  override readonly name: string = "ZeroDivisionError";
}

/** C: `PyExc_LookupError`. */
export class LookupError extends Error {
  override readonly name: string = "LookupError";
}

/** C: `PyExc_IndexError`. */
export class IndexError extends LookupError {
  override readonly name: string = "IndexError";
}

/** C: `PyExc_KeyError`. Its message is the repr of the key. */
export class KeyError extends LookupError {
  override readonly name: string = "KeyError";
}

/** C: `PyExc_RuntimeError`. */
export class RuntimeError extends Error {
  override readonly name: string = "RuntimeError";
}

/** C: `PyExc_RecursionError`. */
export class RecursionError extends RuntimeError {
  override readonly name: string = "RecursionError";
}

/** C: `PyExc_NotImplementedError`. */
export class NotImplementedError extends RuntimeError {
  override readonly name: string = "NotImplementedError";
}

/** C: `PyExc_SystemError`: a function was given what it must not be given. */
export class SystemError extends Error {
  override readonly name: string = "SystemError";
}

/** C: `PyExc_ValueError`. */
export class ValueError extends Error {
  override readonly name: string = "ValueError";
}

/** C: `PyExc_UnicodeError`. */
export class UnicodeError extends ValueError {
  override readonly name: string = "UnicodeError";
}
