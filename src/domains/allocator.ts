/**
 * Allocator records: who serves the calls of a domain.
 *
 * A record is a set of functions of one worker. What the engine does by itself
 * is a record, too; debug hooks, tracing and whatever a program installs wrap
 * the record that was there before. While a domain has another record than the
 * engine's own, its fast paths are closed and each call goes to the record.
 *
 * ## Invariants
 *   A1  sizes that reach a record are integers from 0 to PY_SSIZE_T_MAX, and so
 *       is the product of the arguments of calloc
 *   A2  records return 0 for lack of memory; they throw for misuse only
 *
 * ## Threads
 *   Belongs to one worker; nothing of it is shared.
 *
 * Source: CPython 3.14 Include/cpython/pymem.h, PyMemAllocatorEx.
 *
 * @module
 */

import * as PageMap from "../layout/page_map.ts";
import type { PyObjectArenaAllocator } from "./arena_allocator.ts";
import type { Route } from "./route.ts";

/** The functions that serve a domain. C: `PyMemAllocatorEx`. */
export interface PyMemAllocatorEx<C = unknown> {
  /** First argument of the functions. */
  ctx: C;
  /** Allocates `size` bytes; 0 bytes are a block of its own. */
  malloc(ctx: C, size: number): number;
  /** Allocates `nelem` times `elsize` bytes, all 0. */
  calloc(ctx: C, nelem: number, elsize: number): number;
  /** Changes the size of a block; `ptr` may be 0. */
  realloc(ctx: C, ptr: number, newSize: number): number;
  /** Frees a block; `ptr` may be 0. */
  free(ctx: C, ptr: number): void;
  /**
   * Room in a block, for `sizeOf()`. Bytes. Of a wrapper that shifts addresses;
   * others leave it out, and the engine answers.
   */
  sizeOf?(ctx: C, ptr: number): number;
}

/** A record whose context nobody but itself looks into. */
export type AnyAllocator = PyMemAllocatorEx<unknown>;

/** What the routes of one worker share. */
export class Installed {
  /** Records of RAW, MEM and OBJ; null is the engine's own. */
  readonly records: [
    AnyAllocator | null,
    AnyAllocator | null,
    AnyAllocator | null,
  ] = [null, null, null];
  /** For whom the RAW record is called, if for another domain. */
  client: Route | null = null;
  /** Where pymalloc's arenas come from; null is the engine. */
  arena: PyObjectArenaAllocator | null = null;
  /** Is called before an arena is created, if statistics are wanted. */
  onArena: (() => void) | null = null;
  /** Changes of shared hook state that this worker has followed. Count. */
  seen = 0;

  /** True if calls of the domain go to a record. */
  isHooked(domain: number): boolean {
    return this.records[domain] !== null ||
      (this.arena !== null && domain !== PageMap.RAW);
  }

  /** True if blocks that MEM and OBJ get from RAW go through a record. */
  isRawHooked(): boolean {
    return this.records[PageMap.RAW] !== null;
  }
}
