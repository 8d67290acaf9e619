/**
 * `longobject.h`: ints.
 *
 * What are integers of different sizes in C are here numbers of JavaScript, as
 * far as these are exact, and bigints beyond:
 *
 * ```text
 *   C                              here      from … to
 *   ────────────────────────────   ───────   ─────────────────
 *   int                            number    ±2^31
 *   long, Py_ssize_t               number    ±(2^53 − 1)
 *   unsigned long, size_t          number    0 … 2^53 − 1
 *   long long                      bigint    ±2^63
 *   unsigned long long             bigint    0 … 2^64 − 1
 * ```
 *
 * @example An int and back
 * ```ts
 * import assert from "node:assert/strict";
 * import {
 *   Py_DECREF,
 *   Py_FinalizeEx,
 *   Py_Initialize,
 *   PyErr_Occurred,
 *   PyExc_OverflowError,
 *   PyLong_AsInt,
 *   PyLong_AsLong,
 *   PyLong_FromLong,
 * } from "@obmalloc/obmalloc/capi";
 *
 * Py_Initialize({ maxBytes: 16 * 1024 * 1024 });
 * const op = PyLong_FromLong(2 ** 40);
 * assert.equal(PyLong_AsLong(op), 2 ** 40);
 * assert.equal(PyLong_AsInt(op), -1);
 * assert.equal(PyErr_Occurred(), PyExc_OverflowError);
 * Py_DECREF(op);
 * Py_FinalizeEx();
 * ```
 *
 * ## Threads
 *   As `objects/long.ts`.
 *
 * Source: CPython 3.14 Include/longobject.h; Objects/longobject.c.
 * Differs: `long` has 54 bits; a number that is not whole throws.
 *
 * @module
 */

import { show } from "../errors.ts";
import { Kinds, Long, type Objects } from "../objects/mod.ts";
import { OverflowError, ValueError } from "./exceptions.ts";
import {
  isKind,
  objects,
  type PyObject,
  type PyTypeObject,
  requireObject,
  typeName,
} from "./objects.ts";
import { fail, orNoMemory, raise } from "./raise.ts";

const INT_MAX = 2 ** 31 - 1;
const LONG_MAX = Number.MAX_SAFE_INTEGER;

/** The type `int`. C: `PyLong_Type`. */
export function PyLong_Type(): PyTypeObject {
  return objects().typeOfKind(Kinds.INT);
}

/**
 * Whether an object is an int; a bool is one, too.
 *
 * C: `PyLong_Check()`, Include/longobject.h.
 *
 * @param op Object.
 * @returns 1 if it is, else 0.
 * @throws {PointerError} If it is no object.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PyLong_Check(op: PyObject): 0 | 1 {
  const isBool = isKind(op, Kinds.BOOL, "look at");
  return isBool || isKind(op, Kinds.INT, "look at") ? 1 : 0;
}

/** Whether an object is an int and no bool. C: `PyLong_CheckExact()`. */
export function PyLong_CheckExact(op: PyObject): 0 | 1 {
  return isKind(op, Kinds.INT, "look at") ? 1 : 0;
}

/** Refuses what C could not be given for an integer type. */
function requireInteger(value: unknown, min: number, max: number): void {
  const isThere = typeof value === "number" && Number.isInteger(value) &&
    value >= min && value <= max;
  if (isThere) return;
  const text = typeof value === "number" ? String(value) : show(value);
  throw new TypeError(
    `Cannot make an int of ${text}: it must be an integer from ${min} ` +
      `to ${max}`,
  );
}

/**
 * A new int.
 *
 * C: `PyLong_FromLong()`, Objects/longobject.c.
 *
 * @param value From −(2^53 − 1) to 2^53 − 1.
 * @returns Byte address; or 0 with a MemoryError set.
 * @throws {TypeError} If it is no integer, or beyond.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PyLong_FromLong(value: number): PyObject {
  requireInteger(value, -LONG_MAX, LONG_MAX);
  return orNoMemory(Long.fromNumber(objects(), value));
}

/** The same as {@linkcode PyLong_FromLong}. C: `PyLong_FromSsize_t()`. */
export const PyLong_FromSsize_t: typeof PyLong_FromLong = PyLong_FromLong;

/** {@linkcode PyLong_FromLong} from 0 on. C: `PyLong_FromUnsignedLong()`. */
export function PyLong_FromUnsignedLong(value: number): PyObject {
  requireInteger(value, 0, LONG_MAX);
  return orNoMemory(Long.fromNumber(objects(), value));
}

/** The same as {@linkcode PyLong_FromUnsignedLong}. C: `PyLong_FromSize_t()`. */
export const PyLong_FromSize_t: typeof PyLong_FromUnsignedLong =
  PyLong_FromUnsignedLong;

/**
 * A new int.
 *
 * C: `PyLong_FromLongLong()`, Objects/longobject.c.
 *
 * @param value From −2^63 to 2^63 − 1.
 * @returns Byte address; or 0 with a MemoryError set.
 * @throws {TypeError} If it is no bigint, or beyond.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PyLong_FromLongLong(value: bigint): PyObject {
  return fromBigInt(value, BigInt.asIntN(64, asBigInt(value)));
}

/** The same from 0 to 2^64 − 1. C: `PyLong_FromUnsignedLongLong()`. */
export function PyLong_FromUnsignedLongLong(value: bigint): PyObject {
  return fromBigInt(value, BigInt.asUintN(64, asBigInt(value)));
}

