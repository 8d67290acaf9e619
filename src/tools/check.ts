/**
 * The checker: every invariant of every layer, walked from the page map.
 *
 * The invariants have the numbers that the heads of the files give them, and a
 * finding starts with its number. Nothing that is read is trusted: a link is
 * followed only if it leads to a record, a list only for as many steps as it
 * may have.
 *
 * ## What can be checked of a living heap
 *   With the world stopped, MEM and OBJ are at rest. RAW never is while other
 *   workers have thread states: its pools are then checked for their shape
 *   only, and `isQuiet` is false in the report. With one thread state left
 *   everything is checked.
 *
 * ## Threads
 *   Reads only, under the locks of both arena sets and of the page runs. A
 *   worker that stops inside leaves the locks held.
 *
 * @module
 */

import { show } from "../errors.ts";
import * as ArenaObject from "../layout/arena_object.ts";
import * as ArenaSet from "../layout/arena_set.ts";
import * as Header from "../layout/header.ts";
import * as Layout from "../layout/memory_map.ts";
import * as PageMap from "../layout/page_map.ts";
import * as PoolRecord from "../layout/pool_record.ts";
import * as RemoteRecord from "../layout/remote_record.ts";
import * as RunBins from "../layout/run_bins.ts";
import * as ThreadState from "../layout/thread_state.ts";
import type { Core } from "../domains/core.ts";
import { addressOf, type Memory, pageOf, recordOf } from "../memory/mod.ts";
import { Arena, Policy, Ring, SizeClasses, Supply } from "../pools/mod.ts";
import { Runs } from "../raw/mod.ts";
import { Mutex } from "../sync/mod.ts";

/** What a check found, and what it counted on the way. */
export interface CheckReport {
  /** True if nothing is wrong. */
  readonly ok: boolean;
  /** What is wrong, at most 100 sentences that start with an invariant. */
  readonly findings: readonly string[];
  /** False if RAW could be checked for its shape only. */
  readonly isQuiet: boolean;
  /** Pages in free runs. Count. */
  readonly freePages: number;
  /** Arenas. Count. */
  readonly arenas: number;
  /** Pools that somebody holds, left behind or quarantined. Count. */
  readonly pools: number;
  /** Spans likewise. Count. */
  readonly spans: number;
  /** Large blocks. Count. */
  readonly largeBlocks: number;
  /** Live blocks of RAW, MEM and OBJ, large ones included. Counts. */
  readonly blocks: readonly [number, number, number];
  /** Blocks that wait on remote stacks. Count. */
  readonly remoteBlocks: number;
}

/** Findings beyond this are counted out. */
const MAX_FINDINGS = 100;

/** Walks a heap once. */
class Checker {
  readonly findings: string[] = [];
  readonly blocks: [number, number, number] = [0, 0, 0];
  freePages = 0;
  freeRuns = 0;
  arenas = 0;
  pools = 0;
  spans = 0;
  largeBlocks = 0;
  remoteBlocks = 0;
  /** Pages that are neither in use nor in a free run. */
  limboPages = 0;
  readonly m: Memory;
  readonly isQuiet: boolean;
  /** Ring that each listed pool is in. */
  readonly rings: Map<number, number> = new Map();
  /** Pages on a news list. */
  readonly news: Set<number> = new Set();
  /** Free pools of arenas, and the arena that lists them. */
  readonly freePools: Map<number, number> = new Map();

  constructor(m: Memory) {
    this.m = m;
    this.isQuiet = this.#threadsInUse() <= 1;
  }

  /** Notes a finding unless the invariant holds. */
  expect(holds: boolean, invariant: string, text: string): void {
    if (holds || this.findings.length >= MAX_FINDINGS) return;
    this.findings.push(`${invariant}: ${text}`);
  }

  #threadsInUse(): number {
    let count = 0;
    for (let slot = PageMap.FIRST_SLOT; slot < PageMap.SLOTS; slot++) {
      count += this.m.i32[this.threadAt(slot) + ThreadState.IN_USE];
    }
    return count;
  }

  /** Thread state of a slot. Word index. */
  threadAt(slot: number): number {
    return Layout.THREADS + slot * ThreadState.SIZEOF;
  }

  /** True if a word index is that of a pool record of this heap. */
  isRecord(record: number): boolean {
    const page = pageOf(record);
    return recordOf(page) === record && this.isPage(page);
  }

  /** True if a number is that of a page that may be handed out. */
  isPage(page: number): boolean {
    return page >= this.m.i32[Header.FIRST_PAGE] && page < this.m.pages;
  }

  /** Page map word of a page. */
  keyOf(page: number): number {
    return this.m.i32[Layout.PAGE_MAP + page];
  }

  /** True if the words of the pool cannot change while we look. */
  isAtRest(key: number): boolean {
    return this.isQuiet || Policy.domainOf(key) !== PageMap.RAW;
  }
}

