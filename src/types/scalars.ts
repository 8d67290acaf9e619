/**
 * Descriptors of the scalars.
 *
 * ```text
 *   descriptor  C          size  align  JavaScript
 *   i8   u8     int8_t        1      1  number
 *   i16  u16    int16_t       2      2  number
 *   i32  u32    int32_t       4      4  number
 *   i64  u64    int64_t       8      8  bigint
 *   f32         float         4      4  number
 *   f64         double        8      8  number
 *   ptr         void *        4      4  number
 * ```
 *
 * A pointer has 4 bytes: the heap has 4 GiB at most. `rawPtr`, `memPtr` and
 * `objPtr` are pointers whose domain the compiler remembers.
 *
 * @module
 */

import * as Fields from "./fields.ts";
import type { Field } from "./fields.ts";
import type { MemPtr, ObjPtr, RawPtr } from "../memory/pointers.ts";
import { BaseType, type Type } from "./type.ts";
import type { Views } from "./views.ts";

/** Descriptor of a scalar; its size is its alignment. */
export class ScalarType<A extends Field<V>, V> extends BaseType<A, V>
  implements Type<A, V, A> {
  /** See {@linkcode Type}. */
  readonly name: string;
  /** See {@linkcode Type}. */
  readonly size: number;
  /** See {@linkcode Type}. */
  readonly align: number;
  /** See {@linkcode Type}. */
  readonly bind: (views: Views, offset: number) => A;

  /** Descriptor of a scalar with its own class of accessors. */
  constructor(name: string, size: number, bind: ScalarType<A, V>["bind"]) {
    super();
    this.name = name;
    this.size = size;
    this.align = size;
    this.bind = bind;
  }

  /** See {@linkcode Type}. */
  bindItems(views: Views, offset: number, _length: number): A {
    return this.bind(views, offset);
  }

  /** See {@linkcode Type}. */
  load(accessor: A, p: number): V {
    return accessor.get(p);
  }

  /** See {@linkcode Type}. */
  store(accessor: A, p: number, value: V): void {
    accessor.set(p, value);
  }
}

/** 8-bit signed integer. C: `int8_t`. */
export const i8: ScalarType<Fields.I8Field, number> = new ScalarType(
  "i8",
  1,
  (views, offset) => new Fields.I8Field(views, offset),
);

/** Byte. C: `uint8_t`. */
export const u8: ScalarType<Fields.U8Field, number> = new ScalarType(
  "u8",
  1,
  (views, offset) => new Fields.U8Field(views, offset),
);

/** 16-bit signed integer. C: `int16_t`. */
export const i16: ScalarType<Fields.I16Field, number> = new ScalarType(
  "i16",
  2,
  (views, offset) => new Fields.I16Field(views, offset),
);

/** 16-bit unsigned integer. C: `uint16_t`. */
export const u16: ScalarType<Fields.U16Field, number> = new ScalarType(
  "u16",
  2,
  (views, offset) => new Fields.U16Field(views, offset),
);

/** 32-bit signed integer. C: `int32_t`. */
export const i32: ScalarType<Fields.I32Field, number> = new ScalarType(
  "i32",
  4,
  (views, offset) => new Fields.I32Field(views, offset),
);

/** 32-bit unsigned integer. C: `uint32_t`. */
export const u32: ScalarType<Fields.U32Field, number> = new ScalarType(
  "u32",
  4,
  (views, offset) => new Fields.U32Field(views, offset),
);

/** 64-bit signed integer, a bigint. C: `int64_t`. */
export const i64: ScalarType<Fields.I64Field, bigint> = new ScalarType(
  "i64",
  8,
  (views, offset) => new Fields.I64Field(views, offset),
);

/** 64-bit unsigned integer, a bigint. C: `uint64_t`. */
export const u64: ScalarType<Fields.U64Field, bigint> = new ScalarType(
  "u64",
  8,
  (views, offset) => new Fields.U64Field(views, offset),
);

/** Single-precision float. C: `float`. */
export const f32: ScalarType<Fields.F32Field, number> = new ScalarType(
  "f32",
  4,
  (views, offset) => new Fields.F32Field(views, offset),
);

/** Double-precision float. C: `double`. */
export const f64: ScalarType<Fields.F64Field, number> = new ScalarType(
  "f64",
  8,
  (views, offset) => new Fields.F64Field(views, offset),
);

/** Pointer of 4 bytes to whatever. C: `void *`. */
export const ptr: ScalarType<Fields.PtrField<number>, number> = pointer("ptr");

/** Pointer to a block of the RAW domain. */
export const rawPtr: ScalarType<Fields.PtrField<RawPtr>, RawPtr> = pointer(
  "rawPtr",
);

/** Pointer to a block of the MEM domain. */
export const memPtr: ScalarType<Fields.PtrField<MemPtr>, MemPtr> = pointer(
  "memPtr",
);

/** Pointer to a block of the OBJ domain. */
export const objPtr: ScalarType<Fields.PtrField<ObjPtr>, ObjPtr> = pointer(
  "objPtr",
);

/** A pointer whose value has the type `P` for the compiler. */
function pointer<P extends number>(
  name: string,
): ScalarType<Fields.PtrField<P>, P> {
  return new ScalarType(
    name,
    4,
    (views, offset) => new Fields.PtrField<P>(views, offset),
  );
}
