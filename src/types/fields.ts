/**
 * Accessors of one scalar, at a fixed distance from the address they are given.
 *
 * One class for each scalar type, written out: the loads of a shared class would
 * see all kinds of view, and no longer be compiled to one instruction. Each is
 * the same lines over another view.
 *
 *   get(p)             p->field
 *   set(p, v)          p->field = v
 *   getItem(p, i)      p->field[i], of a field that is an array
 *   setItem(p, i, v)   p->field[i] = v
 *   index(p)           where the field stands in `view`, for `Atomics`
 *
 * An integer that does not fit is cut off, as in C. An index is not checked
 * against the length of the array, as in C; `item()` of the descriptor does.
 * The address must be aligned as the type demands, as every block is.
 *
 * ## Invariants
 *   F1  `bias` is the distance of the field less where `view` starts, so that
 *       `address + bias` counts from the start of `view`
 *   F2  the slot is read before it is written: `undefined` means that it is
 *       not in `view`, see `views.ts`
 *   F3  an address counts modulo 2^32; NaN counts as NULL
 *
 * The fields are declared and not initialised: one that is written once, by the
 * constructor, is a constant to the compiler (a tenth of an access, measured
 * 2026-11 with Deno 2.9.6).
 *
 * ## Threads
 *   Plain loads and stores. `view` and `index()` are for `Atomics`.
 *
 * @module
 */

import { GUARD, reject, type Views } from "./views.ts";

/** Accessor of one scalar of the TypeScript type `V`. */
export interface Field<V> {
  /** The value at the address. C: `p->field`. */
  get(p: number): V;
  /** Sets the value at the address. C: `p->field = value`. */
  set(p: number, value: V): void;
  /** The value of item `i` from the address on. C: `p->field[i]`. */
  getItem(p: number, i: number): V;
  /** Sets item `i` from the address on. C: `p->field[i] = value`. */
  setItem(p: number, i: number, value: V): void;
  /** Index of the field in `view`, for `Atomics`. */
  index(p: number): number;
}

/** Accessor of a 8-bit signed integer. */
export class I8Field implements Field<number> {
  /** Where the field stands at {@linkcode index}. */
  declare readonly view: Int8Array<SharedArrayBuffer>;
  /** See F1. Bytes. */
  declare readonly bias: number;

  /** Accessor at a distance of `offset` bytes, on guarded views. */
  constructor(views: Views, offset: number) {
    this.view = views.i8;
    this.bias = offset - GUARD;
  }

  /** See {@linkcode Field}. */
  get(p: number): number {
    const value = this.view[((p | 0) + this.bias) >>> 0];
    if (value === undefined) reject(p);
    return value;
  }

  /** See {@linkcode Field}. */
  set(p: number, value: number): void {
    const index = ((p | 0) + this.bias) >>> 0;
    if (this.view[index] === undefined) reject(p);
    this.view[index] = value;
  }

  /** See {@linkcode Field}. */
  getItem(p: number, i: number): number {
    const value = this.view[(((p | 0) + this.bias) >>> 0) + i];
    if (value === undefined) reject(p + i);
    return value;
  }

  /** See {@linkcode Field}. */
  setItem(p: number, i: number, value: number): void {
    const index = (((p | 0) + this.bias) >>> 0) + i;
    if (this.view[index] === undefined) reject(p + i);
    this.view[index] = value;
  }

  /** See {@linkcode Field}. */
  index(p: number): number {
    return ((p | 0) + this.bias) >>> 0;
  }
}

/** Accessor of a byte. */
export class U8Field implements Field<number> {
  /** Where the field stands at {@linkcode index}. */
  declare readonly view: Uint8Array<SharedArrayBuffer>;
  /** See F1. Bytes. */
  declare readonly bias: number;

  /** Accessor at a distance of `offset` bytes, on guarded views. */
  constructor(views: Views, offset: number) {
    this.view = views.u8;
    this.bias = offset - GUARD;
  }

  /** See {@linkcode Field}. */
  get(p: number): number {
    const value = this.view[((p | 0) + this.bias) >>> 0];
    if (value === undefined) reject(p);
    return value;
  }

  /** See {@linkcode Field}. */
  set(p: number, value: number): void {
    const index = ((p | 0) + this.bias) >>> 0;
    if (this.view[index] === undefined) reject(p);
    this.view[index] = value;
  }

  /** See {@linkcode Field}. */
  getItem(p: number, i: number): number {
    const value = this.view[(((p | 0) + this.bias) >>> 0) + i];
    if (value === undefined) reject(p + i);
    return value;
  }

