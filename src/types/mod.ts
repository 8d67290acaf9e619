/**
 * Type descriptors: C's structs, arrays and scalars over the heap.
 *
 * ```ts
 * import { createHeap } from "@obmalloc/obmalloc";
 * import { f64, ptr, struct, u8 } from "@obmalloc/obmalloc";
 *
 * const Node = struct({ x: f64, next: ptr, tag: u8 });
 * using heap = createHeap({ build: "free-threaded" });
 * const node = Node.view(heap);
 *
 * const p = heap.mem.malloc(Node.size);
 * node.x.set(p, 1.5);
 * node.next.set(p, 0);
 * console.log(node.x.get(p), Node.read(heap, p));
 * heap.mem.free(p);
 * ```
 *
 * The layout is C's with 4-byte pointers, because the heap has 4 GiB at most,
 * and 8-byte alignment of `f64`, `i64` and `u64`.
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
export type { MemPtr, ObjPtr, RawPtr, TypedPtr } from "./pointers.ts";
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
  type ItemsOf,
  SIZE_MAX,
  sizeof,
  type Type,
  type ValueOf,
} from "./type.ts";
export { createViews, type HeapBuffer, type Views } from "./views.ts";
