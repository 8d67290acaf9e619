/**
 * `complex`: pairs of doubles.
 *
 * ## Threads
 *   A complex number is written before anybody else knows of it, and then only
 *   read. A worker that stops in a maker leaks the object.
 *
 * Source: CPython 3.14 Objects/complexobject.c.
 *
 * @module
 */

import { show } from "../errors.ts";
import * as ComplexObject from "../layout/complex_object.ts";
import type { Address } from "../memory/mod.ts";
import * as FreeLists from "./free_lists.ts";
import * as Hash from "./hash.ts";
import * as Kinds from "./kinds.ts";
import * as Numbers from "./numbers.ts";
import type { Objects, Slots } from "./objects.ts";

const NBYTES = ComplexObject.SIZEOF * 4;

/**
 * A complex number. C: `PyComplex_FromDoubles()`.
 *
 * @returns Byte address, or 0 if no memory is left.
 * @throws {TypeError} If a part is no number.
 */
export function fromNumbers(o: Objects, real: number, imag: number): Address {
  if (typeof real !== "number" || typeof imag !== "number") {
    throw new TypeError(
      `Cannot make a complex number of ${show(real)} and ${show(imag)}: ` +
        "both must be numbers",
    );
  }
  let op = o.take(FreeLists.COMPLEXES);
  if (op === 0) {
    op = o.new(o.typeOfKind(Kinds.COMPLEX), NBYTES);
    if (op === 0) return 0;
  }
  const at = o.fields(op);
  o.f64[(at + ComplexObject.REAL) >>> 1] = real;
  o.f64[(at + ComplexObject.IMAG) >>> 1] = imag;
  return op;
}

/**
 * Real part. C: `PyComplex_RealAsDouble()`.
 *
 * @throws {TypeError} If it is no complex number.
 */
export function real(o: Objects, op: Address): number {
  o.requireKind(op, Kinds.COMPLEX, "read as a complex number");
  return o.f64[(o.fields(op) + ComplexObject.REAL) >>> 1];
}

/**
 * Imaginary part. C: `PyComplex_ImagAsDouble()`.
 *
 * @throws {TypeError} If it is no complex number.
 */
export function imag(o: Objects, op: Address): number {
  o.requireKind(op, Kinds.COMPLEX, "read as a complex number");
  return o.f64[(o.fields(op) + ComplexObject.IMAG) >>> 1];
}

/** What Python prints. C: `complex_repr()`. */
function repr(o: Objects, op: Address): string {
  const first = real(o, op);
  const second = Numbers.text(imag(o, op), "");
  if (Object.is(first, 0)) return `${second}j`;
  const sign = /^[-+]/.test(second) ? "" : "+";
  return `(${Numbers.text(first, "")}${sign}${second}j)`;
}

/** Functions of the type. */
export const SLOTS: Slots = {
  dealloc(o, op) {
    if (o.keep(FreeLists.COMPLEXES, FreeLists.NUMBERS_MAX, op)) return;
    o.free(op);
  },
  sizeOf: (o) => o.head * 4 + NBYTES,
  hash: (o, op) => Hash.ofComplex(op, real(o, op), imag(o, op)),
  equals: Numbers.equals,
  repr,
};
