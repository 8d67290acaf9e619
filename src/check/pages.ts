/**
 * The checker's part for pages, arenas, large blocks and free runs: R, L, A.
 *
 * ## Threads
 *   Reads only, under the locks that check.ts takes.
 *
 * @module
 */

import { show } from "../errors.ts";
import * as ArenaObject from "../layout/arena_object.ts";
import * as ArenaSet from "../layout/arena_set.ts";
import * as Layout from "../layout/memory_map.ts";
import * as PageMap from "../layout/page_map.ts";
import * as PoolRecord from "../layout/pool_record.ts";
import * as RemoteRecord from "../layout/remote_record.ts";
import * as RunBins from "../layout/run_bins.ts";
import { addressOf, pageOf, recordOf } from "../memory/mod.ts";
import { Arena, Policy, SizeClasses } from "../pools/mod.ts";
import { Runs } from "../raw/mod.ts";
import type { Checker } from "./checker.ts";
import { checkFreePool, checkPool } from "./pools.ts";
import { checkLargeState, checkNoStates } from "./states.ts";

/** N1: pages that are no pools have no remote frees. */
function checkNoPool(c: Checker, page: number, length: number): void {
  const { i32, remotes } = c.m;
  for (let k = page; k < page + length; k++) {
    const at = remotes + (k << RemoteRecord.SHIFT) + RemoteRecord.X_REMOTE;
    if (i32[at] === 0) continue;
    c.expect(false, "N1", `page ${k} is no pool and has remote frees`);
  }
}

/** A3: an arena and its pools. */
function checkArena(c: Checker, arena: number): void {
  const { i32 } = c.m;
  const first = Arena.firstPage(arena);
  const at = show(addressOf(first));
  const next = i32[arena + ArenaObject.POOL_ADDRESS];
  const end = first + Layout.PAGES_PER_ARENA;
  let free = 0;
  let pool = i32[arena + ArenaObject.FREEPOOLS];
  while (pool !== 0) {
    const page = pageOf(pool);
    const isFine = c.isRecord(pool) && page >= first && page < next &&
      c.keyOf(page) === PageMap.FREE && !c.freePools.has(pool);
    c.expect(isFine, "A3", `a free pool of the arena at ${at} is ${pool}`);
    if (!isFine) break;
    c.freePools.set(pool, arena);
    free++;
    pool = i32[pool + PoolRecord.NEXTPOOL];
  }
  for (let page = first; page < end; page++) {
    const key = c.keyOf(page);
    const kind = Policy.kindOf(key);
    const isGil = c.m.isGilHeld;
    const isPool = kind === PageMap.POOL || (isGil && kind === PageMap.VIA_RAW);
    const isFree = page >= next || c.freePools.has(recordOf(page));
    c.expect(
      isFree ? key === PageMap.FREE : isPool,
      "R1",
      `page ${page} of the arena at ${at} is of kind ${kind}`,
    );
    if (isPool) {
      c.pools++;
      checkPool(c, page);
    } else {
      checkNoPool(c, page, 1);
      checkNoStates(c, page, 1);
      if (c.freePools.has(recordOf(page))) checkFreePool(c, page);
    }
  }
  c.expect(
    i32[arena + ArenaObject.NFREEPOOLS] === free + end - next &&
      i32[arena + ArenaObject.NTOTALPOOLS] === Layout.PAGES_PER_ARENA,
    "A3",
    `the arena at ${at} counts ${i32[arena + ArenaObject.NFREEPOOLS]} free ` +
      `pools, not ${free + end - next}`,
  );
}

/** Both arena sets. Word indexes. */
const SETS: readonly number[] = [Layout.ARENA_SET, Layout.RAW_ARENA_SET];