  /** See {@linkcode Field}. */
  setItem(p: number, i: number, value: number): void {
    const index = (((p | 0) + this.bias) >>> 0) + i;
    if (this.view[index] === undefined) reject(p + i);
    this.view[index] = value;
  }

  /** See {@linkcode Field}. */
  index(p: number): number {
    return ((p | 0) + this.bias) >>> 0;
  }
}

/** Accessor of a 16-bit signed integer. */
export class I16Field implements Field<number> {
  /** Where the field stands at {@linkcode index}. */
  declare readonly view: Int16Array<SharedArrayBuffer>;
  /** See F1. Bytes. */
  declare readonly bias: number;

  /** Accessor at a distance of `offset` bytes, on guarded views. */
  constructor(views: Views, offset: number) {
    this.view = views.i16;
    this.bias = offset - GUARD;
  }

  /** See {@linkcode Field}. */
  get(p: number): number {
    const value = this.view[((p | 0) + this.bias) >>> 1];
    if (value === undefined) reject(p);
    return value;
  }

  /** See {@linkcode Field}. */
  set(p: number, value: number): void {
    const index = ((p | 0) + this.bias) >>> 1;
    if (this.view[index] === undefined) reject(p);
    this.view[index] = value;
  }

  /** See {@linkcode Field}. */
  getItem(p: number, i: number): number {
    const value = this.view[(((p | 0) + this.bias) >>> 1) + i];
    if (value === undefined) reject(p + i * 2);
    return value;
  }

  /** See {@linkcode Field}. */
  setItem(p: number, i: number, value: number): void {
    const index = (((p | 0) + this.bias) >>> 1) + i;
    if (this.view[index] === undefined) reject(p + i * 2);
    this.view[index] = value;
  }

  /** See {@linkcode Field}. */
  index(p: number): number {
    return ((p | 0) + this.bias) >>> 1;
  }
}

/** Accessor of a 16-bit unsigned integer. */
export class U16Field implements Field<number> {
  /** Where the field stands at {@linkcode index}. */
  declare readonly view: Uint16Array<SharedArrayBuffer>;
  /** See F1. Bytes. */
  declare readonly bias: number;

  /** Accessor at a distance of `offset` bytes, on guarded views. */
  constructor(views: Views, offset: number) {
    this.view = views.u16;
    this.bias = offset - GUARD;
  }

  /** See {@linkcode Field}. */
  get(p: number): number {
    const value = this.view[((p | 0) + this.bias) >>> 1];
    if (value === undefined) reject(p);
    return value;
  }

  /** See {@linkcode Field}. */
  set(p: number, value: number): void {
    const index = ((p | 0) + this.bias) >>> 1;
    if (this.view[index] === undefined) reject(p);
    this.view[index] = value;
  }

  /** See {@linkcode Field}. */
  getItem(p: number, i: number): number {
    const value = this.view[(((p | 0) + this.bias) >>> 1) + i];
    if (value === undefined) reject(p + i * 2);
    return value;
  }

  /** See {@linkcode Field}. */
  setItem(p: number, i: number, value: number): void {
    const index = (((p | 0) + this.bias) >>> 1) + i;
    if (this.view[index] === undefined) reject(p + i * 2);
    this.view[index] = value;
  }

  /** See {@linkcode Field}. */
  index(p: number): number {
    return ((p | 0) + this.bias) >>> 1;
  }
}

/** Accessor of a 32-bit signed integer. */
export class I32Field implements Field<number> {
  /** Where the field stands at {@linkcode index}. */
  declare readonly view: Int32Array<SharedArrayBuffer>;
  /** See F1. Bytes. */
  declare readonly bias: number;

  /** Accessor at a distance of `offset` bytes, on guarded views. */
  constructor(views: Views, offset: number) {
    this.view = views.i32;
    this.bias = offset - GUARD;
  }

  /** See {@linkcode Field}. */
  get(p: number): number {
    const value = this.view[((p | 0) + this.bias) >>> 2];
    if (value === undefined) reject(p);
    return value;
  }

  /** See {@linkcode Field}. */
  set(p: number, value: number): void {
    const index = ((p | 0) + this.bias) >>> 2;
    if (this.view[index] === undefined) reject(p);
    this.view[index] = value;
  }

  /** See {@linkcode Field}. */
  getItem(p: number, i: number): number {
    const value = this.view[(((p | 0) + this.bias) >>> 2) + i];
    if (value === undefined) reject(p + i * 4);
    return value;
  }

  /** See {@linkcode Field}. */
  setItem(p: number, i: number, value: number): void {
    const index = (((p | 0) + this.bias) >>> 2) + i;
    if (this.view[index] === undefined) reject(p + i * 4);
    this.view[index] = value;
  }

