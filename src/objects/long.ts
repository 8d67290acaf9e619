/**
 * `int`: whole numbers of any size, in digits of 30 bits.
 *
 * ## Threads
 *   An int is written before anybody else knows of it, and then only read. A
 *   worker that stops in a maker leaks the object.
 *
 * Source: CPython 3.14 Objects/longobject.c.
 * Differs: repr() has no limit of 4,300 digits.
 *
 * @module
 */

import * as LongObject from "../layout/long_object.ts";
import * as StaticObjects from "../layout/static_objects.ts";
import { show } from "../errors.ts";
import type { Address } from "../memory/mod.ts";
import * as FreeLists from "./free_lists.ts";
import * as Hash from "./hash.ts";
import * as Kinds from "./kinds.ts";
import type { Objects } from "./objects.ts";

// Hot: constants of this module fold, imported ones are read.
const { LV_TAG, OB_DIGIT, SHIFT, SIGN_MASK, NON_SIZE_BITS } = LongObject;
const { NEGATIVE, POSITIVE } = LongObject;
const { INT_MIN, INT_MAX, INTS, INT_SIZE } = StaticObjects;
const { INT, BOOL } = Kinds;
const LIST = FreeLists.INTS;
const LIST_MAX = FreeLists.NUMBERS_MAX;
/** From a digit to the next one. */
const BASE = 2 ** SHIFT;
/** LV_TAG of one digit. */
const ONE_DIGIT = 1 << NON_SIZE_BITS;
/** Octal digits of a digit. Count. */
const OCTALS = SHIFT / 3;

/** An int with `ndigits` digits that are not written yet, or 0. */
function make(o: Objects, ndigits: number, sign: number): Address {
  const nbytes = (LongObject.SIZEOF + ndigits) * 4;
  const op = o.new(o.typeOfKind(INT), nbytes);
  if (op === 0) return 0;
  o.i32[o.fields(op) + LV_TAG] = (ndigits << NON_SIZE_BITS) | sign;
  return op;
}

/** An int of one digit that is not there from the start. */
function fromDigit(o: Objects, value: number): Address {
  let op = o.take(LIST);
  if (op === 0) {
    op = o.new(o.typeOfKind(INT), (LongObject.SIZEOF + 1) * 4);
    if (op === 0) return 0;
  }
  const at = o.fields(op);
  o.i32[at + LV_TAG] = ONE_DIGIT | (value < 0 ? NEGATIVE : POSITIVE);
  o.i32[at + OB_DIGIT] = value < 0 ? -value : value;
  return op;
}

/**
 * An int. C: `PyLong_FromLongLong()`, `PyLong_FromDouble()`.
 *
 * @param value Any whole number, above 2^53 as well.
 * @returns Byte address, or 0 if no memory is left.
 * @throws {TypeError} If `value` is no number.
 * @throws {RangeError} If `value` is not whole.
 */
export function fromNumber(o: Objects, value: number): Address {
  if ((value | 0) === value && value < BASE && value > -BASE) {
    if (value >= INT_MIN && value <= INT_MAX) {
      return o.statics + INTS + (value - INT_MIN) * INT_SIZE;
    }
    return fromDigit(o, value);
  }
  return fromWhole(o, value);
}

/** The same for what has more than one digit, or is no whole number. */
function fromWhole(o: Objects, value: number): Address {
  if (typeof value !== "number") {
    throw new TypeError(
      `Cannot make an int of ${show(value)}: it is no number`,
    );
  }
  if (!Number.isInteger(value)) {
    throw new RangeError(`Cannot make an int of ${value}: it is not whole`);
  }
  if (!Number.isSafeInteger(value)) return fromBigInt(o, BigInt(value));
  const op = make(o, 2, value < 0 ? NEGATIVE : POSITIVE);
  if (op === 0) return 0;
  const low = Math.abs(value) % BASE;
  const at = o.fields(op) + OB_DIGIT;
  o.i32[at] = low;
  o.i32[at + 1] = (Math.abs(value) - low) / BASE;
  return op;
}

/**
 * An int of any size. C: `_PyLong_FromByteArray()`.
 *
 * @returns Byte address, or 0 if no memory is left.
 * @throws {TypeError} If `value` is no bigint.
 */