/** M1, M2: the header. */
function checkHeader(c: Checker): void {
  const { i32, pages, remotes } = c.m;
  c.expect(
    i32[Header.MAGIC] === Header.MAGIC_VALUE &&
      i32[Header.VERSION] === Header.VERSION_VALUE &&
      i32[Header.PAGES] * Layout.PAGE_SIZE === c.m.buffer.byteLength &&
      i32[Header.REMOTES] === remotes && i32[Header.BUILD] === c.m.build,
    "M1",
    "the header does not fit the buffer",
  );
  const first = i32[Header.FIRST_PAGE];
  for (let page = 0; page < first; page++) {
    c.expect(
      c.keyOf(page) === PageMap.METADATA,
      "M2",
      `page ${page} is not marked as metadata`,
    );
  }
  for (let k = 0; k < Header.MAGIC; k++) {
    c.expect(i32[k] === 0, "M2", `word ${k} of the NULL record is not 0`);
  }
  for (let page = pages; page < 1 << 18; page++) {
    c.expect(c.keyOf(page) === 0, "M2", `page ${page} is beyond the heap`);
  }
  for (let k = 0; k < ThreadState.RING_SET; k++) {
    c.expect(
      i32[Layout.NULL_RINGS + k] === 0,
      "M2",
      `null ring ${k} is not empty`,
    );
  }
}

/** G1: one ring; remembers its pools. */
function collectRing(c: Checker, ring: number): number {
  const { i32 } = c.m;
  let pool = i32[ring];
  let prev = 0;
  let count = 0;
  while (pool !== 0) {
    if (!c.isRecord(pool) || c.rings.has(pool)) {
      c.expect(false, "G1", `ring ${ring} leads to ${pool}`);
      return count;
    }
    c.rings.set(pool, ring);
    count++;
    c.expect(
      prev === 0 || i32[pool + PoolRecord.PREVPOOL] === prev,
      "G1",
      `pool ${pool} of ring ${ring} is badly linked`,
    );
    prev = pool;
    pool = i32[pool + PoolRecord.NEXTPOOL];
  }
  return count;
}

/** The rings of thread states that are at rest, and of the arena sets. */
function collectRings(c: Checker): void {
  const { i32, slot: mine } = c.m;
  for (let slot = PageMap.GIL_HOLDER; slot < PageMap.SLOTS; slot++) {
    const thread = c.threadAt(slot);
    if (i32[thread + ThreadState.IN_USE] === 0) continue;
    const first = c.isQuiet || slot === mine || slot === PageMap.GIL_HOLDER
      ? 0
      : ThreadState.RING_SET;
    for (let k = first; k < 5 * ThreadState.RING_SET; k++) {
      collectRing(c, thread + ThreadState.RINGS + k);
    }
  }
  for (const set of [Layout.ARENA_SET, Layout.RAW_ARENA_SET]) {
    let abandoned = 0;
    let quarantined = 0;
    for (let k = 0; k < 5 * ThreadState.RING_SET; k++) {
      abandoned += collectRing(c, set + ArenaSet.ABANDONED + k);
    }
    for (let k = 0; k < ThreadState.RING_SET; k++) {
      quarantined += collectRing(c, set + ArenaSet.QUARANTINE + k);
    }
    c.expect(
      abandoned === i32[set + ArenaSet.ABANDONED_COUNT],
      "U1",
      `${abandoned} pools are abandoned, not ` +
        i32[set + ArenaSet.ABANDONED_COUNT],
    );
    c.expect(
      quarantined === i32[set + ArenaSet.QUARANTINED],
      "U2",
      `${quarantined} pools are in quarantine, not ` +
        i32[set + ArenaSet.QUARANTINED],
    );
  }
}

/** N1, N3: the news lists; remembers their pages. */
function collectNews(c: Checker): void {
  const { i32 } = c.m;
  const used = i32[Header.X_THREADS_USED];
  for (let slot = 0; slot < used; slot++) {
    for (const domain of [PageMap.RAW, PageMap.MEM]) {
      if (domain === PageMap.RAW && !c.isQuiet) continue;
      const head = i32[Policy.newsAt(slot, domain)];
      const isOpen = i32[c.threadAt(slot) + ThreadState.IN_USE] !== 0;
      c.expect(
        isOpen ? head >= 0 : head <= 0,
        "N3",
        `the news list of slot ${slot} is ${head}`,
      );
      let page = Math.max(head, 0);
      while (page !== 0) {
        if (!c.isPage(page) || c.news.has(page)) {
          c.expect(false, "N1", `page ${page} is on two news lists`);
          break;
        }
        c.news.add(page);
        page = i32[
          c.m.remotes + page * RemoteRecord.SIZEOF + RemoteRecord.X_NEWS_NEXT
        ];
      }
    }
  }
}

