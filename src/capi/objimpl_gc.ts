/**
 * `objimpl.h`, the part of the collector: objects that it looks after.
 *
 * ```text
 *   PyObject_GC_New()  ─▶  fill the fields  ─▶  PyObject_GC_Track()
 *   PyObject_GC_UnTrack()  ─▶  drop what it refers to  ─▶  PyObject_GC_Del()
 * ```
 *
 * What a program makes with `PyType_GenericNew()` is tracked, and what dies by
 * its last `Py_DECREF()` goes the second way by itself.
 *
 * @example A cycle
 * ```ts
 * import assert from "node:assert/strict";
 * import {
 *   Py_DECREF,
 *   Py_FinalizeEx,
 *   Py_Initialize,
 *   PyGC_Collect,
 *   PyList_Append,
 *   PyList_New,
 *   PyObject_GC_IsTracked,
 * } from "@obmalloc/obmalloc/capi";
 *
 * Py_Initialize({ maxBytes: 16 * 1024 * 1024 });
 * const list = PyList_New(0);
 * assert.equal(PyObject_GC_IsTracked(list), 1);
 * PyList_Append(list, list);
 * Py_DECREF(list);
 * assert.equal(PyGC_Collect(), 1);
 * Py_FinalizeEx();
 * ```
 *
 * ## Threads
 *   As `objects/tracking.ts` and `gc/gc.ts`.
 *
 * Source: CPython 3.14 Include/objimpl.h; Python/gc.c,
 * Python/gc_free_threading.c.
 * Differs: what C's debug build asserts throws; `PyObject_GC_New()` is given
 * the type object only. There is no Py_VISIT(): types bring no functions.
 *
 * @module
 */

import { show } from "../errors.ts";
import { Debug } from "../hooks/mod.ts";
import { type Objects, Tracking } from "../objects/mod.ts";
import * as Fatal from "./fatal_object.ts";
import * as NewObject from "./new_object.ts";
import {
  collector,
  objects,
  type PyObject,
  type PyTypeObject,
  requireObject,
  requireType,
} from "./objects.ts";
import { badCall, noMemory, orNoMemory } from "./raise.ts";

/** Refuses what is no type that the collector is for. */
function requireGcType(o: Objects, type: PyTypeObject): void {
  requireType(o, type, "make an object of");
  NewObject.requireGc(o, type, true);
}

/**
 * A new object for the collector, which is to be filled and then tracked.
 *
 * C: `PyObject_GC_New()`, a macro of Include/objimpl.h; _PyObject_GC_New().
 *
 * @param type Type object with `Py_TPFLAGS_HAVE_GC`.
 * @returns Byte address; or 0 with a MemoryError set.
 * @throws {PointerError} If it is no type object.
 * @throws {TypeError} If the type has no such flag.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PyObject_GC_New(type: PyTypeObject): PyObject {
  return PyUnstable_Object_GC_NewWithExtraData(type, 0);
}

/**
 * The same with some bytes more behind the fields, all 0.
 *
 * C: `PyUnstable_Object_GC_NewWithExtraData()`, Python/gc.c.
 *
 * @param type Type object with `Py_TPFLAGS_HAVE_GC`.
 * @param extraSize Bytes.
 * @returns Byte address; or 0 with a MemoryError set.
 * @throws {TypeError} If the type has no such flag, or the size is none.
 */
export function PyUnstable_Object_GC_NewWithExtraData(
  type: PyTypeObject,
  extraSize: number,
): PyObject {
  const o = objects();
  requireGcType(o, type);
  if (!Number.isSafeInteger(extraSize) || extraSize < 0) {
    throw new TypeError(
      `Cannot make an object with ${show(extraSize)} extra bytes: it must ` +
        "be a count",
    );
  }
  const size = NewObject.basicSize(o, type) + Math.ceil(extraSize / 4) * 4;
  return orNoMemory(NewObject.create(o, type, size));
}

/**
 * The same for an object that has items.
 *
 * C: `PyObject_GC_NewVar()`, a macro of Include/objimpl.h;
 * _PyObject_GC_NewVar().
 *
 * @param type Type object with `Py_TPFLAGS_HAVE_GC`.
 * @param nitems Items. Count.
 * @returns Byte address; or 0 with an exception set: a MemoryError, or a
 * SystemError if there are less than 0 items.
 * @throws {TypeError} If objects of the type have no items.
 */
