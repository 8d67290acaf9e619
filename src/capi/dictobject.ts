/**
 * `dictobject.h`: dicts.
 *
 * What C's functions write through a pointer is here a member of an object of
 * JavaScript: `PyDict_GetItemRef(dict, key, found, "value")`.
 *
 * @example Counting
 * ```ts
 * import assert from "node:assert/strict";
 * import {
 *   Py_CLEAR,
 *   Py_DECREF,
 *   Py_FinalizeEx,
 *   Py_Initialize,
 *   PyDict_GetItemRef,
 *   PyDict_New,
 *   PyDict_SetItem,
 *   PyLong_AsLong,
 *   PyLong_FromLong,
 *   PyUnicode_FromString,
 * } from "@obmalloc/obmalloc/capi";
 *
 * Py_Initialize({ maxBytes: 16 * 1024 * 1024 });
 * const dict = PyDict_New();
 *
 * function count(word: string) {
 *   const key = PyUnicode_FromString(word);
 *   const found = { value: 0 };
 *   PyDict_GetItemRef(dict, key, found, "value");
 *   const before = found.value === 0 ? 0 : PyLong_AsLong(found.value);
 *   Py_CLEAR(found, "value");
 *   const value = PyLong_FromLong(before + 1);
 *   PyDict_SetItem(dict, key, value);
 *   [key, value].forEach(Py_DECREF);
 *   return before + 1;
 * }
 *
 * assert.deepEqual(["a", "b", "a"].map(count), [1, 1, 2]);
 * Py_DECREF(dict);
 * Py_FinalizeEx();
 * ```
 *
 * ## Threads
 *   As `objects/dict.ts`. What has several steps here has them in a critical
 *   section. References that are borrowed from a dict are as good as the item:
 *   another worker may drop it at any time, as in C.
 *
 * Source: CPython 3.14 Include/dictobject.h, Include/cpython/dictobject.h;
 * Objects/dictobject.c.
 *
 * @module
 */

import * as PyObjectWords from "../layout/object_free_threaded.ts";
import {
  Dict,
  Held,
  Kinds,
  type Objects,
  Protocol,
  Unicode,
} from "../objects/mod.ts";
import { KeyError } from "./exceptions.ts";
import {
  isKind,
  objects,
  type PyObject,
  type PyTypeObject,
  requireObject,
  typeName,
} from "./objects.ts";
import { PyErr_Clear, PyErr_Occurred } from "./pyerrors.ts";
import {
  badCall,
  caughtKey,
  fail,
  noMemory,
  orNoMemory,
  statusOf,
} from "./raise.ts";
import type { PyObjectHolder } from "./refcount.ts";

const ROLE = "a dict key";

/** The type `dict`. C: `PyDict_Type`. */
export function PyDict_Type(): PyTypeObject {
  return objects().typeOfKind(Kinds.DICT);
}

/**
 * Whether an object is a dict.
 *
 * C: `PyDict_Check()`, Include/dictobject.h.
 *
 * @param op Object.
 * @returns 1 if it is, else 0.
 * @throws {PointerError} If it is no object.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PyDict_Check(op: PyObject): 0 | 1 {
  return isKind(op, Kinds.DICT, "look at") ? 1 : 0;
}

/** The same as {@linkcode PyDict_Check}: there are no subtypes. */
export const PyDict_CheckExact: typeof PyDict_Check = PyDict_Check;

/**
 * A new dict without items.
 *
 * C: `PyDict_New()`, Objects/dictobject.c.
 *
 * @returns Byte address; or 0 with a MemoryError set.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PyDict_New(): PyObject {
  return orNoMemory(Dict.create(objects()));
}

/**
 * Items of a dict.
 *
 * C: `PyDict_Size()`, Objects/dictobject.c.
 *
 * @param op Object.
 * @returns Count; or -1 with a SystemError set, if it is no dict.
 * @throws {PointerError} If it is no object.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PyDict_Size(op: PyObject): number {
  if (!isKind(op, Kinds.DICT, "tell the size of")) return badCall() || -1;
  return Dict.length(objects(), op);
}

/** {@linkcode PyDict_Size} by another name. C: the macro. */
export const PyDict_GET_SIZE: typeof PyDict_Size = PyDict_Size;

/** Refuses a key that is no object. Returns false if `op` is no dict. */
function isReady(
  o: Objects,
  op: PyObject,
  key: PyObject,
  attempt: string,
): boolean {
  requireObject(o, key, "use as a key");
  if (isKind(op, Kinds.DICT, attempt)) return true;
  badCall();
  return false;
}

