/**
 * Whether a heap has debug hooks: the word that all its workers look at.
 *
 * ## Invariants
 *   D1  X_DEBUG goes from 0 to 1 once and never back
 *
 * ## Threads
 *   X_DEBUG and X_CHANGES are atomic and written in this order: whoever sees
 *   that something has changed sees X_DEBUG. A worker that stops in between
 *   leaves hooks that the others put in place with the next change, or when
 *   they join.
 *
 * Source: CPython 3.14 Objects/obmalloc.c: set_up_debug_hooks_unlocked().
 *
 * @module
 */

import * as Words from "../../layout/allocators.ts";
import * as Layout from "../../layout/memory_map.ts";
import type { Memory } from "../../memory/mod.ts";

/** Word that says that there are hooks. Word index. */
const X_DEBUG = Layout.ALLOCATORS + Words.X_DEBUG;
/** Word that counts changes. Word index. */
const X_CHANGES = Layout.ALLOCATORS + Words.X_CHANGES;

/**
 * Lets all workers of a heap have the hooks.
 *
 * @param m The heap.
 */
export function enable(m: Memory): void {
  if (isEnabled(m)) return;
  Atomics.store(m.i32, X_DEBUG, 1); // COMMIT
  Atomics.add(m.i32, X_CHANGES, 1);
}

/**
 * Whether hooks are somewhere among the records. C: `_PyMem_DebugEnabled()`.
 *
 * @param m The heap.
 * @returns True if they are.
 */
export function isEnabled(m: Memory): boolean {
  return Atomics.load(m.i32, X_DEBUG) !== 0;
}
