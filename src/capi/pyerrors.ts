/**
 * `pyerrors.h`, as far as memory needs it: the error indicator.
 *
 * The functions of `pymem.h` and `objimpl.h` do not touch the indicator. Who
 * finds a NULL and cannot go on sets it with `PyErr_NoMemory()` and returns
 * NULL in turn; somebody up the stack fetches it. The only exception that it
 * can hold here is a `MemoryError`. It belongs to the thread state, so all of
 * these functions need it attached, as in C.
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
 * ## Threads
 *   The indicator belongs to one worker. A fatal error marks the shared heap,
 *   see `sync/fatal.ts`.
 *
 * Source: CPython 3.14 Include/pyerrors.h; Python/errors.c.
 *
 * @module
 */

import { FatalError, MemoryError } from "../errors.ts";
import { Fatal } from "../sync/mod.ts";
import { requireAttached, runtime } from "./runtime.ts";

/** A class of exceptions that the error indicator can hold. */
export type PyExceptionClass = typeof MemoryError;

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
  return raised === null ? null : PyExc_MemoryError;
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
export function PyErr_GetRaisedException(): MemoryError | null {
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
 * @throws {TypeError} If it is neither a `MemoryError` nor null.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PyErr_SetRaisedException(exc: MemoryError | null): void {
  const tstate = requireAttached("set the raised exception");
  if (exc !== null && !(exc instanceof MemoryError)) {
    throw new TypeError("Cannot set the raised exception: no MemoryError");
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

/** The class of "no memory is left". C: `PyExc_MemoryError`. */
export const PyExc_MemoryError: PyExceptionClass = MemoryError;

/**
 * Sets the error indicator to a `MemoryError`.
 *
 * C: `PyErr_NoMemory()`, Python/errors.c.
 *
 * @returns 0, so that a function can `return PyErr_NoMemory()`.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PyErr_NoMemory(): 0 {
  const tstate = requireAttached("set the error indicator");
  tstate.raised = new MemoryError("No memory is left");
  return 0;
}
