/**
 * `float`: doubles.
 *
 * ## Threads
 *   A float is written before anybody else knows of it, and then only read. A
 *   worker that stops in a maker leaks the object.
 *
 * Source: CPython 3.14 Objects/floatobject.c; Python/pystrtod.c for the text.
 *
 * @module
 */

import { show } from "../errors.ts";
import * as FloatObject from "../layout/float_object.ts";
import type { Address } from "../memory/mod.ts";
import * as FreeLists from "./free_lists.ts";
import * as Hash from "./hash.ts";
import * as Kinds from "./kinds.ts";
import * as Numbers from "./numbers.ts";
import type { Objects, Slots } from "./objects.ts";

// Hot: constants of this module fold, imported ones are read.
const { FLOAT } = Kinds;
const LIST = FreeLists.FLOATS;
const LIST_MAX = FreeLists.NUMBERS_MAX;
const NBYTES = FloatObject.SIZEOF * 4;

/**
 * A float. C: `PyFloat_FromDouble()`.
 *
 * @returns Byte address, or 0 if no memory is left.
 * @throws {TypeError} If `value` is no number.
 */
export function fromNumber(o: Objects, value: number): Address {
  if (typeof value !== "number") {
    throw new TypeError(
      `Cannot make a float of ${show(value)}: it is no number`,
    );
  }
  let op = o.take(LIST);
  if (op === 0) {
    op = o.new(o.typeOfKind(FLOAT), NBYTES);
    if (op === 0) return 0;
  }
  o.f64[o.fields(op) >>> 1] = value;
  return op;
}

/**
 * The value. C: `PyFloat_AS_DOUBLE()`.
 *
 * @throws {TypeError} If it is no float.
 */
export function toNumber(o: Objects, op: Address): number {
  o.requireKind(op, FLOAT, "read as a float");
  return o.f64[o.fields(op) >>> 1];
}

/** Functions of the type. */
export const SLOTS: Slots = {
  dealloc(o, op) {
    if (!o.keep(LIST, LIST_MAX, op)) o.free(op);
  },
  sizeOf: (o) => o.head * 4 + NBYTES,
  hash: (o, op) => Hash.ofDouble(op, toNumber(o, op)),
  equals: Numbers.equals,
  compare: Numbers.compare,
  repr: (o, op) => Numbers.text(toNumber(o, op), ".0"),
};
