/**
 * What stands in a str: its characters, equality, order and hash.
 *
 * ## Threads
 *   A str is written before anybody else knows of it. Of what is read here only
 *   HASH may be written meanwhile, by any thread and with the same value: plain
 *   accesses, racy hints.
 *
 * Source: CPython 3.14 Objects/unicodeobject.c: unicode_eq(),
 * unicode_compare(), unicode_hash().
 *
 * @module
 */

import * as UnicodeObject from "../layout/unicode_object.ts";
import { type Address, Bytes } from "../memory/mod.ts";
import * as Hash from "./hash.ts";
import type { Objects } from "./objects.ts";

// Hot: constants of this module fold, imported ones are read.
const { LENGTH, HASH, STATE, ASCII, ASCII_DATA, DATA } = UnicodeObject;
const { KIND_SHIFT, KIND_MASK } = UnicodeObject;

/** Length. Code points. C: `PyUnicode_GET_LENGTH()`. */
export function length(o: Objects, op: Address): number {
  return o.i32[o.fields(op) + LENGTH];
}

/** Size of a character: 1, 2 or 4. Bytes. C: `PyUnicode_KIND()`. */
export function kind(o: Objects, op: Address): number {
  return (o.i32[o.fields(op) + STATE] >>> KIND_SHIFT) & KIND_MASK;
}

/** True if all characters are below 128. C: `PyUnicode_IS_ASCII()`. */
export function isAscii(o: Objects, op: Address): boolean {
  return (o.i32[o.fields(op) + STATE] & ASCII) !== 0;
}

/** First character. Word index. C: `PyUnicode_DATA()`. */
export function data(o: Objects, op: Address): number {
  return o.fields(op) + (isAscii(o, op) ? ASCII_DATA : DATA);
}

/**
 * A character.
 *
 * @param from First one. Word index.
 * @param size Bytes of one.
 * @returns Code point. C: `PyUnicode_READ()`.
 */
export function read(
  i32: Int32Array<SharedArrayBuffer>,
  from: number,
  size: number,
  index: number,
): number {
  if (size === 1) {
    return (i32[from + (index >>> 2)] >>> ((index & 3) << 3)) & 0xff;
  }
  if (size === 2) {
    return (i32[from + (index >>> 1)] >>> ((index & 1) << 4)) & 0xffff;
  }
  return i32[from + index];
}

/** True if two strings have the same characters. C: `unicode_eq()`. */
export function isEqual(o: Objects, a: Address, b: Address): boolean {
  if (a === b) return true;
  const { i32, m } = o;
  const left = o.fields(a);
  const right = o.fields(b);
  const count = i32[left + LENGTH];
  if (count !== i32[right + LENGTH]) return false;
  const size = kind(o, a);
  if (size !== kind(o, b) || isAscii(o, a) !== isAscii(o, b)) return false;
  const hashA = i32[left + HASH]; // racy hint
  const hashB = i32[right + HASH]; // racy hint
  if (hashA !== hashB && hashA !== -1 && hashB !== -1) return false;
  return Bytes.isEqual(m, data(o, a) * 4, data(o, b) * 4, count * size);
}

/** Order of two strings, by code points. C: `unicode_compare()`. */
export function compare(o: Objects, a: Address, b: Address): number {
  const { i32 } = o;
  const sizeA = kind(o, a);
  const sizeB = kind(o, b);
  const left = data(o, a);
  const right = data(o, b);
  const count = Math.min(length(o, a), length(o, b));
  for (let k = 0; k < count; k++) {
    const step = read(i32, left, sizeA, k) - read(i32, right, sizeB, k);
    if (step !== 0) return step;
  }
  return length(o, a) - length(o, b);
}

/** Hash of the characters. C: `unicode_hash()`. */
export function hash(o: Objects, op: Address): number {
  const at = o.fields(op) + HASH;
  const known = o.i32[at]; // racy hint
  if (known !== -1) return known;
  const nbytes = length(o, op) * kind(o, op);
  const found = Hash.ofBytes(o.m, data(o, op) * 4, nbytes);
  o.i32[at] = found;
  return found;
}
