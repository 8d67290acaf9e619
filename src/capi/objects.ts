/**
 * The objects of the runtime, as the functions of this folder use them.
 *
 * They are opened at the first call that needs them. A program that only
 * allocates memory does not pay for them.
 *
 * What C leaves undefined for a pointer to nothing, or to something that is no
 * object, throws here: the word of an object that names its type must name a
 * type. Memory of an object that was freed cannot be told in this way.
 *
 * ## Threads
 *   Belongs to one worker; reads words of objects that the caller has a
 *   reference to, and of other memory if it is mistaken.
 *
 * @module
 */

import { Describe } from "../domains/mod.ts";
import { MemoryError, PointerError, show } from "../errors.ts";
import { objectsOf, type Opened } from "../gc/open.ts";
import type { Gc } from "../gc/mod.ts";
import * as FreeThreaded from "../layout/object_free_threaded.ts";
import * as Gil from "../layout/object_gil.ts";
import * as Layout from "../layout/memory_map.ts";
import * as TypeObject from "../layout/type_object.ts";
import { Held, Kinds, type Objects } from "../objects/mod.ts";
import { requireAttached, runtime as shared } from "./runtime.ts";

// Hot: constants of this module fold, imported ones are read.
const runtime = shared;
const { NULL_RINGS } = Layout;
const { TYPE } = Kinds;

/** An object: its byte address. 0 is NULL. C: `PyObject *`. */
export type PyObject = number;

/** A type object. C: `PyTypeObject *`. */
export type PyTypeObject = number;

/**
 * @ignore Objects of the runtime's heap; its thread state is attached.
 *
 * @throws {ThreadStateError} If it is not, or there is no runtime.
 * @throws {MemoryError} If no memory is left for the objects that are there
 * from the start.
 */
export function objects(): Objects {
  const o = runtime.objects;
  if (o === null || o.lists === NULL_RINGS) return open().objects;
  if (Held.isOff(o)) Held.settle(o);
  return o;
}

/** @ignore The collector; otherwise as {@linkcode objects}. */
export function collector(): Gc {
  return open().gc;
}

function open(): Opened {
  const tstate = requireAttached("use objects");
  tstate.opened ??= objectsOf(tstate.interp.core);
  runtime.objects = tstate.opened?.objects ?? null;
  if (tstate.opened !== null) return tstate.opened;
  throw new MemoryError("Cannot open the objects of the heap: no memory left");
}

/** @ignore Whether the address is one of an object, as far as that can be told. */
export function isObject(o: Objects, op: PyObject): boolean {
  if (op >>> 0 !== op || (op & 7) !== 0 || op === 0) return false;
  return isType(o, o.typeOf(op));
}

function isType(o: Objects, type: PyTypeObject): boolean {
  return type !== 0 && o.typeOf(type) === o.typeOfKind(TYPE);
}

/**
 * @ignore Refuses what is no object.
 *
 * @param attempt What shall be done with it, a verb with its preposition.
 * @throws {PointerError} If the address is none of an object.
 * @throws {TypeError} If it is no number.
 */
export function requireObject(
  o: Objects,
  op: PyObject,
  attempt: string,
): void {
  if (!isObject(o, op)) refuse(o, op, attempt, "object");
}

/** @ignore Refuses what is no type object; throws as {@linkcode requireObject}. */
export function requireType(
  o: Objects,
  type: PyTypeObject,
  attempt: string,
): void {
  if (type >>> 0 !== type || (type & 7) !== 0 || !isType(o, type)) {
    refuse(o, type, attempt, "type object");
  }
}

function refuse(
  o: Objects,
  op: unknown,
  attempt: string,
  what: string,
): never {
  const isNull = op === 0;
  const why = isNull
    ? "it is NULL"
    : `it is no ${what}; ${Describe.describe(o.m, op)}`;
  const text = `Cannot ${attempt} ${show(op)}: ${why}`;
  throw typeof op === "number" ? new PointerError(text) : new TypeError(text);
}

/**
 * @ignore Refuses what C could not be given as a `Py_ssize_t`.
 *
 * @throws {TypeError} If it is no whole number.
 */
export function requireSize(value: number, attempt: string): void {
  if (Number.isSafeInteger(value)) return;
  const text = typeof value === "number" ? String(value) : show(value);
  throw new TypeError(`Cannot ${attempt} ${text}: it must be a whole number`);
}

/** @ignore Name of an object's type. C: `Py_TYPE(op)->tp_name`. */
export function typeName(o: Objects, op: PyObject): string {
  return o.nameOf(o.typeOf(op));
}

/** @ignore `tp_flags` of a type object. */
export function flagsOf(o: Objects, type: PyTypeObject): number {
  return o.i32[o.fields(type) + TypeObject.TP_FLAGS];
}

/** @ignore Whether an object is of a built-in type. */
export function isKind(op: PyObject, kind: number, attempt: string): boolean {
  const o = objects();
  requireObject(o, op, attempt);
  return o.kindOf(op) === kind;
}

/** @ignore Whether an object never dies. */
export function isImmortal(o: Objects, op: PyObject): boolean {
  const at = op >>> 2;
  return o.isBiased
    ? o.i32[at + FreeThreaded.OB_REF_LOCAL] === FreeThreaded.IMMORTAL_LOCAL // racy hint
    : o.i32[at + Gil.OB_REFCNT] < 0;
}
