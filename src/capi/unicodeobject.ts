/**
 * `unicodeobject.h`: str, text.
 *
 * Text that is a `char *` in C is a string of JavaScript here; text in the heap
 * is given by its address with `PyUnicode_FromStringAndSize()`.
 *
 * @example A text and its characters
 * ```ts
 * import assert from "node:assert/strict";
 * import {
 *   Py_DECREF,
 *   Py_FinalizeEx,
 *   Py_Initialize,
 *   PyUnicode_AsUTF8,
 *   PyUnicode_FromString,
 *   PyUnicode_GetLength,
 *   PyUnicode_ReadChar,
 * } from "@obmalloc/obmalloc/capi";
 *
 * Py_Initialize({ maxBytes: 16 * 1024 * 1024 });
 * const op = PyUnicode_FromString("na\u00efve \u{1f40d}");
 * assert.equal(PyUnicode_GetLength(op), 7);
 * assert.equal(PyUnicode_ReadChar(op, 6), 0x1f40d);
 * assert.equal(PyUnicode_AsUTF8(op), "na\u00efve \u{1f40d}");
 * Py_DECREF(op);
 * Py_FinalizeEx();
 * ```
 *
 * ## Threads
 *   As `objects/unicode.ts`.
 *
 * Source: CPython 3.14 Include/unicodeobject.h; Objects/unicodeobject.c.
 * Differs: surrogates without a partner are text, too, as in JavaScript.
 *
 * @module
 */

import { Bytes } from "../memory/mod.ts";
import { Kinds, type Objects, Unicode } from "../objects/mod.ts";
import { IndexError, UnicodeError, ValueError } from "./exceptions.ts";
import * as HeapBytes from "./heap_bytes.ts";
import {
  isKind,
  objects,
  type PyObject,
  type PyTypeObject,
  requireObject,
  requireSize,
  typeName,
} from "./objects.ts";
import { badCall, fail, noMemory, orNoMemory, raise } from "./raise.ts";
import type { PyObjectHolder } from "./refcount.ts";

/** What `PyUnicode_ReadChar()` returns on failure. C: `(Py_UCS4)-1`. */
const NO_CHAR = 0xffffffff;

/** The type `str`. C: `PyUnicode_Type`. */
export function PyUnicode_Type(): PyTypeObject {
  return objects().typeOfKind(Kinds.STR);
}

/**
 * Whether an object is a str.
 *
 * C: `PyUnicode_Check()`, Include/unicodeobject.h.
 *
 * @param op Object.
 * @returns 1 if it is, else 0.
 * @throws {PointerError} If it is no object.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PyUnicode_Check(op: PyObject): 0 | 1 {
  return isKind(op, Kinds.STR, "look at") ? 1 : 0;
}

/** The same as {@linkcode PyUnicode_Check}: there are no subtypes. */
export const PyUnicode_CheckExact: typeof PyUnicode_Check = PyUnicode_Check;

