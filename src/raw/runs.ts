/**
 * Page runs: any number of adjacent pages, as `mmap` is in C.
 *
 * Free runs stand in bins of like length: one bin for each length below 64,
 * then four bins to a doubling. A bit map finds the first bin that is sure to
 * fit, so taking and giving back are O(1); only when no such bin has a run is
 * the one bin searched whose runs may or may not be long enough.
 *
 * Arenas are cut from the top of a free run, all else from its bottom, so that
 * what lies behind a large block tends to be free and the block can grow.
 *
 * ## Invariants (checked by check/)
 *   R1  every page is in exactly one of: metadata, an arena, a span, a large
 *       block, a free run
 *   R2  a free run's first page has LENGTH, its last page has HEAD, both are
 *       FREE_RUN in the page map, pages between them are FREE
 *   R3  no two free runs are adjacent
 *   R4  a free run is on the list of its bin; a bin's bit is set iff it has one
 *   R5  USED_PAGES + pages of free runs + metadata == pages of the heap
 *
 * ## Threads
 *   Everything is under `RunBins.LOCK`. Who has a page is settled before the
 *   lock is given back: pages that are handed out are marked as TAKEN by the
 *   caller, or as those of an arena. So at any time every page can be told to
 *   be free or not from the words of run heads and arena objects alone, and a
 *   worker that stops inside leaves the lock held and nothing that
 *   `rebuild.ts` could not mend.
 *
 * @module
 */

import * as ArenaObject from "../layout/arena_object.ts";
import * as Layout from "../layout/memory_map.ts";
import * as PageMap from "../layout/page_map.ts";
import * as PoolRecord from "../layout/pool_record.ts";
import * as RemoteRecord from "../layout/remote_record.ts";
import * as RunBins from "../layout/run_bins.ts";
import { type Memory, pageOf, recordOf } from "../memory/mod.ts";
import { Damage } from "../sync/mod.ts";
import { HeapLock } from "../threads/mod.ts";

const LOCK = Layout.RUNS + RunBins.LOCK;
const BITMAP = Layout.RUNS + RunBins.BITMAP;
const BINS = Layout.RUNS + RunBins.BINS;
const USED_PAGES = Layout.RUNS + RunBins.USED_PAGES;
const PEAK_PAGES = Layout.RUNS + RunBins.PEAK_PAGES;

/** Lengths below this have a bin each. Pages. */
const EXACT = 64;
/** Words of the bit map. Count. */
const BITMAP_WORDS = 8;
/** First page whose addresses need 32 bits: arenas keep below it if they can. */
const HALF = 131072;

/** All pages behind the metadata become one free run. For a new heap. */
export function init(m: Memory): void {
  const first = m.firstPage;
  insert(m, first, m.pages - first);
}

/** Bin of a run of `length` pages. */
export function binOf(length: number): number {
  if (length < EXACT) return length;
  const e = 31 - Math.clz32(length);
  return EXACT + ((e - 6) << 2) + ((length >>> (e - 2)) & 3);
}

/** First bin whose runs all have `length` pages or more. */
function fittingBin(length: number): number {
  if (length < EXACT) return length;
  const e = 31 - Math.clz32(length);
  return binOf(length + (1 << (e - 2)) - 1);
}

/** First bin from `bin` on that is not empty, or 0. */
function nextBin(m: Memory, bin: number): number {
  let word = bin >>> 5;
  let bits = word < BITMAP_WORDS
    ? m.i32[BITMAP + word] & (-1 << (bin & 31))
    : 0;
  while (bits === 0) {
    if (++word >= BITMAP_WORDS) return 0;
    bits = m.i32[BITMAP + word];
  }
  return (word << 5) + 31 - Math.clz32(bits & -bits);
}

