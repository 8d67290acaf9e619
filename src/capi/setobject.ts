/**
 * `setobject.h`: sets and frozensets.
 *
 * @example Without doubles
 * ```ts
 * import assert from "node:assert/strict";
 * import {
 *   Py_DECREF,
 *   Py_FinalizeEx,
 *   Py_Initialize,
 *   PySet_Contains,
 *   PySet_New,
 *   PySet_Size,
 *   PyUnicode_FromString,
 * } from "@obmalloc/obmalloc/capi";
 *
 * Py_Initialize({ maxBytes: 16 * 1024 * 1024 });
 * const text = PyUnicode_FromString("banana");
 * const letters = PySet_New(text);
 * const b = PyUnicode_FromString("b");
 * assert.equal(PySet_Size(letters), 3);
 * assert.equal(PySet_Contains(letters, b), 1);
 * [text, letters, b].forEach(Py_DECREF);
 * Py_FinalizeEx();
 * ```
 *
 * ## Threads
 *   As `objects/set.ts`.
 *
 * Source: CPython 3.14 Include/setobject.h; Objects/setobject.c.
 * Differs: nothing can be added to a frozenset, not even while nobody else
 * knows of it.
 *
 * @module
 */

import { Kinds, type Objects, Protocol, Sets } from "../objects/mod.ts";
import { KeyError } from "./exceptions.ts";
import * as Iterable from "./iterable.ts";
import {
  isKind,
  objects,
  type PyObject,
  type PyTypeObject,
  requireObject,
  typeName,
} from "./objects.ts";
import { badCall, caughtKey, noMemory, raise, statusOf } from "./raise.ts";

const ROLE = "a set element";

/** The type `set`. C: `PySet_Type`. */
export function PySet_Type(): PyTypeObject {
  return objects().typeOfKind(Kinds.SET);
}

/** The type `frozenset`. C: `PyFrozenSet_Type`. */
export function PyFrozenSet_Type(): PyTypeObject {
  return objects().typeOfKind(Kinds.FROZENSET);
}

/**
 * Whether an object is a set.
 *
 * C: `PySet_Check()`, Include/setobject.h.
 *
 * @param op Object.
 * @returns 1 if it is, else 0.
 * @throws {PointerError} If it is no object.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PySet_Check(op: PyObject): 0 | 1 {
  return isKind(op, Kinds.SET, "look at") ? 1 : 0;
}

/** Whether an object is a frozenset: 1 or 0. C: `PyFrozenSet_Check()`. */
export function PyFrozenSet_Check(op: PyObject): 0 | 1 {
  return isKind(op, Kinds.FROZENSET, "look at") ? 1 : 0;
}

/** Whether an object is one of both: 1 or 0. C: `PyAnySet_Check()`. */
export function PyAnySet_Check(op: PyObject): 0 | 1 {
  return isAny(op, "look at") ? 1 : 0;
}

function isAny(op: PyObject, attempt: string): boolean {
  return isKind(op, Kinds.SET, attempt) ||
    isKind(op, Kinds.FROZENSET, attempt);
}

/** Whether an object has a hash. */
function isHashable(o: Objects, op: PyObject): boolean {
  try {
    Protocol.hash(o, op);
    return true;
  } catch {
    return false;
  }
}

/** A new set of the items of an iterable, or 0 with the indicator set. */
function make(
  iterable: PyObject,
  create: (o: Objects, items: ArrayLike<PyObject>) => PyObject,
): PyObject {
  const o = objects();
  if (iterable !== 0) requireObject(o, iterable, "make a set of");
  const items = iterable === 0 ? [] : Iterable.itemsOf(o, iterable);
  if (items === null) return 0;
  try {
    return create(o, items) || noMemory();
  } catch (error) {
    const key = items.find((item) => !isHashable(o, item)) ?? items[0];
    return caughtKey(error, typeName(o, key), ROLE) && 0;
  } finally {
    Iterable.dropAll(o, items);
  }
}

