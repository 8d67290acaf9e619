/**
 * What the numbers have in common: 1 == 1.0 == True == 1+0j, and how a double
 * is printed.
 *
 * ## Threads
 *   Only reads objects that nobody writes any more.
 *
 * Source: CPython 3.14 Objects/floatobject.c: float_richcompare();
 * Objects/complexobject.c: complex_richcompare(); Python/pystrtod.c:
 * format_float_short().
 *
 * @module
 */

import * as ComplexObject from "../layout/complex_object.ts";
import type { Address } from "../memory/mod.ts";
import * as Kinds from "./kinds.ts";
import * as Long from "./long.ts";
import type { Objects } from "./objects.ts";
import * as Protocol from "./protocol.ts";

const { BOOL, INT, FLOAT, COMPLEX } = Kinds;
/** From this power of 10 on a double is printed with an exponent. */
const EXPONENT_MAX = 16;
/** Below this one, too. */
const EXPONENT_MIN = -4;

function isNumber(kind: number): boolean {
  return kind === BOOL || kind === INT || kind === FLOAT || kind === COMPLEX;
}

/** Real part of a number, exactly. */
function realOf(o: Objects, op: Address, kind: number): number | bigint {
  // The real part of a complex number stands where the value of a float does.
  if (kind === FLOAT || kind === COMPLEX) return o.f64[o.fields(op) >>> 1];
  return Long.isLarge(o, op) ? Long.toBigInt(o, op) : Long.toNumber(o, op);
}

function imagOf(o: Objects, op: Address, kind: number): number {
  if (kind !== COMPLEX) return 0;
  return o.f64[(o.fields(op) + ComplexObject.IMAG) >>> 1];
}

/** Order of two real numbers; NaN if one of them is. Exact. */
function order(a: number | bigint, b: number | bigint): number {
  if (a < b) return -1;
  if (a > b) return 1;
  return a >= b ? 0 : NaN;
}

/** Order of two real parts. */
function orderOf(
  o: Objects,
  a: Address,
  kindA: number,
  b: Address,
  kindB: number,
): number {
  const areInts = kindA <= INT && kindB <= INT;
  if (areInts) return Long.compare(o, a, b);
  return order(realOf(o, a, kindA), realOf(o, b, kindB));
}

/** True if an object is a number and equals another one. */
export function equals(o: Objects, op: Address, other: Address): boolean {
  const kind = o.kindOf(op);
  const otherKind = o.kindOf(other);
  if (!isNumber(otherKind)) return false;
  return imagOf(o, op, kind) === imagOf(o, other, otherKind) &&
    orderOf(o, op, kind, other, otherKind) === 0;
}

/**
 * Order of two numbers.
 *
 * @returns Below 0, 0, above 0, or NaN if one of them is NaN.
 * @throws {TypeError} If the other one is no number, or complex.
 */
export function compare(o: Objects, op: Address, other: Address): number {
  const kind = o.kindOf(op);
  const otherKind = o.kindOf(other);
  if (!isNumber(otherKind) || otherKind === COMPLEX) {
    Protocol.refuseOrder(o, op, other);
  }
  return orderOf(o, op, kind, other, otherKind);
}

/**
 * A double as Python prints it: the shortest text that reads back as it.
 *
 * @param suffix What marks a whole number as a float: `".0"` or nothing.
 */
export function text(value: number, suffix: string): string {
  const sign = value < 0 || Object.is(value, -0) ? "-" : "";
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return `${sign}inf`;
  const [mantissa, power] = Math.abs(value).toExponential().split("e");
  const digits = mantissa.replace(".", "");
  return sign + place(digits, Number(power), suffix);
}

/** Puts the point, or the exponent, where they belong. */
function place(digits: string, power: number, suffix: string): string {
  if (power < EXPONENT_MIN || power >= EXPONENT_MAX) {
    const rest = digits.length > 1 ? `.${digits.slice(1)}` : "";
    const width = String(Math.abs(power)).padStart(2, "0");
    return `${digits[0]}${rest}e${power < 0 ? "-" : "+"}${width}`;
  }
  if (power < 0) return `0.${"0".repeat(-power - 1)}${digits}`;
  const whole = power + 1;
  if (digits.length <= whole) return digits.padEnd(whole, "0") + suffix;
  return `${digits.slice(0, whole)}.${digits.slice(whole)}`;
}
