/**
 * The part of the `sys._debugmallocstats()` text that tells of arenas.
 *
 * Byte for byte CPython's, with one exception that cannot be otherwise. The
 * block "arena map" describes the radix tree that CPython finds an arena with.
 * Here a page map and two tables beside it do that work, so its three lines
 * of lost bytes, and their total, tell the size of these:
 *
 * ```text
 *   root  page map          1 word for each page of 4 GiB
 *   mid   pool records      8 words for each page of the heap
 *   bot   remote records    4 words for each page of the heap
 * ```
 *
 * and there is one "node" of mid and one of bot. Each of these tables is
 * reserved whole; what was never touched costs no memory.
 *
 * Where the GIL holds the pools of MEM and OBJ the text tells of these, which
 * are all that CPython's pymalloc has. Where threads hold them, and CPython has
 * mimalloc and prints another text, it sums the pools of all domains, whoever
 * holds them; blocks that other workers freed and the holder has not taken
 * back yet count as in use. `malloc_stats.ts` adds who holds what.
 *
 * ## Invariants (facts that hold for every text)
 *   R1  arenas × arena size = blocks in use + available + unused pools × pool
 *       size + pool headers + quantization
 *   R2  of each class: in use + available = pools × blocks per pool
 *
 * ## Threads
 *   Reads plain words of arenas and pools and writes none. The figures are
 *   exact only while nobody allocates: with the GIL held, or in the
 *   free-threaded build with the world stopped or the other workers idle.
 *   Otherwise they are those of no one moment, and R1 and R2 may fail.
 *
 * Source: CPython 3.14 Objects/obmalloc.c, pymalloc_print_stats() and
 * _PyObject_DebugMallocStats(), without the free-list lines.
 *
 * @module
 */

import * as ArenaObject from "../layout/arena_object.ts";
import * as ArenaSet from "../layout/arena_set.ts";
import * as Layout from "../layout/memory_map.ts";
import * as PageMap from "../layout/page_map.ts";
import * as PoolRecord from "../layout/pool_record.ts";
import * as RemoteRecord from "../layout/remote_record.ts";
import type { Memory } from "../memory/mod.ts";
import { SizeClasses } from "../pools/mod.ts";
import { classOf, usedCount } from "./pool_blocks.ts";

/** Size classes that the text tells of. Count. C: NB_SMALL_SIZE_CLASSES. */
const CLASSES = SizeClasses.SMALL_CLASSES;
/** First line of the block that tells of CPython's radix tree. */
export const ARENA_MAP_TITLE = "arena map counts";

/** What the arenas of one arena set hold. */
export interface ArenaCensus {
  /** Arenas ever allocated. Count. */
  readonly allocatedTotal: number;
  /** Most arenas at one time. Count. */
  readonly highwater: number;
  /** Arenas now. Count. */
  arenas: number;
  /** Pools that hold nothing, and pools never carved. Count. */
  freePools: number;
  /** Pools of each class. Counts. */
  readonly pools: number[];
  /** Blocks in use of each class. Counts. */
  readonly blocks: number[];
}

/** Adds the pools of an arena, from its first page to the last one carved. */
function countArena(m: Memory, arena: number, census: ArenaCensus): void {
  const i32 = m.i32;
  const object = Layout.ARENAS + (arena << ArenaObject.SHIFT);
  const first = arena * Layout.PAGES_PER_ARENA;
  const carved = i32[object + ArenaObject.POOL_ADDRESS];
  const end = Math.min(carved, first + Layout.PAGES_PER_ARENA);
  census.arenas++;
  census.freePools += i32[object + ArenaObject.NFREEPOOLS];
  for (let page = first; page < end; page++) {
    const key = i32[Layout.PAGE_MAP + page];
    if ((key & PageMap.KIND_MASK) !== PageMap.POOL) continue;
    const szidx = classOf(m, page);
    if (szidx < 0) continue; // damaged
    census.pools[szidx]++;
    census.blocks[szidx] += usedCount(m, page, szidx);
  }
}

/**
 * Counts arenas, pools and blocks of an arena set by walking them.
 *
 * @param m The window on the heap.
 * @param set The arena set. Word index.
 * @returns The counts; exact under the conditions at the head of this file.
 */
