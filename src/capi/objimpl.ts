/**
 * `objimpl.h`, as far as it is memory: the OBJ domain.
 *
 * The rules for sizes and NULL are those of `pymem.h`. What makes objects of
 * this memory (`PyObject_Init()`, `PyObject_New()`) is not part of it.
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
 * ## Threads
 *   As the domain: a block may be freed by whichever worker. The thread state
 *   belongs to one worker.
 *
 * Source: CPython 3.14 Include/objimpl.h; Objects/obmalloc.c.
 * Differs: sizes are limited to 2^53 − 1; misuse that C leaves undefined throws.
 *
 * @module
 */

import type { ObjPtr } from "../memory/pointers.ts";
import * as Null from "./null.ts";
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