export function fromBigInt(o: Objects, value: bigint): Address {
  if (typeof value !== "bigint") {
    throw new TypeError(
      `Cannot make an int of ${show(value)}: it is no bigint`,
    );
  }
  if (value < BASE && value > -BASE) return fromNumber(o, Number(value));
  // Text with a base that is a power of 2 is linear in the size.
  const text = (value < 0 ? -value : value).toString(8);
  const ndigits = Math.ceil(text.length / OCTALS);
  const op = make(o, ndigits, value < 0 ? NEGATIVE : POSITIVE);
  if (op === 0) return 0;
  const at = o.fields(op) + OB_DIGIT;
  for (let k = 0; k < ndigits; k++) {
    const end = text.length - k * OCTALS;
    o.i32[at + k] = parseInt(text.slice(Math.max(end - OCTALS, 0), end), 8);
  }
  return op;
}

/** Refuses what is neither an int nor a bool. Returns its first field. */
function requireInt(o: Objects, op: Address): number {
  if (o.kindOf(op) !== BOOL) o.requireKind(op, INT, "read as an int");
  return o.fields(op);
}

/** Digits of an int whose fields are there. Count. */
function digitsOf(o: Objects, at: number): number {
  return o.i32[at + LV_TAG] >>> NON_SIZE_BITS;
}

/** True if a double may not have the value exactly. */
export function isLarge(o: Objects, op: Address): boolean {
  return digitsOf(o, o.fields(op)) > 1;
}

/**
 * The value, or the double that is nearest to it, or an infinity.
 * C: `PyLong_AsDouble()`.
 *
 * @throws {TypeError} If it is no int or bool.
 */
export function toNumber(o: Objects, op: Address): number {
  const at = requireInt(o, op);
  const tag = o.i32[at + LV_TAG];
  const ndigits = tag >>> NON_SIZE_BITS;
  if (ndigits > 2) return Number(toBigInt(o, op));
  // The sum is rounded once, and so to the nearest double.
  const high = ndigits === 2 ? o.i32[at + OB_DIGIT + 1] * BASE : 0;
  return (1 - (tag & SIGN_MASK)) * (high + o.i32[at + OB_DIGIT]);
}

/**
 * The value. C: `PyLong_AsNativeBytes()`.
 *
 * @throws {TypeError} If it is no int or bool.
 */
export function toBigInt(o: Objects, op: Address): bigint {
  const at = requireInt(o, op);
  const parts: string[] = [];
  for (let k = digitsOf(o, at) - 1; k >= 0; k--) {
    parts.push(o.i32[at + OB_DIGIT + k].toString(8).padStart(OCTALS, "0"));
  }
  const text = parts.join("");
  const value = BigInt(text === "" ? 0 : `0o${text}`);
  return isNegative(o, at) ? -value : value;
}

function isNegative(o: Objects, at: number): boolean {
  return (o.i32[at + LV_TAG] & SIGN_MASK) === NEGATIVE;
}

/** Order of two ints. C: `long_compare()`. */
export function compare(o: Objects, a: Address, b: Address): number {
  const left = o.fields(a);
  const right = o.fields(b);
  const sign = 1 - (o.i32[left + LV_TAG] & SIGN_MASK);
  const other = 1 - (o.i32[right + LV_TAG] & SIGN_MASK);
  if (sign !== other) return sign - other;
  const ndigits = digitsOf(o, left);
  let result = ndigits - digitsOf(o, right);
  for (let k = ndigits - 1; k >= 0 && result === 0; k--) {
    result = o.i32[left + OB_DIGIT + k] - o.i32[right + OB_DIGIT + k];
  }
  return sign < 0 ? -result : result;
}

/** Hash, that of an equal number of another type. C: `long_hash()`. */
export function hash(o: Objects, op: Address): number {
  const at = o.fields(op);
  let sum = 0;
  for (let k = digitsOf(o, at) - 1; k >= 0; k--) {
    sum = Hash.addDigit(sum, o.i32[at + OB_DIGIT + k], SHIFT);
  }
  return Hash.valid(isNegative(o, at) ? -sum : sum);
}

/** Size. Bytes. C: `int.__sizeof__()`. */
export function sizeOf(o: Objects, op: Address): number {
  const ndigits = Math.max(digitsOf(o, o.fields(op)), 1);
  return (o.head + LongObject.SIZEOF + ndigits) * 4;
}

/** What Python prints. C: `long_to_decimal_string()`. */
export function repr(o: Objects, op: Address): string {
  return String(toBigInt(o, op));
}

/** Frees an int, or keeps it for the next one. C: `long_dealloc()`. */
export function dealloc(o: Objects, op: Address): void {
  const tag = o.i32[o.fields(op) + LV_TAG];
  if (tag >>> NON_SIZE_BITS === 1 && o.keep(LIST, LIST_MAX, op)) return;
  o.free(op);
}