export function countArenas(
  m: Memory,
  set: number = Layout.ARENA_SET,
): ArenaCensus {
  const census: ArenaCensus = {
    allocatedTotal: m.i32[set + ArenaSet.TOTAL],
    highwater: m.i32[set + ArenaSet.HIGHWATER],
    arenas: 0,
    freePools: 0,
    pools: Array.from({ length: CLASSES }, () => 0),
    blocks: Array.from({ length: CLASSES }, () => 0),
  };
  for (let arena = 0; arena * Layout.PAGES_PER_ARENA < m.pages; arena++) {
    const object = Layout.ARENAS + (arena << ArenaObject.SHIFT);
    if (m.i32[object + ArenaObject.SET] !== set) continue;
    countArena(m, arena, census);
  }
  return census;
}

/** Decimal digits with a comma before each group of three. */
export function grouped(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** One line: label of 35 columns, `=`, value of 21. C: printone(). */
export function printone(label: string, value: number): string {
  return `${label.padEnd(35)}=${grouped(value).padStart(21)}\n`;
}

function classLines(census: ArenaCensus): string {
  let lines = "";
  for (let szidx = 0; szidx < CLASSES; szidx++) {
    const pools = census.pools[szidx];
    if (pools === 0) continue;
    const blocks = census.blocks[szidx];
    const available = pools * SizeClasses.capacity(szidx) - blocks;
    lines += [
      String(szidx).padStart(5),
      String(SizeClasses.blockSize(szidx)).padStart(6),
      String(pools).padStart(11),
      String(blocks).padStart(15),
      String(available).padStart(13),
    ].join(" ") + "\n";
  }
  return lines;
}

function arenaLines(census: ArenaCensus): string {
  const { allocatedTotal, arenas, highwater } = census;
  const bytes = `${arenas} arenas * ${Layout.ARENA_SIZE} bytes/arena`;
  return printone("# arenas allocated total", allocatedTotal) +
    printone("# arenas reclaimed", allocatedTotal - arenas) +
    printone("# arenas highwater mark", highwater) +
    printone("# arenas allocated current", arenas) +
    printone(bytes, arenas * Layout.ARENA_SIZE);
}

function byteLines(census: ArenaCensus): string {
  let allocated = 0;
  let available = 0;
  let headers = 0;
  let quantization = 0;
  for (let szidx = 0; szidx < CLASSES; szidx++) {
    const size = SizeClasses.blockSize(szidx);
    const pools = census.pools[szidx];
    const blocks = census.blocks[szidx];
    const usable = Layout.PAGE_SIZE - PoolRecord.POOL_OVERHEAD;
    allocated += blocks * size;
    available += (pools * SizeClasses.capacity(szidx) - blocks) * size;
    headers += pools * PoolRecord.POOL_OVERHEAD;
    quantization += pools * (usable % size);
  }
  const unused = census.freePools * Layout.PAGE_SIZE;
  const label = `${census.freePools} unused pools * ${Layout.PAGE_SIZE} bytes`;
  return printone("# bytes in allocated blocks", allocated) +
    printone("# bytes in available blocks", available) +
    printone(label, unused) +
    printone("# bytes lost to pool headers", headers) +
    printone("# bytes lost to quantization", quantization) +
    // Arenas are aligned to their size here, so nothing is lost to that.
    printone("# bytes lost to arena alignment", 0) +
    printone("Total", allocated + available + unused + headers + quantization);
}

/** CPython's lines for its radix tree, with the figures of our tables. */
function mapLines(m: Memory): string {
  const root = (Layout.POOLS - Layout.PAGE_MAP) * 4;
  const mid = m.pages * PoolRecord.SIZEOF * 4;
  const bot = m.pages * RemoteRecord.SIZEOF * 4;
  return ARENA_MAP_TITLE + "\n" +
    printone("# arena map mid nodes", 1) +
    printone("# arena map bot nodes", 1) +
    "\n" +
    printone("# bytes lost to arena map root", root) +
    printone("# bytes lost to arena map mid", mid) +
    printone("# bytes lost to arena map bot", bot) +
    printone("Total", root + mid + bot);
}

/**
 * The text for the arenas. C: pymalloc_print_stats().
 *
 * @param m The heap.
 * @returns Lines, each with a newline.
 */
export function arenaStats(m: Memory): string {
  const census = countArenas(m);
  return `Small block threshold = ${SizeClasses.SMALL_REQUEST_THRESHOLD}, ` +
    `in ${CLASSES} size classes.\n\n` +
    "class   size   num pools   blocks in use  avail blocks\n" +
    "-----   ----   ---------   -------------  ------------\n" +
    classLines(census) + "\n" +
    arenaLines(census) + "\n" +
    byteLines(census) + "\n" +
    mapLines(m);
}
