/**
 * The items of whatever is iterable, all at once.
 *
 * ## Threads
 *   As the types of the objects. A worker that stops inside leaks references.
 *
 * Source: CPython 3.14 Objects/abstract.c: PyObject_GetIter().
 * Differs: there are no iterators as objects.
 *
 * @module
 */

import {
  Bytes,
  Dict,
  Kinds,
  List,
  Long,
  type Objects,
  Sets,
  Tuple,
  Unicode,
} from "../objects/mod.ts";
import { type PyObject, typeName } from "./objects.ts";
import { noMemory, raise } from "./raise.ts";

/** Items of a list that nobody else knows of, which is dropped, or null. */
function drain(o: Objects, list: PyObject): PyObject[] | null {
  if (list === 0) return null;
  const length = List.length(o, list);
  const items = Array.from({ length }, (_, k) => List.getItem(o, list, k));
  o.decref(list);
  return items;
}

/** Objects that a function makes, or null if no memory is left for one. */
function makeAll(
  o: Objects,
  length: number,
  make: (k: number) => PyObject,
): PyObject[] | null {
  const items: PyObject[] = [];
  for (let k = 0; k < length; k++) {
    const item = make(k);
    if (item === 0) {
      for (const made of items) o.decref(made);
      return null;
    }
    items.push(item);
  }
  return items;
}

/** Items of a tuple. */
function ofTuple(o: Objects, op: PyObject): PyObject[] {
  const length = Tuple.length(o, op);
  return Array.from({ length }, (_, k) => {
    const item = Tuple.item(o, op, k);
    o.incref(item);
    return item;
  });
}

/** Items of an iterable, or null for lack of memory, or undefined if it is none. */
function itemsFrom(o: Objects, op: PyObject): PyObject[] | null | undefined {
  switch (o.kindOf(op)) {
    case Kinds.LIST:
      return drain(o, List.slice(o, op));
    case Kinds.TUPLE:
      return ofTuple(o, op);
    case Kinds.SET:
    case Kinds.FROZENSET:
      return drain(o, Sets.items(o, op));
    case Kinds.DICT:
      return drain(o, Dict.keys(o, op));
    case Kinds.STR:
      return makeAll(
        o,
        Unicode.length(o, op),
        (k) => Unicode.fromCodePoint(o, Unicode.item(o, op, k)),
      );
    case Kinds.BYTES:
      return makeAll(
        o,
        Bytes.length(o, op),
        (k) => Long.fromNumber(o, Bytes.item(o, op, k)),
      );
    default:
      return undefined;
  }
}

/**
 * Items of an iterable; the references are the caller's.
 *
 * @returns Byte addresses; or null with an exception set: a MemoryError, or a
 * TypeError if it is no list, tuple, set, frozenset, dict (whose items are its
 * keys), str or bytes object.
 */
export function itemsOf(o: Objects, op: PyObject): PyObject[] | null {
  const items = itemsFrom(o, op);
  if (items === undefined) {
    raise(TypeError, `'${typeName(o, op)}' object is not iterable`); // verbatim
    return null;
  }
  if (items === null) noMemory();
  return items;
}

/** Drops references. */
export function dropAll(o: Objects, items: readonly PyObject[]): void {
  for (const item of items) o.decref(item);
}