/** The value; anything but a bigint is 0n here and refused later. */
function asBigInt(value: unknown): bigint {
  return typeof value === "bigint" ? value : 0n;
}

function fromBigInt(value: bigint, inRange: bigint): PyObject {
  if (value === inRange) return orNoMemory(Long.fromBigInt(objects(), value));
  throw new TypeError(
    `Cannot make an int of ${show(value)}: it must be a bigint of 64 bits`,
  );
}

/**
 * A new int: the double without its fraction.
 *
 * C: `PyLong_FromDouble()`, Objects/longobject.c.
 *
 * @param value Number.
 * @returns Byte address; or 0 with an exception set: a MemoryError, an
 * OverflowError for an infinity, a ValueError for NaN.
 * @throws {TypeError} If it is no number.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PyLong_FromDouble(value: number): PyObject {
  const o = objects();
  if (Math.abs(value) === Infinity) {
    return raise(OverflowError, "cannot convert float infinity to integer"); // verbatim
  }
  if (Number.isNaN(value)) {
    return raise(ValueError, "cannot convert float NaN to integer"); // verbatim
  }
  // Math.trunc() would make a number of a text.
  const whole = typeof value === "number" ? Math.trunc(value) : value;
  return orNoMemory(Long.fromNumber(o, whole));
}

/** Digits of a number in a base, between single underscores. */
function digitsOf(base: number): RegExp {
  const letters = base > 10 ? `a-${(base - 1).toString(36)}` : "";
  const digit = `[0-${Math.min(base - 1, 9)}${letters}]`;
  return new RegExp(`^${digit}(_?${digit})*$`, "i");
}

/** Bases that a prefix names. */
const PREFIXES: Readonly<Record<string, number>> = { b: 2, o: 8, x: 16 };

/** The value of a text without sign, or null. */
function parse(text: string, base: number): bigint | null {
  const prefix = /^0([box])_?/i.exec(text);
  const named = prefix === null ? 0 : PREFIXES[prefix[1].toLowerCase()];
  const isNamed = named !== 0 && (base === 0 || base === named);
  const digits = isNamed ? text.slice(prefix![0].length) : text;
  if (base === 0 && !isNamed && /^0[0_]*[1-9]/.test(digits)) return null;
  const real = isNamed ? named : base || 10;
  if (!digitsOf(real).test(digits)) return null;
  const plain = digits.replaceAll("_", "");
  // These the engine reads in much less than quadratic time.
  if (real === 10) return BigInt(plain);
  const letter = Object.keys(PREFIXES).find((key) => PREFIXES[key] === real);
  if (letter !== undefined) return BigInt(`0${letter}${plain}`);
  let value = 0n;
  for (const digit of plain) {
    value = value * BigInt(real) + BigInt(parseInt(digit, real));
  }
  return value;
}

/**
 * The int that a text means, as `int(text, base)` does.
 *
 * C: `PyLong_FromString()`, Objects/longobject.c.
 *
 * @param str Text, with spaces around it if you like.
 * @param _pend NULL; no part of a text is taken for the whole.
 * @param base From 2 to 36, or 0 for the one that its prefix says.
 * @returns Byte address; or 0 with an exception set: a MemoryError or a
 * ValueError.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PyLong_FromString(
  str: string,
  _pend: null,
  base: number,
): PyObject {
  const o = objects();
  if (base !== 0 && !(Number.isInteger(base) && base >= 2 && base <= 36)) {
    return raise(ValueError, "int() arg 2 must be >= 2 and <= 36"); // verbatim
  }
  const [, sign, rest] = /^\s*([-+]?)(.*?)\s*$/s.exec(str)!;
  const value = parse(rest, base);
  if (value !== null) {
    return orNoMemory(Long.fromBigInt(o, sign === "-" ? -value : value));
  }
  return raise(
    ValueError,
    `invalid literal for int() with base ${base}: '${str}'`, // verbatim
  );
}

/** Whether an object has the value of an int; or false with a TypeError set. */
function hasValue(
  o: Objects,
  op: PyObject,
  message: (name: string) => string,
): boolean {
  requireObject(o, op, "convert");
  const kind = o.kindOf(op);
  if (kind === Kinds.INT || kind === Kinds.BOOL) return true;
  raise(TypeError, message(typeName(o, op)));
  return false;
}

/** What ints of C are converted from. */
function noIndex(name: string): string {
  return `'${name}' object cannot be interpreted as an integer`; // verbatim
}

function noInteger(): string {
  return "an integer is required"; // verbatim
}

/** A number of C in place of an int; or -1 with an exception set. */
function toC(
  op: PyObject,
  type: string,
  max: number,
  message = noIndex,
): number {
  const o = objects();
  if (!hasValue(o, op, message)) return -1;
  const value = Long.toNumber(o, op);
  if (value <= max && value >= (max === INT_MAX ? -max - 1 : -max)) {
    return value;
  }
  return fail(OverflowError, `Python int too large to convert to C ${type}`); // verbatim
}

