/**
 * CPython's functions for memory and objects under CPython's names: the C face.
 *
 * For programs that are translated from C, or written by somebody who knows
 * the C API by heart. Each function behaves as the manual of CPython says, with
 * two differences: pointers are byte addresses in the heap (0 is NULL), and
 * what C leaves undefined throws. They act on the heap of the worker's runtime,
 * see {@linkcode Py_Initialize}.
 *
 * ```text
 *   header               functions
 *   ──────────────────   ─────────────────────────────────────────────────
 *   pymem.h              PyMem_Malloc … PyMem_New … PyMem_RawMalloc …
 *   objimpl.h            PyObject_Malloc … PyObject_Init, PyObject_New …
 *                        PyObject_GC_New … PyGC_Collect …
 *   pyerrors.h           PyErr_NoMemory, PyErr_Occurred … PyExc_TypeError …
 *   pystate.h            PyThreadState_Get, PyGILState_Ensure …
 *   ceval.h              PyEval_SaveThread, Py_BEGIN_ALLOW_THREADS …
 *   pylifecycle.h        Py_Initialize, Py_FinalizeEx
 *   lock.h               PyMutex_Lock …
 *   critical_section.h   Py_BEGIN_CRITICAL_SECTION …
 *   refcount.h           Py_INCREF, Py_DECREF, Py_NewRef, Py_CLEAR …
 *   object.h             Py_TYPE, Py_None, PyObject_Repr, PyType_FromSpec …
 *   longobject.h         PyLong_FromLong … and so on for bool, float, complex,
 *                        unicode, bytes, tuple, list, dict, set, weakref
 * ```
 *
 * Objects are byte addresses, too. Functions that return a new one return 0 on
 * failure, those that return an int -1, and the error indicator says why. The
 * first call that needs objects makes those that are there from the start; if
 * there is no memory for them it throws a MemoryError.
 *
 * The type-oriented functions take descriptors; these, and what C itself has
 * for types (`struct`, `sizeof`, `offsetof`), are exported from here, too.
 *
 * @example The first example of the chapter "Memory Management"
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import {
 *   NULL,
 *   Py_DECREF,
 *   Py_FinalizeEx,
 *   Py_Initialize,
 *   PyBytes_FromStringAndSize,
 *   PyErr_NoMemory,
 *   PyErr_Occurred,
 *   PyMem_Free,
 *   PyMem_Malloc,
 *   PyObject_Repr,
 *   PyUnicode_AsUTF8,
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
 *   const res = PyBytes_FromStringAndSize(buf, 3);
 *   PyMem_Free(buf); // allocated with PyMem_Malloc
 *   return res;
 * }
 *
 * const line = read_line();
 * const repr = PyObject_Repr(line);
 * assert.equal(PyUnicode_AsUTF8(repr), "b'Hi\\n'");
 * [repr, line].forEach(Py_DECREF);
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
 *   PyBytes_FromStringAndSize,
 *   PyErr_NoMemory,
 *   PyMem_Del,
 *   PyMem_New,
 *   Py_DECREF,
 *   PyBytes_Size,
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
 *   const res = PyBytes_FromStringAndSize(buf, 3);
 *   PyMem_Del(buf); // allocated with PyMem_New
 *   return res;
 * }
 *
 * const line = read_line();
 * assert.equal(PyBytes_Size(line), 3);
 * Py_DECREF(line);
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
export * from "./objimpl.ts";
export * from "./objimpl_gc.ts";
export * from "./pyerrors.ts";
export type { PyObject, PyTypeObject } from "./objects.ts";
export * from "./boolobject.ts";
export * from "./bytesobject.ts";
export * from "./complexobject.ts";
export * from "./cpython_object.ts";
export * from "./critical_section.ts";
export * from "./dictobject.ts";
export * from "./floatobject.ts";
export * from "./listobject.ts";
export * from "./longobject.ts";
export * from "./object.ts";
export * from "./object_types.ts";
export * from "./refcount.ts";
export * from "./setobject.ts";
export * from "./tupleobject.ts";
export * from "./unicodeobject.ts";
export * from "./weakrefobject.ts";
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
