/**
 * CPython's memory functions under CPython's names: the C face.
 *
 * For programs that are translated from C, or written by somebody who knows
 * the C API by heart. Each function behaves as the manual of CPython says, with
 * two differences: pointers are byte addresses in the heap (0 is NULL), and
 * what C leaves undefined throws. They act on the heap of the worker's runtime,
 * see {@linkcode Py_Initialize}.
 *
 * ```text
 *   header          functions
 *   ─────────────   ──────────────────────────────────────────────────────
 *   pymem.h         PyMem_Malloc … PyMem_New … PyMem_RawMalloc …
 *   objimpl.h       PyObject_Malloc …
 *   pyerrors.h      PyErr_NoMemory, PyErr_Occurred …
 *   pystate.h       PyThreadState_Get, PyGILState_Ensure …
 *   ceval.h         PyEval_SaveThread, Py_BEGIN_ALLOW_THREADS …
 *   pylifecycle.h   Py_Initialize, Py_FinalizeEx
 *   lock.h          PyMutex_Lock …
 * ```
 *
 * The type-oriented functions take descriptors; these, and what C itself has
 * for types (`struct`, `sizeof`, `offsetof`), are exported from here, too.
 *
 * @example The first example of the chapter "Memory Management"
 *
 * Its object is a number here; bytes objects are no memory functions.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import {
 *   NULL,
 *   Py_FinalizeEx,
 *   Py_Initialize,
 *   PyErr_NoMemory,
 *   PyErr_Occurred,
 *   PyMem_Free,
 *   PyMem_Malloc,
 * } from "@obmalloc/obmalloc/capi";
 *
 * const BUFSIZ = 8192;
 * const heap = Py_Initialize({ maxBytes: 16 * 1024 * 1024 });
 *
 * function read_line() {
 *   const buf = PyMem_Malloc(BUFSIZ); // for I/O
 *
 *   if (buf === NULL) {
 *     return PyErr_NoMemory();
 *   }
 *   heap.u8.set([72, 105, 10], buf); // Do some I/O operation involving buf
 *   const res = heap.u8.indexOf(10, buf) - buf;
 *   PyMem_Free(buf); // allocated with PyMem_Malloc
 *   return res;
 * }
 *
 * assert.equal(read_line(), 2);
 * assert.equal(PyErr_Occurred(), null);
 * Py_FinalizeEx();
 * ```
 *
 * @example The same with the type-oriented functions
 * ```ts
 * import assert from "node:assert/strict";
 * import {
 *   NULL,
 *   Py_FinalizeEx,
 *   Py_Initialize,
 *   PyErr_NoMemory,
 *   PyMem_Del,
 *   PyMem_New,
 *   u8,
 * } from "@obmalloc/obmalloc/capi";
 *
 * const BUFSIZ = 8192;
 * const heap = Py_Initialize({ maxBytes: 16 * 1024 * 1024 });
 *
 * function read_line() {
 *   const buf = PyMem_New(u8, BUFSIZ); // for I/O
 *
 *   if (buf === NULL) {
 *     return PyErr_NoMemory();
 *   }
 *   heap.u8.set([72, 105, 10], buf); // Do some I/O operation involving buf
 *   const res = heap.u8.indexOf(10, buf) - buf;
 *   PyMem_Del(buf); // allocated with PyMem_New
 *   return res;
 * }
 *
 * assert.equal(read_line(), 2);
 * Py_FinalizeEx();
 * ```
 *
 * @module
 */

