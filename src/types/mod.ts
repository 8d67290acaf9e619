/**
 * Type descriptors: C's structs, arrays and scalars over the heap.
 *
 * The layout is C's with 4-byte pointers, because the heap has 4 GiB at most,
 * and 8-byte alignment of `f64`, `i64` and `u64`.
 *
 * @example A linked list
 * ```ts
 * import assert from "node:assert/strict";
 * import { createHeap, f64, ptr, struct, u8 } from "@obmalloc/obmalloc";
 *
 * const Node = struct({ x: f64, next: ptr, tag: u8 });
 * assert.equal(Node.size, 16);
 *
 * using heap = createHeap({ maxBytes: 16 * 1024 * 1024 });
 * const node = Node.view(heap);
 * const p = heap.mem.malloc(Node.size);
 * Node.write(heap, p, { x: 1.5, next: 0, tag: 7 });
 * node.x.set(p, node.x.get(p) + 1);
 * assert.deepEqual(Node.read(heap, p), { x: 2.5, next: 0, tag: 7 });
 * heap.mem.free(p);
 * ```
 *
 * @module
 */

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
} from "./fields.ts";
export { array, ArrayOf, ArrayType } from "./array.ts";
export type { MemPtr, ObjPtr, RawPtr, TypedPtr } from "../memory/pointers.ts";
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
} from "./scalars.ts";
export {
  offsetof,
  struct,
  type StructAccessor,
  type StructFields,
  StructType,
  type StructValue,
} from "./struct.ts";
export {
  type AccessorOf,
  alignof,
  BaseType,
  type ItemsOf,
  SIZE_MAX,
  sizeof,
  type Type,
  type ValueOf,
} from "./type.ts";
export { createViews, type HeapBuffer, type Views } from "./views.ts";
