/**
 * `pymem.h`: the MEM and RAW domains.
 *
 * Pointers are byte addresses in the heap of the runtime; 0 is NULL. All
 * functions give NULL for lack of memory and set no error indicator; the caller
 * does that with `PyErr_NoMemory()`.
 *
 * ```text
 *   request                                malloc, calloc, realloc
 *   ────────────────────────────────────   ─────────────────────────────────
 *   0 bytes                                a block of its own
 *   more than PY_SSIZE_T_MAX, negative     NULL; the heap is not asked
 *   NaN, a fraction, no number             TypeError
 * ```
 *
 * MEM needs an attached thread state, RAW only a runtime (`Py_Initialize()`).
 *
 * @example A buffer that grows
 * ```ts
 * import assert from "node:assert/strict";
 * import {
 *   f64,
 *   NULL,
 *   Py_FinalizeEx,
 *   Py_Initialize,
 *   PyErr_NoMemory,
 *   PyMem_Del,
 *   PyMem_New,
 *   PyMem_Resize,
 * } from "@obmalloc/obmalloc/capi";
 *
 * const heap = Py_Initialize({ maxBytes: 16 * 1024 * 1024 });
 *
 * function sum_of_squares(n: number): number {
 *   let squares = PyMem_New(f64, 4);
 *   if (squares === NULL) return PyErr_NoMemory();
 *   const saved = squares;
 *   squares = PyMem_Resize(squares, f64, n);
 *   if (squares === NULL) {
 *     PyMem_Del(saved);
 *     return PyErr_NoMemory();
 *   }
 *   const square = f64.view(heap);
 *   let sum = 0;
 *   for (let i = 0; i < n; i++) square.set(f64.item(squares, i), i * i);
 *   for (let i = 0; i < n; i++) sum += square.get(f64.item(squares, i));
 *   PyMem_Del(squares);
 *   return sum;
 * }
 *
 * assert.equal(sum_of_squares(100), 328350);
 * Py_FinalizeEx();
 * ```
 *
 * ## Threads
 *   As the domains: a block may be freed by whichever worker. The thread state
 *   and the runtime belong to one worker.
 *
 * Source: CPython 3.14 Include/pymem.h; Objects/obmalloc.c.
 * Differs: sizes are limited to 2^53 − 1; misuse that C leaves undefined throws.
 *
 * @module
 */

import type { MemPtr, RawPtr, TypedPtr } from "../memory/pointers.ts";
import type { Type } from "../types/type.ts";
import * as Null from "./null.ts";
import { runtime as shared } from "./runtime.ts";

// Hot: constants of this module fold, imported ones are read.
const runtime = shared;

/**
 * Allocates `size` bytes in the MEM domain, uninitialised.
 *
 * C: `PyMem_Malloc()`, Objects/obmalloc.c.
 *
 * @param size Bytes; 0 is a block of its own.
 * @returns Byte address, a multiple of 16, or 0 if no memory is left, or if the
 * size is negative or above `PY_SSIZE_T_MAX`.
 * @throws {TypeError} If `size` is no integer.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PyMem_Malloc(size: number): MemPtr | 0 {
  const block = runtime.mem.malloc(size);
  return block === 0 ? Null.malloc("mem", size) : block;
}

/**
 * Allocates `nelem` times `elsize` bytes in the MEM domain, all 0.
 *
 * C: `PyMem_Calloc()`, Objects/obmalloc.c.
 *
 * @param nelem Elements. Count.
 * @param elsize Size of one. Bytes.
 * @returns Byte address, or 0 if no memory is left, or if the product is no
 * size that a block can have.
 * @throws {TypeError} If an argument is no integer.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PyMem_Calloc(nelem: number, elsize: number): MemPtr | 0 {
  const block = runtime.mem.calloc(nelem, elsize);
  return block === 0 ? Null.calloc("mem", nelem, elsize) : block;
}

/**
 * Changes the size of a block of the MEM domain; its first bytes stay, its
 * address may change. Never frees, not even for 0 bytes.
 *
 * C: `PyMem_Realloc()`, Objects/obmalloc.c.
 *
 * @param ptr Block, or 0 for a new one.
 * @param newSize Bytes.
 * @returns Byte address, or 0 if no memory is left or the size is none that a
 * block can have: the old block is then as it was.
 * @throws {PointerError} If `ptr` is no block of this domain.
 * @throws {TypeError} If `newSize` is no integer, or `ptr` no number.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PyMem_Realloc(ptr: MemPtr | 0, newSize: number): MemPtr | 0 {
  const block = runtime.mem.realloc(ptr, newSize);
  return block === 0 ? Null.realloc("mem", ptr, newSize) : block;
}

/**
 * Frees a block of the MEM domain. NULL is nothing to free.
 *
 * C: `PyMem_Free()`, Objects/obmalloc.c.
 *
 * @param ptr Block, of whichever worker, or 0.
 * @throws {PointerError} If `ptr` is no block of this domain.
 * @throws {TypeError} If `ptr` is no number.
 * @throws {ThreadStateError} If no thread state is attached and `ptr` is not 0.
 */
