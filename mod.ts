/**
 * obmalloc: CPython's memory manager, with its whole heap in one
 * SharedArrayBuffer that several workers use at once.
 *
 * @example Two domains and a check
 * ```ts
 * import assert from "node:assert/strict";
 * import { createHeap } from "@obmalloc/obmalloc";
 *
 * using heap = createHeap({ maxBytes: 16 * 1024 * 1024 });
 * const a = heap.mem.malloc(48);
 * const b = heap.obj.malloc(48);
 * heap.f64[a >> 3] = 3.5;
 * heap.mem.free(a);
 * heap.obj.free(b);
 * assert.ok(heap.check().ok);
 * ```
 *
 * @module
 */

export {
  attach,
  type Build,
  checkHeap,
  createHeap,
  Heap,
  type HeapHandle,
  type HeapOptions,
} from "./src/face/heap.ts";
export { Mem } from "./src/face/mem.ts";
export { Obj } from "./src/face/obj.ts";
export { Raw } from "./src/face/raw.ts";
export type { HeapStats } from "./src/face/stats.ts";
export { Threads } from "./src/face/threads.ts";
export {
  FatalError,
  HandleError,
  MemoryError,
  PointerError,
  ThreadStateError,
} from "./src/errors.ts";
export type { CheckReport } from "./src/tools/check.ts";
export type { MemPtr, ObjPtr, RawPtr } from "./src/types/pointers.ts";
