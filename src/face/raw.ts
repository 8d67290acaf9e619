/**
 * `heap.raw`: the RAW domain for JavaScript programs.
 *
 * @module
 */

import type { RawDomain } from "../domains/raw.ts";
import type { RawPtr } from "../types/pointers.ts";
import * as Failure from "./failure.ts";

/**
 * The RAW domain of a heap: memory for code without a thread state.
 *
 * May be called attached or detached, until the heap is closed.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { createHeap } from "@obmalloc/obmalloc";
 *
 * using heap = createHeap({ maxBytes: 16 * 1024 * 1024 });
 * let buffer = heap.raw.calloc(10, 4);
 * heap.i32[buffer >> 2] = 42;
 * buffer = heap.raw.realloc(buffer, 4000);
 * assert.equal(heap.i32[buffer >> 2], 42);
 * heap.raw.free(buffer);
 * ```
 */
export class Raw {
  /** @ignore The core of the domain. */
  declare readonly domain: RawDomain;

  /** @ignore */
  constructor(domain: RawDomain) {
    this.domain = domain;
  }

  /**
   * Allocates `nbytes` bytes, uninitialised. 0 bytes are a block of its own.
   *
   * C: `PyMem_RawMalloc()`, Objects/obmalloc.c.
   *
   * @param nbytes Size in bytes.
   * @returns Byte address, a multiple of 16, never 0.
   * @throws {RangeError} If `nbytes` is negative or no safe integer.
   * @throws {MemoryError} If no memory is left.
   */
  malloc(nbytes: number): RawPtr {
    const block = this.domain.malloc(nbytes);
    if (block === 0) Failure.malloc("raw", nbytes);
    return block as RawPtr;
  }

  /**
   * Allocates `nelem` times `elsize` bytes, all 0.
   *
   * C: `PyMem_RawCalloc()`, Objects/obmalloc.c.
   *
   * @param nelem Elements. Count.
   * @param elsize Size of one in bytes.
   * @returns Byte address, a multiple of 16, never 0.
   * @throws {RangeError} If an argument is negative or no safe integer.
   * @throws {MemoryError} If the product is too large or no memory is left.
   */
  calloc(nelem: number, elsize: number): RawPtr {
    const block = this.domain.calloc(nelem, elsize);
    if (block === 0) Failure.calloc("raw", nelem, elsize);
    return block as RawPtr;
  }

  /**
   * Changes the size of a block; the first bytes stay, the address may change.
   *
   * C: `PyMem_RawRealloc()`, Objects/obmalloc.c.
   *
   * @param block Block of this domain, or 0 for a new one.
   * @param nbytes New size in bytes.
   * @returns Byte address, never 0. The old address is no longer valid.
   * @throws {RangeError} If `nbytes` is negative or no safe integer.
   * @throws {PointerError} If `block` is no block of this domain.
   * @throws {MemoryError} If no memory is left; the block is unchanged.
   */
  realloc(block: RawPtr | 0, nbytes: number): RawPtr {
    const moved = this.domain.realloc(block, nbytes);
    if (moved === 0) Failure.realloc("raw", block, nbytes);
    return moved as RawPtr;
  }

  /**
   * Frees a block. 0 is nothing to free.
   *
   * C: `PyMem_RawFree()`, Objects/obmalloc.c.
   *
   * @param block Block of this domain, of whichever worker, or 0.
   * @throws {PointerError} If `block` is no block of this domain.
   */
  free(block: RawPtr | 0): void {
    this.domain.free(block);
  }

  /**
   * Room in a block, at least what was asked for.
   *
   * @param block Block of this domain.
   * @returns Bytes.
   * @throws {PointerError} If `block` is no block of this domain.
   */
  sizeOf(block: RawPtr): number {
    return this.domain.sizeOf(block);
  }
}