export function PyMem_Free(ptr: MemPtr | 0): void {
  runtime.mem.free(ptr);
}

/**
 * Allocates room for `n` items of a type in the MEM domain, uninitialised.
 *
 * C: `PyMem_New()`, a macro of Include/pymem.h.
 *
 * @param type Descriptor of the items. C: their type.
 * @param n Items. Count.
 * @returns Byte address, or 0 if no memory is left, or if `n` is negative or
 * the product above `PY_SSIZE_T_MAX`; the heap is not asked then.
 * @throws {TypeError} If `n` is no integer, or `type` no descriptor.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PyMem_New<T extends Type>(type: T, n: number): TypedPtr<T> | 0 {
  const size = Null.sizeOfItems("allocate", type, n);
  return size < 0 ? 0 : PyMem_Malloc(size) as TypedPtr<T> | 0;
}

/**
 * Changes the size of a block of the MEM domain to `n` items of a type.
 *
 * C's macro assigns to `p` whatever comes of it; here the caller does:
 *
 *     p = PyMem_Resize(p, type, n);
 *
 * On failure that makes `p` NULL, while the old block is valid and as it was:
 * keep its address in another variable, or it can never be freed.
 *
 * C: `PyMem_Resize()`, a macro of Include/pymem.h.
 *
 * @param p Block, or 0 for a new one.
 * @param type Descriptor of the items. C: their type.
 * @param n Items. Count.
 * @returns Byte address, or 0 if no memory is left, or if `n` is negative or
 * the product above `PY_SSIZE_T_MAX`; the heap is not asked then.
 * @throws {PointerError} If `p` is no block of this domain.
 * @throws {TypeError} If `n` is no integer, `type` no descriptor or `p` no
 * number.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PyMem_Resize<T extends Type>(
  p: MemPtr | 0,
  type: T,
  n: number,
): TypedPtr<T> | 0 {
  const size = Null.sizeOfItems("reallocate to", type, n);
  return size < 0 ? 0 : PyMem_Realloc(p, size) as TypedPtr<T> | 0;
}

/**
 * The same as {@linkcode PyMem_Malloc}.
 *
 * @deprecated Soft-deprecated in C, too: use {@linkcode PyMem_Malloc}.
 */
export const PyMem_MALLOC: typeof PyMem_Malloc = PyMem_Malloc;

/**
 * The same as {@linkcode PyMem_New}.
 *
 * @deprecated Soft-deprecated in C, too: use {@linkcode PyMem_New}.
 */
export const PyMem_NEW: typeof PyMem_New = PyMem_New;

/**
 * The same as {@linkcode PyMem_Realloc}.
 *
 * @deprecated Soft-deprecated in C, too: use {@linkcode PyMem_Realloc}.
 */
