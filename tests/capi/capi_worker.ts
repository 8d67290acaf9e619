/** A worker that speaks C, for `lock_test.ts`. */

import type { HeapHandle } from "../../mod.ts";
import {
  Py_FinalizeEx,
  Py_Initialize,
  PyEval_SaveThread,
  PyGILState_Check,
  PyGILState_Ensure,
  PyGILState_Release,
  PyInterpreterState_Get,
  PyMem_Free,
  PyMem_Malloc,
  PyMutex_Lock,
  PyMutex_Unlock,
} from "../../src/capi/mod.ts";
import { serve, signal, waitUntil } from "../helpers/workers.ts";

/** What the worker is asked to do. */
export interface Order {
  /** The heap, for the first task. */
  readonly handle: HeapHandle;
  /** Byte address of a mutex. */
  readonly mutex: number;
  /** Byte address of a word that the mutex protects. */
  readonly counter: number;
  /** How often. Count. */
  readonly rounds: number;
  /** Control word that is 1 once the worker has the mutex. */
  readonly tell: number;
  /** Control word that the worker then waits for to become 1. */
  readonly until: number;
}

/** Attached only during its tasks: who idles may not keep the GIL. */
serve<Order>({
  join({ handle }) {
    Py_Initialize(handle);
    PyEval_SaveThread();
  },
  hold({ mutex, tell, until }, control) {
    const gstate = PyGILState_Ensure();
    PyMutex_Lock(mutex);
    signal(control, tell, 1);
    waitUntil(control, until, 1);
    PyMutex_Unlock(mutex);
    const isAttached = PyGILState_Check();
    PyGILState_Release(gstate);
    return isAttached;
  },
  count({ mutex, counter, rounds }) {
    const gstate = PyGILState_Ensure();
    const { i32, threads } = PyInterpreterState_Get();
    for (let i = 0; i < rounds; i++) {
      PyMutex_Lock(mutex);
      const seen = i32[counter >>> 2];
      PyMem_Free(PyMem_Malloc(40));
      i32[counter >>> 2] = seen + 1;
      PyMutex_Unlock(mutex);
      threads.safePoint();
    }
    PyGILState_Release(gstate);
  },
  leave() {
    return Py_FinalizeEx();
  },
});
