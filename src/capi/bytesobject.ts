/**
 * `bytesobject.h`: bytes.
 *
 * The bytes of an object stand in the heap: `PyBytes_AsString()` says where.
 *
 * @example The first example of the chapter "Memory Management"
 * ```ts
 * import assert from "node:assert/strict";
 * import {
 *   NULL,
 *   Py_DECREF,
 *   Py_FinalizeEx,
 *   Py_Initialize,
 *   PyBytes_FromStringAndSize,
 *   PyBytes_Size,
 *   PyErr_NoMemory,
 *   PyMem_Free,
 *   PyMem_Malloc,
 * } from "@obmalloc/obmalloc/capi";
 *
 * const BUFSIZ = 8192;
 * const heap = Py_Initialize({ maxBytes: 16 * 1024 * 1024 });
 *
 * function read_line() {
 *   const buf = PyMem_Malloc(BUFSIZ); // for I/O
 *
 *   if (buf === NULL) {
 *     return PyErr_NoMemory();
 *   }
 *   heap.u8.set([72, 105, 10], buf); // Do some I/O operation involving buf
 *   const res = PyBytes_FromStringAndSize(buf, 3);
 *   PyMem_Free(buf); // allocated with PyMem_Malloc
 *   return res;
 * }
 *
 * const line = read_line();
 * assert.equal(PyBytes_Size(line), 3);
 * Py_DECREF(line);
 * Py_FinalizeEx();
 * ```
 *
 * ## Threads
 *   As `objects/bytes.ts`.
 *
 * Source: CPython 3.14 Include/bytesobject.h; Objects/bytesobject.c.
 * Differs: what C leaves uninitialised is 0.
 *
 * @module
 */

import * as BytesObject from "../layout/bytes_object.ts";
import { Bytes as Copies } from "../memory/mod.ts";
import { Bytes, Kinds, type Objects } from "../objects/mod.ts";
import { SystemError } from "./exceptions.ts";
import * as HeapBytes from "./heap_bytes.ts";
import * as NewObject from "./new_object.ts";
import {
  isKind,
  objects,
  type PyObject,
  type PyTypeObject,
  requireObject,
  requireSize,
  typeName,
} from "./objects.ts";
import { noMemory, orNoMemory, raise } from "./raise.ts";
import { Py_CLEAR, type PyObjectHolder } from "./refcount.ts";

/** The type `bytes`. C: `PyBytes_Type`. */
export function PyBytes_Type(): PyTypeObject {
  return objects().typeOfKind(Kinds.BYTES);
}

/**
 * Whether an object is a bytes object.
 *
 * C: `PyBytes_Check()`, Include/bytesobject.h.
 *
 * @param op Object.
 * @returns 1 if it is, else 0.
 * @throws {PointerError} If it is no object.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PyBytes_Check(op: PyObject): 0 | 1 {
  return isKind(op, Kinds.BYTES, "look at") ? 1 : 0;
}

/** The same as {@linkcode PyBytes_Check}: there are no subtypes. */
export const PyBytes_CheckExact: typeof PyBytes_Check = PyBytes_Check;

/** First byte of a bytes object. Byte address. */
function dataOf(o: Objects, op: PyObject): number {
  return (o.fields(op) + BytesObject.OB_SVAL) * 4;
}

/** A bytes object of zeros that nobody else has, or 0. */
function make(o: Objects, size: number): PyObject {
  const type = o.typeOfKind(Kinds.BYTES);
  // Behind the last byte stands one more, which is 0.
  const op = NewObject.create(o, type, NewObject.sizeOf(o, type, size + 1));
  if (op !== 0) NewObject.setSize(o, op, size);
  return op;
}

/**
 * A new bytes object with a copy of some bytes; or, for NULL, of zeros that the
 * caller may overwrite as long as nobody else knows of it.
 *
 * C: `PyBytes_FromStringAndSize()`, Objects/bytesobject.c.
 *
 * @param v Byte address of the bytes, or NULL.
 * @param size Bytes.
 * @returns Byte address; or 0 with an exception set: a MemoryError, or a
 * SystemError if the size is below 0.
 * @throws {PointerError} If the heap has no such bytes.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PyBytes_FromStringAndSize(v: number, size: number): PyObject {
  const o = objects();
  requireSize(size, "make a bytes object of the size");
  if (size < 0) {
    return raise(
      SystemError,
      "Negative size passed to PyBytes_FromStringAndSize", // verbatim
    );
  }
  if (v === 0) {
    const isEmpty = size === 0;
    return orNoMemory(
      isEmpty ? Bytes.fromUint8Array(o, new Uint8Array(0)) : make(o, size),
    );
  }
  HeapBytes.require(o.m, v, size, "make a bytes object of");
  if (size < 2) {
    return Bytes.fromUint8Array(o, Copies.read(o.m, v, size));
  }
  const op = make(o, size);
  if (op === 0) return noMemory();
  copy(o, dataOf(o, op), v, size);
  return op;
}

/** Copies bytes from any address. */
function copy(o: Objects, to: number, from: number, size: number): void {
  const whole = (from & 3) === 0 ? size & ~3 : 0;
  if (whole > 0) Copies.copy(o.m, to, from, whole);
  Copies.write(
    o.m,
    to + whole,
    Copies.read(o.m, from + whole, size - whole),
  );
}

