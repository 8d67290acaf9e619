/**
 * `objimpl.h`: the OBJ domain, and objects made in it. What has to do with the
 * collector is in `objimpl_gc.ts`.
 *
 * The rules for sizes and NULL are those of `pymem.h`. The functions that make
 * objects set the error indicator; those that only allocate do not.
 *
 * @example Memory of an object
 * ```ts
 * import assert from "node:assert/strict";
 * import {
 *   NULL,
 *   Py_FinalizeEx,
 *   Py_Initialize,
 *   PyObject_Calloc,
 *   PyObject_Free,
 *   PyObject_Realloc,
 * } from "@obmalloc/obmalloc/capi";
 *
 * const heap = Py_Initialize({ maxBytes: 16 * 1024 * 1024 });
 * let op = PyObject_Calloc(1, 32);
 * assert.notEqual(op, NULL);
 * heap.i32[op >>> 2] = 1;
 * op = PyObject_Realloc(op, 64);
 * assert.equal(heap.i32[op >>> 2], 1);
 * PyObject_Free(op);
 * Py_FinalizeEx();
 * ```
 *
 * @example An object in memory of one's own
 * ```ts
 * import assert from "node:assert/strict";
 * import {
 *   Py_DECREF,
 *   Py_FinalizeEx,
 *   Py_Initialize,
 *   Py_TYPE,
 *   PyObject_Init,
 *   PyObject_Malloc,
 *   PyObject_New,
 *   PyType_FromSpec,
 * } from "@obmalloc/obmalloc/capi";
 *
 * Py_Initialize({ maxBytes: 16 * 1024 * 1024 });
 * const Point = PyType_FromSpec({ name: "Point", basicsize: -8, slots: [] });
 * const op = PyObject_New(Point);
 * assert.equal(Py_TYPE(op), Point);
 * Py_DECREF(op);
 * const other = PyObject_Init(PyObject_Malloc(64), Point);
 * assert.equal(Py_TYPE(other), Point);
 * Py_DECREF(other);
 * Py_FinalizeEx();
 * ```
 *
 * ## Threads
 *   As the domain: a block may be freed by whichever worker. The thread state
 *   belongs to one worker.
 *
 * Source: CPython 3.14 Include/objimpl.h; Objects/obmalloc.c.
 * Differs: sizes are limited to 2^53 − 1; misuse that C leaves undefined throws.
 * `PyObject_New()` is given the type object only, and its objects are 0 behind
 * the header.
 *
 * @module
 */

import { Describe } from "../domains/mod.ts";
import { PointerError, show } from "../errors.ts";
import type { ObjPtr } from "../memory/pointers.ts";
import type { Objects } from "../objects/mod.ts";
import * as NewObject from "./new_object.ts";
import * as Null from "./null.ts";
import {
  objects,
  type PyObject,
  type PyTypeObject,
  requireType,
} from "./objects.ts";
import { badCall, noMemory, orNoMemory } from "./raise.ts";
import { runtime as shared } from "./runtime.ts";

// Hot: constants of this module fold, imported ones are read.
const runtime = shared;