export function PyObject_GC_NewVar(
  type: PyTypeObject,
  nitems: number,
): PyObject {
  const o = objects();
  requireGcType(o, type);
  if (NewObject.itemSize(o, type) === 0) NewObject.refuseItems(o, type);
  if (nitems < 0) return badCall();
  const size = NewObject.sizeOf(o, type, nitems);
  const op = NewObject.create(o, type, size);
  if (op === 0) return noMemory();
  NewObject.setSize(o, op, nitems);
  return op;
}

/** Refuses an object that the collector is not for. */
function requireGcObject(o: Objects, op: PyObject, attempt: string): void {
  requireObject(o, op, attempt);
  if (Tracking.isGc(o, op)) return;
  throw new TypeError(
    `Cannot ${attempt} ${show(op)}: ${o.describe(op)}, which has no ` +
      "Py_TPFLAGS_HAVE_GC",
  );
}

/**
 * Changes the number of items of an object that is not tracked, and that
 * nobody else knows of. New items are 0; old ones that are too many are not
 * dropped.
 *
 * C: `PyObject_GC_Resize()`, a macro of Include/objimpl.h;
 * _PyObject_GC_Resize().
 *
 * @param op Object with items.
 * @param nitems Items. Count.
 * @returns Byte address, perhaps another one; or 0 with a MemoryError set: the
 * object is then as it was.
 * @throws {PointerError} If it is no object.
 * @throws {TypeError} If it has no items, or is tracked.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PyObject_GC_Resize(op: PyObject, nitems: number): PyObject {
  const o = objects();
  requireGcObject(o, op, "resize");
  const type = o.typeOf(op);
  if (NewObject.itemSize(o, type) === 0) NewObject.refuseItems(o, type);
  if (Tracking.isTracked(o, op)) {
    throw new TypeError(
      `Cannot resize ${show(op)}: the garbage collector tracks it`,
    );
  }
  if (nitems < 0) return noMemory();
  const head = o.gcHead * 4;
  const old = o.i32[o.fields(op)];
  const size = NewObject.sizeOf(o, type, nitems);
  const block = o.core.obj.realloc((op - head) as never, size + head);
  if ((block as number) === 0) return noMemory();
  const moved = block + head;
  o.i32[o.fields(moved)] = nitems;
  const end = NewObject.sizeOf(o, type, old) >>> 2;
  NewObject.zero(o, (moved >>> 2) + end, Math.max(0, (size >>> 2) - end));
  return moved;
}

/**
 * Has the collector look after an object whose fields are valid.
 *
 * C: `PyObject_GC_Track()`, Python/gc.c.
 *
 * @param op Object.
 * @throws {FatalError} If it is tracked already; the heap is unusable then.
 * @throws {PointerError} If it is no object.
 * @throws {TypeError} If its type has no `Py_TPFLAGS_HAVE_GC`.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PyObject_GC_Track(op: PyObject): void {
  const o = objects();
  requireGcObject(o, op, "track");
  if (Tracking.isTracked(o, op)) {
    Fatal.assertFailed(
      o,
      op,
      "PyObject_GC_Track",
      "object already tracked by the garbage collector", // verbatim
    );
  }
  Tracking.track(o, op);
}

/**
 * Has the collector forget an object; twice is once.
 *
 * C: `PyObject_GC_UnTrack()`, Python/gc.c.
 *
 * @param op Object.
 * @throws {PointerError} If it is no object.
 * @throws {TypeError} If its type has no `Py_TPFLAGS_HAVE_GC`.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PyObject_GC_UnTrack(op: PyObject): void {
  const o = objects();
  requireGcObject(o, op, "untrack");
  Tracking.untrack(o, op);
}

/**
 * Gives the memory of an object back that the collector has forgotten. What it
 * refers to is not dropped. Where the debug hooks are on, an object that is
 * still tracked is reported.
 *
 * C: `PyObject_GC_Del()`, Python/gc.c.
 *
 * @param op Object.
 * @throws {PointerError} If it is no object.
 * @throws {TypeError} If its type has no `Py_TPFLAGS_HAVE_GC`.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PyObject_GC_Del(op: PyObject): void {
  const o = objects();
  requireGcObject(o, op, "free");
  if (Tracking.isTracked(o, op)) {
    if (Debug.isEnabled(o.m)) {
      const name = o.nameOf(o.typeOf(op));
      Debug.Stderr.write(
        `gc: Object of type ${name} is not untracked before destruction\n`, // verbatim
      );
    }
    Tracking.untrack(o, op);
  }
  o.freeGc(op);
}

/**
 * Whether the collector looks after objects of the type of this one.
 *
 * C: `PyObject_IS_GC()`, Objects/object.c.
 *
 * @param op Object.
 * @returns 1 if it does, else 0.
 * @throws {PointerError} If it is no object.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PyObject_IS_GC(op: PyObject): 0 | 1 {
  const o = objects();
  requireObject(o, op, "look at");
  return Tracking.isGc(o, op) ? 1 : 0;
}

/**
 * Whether the collector looks after an object.
 *
 * C: `PyObject_GC_IsTracked()`, Python/gc.c.
 *
 * @param op Object.
 * @returns 1 if it does, else 0.
 * @throws {PointerError} If it is no object.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PyObject_GC_IsTracked(op: PyObject): 0 | 1 {
  const o = objects();
  requireObject(o, op, "look at");
  return Tracking.isTracked(o, op) ? 1 : 0;
}

/**
 * Whether the finalizer of an object was run.
 *
 * C: `PyObject_GC_IsFinalized()`, Python/gc.c.
 *
 * @param op Object.
 * @returns 1 if it was, else 0.
 * @throws {PointerError} If it is no object.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PyObject_GC_IsFinalized(op: PyObject): 0 | 1 {
  const o = objects();
  requireObject(o, op, "look at");
  return Tracking.isFinalized(o, op) ? 1 : 0;
}

/**
 * Collects all generations, if collections are enabled. The error indicator
 * stays as it is.
 *
 * C: `PyGC_Collect()`, Python/gc.c.
 *
 * @returns Objects that were unreachable; 0 if somebody is collecting. Count.
 * @throws {ThreadStateError} If no thread state is attached, or a thread has
 * reached no safe point in time.
 */
