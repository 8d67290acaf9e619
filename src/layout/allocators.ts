/**
 * `_PyRuntime.allocators`: what all workers must know of the allocators.
 *
 * ```text
 *   0           1        2        3             4         5
 *   ┌───────────┬────────┬────────┬─────────────┬─────────┬───────────┐
 *   │ ALLOCATOR │ SEALED │ SECRET │ MALLOCSTATS │ X_DEBUG │ X_CHANGES │
 *   └───────────┴────────┴────────┴─────────────┴─────────┴───────────┘
 * ```
 *
 * The allocator records themselves hold functions, which cannot be shared: each
 * worker has its own and makes them from these words. Words 0–3 are written
 * once, before the heap may be attached to; all may read them plainly.
 *
 * Source: CPython 3.14 Include/internal/pycore_pymem.h, struct
 * _pymem_allocators; Include/cpython/pymem.h, PyMemAllocatorName.
 *
 * @module
 */

/** What serves the domains: {@linkcode MALLOC} and so on, never DEFAULT. */
export const ALLOCATOR = 0;
/** 1 if the heap has states of its blocks, see `block_states.ts`. */
export const SEALED = 1;
/** What hashes are keyed with. */
export const SECRET = 2;
/** 1 if statistics are to be printed for each new arena and at the end. */
export const MALLOCSTATS = 3;
/** 1 once debug hooks are installed. Atomic, grows only. C: is_debug_enabled. */
export const X_DEBUG = 4;
/** How often shared hook state was changed. Count, atomic. */
export const X_CHANGES = 5;

/** ALLOCATOR: not set. C: PYMEM_ALLOCATOR_NOT_SET. */
export const NOT_SET = 0;
/** ALLOCATOR: what the build takes by default. C: PYMEM_ALLOCATOR_DEFAULT. */
export const DEFAULT = 1;
/** ALLOCATOR: the same with debug hooks. C: PYMEM_ALLOCATOR_DEBUG. */
export const DEBUG = 2;
/** ALLOCATOR: the RAW engine. C: PYMEM_ALLOCATOR_MALLOC. */
export const MALLOC = 3;
/** ALLOCATOR: the same with debug hooks. C: PYMEM_ALLOCATOR_MALLOC_DEBUG. */
export const MALLOC_DEBUG = 4;
/** ALLOCATOR: pools that the GIL holds. C: PYMEM_ALLOCATOR_PYMALLOC. */
export const PYMALLOC = 5;
/** ALLOCATOR: the same with debug hooks. C: PYMEM_ALLOCATOR_PYMALLOC_DEBUG. */
export const PYMALLOC_DEBUG = 6;
/** ALLOCATOR: pools that threads hold. C: PYMEM_ALLOCATOR_MIMALLOC. */
export const MIMALLOC = 7;
/** ALLOCATOR: the same with debug hooks. C: PYMEM_ALLOCATOR_MIMALLOC_DEBUG. */
export const MIMALLOC_DEBUG = 8;
