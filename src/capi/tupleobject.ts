/**
 * `tupleobject.h`: tuples.
 *
 * @example Made item by item
 * ```ts
 * import assert from "node:assert/strict";
 * import {
 *   Py_DECREF,
 *   Py_FinalizeEx,
 *   Py_Initialize,
 *   PyLong_AsLong,
 *   PyLong_FromLong,
 *   PyTuple_GetItem,
 *   PyTuple_New,
 *   PyTuple_SetItem,
 * } from "@obmalloc/obmalloc/capi";
 *
 * Py_Initialize({ maxBytes: 16 * 1024 * 1024 });
 * const tuple = PyTuple_New(1);
 * PyTuple_SetItem(tuple, 0, PyLong_FromLong(1000)); // steals the reference
 * assert.equal(PyLong_AsLong(PyTuple_GetItem(tuple, 0)), 1000); // borrowed
 * Py_DECREF(tuple);
 * Py_FinalizeEx();
 * ```
 *
 * ## Threads
 *   As `objects/tuple.ts`.
 *
 * Source: CPython 3.14 Include/tupleobject.h; Objects/tupleobject.c.
 *
 * @module
 */

import { Kinds, type Objects, Tuple } from "../objects/mod.ts";
import { IndexError } from "./exceptions.ts";
import {
  isKind,
  objects,
  type PyObject,
  type PyTypeObject,
  requireObject,
  requireSize,
} from "./objects.ts";
import { badCall, fail, orNoMemory, raise } from "./raise.ts";
import { Py_XDECREF, type PyObjectHolder } from "./refcount.ts";

/** The type `tuple`. C: `PyTuple_Type`. */
export function PyTuple_Type(): PyTypeObject {
  return objects().typeOfKind(Kinds.TUPLE);
}

/**
 * Whether an object is a tuple.
 *
 * C: `PyTuple_Check()`, Include/tupleobject.h.
 *
 * @param op Object.
 * @returns 1 if it is, else 0.
 * @throws {PointerError} If it is no object.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PyTuple_Check(op: PyObject): 0 | 1 {
  return isKind(op, Kinds.TUPLE, "look at") ? 1 : 0;
}

/** The same as {@linkcode PyTuple_Check}: there are no subtypes. */
export const PyTuple_CheckExact: typeof PyTuple_Check = PyTuple_Check;

/**
 * A new tuple whose items are NULL: `PyTuple_SetItem()` follows. The one
 * without items is always the same.
 *
 * C: `PyTuple_New()`, Objects/tupleobject.c.
 *
 * @param size Items. Count.
 * @returns Byte address; or 0 with an exception set: a MemoryError, or a
 * SystemError if the size is below 0.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PyTuple_New(size: number): PyObject {
  const o = objects();
  requireSize(size, "make a tuple of the size");
  return size < 0 ? badCall() : orNoMemory(Tuple.create(o, size));
}

/** Refuses what is no object among items. */
function requireItems(o: Objects, items: ArrayLike<PyObject>): void {
  for (let k = 0; k < items.length; k++) {
    requireObject(o, items[k], "put into a tuple");
  }
}

/**
 * A new tuple of objects, which get one more reference each.
 *
 * C: `PyTuple_FromArray()`, Objects/tupleobject.c of 3.15.
 *
 * @param array Objects.
 * @returns Byte address; or 0 with a MemoryError set.
 * @throws {PointerError} If one is no object.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PyTuple_FromArray(array: ArrayLike<PyObject>): PyObject {
  const o = objects();
  requireItems(o, array);
  return orNoMemory(Tuple.fromArray(o, array));
}

/**
 * The same of arguments.
 *
 * C: `PyTuple_Pack()`, Objects/tupleobject.c.
 *
 * @param n How many follow. Count.
 * @param items Objects.
 * @throws {TypeError} If there are not so many.
 */
export function PyTuple_Pack(n: number, ...items: PyObject[]): PyObject {
  if (items.length === n) return PyTuple_FromArray(items);
  throw new TypeError(
    `Cannot pack a tuple of ${n} items: there are ${items.length}`,
  );
}

/**
 * Length of a tuple.
 *
 * C: `PyTuple_Size()`, Objects/tupleobject.c.
 *
 * @param op Object.
 * @returns Items; or -1 with a SystemError set, if it is no tuple. Count.
 * @throws {PointerError} If it is no object.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PyTuple_Size(op: PyObject): number {
  if (!isKind(op, Kinds.TUPLE, "tell the size of")) return badCall() || -1;
  return Tuple.length(objects(), op);
}

/** {@linkcode PyTuple_Size} by another name. C: the macro. */
export const PyTuple_GET_SIZE: typeof PyTuple_Size = PyTuple_Size;

