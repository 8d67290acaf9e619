/**
 * `array`: a fixed number of items, one after the other.
 *
 * ```text
 *   array(u16, 3)        size 6, align 2
 *
 *   0      2      4      6
 *   ┌──────┬──────┬──────┐
 *   │ [0]  │ [1]  │ [2]  │
 *   └──────┴──────┴──────┘
 * ```
 *
 * The accessor of an array of scalars is that of the scalar: `getItem(p, i)`.
 * Of an array of structs or arrays it is an {@linkcode ArrayOf}.
 *
 * ## Invariants
 *   A1  size == length · size of the item; align == align of the item
 *
 * @module
 */

import { show } from "../errors.ts";
import {
  type AccessorOf,
  BaseType,
  checkType,
  type ItemsOf,
  SIZE_MAX,
  type Type,
  type ValueOf,
} from "./type.ts";
import type { Views } from "./views.ts";

/** Accessor of an array whose items are structs or arrays. */
export class ArrayOf<A> {
  /** Accessor of the item at an address that {@linkcode item} gave. */
  readonly of: A;
  /** Items. Count. */
  readonly length: number;
  /** Size of an item. Bytes. */
  readonly stride: number;

  /** Accessor of `length` items; `of` knows how far away the first is. */
  constructor(of: A, stride: number, length: number) {
    this.of = of;
    this.stride = stride;
    this.length = length;
  }

  /**
   * What to give to the accessors of `of`, so that they reach item `i` of the
   * array in the block at `p`. Byte address.
   *
   * @throws {RangeError} If there is no item `i`.
   */
  item(p: number, i: number): number {
    if (i >>> 0 !== i || i >= this.length) rejectIndex(i, this.length);
    return p + i * this.stride;
  }
}

/** Descriptor of an array. */
export class ArrayType<T extends Type>
  extends BaseType<ItemsOf<T>, ValueOf<T>[]>
  implements Type<ItemsOf<T>, ValueOf<T>[], ArrayOf<ItemsOf<T>>> {
  /** See {@linkcode Type}. */
  readonly name: string;
  /** See {@linkcode Type}. */
  readonly size: number;
  /** See {@linkcode Type}. */
  readonly align: number;
  /** Descriptor of an item. */
  readonly of: T;
  /** Items. Count. */
  readonly length: number;

  /** See {@linkcode array}. */
  constructor(of: T, length: number) {
    super();
    this.name = `${of.name}[${length}]`;
    this.size = of.size * length;
    this.align = of.align;
    this.of = of;
    this.length = length;
  }

  /**
   * Address of item `i` of the array at `p`.
   *
   * @throws {RangeError} If there is no item `i`.
   */
  override item(p: number, i: number): number {
    if (i >>> 0 !== i || i >= this.length) rejectIndex(i, this.length);
    return p + i * this.of.size;
  }

  /** See {@linkcode Type}. */
  bind(views: Views, offset: number): ItemsOf<T> {
    return this.of.bindItems(views, offset, this.length) as ItemsOf<T>;
  }

  /** See {@linkcode Type}. */
  bindItems(
    views: Views,
    offset: number,
    length: number,
  ): ArrayOf<ItemsOf<T>> {
    return new ArrayOf(this.bind(views, offset), this.size, length);
  }

  /** See {@linkcode Type}. */
  load(accessor: ItemsOf<T>, p: number): ValueOf<T>[] {
    const single = this.single(accessor);
    return Array.from(
      { length: this.length },
      (_, i) => this.of.load(single, this.item(p, i)) as ValueOf<T>,
    );
  }

  /** See {@linkcode Type}. */
  store(accessor: ItemsOf<T>, p: number, value: ValueOf<T>[]): void {
    if (value.length !== this.length) {
      throw new RangeError(
        `Cannot store ${value.length} items in an array of ${this.length}`,
      );
    }
    const single = this.single(accessor);
    for (let i = 0; i < this.length; i++) {
      this.of.store(single, this.item(p, i), value[i]);
    }
  }

  /** Accessor of one item: what an ArrayOf holds, or the scalar's own. */
  private single(accessor: ItemsOf<T>): AccessorOf<T> {
    return (accessor instanceof ArrayOf ? accessor.of : accessor) as AccessorOf<
      T
    >;
  }
}

/**
 * Describes an array: `array(u16, 3)`.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { array, createHeap, f64, struct } from "@obmalloc/obmalloc";
 *
 * const Points = array(struct({ x: f64, y: f64 }), 10);
 * using heap = createHeap({ maxBytes: 16 * 1024 * 1024 });
 * const points = Points.view(heap);
 * const p = heap.mem.malloc(Points.size);
 * points.of.y.set(points.item(p, 9), 2.5);
 * assert.deepEqual(Points.read(heap, p)[9].y, 2.5);
 * heap.mem.free(p);
 * ```
 *
 * @param of Descriptor of an item.
 * @param length Items. Count, at least 1.
 * @throws {RangeError} If the length is no count or the array exceeds
 *   {@linkcode SIZE_MAX} bytes.
 */
export function array<T extends Type>(of: T, length: number): ArrayType<T> {
  checkType(of, "an item");
  if (
    !Number.isInteger(length) || length < 1 || length * of.size > SIZE_MAX
  ) {
    throw new RangeError(
      `Cannot lay out an array of ${show(length)} items of ${of.name}`,
    );
  }
  return new ArrayType(of, length);
}

function rejectIndex(i: number, length: number): never {
  throw new RangeError(
    `Cannot take item ${String(i)} of an array of ${length}`,
  );
}
