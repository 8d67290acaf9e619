/**
 * `pycore_obmalloc.h`: what `sys.getallocatedblocks()` and
 * `sys._debugmallocstats()` call.
 *
 * @example How many blocks a piece of code leaves
 * ```ts
 * import assert from "node:assert/strict";
 * import {
 *   _Py_GetGlobalAllocatedBlocks,
 *   Py_FinalizeEx,
 *   Py_Initialize,
 *   PyMem_Malloc,
 *   PyMem_RawMalloc,
 * } from "@obmalloc/obmalloc/capi";
 *
 * Py_Initialize({ maxBytes: 16 * 1024 * 1024 });
 * const before = _Py_GetGlobalAllocatedBlocks();
 * PyMem_Malloc(48);
 * PyMem_Malloc(100_000);
 * PyMem_RawMalloc(48); // RAW does not count
 * assert.equal(_Py_GetGlobalAllocatedBlocks() - before, 2);
 * Py_FinalizeEx();
 * ```
 *
 * ## Threads
 *   Counting stops the world; the report stops nobody.
 *
 * Source: CPython 3.14 Include/internal/pycore_obmalloc.h; Objects/obmalloc.c.
 *
 * @module
 */

import { Debug } from "../hooks/mod.ts";
import { requireRuntime } from "./runtime.ts";

/**
 * Live blocks of MEM and OBJ, of any size. Python: `sys.getallocatedblocks()`.
 *
 * @returns Count.
 * @throws {ThreadStateError} If the thread state is not attached.
 */
export function _Py_GetGlobalAllocatedBlocks(): number {
  const { interp } = requireRuntime("count the allocated blocks");
  return interp.getAllocatedBlocks();
}

/**
 * Writes the report of the small-object allocator.
 * Python: `sys._debugmallocstats()`.
 *
 * @param out Takes the text; C: a `FILE *`. Stderr if absent.
 * @returns 1, or 0 if the allocator has no report and nothing was written.
 * @throws {ThreadStateError} If there is no runtime.
 */
export function _PyObject_DebugMallocStats(
  out: (text: string) => void = Debug.Stderr.write,
): number {
  const { interp } = requireRuntime("write statistics");
  const text = interp.debugMallocStats();
  if (text === "") return 0;
  out(text);
  return 1;
}