/** A value with a reference; 0 if there is none; -1 with the indicator set. */
function valueOf(op: PyObject, key: PyObject): PyObject | -1 {
  const o = objects();
  if (!isReady(o, op, key, "get an item of")) return -1;
  try {
    return Dict.getItem(o, op, key);
  } catch (error) {
    return caughtKey(error, typeName(o, key), ROLE);
  }
}

/**
 * The value of a key; the reference is the caller's.
 *
 * C: `PyDict_GetItemRef()`, Objects/dictobject.c.
 *
 * @param op Object.
 * @param key Object.
 * @param holder Gets the value, or NULL.
 * @param member Its member, or an index.
 * @returns 1 if there is one, 0 if not; or -1 with an exception set: a
 * TypeError if the key cannot be hashed, a SystemError if `op` is no dict.
 * @throws {PointerError} If one is no object.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PyDict_GetItemRef<K extends PropertyKey>(
  op: PyObject,
  key: PyObject,
  holder: PyObjectHolder<K>,
  member: K,
): 0 | 1 | -1 {
  const value = valueOf(op, key);
  holder[member] = Math.max(value, 0);
  return value < 0 ? -1 : value === 0 ? 0 : 1;
}

/**
 * The value of a key; the reference is the dict's.
 *
 * C: `PyDict_GetItemWithError()`, Objects/dictobject.c.
 *
 * @returns Byte address; 0 if there is none; or 0 with an exception set, as
 * {@linkcode PyDict_GetItemRef}.
 */
export function PyDict_GetItemWithError(
  op: PyObject,
  key: PyObject,
): PyObject {
  const value = valueOf(op, key);
  if (value > 0) objects().decref(value);
  return Math.max(value, 0);
}

/**
 * The same, but for the exception: there is none afterwards.
 *
 * C: `PyDict_GetItem()`, Objects/dictobject.c.
 */
export function PyDict_GetItem(op: PyObject, key: PyObject): PyObject {
  const value = PyDict_GetItemWithError(op, key);
  if (value === 0 && PyErr_Occurred() !== null) PyErr_Clear();
  return value;
}

/** Runs something with a str for a key; `failed` for lack of memory. */
function withKey<T>(text: string, failed: T, run: (key: PyObject) => T): T {
  const o = objects();
  const key = Unicode.fromString(o, text);
  if (key === 0) {
    noMemory();
    return failed;
  }
  try {
    return run(key);
  } finally {
    o.decref(key);
  }
}

/** {@linkcode PyDict_GetItemRef} of a text. C: `PyDict_GetItemStringRef()`. */
export function PyDict_GetItemStringRef<K extends PropertyKey>(
  op: PyObject,
  key: string,
  holder: PyObjectHolder<K>,
  member: K,
): 0 | 1 | -1 {
  holder[member] = 0;
  return withKey<0 | 1 | -1>(
    key,
    -1,
    (str) => PyDict_GetItemRef(op, str, holder, member),
  );
}

/** {@linkcode PyDict_GetItem} of a text. C: `PyDict_GetItemString()`. */
export function PyDict_GetItemString(op: PyObject, key: string): PyObject {
  return withKey(key, 0, (str) => PyDict_GetItem(op, str));
}

/**
 * Whether a dict has a key.
 *
 * C: `PyDict_Contains()`, Objects/dictobject.c.
 *
 * @param op Object.
 * @param key Object.
 * @returns 1 or 0; or -1 with an exception set, as
 * {@linkcode PyDict_GetItemRef}.
 */
export function PyDict_Contains(op: PyObject, key: PyObject): 0 | 1 | -1 {
  const o = objects();
  if (!isReady(o, op, key, "look for a key in")) return -1;
  try {
    return Dict.contains(o, op, key) ? 1 : 0;
  } catch (error) {
    return caughtKey(error, typeName(o, key), ROLE);
  }
}

/** {@linkcode PyDict_Contains} of a text. C: `PyDict_ContainsString()`. */
export function PyDict_ContainsString(op: PyObject, key: string): 0 | 1 | -1 {
  return withKey<0 | 1 | -1>(key, -1, (str) => PyDict_Contains(op, str));
}

