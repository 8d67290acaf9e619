/**
 * `struct`: named fields, laid out as a C compiler does.
 *
 * Each field stands at the next multiple of its alignment; the struct is
 * aligned as its strictest field and padded to a multiple of that.
 *
 * ```text
 *   struct({ x: f64, next: ptr, tag: u8 })        size 16, align 8
 *
 *   0               8       12  13       16
 *   ┌───────────────┬───────┬───┬────────┐
 *   │ x             │ next  │tag│ padding│
 *   └───────────────┴───────┴───┴────────┘
 * ```
 *
 * ## Invariants
 *   S1  fields stand in the order of declaration, without overlap
 *   S2  the offset of a field is a multiple of its alignment
 *   S3  no smaller layout in that order satisfies S2 and T1
 *
 * @module
 */

import { show } from "../errors.ts";
import { ArrayOf } from "./array.ts";
import {
  type AccessorOf,
  BaseType,
  checkType,
  roundUp,
  SIZE_MAX,
  type Type,
  type ValueOf,
} from "./type.ts";
import type { HeapBuffer, Views } from "./views.ts";

/** Fields of a struct: names and descriptors, in the order of the memory. */
export type StructFields = Readonly<Record<string, Type>>;
/** Accessors of a struct, under the names of its fields. */
export type StructAccessor<S extends StructFields> = {
  readonly [K in keyof S]: AccessorOf<S[K]>;
};
/** A struct as JavaScript has it. */
export type StructValue<S extends StructFields> = {
  -readonly [K in keyof S]: ValueOf<S[K]>;
};

/** Descriptor of a struct. */
export class StructType<S extends StructFields>
  extends BaseType<StructAccessor<S>, StructValue<S>>
  implements
    Type<StructAccessor<S>, StructValue<S>, ArrayOf<StructAccessor<S>>> {
  /** See {@linkcode Type}. */
  readonly name: string;
  /** See {@linkcode Type}. */
  readonly size: number;
  /** See {@linkcode Type}. */
  readonly align: number;
  /** Descriptors of the fields. */
  readonly fields: S;
  /** Offset of each field from the start of the struct. Bytes. C: `offsetof`. */
  readonly offsets: { readonly [K in keyof S]: number };

  /** Lays the fields out. See {@linkcode struct}. */
  constructor(fields: S) {
    super();
    const offsets = new Map<string, number>();
    let end = 0;
    let align = 1;
    for (const name of Object.keys(fields)) {
      const type = checkedField(fields, name);
      const offset = roundUp(end, type.align);
      offsets.set(name, offset);
      end = offset + type.size;
      align = Math.max(align, type.align);
    }
    if (end === 0) throw new TypeError("Cannot lay out a struct of no fields");
    if (end > SIZE_MAX) {
      throw new RangeError(`Cannot lay out a struct of ${end} bytes`);
    }
    this.name = `struct { ${Object.keys(fields).join(", ")} }`;
    this.fields = Object.freeze({ ...fields });
    this.offsets = Object.freeze(
      Object.fromEntries(offsets),
    ) as StructType<S>["offsets"];
    this.align = align;
    this.size = roundUp(end, align);
  }

  /** See {@linkcode Type}. */
  bind(views: Views, offset: number): StructAccessor<S> {
    const accessors = Object.keys(this.fields).map((name) => [
      name,
      this.fields[name].bind(views, offset + this.offsets[name]),
    ]);
    return Object.freeze(Object.fromEntries(accessors)) as StructAccessor<S>;
  }

  /** See {@linkcode Type}. */
  bindItems(
    views: Views,
    offset: number,
    length: number,
  ): ArrayOf<StructAccessor<S>> {
    return new ArrayOf(this.bind(views, offset), this.size, length);
  }

  /** See {@linkcode Type}. */
  load(accessor: StructAccessor<S>, p: number): StructValue<S> {
    const values = Object.keys(this.fields).map((name) => [
      name,
      this.fields[name].load(accessor[name], p),
    ]);
    return Object.fromEntries(values) as StructValue<S>;
  }

  /** See {@linkcode Type}. Fields that the value lacks stay as they are. */
  store(
    accessor: StructAccessor<S>,
    p: number,
    value: Partial<StructValue<S>>,
  ): void {
    for (const name of Object.keys(value)) {
      this.fieldOf(name).store(accessor[name], p, value[name]);
    }
  }

  /** See {@linkcode Type}. Fields that the value lacks stay as they are. */
  override write(
    heap: HeapBuffer,
    p: number,
    value: Partial<StructValue<S>>,
  ): void {
    super.write(heap, p, value as StructValue<S>);
  }

  /** Descriptor of a field, if there is one of that name. */
  private fieldOf(name: string): Type {
    if (Object.hasOwn(this.fields, name)) return this.fields[name];
    throw new TypeError(`Cannot find a field "${name}" in ${this.name}`);
  }

  /**
   * Offset of a field from the start of the struct. Bytes. C: `offsetof`.
   *
   * @throws {TypeError} If there is no such field.
   */
  offsetof(name: keyof S & string): number {
    this.fieldOf(name);
    return this.offsets[name];
  }
}

/**
 * Describes a struct: `struct({ x: f64, next: ptr, tag: u8 })`.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { array, f64, offsetof, struct, u8 } from "@obmalloc/obmalloc";
 *
 * const Point = struct({ x: f64, y: f64 });
 * const Shape = struct({ tag: u8, points: array(Point, 3) });
 * assert.equal(Shape.size, 56);
 * assert.equal(offsetof(Shape, "points"), 8);
 * ```
 *
 * @param fields Names and descriptors, in the order of the memory.
 * @throws {TypeError} If there are no fields, a name is a number, which
 *   JavaScript would move to the front, or a field has no descriptor.
 */
export function struct<const S extends StructFields>(fields: S): StructType<S> {
  return new StructType(fields);
}

/** Offset of a field from the start of the struct. Bytes. C: `offsetof`. */
export function offsetof<S extends StructFields>(
  type: StructType<S>,
  name: keyof S & string,
): number {
  return type.offsetof(name);
}

function checkedField(fields: StructFields, name: string): Type {
  if (/^(0|[1-9][0-9]*)$/.test(name)) {
    throw new TypeError(
      `Cannot name a field ${show(name)}: JavaScript does not keep the order ` +
        "of numbers",
    );
  }
  checkType(fields[name], `field "${name}"`);
  return fields[name];
}
