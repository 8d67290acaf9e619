/**
 * The whole `sys._debugmallocstats()` text of a heap.
 *
 * ```text
 *   pymalloc   the arenas, byte for byte as CPython prints them
 *   malloc     nothing: CPython knows nothing of what malloc() holds
 *   mimalloc   the arenas, then who holds what:
 *              domains     pools, large blocks, live and held bytes of each
 *              threads     the same for each thread that has or had pools
 *              abandoned   pools with live blocks that exited threads left
 *              deferred    empty pools that wait for a grace period
 *              remote      blocks freed by others and not taken back yet
 * ```
 *
 * CPython prints lines about the free lists of its objects after that.
 *
 * ## Invariants (facts that hold for every text of mimalloc)
 *   R3  what domains hold == what threads hold + abandoned + deferred + large
 *       blocks
 *
 * ## Threads
 *   Reads only, and stops nobody; see `arena_stats.ts` and `census.ts` for when
 *   the figures are exact.
 *
 * Source: CPython 3.14 Objects/obmalloc.c, _PyObject_DebugMallocStats(). The
 * part after the arenas is ours.
 *
 * @module
 */

import * as Allocators from "../layout/allocators.ts";
import * as Layout from "../layout/memory_map.ts";
import * as PageMap from "../layout/page_map.ts";
import * as ThreadState from "../layout/thread_state.ts";
import { type Memory, threadsUsed } from "../memory/mod.ts";
import { NAMES } from "../domains/mod.ts";
import { arenaStats, grouped, printone } from "./arena_stats.ts";
import { type Census, takeCensus, Tally } from "./census.ts";

/** Widths of the columns of the tables. Characters. */
const WIDTHS = [6, 10, 13, 14, 16, 16, 14, 14];
const DOMAIN_TITLES = [
  "domain",
  "num pools",
  "large blocks",
  "blocks in use",
  "live bytes",
  "held bytes",
  "remote blocks",
];
const THREAD_TITLES = [
  "thread",
  "num pools",
  "large blocks",
  "blocks in use",
  "live bytes",
  "held bytes",
  "remote blocks",
  "remote frees",
];

/** A line of a table. */
function row(cells: readonly string[]): string {
  return cells.map((cell, k) => cell.padStart(WIDTHS[k])).join("") + "\n";
}

/** The titles of a table, and a line below them. */
function titles(names: readonly string[]): string {
  return row(names) + row(names.map((name) => "-".repeat(name.length)));
}

/** The cells of what somebody holds. */
function cellsOf(tally: Tally): string[] {
  return [
    tally.pools,
    tally.largeBlocks,
    tally.blocks,
    tally.liveBytes,
    tally.heldBytes,
    tally.remoteBlocks,
  ].map(grouped);
}

function domainLines({ domains }: Census): string {
  return titles(DOMAIN_TITLES) +
    domains.map((tally, k) => row([NAMES[k], ...cellsOf(tally)])).join("");
}

/** Blocks that a thread freed into pools of others. Count. */
function remoteFrees(m: Memory, slot: number): number {
  const thread = Layout.THREADS + slot * ThreadState.SIZEOF;
  return m.i32[thread + ThreadState.STAT_REMOTE_FREES] >>> 0;
}

/** True if a worker has the slot, or left pools under its name. */
function isListed(m: Memory, census: Census, slot: number): boolean {
  const inUse = Layout.THREADS + slot * ThreadState.SIZEOF +
    ThreadState.X_IN_USE;
  return census.holders.has(slot) ||
    Atomics.load(m.i32, inUse) !== ThreadState.FREE;
}

function threadLines(m: Memory, census: Census): string {
  let lines = titles(THREAD_TITLES);
  for (let slot = PageMap.FIRST_SLOT; slot < threadsUsed(m); slot++) {
    if (!isListed(m, census, slot)) continue;
    const tally = census.holders.get(slot) ?? new Tally();
    const frees = grouped(remoteFrees(m, slot));
    lines += row([String(slot), ...cellsOf(tally), frees]);
  }
  return lines;
}

/** What nobody can use at the moment, although nothing is allocated in it. */
function waitingLines(m: Memory, census: Census): string {
  const { abandoned, deferred, domains } = census;
  let remoteBlocks = 0;
  let remoteBytes = 0;
  for (const tally of domains) {
    remoteBlocks += tally.remoteBlocks;
    remoteBytes += tally.remoteBytes;
  }
  let frees = 0;
  for (let slot = 0; slot < threadsUsed(m); slot++) {
    frees += remoteFrees(m, slot);
  }
  return printone("# abandoned pools", abandoned.pools) +
    printone("# live blocks in abandoned pools", abandoned.blocks) +
    printone("# bytes held by abandoned pools", abandoned.heldBytes) +
    printone("# deferred pools", deferred.pools) +
    printone("# bytes held by deferred pools", deferred.heldBytes) +
    printone("# remote frees total", frees) +
    printone("# remote blocks not taken back", remoteBlocks) +
    printone("# bytes in remote blocks", remoteBytes);
}

/**
 * What `sys._debugmallocstats()` prints of a heap, the lines about objects
 * left out.
 *
 * C: `_PyObject_DebugMallocStats()`, Objects/obmalloc.c.
 *
 * @param m The heap.
 * @returns Lines, each with a newline; none where CPython has none.
 */
export function debugMallocStats(m: Memory): string {
  if (!m.isGilHeld) {
    const census = takeCensus(m);
    return arenaStats(m) + "\n" + domainLines(census) + "\n" +
      threadLines(m, census) + "\n" + waitingLines(m, census);
  }
  const allocator = m.i32[Layout.ALLOCATORS + Allocators.ALLOCATOR];
  const isPymalloc = allocator === Allocators.PYMALLOC ||
    allocator === Allocators.PYMALLOC_DEBUG;
  return isPymalloc ? arenaStats(m) : "";
}