/**
 * Allocates `size` bytes in the OBJ domain, uninitialised.
 *
 * C: `PyObject_Malloc()`, Objects/obmalloc.c.
 *
 * @param size Bytes; 0 is a block of its own.
 * @returns Byte address, a multiple of 16, or 0 if no memory is left, or if the
 * size is negative or above `PY_SSIZE_T_MAX`.
 * @throws {TypeError} If `size` is no integer.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PyObject_Malloc(size: number): ObjPtr | 0 {
  const block = runtime.obj.malloc(size);
  return block === 0 ? Null.malloc("obj", size) : block;
}

/**
 * Allocates `nelem` times `elsize` bytes in the OBJ domain, all 0.
 *
 * C: `PyObject_Calloc()`, Objects/obmalloc.c.
 *
 * @param nelem Elements. Count.
 * @param elsize Size of one. Bytes.
 * @returns Byte address, or 0 if no memory is left, or if the product is no
 * size that a block can have.
 * @throws {TypeError} If an argument is no integer.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PyObject_Calloc(nelem: number, elsize: number): ObjPtr | 0 {
  const block = runtime.obj.calloc(nelem, elsize);
  return block === 0 ? Null.calloc("obj", nelem, elsize) : block;
}

/**
 * Changes the size of a block of the OBJ domain; its first bytes stay, its
 * address may change. Never frees, not even for 0 bytes.
 *
 * C: `PyObject_Realloc()`, Objects/obmalloc.c.
 *
 * @param ptr Block, or 0 for a new one.
 * @param newSize Bytes.
 * @returns Byte address, or 0 if no memory is left or the size is none that a
 * block can have: the old block is then as it was.
 * @throws {PointerError} If `ptr` is no block of this domain.
 * @throws {TypeError} If `newSize` is no integer, or `ptr` no number.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PyObject_Realloc(ptr: ObjPtr | 0, newSize: number): ObjPtr | 0 {
  const block = runtime.obj.realloc(ptr, newSize);
  return block === 0 ? Null.realloc("obj", ptr, newSize) : block;
}

/**
 * Frees a block of the OBJ domain. NULL is nothing to free.
 *
 * C: `PyObject_Free()`, Objects/obmalloc.c.
 *
 * @param ptr Block, of whichever worker, or 0.
 * @throws {PointerError} If `ptr` is no block of this domain.
 * @throws {TypeError} If `ptr` is no number.
 * @throws {ThreadStateError} If no thread state is attached and `ptr` is not 0.
 */
export function PyObject_Free(ptr: ObjPtr | 0): void {
  runtime.obj.free(ptr);
}

/**
 * The same as {@linkcode PyObject_Malloc}.
 *
 * @deprecated Soft-deprecated in C, too: use {@linkcode PyObject_Malloc}.
 */
export const PyObject_MALLOC: typeof PyObject_Malloc = PyObject_Malloc;

/**
 * The same as {@linkcode PyObject_Realloc}.
 *
 * @deprecated Soft-deprecated in C, too: use {@linkcode PyObject_Realloc}.
 */
export const PyObject_REALLOC: typeof PyObject_Realloc = PyObject_Realloc;

/**
 * The same as {@linkcode PyObject_Free}.
 *
 * @deprecated Soft-deprecated in C, too: use {@linkcode PyObject_Free}.
 */
export const PyObject_FREE: typeof PyObject_Free = PyObject_Free;

/**
 * The same as {@linkcode PyObject_Free}.
 *
 * @deprecated Soft-deprecated in C, too: use {@linkcode PyObject_Free}.
 */
export const PyObject_Del: typeof PyObject_Free = PyObject_Free;

/**
 * The same as {@linkcode PyObject_Free}.
 *
 * @deprecated Soft-deprecated in C, too: use {@linkcode PyObject_Free}.
 */
export const PyObject_DEL: typeof PyObject_Free = PyObject_Free;

/**
 * Refuses memory that no object of a type can be in.
 *
 * @param size What it needs, without the collector's head. Bytes.
 */
function requireMemory(
  o: Objects,
  op: PyObject,
  type: PyTypeObject,
  size: number,
): void {
  const head = NewObject.headOf(o, type);
  const room = roomAt(o, op - head) - head;
  if (room >= size) return;
  throw new PointerError(
    `Cannot make ${show(op)} an object of type ${o.nameOf(type)}: the block ` +
      `has room for ${room} bytes, and ${size} are needed`,
  );
}

/** Room in a block of OBJ. Bytes. */
function roomAt(o: Objects, block: number): number {
  try {
    return o.core.obj.sizeOf(block as ObjPtr);
  } catch (error) {
    if (!(error instanceof PointerError)) throw error;
    throw new PointerError(
      `Cannot make an object of ${show(block)}: ` +
        `${Describe.describe(o.m, block)}, and objects live in blocks of the ` +
        "obj domain",
    );
  }
}