/** Puts a free run on its list and marks its ends. Under the lock. */
export function insert(m: Memory, page: number, length: number): void {
  const i32 = m.i32;
  const run = recordOf(page);
  const last = page + length - 1;
  i32[run + PoolRecord.LENGTH] = length;
  i32[recordOf(last) + PoolRecord.HEAD] = page;
  i32[Layout.PAGE_MAP + page] = PageMap.FREE_RUN;
  i32[Layout.PAGE_MAP + last] = PageMap.FREE_RUN;
  const bin = binOf(length);
  const head = i32[BINS + bin];
  i32[run + PoolRecord.NEXTPOOL] = head;
  i32[run + PoolRecord.PREVPOOL] = 0;
  if (head !== 0) i32[head + PoolRecord.PREVPOOL] = run;
  i32[BINS + bin] = run;
  i32[BITMAP + (bin >>> 5)] |= 1 << (bin & 31);
}

/** Takes a free run off its list and removes the marks of its ends. */
function remove(m: Memory, page: number): void {
  const i32 = m.i32;
  const run = recordOf(page);
  const length = i32[run + PoolRecord.LENGTH];
  const next = i32[run + PoolRecord.NEXTPOOL];
  const prev = i32[run + PoolRecord.PREVPOOL];
  if (next !== 0) Damage.requireRecord(m, next, "a bin of free runs");
  if (prev !== 0) Damage.requireRecord(m, prev, "a bin of free runs");
  if (!(length > 0 && page + length <= m.pages)) {
    Damage.damaged(m, `${length} pages are free at page ${page}`);
  }
  const bin = binOf(length);
  if (next !== 0) i32[next + PoolRecord.PREVPOOL] = prev;
  if (prev !== 0) i32[prev + PoolRecord.NEXTPOOL] = next;
  else {
    i32[BINS + bin] = next;
    if (next === 0) i32[BITMAP + (bin >>> 5)] &= ~(1 << (bin & 31));
  }
  i32[Layout.PAGE_MAP + page] = PageMap.FREE;
  i32[Layout.PAGE_MAP + page + length - 1] = PageMap.FREE;
}

/** Counts pages as handed out (or, if negative, as given back). */
function account(m: Memory, pages: number): void {
  const used = m.i32[USED_PAGES] + pages;
  m.i32[USED_PAGES] = used;
  if (used > m.i32[PEAK_PAGES]) m.i32[PEAK_PAGES] = used;
}

/**
 * Makes sure that a bin leads to a free run of at least `length` pages, after
 * so many `steps` that it may have.
 *
 * @returns Its first page.
 */
function requireRun(
  m: Memory,
  run: number,
  length: number,
  steps: number,
): number {
  const page = pageOf(Damage.requireRecord(m, run, "a bin of free runs"));
  const has = m.i32[run + PoolRecord.LENGTH];
  const isRun = m.i32[Layout.PAGE_MAP + page] === PageMap.FREE_RUN &&
    has >= length && page + has <= m.pages && steps <= m.pages;
  return isRun
    ? page
    : Damage.damaged(m, `page ${page} is listed as ${has} free pages`);
}

/** A free run of at least `length` pages, or 0. Page number. */
function find(m: Memory, length: number): number {
  const bin = nextBin(m, fittingBin(length));
  if (bin !== 0) return requireRun(m, m.i32[BINS + bin], length, 0);
  let run = m.i32[BINS + binOf(length)];
  let steps = 0;
  while (run !== 0) {
    const page = requireRun(m, run, 1, steps++);
    if (m.i32[run + PoolRecord.LENGTH] >= length) return page;
    run = m.i32[run + PoolRecord.NEXTPOOL];
  }
  return 0;
}

/** Page map word of pages that a worker has taken and not put to use yet. */
export function takenKey(owner: number): number {
  return PageMap.LARGE | (PageMap.TAKEN << PageMap.DOMAIN_SHIFT) |
    (owner << PageMap.HOLDER_SHIFT);
}

/** Domain of a page map word. */
export function domainOf(key: number): number {
  return (key >>> PageMap.DOMAIN_SHIFT) & PageMap.DOMAIN_MASK;
}