/**
 * Gives a key a value; both get one more reference.
 *
 * C: `PyDict_SetItem()`, Objects/dictobject.c.
 *
 * @param op Object.
 * @param key Object.
 * @param value Object.
 * @returns 0; or -1 with an exception set, and nothing has changed: a
 * MemoryError, a TypeError if the key cannot be hashed, a SystemError if `op`
 * is no dict.
 * @throws {PointerError} If one is no object.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PyDict_SetItem(
  op: PyObject,
  key: PyObject,
  value: PyObject,
): 0 | -1 {
  const o = objects();
  requireObject(o, value, "put into a dict");
  if (!isReady(o, op, key, "set an item of")) return -1;
  try {
    return statusOf(Dict.setItem(o, op, key, value));
  } catch (error) {
    return caughtKey(error, typeName(o, key), ROLE);
  }
}

/** {@linkcode PyDict_SetItem} of a text. C: `PyDict_SetItemString()`. */
export function PyDict_SetItemString(
  op: PyObject,
  key: string,
  value: PyObject,
): 0 | -1 {
  return withKey<0 | -1>(key, -1, (str) => PyDict_SetItem(op, str, value));
}

/** Runs steps while nobody else changes a dict. */
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
 * Gives a key a value unless it has one.
 *
 * C: `PyDict_SetDefaultRef()`, Objects/dictobject.c.
 *
 * @param op Object.
 * @param key Object.
 * @param value Object.
 * @param holder Gets the value that is there then, with a reference for the
 * caller, or NULL on failure; or null.
 * @param member Its member, or an index.
 * @returns 1 if there was one, 0 if not; or -1 with an exception set, as
 * {@linkcode PyDict_SetItem}.
 */
export function PyDict_SetDefaultRef<K extends PropertyKey>(
  op: PyObject,
  key: PyObject,
  value: PyObject,
  holder: PyObjectHolder<K> | null,
  member: K,
): 0 | 1 | -1 {
  const o = objects();
  if (holder !== null) holder[member] = 0;
  requireObject(o, value, "put into a dict");
  if (!isReady(o, op, key, "set an item of")) return -1;
  try {
    let wasThere = false;
    const found = alone(o, op, () => {
      wasThere = Dict.contains(o, op, key);
      return Dict.setDefault(o, op, key, value);
    });
    if (found === 0) return statusOf(false);
    if (holder === null) o.decref(found);
    else holder[member] = found;
    return wasThere ? 1 : 0;
  } catch (error) {
    return caughtKey(error, typeName(o, key), ROLE);
  }
}

/**
 * The same; the reference to the value that is there then is the dict's.
 *
 * C: `PyDict_SetDefault()`, Objects/dictobject.c.
 *
 * @returns Byte address; or 0 with an exception set.
 */
export function PyDict_SetDefault(
  op: PyObject,
  key: PyObject,
  value: PyObject,
): PyObject {
  const found = { value: 0 };
  if (PyDict_SetDefaultRef(op, key, value, found, "value") < 0) return 0;
  objects().decref(found.value);
  return found.value;
}

/**
 * Takes the item of a key out.
 *
 * C: `PyDict_Pop()`, Objects/dictobject.c.
 *
 * @param op Object.
 * @param key Object.
 * @param holder Gets the value, whose reference is the caller's, or NULL; or
 * null.
 * @param member Its member, or an index.
 * @returns 1 if there was one, 0 if not; or -1 with an exception set: a
 * TypeError if the key cannot be hashed, a SystemError if `op` is no dict.
 * @throws {PointerError} If one is no object.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PyDict_Pop<K extends PropertyKey>(
  op: PyObject,
  key: PyObject,
  holder: PyObjectHolder<K> | null,
  member: K,
): 0 | 1 | -1 {
  const o = objects();
  if (holder !== null) holder[member] = 0;
  if (!isReady(o, op, key, "pop an item of")) return -1;
  try {
    const value = Dict.pop(o, op, key);
    if (value === 0) return 0;
    if (holder === null) o.decref(value);
    else holder[member] = value;
    return 1;
  } catch (error) {
    return caughtKey(error, typeName(o, key), ROLE);
  }
}

/** {@linkcode PyDict_Pop} of a text. C: `PyDict_PopString()`. */
export function PyDict_PopString<K extends PropertyKey>(
  op: PyObject,
  key: string,
  holder: PyObjectHolder<K> | null,
  member: K,
): 0 | 1 | -1 {
  return withKey<0 | 1 | -1>(
    key,
    -1,
    (str) => PyDict_Pop(op, str, holder, member),
  );
}

/**
 * Drops the item of a key.
 *
 * C: `PyDict_DelItem()`, Objects/dictobject.c.
 *
 * @param op Object.
 * @param key Object.
 * @returns 0; or -1 with an exception set: a KeyError if there is none, others
 * as {@linkcode PyDict_Pop}.
 */
export function PyDict_DelItem(op: PyObject, key: PyObject): 0 | -1 {
  const found = PyDict_Pop(op, key, null, "");
  if (found !== 0) return found < 0 ? -1 : 0;
  return fail(KeyError, Protocol.repr(objects(), key));
}

