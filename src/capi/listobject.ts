/**
 * `listobject.h`: lists.
 *
 * @example A list of two
 * ```ts
 * import assert from "node:assert/strict";
 * import {
 *   Py_DECREF,
 *   Py_FinalizeEx,
 *   Py_Initialize,
 *   PyList_Append,
 *   PyList_GetItemRef,
 *   PyList_New,
 *   PyList_SetItem,
 *   PyList_Size,
 *   PyLong_AsLong,
 *   PyLong_FromLong,
 * } from "@obmalloc/obmalloc/capi";
 *
 * Py_Initialize({ maxBytes: 16 * 1024 * 1024 });
 * const list = PyList_New(1);
 * PyList_SetItem(list, 0, PyLong_FromLong(1000)); // steals the reference
 * const item = PyLong_FromLong(2000);
 * PyList_Append(list, item);
 * Py_DECREF(item);
 * assert.equal(PyList_Size(list), 2);
 * const last = PyList_GetItemRef(list, 1);
 * assert.equal(PyLong_AsLong(last), 2000);
 * Py_DECREF(last);
 * Py_DECREF(list);
 * Py_FinalizeEx();
 * ```
 *
 * ## Threads
 *   As `objects/list.ts`. What has several steps here has them in a critical
 *   section; what it drops is dropped behind that. A worker that stops inside
 *   leaves a whole list, some of whose items are replaced and others not.
 *
 * Source: CPython 3.14 Include/listobject.h; Objects/listobject.c.
 * Differs: items of a new list are None until they are set. `PyList_GetItem()`
 * borrows a reference that another worker may drop at any time, as in C.
 *
 * @module
 */

import * as PyObjectWords from "../layout/object_free_threaded.ts";
import {
  Held,
  Kinds,
  List,
  None,
  type Objects,
  Protocol,
  Tuple,
} from "../objects/mod.ts";
import { IndexError } from "./exceptions.ts";
import * as Iterable from "./iterable.ts";
import {
  isKind,
  objects,
  type PyObject,
  type PyTypeObject,
  requireObject,
  requireSize,
} from "./objects.ts";
import {
  badCall,
  caughtInt,
  fail,
  noMemory,
  orNoMemory,
  raise,
  statusOf,
} from "./raise.ts";

/** The type `list`. C: `PyList_Type`. */
export function PyList_Type(): PyTypeObject {
  return objects().typeOfKind(Kinds.LIST);
}

/**
 * Whether an object is a list.
 *
 * C: `PyList_Check()`, Include/listobject.h.
 *
 * @param op Object.
 * @returns 1 if it is, else 0.
 * @throws {PointerError} If it is no object.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PyList_Check(op: PyObject): 0 | 1 {
  return isKind(op, Kinds.LIST, "look at") ? 1 : 0;
}

/** The same as {@linkcode PyList_Check}: there are no subtypes. */
export const PyList_CheckExact: typeof PyList_Check = PyList_Check;

/**
 * A new list of so many items, which are None: `PyList_SetItem()` follows. In C
 * they are NULL.
 *
 * C: `PyList_New()`, Objects/listobject.c.
 *
 * @param len Items. Count.
 * @returns Byte address; or 0 with an exception set: a MemoryError, or a
 * SystemError if the length is below 0.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PyList_New(len: number): PyObject {
  const o = objects();
  requireSize(len, "make a list of the length");
  if (len < 0) return badCall();
  if (len === 0) return orNoMemory(List.create(o));
  if (len * 4 > o.m.buffer.byteLength) return noMemory();
  const none = None.none(o);
  return orNoMemory(List.fromArray(o, Array.from({ length: len }, () => none)));
}

/**
 * Length of a list.
 *
 * C: `PyList_Size()`, Objects/listobject.c.
 *
 * @param op Object.
 * @returns Items; or -1 with a SystemError set, if it is no list. Count.
 * @throws {PointerError} If it is no object.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PyList_Size(op: PyObject): number {
  if (!isKind(op, Kinds.LIST, "tell the size of")) return badCall() || -1;
  return List.length(objects(), op);
}

/** {@linkcode PyList_Size} by another name. C: the macro. */
export const PyList_GET_SIZE: typeof PyList_Size = PyList_Size;

