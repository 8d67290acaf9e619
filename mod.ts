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
 * heap.f64[a >>> 3] = 3.5;
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
export {
  DomainFilter,
  Filter,
  type FormatOptions,
  Frame,
  type KeyType,
  type RawFrame,
  type RawTrace,
  Snapshot,
  Statistic,
  StatisticDiff,
  Trace,
  Traceback,
  type TraceFilter,
  Tracemalloc,
  Traces,
  WorkerFilter,
} from "./src/hooks/tracemalloc/mod.ts";
export type { MallocName } from "./src/domains/allocator_names.ts";
export { MemDomain, type Sized } from "./src/domains/mem.ts";
export { ObjDomain } from "./src/domains/obj.ts";
export { RawDomain } from "./src/domains/raw.ts";
export { AddressInfo, type DomainName } from "./src/face/describe.ts";
export {
  HeapMark,
  type LeakGroup,
  type LeakOptions,
  LeakReport,
} from "./src/face/leaks.ts";
export { HeapReports } from "./src/face/reports.ts";
export { type HandleOf, HeapObjects } from "./src/face/heap_objects.ts";
export {
  type GcCallback,
  type GcInfo,
  type GcTriple,
  type GenerationStats,
  HeapGc,
} from "./src/face/heap_gc.ts";
export {
  type FieldType,
  type FieldValue,
  type FieldValues,
  type Forgotten,
  Handle,
  PyAnySet,
  PyBool,
  PyBytes,
  PyComplex,
  PyDict,
  PyFloat,
  PyFrozenSet,
  PyInstance,
  PyInt,
  PyList,
  PyNone,
  PyObject,
  PySequence,
  PySet,
  PyStr,
  PyTuple,
  PyType,
  PyWeakref,
  type SetLike,
  type Share,
  type ShareToken,
  type ToJSOptions,
  type TypeFields,
  type TypeOptions,
  type UnshareOptions,
} from "./src/handles/mod.ts";
export type { RevokeReport } from "./src/face/revoke.ts";
export type { HeapStats } from "./src/face/stats.ts";
export type { HeapUsage, TrimReport, Usage } from "./src/face/usage.ts";
export { Threads, type ThreadStateName } from "./src/face/threads.ts";
export {
  FatalError,
  HandleError,
  MemoryError,
  PointerError,
  ThreadStateError,
} from "./src/errors.ts";
export type { AddressState, CheckReport } from "./src/check/mod.ts";
export {
  F32Field,
  F64Field,
  type Field,
  I16Field,
  I32Field,
  I64Field,
  I8Field,
  PtrField,
  U16Field,
  U32Field,
  U64Field,
  U8Field,
} from "./src/types/fields.ts";
export { array, ArrayOf, ArrayType } from "./src/types/array.ts";
export type {
  MemPtr,
  ObjPtr,
  RawPtr,
  TypedPtr,
} from "./src/memory/pointers.ts";
export {
  f32,
  f64,
  i16,
  i32,
  i64,
  i8,
  memPtr,
  objPtr,
  ptr,
  rawPtr,
  ScalarType,
  u16,
  u32,
  u64,
  u8,
} from "./src/types/scalars.ts";
export {
  offsetof,
  struct,
  type StructAccessor,
  type StructFields,
  StructType,
  type StructValue,
} from "./src/types/struct.ts";
export {
  type AccessorOf,
  alignof,
  BaseType,
  type ItemsOf,
  SIZE_MAX,
  sizeof,
  type Type,
  type ValueOf,
} from "./src/types/type.ts";
export { createViews, type HeapBuffer, type Views } from "./src/types/views.ts";