/** A1, A2, A4: the arenas of a set. */
export function checkArenaSet(c: Checker, set: number): void {
  const { i32 } = c.m;
  const last = new Map<number, number>();
  let arena = i32[set + ArenaSet.USABLE_ARENAS];
  let prev = 0;
  let steps = 0;
  let count = 0;
  while (arena !== 0 && steps++ < 4096) {
    const nfreepools = i32[arena + ArenaObject.NFREEPOOLS];
    c.expect(
      i32[arena + ArenaObject.SET] === set &&
        i32[arena + ArenaObject.PREVARENA] === prev && nfreepools >= count &&
        nfreepools > 0,
      "A1",
      `usable arena ${arena} is out of order`,
    );
    last.set(nfreepools, arena);
    count = nfreepools;
    prev = arena;
    arena = i32[arena + ArenaObject.NEXTARENA];
    c.expect(
      nfreepools < Layout.PAGES_PER_ARENA || arena === 0,
      "A4",
      "an arena without a used pool was kept",
    );
  }
  for (let n = 1; n <= Layout.PAGES_PER_ARENA; n++) {
    c.expect(
      i32[set + ArenaSet.NFP2LASTA + n] === (last.get(n) ?? 0),
      "A2",
      `nfp2lasta[${n}] is not the last arena with ${n} free pools`,
    );
  }
  let current = 0;
  for (let k = 0; k < 4096; k++) {
    const at = Layout.ARENAS + k * ArenaObject.SIZEOF + ArenaObject.SET;
    if (i32[at] === set) current++;
    else if (i32[at] !== 0 && !SETS.includes(i32[at])) {
      c.expect(false, "A4", `arena ${k} is of set ${i32[at]}`);
    }
  }
  c.expect(
    current === i32[set + ArenaSet.CURRENT],
    "A4",
    `${current} arenas are in use, not ${i32[set + ArenaSet.CURRENT]}`,
  );
}

/** E1, E3, L1, L2, L3 and R1: a span or large block. Returns its pages. */
function checkExtent(c: Checker, page: number): number {
  const { i32 } = c.m;
  const key = c.keyOf(page);
  const record = recordOf(page);
  const isSpan = Policy.kindOf(key) === PageMap.SPAN;
  const length = isSpan
    ? SizeClasses.pagesOf(i32[record + PoolRecord.SZIDX])
    : i32[record + PoolRecord.LENGTH];
  if (!(length > 0 && page + length <= c.m.pages)) {
    c.expect(false, "L3", `page ${page} starts ${length} pages`);
    return 1;
  }
  for (let k = page + 1; k < page + length; k++) {
    c.expect(
      c.keyOf(k) === PageMap.TAIL &&
        i32[recordOf(k) + PoolRecord.HEAD] === page,
      "L2",
      `page ${k} is no tail of page ${page}`,
    );
  }
  checkNoPool(c, isSpan ? page + 1 : page, isSpan ? length - 1 : length);
  if (isSpan) {
    c.spans++;
    checkPool(c, page);
    return length;
  }
  const nbytes = i32[record + PoolRecord.NBYTES] >>> 0;
  c.expect(
    Math.ceil(nbytes / Layout.PAGE_SIZE) === length,
    "L3",
    `the block at page ${page} has ${length} pages for ${nbytes} bytes`,
  );
  c.expect(Policy.holderOf(key) === 0, "L1", `page ${page} has a holder`);
  if (c.isAtRest(key)) checkLargeState(c, page, length);
  c.largeBlocks++;
  c.blocks[Policy.domainOf(key)]++;
  return length;
}