/**
 * An item; the reference is the caller's.
 *
 * C: `PyList_GetItemRef()`, Objects/listobject.c.
 *
 * @param op Object.
 * @param index From 0 on.
 * @returns Byte address; or 0 with an exception set: an IndexError, or a
 * TypeError if it is no list.
 * @throws {PointerError} If it is no object.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PyList_GetItemRef(op: PyObject, index: number): PyObject {
  requireSize(index, "get the item");
  if (!isKind(op, Kinds.LIST, "get an item of")) {
    return raise(TypeError, "expected a list"); // verbatim
  }
  return itemOf(objects(), op, index);
}

/** An item with a reference, or 0 with an IndexError set. */
function itemOf(o: Objects, op: PyObject, index: number): PyObject {
  try {
    return List.getItem(o, op, index);
  } catch (error) {
    if (!isNoIndex(error)) throw error;
    return raise(IndexError, "list index out of range"); // verbatim
  }
}

/** True for what the object layer throws if there is no such item. */
function isNoIndex(error: unknown): boolean {
  return error instanceof RangeError && /: its length is /.test(error.message);
}

/**
 * An item; its reference is the list's.
 *
 * C: `PyList_GetItem()`, Objects/listobject.c.
 *
 * @returns Byte address; or 0 with an exception set: an IndexError, or a
 * SystemError if it is no list.
 */
export function PyList_GetItem(op: PyObject, index: number): PyObject {
  const o = objects();
  requireSize(index, "get the item");
  if (!isKind(op, Kinds.LIST, "get an item of")) return badCall();
  const item = itemOf(o, op, index);
  if (item !== 0) o.decref(item);
  return item;
}

/** {@linkcode PyList_GetItem} by another name. C: the macro. */
export const PyList_GET_ITEM: typeof PyList_GetItem = PyList_GetItem;

/**
 * Replaces an item.
 *
 * C: `PyList_SetItem()`, Objects/listobject.c.
 *
 * @param op Object.
 * @param index From 0 on.
 * @param item Object; its reference goes into the list, or is dropped on
 * failure.
 * @returns 0; or -1 with an exception set: an IndexError, or a SystemError if
 * it is no list.
 * @throws {PointerError} If one is no object.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PyList_SetItem(
  op: PyObject,
  index: number,
  item: PyObject,
): 0 | -1 {
  const o = objects();
  requireSize(index, "set the item");
  requireObject(o, item, "put into a list");
  if (!isKind(op, Kinds.LIST, "set an item of")) {
    o.decref(item);
    return badCall() || -1;
  }
  try {
    List.setItem(o, op, index, item);
    return 0;
  } catch (error) {
    if (!isNoIndex(error)) throw error;
    o.decref(item);
    return fail(IndexError, "list assignment index out of range"); // verbatim
  }
}

/** {@linkcode PyList_SetItem} by another name. C: the macro. */
export const PyList_SET_ITEM: typeof PyList_SetItem = PyList_SetItem;

/**
 * Appends an object, which gets one more reference.
 *
 * C: `PyList_Append()`, Objects/listobject.c.
 *
 * @param op Object.
 * @param item Object.
 * @returns 0; or -1 with an exception set: a MemoryError, or a SystemError if
 * it is no list or `item` is NULL.
 * @throws {PointerError} If one is no object.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PyList_Append(op: PyObject, item: PyObject): 0 | -1 {
  const o = objects();
  if (!isKind(op, Kinds.LIST, "append to") || item === 0) {
    return badCall() || -1;
  }
  requireObject(o, item, "append to a list");
  return statusOf(List.append(o, op, item));
}

/**
 * Puts an object, which gets one more reference, in front of an item, or at the
 * end.
 *
 * C: `PyList_Insert()`, Objects/listobject.c.
 *
 * @param op Object.
 * @param index Below 0 it counts from the end.
 * @param item Object.
 * @returns 0; or -1 with an exception set, as {@linkcode PyList_Append}.
 */
export function PyList_Insert(
  op: PyObject,
  index: number,
  item: PyObject,
): 0 | -1 {
  const o = objects();
  requireSize(index, "insert at the index");
  if (!isKind(op, Kinds.LIST, "insert into") || item === 0) {
    return badCall() || -1;
  }
  requireObject(o, item, "insert into a list");
  return statusOf(List.insert(o, op, index, item));
}

