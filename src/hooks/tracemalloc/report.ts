/**
 * Where a block was allocated, as the reports of the debug hooks say it.
 *
 * ## Threads
 *   Reads only, from whatever state the worker is in.
 *
 * Source: CPython 3.14 Python/tracemalloc.c: _PyMem_DumpTraceback().
 *
 * @module
 */

import type { AnyAllocator } from "../../domains/mod.ts";
import type { Memory } from "../../memory/mod.ts";
import * as Inside from "./tables/inside.ts";
import { type RawTraceback, readOne } from "./read.ts";
import * as Session from "./tables/session.ts";
import { Window } from "./tables/window.ts";

/** Who reads needs no memory. */
const NO_SOURCE: AnyAllocator = {
  ctx: null,
  malloc: () => 0,
  calloc: () => 0,
  realloc: () => 0,
  free: () => {},
};

/**
 * Where a block was allocated.
 *
 * @param m The heap.
 * @param ptr The block, as its user has it. Byte address.
 * @returns Null if that is not known, or not to be had.
 */
export function find(m: Memory, ptr: number): RawTraceback | null {
  try {
    return readOne(new Window(m, NO_SOURCE), 0, ptr);
  } catch {
    Inside.leave(m);
    return null;
  }
}

/**
 * The lines of a report that say where a block was allocated.
 *
 * @param m The heap.
 * @param ptr The block, as its user has it. Byte address.
 * @returns Lines, each with its end. Nothing if the block is not traced.
 */
export function allocationTraceback(m: Memory, ptr: number): string {
  if (!Session.isTracing(m)) {
    return "Enable tracemalloc to get the memory block " + // verbatim
      "allocation traceback\n\n";
  }
  const found = find(m, ptr);
  if (found === null) return "";
  const frames = found.frames.map(([filename, lineno]) =>
    `  File "${filename}", line ${lineno}\n`
  );
  const heading = "Memory block allocated at (most recent call first):\n"; // verbatim
  return `${heading}${frames.join("")}\n`;
}
