/**
 * `pystate.h`: the worker's thread state, and the heap that it belongs to.
 *
 * What is a thread in C is a worker here, and the interpreter is the heap. A
 * worker has one thread state of its runtime's heap, made by `Py_Initialize()`;
 * it cannot attach that of another worker. NULL of these types is `null`.
 *
 * @example A callback that may come attached or detached
 * ```ts
 * import assert from "node:assert/strict";
 * import {
 *   Py_FinalizeEx,
 *   Py_Initialize,
 *   PyGILState_Check,
 *   PyGILState_Ensure,
 *   PyGILState_Release,
 *   PyMem_Free,
 *   PyMem_Malloc,
 *   PyThreadState_Swap,
 * } from "@obmalloc/obmalloc/capi";
 *
 * function callback() {
 *   const gstate = PyGILState_Ensure();
 *   PyMem_Free(PyMem_Malloc(100));
 *   PyGILState_Release(gstate);
 * }
 *
 * Py_Initialize({ build: "gil", maxBytes: 16 * 1024 * 1024 });
 * callback();
 * assert.equal(PyGILState_Check(), 1);
 * const tstate = PyThreadState_Swap(null);
 * callback();
 * assert.equal(PyGILState_Check(), 0);
 * PyThreadState_Swap(tstate);
 * Py_FinalizeEx();
 * ```
 *
 * ## Threads
 *   Belongs to one worker. For the protocols see `threads/thread_state.ts`.
 *
 * Source: CPython 3.14 Include/pystate.h, Include/cpython/pystate.h;
 * Python/pystate.c.
 * Differs: PyGILState_Ensure() makes no thread state; where C ends the process,
 * a ThreadStateError is thrown.
 *
 * @module
 */

import { ThreadStateError } from "../errors.ts";
import type { Heap } from "../face/heap.ts";
import { requireRuntime, runtime, type ThreadState } from "./runtime.ts";

/** An interpreter, which here is a heap. */
export type PyInterpreterState = Heap;

/** The thread state of this worker. */
export interface PyThreadState {
  /** Its heap. C: `tstate->interp`. */
  readonly interp: PyInterpreterState;
}

/** What {@linkcode PyGILState_Ensure} found. */
export type PyGILState_STATE =
  | typeof PyGILState_LOCKED
  | typeof PyGILState_UNLOCKED;

/**
 * @ignore The thread state if it is attached.
 *
 * @param caller C function, for the text.
 * @throws {ThreadStateError} If it is not.
 */
export function currentFor(caller: string): ThreadState {
  const tstate = requireRuntime(`call ${caller}()`);
  if (tstate.isAttached) return tstate;
  throw new ThreadStateError(
    tstate.interp.build === "gil"
      ? `${caller}: the function must be called with the GIL held, ` +
        "after Python initialization and before Python finalization, " +
        "but the GIL is released " +
        "(the current Python thread state is NULL)" // verbatim
      : `${caller}: the function must be called with an active thread state, ` +
        "after Python initialization and before Python finalization, " +
        "but it was called without an active thread state. " +
        "Are you trying to call the C API inside of a " +
        "Py_BEGIN_ALLOW_THREADS block?", // verbatim
  );
}

/**
 * @ignore Throws unless the thread state is the one of this worker.
 *
 * @param caller C function, for the text.
 */
export function requireOwn(caller: string, tstate: PyThreadState): ThreadState {
  const own = requireRuntime(`call ${caller}()`);
  if (tstate === own) return own;
  throw new ThreadStateError(
    `Cannot call ${caller}(): not the thread state of this worker`,
  );
}

/**
 * The heap of the attached thread state.
 *
 * C: `PyInterpreterState_Get()`, Python/pystate.c.
 *
 * @returns The heap, with its views.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PyInterpreterState_Get(): PyInterpreterState {
  return currentFor("PyInterpreterState_Get").interp;
}

/**
 * The attached thread state.
 *
 * C: `PyThreadState_Get()`, Python/pystate.c.
 *
 * @throws {ThreadStateError} If none is, with the text of C.
 */