/**
 * A new set.
 *
 * C: `PySet_New()`, Objects/setobject.c.
 *
 * @param iterable What is in it, or NULL for nothing.
 * @returns Byte address; or 0 with an exception set: a MemoryError, or a
 * TypeError if it is not iterable or an item cannot be hashed.
 * @throws {PointerError} If it is no object.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PySet_New(iterable: PyObject): PyObject {
  return make(iterable, Sets.fromArray);
}

/** A new frozenset, otherwise as {@linkcode PySet_New}. C: `PyFrozenSet_New()`. */
export function PyFrozenSet_New(iterable: PyObject): PyObject {
  return make(iterable, Sets.createFrozen);
}

/**
 * Objects in a set or frozenset.
 *
 * C: `PySet_Size()`, Objects/setobject.c.
 *
 * @param op Object.
 * @returns Count; or -1 with a SystemError set, if it is none.
 * @throws {PointerError} If it is no object.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PySet_Size(op: PyObject): number {
  if (!isAny(op, "tell the size of")) return badCall() || -1;
  return Sets.length(objects(), op);
}

/** {@linkcode PySet_Size} by another name. C: the macro. */
export const PySet_GET_SIZE: typeof PySet_Size = PySet_Size;

/**
 * Whether an object is in a set or frozenset.
 *
 * C: `PySet_Contains()`, Objects/setobject.c.
 *
 * @param op Object.
 * @param key Object.
 * @returns 1 or 0; or -1 with an exception set: a TypeError if the key cannot
 * be hashed, a SystemError if `op` is no set.
 * @throws {PointerError} If one is no object.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PySet_Contains(op: PyObject, key: PyObject): 0 | 1 | -1 {
  const o = objects();
  requireObject(o, key, "look for");
  if (!isAny(op, "look into")) return badCall() || -1;
  try {
    return Sets.contains(o, op, key) ? 1 : 0;
  } catch (error) {
    return caughtKey(error, typeName(o, key), ROLE);
  }
}

/**
 * Adds an object, which gets one more reference unless one that equals it is
 * there.
 *
 * C: `PySet_Add()`, Objects/setobject.c.
 *
 * @param op Object.
 * @param key Object.
 * @returns 0; or -1 with an exception set: a MemoryError, a TypeError if the key
 * cannot be hashed, a SystemError if `op` is no set.
 * @throws {PointerError} If one is no object.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PySet_Add(op: PyObject, key: PyObject): 0 | -1 {
  const o = objects();
  requireObject(o, key, "add to a set");
  if (!isKind(op, Kinds.SET, "add to")) return badCall() || -1;
  try {
    return statusOf(Sets.add(o, op, key));
  } catch (error) {
    return caughtKey(error, typeName(o, key), ROLE);
  }
}

/**
 * Drops an object, if it is in a set.
 *
 * C: `PySet_Discard()`, Objects/setobject.c.
 *
 * @param op Object.
 * @param key Object.
 * @returns 1 if it was, 0 if not; or -1 with an exception set, as
 * {@linkcode PySet_Contains}.
 */
export function PySet_Discard(op: PyObject, key: PyObject): 0 | 1 | -1 {
  const o = objects();
  requireObject(o, key, "look for");
  if (!isKind(op, Kinds.SET, "discard from")) return badCall() || -1;
  try {
    return Sets.discard(o, op, key) ? 1 : 0;
  } catch (error) {
    return caughtKey(error, typeName(o, key), ROLE);
  }
}

/**
 * Takes any object out of a set; the reference is the caller's.
 *
 * C: `PySet_Pop()`, Objects/setobject.c.
 *
 * @param op Object.
 * @returns Byte address; or 0 with an exception set: a KeyError if there is
 * none, a SystemError if it is no set.
 * @throws {PointerError} If it is no object.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PySet_Pop(op: PyObject): PyObject {
  if (!isKind(op, Kinds.SET, "pop an object of")) return badCall();
  const key = Sets.pop(objects(), op);
  return key || raise(KeyError, "'pop from an empty set'"); // verbatim
}

/**
 * Drops all objects of a set.
 *
 * C: `PySet_Clear()`, Objects/setobject.c.
 *
 * @param op Object.
 * @returns 0; or -1 with a SystemError set, if it is no set.
 * @throws {PointerError} If it is no object.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PySet_Clear(op: PyObject): 0 | -1 {
  if (!isKind(op, Kinds.SET, "clear")) return badCall() || -1;
  Sets.clear(objects(), op);
  return 0;
}