/** Walks a chain of blocks of a pool; marks each. Returns its length. */
function walkBlocks(
  c: Checker,
  page: number,
  head: number,
  marks: Uint8Array,
  invariant: string,
): number {
  const { i32 } = c.m;
  const pool = recordOf(page);
  const szidx = i32[pool + PoolRecord.SZIDX];
  const size = SizeClasses.blockSize(szidx);
  const base = addressOf(page) + SizeClasses.firstOffset(szidx);
  const end = addressOf(page) + i32[pool + PoolRecord.NEXTOFFSET];
  let block = head >>> 0;
  let count = 0;
  while (block !== 0) {
    const index = (block - base) / size;
    const isFine = block >= base && block < end &&
      Number.isInteger(index) && marks[index] === 0;
    if (!isFine) {
      c.expect(
        false,
        invariant,
        `a list of the pool at ${show(addressOf(page))} leads to ` +
          `${show(block)}`,
      );
      return count;
    }
    marks[index] = 1;
    count++;
    block = i32[block >>> 2] >>> 0;
  }
  return count;
}

/** The holder named in a page map word is one that may hold pools. */
function isHolder(c: Checker, key: number): boolean {
  const holder = Policy.holderOf(key);
  const slot = holder & PageMap.SLOT_MASK;
  if (slot < PageMap.FIRST_SLOT) return holder === slot;
  const thread = c.threadAt(slot);
  return c.m.i32[thread + ThreadState.IN_USE] === 1 &&
    c.m.i32[thread + ThreadState.INCARNATION] ===
      holder >>> PageMap.INCARNATION_SHIFT;
}

/** Where a pool with free blocks must be listed. Word index of the ring. */
function isListedRight(c: Checker, key: number, pool: number): boolean {
  const ring = c.rings.get(pool);
  const { i32 } = c.m;
  const szidx = i32[pool + PoolRecord.SZIDX];
  const slot = Policy.holderOf(key) & PageMap.SLOT_MASK;
  const mine = Policy.ringOf(c.m, key, szidx);
  if (Ring.isFull(c.m, pool)) return ring === undefined;
  if (slot !== PageMap.NOBODY) return ring === mine;
  const set = Policy.arenaSetOf(c.m, key);
  return ring === Supply.abandonedRing(c.m, key, szidx) ||
    (ring === set + ArenaSet.QUARANTINE + szidx &&
      i32[pool + PoolRecord.COUNT] === 0);
}

/** P1, P2, P3, N1, N2: a pool or span. */
function checkPool(c: Checker, page: number): void {
  const { i32 } = c.m;
  const key = c.keyOf(page);
  const pool = recordOf(page);
  const at = show(addressOf(page));
  const szidx = i32[pool + PoolRecord.SZIDX];
  const isSpan = Policy.kindOf(key) === PageMap.SPAN;
  const isClass = szidx >= 0 && szidx < SizeClasses.CLASSES &&
    isSpan === (szidx >= SizeClasses.SMALL_CLASSES);
  c.expect(isClass, "P3", `the pool at ${at} has class ${szidx}`);
  if (!isClass) return;
  const size = SizeClasses.blockSize(szidx);
  const next = i32[pool + PoolRecord.NEXTOFFSET];
  const max = SizeClasses.maxOffset(szidx);
  const carved = (next - SizeClasses.firstOffset(szidx)) / size;
  const isCarved = Number.isInteger(carved) && carved >= 0 &&
    next <= max + size && max === i32[pool + PoolRecord.MAXNEXTOFFSET];
  c.expect(isCarved, "P3", `the pool at ${at} has NEXTOFFSET ${next}`);
  c.expect(isHolder(c, key), "P2", `the pool at ${at} has a strange holder`);
  if (!isCarved || !c.isAtRest(key)) return;
  const marks = new Uint8Array(SizeClasses.capacity(szidx));
  const free = walkBlocks(
    c,
    page,
    i32[pool + PoolRecord.FREEBLOCK],
    marks,
    "P1",
  );
  const stack = c.m.remotes + page * RemoteRecord.SIZEOF;
  const remote = walkBlocks(c, page, i32[stack], marks, "N2");
  const count = i32[pool + PoolRecord.COUNT];
  c.expect(
    count + free === carved && remote <= count,
    "P1",
    `the pool at ${at} counts ${count} blocks, ${free} free and ${remote} ` +
      `remote of ${carved}`,
  );
  c.expect(isListedRight(c, key, pool), "P2", `the pool at ${at} is misplaced`);
  c.expect(
    (i32[stack] !== 0) === c.news.has(page),
    "N1",
    `the pool at ${at} has remote frees and no news, or news and none`,
  );
  c.blocks[Policy.domainOf(key)] += count - remote;
  c.remoteBlocks += remote;
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
    const kind = Policy.kindOf(c.keyOf(page));
    const isPool = kind === PageMap.POOL || kind === PageMap.VIA_RAW;
    const isFree = page >= next || c.freePools.has(recordOf(page));
    c.expect(
      isFree ? kind === PageMap.FREE : isPool,
      "R1",
      `page ${page} of the arena at ${at} is of kind ${kind}`,
    );
    if (isPool) {
      c.pools++;
      checkPool(c, page);
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

/** A1, A2, A4: the arenas of a set. */
function checkArenaSet(c: Checker, set: number): void {
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
  }
  c.expect(
    current === i32[set + ArenaSet.CURRENT],
    "A4",
    `${current} arenas are in use, not ${i32[set + ArenaSet.CURRENT]}`,
  );
}

/** L1, L2, L3 and R1: a span or large block. Returns its pages. */
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
  c.largeBlocks++;
  c.blocks[Policy.domainOf(key)]++;
  return length;
}

