/**
 * What every type descriptor can do.
 *
 * A descriptor says how large a value is and how it is aligned, as C's
 * `sizeof` and `_Alignof` do for a target with 4-byte pointers and 8-byte
 * alignment of 64-bit values. It holds no memory and knows no heap; `view()`
 * joins it with one and gives accessors.
 *
 * ## Invariants
 *   T1  size is a multiple of align; align is 1, 2, 4 or 8
 *
 * @module
 */

import { PointerError, show } from "../errors.ts";
import { createGuardedViews, type HeapBuffer, type Views } from "./views.ts";

/**
 * Descriptor of a type.
 *
 * @typeParam A Accessor of one value.
 * @typeParam V The value as JavaScript has it.
 * @typeParam I Accessor of an array of them.
 */
export interface Type<A = unknown, V = unknown, I = unknown> {
  /** The type as messages print it. */
  readonly name: string;
  /** Size of a value, padding included. Bytes. C: `sizeof`. */
  readonly size: number;
  /** Alignment. Bytes. C: `_Alignof`. */
  readonly align: number;
  /** Accessor of the values of this type in a heap. Make it once, keep it. */
  view(heap: HeapBuffer): A;
  /** Address of item `i` of an array at `p`. C: `&p[i]`. */
  item(p: number, i: number): number;
  /** The value at `p` as JavaScript has it, a copy. For cold code. */
  read(heap: HeapBuffer, p: number): V;
  /** Writes a value at `p`. For cold code. */
  write(heap: HeapBuffer, p: number, value: V): void;
  /** Accessor at a distance of `offset` bytes from the address. */
  bind(views: Views, offset: number): A;
  /** Accessor of an array of this type at such a distance. */
  bindItems(views: Views, offset: number, length: number): I;
  /** The value that the accessor finds at `p`. */
  load(accessor: A, p: number): V;
  /** Writes what the accessor is for at `p`. */
  store(accessor: A, p: number, value: V): void;
}

/** Accessor of a type. */
export type AccessorOf<T> = T extends { view(heap: HeapBuffer): infer A } ? A
  : never;
/** Value of a type, as JavaScript has it. */
export type ValueOf<T> = T extends {
  read(heap: HeapBuffer, p: number): infer V;
} ? V
  : never;
/** Accessor of an array of a type. */
export type ItemsOf<T> = T extends {
  bindItems(views: Views, offset: number, length: number): infer I;
} ? I
  : never;

/** Size of a value of the type, padding included. Bytes. C: `sizeof`. */
export function sizeof(type: Type): number {
  return type.size;
}

/** Alignment of the type. Bytes. C: `_Alignof`. */
export function alignof(type: Type): number {
  return type.align;
}

/** Largest struct or array. Bytes. */
export const SIZE_MAX = 2147483640;

/** The next multiple of an alignment. Bytes. */
export function roundUp(n: number, align: number): number {
  return Math.ceil(n / align) * align;
}

/** Throws unless the value is a descriptor. `role` says whose. */
export function checkType(type: unknown, role: string): void {
  if (
    typeof type === "object" && type !== null && "size" in type &&
    "bindItems" in type
  ) return;
  throw new TypeError(`Cannot use ${show(type)} as the type of ${role}`);
}

/** What all descriptors share. */
export abstract class BaseType<A, V> {
  /** See {@linkcode Type}. */
  abstract readonly name: string;
  /** See {@linkcode Type}. */
  abstract readonly size: number;
  /** See {@linkcode Type}. */
  abstract readonly align: number;
  /** See {@linkcode Type}. */
  abstract bind(views: Views, offset: number): A;
  /** See {@linkcode Type}. */
  abstract load(accessor: A, p: number): V;
  /** See {@linkcode Type}. */
  abstract store(accessor: A, p: number, value: V): void;

  /** See {@linkcode Type}. */
  view(heap: HeapBuffer): A {
    return this.bind(createGuardedViews(heap.buffer), 0);
  }

  /** See {@linkcode Type}. */
  item(p: number, i: number): number {
    return p + i * this.size;
  }

  /** See {@linkcode Type}. */
  read(heap: HeapBuffer, p: number): V {
    return this.load(this.view(heap), this.checked(p));
  }

  /** See {@linkcode Type}. */
  write(heap: HeapBuffer, p: number, value: V): void {
    this.store(this.view(heap), this.checked(p), value);
  }

  /** The address, if it is aligned for the type. */
  private checked(p: number): number {
    if (p % this.align === 0) return p;
    throw new PointerError(
      `Cannot access a ${this.name} at address ${show(p)}: ` +
        `not a multiple of ${this.align}`,
    );
  }
}
