/**
 * `tracemalloc.h`: memory that the heap does not know, traced with the rest.
 *
 * A domain and a pointer may be any numbers; domain 0 is that of RAW, MEM and
 * OBJ, whose pointers are byte addresses in the heap.
 *
 * @example Memory of somebody else
 * ```ts
 * import assert from "node:assert/strict";
 * import {
 *   Py_FinalizeEx,
 *   Py_Initialize,
 *   PyTraceMalloc_Track,
 *   PyTraceMalloc_Untrack,
 * } from "@obmalloc/obmalloc/capi";
 *
 * const heap = Py_Initialize({ maxBytes: 16 * 1024 * 1024 });
 * assert.equal(PyTraceMalloc_Track(389047, 0x1000, 4096), -2);
 * heap.tracemalloc.start();
 * assert.equal(PyTraceMalloc_Track(389047, 0x1000, 4096), 0);
 * assert.deepEqual(heap.tracemalloc.getTracedMemory(), [4096, 4096]);
 * assert.equal(PyTraceMalloc_Untrack(389047, 0x1000), 0);
 * Py_FinalizeEx();
 * ```
 *
 * ## Threads
 *   Whichever worker may call, attached or not: nothing is attached, and no
 *   lock is taken but those of the RAW engine.
 *
 * Source: CPython 3.14 Include/cpython/tracemalloc.h; Python/tracemalloc.c.
 * Differs: sizes are below 32 GiB.
 *
 * @module
 */

import { type Traceback, Tracemalloc } from "../hooks/tracemalloc/mod.ts";
import { runtime } from "./runtime.ts";

/** What traces the heap of the runtime, or null if there is none. */
function tracemalloc(): Tracemalloc | null {
  const { tstate } = runtime;
  return tstate === null ? null : new Tracemalloc(tstate.interp.core);
}

/**
 * Notes a block, allocated by the caller; what was noted for it before is
 * forgotten.
 *
 * C: `PyTraceMalloc_Track()`, Python/tracemalloc.c.
 *
 * @param domain Domain, 0 to 2^32 − 1.
 * @param ptr Pointer, an integer from 0 on.
 * @param size Size. Bytes.
 * @returns 0; −1 if no memory is left for the trace, or if the size is 32 GiB
 * or more; −2 if nobody traces.
 * @throws {TypeError} If an argument is no such number.
 */
export function PyTraceMalloc_Track(
  domain: number,
  ptr: number,
  size: number,
): number {
  const tracer = tracemalloc();
  return tracer?.track(domain, ptr, size, PyTraceMalloc_Track) ?? -2;
}

/**
 * Forgets a block; that of one that is not noted is no error.
 *
 * C: `PyTraceMalloc_Untrack()`, Python/tracemalloc.c.
 *
 * @param domain Domain, 0 to 2^32 − 1.
 * @param ptr Pointer, an integer from 0 on.
 * @returns 0; −2 if nobody traces.
 * @throws {TypeError} If an argument is no such number.
 */
export function PyTraceMalloc_Untrack(domain: number, ptr: number): number {
  return tracemalloc()?.untrack(domain, ptr) ?? -2;
}

/**
 * Where a block was noted.
 *
 * C: `_PyTraceMalloc_GetTraceback()`, Python/tracemalloc.c.
 *
 * @param domain Domain, 0 to 2^32 − 1.
 * @param ptr Pointer, an integer from 0 on.
 * @returns The traceback, or null if there is none.
 * @throws {TypeError} If an argument is no such number.
 */
export function _PyTraceMalloc_GetTraceback(
  domain: number,
  ptr: number,
): Traceback | null {
  return tracemalloc()?.tracebackOf(domain, ptr) ?? null;
}