export { NULL, PY_SSIZE_T_MAX } from "./pyport.ts";
export {
  PYMEM_ALLOCATOR_DEBUG,
  PYMEM_ALLOCATOR_DEFAULT,
  PYMEM_ALLOCATOR_MALLOC,
  PYMEM_ALLOCATOR_MALLOC_DEBUG,
  PYMEM_ALLOCATOR_MIMALLOC,
  PYMEM_ALLOCATOR_MIMALLOC_DEBUG,
  PYMEM_ALLOCATOR_NOT_SET,
  PYMEM_ALLOCATOR_PYMALLOC,
  PYMEM_ALLOCATOR_PYMALLOC_DEBUG,
  PYMEM_DOMAIN_MEM,
  PYMEM_DOMAIN_OBJ,
  PYMEM_DOMAIN_RAW,
  PyMem_GetAllocator,
  PyMem_SetAllocator,
  PyMem_SetupDebugHooks,
  type PyMemAllocatorEx,
  type PyMemAllocatorOut,
} from "./cpython_pymem.ts";
export {
  _PyMem_DebugEnabled,
  _PyMem_GetAllocatorName,
  _PyMem_GetCurrentAllocatorName,
  _PyMem_IsPtrFreed,
  _PyObject_DebugDumpAddress,
} from "./pycore_pymem.ts";
export {
  _Py_GetGlobalAllocatedBlocks,
  _PyObject_DebugMallocStats,
} from "./pycore_obmalloc.ts";
export {
  PyMem_Calloc,
  PyMem_DEL,
  PyMem_Del,
  PyMem_FREE,
  PyMem_Free,
  PyMem_MALLOC,
  PyMem_Malloc,
  PyMem_NEW,
  PyMem_New,
  PyMem_RawCalloc,
  PyMem_RawFree,
  PyMem_RawMalloc,
  PyMem_RawRealloc,
  PyMem_REALLOC,
  PyMem_Realloc,
  PyMem_RESIZE,
  PyMem_Resize,
} from "./pymem.ts";
export {
  PyObject_Calloc,
  PyObject_DEL,
  PyObject_Del,
  PyObject_FREE,
  PyObject_Free,
  PyObject_MALLOC,
  PyObject_Malloc,
  PyObject_REALLOC,
  PyObject_Realloc,
} from "./objimpl.ts";
export {
  Py_FatalError,
  PyErr_Clear,
  PyErr_ExceptionMatches,
  PyErr_GetRaisedException,
  PyErr_NoMemory,
  PyErr_Occurred,
  PyErr_SetRaisedException,
  PyExc_MemoryError,
  type PyExceptionClass,
} from "./pyerrors.ts";
export {
  PyGILState_Check,
  PyGILState_Ensure,
  PyGILState_GetThisThreadState,
  PyGILState_LOCKED,
  PyGILState_Release,
  type PyGILState_STATE,
  PyGILState_UNLOCKED,
  type PyInterpreterState,
  PyInterpreterState_Get,
  type PyThreadState,
  PyThreadState_Get,
  PyThreadState_GetInterpreter,
  PyThreadState_GetUnchecked,
  PyThreadState_Swap,
} from "./pystate.ts";
export {
  PyObject_GetArenaAllocator,
  PyObject_SetArenaAllocator,
} from "./cpython_objimpl.ts";
export type { PyObjectArenaAllocator } from "../domains/mod.ts";
export {
  _PyTraceMalloc_GetTraceback,
  PyTraceMalloc_Track,
  PyTraceMalloc_Untrack,
} from "./tracemalloc.ts";
export {
  Py_BEGIN_ALLOW_THREADS,
  Py_BLOCK_THREADS,
  Py_END_ALLOW_THREADS,
  Py_UNBLOCK_THREADS,
  PyEval_AcquireThread,
  PyEval_ReleaseThread,
  PyEval_RestoreThread,
  PyEval_SaveThread,
} from "./ceval.ts";
export {
  Py_Finalize,
  Py_FinalizeEx,
  Py_Initialize,
  Py_IsInitialized,
} from "./pylifecycle.ts";
export {
  PyMutex,
  PyMutex_IsLocked,
  PyMutex_Lock,
  PyMutex_Unlock,
} from "./lock.ts";

export {
  FatalError,
  HandleError,
  MemoryError,
  PointerError,
  ThreadStateError,
} from "../errors.ts";
export type { Build, Heap, HeapHandle, HeapOptions } from "../face/heap.ts";
export type { HeapStats } from "../face/stats.ts";
export type { Threads } from "../face/threads.ts";
export type { MemDomain, ObjDomain, RawDomain, Sized } from "../domains/mod.ts";
export type { CheckReport } from "../check/mod.ts";
export * from "../types/mod.ts";
