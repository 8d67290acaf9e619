/**
 * `cpython/objimpl.h`: where pymalloc's arenas come from.
 *
 * An arena record has functions of the calling worker, as an allocator record
 * has. It serves MEM and OBJ of a heap whose pools the GIL holds; in others
 * there are no such arenas, and it is never called.
 *
 * @example Counting arenas
 * ```ts
 * import assert from "node:assert/strict";
 * import {
 *   Py_FinalizeEx,
 *   Py_Initialize,
 *   PyObject_Free,
 *   PyObject_GetArenaAllocator,
 *   PyObject_Malloc,
 *   PyObject_SetArenaAllocator,
 *   type PyObjectArenaAllocator,
 * } from "@obmalloc/obmalloc/capi";
 *
 * Py_Initialize({ build: "gil", maxBytes: 16 * 1024 * 1024 });
 * const base = {} as PyObjectArenaAllocator;
 * PyObject_GetArenaAllocator(base);
 * let arenas = 0;
 * PyObject_SetArenaAllocator({
 *   ctx: null,
 *   alloc(_, size) {
 *     arenas++;
 *     return base.alloc(base.ctx, size);
 *   },
 *   free: (_, ptr, size) => base.free(base.ctx, ptr, size),
 * });
 * PyObject_Free(PyObject_Malloc(42));
 * assert.equal(arenas, 1);
 * PyObject_SetArenaAllocator(base);
 * Py_FinalizeEx();
 * ```
 *
 * ## Threads
 *   Records belong to one worker.
 *
 * Source: CPython 3.14 Include/cpython/objimpl.h; Objects/obmalloc.c.
 * Differs: an arena is back in the heap when `free` is called.
 *
 * @module
 */

import type { PyObjectArenaAllocator } from "../domains/mod.ts";
import { requireRuntime } from "./runtime.ts";

/**
 * Fills a record with the one that serves arenas in this worker.
 *
 * C: `PyObject_GetArenaAllocator()`, Objects/obmalloc.c.
 *
 * @param allocator The record to fill.
 * @throws {ThreadStateError} If there is no runtime.
 */
export function PyObject_GetArenaAllocator(
  allocator: Partial<PyObjectArenaAllocator>,
): void {
  const { core } = requireRuntime("get the arena allocator").interp;
  Object.assign(allocator, core.allocators.getArena());
}

/**
 * Has a record serve arenas in this worker, from now on.
 *
 * `alloc` is asked for 1 MiB whenever pymalloc needs an arena, and must return
 * what the record before it returns, or 0 to refuse: the request then goes to
 * the RAW domain. `free` is told of each arena that is given back.
 *
 * C: `PyObject_SetArenaAllocator()`, Objects/obmalloc.c.
 *
 * @param allocator The record, of which a copy is kept.
 * @throws {TypeError} If a member is no function; nothing has changed then.
 * @throws {ThreadStateError} If there is no runtime.
 */
export function PyObject_SetArenaAllocator<C>(
  allocator: PyObjectArenaAllocator<C>,
): void {
  const { core } = requireRuntime("set the arena allocator").interp;
  for (const member of ["alloc", "free"] as const) {
    if (typeof allocator?.[member] === "function") continue;
    throw new TypeError(
      `Cannot set the arena allocator: ${member} is no function`,
    );
  }
  core.allocators.setArena(allocator as PyObjectArenaAllocator);
}
