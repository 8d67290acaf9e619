/**
 * Names of allocators: what `PYTHONMALLOC` may be.
 *
 * ```text
 *   name              gil                                 free-threaded
 *   ───────────────   ─────────────────────────────────   ────────────────────
 *   default           pymalloc                            mimalloc
 *   malloc            all domains from the RAW engine     refused
 *   pymalloc          MEM and OBJ from pools that the     refused
 *                     GIL holds, as CPython's pymalloc
 *   mimalloc          MEM and OBJ from pools that each    the same, without
 *                     thread holds                        the GIL
 *   hardened          default, with states of blocks, see `hardened.ts`; not in
 *                     CPython
 *   debug, …_debug    the same with debug hooks, and states and notes of blocks
 *                     for their reports
 * ```
 *
 * ## Threads
 *   Pure functions.
 *
 * Source: CPython 3.14 Objects/obmalloc.c: _PyMem_GetAllocatorName(),
 * set_up_allocators_unlocked().
 *
 * @module
 */

import * as Words from "../layout/allocators.ts";
import * as Header from "../layout/header.ts";
import {
  type AllocatorWords,
  Create,
  isDebugAllocator,
} from "../memory/mod.ts";

/** All names, of whichever build. */
export const MALLOC_NAMES = [
  "default",
  "debug",
  "malloc",
  "malloc_debug",
  "pymalloc",
  "pymalloc_debug",
  "mimalloc",
  "mimalloc_debug",
  "hardened",
] as const;

/** What may serve the domains of a heap. */
export type MallocName = typeof MALLOC_NAMES[number];

/** Allocators by name, without those that depend on the build. */
const NAMED = new Map<string, number>([
  ["malloc", Words.MALLOC],
  ["malloc_debug", Words.MALLOC_DEBUG],
  ["pymalloc", Words.PYMALLOC],
  ["pymalloc_debug", Words.PYMALLOC_DEBUG],
  ["mimalloc", Words.MIMALLOC],
  ["mimalloc_debug", Words.MIMALLOC_DEBUG],
]);

/** Number of an allocator that a name stands for in a build, or -1. */
function numberOf(build: number, name: string): number {
  const plain = Create.defaultAllocators(build).allocator;
  if (name === "" || name === "default" || name === "hardened") return plain;
  if (name === "debug") return plain + 1;
  const number = NAMED.get(name) ?? -1;
  if (build === Header.BUILD_GIL) return number;
  return number === plain || number === plain + 1 ? number : -1;
}

/** Names that a build knows. */
export function namesFor(build: number): string[] {
  return MALLOC_NAMES.filter((name) => numberOf(build, name) >= 0);
}

/**
 * What the words of a heap are for a name.
 *
 * C: `_PyMem_GetAllocatorName()`, Objects/obmalloc.c.
 *
 * @param build `Header.BUILD_…`.
 * @param name One of {@linkcode MallocName}; `""` is the default.
 * @param printsStats Whether to print statistics.
 * @returns The words, or null if the build knows no such name.
 */
export function wordsFor(
  build: number,
  name: string,
  printsStats: boolean,
): AllocatorWords | null {
  const allocator = numberOf(build, name);
  if (allocator < 0) return null;
  const isDebug = isDebugAllocator(allocator);
  const isSealed = name === "hardened" || isDebug;
  return { allocator, isSealed, isDebug, printsStats };
}

/** Name of an allocator without hooks, as CPython has it. */
const BASE_NAMES = new Map<number, string>([
  [Words.MALLOC, "malloc"],
  [Words.PYMALLOC, "pymalloc"],
  [Words.MIMALLOC, "mimalloc"],
]);

/**
 * Name of an allocator number. C: `_PyMem_GetCurrentAllocatorName()`.
 *
 * @param allocator What the word ALLOCATOR has.
 * @returns `"pymalloc"`, `"pymalloc_debug"` and so on.
 */
export function nameOf(allocator: number): string {
  return BASE_NAMES.get(allocator) ?? `${BASE_NAMES.get(allocator - 1)}_debug`;
}