  /** See {@linkcode Field}. */
  index(p: number): number {
    return ((p | 0) + this.bias) >>> 2;
  }
}

/** Accessor of a 32-bit unsigned integer. */
export class U32Field implements Field<number> {
  /** Where the field stands at {@linkcode index}. */
  declare readonly view: Uint32Array<SharedArrayBuffer>;
  /** See F1. Bytes. */
  declare readonly bias: number;

  /** Accessor at a distance of `offset` bytes, on guarded views. */
  constructor(views: Views, offset: number) {
    this.view = views.u32;
    this.bias = offset - GUARD;
  }

  /** See {@linkcode Field}. */
  get(p: number): number {
    const value = this.view[((p | 0) + this.bias) >>> 2];
    if (value === undefined) reject(p);
    return value;
  }

  /** See {@linkcode Field}. */
  set(p: number, value: number): void {
    const index = ((p | 0) + this.bias) >>> 2;
    if (this.view[index] === undefined) reject(p);
    this.view[index] = value;
  }

  /** See {@linkcode Field}. */
  getItem(p: number, i: number): number {
    const value = this.view[(((p | 0) + this.bias) >>> 2) + i];
    if (value === undefined) reject(p + i * 4);
    return value;
  }

  /** See {@linkcode Field}. */
  setItem(p: number, i: number, value: number): void {
    const index = (((p | 0) + this.bias) >>> 2) + i;
    if (this.view[index] === undefined) reject(p + i * 4);
    this.view[index] = value;
  }

  /** See {@linkcode Field}. */
  index(p: number): number {
    return ((p | 0) + this.bias) >>> 2;
  }
}

/** Accessor of a 64-bit signed integer. */
export class I64Field implements Field<bigint> {
  /** Where the field stands at {@linkcode index}. */
  declare readonly view: BigInt64Array<SharedArrayBuffer>;
  /** See F1. Bytes. */
  declare readonly bias: number;

  /** Accessor at a distance of `offset` bytes, on guarded views. */
  constructor(views: Views, offset: number) {
    this.view = views.i64;
    this.bias = offset - GUARD;
  }

  /** See {@linkcode Field}. */
  get(p: number): bigint {
    const value = this.view[((p | 0) + this.bias) >>> 3];
    if (value === undefined) reject(p);
    return value;
  }

  /** See {@linkcode Field}. */
  set(p: number, value: bigint): void {
    const index = ((p | 0) + this.bias) >>> 3;
    if (this.view[index] === undefined) reject(p);
    this.view[index] = value;
  }

  /** See {@linkcode Field}. */
  getItem(p: number, i: number): bigint {
    const value = this.view[(((p | 0) + this.bias) >>> 3) + i];
    if (value === undefined) reject(p + i * 8);
    return value;
  }

  /** See {@linkcode Field}. */
  setItem(p: number, i: number, value: bigint): void {
    const index = (((p | 0) + this.bias) >>> 3) + i;
    if (this.view[index] === undefined) reject(p + i * 8);
    this.view[index] = value;
  }

  /** See {@linkcode Field}. */
  index(p: number): number {
    return ((p | 0) + this.bias) >>> 3;
  }
}

/** Accessor of a 64-bit unsigned integer. */
export class U64Field implements Field<bigint> {
  /** Where the field stands at {@linkcode index}. */
  declare readonly view: BigUint64Array<SharedArrayBuffer>;
  /** See F1. Bytes. */
  declare readonly bias: number;

  /** Accessor at a distance of `offset` bytes, on guarded views. */
  constructor(views: Views, offset: number) {
    this.view = views.u64;
    this.bias = offset - GUARD;
  }

  /** See {@linkcode Field}. */
  get(p: number): bigint {
    const value = this.view[((p | 0) + this.bias) >>> 3];
    if (value === undefined) reject(p);
    return value;
  }

  /** See {@linkcode Field}. */
  set(p: number, value: bigint): void {
    const index = ((p | 0) + this.bias) >>> 3;
    if (this.view[index] === undefined) reject(p);
    this.view[index] = value;
  }

  /** See {@linkcode Field}. */
  getItem(p: number, i: number): bigint {
    const value = this.view[(((p | 0) + this.bias) >>> 3) + i];
    if (value === undefined) reject(p + i * 8);
    return value;
  }

  /** See {@linkcode Field}. */
  setItem(p: number, i: number, value: bigint): void {
    const index = (((p | 0) + this.bias) >>> 3) + i;
    if (this.view[index] === undefined) reject(p + i * 8);
    this.view[index] = value;
  }

