/**
 * `object.h`: what all objects have in common.
 *
 * Objects that are there from the start have no fixed address in a heap, so
 * what is a constant in C is a function here: `Py_None()`.
 *
 * @example Hash, order and text of objects
 * ```ts
 * import assert from "node:assert/strict";
 * import {
 *   Py_DECREF,
 *   Py_FinalizeEx,
 *   Py_Initialize,
 *   Py_LT,
 *   Py_None,
 *   PyLong_FromLong,
 *   PyObject_Hash,
 *   PyObject_Repr,
 *   PyObject_RichCompareBool,
 *   PyTuple_Pack,
 *   PyUnicode_AsUTF8,
 * } from "@obmalloc/obmalloc/capi";
 *
 * Py_Initialize({ maxBytes: 16 * 1024 * 1024 });
 * const one = PyLong_FromLong(1);
 * const pair = PyTuple_Pack(2, one, Py_None());
 * const repr = PyObject_Repr(pair);
 * assert.equal(PyUnicode_AsUTF8(repr), "(1, None)");
 * assert.equal(PyObject_Hash(one), 1);
 * assert.equal(PyObject_RichCompareBool(one, one, Py_LT), 0);
 * [repr, pair, one].forEach(Py_DECREF);
 * Py_FinalizeEx();
 * ```
 *
 * ## Threads
 *   As the types of the objects. The caller has a reference to each.
 *
 * Source: CPython 3.14 Include/object.h; Objects/object.c.
 * Differs: an address that is none of an object throws. Hashes have 32 bits.
 *
 * @module
 */

import { show } from "../errors.ts";
import {
  Bool,
  Bytes,
  Complex,
  Dict,
  Float,
  Kinds,
  List,
  Long,
  None,
  type Objects,
  Protocol,
  Sets,
  Tuple,
  Unicode,
  UserType,
} from "../objects/mod.ts";
import * as NewObject from "./new_object.ts";
import {
  objects,
  type PyObject,
  type PyTypeObject,
  requireObject,
} from "./objects.ts";
import { badCall, caught, caughtInt, orNoMemory } from "./raise.ts";

/** What {@linkcode PyObject_RichCompare} is asked for: `<`. */
export const Py_LT = 0;
/** `<=`. */
export const Py_LE = 1;
/** `==`. */
export const Py_EQ = 2;
/** `!=`. */
export const Py_NE = 3;
/** `>`. */
export const Py_GT = 4;
/** `>=`. */
export const Py_GE = 5;

/** Texts of these, in their order. */
const OPERATORS = ["<", "<=", "==", "!=", ">", ">="];

/**
 * The object `None`. C: `Py_None`, Include/object.h.
 *
 * @returns Byte address; it is immortal.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function Py_None(): PyObject {
  return None.none(objects());
}

/** Whether two names are of the same object. C: `Py_Is()`. Returns 0 or 1. */
export function Py_Is(x: PyObject, y: PyObject): 0 | 1 {
  return x === y ? 1 : 0;
}

/** Whether an object is `None`. C: `Py_IsNone()`. Returns 0 or 1. */
export function Py_IsNone(op: PyObject): 0 | 1 {
  return Py_Is(op, Py_None());
}

/**
 * Type of an object; the reference is the object's.
 *
 * C: `Py_TYPE()`, Include/object.h.
 *
 * @param op Object.
 * @returns Byte address of a type object.
 * @throws {PointerError} If it is no object.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function Py_TYPE(op: PyObject): PyTypeObject {
  const o = objects();
  requireObject(o, op, "tell the type of");
  return o.typeOf(op);
}

/**
 * Whether an object is of a type, and not of another one.
 *
 * C: `Py_IS_TYPE()`, Include/object.h.
 *
 * @param op Object.
 * @param type Type object.
 * @returns 1 if it is, else 0.
 * @throws {PointerError} If `op` is no object.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function Py_IS_TYPE(op: PyObject, type: PyTypeObject): 0 | 1 {
  return Py_TYPE(op) === type ? 1 : 0;
}

/**
 * Items of a tuple, a list, a bytes object, or an object of a program's type with
 * items, which have an `ob_size`.
 *
 * C: `Py_SIZE()`, Include/object.h.
 *
 * @param op Object.
 * @returns Count.
 * @throws {PointerError} If it is no object.
 * @throws {TypeError} If it is of another type.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function Py_SIZE(op: PyObject): number {
  const o = objects();
  requireObject(o, op, "tell the size of");
  const kind = o.kindOf(op);
  if (kind === Kinds.TUPLE) return Tuple.length(o, op);
  if (kind === Kinds.LIST) return List.length(o, op);
  if (kind === Kinds.BYTES) return Bytes.length(o, op);
  if (NewObject.itemSize(o, o.typeOf(op)) !== 0) return UserType.length(o, op);
  throw new TypeError(
    `Cannot tell the size of ${show(op)}: ${o.describe(op)}, ` +
      "which has no ob_size",
  );
}

/**
 * Hash of an object.
 *
 * C: `PyObject_Hash()`, Objects/object.c.
 *
 * @param op Object.
 * @returns A 32-bit integer; or -1 with a TypeError set, if it has none.
 * @throws {PointerError} If it is no object.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PyObject_Hash(op: PyObject): number {
  const o = objects();
  requireObject(o, op, "hash");
  try {
    return Protocol.hash(o, op);
  } catch (error) {
    return caughtInt(error);
  }
}

/** 1 or 0 for the outcome of an order. */
function isOrder(order: number, opid: number): 0 | 1 {
  switch (opid) {
    case Py_LT:
      return order < 0 ? 1 : 0;
    case Py_LE:
      return order <= 0 ? 1 : 0;
    case Py_GT:
      return order > 0 ? 1 : 0;
    default:
      return order >= 0 ? 1 : 0;
  }
}

