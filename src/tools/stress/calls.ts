/**
 * The four calls in the three domains, by domain number. A canary stands here,
 * between the stress run and the heap.
 *
 * ## Threads
 *   MEM and OBJ need an attached thread state, RAW does not.
 *
 * @module
 */

import type { Heap, MemPtr, ObjPtr, RawPtr } from "./heap.ts";
import { MEM, RAW } from "./sizes.ts";

/** The heap as the stress run calls it. */
export interface Calls {
  /** Byte address of a new block. */
  malloc(domain: number, size: number): number;
  /** Byte address of a new block, all 0. */
  calloc(domain: number, elements: number, size: number): number;
  /** Byte address of the block with its new size. */
  realloc(domain: number, address: number, size: number): number;
  /** Frees a block; `remote` if another worker allocated it. */
  free(domain: number, address: number, remote: boolean): void;
  /** Bytes that the block may use. */
  sizeOf(domain: number, address: number): number;
}

/** {@linkcode Calls} straight to a heap. */
export class HeapCalls implements Calls {
  /** The heap. */
  readonly heap: Heap;

  /** @param heap Gets the calls. */
  constructor(heap: Heap) {
    this.heap = heap;
  }

  /** See {@linkcode Calls}. */
  malloc(domain: number, size: number): number {
    if (domain === RAW) return this.heap.raw.malloc(size);
    if (domain === MEM) return this.heap.mem.malloc(size);
    return this.heap.obj.malloc(size);
  }

  /** See {@linkcode Calls}. */
  calloc(domain: number, elements: number, size: number): number {
    if (domain === RAW) return this.heap.raw.calloc(elements, size);
    if (domain === MEM) return this.heap.mem.calloc(elements, size);
    return this.heap.obj.calloc(elements, size);
  }

  /** See {@linkcode Calls}. */
  realloc(domain: number, address: number, size: number): number {
    const { raw, mem, obj } = this.heap;
    if (domain === RAW) return raw.realloc(address as RawPtr, size);
    if (domain === MEM) return mem.realloc(address as MemPtr, size);
    return obj.realloc(address as ObjPtr, size);
  }

  /** See {@linkcode Calls}. */
  free(domain: number, address: number, _remote: boolean): void {
    if (domain === RAW) this.heap.raw.free(address as RawPtr);
    else if (domain === MEM) this.heap.mem.free(address as MemPtr);
    else this.heap.obj.free(address as ObjPtr);
  }

  /** See {@linkcode Calls}. */
  sizeOf(domain: number, address: number): number {
    const { raw, mem, obj } = this.heap;
    if (domain === RAW) return raw.sizeOf(address as RawPtr);
    if (domain === MEM) return mem.sizeOf(address as MemPtr);
    return obj.sizeOf(address as ObjPtr);
  }
}
