/**
 * `sys._debugmallocstats()`, and PYTHONMALLOCSTATS: the report on stderr.
 *
 * ## Threads
 *   Reads only, and stops nobody, see `check/malloc_stats.ts`.
 *
 * Source: CPython 3.14 Python/sysmodule.c, sys__debugmallocstats_impl();
 * Objects/obmalloc.c, new_arena(); Python/pylifecycle.c, Py_FinalizeEx().
 * Differs: the free-threaded build reports for each arena, too.
 *
 * @module
 */

import * as Allocators from "../layout/allocators.ts";
import * as Layout from "../layout/memory_map.ts";
import type { Core } from "../domains/core.ts";
import type { Memory } from "../memory/mod.ts";
import { debugMallocStats } from "../check/mod.ts";
import { Debug } from "../hooks/mod.ts";
import * as Stats from "./stats.ts";

/** True if the heap wants reports by itself. C: PYTHONMALLOCSTATS. */
function isWanted(m: Memory): boolean {
  return m.i32[Layout.ALLOCATORS + Allocators.MALLOCSTATS] !== 0;
}

/** Writes the report to stderr. */
export function print(m: Memory): void {
  Debug.Stderr.write(debugMallocStats(m));
}

/**
 * Has the report written before each arena that this worker creates, if the
 * heap wants it. C: new_arena(), Objects/obmalloc.c.
 */
export function follow({ m, installed }: Core): void {
  if (isWanted(m)) installed.onArena = () => print(m);
}

/** Writes the report if the heap wants it and its last worker leaves. */
export function printAtExit(m: Memory): void {
  if (isWanted(m) && Stats.read(m).threads === 1) print(m);
}
