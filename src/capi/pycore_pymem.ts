/**
 * `pycore_pymem.h`: names of allocators, and what pointers into filled memory
 * look like.
 *
 * @example Which allocator there is
 * ```ts
 * import assert from "node:assert/strict";
 * import {
 *   _PyMem_DebugEnabled,
 *   _PyMem_GetCurrentAllocatorName,
 *   _PyMem_IsPtrFreed,
 *   Py_FinalizeEx,
 *   Py_Initialize,
 *   PyMem_Malloc,
 * } from "@obmalloc/obmalloc/capi";
 *
 * const heap = Py_Initialize({
 *   build: "gil",
 *   malloc: "debug",
 *   maxBytes: 16 * 1024 * 1024,
 * });
 * assert.equal(_PyMem_GetCurrentAllocatorName(), "pymalloc_debug");
 * assert.equal(_PyMem_DebugEnabled(), 1);
 *
 * const block = PyMem_Malloc(16); // filled with CD, as is what looks like a
 * assert.equal(_PyMem_IsPtrFreed(heap.u32[block >>> 2]), 1); // pointer there
 * assert.equal(_PyMem_IsPtrFreed(block), 0);
 * Py_FinalizeEx();
 * ```
 *
 * ## Threads
 *   Records belong to one worker; whether there are hooks is a word of the
 *   heap, read atomically.
 *
 * Source: CPython 3.14 Include/internal/pycore_pymem.h; Objects/obmalloc.c.
 *
 * @module
 */

import * as Allocators from "../layout/allocators.ts";
import * as Layout from "../layout/memory_map.ts";
import { AllocatorNames } from "../domains/mod.ts";
import { Debug } from "../hooks/mod.ts";
import { requireRuntime } from "./runtime.ts";

/** Names in the order of `PyMemAllocatorName`, from DEFAULT on. */
const NAMES = [
  "default",
  "debug",
  "malloc",
  "malloc_debug",
  "pymalloc",
  "pymalloc_debug",
  "mimalloc",
  "mimalloc_debug",
];

/**
 * The number of an allocator name.
 *
 * C: `_PyMem_GetAllocatorName()`, which has it in its second argument.
 *
 * @param name As in `PYTHONMALLOC`; null and `""` are the default.
 * @returns `PYMEM_ALLOCATOR_…`, or -1 if there is no such name.
 */
export function _PyMem_GetAllocatorName(name: string | null): number {
  if (name === null || name === "") return Allocators.DEFAULT;
  const index = NAMES.indexOf(name);
  return index < 0 ? -1 : Allocators.DEFAULT + index;
}

/**
 * The name of what serves all three domains of this worker.
 *
 * C: `_PyMem_GetCurrentAllocatorName()`.
 *
 * @returns `"pymalloc"`, `"pymalloc_debug"` and so on, or null if records of
 * others are among them.
 * @throws {ThreadStateError} If there is no runtime.
 */
export function _PyMem_GetCurrentAllocatorName(): string | null {
  const { core } = requireRuntime("name the allocator").interp;
  const wrapped = [0, 1, 2].map((domain) => Debug.isOnBase(core, domain));
  if (wrapped.every((isDebug) => isDebug === wrapped[0])) {
    const word = core.m.i32[Layout.ALLOCATORS + Allocators.ALLOCATOR];
    const name = AllocatorNames.nameOf(word).replace("_debug", "");
    if (wrapped[0] !== null) return wrapped[0] ? `${name}_debug` : name;
  }
  return null;
}

/**
 * Whether debug hooks were set up: they are somewhere among the records.
 *
 * C: `_PyMem_DebugEnabled()`.
 *
 * @returns 1 if they were, 0 if not.
 * @throws {ThreadStateError} If there is no runtime.
 */
export function _PyMem_DebugEnabled(): 0 | 1 {
  const { core } = requireRuntime("look for debug hooks").interp;
  return Debug.isEnabled(core.m) ? 1 : 0;
}

/**
 * Whether the value of a pointer is NULL, or was read from memory that the
 * debug hooks have filled. It is not followed.
 *
 * C: `_PyMem_IsPtrFreed()`.
 *
 * @param ptr Value of a pointer: a word, signed or not.
 * @returns 1 if so, 0 if not.
 */
export function _PyMem_IsPtrFreed(ptr: number): 0 | 1 {
  return Debug.isPtrFreed(ptr) ? 1 : 0;
}

/**
 * Writes the report of the debug hooks on a block to stderr.
 *
 * C: `_PyObject_DebugDumpAddress()`, Objects/obmalloc.c.
 *
 * @param p Block of the debug hooks, or 0.
 * @throws {PointerError} If no block of theirs can be there.
 * @throws {ThreadStateError} If there is no runtime.
 */
export function _PyObject_DebugDumpAddress(p: number): void {
  const { core } = requireRuntime("report on a block").interp;
  Debug.dumpAddress(core.m, p);
}