/** Where it stands how many pages were taken with `page`. Word index. */
export function takenPagesOf(m: Memory, page: number): number {
  return m.remotes + (page << RemoteRecord.SHIFT) + RemoteRecord.TAKEN_PAGES;
}

/**
 * Takes `length` pages. The first is marked as TAKEN by this worker, with
 * TAKEN_PAGES; the others are FREE.
 *
 * @returns Their first page, or 0 if there is no such run.
 */
export function alloc(m: Memory, length: number): number {
  HeapLock.lock(m, LOCK);
  const page = find(m, length);
  if (page !== 0) {
    const rest = m.i32[recordOf(page) + PoolRecord.LENGTH] - length;
    remove(m, page);
    if (rest > 0) insert(m, page + length, rest);
    account(m, length);
    m.i32[takenPagesOf(m, page)] = length;
    m.i32[Layout.PAGE_MAP + page] = takenKey(m.owner); // COMMIT
  }
  HeapLock.unlock(m, LOCK);
  return page;
}

/** Where in a free run an arena goes: as high as it can, below 2 GiB first. */
function arenaPlace(page: number, length: number): number {
  const end = page + length;
  const size = Layout.PAGES_PER_ARENA;
  if (end > HALF) {
    const low = HALF - size;
    if (low >= page) return low;
  }
  const high = (end - size) & -size;
  return high >= page ? high : 0;
}

/** A free run that an aligned arena fits into, or 0. Page number. */
function findForArena(m: Memory): number {
  const size = Layout.PAGES_PER_ARENA;
  const bin = nextBin(m, fittingBin(2 * size - 1));
  if (bin !== 0) return requireRun(m, m.i32[BINS + bin], size, 0);
  for (let b = binOf(size); b <= binOf(2 * size - 2); b++) {
    let run = m.i32[BINS + b];
    let steps = 0;
    while (run !== 0) {
      const page = requireRun(m, run, size, steps++);
      if (arenaPlace(page, m.i32[run + PoolRecord.LENGTH]) !== 0) return page;
      run = m.i32[run + PoolRecord.NEXTPOOL];
    }
  }
  return 0;
}

/** Arena object of a page. Word index. */
export function arenaOf(page: number): number {
  return Layout.ARENAS + ((page >>> 6) << ArenaObject.SHIFT);
}

/**
 * Takes the pages of an arena, aligned to its size, for an arena set.
 * C: `_PyObject_Arena.alloc`.
 *
 * @returns Their first page, or 0 if no aligned run is free.
 */
export function allocArena(m: Memory, set: number): number {
  HeapLock.lock(m, LOCK);
  const run = findForArena(m);
  let page = 0;
  if (run !== 0) {
    const length = m.i32[recordOf(run) + PoolRecord.LENGTH];
    page = arenaPlace(run, length);
    const before = page - run;
    const after = length - before - Layout.PAGES_PER_ARENA;
    remove(m, run);
    if (before > 0) insert(m, run, before);
    if (after > 0) insert(m, page + Layout.PAGES_PER_ARENA, after);
    account(m, Layout.PAGES_PER_ARENA);
    m.i32[arenaOf(page) + ArenaObject.SET] = set; // COMMIT
  }
  HeapLock.unlock(m, LOCK);
  return page;
}

/** Gives the pages of an arena back, which are all FREE. */
export function freeArena(m: Memory, page: number): void {
  HeapLock.lock(m, LOCK);
  m.i32[arenaOf(page) + ArenaObject.SET] = 0; // COMMIT
  giveLocked(m, page, Layout.PAGES_PER_ARENA);
  HeapLock.unlock(m, LOCK);
}

/** Makes pages a free run, merged with free neighbours. Under the lock. */
function giveLocked(m: Memory, page: number, length: number): void {
  const i32 = m.i32;
  let first = page;
  let pages = length;
  const kindOfPrevious = i32[Layout.PAGE_MAP + page - 1] & PageMap.KIND_MASK;
  if (kindOfPrevious === PageMap.FREE_RUN) {
    first = i32[recordOf(page - 1) + PoolRecord.HEAD];
    pages += page - first;
    remove(m, first);
  }
  const next = page + length;
  if (
    next < m.pages &&
    (i32[Layout.PAGE_MAP + next] & PageMap.KIND_MASK) === PageMap.FREE_RUN
  ) {
    pages += i32[recordOf(next) + PoolRecord.LENGTH];
    remove(m, next);
  }
  insert(m, first, pages);
  account(m, -length);
}