/**
 * A new bytes object with a text in UTF-8.
 *
 * C: `PyBytes_FromString()`, Objects/bytesobject.c.
 *
 * @param v Text.
 * @returns Byte address; or 0 with a MemoryError set.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PyBytes_FromString(v: string): PyObject {
  const o = objects();
  return orNoMemory(Bytes.fromUint8Array(o, new TextEncoder().encode(v)));
}

/** Whether an object is a bytes object; or false with a TypeError set. */
function isBytes(o: Objects, op: PyObject): boolean {
  requireObject(o, op, "read");
  if (o.kindOf(op) === Kinds.BYTES) return true;
  raise(TypeError, `expected bytes, ${typeName(o, op)} found`); // verbatim
  return false;
}

/**
 * Length of a bytes object.
 *
 * C: `PyBytes_Size()`, Objects/bytesobject.c.
 *
 * @param op Object.
 * @returns Bytes; or -1 with a TypeError set, if it is none.
 * @throws {PointerError} If it is no object.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PyBytes_Size(op: PyObject): number {
  const o = objects();
  return isBytes(o, op) ? Bytes.length(o, op) : -1;
}

/** {@linkcode PyBytes_Size} by another name. C: the macro. */
export const PyBytes_GET_SIZE: typeof PyBytes_Size = PyBytes_Size;

/**
 * Where the bytes of an object stand; a 0 follows them. They are not to be
 * changed, unless `PyBytes_FromStringAndSize(NULL, size)` has made them.
 *
 * C: `PyBytes_AsString()`, Objects/bytesobject.c.
 *
 * @param op Object.
 * @returns Byte address, a multiple of 4; or 0 with a TypeError set, if it is
 * no bytes object.
 * @throws {PointerError} If it is no object.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PyBytes_AsString(op: PyObject): number {
  const o = objects();
  return isBytes(o, op) ? dataOf(o, op) : 0;
}

/** {@linkcode PyBytes_AsString} by another name. C: the macro. */
export const PyBytes_AS_STRING: typeof PyBytes_AsString = PyBytes_AsString;

/** What {@linkcode PyBytes_AsStringAndSize} fills. */
export interface PyBytesOut {
  /** Where the bytes stand. Byte address. */
  buffer: number;
  /** How many there are. */
  length: number;
}

/**
 * Both at once.
 *
 * C: `PyBytes_AsStringAndSize()`, Objects/bytesobject.c.
 *
 * @param op Object.
 * @param out Is filled.
 * @returns 0; or -1 with a TypeError set, if it is no bytes object.
 * @throws {PointerError} If it is no object.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PyBytes_AsStringAndSize(
  op: PyObject,
  out: PyBytesOut,
): 0 | -1 {
  const o = objects();
  if (!isBytes(o, op)) return -1;
  out.buffer = dataOf(o, op);
  out.length = Bytes.length(o, op);
  return 0;
}

/**
 * Has a member refer to its bytes and those of another object, in one.
 *
 * C: `PyBytes_Concat()`, Objects/bytesobject.c. On failure the member is NULL
 * and an exception is set: a MemoryError, or a TypeError if one is no bytes
 * object.
 *
 * @param holder What has the member, or a typed array.
 * @param key Name of the member, or an index. If it is NULL nothing happens.
 * @param w Object.
 * @throws {PointerError} If one is no object.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PyBytes_Concat<K extends PropertyKey>(
  holder: PyObjectHolder<K>,
  key: K,
  w: PyObject,
): void {
  const o = objects();
  const v = holder[key] >>> 0;
  if (v === 0) return;
  requireObject(o, v, "join");
  requireObject(o, w, "join");
  const result = joined(o, v, w);
  Py_CLEAR(holder, key);
  holder[key] = result;
}

/** The bytes of two objects in one, or 0 with the indicator set. */
function joined(o: Objects, v: PyObject, w: PyObject): PyObject {
  if (o.kindOf(v) !== Kinds.BYTES || o.kindOf(w) !== Kinds.BYTES) {
    return raise(
      TypeError,
      `can't concat ${typeName(o, w)} to ${typeName(o, v)}`, // verbatim
    );
  }
  const left = Bytes.toUint8Array(o, v);
  const right = Bytes.toUint8Array(o, w);
  const both = new Uint8Array(left.length + right.length);
  both.set(left);
  both.set(right, left.length);
  return orNoMemory(Bytes.fromUint8Array(o, both));
}
