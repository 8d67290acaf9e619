/**
 * `ceval.h`, as far as it is threads: detach, and attach again.
 *
 * What C writes as a block that two macros open and close is here two calls;
 * what C keeps in a hidden variable is passed on. They must not be nested, and
 * an exception in between leaves the thread state detached, unless the second
 * call stands in a `finally`.
 *
 * A long loop of calls to MEM and OBJ lets nobody else have the GIL, and holds
 * up who wants to stop the world: detach and attach in it now and then, or call
 * `PyInterpreterState_Get().threads.safePoint()`.
 *
 * @example Let others run meanwhile
 * ```ts
 * import assert from "node:assert/strict";
 * import {
 *   Py_BEGIN_ALLOW_THREADS,
 *   Py_END_ALLOW_THREADS,
 *   Py_FinalizeEx,
 *   Py_Initialize,
 *   PyMem_RawFree,
 *   PyMem_RawMalloc,
 * } from "@obmalloc/obmalloc/capi";
 *
 * const heap = Py_Initialize({ build: "gil", maxBytes: 16 * 1024 * 1024 });
 *
 * const _save = Py_BEGIN_ALLOW_THREADS();
 * PyMem_RawFree(PyMem_RawMalloc(100)); // RAW needs no thread state
 * assert.equal(heap.threads.state, "detached");
 * Py_END_ALLOW_THREADS(_save);
 *
 * assert.equal(heap.threads.state, "attached");
 * Py_FinalizeEx();
 * ```
 *
 * ## Threads
 *   Belongs to one worker. For the protocols see `threads/thread_state.ts`.
 *
 * Source: CPython 3.14 Include/ceval.h; Python/ceval_gil.c.
 * Differs: where C ends the process, a ThreadStateError is thrown.
 *
 * @module
 */

import { ThreadStateError } from "../errors.ts";
import { currentFor, type PyThreadState, requireOwn } from "./pystate.ts";

/**
 * Detaches the thread state; under the GIL, gives it up.
 *
 * C: `PyEval_SaveThread()`, Python/ceval_gil.c.
 *
 * @returns The thread state, for {@linkcode PyEval_RestoreThread}.
 * @throws {ThreadStateError} If it is not attached.
 */
export function PyEval_SaveThread(): PyThreadState {
  const tstate = currentFor("PyEval_SaveThread");
  tstate.interp.threads.detach();
  return tstate;
}

/**
 * Attaches the thread state; under the GIL, waits for it.
 *
 * C: `PyEval_RestoreThread()`, Python/ceval_gil.c.
 *
 * @param tstate What {@linkcode PyEval_SaveThread} returned.
 * @throws {ThreadStateError} If it is attached, or not the one of this worker.
 */
export function PyEval_RestoreThread(tstate: PyThreadState): void {
  requireOwn("PyEval_RestoreThread", tstate).interp.threads.attach();
}

/**
 * Attaches the thread state; under the GIL, waits for it.
 *
 * C: `PyEval_AcquireThread()`, Python/ceval_gil.c.
 *
 * @param tstate The thread state of this worker.
 * @throws {ThreadStateError} If it is attached, or not the one of this worker.
 */
export function PyEval_AcquireThread(tstate: PyThreadState): void {
  requireOwn("PyEval_AcquireThread", tstate).interp.threads.attach();
}

/**
 * Detaches the thread state; under the GIL, gives it up.
 *
 * C: `PyEval_ReleaseThread()`, Python/ceval_gil.c.
 *
 * @param tstate The thread state, as a check that it is the attached one.
 * @throws {ThreadStateError} If it is not.
 */
export function PyEval_ReleaseThread(tstate: PyThreadState): void {
  if (tstate !== currentFor("PyEval_ReleaseThread")) {
    throw new ThreadStateError(
      "PyEval_ReleaseThread: wrong thread state", // verbatim
    );
  }
  tstate.interp.threads.detach();
}

/**
 * Opens a block in which other threads may run: the same as
 * {@linkcode PyEval_SaveThread}.
 *
 * C: `Py_BEGIN_ALLOW_THREADS`, a macro of Include/ceval.h.
 *
 * @returns For {@linkcode Py_END_ALLOW_THREADS}. C: the variable `_save`.
 * @throws {ThreadStateError} If the thread state is not attached.
 */
export function Py_BEGIN_ALLOW_THREADS(): PyThreadState {
  return PyEval_SaveThread();
}

/**
 * Attaches within the block, before an early return or a call of MEM or OBJ.
 *
 * C: `Py_BLOCK_THREADS`, a macro of Include/ceval.h.
 *
 * @param _save What {@linkcode Py_BEGIN_ALLOW_THREADS} returned.
 * @throws {ThreadStateError} If it is attached, or not the one of this worker.
 */
export function Py_BLOCK_THREADS(_save: PyThreadState): void {
  PyEval_RestoreThread(_save);
}

/**
 * Detaches again within the block.
 *
 * C: `Py_UNBLOCK_THREADS`, a macro of Include/ceval.h.
 *
 * @returns For {@linkcode Py_END_ALLOW_THREADS}, as at the start of the block.
 * @throws {ThreadStateError} If the thread state is not attached.
 */
export function Py_UNBLOCK_THREADS(): PyThreadState {
  return PyEval_SaveThread();
}

/**
 * Closes the block: the same as {@linkcode PyEval_RestoreThread}.
 *
 * C: `Py_END_ALLOW_THREADS`, a macro of Include/ceval.h.
 *
 * @param _save What {@linkcode Py_BEGIN_ALLOW_THREADS} returned.
 * @throws {ThreadStateError} If it is attached, or not the one of this worker.
 */
export function Py_END_ALLOW_THREADS(_save: PyThreadState): void {
  PyEval_RestoreThread(_save);
}