/**
 * A new str.
 *
 * C: `PyUnicode_FromString()`, Objects/unicodeobject.c.
 *
 * @param text Its characters.
 * @returns Byte address; or 0 with a MemoryError set.
 * @throws {TypeError} If it is no string.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PyUnicode_FromString(text: string): PyObject {
  return orNoMemory(Unicode.fromString(objects(), text));
}

/**
 * A new str of bytes in the heap.
 *
 * C: `PyUnicode_FromStringAndSize()`, Objects/unicodeobject.c.
 *
 * @param u Byte address of UTF-8.
 * @param size Bytes.
 * @returns Byte address; or 0 with an exception set: a MemoryError, a
 * UnicodeError if it is no UTF-8, a SystemError if the size is below 0.
 * @throws {PointerError} If the heap has no such bytes.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PyUnicode_FromStringAndSize(
  u: number,
  size: number,
): PyObject {
  const o = objects();
  requireSize(size, "make a str of bytes of the count");
  if (size < 0) return badCall();
  HeapBytes.require(o.m, u, size, "make a str of");
  const bytes = Bytes.read(o.m, u, size);
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  let text = "";
  try {
    text = decoder.decode(bytes);
  } catch {
    return raise(UnicodeError, "'utf-8' codec can't decode the bytes");
  }
  return orNoMemory(Unicode.fromString(o, text));
}

/**
 * A str of one character.
 *
 * C: `PyUnicode_FromOrdinal()`, Objects/unicodeobject.c.
 *
 * @param ordinal Code point.
 * @returns Byte address; or 0 with an exception set: a MemoryError, or a
 * ValueError if there is no such code point.
 * @throws {TypeError} If it is no integer.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PyUnicode_FromOrdinal(ordinal: number): PyObject {
  const o = objects();
  requireSize(ordinal, "make a str of the code point");
  if (ordinal < 0 || ordinal > 0x10ffff) {
    return raise(ValueError, "chr() arg not in range(0x110000)"); // verbatim
  }
  return orNoMemory(Unicode.fromCodePoint(o, ordinal));
}

/** Whether an object is a str; or false with a TypeError set. */
function isStr(o: Objects, op: PyObject): boolean {
  requireObject(o, op, "read");
  if (o.kindOf(op) === Kinds.STR) return true;
  raise(TypeError, "bad argument type for built-in operation"); // verbatim
  return false;
}

/**
 * Length of a str. Code points.
 *
 * C: `PyUnicode_GetLength()`, Objects/unicodeobject.c.
 *
 * @param op Object.
 * @returns Count; or -1 with a TypeError set, if it is no str.
 * @throws {PointerError} If it is no object.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PyUnicode_GetLength(op: PyObject): number {
  const o = objects();
  return isStr(o, op) ? Unicode.length(o, op) : -1;
}

/** {@linkcode PyUnicode_GetLength} by another name. C: the macro. */
export const PyUnicode_GET_LENGTH: typeof PyUnicode_GetLength =
  PyUnicode_GetLength;

/**
 * A character of a str.
 *
 * C: `PyUnicode_ReadChar()`, Objects/unicodeobject.c.
 *
 * @param op Object.
 * @param index Which one, from 0 on.
 * @returns Code point; or 4294967295 with an exception set: an IndexError, or a
 * TypeError if it is no str.
 * @throws {PointerError} If it is no object.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PyUnicode_ReadChar(op: PyObject, index: number): number {
  const o = objects();
  requireSize(index, "read the character");
  if (!isStr(o, op)) return NO_CHAR;
  if (index < 0 || index >= Unicode.length(o, op)) {
    fail(IndexError, "string index out of range"); // verbatim
    return NO_CHAR;
  }
  return Unicode.item(o, op, index);
}

/** {@linkcode PyUnicode_ReadChar} by another name. C: the macro. */
export const PyUnicode_READ_CHAR: typeof PyUnicode_ReadChar =
  PyUnicode_ReadChar;