export function PyThreadState_Get(): PyThreadState {
  return currentFor("PyThreadState_Get");
}

/**
 * Detaches the thread state, or attaches it; under the GIL, waits for it.
 *
 * C: `PyThreadState_Swap()`, Python/pystate.c.
 *
 * @param tstate The thread state of this worker, or null to detach it.
 * @returns The thread state that was attached, or null.
 * @throws {ThreadStateError} If it is not the one of this worker.
 */
export function PyThreadState_Swap(
  tstate: PyThreadState | null,
): PyThreadState | null {
  const old = PyThreadState_GetUnchecked();
  if (tstate === old) return old;
  if (tstate === null) old?.interp.threads.detach();
  else requireOwn("PyThreadState_Swap", tstate).interp.threads.attach();
  return old;
}

/**
 * The heap of a thread state.
 *
 * C: `PyThreadState_GetInterpreter()`, Python/pystate.c.
 *
 * @param tstate The thread state.
 */
export function PyThreadState_GetInterpreter(
  tstate: PyThreadState,
): PyInterpreterState {
  return tstate.interp;
}

/** The thread state was attached before `PyGILState_Ensure()`. */
export const PyGILState_LOCKED = 0;
/** It was not. */
export const PyGILState_UNLOCKED = 1;

/**
 * Attaches the thread state if it is not; under the GIL, waits for it.
 *
 * C: `PyGILState_Ensure()`, Python/pystate.c.
 *
 * @returns What to give to {@linkcode PyGILState_Release}.
 * @throws {ThreadStateError} If the worker has no runtime.
 */
export function PyGILState_Ensure(): PyGILState_STATE {
  const tstate = requireRuntime("call PyGILState_Ensure()");
  const before = PyGILState_Check() ? PyGILState_LOCKED : PyGILState_UNLOCKED;
  if (before === PyGILState_UNLOCKED) tstate.interp.threads.attach();
  tstate.ensured++;
  return before;
}

/**
 * Undoes a {@linkcode PyGILState_Ensure}.
 *
 * C: `PyGILState_Release()`, Python/pystate.c.
 *
 * @param oldstate What that call returned.
 * @throws {ThreadStateError} If the thread state is not attached, or there was
 * no such call.
 */
export function PyGILState_Release(oldstate: PyGILState_STATE): void {
  const tstate = currentFor("PyGILState_Release");
  if (oldstate !== PyGILState_LOCKED && oldstate !== PyGILState_UNLOCKED) {
    throw new TypeError(
      "Cannot release: the argument is not what PyGILState_Ensure() returned",
    );
  }
  if (tstate.ensured === 0) {
    throw new ThreadStateError(
      "Cannot release: there was no PyGILState_Ensure() to match",
    );
  }
  tstate.ensured--;
  if (oldstate === PyGILState_UNLOCKED) tstate.interp.threads.detach();
}

/**
 * The thread state of this worker, attached or not.
 *
 * C: `PyGILState_GetThisThreadState()`, Python/pystate.c.
 *
 * @returns The thread state, or null if the worker has no runtime.
 */
export function PyGILState_GetThisThreadState(): PyThreadState | null {
  const { tstate } = runtime;
  return tstate === null || tstate.interp.isClosed ? null : tstate;
}

/**
 * The attached thread state.
 *
 * C: `PyThreadState_GetUnchecked()`, Python/pystate.c.
 *
 * @returns The thread state, or null if none is attached.
 */
export function PyThreadState_GetUnchecked(): PyThreadState | null {
  return runtime.tstate?.isAttached ? runtime.tstate : null;
}

/**
 * Whether the thread state is attached.
 *
 * C: `PyGILState_Check()`, Python/pystate.c.
 *
 * @returns 1 if MEM and OBJ may be called, else 0.
 */
export function PyGILState_Check(): 0 | 1 {
  return PyThreadState_GetUnchecked() === null ? 0 : 1;
}