export function PyGC_Collect(): number {
  objects();
  const gc = collector();
  return gc.isEnabled ? gc.collect() : 0;
}

/** Whether collections start by themselves, 1 or 0. C: `PyGC_IsEnabled()`. */
export function PyGC_IsEnabled(): 0 | 1 {
  objects();
  return collector().isEnabled ? 1 : 0;
}

/** Enables collections in all workers. Returns what was. C: `PyGC_Enable()`. */
export function PyGC_Enable(): 0 | 1 {
  const before = PyGC_IsEnabled();
  collector().enable();
  return before;
}

/** Disables collections in all workers. Returns what was. C: `PyGC_Disable()`. */
export function PyGC_Disable(): 0 | 1 {
  const before = PyGC_IsEnabled();
  collector().disable();
  return before;
}

/** Called with an object; 0 to stop. C: `gcvisitobjects_t`. */
export type gcvisitobjects_t<T> = (op: PyObject, arg: T) => number;

/**
 * Calls a function with each object that the collector looks after. Meanwhile
 * no collection starts by itself.
 *
 * C: `PyUnstable_GC_VisitObjects()`, Python/gc.c, which stops the world for as
 * long; here the objects are those of a moment, each with one more reference.
 *
 * @param callback Returns 1 to go on, 0 to stop. What it throws is thrown on.
 * @param arg What it is given beside the object.
 * @throws {ThreadStateError} If no thread state is attached, or a thread has
 * reached no safe point in time.
 */
export function PyUnstable_GC_VisitObjects<T>(
  callback: gcvisitobjects_t<T>,
  arg: T,
): void {
  const o = objects();
  const gc = collector();
  const before = PyGC_Disable();
  const found = gc.getObjects();
  try {
    found.every((op) => callback(op, arg) !== 0);
  } finally {
    for (const op of found) o.decref(op);
    if (before === 1) gc.enable();
  }
}
