/**
 * `critical_section.h`: code that has an object, or two, to itself.
 *
 * What C writes as a block that two macros open and close is here two calls, in
 * pairs like brackets; the second should stand in a `finally`. A section is no
 * lock to rely on across calls: it is suspended whenever the thread state is
 * detached. In the GIL build nothing happens, because the GIL has the same
 * property.
 *
 * @example Two lists
 * ```ts
 * import assert from "node:assert/strict";
 * import {
 *   Py_BEGIN_CRITICAL_SECTION2,
 *   Py_DECREF,
 *   Py_END_CRITICAL_SECTION2,
 *   Py_FinalizeEx,
 *   Py_Initialize,
 *   PyList_Extend,
 *   PyList_New,
 *   PyList_Size,
 * } from "@obmalloc/obmalloc/capi";
 *
 * Py_Initialize({ maxBytes: 16 * 1024 * 1024 });
 * const [a, b] = [PyList_New(1), PyList_New(2)];
 * Py_BEGIN_CRITICAL_SECTION2(a, b);
 * try {
 *   PyList_Extend(a, b);
 *   PyList_Extend(b, a); // nobody has changed a since
 * } finally {
 *   Py_END_CRITICAL_SECTION2();
 * }
 * assert.equal(PyList_Size(b), 5);
 * [a, b].forEach(Py_DECREF);
 * Py_FinalizeEx();
 * ```
 *
 * ## Threads
 *   As `threads/critical_section.ts`.
 *
 * Source: CPython 3.14 Include/critical_section.h,
 * Include/cpython/critical_section.h; Python/critical_section.c.
 *
 * @module
 */

import { ThreadStateError } from "../errors.ts";
import * as PyObjectWords from "../layout/object_free_threaded.ts";
import { Held, type Objects } from "../objects/mod.ts";
import { objects, type PyObject, requireObject } from "./objects.ts";
import { requireAttached } from "./runtime.ts";

const ATTEMPT = "begin a critical section with";

/** Mutex of an object. Word index. */
function mutexOf(o: Objects, op: PyObject): number {
  requireObject(o, op, ATTEMPT);
  return (op >>> 2) + PyObjectWords.X_OB_MUTEX;
}

/**
 * Begins a section with an object; waits, detached, if another thread has it.
 *
 * C: `Py_BEGIN_CRITICAL_SECTION()`, Include/critical_section.h.
 *
 * @param op Object.
 * @throws {PointerError} If it is no object.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function Py_BEGIN_CRITICAL_SECTION(op: PyObject): void {
  const o = objects();
  const tstate = requireAttached(`${ATTEMPT} an object`);
  Held.begin(o, mutexOf(o, op));
  tstate.sections++;
}

/**
 * Ends the section that has begun last.
 *
 * C: `Py_END_CRITICAL_SECTION()`, Include/critical_section.h.
 *
 * @throws {ThreadStateError} If none has begun, or no thread state is attached.
 */
export function Py_END_CRITICAL_SECTION(): void {
  const o = objects();
  const tstate = requireAttached("end a critical section");
  if (tstate.sections === 0) {
    throw new ThreadStateError(
      "Cannot end a critical section: none has begun",
    );
  }
  const before = Held.below(o);
  // No call: if the stack runs out behind it, the section is left behind.
  tstate.sections--;
  o.held = before;
  Held.end(o);
}

/**
 * Begins a section with two objects, which may be the same one.
 *
 * C: `Py_BEGIN_CRITICAL_SECTION2()`, Include/critical_section.h.
 *
 * @param a Object.
 * @param b Object.
 * @throws {PointerError} If one is no object.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function Py_BEGIN_CRITICAL_SECTION2(a: PyObject, b: PyObject): void {
  const o = objects();
  const tstate = requireAttached(`${ATTEMPT} two objects`);
  Held.begin2(o, mutexOf(o, a), mutexOf(o, b));
  tstate.sections++;
}

/** The same as {@linkcode Py_END_CRITICAL_SECTION}. */
export const Py_END_CRITICAL_SECTION2: typeof Py_END_CRITICAL_SECTION =
  Py_END_CRITICAL_SECTION;

/** What C keeps of a section; here the thread state does. */
export type PyCriticalSection = object;

/**
 * The same as {@linkcode Py_BEGIN_CRITICAL_SECTION}.
 *
 * C: `PyCriticalSection_Begin()`, Python/critical_section.c.
 *
 * @param _c Whatever stands for the section.
 * @param op Object.
 */
export function PyCriticalSection_Begin(
  _c: PyCriticalSection,
  op: PyObject,
): void {
  Py_BEGIN_CRITICAL_SECTION(op);
}

/** The same as {@linkcode Py_END_CRITICAL_SECTION}. */
export function PyCriticalSection_End(_c: PyCriticalSection): void {
  Py_END_CRITICAL_SECTION();
}

/** The same as {@linkcode Py_BEGIN_CRITICAL_SECTION2}. */
export function PyCriticalSection2_Begin(
  _c: PyCriticalSection,
  a: PyObject,
  b: PyObject,
): void {
  Py_BEGIN_CRITICAL_SECTION2(a, b);
}

/** The same as {@linkcode Py_END_CRITICAL_SECTION2}. */
export function PyCriticalSection2_End(_c: PyCriticalSection): void {
  Py_END_CRITICAL_SECTION();
}