/** {@linkcode PyDict_DelItem} of a text. C: `PyDict_DelItemString()`. */
export function PyDict_DelItemString(op: PyObject, key: string): 0 | -1 {
  return withKey<0 | -1>(key, -1, (str) => PyDict_DelItem(op, str));
}

/**
 * Drops all items; does nothing to what is no dict.
 *
 * C: `PyDict_Clear()`, Objects/dictobject.c.
 *
 * @param op Object.
 * @throws {PointerError} If it is no object.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PyDict_Clear(op: PyObject): void {
  if (isKind(op, Kinds.DICT, "clear")) Dict.clear(objects(), op);
}

/** What makes an object of a dict. */
type Maker = (o: Objects, op: PyObject) => PyObject;

function made(op: PyObject, attempt: string, make: Maker): PyObject {
  if (!isKind(op, Kinds.DICT, attempt)) return badCall();
  return orNoMemory(make(objects(), op));
}

/**
 * A new dict with the same items.
 *
 * C: `PyDict_Copy()`, Objects/dictobject.c.
 *
 * @param op Object.
 * @returns Byte address; or 0 with an exception set: a MemoryError, or a
 * SystemError if it is no dict.
 * @throws {PointerError} If it is no object.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PyDict_Copy(op: PyObject): PyObject {
  return made(op, "copy", Dict.copy);
}

/** A new list of the keys, otherwise as {@linkcode PyDict_Copy}. */
export function PyDict_Keys(op: PyObject): PyObject {
  return made(op, "list the keys of", Dict.keys);
}

/** A new list of the values, otherwise as {@linkcode PyDict_Copy}. */
export function PyDict_Values(op: PyObject): PyObject {
  return made(op, "list the values of", Dict.values);
}

/** A new list of pairs of both, otherwise as {@linkcode PyDict_Copy}. */
export function PyDict_Items(op: PyObject): PyObject {
  return made(op, "list the items of", Dict.items);
}

/** Where a loop over a dict is. C: the three pointers of `PyDict_Next()`. */
export interface PyDictState {
  /** 0 at first; what it is later is nobody's business. */
  pos: number;
  /** The key; the reference is the dict's. */
  key: PyObject;
  /** The value; the same. */
  value: PyObject;
}

/**
 * The next item. Meanwhile the dict should not change but for its values.
 *
 * C: `PyDict_Next()`, Objects/dictobject.c.
 *
 * @param op Object.
 * @param state Is filled.
 * @returns 1, or 0 if there is none, or it is no dict.
 * @throws {PointerError} If it is no object.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PyDict_Next(op: PyObject, state: PyDictState): 0 | 1 {
  if (!isKind(op, Kinds.DICT, "go through")) return 0;
  const o = objects();
  const entry = new Dict.Entry();
  const pos = Dict.next(o, op, state.pos, entry);
  if (pos < 0) return 0;
  o.decref(entry.key);
  o.decref(entry.value);
  state.pos = pos;
  state.key = entry.key;
  state.value = entry.value;
  return 1;
}

/** Gives keys of one dict to another that has not got them. */
function mergeNew(o: Objects, a: PyObject, b: PyObject): boolean {
  const entry = new Dict.Entry();
  for (let pos = Dict.next(o, b, 0, entry); pos >= 0;) {
    const found = Dict.setDefault(o, a, entry.key, entry.value);
    o.decref(entry.key);
    o.decref(entry.value);
    if (found === 0) return false;
    o.decref(found);
    pos = Dict.next(o, b, pos, entry);
  }
  return true;
}

/**
 * Adds the items of another dict.
 *
 * C: `PyDict_Merge()`, Objects/dictobject.c.
 *
 * @param a Object.
 * @param b Object.
 * @param override 0 to leave the values of keys that are there alone.
 * @returns 0; or -1 with an exception set: a MemoryError, or a SystemError if
 * one is no dict.
 * @throws {PointerError} If one is no object.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PyDict_Merge(
  a: PyObject,
  b: PyObject,
  override: number,
): 0 | -1 {
  const o = objects();
  const areDicts = isKind(a, Kinds.DICT, "update") &&
    isKind(b, Kinds.DICT, "update a dict with");
  if (!areDicts) return badCall() || -1;
  if (override !== 0) return statusOf(Dict.update(o, a, b));
  return statusOf(a === b || mergeNew(o, a, b));
}

/** {@linkcode PyDict_Merge} with `override`. C: `PyDict_Update()`. */
export function PyDict_Update(a: PyObject, b: PyObject): 0 | -1 {
  return PyDict_Merge(a, b, 1);
}
