/**
 * What `Deno.inspect()` and `console.log()` show of a heap.
 *
 * ## Threads
 *   Reads only, and stops nobody: the figures were true a moment ago.
 *
 * @module
 */

import * as Allocators from "../layout/allocators.ts";
import * as Header from "../layout/header.ts";
import * as Layout from "../layout/memory_map.ts";
import type { Memory } from "../memory/mod.ts";
import type { Core } from "../domains/core.ts";
import { type Census, takeCensus } from "../check/mod.ts";
import { nameOf } from "../domains/allocator_names.ts";
import { NAMES } from "../domains/mod.ts";
import { formatSize } from "../hooks/tracemalloc/mod.ts";
import * as Stats from "./stats.ts";
import type { ThreadStateName } from "./threads.ts";

/** A size as Python's tracemalloc writes it. */
function formatBytes(bytes: number): string {
  return formatSize(bytes, false);
}

/** What makes the heap a wary one, for the first line. */
function mannerOf(m: Memory): string {
  const isDebug = m.i32[Layout.ALLOCATORS + Allocators.X_DEBUG] !== 0; // racy hint
  return (isDebug ? ", debug hooks" : "") + (m.isSealed ? ", sealed" : "");
}

/** Live blocks of all domains. */
function liveLine({ domains }: Census): string {
  let blocks = 0;
  let bytes = 0;
  for (const tally of domains) {
    blocks += tally.blocks;
    bytes += tally.liveBytes;
  }
  const each = domains.map((tally, k) => `${NAMES[k]} ${tally.blocks}`);
  return `${blocks} blocks, ${formatBytes(bytes)} (${each.join(", ")})`;
}

/** Blocks and pools that wait, or `""`. */
function waitingLine({ domains, abandoned, deferred }: Census): string {
  const remote = domains.reduce((sum, each) => sum + each.remoteBlocks, 0);
  if (remote + abandoned.pools + deferred.pools === 0) return "";
  return `\n  waiting    ${remote} remote blocks, ` +
    `${abandoned.pools} abandoned pools, ${deferred.pools} deferred pools`;
}

/**
 * Some lines about a heap.
 *
 * @param core The worker's.
 * @param state What its thread state is.
 * @returns Lines without a newline at the end.
 */
export function inspectHeap(core: Core, state: ThreadStateName): string {
  const { m } = core;
  const stats = Stats.read(m);
  const census = takeCensus(m);
  const allocator = m.i32[Layout.ALLOCATORS + Allocators.ALLOCATOR];
  const build = m.build === Header.BUILD_GIL ? "gil" : "free-threaded";
  return `Heap of ${formatBytes(stats.maxBytes)} (${build}, ` +
    `${nameOf(allocator)}${mannerOf(m)})\n` +
    `  footprint  ${formatBytes(stats.footprintBytes)}, ` +
    `at most ${formatBytes(stats.footprintPeakBytes)}, ` +
    `and ${formatBytes(stats.metadataBytes)} of tables\n` +
    `  live       ${liveLine(census)}${waitingLine(census)}\n` +
    `  threads    ${stats.threads}, ` +
    (core.isClosed
      ? "this one has left"
      : `this is thread ${m.slot}, ${state}`);
}