/** R2, R3: a free run. Returns its pages. */
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
  c.freePages += length;
  c.freeRuns++;
  return length;
}

/** R1: every page, once. */
function checkPages(c: Checker): void {
  const { i32 } = c.m;
  let wasFree = false;
  let page = i32[Header.FIRST_PAGE];
  while (page < c.m.pages) {
    const arena = Arena.arenaOf(page);
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
    } else if (kind === PageMap.SPAN || kind === PageMap.LARGE) {
      page += checkExtent(c, page);
    } else {
      c.limboPages++;
      c.expect(!c.isQuiet, "R1", `page ${page} is of kind ${kind}`);
      page++;
    }
    wasFree = isFree;
  }
}

/** R4, R5: the bins of the run allocator. */
function checkBins(c: Checker): void {
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
    while (run !== 0) {
      const isFine = c.isRecord(run) && ++listed <= c.freeRuns &&
        Runs.binOf(i32[run + PoolRecord.LENGTH]) === bin &&
        c.keyOf(pageOf(run)) === PageMap.FREE_RUN;
      c.expect(isFine, "R4", `bin ${bin} lists ${run}`);
      if (!isFine) break;
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
    used + c.freePages + i32[Header.FIRST_PAGE] === c.m.pages,
    "R5",
    `${used} pages are in use and ${c.freePages} free, of ${c.m.pages}`,
  );
}

/** Locks of all that the walk reads, in their order. */
const LOCKS = [
  Layout.ARENA_SET + ArenaSet.LOCK,
  Layout.RAW_ARENA_SET + ArenaSet.LOCK,
  Layout.RUNS + RunBins.LOCK,
];

/** The walk, under the locks. */
function walk(c: Checker): void {
  checkHeader(c);
  collectRings(c);
  collectNews(c);
  checkPages(c);
  for (const pool of c.rings.keys()) {
    const kind = Policy.kindOf(c.keyOf(pageOf(pool)));
    c.expect(
      kind === PageMap.POOL || kind === PageMap.SPAN ||
        kind === PageMap.VIA_RAW,
      "G1",
      `a ring lists page ${pageOf(pool)}, which is no pool`,
    );
  }
  checkArenaSet(c, Layout.ARENA_SET);
  checkArenaSet(c, Layout.RAW_ARENA_SET);
  checkBins(c);
}

/** Checks the heap of a core. The world is stopped. */
export function checkCore(core: Core): CheckReport {
  const { m } = core;
  const c = new Checker(m);
  for (const lock of LOCKS) Mutex.lock(m, lock);
  try {
    walk(c);
  } finally {
    for (const lock of LOCKS) Mutex.unlock(m, lock);
  }
  return {
    ok: c.findings.length === 0,
    findings: c.findings,
    isQuiet: c.isQuiet,
    freePages: c.freePages,
    arenas: c.arenas,
    pools: c.pools,
    spans: c.spans,
    largeBlocks: c.largeBlocks,
    blocks: c.blocks,
    remoteBlocks: c.remoteBlocks,
  };
}
