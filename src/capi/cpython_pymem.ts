/**
 * `cpython/pymem.h`: who serves the domains.
 *
 * An allocator record has functions of the calling worker: what is set here
 * holds for this worker. Debug hooks are the exception: once one worker has set
 * them up, workers that join the heap have them, too.
 *
 * A record that is set while blocks are live must wrap the one before.
 *
 * @example Counting requests
 * ```ts
 * import assert from "node:assert/strict";
 * import {
 *   Py_FinalizeEx,
 *   Py_Initialize,
 *   PYMEM_DOMAIN_MEM,
 *   PyMem_Free,
 *   PyMem_GetAllocator,
 *   PyMem_Malloc,
 *   PyMem_SetAllocator,
 *   type PyMemAllocatorEx,
 * } from "@obmalloc/obmalloc/capi";
 *
 * Py_Initialize({ maxBytes: 16 * 1024 * 1024 });
 * const alloc = {} as PyMemAllocatorEx;
 * PyMem_GetAllocator(PYMEM_DOMAIN_MEM, alloc);
 *
 * const counter = { calls: 0 };
 * PyMem_SetAllocator(PYMEM_DOMAIN_MEM, {
 *   ctx: counter,
 *   malloc(ctx: typeof counter, size) {
 *     ctx.calls++;
 *     return alloc.malloc(alloc.ctx, size);
 *   },
 *   calloc: (_, nelem, elsize) => alloc.calloc(alloc.ctx, nelem, elsize),
 *   realloc: (_, ptr, newSize) => alloc.realloc(alloc.ctx, ptr, newSize),
 *   free: (_, ptr) => alloc.free(alloc.ctx, ptr),
 * });
 * PyMem_Free(PyMem_Malloc(42));
 * PyMem_SetAllocator(PYMEM_DOMAIN_MEM, alloc);
 * assert.equal(counter.calls, 1);
 * Py_FinalizeEx();
 * ```
 *
 * ## Threads
 *   Records belong to one worker. That hooks are set up is a word of the heap,
 *   see `hooks/debug/setup.ts`.
 *
 * Source: CPython 3.14 Include/cpython/pymem.h; Objects/obmalloc.c.
 *
 * @module
 */

import * as Allocators from "../layout/allocators.ts";
import * as PageMap from "../layout/page_map.ts";
import {
  type AnyAllocator,
  NAMES,
  type PyMemAllocatorEx,
} from "../domains/mod.ts";
import { Debug } from "../hooks/mod.ts";
import { requireRuntime } from "./runtime.ts";

/** What {@linkcode PyMem_GetAllocator} fills. */
export type PyMemAllocatorOut = {
  -readonly [K in keyof AnyAllocator]?: AnyAllocator[K] | null;
};

/** The functions of a record. */
const MEMBERS = ["malloc", "calloc", "realloc", "free"] as const;

/** The RAW domain. */
export const PYMEM_DOMAIN_RAW: number = PageMap.RAW;
/** The MEM domain. */
export const PYMEM_DOMAIN_MEM: number = PageMap.MEM;
/** The OBJ domain. */
export const PYMEM_DOMAIN_OBJ: number = PageMap.OBJ;

/** PyMemAllocatorName: nothing was chosen. */
export const PYMEM_ALLOCATOR_NOT_SET: number = Allocators.NOT_SET;
/** PyMemAllocatorName: what the build takes. */
export const PYMEM_ALLOCATOR_DEFAULT: number = Allocators.DEFAULT;
/** PyMemAllocatorName: the same with debug hooks. */
export const PYMEM_ALLOCATOR_DEBUG: number = Allocators.DEBUG;
/** PyMemAllocatorName: the RAW engine for all domains. */
export const PYMEM_ALLOCATOR_MALLOC: number = Allocators.MALLOC;
/** PyMemAllocatorName: the same with debug hooks. */
export const PYMEM_ALLOCATOR_MALLOC_DEBUG: number = Allocators.MALLOC_DEBUG;
/** PyMemAllocatorName: pools that the GIL holds. */
export const PYMEM_ALLOCATOR_PYMALLOC: number = Allocators.PYMALLOC;
/** PyMemAllocatorName: the same with debug hooks. */
export const PYMEM_ALLOCATOR_PYMALLOC_DEBUG: number = Allocators.PYMALLOC_DEBUG;
/** PyMemAllocatorName: pools that threads hold. */
export const PYMEM_ALLOCATOR_MIMALLOC: number = Allocators.MIMALLOC;
/** PyMemAllocatorName: the same with debug hooks. */
export const PYMEM_ALLOCATOR_MIMALLOC_DEBUG: number = Allocators.MIMALLOC_DEBUG;

function isDomain(domain: number): boolean {
  return domain === PYMEM_DOMAIN_RAW || domain === PYMEM_DOMAIN_MEM ||
    domain === PYMEM_DOMAIN_OBJ;
}

/**
 * Fills a record with that of a domain.
 *
 * C: `PyMem_GetAllocator()`, Objects/obmalloc.c.
 *
 * @param domain `PYMEM_DOMAIN_…`; of any other number all members are null.
 * @param allocator The record to fill.
 * @throws {ThreadStateError} If there is no runtime.
 */
export function PyMem_GetAllocator(
  domain: number,
  allocator: PyMemAllocatorOut,
): void {
  const { core } = requireRuntime("get an allocator").interp;
  if (isDomain(domain)) {
    delete allocator.sizeOf;
    Object.assign(allocator, core.allocators.get(domain));
    return;
  }
  allocator.ctx = null;
  for (const member of MEMBERS) allocator[member] = null;
}

/**
 * Has a record serve a domain in this worker, from now on.
 *
 * Requests of 0 bytes must give blocks of their own. A record for RAW is called
 * without an attached thread state, too. What it returns is a multiple of 16,
 * or 0 for lack of memory.
 *
 * C: `PyMem_SetAllocator()`, Objects/obmalloc.c.
 *
 * @param domain `PYMEM_DOMAIN_…`; any other number is ignored.
 * @param allocator The record, of which a copy is kept.
 * @throws {TypeError} If a member is no function; nothing has changed then.
 * @throws {ThreadStateError} If there is no runtime.
 */
export function PyMem_SetAllocator<C>(
  domain: number,
  allocator: PyMemAllocatorEx<C>,
): void {
  const { core } = requireRuntime("set an allocator").interp;
  if (!isDomain(domain)) return;
  for (const member of MEMBERS) {
    if (typeof allocator?.[member] === "function") continue;
    throw new TypeError(
      `Cannot set the allocator of the ${NAMES[domain]} domain: ` +
        `${member} is no function`,
    );
  }
  core.allocators.set(domain, allocator);
}

/**
 * Puts the debug hooks on top of the records of all domains, unless they are
 * there. Blocks that are live already have no fences: call it before the first.
 *
 * C: `PyMem_SetupDebugHooks()`, Objects/obmalloc.c.
 *
 * @throws {ThreadStateError} If there is no runtime.
 */
export function PyMem_SetupDebugHooks(): void {
  Debug.setUp(requireRuntime("set up debug hooks").interp.core);
}

export type { PyMemAllocatorEx };