/**
 * The text of a str.
 *
 * C: `PyUnicode_AsUTF8()`, Objects/unicodeobject.c, whose result is a
 * `char *`.
 *
 * @param op Object.
 * @returns A string of JavaScript; or null with a TypeError set, if it is no
 * str.
 * @throws {PointerError} If it is no object.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PyUnicode_AsUTF8(op: PyObject): string | null {
  const o = objects();
  return isStr(o, op) ? Unicode.toString(o, op) : null;
}

/**
 * Has a member refer to the one interned str that equals the str it refers to.
 *
 * C: `PyUnicode_InternInPlace()`, Objects/unicodeobject.c. If no memory is left
 * the member stays as it is, as in C.
 *
 * @param holder What has the member, or a typed array.
 * @param key Name of the member, or an index.
 * @throws {PointerError} If it is no object.
 * @throws {TypeError} If it is no str.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PyUnicode_InternInPlace<K extends PropertyKey>(
  holder: PyObjectHolder<K>,
  key: K,
): void {
  const o = objects();
  const op = holder[key] >>> 0;
  requireObject(o, op, "intern");
  const found = Unicode.intern(o, op);
  if (found !== 0) holder[key] = found;
}

/**
 * The one interned str with a text.
 *
 * C: `PyUnicode_InternFromString()`, Objects/unicodeobject.c.
 *
 * @param text Its characters.
 * @returns Byte address; or 0 with a MemoryError set.
 * @throws {TypeError} If it is no string.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PyUnicode_InternFromString(text: string): PyObject {
  const o = objects();
  const op = Unicode.fromString(o, text);
  if (op === 0) return noMemory();
  const found = Unicode.intern(o, op);
  if (found !== 0) return found;
  o.decref(op);
  return noMemory();
}

/**
 * Order of two strs.
 *
 * C: `PyUnicode_Compare()`, Objects/unicodeobject.c.
 *
 * @param left Object.
 * @param right Object.
 * @returns -1, 0 or 1; or -1 with a TypeError set, if one is no str.
 * @throws {PointerError} If one is no object.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PyUnicode_Compare(
  left: PyObject,
  right: PyObject,
): -1 | 0 | 1 {
  const o = objects();
  requireObject(o, left, "compare");
  requireObject(o, right, "compare");
  if (o.kindOf(left) === Kinds.STR && o.kindOf(right) === Kinds.STR) {
    return Math.sign(Unicode.SLOTS.compare!(o, left, right)) as -1 | 0 | 1;
  }
  const names = `${typeName(o, left)} and ${typeName(o, right)}`;
  return fail(TypeError, `Can't compare ${names}`); // verbatim
}

/** Whether a str has a text: 1 or 0. C: `PyUnicode_EqualToUTF8()`. */
export function PyUnicode_EqualToUTF8(op: PyObject, text: string): 0 | 1 {
  const o = objects();
  requireObject(o, op, "compare");
  return Unicode.toString(o, op) === text ? 1 : 0;
}

/**
 * Two strs in one.
 *
 * C: `PyUnicode_Concat()`, Objects/unicodeobject.c.
 *
 * @param left Object.
 * @param right Object.
 * @returns Byte address; or 0 with an exception set: a MemoryError, or a
 * TypeError if one is no str.
 * @throws {PointerError} If one is no object.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PyUnicode_Concat(left: PyObject, right: PyObject): PyObject {
  const o = objects();
  requireObject(o, left, "join");
  requireObject(o, right, "join");
  if (o.kindOf(left) !== Kinds.STR) {
    return raise(TypeError, `must be str, not ${typeName(o, left)}`); // verbatim
  }
  if (o.kindOf(right) !== Kinds.STR) {
    const name = typeName(o, right);
    return raise(
      TypeError,
      `can only concatenate str (not "${name}") to str`, // verbatim
    );
  }
  const text = Unicode.toString(o, left) + Unicode.toString(o, right);
  return orNoMemory(Unicode.fromString(o, text));
}

/**
 * The characters from `start` to below `end`.
 *
 * C: `PyUnicode_Substring()`, Objects/unicodeobject.c.
 *
 * @param op Object.
 * @param start First character, from 0 on.
 * @param end Where to end; beyond the last one is at the end.
 * @returns Byte address; or 0 with an exception set: a MemoryError, an
 * IndexError if an index is below 0, a TypeError if it is no str.
 * @throws {PointerError} If it is no object.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PyUnicode_Substring(
  op: PyObject,
  start: number,
  end: number,
): PyObject {
  const o = objects();
  requireSize(start, "cut a str from");
  requireSize(end, "cut a str up to");
  if (!isStr(o, op)) return 0;
  if (start < 0 || end < 0) {
    return raise(IndexError, "string index out of range"); // verbatim
  }
  const points = Array.from(Unicode.toString(o, op));
  return orNoMemory(Unicode.fromString(o, points.slice(start, end).join("")));
}