/** Bounds of a slice, from 0 to the length. */
function bound(index: number, length: number): number {
  return Math.max(0, Math.min(index, length));
}

/**
 * A new list of the items from `low` to below `high`.
 *
 * C: `PyList_GetSlice()`, Objects/listobject.c.
 *
 * @param op Object.
 * @param low First item; below 0 it is the first of all.
 * @param high Where to end; beyond the last one is at the end.
 * @returns Byte address; or 0 with an exception set: a MemoryError, or a
 * SystemError if it is no list.
 * @throws {PointerError} If it is no object.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PyList_GetSlice(
  op: PyObject,
  low: number,
  high: number,
): PyObject {
  const o = objects();
  requireSize(low, "cut a list from");
  requireSize(high, "cut a list up to");
  if (!isKind(op, Kinds.LIST, "cut")) return badCall();
  return orNoMemory(List.slice(o, op, Math.max(low, 0), Math.max(high, 0)));
}

/** Runs steps while nobody else changes a list. */
function alone<T>(o: Objects, op: PyObject, steps: () => T): T {
  const before = o.held;
  Held.begin(o, (op >>> 2) + PyObjectWords.X_OB_MUTEX);
  try {
    return steps();
  } finally {
    o.held = before;
    Held.end(o);
  }
}

/**
 * Replaces the items from `low` to below `high` by those of another list.
 *
 * C: `PyList_SetSlice()`, Objects/listobject.c.
 *
 * @param op Object.
 * @param low First item; below 0 it is the first of all.
 * @param high Where to end; beyond the last one is at the end.
 * @param itemlist A list, which may be the same, or NULL for no items.
 * @returns 0; or -1 with an exception set, and nothing has changed: a
 * MemoryError, or a SystemError if one is no list.
 * @throws {PointerError} If one is no object.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PyList_SetSlice(
  op: PyObject,
  low: number,
  high: number,
  itemlist: PyObject,
): 0 | -1 {
  const o = objects();
  requireSize(low, "replace items from");
  requireSize(high, "replace items up to");
  if (!isKind(op, Kinds.LIST, "replace items of")) return badCall() || -1;
  if (itemlist !== 0 && !isKind(itemlist, Kinds.LIST, "replace items by")) {
    return badCall() || -1;
  }
  const items = itemlist === 0 ? List.create(o) : List.slice(o, itemlist);
  if (items === 0) return statusOf(false);
  // Keeps what is taken out alive until the list can be left to others.
  const taken: PyObject[] = [];
  const isDone = alone(o, op, () => replace(o, op, low, high, items, taken));
  for (const item of taken) o.decref(item);
  o.decref(items);
  return statusOf(isDone);
}

/** Replaces items. Returns false, and nothing has changed, for lack of memory. */
function replace(
  o: Objects,
  op: PyObject,
  low: number,
  high: number,
  items: PyObject,
  taken: PyObject[],
): boolean {
  const length = List.length(o, op);
  const from = bound(low, length);
  const to = Math.max(from, bound(high, length));
  const count = List.length(o, items);
  const common = Math.min(count, to - from);
  if (!insertAll(o, op, to, items, common)) return false;
  for (let k = 0; k < common; k++) {
    taken.push(List.getItem(o, op, from + k));
    List.setItem(o, op, from + k, List.getItem(o, items, k));
  }
  // What goes is moved to the end, where it is taken off.
  const grown = List.length(o, op);
  rotate(o, op, from + common, grown - to);
  for (let k = from + common; k < to; k++) taken.push(List.pop(o, op));
  return true;
}

/** Puts items, from the given one on, into a list: all or none. */
function insertAll(
  o: Objects,
  op: PyObject,
  at: number,
  items: PyObject,
  first: number,
): boolean {
  const extra = List.slice(o, items, first);
  if (extra === 0) return false;
  const isDone = List.extend(o, op, extra);
  if (isDone) rotate(o, op, at, List.length(o, extra));
  o.decref(extra);
  return isDone;
}

