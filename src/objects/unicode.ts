/**
 * `str`: code points, in the smallest of 1, 2 and 4 bytes that fits all.
 *
 * Surrogates that are no pair are characters, as in Python. The empty string
 * and those of one character below 256 are there from the start.
 *
 * ## Threads
 *   A str is written before anybody else knows of it, and then only read, but
 *   for its hash, see `unicode_data.ts`. Interning sets bits of STATE under the
 *   GIL, or before anybody else knows of the string; always before the string
 *   is in the table, so that no string of the table can die without leaving it.
 *   A worker that stops in a maker or in `intern()` leaks the object.
 *
 * Source: CPython 3.14 Objects/unicodeobject.c.
 * Differs: blocks are whole words; repr() knows the characters of the engine's
 * version of Unicode.
 *
 * @module
 */

import { show } from "../errors.ts";
import * as StaticObjects from "../layout/static_objects.ts";
import * as UnicodeObject from "../layout/unicode_object.ts";
import { type Address, Bytes } from "../memory/mod.ts";
import * as Intern from "./intern.ts";
import * as Kinds from "./kinds.ts";
import type { Objects, Slots } from "./objects.ts";
import * as Protocol from "./protocol.ts";
import * as Text from "./text.ts";
import * as UnicodeData from "./unicode_data.ts";

const { LENGTH, HASH, STATE, ASCII, COMPACT, ASCII_DATA } = UnicodeObject;
const { DATA, UTF8, UTF8_LENGTH, KIND_SHIFT } = UnicodeObject;
const { INTERNED_MASK, INTERNED_MORTAL, INTERNED_IMMORTAL } = UnicodeObject;
const { CHARS, CHAR_SIZE, EMPTY_STR } = StaticObjects;
/** Code units up to which a loop reads a string fastest. Count, 2026-11. */
const SHORT_MAX = 256;
/** Code units that are made a string at once. Count. */
const CHUNK = 4096;
const DECODER = new TextDecoder("utf-8", { ignoreBOM: true });

/** Largest code point. C: MAX_UNICODE. */
const MAX_UNICODE = 0x10ffff;

/** A str whose characters are not written yet, or 0. C: `PyUnicode_New()`. */
function make(
  o: Objects,
  count: number,
  size: number,
  isAscii: boolean,
): Address {
  const data = isAscii ? ASCII_DATA : DATA;
  const nbytes = data * 4 + (count + 1) * size;
  const op = o.new(o.typeOfKind(Kinds.STR), Math.ceil(nbytes / 4) * 4);
  if (op === 0) return 0;
  const { i32 } = o;
  const at = o.fields(op);
  i32[at + LENGTH] = count;
  i32[at + HASH] = -1;
  i32[at + STATE] = (size << KIND_SHIFT) | COMPACT | (isAscii ? ASCII : 0);
  if (isAscii) return op;
  i32[at + UTF8_LENGTH] = 0;
  i32[at + UTF8] = 0;
  return op;
}

/**
 * A str. C: `PyUnicode_FromKindAndData()`.
 *
 * @returns Byte address, or 0 if no memory is left.
 * @throws {TypeError} If `text` is no string.
 */
export function fromString(o: Objects, text: string): Address {
  if (typeof text !== "string") {
    throw new TypeError(`Cannot make a str of ${show(text)}: it is no string`);
  }
  const units = text.length;
  if (units === 0) return o.statics + EMPTY_STR;
  const bits = Text.bitsOf(text);
  if (units === 1 && bits < 256) return o.statics + CHARS + bits * CHAR_SIZE;
  const pairs = bits < 0xd800 ? 0 : Text.countPairs(text);
  const size = pairs > 0 ? 4 : bits < 256 ? 1 : 2;
  const op = make(o, units - pairs, size, bits < 128);
  if (op === 0) return 0;
  const at = UnicodeData.data(o, op);
  if (size === 1) Text.write1(o.i32, at, text);
  else if (size === 2) Text.write2(o.i32, at, text);
  else Text.write4(o.i32, at, text);
  return op;
}

/**
 * A str of one character. C: `PyUnicode_FromOrdinal()`.
 *
 * @returns Byte address, or 0 if no memory is left.
 * @throws {RangeError} If it is no code point.
 */
export function fromCodePoint(o: Objects, point: number): Address {
  if (point >>> 0 !== point || point > MAX_UNICODE) {
    throw new RangeError(
      `Cannot make a str of code point ${point}: it must be from 0 to ` +
        MAX_UNICODE,
    );
  }
  return fromString(o, String.fromCodePoint(point));
}

function requireStr(o: Objects, op: Address): void {
  o.requireKind(op, Kinds.STR, "read as a str");
}

/**
 * Length. Code points. C: `PyUnicode_GetLength()`.
 *
 * @throws {TypeError} If it is no str.
 */
export function length(o: Objects, op: Address): number {
  requireStr(o, op);
  return UnicodeData.length(o, op);
}

