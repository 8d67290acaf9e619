/**
 * New objects of any type, for the functions that make them.
 *
 * C leaves what stands behind the header uninitialised; here it is 0, so that
 * an object that dies too early drops no references that were never there.
 *
 * ## Threads
 *   Writes words of an object that nobody else knows of yet.
 *
 * Source: CPython 3.14 Objects/object.c: _PyObject_New(), _PyObject_NewVar();
 * Python/gc.c: _PyObject_GC_New(), _PyObject_GC_NewVar().
 *
 * @module
 */

import { show } from "../errors.ts";
import * as BytesObject from "../layout/bytes_object.ts";
import * as TupleObject from "../layout/tuple_object.ts";
import * as TypeObject from "../layout/type_object.ts";
import { Kinds, type Objects } from "../objects/mod.ts";
import {
  flagsOf,
  type PyObject,
  type PyTypeObject,
  requireSize,
} from "./objects.ts";

/** Size of a pointer. Bytes. */
const POINTER = 4;

/** `tp_basicsize`. Bytes. */
export function basicSize(o: Objects, type: PyTypeObject): number {
  return o.i32[o.fields(type) + TypeObject.TP_BASICSIZE];
}

/** Size of the collector's head before an object of a type. Bytes. */
export function headOf(o: Objects, type: PyTypeObject): number {
  const isGc = (flagsOf(o, type) & TypeObject.HAVE_GC) !== 0;
  return isGc ? o.gcHead * 4 : 0;
}

/** `tp_itemsize` of a type whose objects have an `ob_size`, else 0. Bytes. */
export function itemSize(o: Objects, type: PyTypeObject): number {
  const kind = o.kindOfType(type);
  const { TUPLE, BYTES, USER } = Kinds;
  if (kind !== TUPLE && kind !== BYTES && kind !== USER) return 0;
  return o.i32[o.fields(type) + TypeObject.TP_ITEMSIZE];
}

/** Writes `ob_size`. C: `Py_SET_SIZE()`. */
export function setSize(o: Objects, op: PyObject, nitems: number): void {
  const isBytes = o.kindOf(op) === Kinds.BYTES;
  const at = isBytes ? BytesObject.OB_SIZE : TupleObject.OB_SIZE;
  o.i32[o.fields(op) + at] = nitems;
  if (isBytes) o.i32[o.fields(op) + BytesObject.OB_SHASH] = -1;
}

/** Throws because objects of a type have no items. */
export function refuseItems(o: Objects, type: PyTypeObject): never {
  throw new TypeError(
    `Cannot make a variable-sized object of ${show(type)}: objects of type ` +
      `${o.nameOf(type)} have no ob_size`,
  );
}

/**
 * Size of an object with so many items. C: `_PyObject_VAR_SIZE()`.
 *
 * @returns Bytes, a multiple of that of a pointer.
 * @throws {TypeError} If it is no count.
 */
export function sizeOf(
  o: Objects,
  type: PyTypeObject,
  nitems: number,
): number {
  requireSize(nitems, "make an object with items of the count");
  const size = basicSize(o, type) + nitems * itemSize(o, type);
  return Math.ceil(size / POINTER) * POINTER;
}

/**
 * A new object, with a head for the collector if its type is for that, and all
 * 0 behind its header. Nobody tracks it yet.
 *
 * @param size Size without that head. Bytes.
 * @returns Byte address, or 0 if no memory is left.
 */
export function create(
  o: Objects,
  type: PyTypeObject,
  size: number,
): PyObject {
  const fields = size - o.head * 4;
  const isGc = (flagsOf(o, type) & TypeObject.HAVE_GC) !== 0;
  const op = isGc ? o.newGc(type, fields) : o.new(type, fields);
  if (op !== 0) zero(o, o.fields(op), fields >>> 2);
  return op;
}

/** Sets words to 0. */
export function zero(o: Objects, at: number, words: number): void {
  for (let k = 0; k < words; k++) o.i32[at + k] = 0;
}

/** Refuses a type that is for the collector, or one that is not. */
export function requireGc(
  o: Objects,
  type: PyTypeObject,
  isGc: boolean,
): void {
  if (((flagsOf(o, type) & TypeObject.HAVE_GC) !== 0) === isGc) return;
  const name = o.nameOf(type);
  throw new TypeError(
    `Cannot make an object of ${show(type)}: the type ${name} ` +
      (isGc
        ? "has no Py_TPFLAGS_HAVE_GC"
        : "has Py_TPFLAGS_HAVE_GC, which wants PyObject_GC_New()"),
  );
}
