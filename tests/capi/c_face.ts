/**
 * The C face as tests of both faces call it: `PyMem_Malloc()` and so on, on
 * whichever heap the test has, which becomes the runtime.
 *
 * @module
 */

import type { Heap, MemPtr, ObjPtr, RawPtr } from "../../mod.ts";
import {
  Py_FinalizeEx,
  Py_Initialize,
  PyGILState_GetThisThreadState,
  PyMem_Calloc,
  PyMem_Free,
  PyMem_Malloc,
  PyMem_RawCalloc,
  PyMem_RawFree,
  PyMem_RawMalloc,
  PyMem_RawRealloc,
  PyMem_Realloc,
  PyObject_Calloc,
  PyObject_Free,
  PyObject_Malloc,
  PyObject_Realloc,
} from "../../src/capi/mod.ts";
import type { Calls, Domain, Face } from "../helpers/heap_fixture.ts";

/** The functions of the C face by domain, without types of pointers. */
export const FAMILIES: Readonly<Record<Domain, Calls>> = {
  raw: {
    malloc: PyMem_RawMalloc,
    calloc: PyMem_RawCalloc,
    realloc: (p, n) => PyMem_RawRealloc(p as RawPtr, n),
    free: (p) => PyMem_RawFree(p as RawPtr),
  },
  mem: {
    malloc: PyMem_Malloc,
    calloc: PyMem_Calloc,
    realloc: (p, n) => PyMem_Realloc(p as MemPtr, n),
    free: (p) => PyMem_Free(p as MemPtr),
  },
  obj: {
    malloc: PyObject_Malloc,
    calloc: PyObject_Calloc,
    realloc: (p, n) => PyObject_Realloc(p as ObjPtr, n),
    free: (p) => PyObject_Free(p as ObjPtr),
  },
};

/** Makes the heap of a test the runtime of this worker. */
function use(heap: Heap): void {
  if (PyGILState_GetThisThreadState()?.interp === heap) return;
  Py_FinalizeEx();
  Py_Initialize(heap);
}

/** `PyMem_Malloc()` and so on. */
export const C_FACE: Face = {
  name: "C face",
  calls(heap, domain) {
    const { malloc, calloc, realloc, free } = FAMILIES[domain];
    return {
      malloc: (n) => (use(heap), malloc(n)),
      calloc: (nelem, elsize) => (use(heap), calloc(nelem, elsize)),
      realloc: (p, n) => (use(heap), realloc(p, n)),
      free: (p) => (use(heap), free(p)),
    };
  },
};
