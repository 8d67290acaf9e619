/**
 * `pyerrors.h`: the error indicator.
 *
 * Functions that allocate memory do not touch the indicator. Who finds a NULL
 * and cannot go on sets it with `PyErr_NoMemory()` and returns NULL in turn;
 * somebody up the stack fetches it. Functions that make and use objects set it
 * themselves: they return 0 in place of an object or -1 in place of an int. It
 * belongs to the thread state, so all of these functions need it attached, as
 * in C.
 *
 * An exception is an object of JavaScript, see `exceptions.ts`, with a text; it
 * holds no reference to objects of the heap.
 *
 * @example From the indicator to a JavaScript exception
 * ```ts
 * import assert from "node:assert/strict";
 * import {
 *   NULL,
 *   Py_FinalizeEx,
 *   Py_Initialize,
 *   PyErr_GetRaisedException,
 *   PyErr_NoMemory,
 *   PyErr_Occurred,
 *   PyMem_Malloc,
 * } from "@obmalloc/obmalloc/capi";
 *
 * function make_buffer(size: number) {
 *   const buf = PyMem_Malloc(size);
 *   return buf === NULL ? PyErr_NoMemory() : buf;
 * }
 *
 * Py_Initialize({ maxBytes: 16 * 1024 * 1024 });
 * assert.equal(make_buffer(2 ** 40), NULL);
 * assert.ok(PyErr_Occurred());
 * assert.throws(() => {
 *   throw PyErr_GetRaisedException();
 * }, { name: "MemoryError" });
 * assert.equal(PyErr_Occurred(), null);
 * Py_FinalizeEx();
 * ```
 *
 * @example Objects that were not made
 * ```ts
 * import assert from "node:assert/strict";
 * import {
 *   NULL,
 *   Py_FinalizeEx,
 *   Py_Initialize,
 *   PyErr_Clear,
 *   PyErr_ExceptionMatches,
 *   PyExc_LookupError,
 *   PyList_GetItemRef,
 *   PyList_New,
 *   Py_DECREF,
 * } from "@obmalloc/obmalloc/capi";
 *
 * Py_Initialize({ maxBytes: 16 * 1024 * 1024 });
 * const list = PyList_New(0);
 * assert.equal(PyList_GetItemRef(list, 7), NULL);
 * assert.equal(PyErr_ExceptionMatches(PyExc_LookupError), 1);
 * PyErr_Clear();
 * Py_DECREF(list);
 * Py_FinalizeEx();
 * ```
 *
 * ## Threads
 *   The indicator belongs to one worker. A fatal error marks the shared heap,
 *   see `sync/fatal.ts`.
 *
 * Source: CPython 3.14 Include/pyerrors.h; Python/errors.c.
 *
 * @module
 */

import { FatalError, MemoryError } from "../errors.ts";
import { Protocol } from "../objects/mod.ts";
import { Fatal } from "../sync/mod.ts";
import * as Exceptions from "./exceptions.ts";
import { objects, type PyObject, requireObject } from "./objects.ts";
import { badCall, noMemory, raise } from "./raise.ts";
import { requireAttached, runtime } from "./runtime.ts";

/** A class of exceptions that the error indicator can hold. */
export type PyExceptionClass = new (message?: string) => Error;

/**
 * Whether the error indicator is set.
 *
 * C: `PyErr_Occurred()`, Python/errors.c.
 *
 * @returns The class of the exception, or null if there is none.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PyErr_Occurred(): PyExceptionClass | null {
  const { raised } = requireAttached("look at the error indicator");
  return raised === null ? null : classOf(raised);
}

/**
 * Clears the error indicator.
 *
 * C: `PyErr_Clear()`, Python/errors.c.
 *
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PyErr_Clear(): void {
  requireAttached("clear the error indicator").raised = null;
}

/**
 * Takes the exception out of the error indicator, which is clear then.
 *
 * C: `PyErr_GetRaisedException()`, Python/errors.c.
 *
 * @returns The exception, or null if there is none.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PyErr_GetRaisedException(): Error | null {
  const tstate = requireAttached("fetch the raised exception");
  const { raised } = tstate;
  tstate.raised = null;
  return raised;
}

/**
 * Puts an exception into the error indicator, in place of what was there.
 *
 * C: `PyErr_SetRaisedException()`, Python/errors.c.
 *
 * @param exc What `PyErr_GetRaisedException()` returned; null clears.
 * @throws {TypeError} If it is neither an `Error` nor null.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PyErr_SetRaisedException(exc: Error | null): void {
  const tstate = requireAttached("set the raised exception");
  if (exc !== null && !(exc instanceof Error)) {
    throw new TypeError("Cannot set the raised exception: it is no Error");
  }
  tstate.raised = exc;
}

/**
 * Stops this worker, and all others as soon as they wait for something: the
 * heap is marked as unusable.
 *
 * C: `Py_FatalError()`, Python/pylifecycle.c, which ends the process.
 *
 * @param message What happened.
 * @throws {FatalError} Always.
 */
export function Py_FatalError(message: string): never {
  const { tstate } = runtime;
  if (tstate === null) throw new FatalError(message);
  Fatal.fatal(tstate.interp.core.m, message);
}

