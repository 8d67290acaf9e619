/**
 * `heap.mem`: the MEM domain for JavaScript programs.
 *
 * @module
 */

import type { MemDomain } from "../domains/mem.ts";
import { Requests } from "../domains/mod.ts";
import type { MemPtr, TypedPtr } from "../types/pointers.ts";
import type { Type } from "../types/type.ts";
import * as Failure from "./failure.ts";

/**
 * The MEM domain of a heap: buffers and other memory that is no object.
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
 * let buffer = heap.mem.calloc(10, 4);
 * heap.i32[buffer >> 2] = 42;
 * buffer = heap.mem.realloc(buffer, 4000);
 * assert.equal(heap.i32[buffer >> 2], 42);
 * heap.mem.free(buffer);
 * ```
 */
export class Mem {
  /** @ignore The core of the domain. */
  declare readonly domain: MemDomain;

  /** @ignore */
  constructor(domain: MemDomain) {
    this.domain = domain;
  }

  /**
   * Allocates `nbytes` bytes, uninitialised. 0 bytes are a block of its own.
   *
   * C: `PyMem_Malloc()`, Objects/obmalloc.c.
   *
   * @param nbytes Size in bytes.
   * @returns Byte address, a multiple of 16, never 0.
   * @throws {RangeError} If `nbytes` is negative or no safe integer.
   * @throws {MemoryError} If no memory is left.
   */
  malloc(nbytes: number): MemPtr {
    const block = this.domain.malloc(nbytes);
    if (block === 0) Failure.malloc("mem", nbytes);
    return block as MemPtr;
  }

  /**
   * Allocates `nelem` times `elsize` bytes, all 0.
   *
   * C: `PyMem_Calloc()`, Objects/obmalloc.c.
   *
   * @param nelem Elements. Count.
   * @param elsize Size of one in bytes.
   * @returns Byte address, a multiple of 16, never 0.
   * @throws {RangeError} If an argument is negative or no safe integer.
   * @throws {MemoryError} If the product is too large or no memory is left.
   */
  calloc(nelem: number, elsize: number): MemPtr {
    const block = this.domain.calloc(nelem, elsize);
    if (block === 0) Failure.calloc("mem", nelem, elsize);
    return block as MemPtr;
  }

  /**
   * Changes the size of a block; the first bytes stay, the address may change.
   *
   * C: `PyMem_Realloc()`, Objects/obmalloc.c.
   *
   * @param block Block of this domain, or 0 for a new one.
   * @param nbytes New size in bytes.
   * @returns Byte address, never 0. The old address is no longer valid.
   * @throws {RangeError} If `nbytes` is negative or no safe integer.
   * @throws {PointerError} If `block` is no block of this domain.
   * @throws {MemoryError} If no memory is left; the block is unchanged.
   */
  realloc(block: MemPtr | 0, nbytes: number): MemPtr {
    const moved = this.domain.realloc(block, nbytes);
    if (moved === 0) Failure.realloc("mem", block, nbytes);
    return moved as MemPtr;
  }

  /**
   * Frees a block. 0 is nothing to free.
   *
   * C: `PyMem_Free()`, Objects/obmalloc.c.
   *
   * @param block Block of this domain, of whichever worker, or 0.
   * @throws {PointerError} If `block` is no block of this domain.
   */
  free(block: MemPtr | 0): void {
    this.domain.free(block);
  }

  /**
   * Room in a block, at least what was asked for.
   *
   * @param block Block of this domain.
   * @returns Bytes.
   * @throws {PointerError} If `block` is no block of this domain.
   */
  sizeOf(block: MemPtr): number {
    return this.domain.sizeOf(block);
  }

  /**
   * Allocates room for `count` items of a type, uninitialised.
   *
   * C: `PyMem_New()`, Include/pymem.h.
   *
   * @param type Descriptor of the type, e.g. from `struct()`.
   * @param count Items. Count.
   * @returns Byte address of the first item, never 0.
   * @throws {RangeError} If `count` is negative or no safe integer.
   * @throws {MemoryError} If no memory is left.
   */
  new<T extends Type>(type: T, count: number): TypedPtr<T> {
    const block = this.#isCount(type, count)
      ? this.domain.malloc(count * type.size)
      : 0;
    if (block === 0) Failure.calloc("mem", count, type.size);
    return block as TypedPtr<T>;
  }

  /**
   * Changes how many items of a type a block has room for.
   *
   * C: `PyMem_Resize()`, Include/pymem.h; unlike there the old block is not
   * lost on failure, because this throws.
   *
   * @param block Block of this domain, or 0 for a new one.
   * @param type Descriptor of the type.
   * @param count Items. Count.
   * @returns Byte address of the first item, never 0.
   * @throws {RangeError} If `count` is negative or no safe integer.
   * @throws {PointerError} If `block` is no block of this domain.
   * @throws {MemoryError} If no memory is left; the block is unchanged.
   */
  resize<T extends Type>(
    block: TypedPtr<T> | 0,
    type: T,
    count: number,
  ): TypedPtr<T> {
    const moved = this.#isCount(type, count)
      ? this.domain.realloc(block, count * type.size)
      : 0;
    if (moved === 0) Failure.calloc("mem", count, type.size);
    return moved as TypedPtr<T>;
  }

  /** True if so many items have a size in bytes at all. */
  #isCount(type: Type, count: number): boolean {
    return Requests.isSize(count) &&
      count <= Requests.PY_SSIZE_T_MAX / type.size;
  }
}
