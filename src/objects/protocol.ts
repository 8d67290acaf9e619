/**
 * What can be done with any object: hash, equality, order, repr.
 *
 * ## Threads
 *   As the functions of the types. The caller has a reference to each object.
 *
 * Source: CPython 3.14 Objects/object.c: PyObject_Hash(),
 * PyObject_RichCompare(), PyObject_RichCompareBool(), PyObject_Repr().
 *
 * @module
 */

import { show } from "../errors.ts";
import * as TypeObject from "../layout/type_object.ts";
import type { Address } from "../memory/mod.ts";
import type { Objects } from "./objects.ts";

/**
 * Hash of an object. C: `PyObject_Hash()`.
 *
 * @returns A 32-bit integer, never -1.
 * @throws {TypeError} If its type cannot be hashed.
 * @throws {RangeError} If it is nested too deep.
 */
export function hash(o: Objects, op: Address): number {
  const found = o.slotsOf(op)?.hash;
  if (found !== undefined) return found(o, op);
  throw new TypeError(
    `Cannot hash ${show(op)}: ${o.describe(op)}, which has no hash`,
  );
}

/** `op == other`. C: `PyObject_RichCompare()` with Py_EQ. */
export function equals(o: Objects, op: Address, other: Address): boolean {
  const found = o.slotsOf(op)?.equals;
  return found === undefined ? op === other : found(o, op, other);
}

/**
 * Whether containers take one object for the other: it is the same, or equal.
 * C: `PyObject_RichCompareBool()` with Py_EQ.
 */
export function isSame(o: Objects, op: Address, other: Address): boolean {
  return op === other || equals(o, op, other);
}

/**
 * Order of two objects.
 *
 * @returns Below 0 if `op < other`, 0, above 0, or NaN where neither is less.
 * @throws {TypeError} If they have no order.
 */
export function compare(o: Objects, op: Address, other: Address): number {
  const found = o.slotsOf(op)?.compare;
  return found === undefined ? refuseOrder(o, op, other) : found(o, op, other);
}

/** Throws because two objects have no order. */
export function refuseOrder(o: Objects, op: Address, other: Address): never {
  const left = o.nameOf(o.typeOf(op));
  const right = o.nameOf(o.typeOf(other));
  throw new TypeError(
    `Cannot compare a '${left}' with a '${right}': they have no order`,
  );
}

/** What Python prints for an object. C: `PyObject_Repr()`. */
export function repr(o: Objects, op: Address): string {
  const slots = o.slotsOf(op);
  if (slots !== undefined) return slots.repr(o, op);
  return `<${o.nameOf(o.typeOf(op))} object at ${show(op)}>`;
}

/**
 * Size of an object without the collector's head. Bytes. Python:
 * `__sizeof__()`.
 */
export function sizeOf(o: Objects, op: Address): number {
  const slots = o.slotsOf(op);
  if (slots !== undefined) return slots.sizeOf(o, op);
  return o.i32[o.fields(o.typeOf(op)) + TypeObject.TP_BASICSIZE];
}

/** Refuses an index that an object of so many items does not have. */
export function requireIndex(
  index: number,
  length: number,
  what: string,
): void {
  if (index >>> 0 === index && index < length) return;
  throw new RangeError(
    `Cannot get item ${index} of a ${what}: its length is ${length}`,
  );
}