/**
 * Whether the exception in the error indicator is of a class.
 *
 * C: `PyErr_ExceptionMatches()`, Python/errors.c.
 *
 * @param exc The class.
 * @returns 1 if it is, 0 if not or if there is none.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PyErr_ExceptionMatches(exc: PyExceptionClass): 0 | 1 {
  const { raised } = requireAttached("look at the error indicator");
  return raised instanceof exc ? 1 : 0;
}

/**
 * Whether an exception is of a class, or a class the same or derived.
 *
 * C: `PyErr_GivenExceptionMatches()`, Python/errors.c.
 *
 * @param given An exception, a class of them, or null for none.
 * @param exc The class.
 * @returns 1 if it is, else 0.
 */
export function PyErr_GivenExceptionMatches(
  given: Error | PyExceptionClass | null,
  exc: PyExceptionClass,
): 0 | 1 {
  if (typeof given !== "function") return given instanceof exc ? 1 : 0;
  return given === exc || given.prototype instanceof exc ? 1 : 0;
}

/**
 * Sets the error indicator.
 *
 * C: `PyErr_SetString()`, Python/errors.c.
 *
 * @param exc Class of the exception.
 * @param message Its text.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PyErr_SetString(exc: PyExceptionClass, message: string): void {
  raise(exc, message);
}

/**
 * Sets the error indicator to an exception without a text.
 *
 * C: `PyErr_SetNone()`, Python/errors.c.
 *
 * @param exc Class of the exception.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PyErr_SetNone(exc: PyExceptionClass): void {
  raise(exc, "");
}

/**
 * Sets the error indicator to an exception whose text is the repr of an object.
 *
 * C: `PyErr_SetObject()`, Python/errors.c.
 *
 * @param exc Class of the exception.
 * @param value Object; no reference to it is kept.
 * @throws {PointerError} If it is no object.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PyErr_SetObject(exc: PyExceptionClass, value: PyObject): void {
  const o = objects();
  requireObject(o, value, "raise an exception with");
  raise(exc, Protocol.repr(o, value));
}

/**
 * Says that a function was given what it must not be given.
 *
 * C: `PyErr_BadInternalCall()`, Python/errors.c.
 *
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PyErr_BadInternalCall(): void {
  badCall();
}

/**
 * Says that an argument has the wrong type.
 *
 * C: `PyErr_BadArgument()`, Python/errors.c.
 *
 * @returns 0.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PyErr_BadArgument(): 0 {
  return raise(TypeError, "bad argument type for built-in operation"); // verbatim
}

/**
 * Sets the error indicator to a `MemoryError`.
 *
 * C: `PyErr_NoMemory()`, Python/errors.c.
 *
 * @returns 0, so that a function can `return PyErr_NoMemory()`.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PyErr_NoMemory(): 0 {
  return noMemory();
}

/** Class of an exception. */
function classOf(exc: Error): PyExceptionClass {
  return exc.constructor as PyExceptionClass;
}

/** The class of all exceptions. C: `PyExc_BaseException`. */
export const PyExc_BaseException: PyExceptionClass = Error;
/** The same; programs of this library raise no others. C: `PyExc_Exception`. */
export const PyExc_Exception: PyExceptionClass = Error;
/** Class of errors in calculations. C: `PyExc_ArithmeticError`. */
export const PyExc_ArithmeticError: PyExceptionClass =
  Exceptions.ArithmeticError;
/** The class of "there is no such index". C: `PyExc_IndexError`. */
export const PyExc_IndexError: PyExceptionClass = Exceptions.IndexError;
/** The class of "there is no such key". C: `PyExc_KeyError`. */
export const PyExc_KeyError: PyExceptionClass = Exceptions.KeyError;
/** Class of errors in looking up. C: `PyExc_LookupError`. */
export const PyExc_LookupError: PyExceptionClass = Exceptions.LookupError;
/** The class of "no memory is left". C: `PyExc_MemoryError`. */
export const PyExc_MemoryError: PyExceptionClass = MemoryError;
/** The class of "nobody has written that". C: `PyExc_NotImplementedError`. */
export const PyExc_NotImplementedError: PyExceptionClass =
  Exceptions.NotImplementedError;
/** The class of "too large for the type". C: `PyExc_OverflowError`. */
export const PyExc_OverflowError: PyExceptionClass = Exceptions.OverflowError;
/** The class of "nested too deep". C: `PyExc_RecursionError`. */
export const PyExc_RecursionError: PyExceptionClass = Exceptions.RecursionError;
/** The class of "the referent is gone". C: `PyExc_ReferenceError`. */
export const PyExc_ReferenceError: PyExceptionClass = ReferenceError;
/** Class of errors of no other class. C: `PyExc_RuntimeError`. */
export const PyExc_RuntimeError: PyExceptionClass = Exceptions.RuntimeError;
/** The class of "called as it must not be called". C: `PyExc_SystemError`. */
export const PyExc_SystemError: PyExceptionClass = Exceptions.SystemError;
/** The class of "not of the right type". C: `PyExc_TypeError`. */
export const PyExc_TypeError: PyExceptionClass = TypeError;
/** Class of errors in text. C: `PyExc_UnicodeError`. */
export const PyExc_UnicodeError: PyExceptionClass = Exceptions.UnicodeError;
/** The class of "of the right type, but no such value". C: `PyExc_ValueError`. */
export const PyExc_ValueError: PyExceptionClass = Exceptions.ValueError;
/** The class of "divided by zero". C: `PyExc_ZeroDivisionError`. */
export const PyExc_ZeroDivisionError: PyExceptionClass =
  Exceptions.ZeroDivisionError;
