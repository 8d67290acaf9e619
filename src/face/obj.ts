/**
 * `heap.obj`: the OBJ domain for JavaScript programs.
 *
 * @module
 */

import type { ObjDomain } from "../domains/obj.ts";
import type { ObjPtr } from "../types/pointers.ts";
import * as Failure from "./failure.ts";

/**
 * The OBJ domain of a heap: memory of objects, and of objects only.
 *
 * Needs an attached thread state; without one each call throws
 * {@linkcode ThreadStateError}.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { createHeap } from "@obmalloc/obmalloc";
 *
 * using heap = createHeap({ maxBytes: 16 * 1024 * 1024 });
 * let block = heap.obj.calloc(10, 4);
 * heap.i32[block >> 2] = 42;
 * block = heap.obj.realloc(block, 4000);
 * assert.equal(heap.i32[block >> 2], 42);
 * heap.obj.free(block);
 * ```
 */
export class Obj {
  /** @ignore The core of the domain. */
  declare readonly domain: ObjDomain;

  /** @ignore */
  constructor(domain: ObjDomain) {
    this.domain = domain;
  }

  /**
   * Allocates `nbytes` bytes, uninitialised. 0 bytes are a block of its own.
   *
   * C: `PyObject_Malloc()`, Objects/obmalloc.c.
   *
   * @param nbytes Size in bytes.
   * @returns Byte address, a multiple of 16, never 0.
   * @throws {RangeError} If `nbytes` is negative or no safe integer.
   * @throws {MemoryError} If no memory is left.
   */
  malloc(nbytes: number): ObjPtr {
    const block = this.domain.malloc(nbytes);
    if (block === 0) Failure.malloc("obj", nbytes);
    return block as ObjPtr;
  }

  /**
   * Allocates `nelem` times `elsize` bytes, all 0.
   *
   * C: `PyObject_Calloc()`, Objects/obmalloc.c.
   *
   * @param nelem Elements. Count.
   * @param elsize Size of one in bytes.
   * @returns Byte address, a multiple of 16, never 0.
   * @throws {RangeError} If an argument is negative or no safe integer.
   * @throws {MemoryError} If the product is too large or no memory is left.
   */
  calloc(nelem: number, elsize: number): ObjPtr {
    const block = this.domain.calloc(nelem, elsize);
    if (block === 0) Failure.calloc("obj", nelem, elsize);
    return block as ObjPtr;
  }

  /**
   * Changes the size of a block; the first bytes stay, the address may change.
   *
   * C: `PyObject_Realloc()`, Objects/obmalloc.c.
   *
   * @param block Block of this domain, or 0 for a new one.
   * @param nbytes New size in bytes.
   * @returns Byte address, never 0. The old address is no longer valid.
   * @throws {RangeError} If `nbytes` is negative or no safe integer.
   * @throws {PointerError} If `block` is no block of this domain.
   * @throws {MemoryError} If no memory is left; the block is unchanged.
   */
  realloc(block: ObjPtr | 0, nbytes: number): ObjPtr {
    const moved = this.domain.realloc(block, nbytes);
    if (moved === 0) Failure.realloc("obj", block, nbytes);
    return moved as ObjPtr;
  }

  /**
   * Frees a block. 0 is nothing to free.
   *
   * C: `PyObject_Free()`, Objects/obmalloc.c.
   *
   * @param block Block of this domain, of whichever worker, or 0.
   * @throws {PointerError} If `block` is no block of this domain.
   */
  free(block: ObjPtr | 0): void {
    this.domain.free(block);
  }

  /**
   * Room in a block, at least what was asked for.
   *
   * @param block Block of this domain.
   * @returns Bytes.
   * @throws {PointerError} If `block` is no block of this domain.
   */
  sizeOf(block: ObjPtr): number {
    return this.domain.sizeOf(block);
  }
}