/**
 * A character. C: `PyUnicode_ReadChar()`.
 *
 * @returns Code point.
 * @throws {TypeError} If it is no str.
 * @throws {RangeError} If there is none of that index.
 */
export function item(o: Objects, op: Address, index: number): number {
  Protocol.requireIndex(index, length(o, op), "str");
  const from = UnicodeData.data(o, op);
  return UnicodeData.read(o.i32, from, UnicodeData.kind(o, op), index);
}

/**
 * The text. C: `PyUnicode_AsUTF8AndSize()`.
 *
 * @throws {TypeError} If it is no str.
 */
export function toString(o: Objects, op: Address): string {
  const count = length(o, op);
  if (count > SHORT_MAX && UnicodeData.isAscii(o, op)) {
    const from = UnicodeData.data(o, op) * 4;
    return DECODER.decode(Bytes.read(o.m, from, count));
  }
  const units = unitsOf(o, op, count);
  if (units.length <= CHUNK) return Text.join(units);
  const parts: string[] = [];
  for (let k = 0; k < units.length; k += CHUNK) {
    parts.push(Text.join(units.slice(k, k + CHUNK)));
  }
  return parts.join("");
}

/** Code units of a str. */
function unitsOf(o: Objects, op: Address, count: number): number[] {
  const { i32 } = o;
  const from = UnicodeData.data(o, op);
  const size = UnicodeData.kind(o, op);
  const units: number[] = [];
  for (let k = 0; k < count; k++) {
    const point = UnicodeData.read(i32, from, size, k);
    if (point > 0xffff) {
      units.push(0xd7c0 + (point >>> 10), 0xdc00 + (point & 0x3ff));
    } else units.push(point);
  }
  return units;
}

/**
 * The one interned string that equals this one. C: `PyUnicode_InternInPlace()`.
 *
 * @param op A str; its reference goes into the result.
 * @returns Byte address, or 0 if no memory is left: then the reference is still
 * the caller's.
 * @throws {TypeError} If it is no str.
 */
export function intern(o: Objects, op: Address): Address {
  requireStr(o, op);
  const state = o.fields(op) + STATE;
  if ((o.i32[state] & INTERNED_MASK) !== 0) return op;
  if (o.isBiased) return internForEver(o, op);
  o.i32[state] |= INTERNED_MORTAL;
  const found = Intern.add(o, op);
  if (found === op) return op;
  o.i32[state] &= ~INTERNED_MASK;
  if (found === 0) return 0;
  o.incref(found);
  o.decref(op);
  return found;
}

/** The same where interned strings are immortal. */
function internForEver(o: Objects, op: Address): Address {
  const known = Intern.find(o, op);
  if (known !== 0) {
    o.decref(op);
    return known;
  }
  // Others may be counting references of a string that they know.
  const own = o.isUnique(op) ? op : copy(o, op);
  if (own === 0) return 0;
  const state = o.fields(own) + STATE;
  o.i32[state] |= INTERNED_IMMORTAL;
  o.setImmortal(own);
  const found = Intern.add(o, own);
  if (found !== own) {
    o.i32[state] &= ~INTERNED_MASK;
    o.setMortal(own);
    if (own !== op || found !== 0) o.decref(own);
  }
  if (own !== op && found !== 0) o.decref(op);
  return found;
}

/** A str with the same characters, or 0. C: `_PyUnicode_Copy()`. */
function copy(o: Objects, op: Address): Address {
  const count = UnicodeData.length(o, op);
  const size = UnicodeData.kind(o, op);
  const target = make(o, count, size, UnicodeData.isAscii(o, op));
  if (target === 0) return 0;
  const to = UnicodeData.data(o, target) * 4;
  Bytes.copy(o.m, to, UnicodeData.data(o, op) * 4, (count + 1) * size);
  return target;
}

function dealloc(o: Objects, op: Address): void {
  const state = o.i32[o.fields(op) + STATE];
  if ((state & INTERNED_MASK) === INTERNED_MORTAL) Intern.remove(o, op);
  o.free(op);
}

function sizeOf(o: Objects, op: Address): number {
  const data = UnicodeData.data(o, op) - (op >>> 2);
  const count = UnicodeData.length(o, op);
  return data * 4 + (count + 1) * UnicodeData.kind(o, op);
}

function compare(o: Objects, op: Address, other: Address): number {
  if (o.kindOf(other) !== Kinds.STR) Protocol.refuseOrder(o, op, other);
  return UnicodeData.compare(o, op, other);
}

/** Functions of the type. */
export const SLOTS: Slots = {
  dealloc,
  sizeOf,
  hash: UnicodeData.hash,
  equals: (o, op, other) =>
    o.kindOf(other) === Kinds.STR && UnicodeData.isEqual(o, op, other),
  compare,
  repr: (o, op) => Text.repr(toString(o, op)),
};
