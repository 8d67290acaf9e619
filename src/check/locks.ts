/**
 * The locks of all that a walk over the heap reads.
 *
 * ## Threads
 *   The locks of both arena sets and of the page runs, in their order: under
 *   them no page changes its use. A worker that stops inside leaves the locks
 *   held.
 *
 * @module
 */

import * as ArenaSet from "../layout/arena_set.ts";
import * as Layout from "../layout/memory_map.ts";
import * as RunBins from "../layout/run_bins.ts";
import type { Memory } from "../memory/mod.ts";
import { Mutex } from "../sync/mod.ts";

const LOCKS = [
  Layout.ARENA_SET + ArenaSet.LOCK,
  Layout.RAW_ARENA_SET + ArenaSet.LOCK,
  Layout.RUNS + RunBins.LOCK,
];

/**
 * Runs `run` under the locks.
 *
 * @param m The heap.
 * @param run What to do; it takes none of these locks.
 * @returns What `run` returns.
 */
export function withLocks<T>(m: Memory, run: () => T): T {
  for (const lock of LOCKS) Mutex.lock(m, lock);
  try {
    return run();
  } finally {
    for (const lock of LOCKS) Mutex.unlock(m, lock);
  }
}