/**
 * The value of an int.
 *
 * C: `PyLong_AsLong()`, Objects/longobject.c.
 *
 * @param op Object.
 * @returns The value; or -1 with an exception set: an OverflowError beyond
 * ±(2^53 − 1), a TypeError if it is no int.
 * @throws {PointerError} If it is no object.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PyLong_AsLong(op: PyObject): number {
  return toC(op, "long", LONG_MAX);
}

/** {@linkcode PyLong_AsLong} for 32 bits. C: `PyLong_AsInt()`. */
export function PyLong_AsInt(op: PyObject): number {
  return toC(op, "int", INT_MAX);
}

/** {@linkcode PyLong_AsLong} for sizes. C: `PyLong_AsSsize_t()`. */
export function PyLong_AsSsize_t(op: PyObject): number {
  return toC(op, "ssize_t", LONG_MAX, noInteger);
}

/** The same for what is not below 0. */
function toUnsigned(op: PyObject, type: string, shown: string): number {
  const o = objects();
  if (!hasValue(o, op, noInteger)) return -1;
  const value = Long.toNumber(o, op);
  if (value < 0) {
    return fail(OverflowError, `can't convert negative value to ${shown}`); // verbatim
  }
  if (value <= LONG_MAX) return value;
  return fail(OverflowError, `Python int too large to convert to C ${type}`); // verbatim
}

/** {@linkcode PyLong_AsLong} from 0 on. C: `PyLong_AsUnsignedLong()`. */
export function PyLong_AsUnsignedLong(op: PyObject): number {
  return toUnsigned(op, "unsigned long", "unsigned int");
}

/** {@linkcode PyLong_AsSsize_t} from 0 on. C: `PyLong_AsSize_t()`. */
export function PyLong_AsSize_t(op: PyObject): number {
  return toUnsigned(op, "size_t", "size_t");
}

/**
 * The value of an int.
 *
 * C: `PyLong_AsLongLong()`, Objects/longobject.c.
 *
 * @param op Object.
 * @returns The value; or -1n with an exception set: an OverflowError beyond 64
 * bits, a TypeError if it is no int.
 * @throws {PointerError} If it is no object.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PyLong_AsLongLong(op: PyObject): bigint {
  const o = objects();
  if (!hasValue(o, op, noIndex)) return -1n;
  const value = Long.toBigInt(o, op);
  if (BigInt.asIntN(64, value) === value) return value;
  fail(OverflowError, "int too big to convert"); // verbatim
  return -1n;
}

/** The same from 0 to 2^64 − 1. C: `PyLong_AsUnsignedLongLong()`. */
export function PyLong_AsUnsignedLongLong(op: PyObject): bigint {
  const o = objects();
  if (!hasValue(o, op, noInteger)) return -1n;
  const value = Long.toBigInt(o, op);
  if (BigInt.asUintN(64, value) === value) return value;
  const text = value < 0n
    ? "can't convert negative int to unsigned" // verbatim
    : "int too big to convert"; // verbatim
  fail(OverflowError, text);
  return -1n;
}

/**
 * The double that is nearest to an int.
 *
 * C: `PyLong_AsDouble()`, Objects/longobject.c.
 *
 * @param op Object.
 * @returns The value; or -1 with an exception set: an OverflowError if there is
 * none, a TypeError if it is no int.
 * @throws {PointerError} If it is no object.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PyLong_AsDouble(op: PyObject): number {
  const o = objects();
  if (!hasValue(o, op, noInteger)) return -1;
  const value = Long.toNumber(o, op);
  if (Math.abs(value) !== Infinity) return value;
  return fail(OverflowError, "int too large to convert to float"); // verbatim
}

/** Sign of an int; or NaN with a TypeError set. */
function signOf(op: PyObject): number {
  const o = objects();
  const message = (name: string) => `expect int, got ${name}`; // verbatim
  return hasValue(o, op, message) ? Math.sign(Long.toNumber(o, op)) : NaN;
}

/** Whether an int is 0: 1 or 0, -1 with a TypeError set. C: `PyLong_IsZero()`. */
export function PyLong_IsZero(op: PyObject): 0 | 1 | -1 {
  const sign = signOf(op);
  if (Number.isNaN(sign)) return -1;
  return sign === 0 ? 1 : 0;
}

/** Whether it is above 0, as {@linkcode PyLong_IsZero}. C: `PyLong_IsPositive()`. */
export function PyLong_IsPositive(op: PyObject): 0 | 1 | -1 {
  const sign = signOf(op);
  if (Number.isNaN(sign)) return -1;
  return sign > 0 ? 1 : 0;
}

/** Whether it is below 0, as {@linkcode PyLong_IsZero}. C: `PyLong_IsNegative()`. */
export function PyLong_IsNegative(op: PyObject): 0 | 1 | -1 {
  const sign = signOf(op);
  if (Number.isNaN(sign)) return -1;
  return sign < 0 ? 1 : 0;
}