/**
 * Gives `length` pages back, whose first has the page map word `key`; all
 * become FREE under the lock.
 *
 * @returns False, and nothing happens, if the first page's word is not `key`.
 */
export function free(
  m: Memory,
  page: number,
  length: number,
  key: number,
): boolean {
  const i32 = m.i32;
  HeapLock.lock(m, LOCK);
  const isOurs = i32[Layout.PAGE_MAP + page] === key;
  if (isOurs) {
    requireLength(m, page, length);
    markFree(m, page, page + length); // COMMIT: with its first page
    giveLocked(m, page, length);
  }
  HeapLock.unlock(m, LOCK);
  return isOurs;
}

/** Makes sure that so many pages can start with `page`. */
function requireLength(m: Memory, page: number, length: number): void {
  if (length > 0 && page + length <= m.pages) return;
  Damage.damaged(m, `${length} pages are in use at page ${page}`);
}

/** Marks pages `from` … `to` − 1 as FREE. */
function markFree(m: Memory, from: number, to: number): void {
  const i32 = m.i32;
  for (let page = from; page < to; page++) {
    i32[Layout.PAGE_MAP + page] = PageMap.FREE;
  }
}

/** Marks pages `from` … `to` − 1 of what starts with page `head` as its tail. */
export function markTail(
  m: Memory,
  head: number,
  from: number,
  to: number,
): void {
  const i32 = m.i32;
  for (let page = from; page < to; page++) {
    i32[recordOf(page) + PoolRecord.HEAD] = head;
    i32[Layout.PAGE_MAP + page] = PageMap.TAIL;
  }
}

/**
 * Changes the length of a large block where it stands, and notes the bytes
 * that it is for.
 *
 * @returns False, and nothing happens, if the pages behind it are not free.
 */
export function resize(
  m: Memory,
  page: number,
  wanted: number,
  nbytes: number,
): boolean {
  HeapLock.lock(m, LOCK);
  const length = m.i32[recordOf(page) + PoolRecord.LENGTH];
  requireLength(m, page, length);
  const fits = wanted <= length || growLocked(m, page, length, wanted);
  if (fits) {
    m.i32[recordOf(page) + PoolRecord.LENGTH] = wanted; // COMMIT
    m.i32[recordOf(page) + PoolRecord.NBYTES] = nbytes | 0;
    if (wanted < length) {
      markFree(m, page + wanted, page + length);
      giveLocked(m, page + wanted, length - wanted);
    }
  }
  HeapLock.unlock(m, LOCK);
  return fits;
}

/** Takes the pages behind a run and makes them its tail, if they are free. */
function growLocked(
  m: Memory,
  page: number,
  length: number,
  wanted: number,
): boolean {
  const i32 = m.i32;
  const next = page + length;
  if (page + wanted > m.pages) return false;
  const kind = i32[Layout.PAGE_MAP + next] & PageMap.KIND_MASK;
  if (kind !== PageMap.FREE_RUN) return false; // LENGTH is somebody else's
  const rest = i32[recordOf(next) + PoolRecord.LENGTH] - (wanted - length);
  if (rest < 0) return false;
  remove(m, next);
  if (rest > 0) insert(m, page + wanted, rest);
  account(m, wanted - length);
  markTail(m, page, next, page + wanted);
  return true;
}

/** Pages that are handed out now: arenas, spans and large blocks. Count. */
export function usedPages(m: Memory): number {
  return m.i32[USED_PAGES];
}

/** Most pages that were handed out at one time. Count. */
export function peakPages(m: Memory): number {
  return m.i32[PEAK_PAGES];
}
