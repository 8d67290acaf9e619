/**
 * `pylifecycle.h`: gives a worker its runtime, and takes it away.
 *
 * C has one runtime in a process. Here each worker says which heap it works on:
 * one makes it, posts the handle to the others, and they join.
 *
 * @example A heap that is there already
 * ```ts
 * import assert from "node:assert/strict";
 * import { createHeap } from "@obmalloc/obmalloc";
 * import {
 *   Py_FinalizeEx,
 *   Py_Initialize,
 *   Py_IsInitialized,
 *   PyMem_Free,
 *   PyMem_Malloc,
 * } from "@obmalloc/obmalloc/capi";
 *
 * using heap = createHeap({ maxBytes: 16 * 1024 * 1024 });
 * Py_Initialize(heap);
 * PyMem_Free(PyMem_Malloc(100));
 * Py_FinalizeEx();
 * assert.equal(Py_IsInitialized(), 0);
 * assert.ok(!heap.isClosed); // it was not the runtime that made it
 * ```
 *
 * ## Threads
 *   Belongs to one worker; for what is shared see `face/heap.ts`.
 *
 * Source: CPython 3.14 Include/pylifecycle.h; Python/pylifecycle.c.
 * Differs: Py_Initialize() has an argument and a result.
 *
 * @module
 */

import { ThreadStateError } from "../errors.ts";
import {
  attach,
  createHeap,
  Heap,
  type HeapHandle,
  type HeapOptions,
} from "../face/heap.ts";
import type { PyInterpreterState } from "./pystate.ts";
import { install, runtime, uninstall } from "./runtime.ts";

/**
 * Gives this worker its runtime: the heap that all functions of the C face act
 * on. A heap that is made or joined here is closed by `Py_FinalizeEx()`.
 *
 * Called a second time, without an argument or with the heap that the runtime
 * has, it does nothing, as in C.
 *
 * C: `Py_Initialize()`, Python/pylifecycle.c.
 *
 * @param source Options of a new heap (as of `createHeap()`), the handle of a
 * heap to join, or a heap of this worker, whose thread state stays as it is.
 * @returns The heap. Its thread state is attached, if it was made or joined.
 * @throws {ThreadStateError} If the runtime has another heap, or the one that
 * is given is closed.
 * @throws {TypeError} If the argument is none of these.
 * @throws {RangeError} If an option is out of range.
 */
export function Py_Initialize(
  source?: HeapOptions | HeapHandle | Heap,
): PyInterpreterState {
  const { tstate } = runtime;
  if (tstate !== null && !tstate.interp.isClosed) {
    return sameOrRefuse(tstate.interp, source);
  }
  const heap = heapOf(source);
  if (heap.isClosed) {
    throw new ThreadStateError("Cannot initialize: the heap is closed");
  }
  install(heap, heap !== source);
  return heap;
}

/**
 * Takes the runtime away from this worker. Thread exit: blocks that it has
 * allocated stay valid for the other workers.
 *
 * C: `Py_Finalize()`, Python/pylifecycle.c.
 */
export function Py_Finalize(): void {
  Py_FinalizeEx();
}

/**
 * The same as {@linkcode Py_Finalize}; without a runtime it does nothing.
 *
 * C: `Py_FinalizeEx()`, Python/pylifecycle.c.
 *
 * @returns 0.
 */
export function Py_FinalizeEx(): 0 {
  const { tstate } = runtime;
  uninstall();
  if (tstate?.isOwned) tstate.interp.close();
  return 0;
}

/**
 * Whether this worker has a runtime.
 *
 * C: `Py_IsInitialized()`, Python/pylifecycle.c.
 *
 * @returns 1 if it has one and its heap is not closed, else 0.
 */
export function Py_IsInitialized(): 0 | 1 {
  return runtime.tstate === null || runtime.tstate.interp.isClosed ? 0 : 1;
}

/** The heap that a source stands for. */
function heapOf(source: HeapOptions | HeapHandle | Heap = {}): Heap {
  if (typeof source !== "object" || source === null) {
    throw new TypeError(
      `Cannot initialize with ${String(source)}: neither options nor a ` +
        "handle nor a heap",
    );
  }
  if (source instanceof Heap) return source;
  return "obmalloc" in source ? attach(source) : createHeap(source);
}

/** The heap of the runtime, if the source is the same one or none. */
function sameOrRefuse(
  heap: Heap,
  source: HeapOptions | HeapHandle | Heap | undefined,
): Heap {
  const isSame = source === undefined || source === heap ||
    ("buffer" in source && source.buffer === heap.buffer);
  if (isSame) return heap;
  throw new ThreadStateError(
    "Cannot initialize: the runtime of this worker has another heap; " +
      "call Py_FinalizeEx() first",
  );
}