/** E1, R2, R3: a free run. Returns its pages. */
function checkFreeRun(c: Checker, page: number, wasFree: boolean): number {
  const { i32 } = c.m;
  const length = i32[recordOf(page) + PoolRecord.LENGTH];
  if (!(length > 0 && page + length <= c.m.pages)) {
    c.expect(false, "R2", `free page ${page} starts ${length} pages`);
    return 1;
  }
  const last = page + length - 1;
  c.expect(!wasFree, "R3", `free run at page ${page} follows another`);
  c.expect(
    c.keyOf(last) === PageMap.FREE_RUN &&
      i32[recordOf(last) + PoolRecord.HEAD] === page,
    "R2",
    `free run at page ${page} has no end`,
  );
  for (let k = page + 1; k < last; k++) {
    c.expect(c.keyOf(k) === PageMap.FREE, "R2", `page ${k} is not free`);
  }
  checkNoPool(c, page, length);
  checkNoStates(c, page, length);
  c.freePages += length;
  c.freeRuns++;
  return length;
}

/** True if the page is the first that somebody took and has not put to use. */
function isTaken(c: Checker, page: number): boolean {
  const mask = (1 << PageMap.HOLDER_SHIFT) - 1;
  return (c.keyOf(page) & mask) === Runs.takenKey(0);
}

/** R1: pages on their way to a use. Returns their number. */
function checkTaken(c: Checker, page: number): number {
  const length = c.m.i32[Runs.takenPagesOf(c.m, page)];
  const isFine = length > 0 && page + length <= c.m.pages;
  c.expect(isFine && !c.isQuiet, "R1", `page ${page} is taken and not in use`);
  c.limboPages += isFine ? length : 1;
  return isFine ? length : 1;
}

/** R1: every page, once. */
export function checkPages(c: Checker): void {
  const { i32 } = c.m;
  let wasFree = false;
  let page = c.m.firstPage;
  while (page < c.m.pages) {
    const arena = Runs.arenaOf(page);
    const isArena = page % Layout.PAGES_PER_ARENA === 0 &&
      i32[arena + ArenaObject.SET] !== 0;
    const kind = Policy.kindOf(c.keyOf(page));
    const isFree = !isArena && kind === PageMap.FREE_RUN;
    if (isArena) {
      c.arenas++;
      checkArena(c, arena);
      page += Layout.PAGES_PER_ARENA;
    } else if (isFree) {
      page += checkFreeRun(c, page, wasFree);
    } else if (isTaken(c, page)) {
      page += checkTaken(c, page);
    } else if (kind === PageMap.SPAN || kind === PageMap.LARGE) {
      page += checkExtent(c, page);
    } else {
      c.limboPages++;
      c.expect(false, "R1", `page ${page} is of kind ${kind}`);
      page++;
    }
    wasFree = isFree;
  }
}

/** R4, R5: the bins of the run allocator. */
export function checkBins(c: Checker): void {
  const { i32 } = c.m;
  let listed = 0;
  for (let bin = 0; bin < 256; bin++) {
    let run = i32[Layout.RUNS + RunBins.BINS + bin];
    const word = i32[Layout.RUNS + RunBins.BITMAP + (bin >>> 5)];
    c.expect(
      (run !== 0) === (((word >>> (bin & 31)) & 1) === 1),
      "R4",
      `the bit of bin ${bin} is wrong`,
    );
    let prev = 0;
    while (run !== 0) {
      const isFine = c.isRecord(run) && ++listed <= c.freeRuns &&
        i32[run + PoolRecord.PREVPOOL] === prev &&
        Runs.binOf(i32[run + PoolRecord.LENGTH]) === bin &&
        c.keyOf(pageOf(run)) === PageMap.FREE_RUN;
      c.expect(isFine, "R4", `bin ${bin} lists ${run}`);
      if (!isFine) break;
      prev = run;
      run = i32[run + PoolRecord.NEXTPOOL];
    }
  }
  c.expect(
    listed === c.freeRuns,
    "R4",
    `${c.freeRuns} runs are free, ${listed} are listed`,
  );
  const used = i32[Layout.RUNS + RunBins.USED_PAGES];
  c.expect(
    used + c.freePages + c.m.firstPage === c.m.pages,
    "R5",
    `${used} pages are in use and ${c.freePages} free, of ${c.m.pages}`,
  );
}
