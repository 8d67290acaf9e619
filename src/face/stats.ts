/**
 * `heap.stats()`: figures that cost next to nothing.
 *
 * ## Threads
 *   Plain reads of words that others may be writing: each figure is one that
 *   was true a moment ago, their sum need not be.
 *
 * @module
 */

import * as ArenaSet from "../layout/arena_set.ts";
import * as Layout from "../layout/memory_map.ts";
import * as PageMap from "../layout/page_map.ts";
import * as RunBins from "../layout/run_bins.ts";
import * as ThreadState from "../layout/thread_state.ts";
import { type Memory, threadsUsed } from "../memory/mod.ts";

/** What {@linkcode Heap.stats} returns. */
export interface HeapStats {
  /** Size of the buffer. Bytes. */
  readonly maxBytes: number;
  /** Of these, the heap's own tables. Bytes. */
  readonly metadataBytes: number;
  /** Arenas, spans and large blocks now. Bytes. */
  readonly footprintBytes: number;
  /** Most of them at one time. Bytes. */
  readonly footprintPeakBytes: number;
  /** Arenas now. Count. */
  readonly arenas: number;
  /** Arenas ever created. Count. */
  readonly arenasTotal: number;
  /** Most arenas of a set at one time, summed over sets. Count. */
  readonly arenasHighwater: number;
  /** Pools left by exited threads that have free blocks. Count. */
  readonly abandonedPools: number;
  /** Empty pools of OBJ that wait for a grace period. Count. */
  readonly quarantinedPools: number;
  /** Blocks freed by other threads than the holder of their pool. Count. */
  readonly remoteFrees: number;
  /** Times a thread had to park for a lock. Count. */
  readonly lockWaits: number;
  /** Times a thread had to wait for the GIL. Count. */
  readonly gilWaits: number;
  /** Pools and spans that threads took. Count. */
  readonly poolsTaken: number;
  /** Of these, pools that exited or detached threads had. Count. */
  readonly poolsAdopted: number;
  /** Workers that have a thread state now. Count. */
  readonly threads: number;
}

/** Sums a word of both arena sets. */
function ofSets(m: Memory, field: number): number {
  return m.i32[Layout.ARENA_SET + field] + m.i32[Layout.RAW_ARENA_SET + field];
}

/** Sums a word of all thread states, exited ones included (slot 0). */
function ofThreads(m: Memory, field: number): number {
  const used = threadsUsed(m);
  let sum = 0;
  for (let slot = 0; slot < used; slot++) {
    sum += m.i32[Layout.THREADS + slot * ThreadState.SIZEOF + field];
  }
  return sum;
}

/** Workers that have a thread state. Count. */
function countThreads(m: Memory): number {
  const used = threadsUsed(m);
  let count = 0;
  for (let slot = PageMap.FIRST_SLOT; slot < used; slot++) {
    const at = Layout.THREADS + slot * ThreadState.SIZEOF;
    if (m.i32[at + ThreadState.X_IN_USE] !== ThreadState.FREE) count++;
  }
  return count;
}

/** Reads the figures. */
export function read(m: Memory): HeapStats {
  const i32 = m.i32;
  const page = Layout.PAGE_SIZE;
  return {
    maxBytes: m.buffer.byteLength,
    metadataBytes: m.firstPage * page,
    footprintBytes: i32[Layout.RUNS + RunBins.USED_PAGES] * page,
    footprintPeakBytes: i32[Layout.RUNS + RunBins.PEAK_PAGES] * page,
    arenas: ofSets(m, ArenaSet.CURRENT),
    arenasTotal: ofSets(m, ArenaSet.TOTAL),
    arenasHighwater: ofSets(m, ArenaSet.HIGHWATER),
    abandonedPools: ofSets(m, ArenaSet.ABANDONED_COUNT),
    quarantinedPools: ofSets(m, ArenaSet.QUARANTINED),
    remoteFrees: ofThreads(m, ThreadState.STAT_REMOTE_FREES),
    lockWaits: ofThreads(m, ThreadState.STAT_LOCK_WAITS),
    gilWaits: ofThreads(m, ThreadState.STAT_GIL_WAITS),
    poolsTaken: ofThreads(m, ThreadState.STAT_POOLS_TAKEN),
    poolsAdopted: ofThreads(m, ThreadState.STAT_ADOPTED),
    threads: countThreads(m),
  };
}

/** Keeps the figures of a thread that exits: adds them to those of slot 0. */
export function fold(m: Memory): void {
  const from = ThreadState.STAT_REMOTE_FREES;
  for (let field = from; field <= ThreadState.STAT_GIL_WAITS; field++) {
    const at = m.thread + field;
    Atomics.add(m.i32, Layout.THREADS + field, m.i32[at]);
    m.i32[at] = 0;
  }
}