/** Compares; 1, 0, or -1 with the indicator set. */
function compare(a: PyObject, b: PyObject, opid: number): 0 | 1 | -1 {
  if (OPERATORS[opid] === undefined) {
    throw new RangeError(
      `Cannot compare objects by ${opid}: it is none of Py_LT to Py_GE`,
    );
  }
  const o = objects();
  if (a === 0 || b === 0) return badCall() || -1;
  requireObject(o, a, "compare");
  requireObject(o, b, "compare");
  try {
    if (opid === Py_EQ) return Protocol.equals(o, a, b) ? 1 : 0;
    if (opid === Py_NE) return Protocol.equals(o, a, b) ? 0 : 1;
    return isOrder(Protocol.compare(o, a, b), opid);
  } catch (error) {
    return caught(error, OPERATORS[opid]) || -1;
  }
}

/**
 * Compares two objects.
 *
 * C: `PyObject_RichCompare()`, Objects/object.c.
 *
 * @param a Object.
 * @param b Object.
 * @param opid {@linkcode Py_LT} and so on.
 * @returns True or False; or 0 with an exception set: a TypeError if they have
 * no order, a SystemError if one is NULL.
 * @throws {PointerError} If one is no object.
 * @throws {RangeError} If there is no such comparison.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PyObject_RichCompare(
  a: PyObject,
  b: PyObject,
  opid: number,
): PyObject {
  const found = compare(a, b, opid);
  return found < 0 ? 0 : Bool.fromBoolean(objects(), found === 1);
}

/**
 * The same as a number. An object always equals itself.
 *
 * C: `PyObject_RichCompareBool()`, Objects/object.c.
 *
 * @returns 1 or 0; or -1 with an exception set.
 */
export function PyObject_RichCompareBool(
  a: PyObject,
  b: PyObject,
  opid: number,
): 0 | 1 | -1 {
  if (a === b && a !== 0) {
    if (opid === Py_EQ) return 1;
    if (opid === Py_NE) return 0;
  }
  return compare(a, b, opid);
}

/**
 * What Python prints for an object.
 *
 * C: `PyObject_Repr()`, Objects/object.c.
 *
 * @param op Object, or NULL, for which it is `<NULL>`.
 * @returns A str; or 0 with an exception set, a MemoryError or a
 * RecursionError.
 * @throws {PointerError} If it is no object.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PyObject_Repr(op: PyObject): PyObject {
  const o = objects();
  if (op === 0) return orNoMemory(Unicode.fromString(o, "<NULL>")); // verbatim
  requireObject(o, op, "print");
  try {
    return orNoMemory(Unicode.fromString(o, Protocol.repr(o, op)));
  } catch (error) {
    return caught(error);
  }
}

/**
 * An object as text: a str itself, of others the repr.
 *
 * C: `PyObject_Str()`, Objects/object.c.
 *
 * @returns A str; or 0 with an exception set, as {@linkcode PyObject_Repr}.
 */
export function PyObject_Str(op: PyObject): PyObject {
  const o = objects();
  if (op !== 0) {
    requireObject(o, op, "print");
    if (o.kindOf(op) === Kinds.STR) {
      o.incref(op);
      return op;
    }
  }
  return PyObject_Repr(op);
}

/** Length of an object, or below 0 for one that has none. */
function lengthOf(o: Objects, op: PyObject): number {
  switch (o.kindOf(op)) {
    case Kinds.STR:
      return Unicode.length(o, op);
    case Kinds.BYTES:
      return Bytes.length(o, op);
    case Kinds.TUPLE:
      return Tuple.length(o, op);
    case Kinds.LIST:
      return List.length(o, op);
    case Kinds.DICT:
      return Dict.length(o, op);
    case Kinds.SET:
    case Kinds.FROZENSET:
      return Sets.length(o, op);
    default:
      return -1;
  }
}

/** A number as one of JavaScript, or NaN for what is none. */
function numberOf(o: Objects, op: PyObject): number {
  switch (o.kindOf(op)) {
    case Kinds.NONE:
      return 0;
    case Kinds.BOOL:
    case Kinds.INT:
      return Long.toNumber(o, op);
    case Kinds.FLOAT:
      return Float.toNumber(o, op);
    case Kinds.COMPLEX:
      return Complex.real(o, op) || Complex.imag(o, op);
    default:
      return NaN;
  }
}

/**
 * Whether an object counts as true.
 *
 * C: `PyObject_IsTrue()`, Objects/object.c.
 *
 * @param op Object.
 * @returns 0 for None, False, zeros and what is empty, else 1.
 * @throws {PointerError} If it is no object.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PyObject_IsTrue(op: PyObject): 0 | 1 {
  const o = objects();
  requireObject(o, op, "tell the truth of");
  return lengthOf(o, op) === 0 || numberOf(o, op) === 0 ? 0 : 1;
}

/** The opposite of {@linkcode PyObject_IsTrue}. C: `PyObject_Not()`. */
export function PyObject_Not(op: PyObject): 0 | 1 {
  return PyObject_IsTrue(op) === 1 ? 0 : 1;
}