export const PyMem_REALLOC: typeof PyMem_Realloc = PyMem_Realloc;

/**
 * The same as {@linkcode PyMem_Resize}.
 *
 * @deprecated Soft-deprecated in C, too: use {@linkcode PyMem_Resize}.
 */
export const PyMem_RESIZE: typeof PyMem_Resize = PyMem_Resize;

/**
 * The same as {@linkcode PyMem_Free}.
 *
 * @deprecated Soft-deprecated in C, too: use {@linkcode PyMem_Free}.
 */
export const PyMem_FREE: typeof PyMem_Free = PyMem_Free;

/** The same as {@linkcode PyMem_Free}: frees what `PyMem_New()` allocated. */
export const PyMem_Del: typeof PyMem_Free = PyMem_Free;

/**
 * The same as {@linkcode PyMem_Free}.
 *
 * @deprecated Soft-deprecated in C, too: use {@linkcode PyMem_Free}.
 */
export const PyMem_DEL: typeof PyMem_Free = PyMem_Free;

/**
 * Allocates `size` bytes in the RAW domain, uninitialised.
 *
 * C: `PyMem_RawMalloc()`, Objects/obmalloc.c.
 *
 * @param size Bytes; 0 is a block of its own.
 * @returns Byte address, a multiple of 16, or 0 if no memory is left, or if the
 * size is negative or above `PY_SSIZE_T_MAX`.
 * @throws {TypeError} If `size` is no integer.
 * @throws {ThreadStateError} If the worker has no runtime.
 */
export function PyMem_RawMalloc(size: number): RawPtr | 0 {
  const block = runtime.raw.malloc(size);
  return block === 0 ? Null.malloc("raw", size) : block;
}

/**
 * Allocates `nelem` times `elsize` bytes in the RAW domain, all 0.
 *
 * C: `PyMem_RawCalloc()`, Objects/obmalloc.c.
 *
 * @param nelem Elements. Count.
 * @param elsize Size of one. Bytes.
 * @returns Byte address, or 0 if no memory is left, or if the product is no
 * size that a block can have.
 * @throws {TypeError} If an argument is no integer.
 * @throws {ThreadStateError} If the worker has no runtime.
 */
export function PyMem_RawCalloc(nelem: number, elsize: number): RawPtr | 0 {
  const block = runtime.raw.calloc(nelem, elsize);
  return block === 0 ? Null.calloc("raw", nelem, elsize) : block;
}

/**
 * Changes the size of a block of the RAW domain; its first bytes stay, its
 * address may change. Never frees, not even for 0 bytes.
 *
 * C: `PyMem_RawRealloc()`, Objects/obmalloc.c.
 *
 * @param ptr Block, or 0 for a new one.
 * @param newSize Bytes.
 * @returns Byte address, or 0 if no memory is left or the size is none that a
 * block can have: the old block is then as it was.
 * @throws {PointerError} If `ptr` is no block of this domain.
 * @throws {TypeError} If `newSize` is no integer, or `ptr` no number.
 * @throws {ThreadStateError} If the worker has no runtime.
 */
export function PyMem_RawRealloc(ptr: RawPtr | 0, newSize: number): RawPtr | 0 {
  const block = runtime.raw.realloc(ptr, newSize);
  return block === 0 ? Null.realloc("raw", ptr, newSize) : block;
}

/**
 * Frees a block of the RAW domain. NULL is nothing to free.
 *
 * C: `PyMem_RawFree()`, Objects/obmalloc.c.
 *
 * @param ptr Block, of whichever worker, or 0.
 * @throws {PointerError} If `ptr` is no block of this domain.
 * @throws {TypeError} If `ptr` is no number.
 * @throws {ThreadStateError} If the worker has no runtime.
 */
export function PyMem_RawFree(ptr: RawPtr | 0): void {
  runtime.raw.free(ptr);
}
