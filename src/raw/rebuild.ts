/**
 * Rebuilds the lists of free runs when a worker died with their lock.
 *
 * Which pages are in use is told by heads: the first page of an arena (its
 * arena object has a SET), of a span, of a large block, of pages that somebody
 * has taken. Everything between two heads is free, whatever it is marked as.
 * So no list is trusted, and doing it twice does no harm.
 *
 * ## Threads
 *   Under `RunBins.LOCK`. Heads of others are set and removed under that lock
 *   only, or replaced by another head for the same pages without it: TAKEN by
 *   SPAN or LARGE. A worker that stops inside leaves the lock held again.
 *
 * @module
 */

import * as ArenaObject from "../layout/arena_object.ts";
import * as Layout from "../layout/memory_map.ts";
import * as PageMap from "../layout/page_map.ts";
import * as PoolRecord from "../layout/pool_record.ts";
import * as RunBins from "../layout/run_bins.ts";
import { type Memory, recordOf } from "../memory/mod.ts";
import * as Runs from "./runs.ts";

const KIND_AND_DOMAIN = (1 << PageMap.HOLDER_SHIFT) - 1;

/** Pages of the span that starts with `page`: its tails lead back to it. */
function spanLength(m: Memory, page: number): number {
  let end = page + 1;
  while (
    end < m.pages && m.i32[Layout.PAGE_MAP + end] === PageMap.TAIL &&
    m.i32[recordOf(end) + PoolRecord.HEAD] === page
  ) end++;
  return end - page;
}

/**
 * Pages of what starts with `page`, or 0 if the page is free. Under the lock.
 *
 * @returns Count.
 */
export function extentOf(m: Memory, page: number): number {
  const isFirst = page % Layout.PAGES_PER_ARENA === 0;
  if (isFirst && m.i32[Runs.arenaOf(page) + ArenaObject.SET] !== 0) {
    return Layout.PAGES_PER_ARENA;
  }
  const key = Atomics.load(m.i32, Layout.PAGE_MAP + page);
  const kind = key & PageMap.KIND_MASK;
  if (kind === PageMap.SPAN) return spanLength(m, page);
  if (kind !== PageMap.LARGE) return 0;
  const isTaken = (key & KIND_AND_DOMAIN) === Runs.takenKey(0);
  return isTaken
    ? m.i32[Runs.takenPagesOf(m, page)]
    : m.i32[recordOf(page) + PoolRecord.LENGTH];
}

/**
 * Makes the bytes of a large block fit its pages: a resize was cut short. A
 * living owner may change them meanwhile, from one number that fits to another.
 */
function mendLarge(m: Memory, page: number, length: number): void {
  const at = recordOf(page) + PoolRecord.NBYTES;
  const nbytes = m.i32[at] >>> 0; // racy hint
  const most = length * Layout.PAGE_SIZE;
  if (nbytes > most || nbytes <= most - Layout.PAGE_SIZE) m.i32[at] = most | 0;
}

/** Makes pages `from` … `to` − 1 a free run. */
function insertFree(m: Memory, from: number, to: number): void {
  if (from === to) return;
  for (let page = from; page < to; page++) {
    m.i32[Layout.PAGE_MAP + page] = PageMap.FREE;
  }
  Runs.insert(m, from, to - from);
}

/** Drops all lists. */
function clear(m: Memory): void {
  for (let k = 0; k < RunBins.BIN_COUNT; k++) {
    m.i32[Layout.RUNS + RunBins.BINS + k] = 0;
  }
  for (let k = 0; k < RunBins.BIN_COUNT / 32; k++) {
    m.i32[Layout.RUNS + RunBins.BITMAP + k] = 0;
  }
}

/** Rebuilds bins, bit map and free runs from the heads. Under the lock. */
export function rebuildLocked(m: Memory): void {
  const i32 = m.i32;
  clear(m);
  let free = m.firstPage;
  let page = free;
  let used = 0;
  while (page < m.pages) {
    const length = extentOf(m, page);
    if (length === 0) {
      page++;
      continue;
    }
    insertFree(m, free, page);
    const key = i32[Layout.PAGE_MAP + page];
    const isLarge = (key & PageMap.KIND_MASK) === PageMap.LARGE;
    if (isLarge && Runs.domainOf(key) !== PageMap.TAKEN) {
      mendLarge(m, page, length);
    }
    used += length;
    page += length;
    free = page;
  }
  insertFree(m, free, m.pages);
  i32[Layout.RUNS + RunBins.USED_PAGES] = used;
}