  /** See {@linkcode Field}. */
  index(p: number): number {
    return ((p | 0) + this.bias) >>> 3;
  }
}

/** Accessor of a single-precision float. */
export class F32Field implements Field<number> {
  /** Where the field stands at {@linkcode index}. */
  declare readonly view: Float32Array<SharedArrayBuffer>;
  /** See F1. Bytes. */
  declare readonly bias: number;

  /** Accessor at a distance of `offset` bytes, on guarded views. */
  constructor(views: Views, offset: number) {
    this.view = views.f32;
    this.bias = offset - GUARD;
  }

  /** See {@linkcode Field}. */
  get(p: number): number {
    const value = this.view[((p | 0) + this.bias) >>> 2];
    if (value === undefined) reject(p);
    return value;
  }

  /** See {@linkcode Field}. */
  set(p: number, value: number): void {
    const index = ((p | 0) + this.bias) >>> 2;
    if (this.view[index] === undefined) reject(p);
    this.view[index] = value;
  }

  /** See {@linkcode Field}. */
  getItem(p: number, i: number): number {
    const value = this.view[(((p | 0) + this.bias) >>> 2) + i];
    if (value === undefined) reject(p + i * 4);
    return value;
  }

  /** See {@linkcode Field}. */
  setItem(p: number, i: number, value: number): void {
    const index = (((p | 0) + this.bias) >>> 2) + i;
    if (this.view[index] === undefined) reject(p + i * 4);
    this.view[index] = value;
  }

  /** See {@linkcode Field}. */
  index(p: number): number {
    return ((p | 0) + this.bias) >>> 2;
  }
}

/** Accessor of a double-precision float. */
export class F64Field implements Field<number> {
  /** Where the field stands at {@linkcode index}. */
  declare readonly view: Float64Array<SharedArrayBuffer>;
  /** See F1. Bytes. */
  declare readonly bias: number;

  /** Accessor at a distance of `offset` bytes, on guarded views. */
  constructor(views: Views, offset: number) {
    this.view = views.f64;
    this.bias = offset - GUARD;
  }

  /** See {@linkcode Field}. */
  get(p: number): number {
    const value = this.view[((p | 0) + this.bias) >>> 3];
    if (value === undefined) reject(p);
    return value;
  }

  /** See {@linkcode Field}. */
  set(p: number, value: number): void {
    const index = ((p | 0) + this.bias) >>> 3;
    if (this.view[index] === undefined) reject(p);
    this.view[index] = value;
  }

  /** See {@linkcode Field}. */
  getItem(p: number, i: number): number {
    const value = this.view[(((p | 0) + this.bias) >>> 3) + i];
    if (value === undefined) reject(p + i * 8);
    return value;
  }

  /** See {@linkcode Field}. */
  setItem(p: number, i: number, value: number): void {
    const index = (((p | 0) + this.bias) >>> 3) + i;
    if (this.view[index] === undefined) reject(p + i * 8);
    this.view[index] = value;
  }

  /** See {@linkcode Field}. */
  index(p: number): number {
    return ((p | 0) + this.bias) >>> 3;
  }
}

/** Accessor of a pointer of 4 bytes. */
export class PtrField<P extends number> implements Field<P> {
  /** Where the field stands at {@linkcode index}. */
  declare readonly view: Uint32Array<SharedArrayBuffer>;
  /** See F1. Bytes. */
  declare readonly bias: number;

  /** Accessor at a distance of `offset` bytes, on guarded views. */
  constructor(views: Views, offset: number) {
    this.view = views.u32;
    this.bias = offset - GUARD;
  }

  /** See {@linkcode Field}. */
  get(p: number): P {
    const value = this.view[((p | 0) + this.bias) >>> 2];
    if (value === undefined) reject(p);
    return value as P;
  }

  /** See {@linkcode Field}. */
  set(p: number, value: P): void {
    const index = ((p | 0) + this.bias) >>> 2;
    if (this.view[index] === undefined) reject(p);
    this.view[index] = value;
  }

  /** See {@linkcode Field}. */
  getItem(p: number, i: number): P {
    const value = this.view[(((p | 0) + this.bias) >>> 2) + i];
    if (value === undefined) reject(p + i * 4);
    return value as P;
  }

  /** See {@linkcode Field}. */
  setItem(p: number, i: number, value: P): void {
    const index = (((p | 0) + this.bias) >>> 2) + i;
    if (this.view[index] === undefined) reject(p + i * 4);
    this.view[index] = value;
  }

  /** See {@linkcode Field}. */
  index(p: number): number {
    return ((p | 0) + this.bias) >>> 2;
  }
}