/** Moves the last items of a list in front of the one at an index. */
function rotate(o: Objects, op: PyObject, at: number, count: number): void {
  const length = List.length(o, op) - at;
  const rest = length - count;
  if (count === 0 || rest === 0) return;
  // Each object has a reference of its own meanwhile, so that none dies.
  const items = Array.from(
    { length },
    (_, k) => List.getItem(o, op, at + k),
  );
  for (let k = 0; k < length; k++) {
    List.setItem(o, op, at + k, items[(k + rest) % length]);
  }
}

/**
 * Appends all items of an iterable.
 *
 * C: `PyList_Extend()`, Objects/listobject.c.
 *
 * @param op Object.
 * @param iterable A list, which may be the same, a tuple, set, dict and so on.
 * @returns 0; or -1 with an exception set, and nothing has changed: a
 * MemoryError, a SystemError if `op` is no list, a TypeError if `iterable` is
 * not iterable.
 * @throws {PointerError} If one is no object.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PyList_Extend(op: PyObject, iterable: PyObject): 0 | -1 {
  const o = objects();
  if (!isKind(op, Kinds.LIST, "extend")) return badCall() || -1;
  if (isKind(iterable, Kinds.LIST, "extend a list by")) {
    return statusOf(List.extend(o, op, iterable));
  }
  const items = Iterable.itemsOf(o, iterable);
  if (items === null) return -1;
  const list = List.fromArray(o, items);
  Iterable.dropAll(o, items);
  if (list === 0) return statusOf(false);
  const isDone = List.extend(o, op, list);
  o.decref(list);
  return statusOf(isDone);
}

/**
 * Drops all items.
 *
 * C: `PyList_Clear()`, Objects/listobject.c.
 *
 * @param op Object.
 * @returns 0; or -1 with a SystemError set, if it is no list.
 * @throws {PointerError} If it is no object.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PyList_Clear(op: PyObject): 0 | -1 {
  if (!isKind(op, Kinds.LIST, "clear")) return badCall() || -1;
  List.clear(objects(), op);
  return 0;
}

/** Turns the order round; returns as {@linkcode PyList_Clear}. C: `PyList_Reverse()`. */
export function PyList_Reverse(op: PyObject): 0 | -1 {
  if (!isKind(op, Kinds.LIST, "reverse")) return badCall() || -1;
  List.reverse(objects(), op);
  return 0;
}

/**
 * Puts the items in rising order; those that are equal stay in theirs.
 *
 * C: `PyList_Sort()`, Objects/listobject.c.
 *
 * @param op Object.
 * @returns 0; or -1 with an exception set, and nothing has changed: a
 * MemoryError, a SystemError if it is no list, a TypeError if two items have no
 * order.
 * @throws {PointerError} If it is no object.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PyList_Sort(op: PyObject): 0 | -1 {
  const o = objects();
  if (!isKind(op, Kinds.LIST, "sort")) return badCall() || -1;
  const copy = List.slice(o, op);
  if (copy === 0) return statusOf(false);
  try {
    const sorted = borrowed(o, copy).sort((a, b) => Protocol.compare(o, a, b));
    const ordered = List.fromArray(o, sorted);
    if (ordered === 0) return statusOf(false);
    const length = List.length(o, copy);
    const status = PyList_SetSlice(op, 0, length, ordered);
    o.decref(ordered);
    return status;
  } catch (error) {
    return caughtInt(error);
  } finally {
    o.decref(copy);
  }
}

/** Items of a list that nobody else knows of; the references are its own. */
function borrowed(o: Objects, list: PyObject): PyObject[] {
  return Array.from({ length: List.length(o, list) }, (_, k) => {
    const item = List.getItem(o, list, k);
    o.decref(item);
    return item;
  });
}

/**
 * A new tuple of the items.
 *
 * C: `PyList_AsTuple()`, Objects/listobject.c.
 *
 * @param op Object.
 * @returns Byte address; or 0 with an exception set: a MemoryError, or a
 * SystemError if it is no list.
 * @throws {PointerError} If it is no object.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PyList_AsTuple(op: PyObject): PyObject {
  const o = objects();
  if (!isKind(op, Kinds.LIST, "make a tuple of")) return badCall();
  const copy = List.slice(o, op);
  if (copy === 0) return noMemory();
  const tuple = Tuple.fromArray(o, borrowed(o, copy));
  o.decref(copy);
  return orNoMemory(tuple);
}