/**
 * Makes memory of the OBJ domain an object with one reference. Only its header
 * is written.
 *
 * C: `PyObject_Init()`, Objects/object.c.
 *
 * @param op Block of the OBJ domain, of another one the collector would not
 * find the object, or NULL.
 * @param type Type object.
 * @returns `op`; or 0 with a MemoryError set, if it is NULL.
 * @throws {PointerError} If `op` is no such block or too small, or `type` is no
 * type object.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PyObject_Init(
  op: ObjPtr | PyObject,
  type: PyTypeObject,
): PyObject {
  if (op === 0) return noMemory();
  const o = objects();
  requireType(o, type, "make an object of");
  requireMemory(o, op, type, NewObject.basicSize(o, type));
  return o.init(op, type);
}

/**
 * The same for an object that has items, whose number is written, too.
 *
 * C: `PyObject_InitVar()`, Objects/object.c.
 *
 * @param size Items. Count.
 * @throws {TypeError} If objects of the type have no items.
 */
export function PyObject_InitVar(
  op: ObjPtr | PyObject,
  type: PyTypeObject,
  size: number,
): PyObject {
  if (op === 0) return noMemory();
  const o = objects();
  requireVar(o, type);
  requireMemory(o, op, type, NewObject.sizeOf(o, type, size));
  o.init(op, type);
  NewObject.setSize(o, op, size);
  return op;
}

/** Refuses what is no type of objects with items. */
function requireVar(o: Objects, type: PyTypeObject): void {
  requireType(o, type, "make an object of");
  if (NewObject.itemSize(o, type) === 0) NewObject.refuseItems(o, type);
}

/**
 * A new object that the collector does not look after.
 *
 * C: `PyObject_New()`, a macro of Include/objimpl.h; _PyObject_New().
 *
 * @param type Type object, without `Py_TPFLAGS_HAVE_GC`.
 * @returns Byte address; or 0 with a MemoryError set.
 * @throws {PointerError} If it is no type object.
 * @throws {TypeError} If the type has that flag.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PyObject_New(type: PyTypeObject): PyObject {
  const o = objects();
  requireType(o, type, "make an object of");
  NewObject.requireGc(o, type, false);
  return orNoMemory(
    NewObject.create(o, type, NewObject.basicSize(o, type)),
  );
}

/**
 * The same for an object that has items.
 *
 * C: `PyObject_NewVar()`, a macro of Include/objimpl.h; _PyObject_NewVar().
 *
 * @param size Items. Count.
 * @returns Byte address; or 0 with an exception set: a MemoryError, or a
 * SystemError if the size is below 0.
 * @throws {TypeError} If objects of the type have no items.
 */
export function PyObject_NewVar(type: PyTypeObject, size: number): PyObject {
  const o = objects();
  requireVar(o, type);
  NewObject.requireGc(o, type, false);
  if (size < 0) return badCall();
  const op = NewObject.create(o, type, NewObject.sizeOf(o, type, size));
  if (op === 0) return noMemory();
  NewObject.setSize(o, op, size);
  return op;
}

/** The function behind {@linkcode PyObject_New}. C: the same. */
export const _PyObject_New: typeof PyObject_New = PyObject_New;

/** The function behind {@linkcode PyObject_NewVar}. C: the same. */
export const _PyObject_NewVar: typeof PyObject_NewVar = PyObject_NewVar;

/**
 * The same as {@linkcode PyObject_New}.
 *
 * @deprecated Soft-deprecated in C, too: use {@linkcode PyObject_New}.
 */
export const PyObject_NEW: typeof PyObject_New = PyObject_New;

/**
 * The same as {@linkcode PyObject_NewVar}.
 *
 * @deprecated Soft-deprecated in C, too: use {@linkcode PyObject_NewVar}.
 */
export const PyObject_NEW_VAR: typeof PyObject_NewVar = PyObject_NewVar;

/**
 * The same as {@linkcode PyObject_Init}.
 *
 * @deprecated Soft-deprecated in C, too: use {@linkcode PyObject_Init}.
 */
export const PyObject_INIT: typeof PyObject_Init = PyObject_Init;

/**
 * The same as {@linkcode PyObject_InitVar}.
 *
 * @deprecated Soft-deprecated in C, too: use {@linkcode PyObject_InitVar}.
 */
export const PyObject_INIT_VAR: typeof PyObject_InitVar = PyObject_InitVar;