/**
 * An item; its reference is the tuple's.
 *
 * C: `PyTuple_GetItem()`, Objects/tupleobject.c.
 *
 * @param op Object.
 * @param index From 0 on.
 * @returns Byte address; or 0 with an exception set: an IndexError, or a
 * SystemError if it is no tuple.
 * @throws {PointerError} If it is no object.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PyTuple_GetItem(op: PyObject, index: number): PyObject {
  const o = objects();
  requireSize(index, "get the item");
  if (!isKind(op, Kinds.TUPLE, "get an item of")) return badCall();
  if (index < 0 || index >= Tuple.length(o, op)) {
    return raise(IndexError, "tuple index out of range"); // verbatim
  }
  return Tuple.item(o, op, index);
}

/** {@linkcode PyTuple_GetItem} by another name. C: the macro. */
export const PyTuple_GET_ITEM: typeof PyTuple_GetItem = PyTuple_GetItem;

/**
 * Fills an item of a tuple that nobody else knows of.
 *
 * C: `PyTuple_SetItem()`, Objects/tupleobject.c.
 *
 * @param op Object.
 * @param index From 0 on.
 * @param item Object, or NULL; its reference goes into the tuple, or is
 * dropped on failure.
 * @returns 0; or -1 with an exception set: an IndexError, or a SystemError if
 * it is no tuple or has other references.
 * @throws {PointerError} If one is no object.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PyTuple_SetItem(
  op: PyObject,
  index: number,
  item: PyObject,
): 0 | -1 {
  const o = objects();
  requireSize(index, "set the item");
  if (item !== 0) requireObject(o, item, "put into a tuple");
  if (!isKind(op, Kinds.TUPLE, "set an item of") || !o.isUnique(op)) {
    Py_XDECREF(item);
    return badCall() || -1;
  }
  if (index < 0 || index >= Tuple.length(o, op)) {
    Py_XDECREF(item);
    return fail(IndexError, "tuple assignment index out of range"); // verbatim
  }
  Tuple.setItem(o, op, index, item);
  return 0;
}

/** {@linkcode PyTuple_SetItem} by another name. C: the macro. */
export const PyTuple_SET_ITEM: typeof PyTuple_SetItem = PyTuple_SetItem;

/**
 * A new tuple of the items from `low` to below `high`.
 *
 * C: `PyTuple_GetSlice()`, Objects/tupleobject.c.
 *
 * @param op Object.
 * @param low First item; below 0 it is the first of all.
 * @param high Where to end; beyond the last one is at the end.
 * @returns Byte address; or 0 with an exception set: a MemoryError, or a
 * SystemError if it is no tuple.
 * @throws {PointerError} If it is no object.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PyTuple_GetSlice(
  op: PyObject,
  low: number,
  high: number,
): PyObject {
  const o = objects();
  requireSize(low, "cut a tuple from");
  requireSize(high, "cut a tuple up to");
  if (!isKind(op, Kinds.TUPLE, "cut")) return badCall();
  const length = Tuple.length(o, op);
  const from = Math.max(low, 0);
  const to = Math.min(high, length);
  if (from === 0 && to === length) {
    o.incref(op);
    return op;
  }
  const items: PyObject[] = [];
  for (let k = from; k < to; k++) items.push(Tuple.item(o, op, k));
  return orNoMemory(Tuple.fromArray(o, items));
}

/**
 * Has a member refer to a tuple of another length, with the same items as far
 * as there are, and NULL beyond.
 *
 * C: `_PyTuple_Resize()`, Objects/tupleobject.c.
 *
 * @param holder What has the member, or a typed array.
 * @param key Name of the member, or an index.
 * @param newsize Items. Count.
 * @returns 0; or -1 with an exception set, and the member is NULL: a
 * MemoryError, or a SystemError if it is no tuple, has other references, or the
 * size is below 0.
 * @throws {PointerError} If it is no object.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function _PyTuple_Resize<K extends PropertyKey>(
  holder: PyObjectHolder<K>,
  key: K,
  newsize: number,
): 0 | -1 {
  const o = objects();
  requireSize(newsize, "make a tuple of the size");
  const op = holder[key] >>> 0;
  const isTuple = isKind(op, Kinds.TUPLE, "resize");
  const isEmpty = isTuple && Tuple.length(o, op) === 0;
  const isOwn = isTuple && (isEmpty || o.isUnique(op));
  if (!isOwn || newsize < 0) {
    holder[key] = 0;
    o.decref(op);
    return badCall() || -1;
  }
  const moved = resized(o, op, newsize);
  holder[key] = moved;
  o.decref(op);
  return orNoMemory(moved) === 0 ? -1 : 0;
}

/** A tuple of another length with the same items, or 0. */
function resized(o: Objects, op: PyObject, size: number): PyObject {
  const moved = Tuple.create(o, size);
  if (moved === 0) return 0;
  const kept = Math.min(size, Tuple.length(o, op));
  for (let k = 0; k < kept; k++) {
    const item = Tuple.item(o, op, k);
    if (item === 0) continue;
    o.incref(item);
    Tuple.setItem(o, moved, k, item);
  }
  return moved;
}
