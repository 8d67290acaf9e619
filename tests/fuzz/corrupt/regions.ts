/**
 * The words of a heap by what they are: `pool used FREEBLOCK`, `map LARGE`.
 *
 * A region is all words of one field of one kind of record in one state, so
 * that each has the same chance to be damaged and its own line in the report.
 *
 * ## Threads
 *   Reads a heap that nobody else touches.
 *
 * @module
 */

import * as ArenaObject from "../../../src/layout/arena_object.ts";
import * as ArenaSet from "../../../src/layout/arena_set.ts";
import * as GilState from "../../../src/layout/gil.ts";
import * as Header from "../../../src/layout/header.ts";
import * as Layout from "../../../src/layout/memory_map.ts";
import * as PageMap from "../../../src/layout/page_map.ts";
import * as Bucket from "../../../src/layout/parking_bucket.ts";
import * as PoolRecord from "../../../src/layout/pool_record.ts";
import * as QsbrShared from "../../../src/layout/qsbr.ts";
import * as RemoteRecord from "../../../src/layout/remote_record.ts";
import * as RunBins from "../../../src/layout/run_bins.ts";
import * as ThreadState from "../../../src/layout/thread_state.ts";
import * as Waiter from "../../../src/layout/waiter.ts";
import * as World from "../../../src/layout/world.ts";
import { addressOf, type Memory, recordOf } from "../../../src/memory/mod.ts";
import { Policy, SizeClasses } from "../../../src/pools/mod.ts";
import { Runs } from "../../../src/raw/mod.ts";

/** Words of each region. Word indexes. */
export type Regions = Map<string, number[]>;

/** A record's fields, from a namespace of the layout. */
type Fields = Readonly<Record<string, unknown>>;

const KINDS = [
  "FREE",
  "POOL",
  "SPAN",
  "TAIL",
  "LARGE",
  "METADATA",
  "VIA_RAW",
  "FREE_RUN",
];
const POOL_WORDS = [
  "FREEBLOCK",
  "COUNT",
  "SZIDX",
  "NEXTOFFSET",
  "MAXNEXTOFFSET",
  "NEXTPOOL",
  "PREVPOOL",
  "DRAIN",
];
const RUN_WORDS = [
  "word 0",
  "NBYTES",
  "word 2",
  "HEAD",
  "LENGTH",
  "NEXT",
  "PREV",
  "unused",
];
const REMOTE_WORDS = ["X_REMOTE", "TAKEN_PAGES", "GOAL", "SHAPE"];
/** Numbers of a layout that are no offsets, or that are tables of their own. */
const NO_FIELD = new RegExp(
  "^(SIZEOF|SHIFT|NUM_BUCKETS|NFP2LASTA|ABANDONED|QUARANTINE|TAILS|BITMAP|" +
    "BIN_COUNT|BINS|RINGS|TO_TAIL|RING_SET|VIA_RAW|WAITER|DEFAULT_INTERVAL|" +
    "OFFLINE|INITIAL|INCR|.*_VALUE|BUILD_.*|DETACHED|ATTACHED|SUSPENDED|" +
    "SHUTTING_DOWN|REVOKED|DEAD|FREE|IN_USE|RESERVING|SECTIONS_HERE|" +
    "SECTIONS_MORE|CLOSED)$",
);

function add(regions: Regions, region: string, word: number): void {
  const words = regions.get(region);
  if (words === undefined) regions.set(region, [word]);
  else words.push(word);
}

/** The named fields of a record of a layout. */
function addFields(
  regions: Regions,
  name: string,
  record: number,
  fields: Fields,
): void {
  for (const [field, offset] of Object.entries(fields)) {
    if (typeof offset !== "number" || NO_FIELD.test(field)) continue;
    add(regions, `${name} ${field}`, record + offset);
  }
}

function addTable(
  regions: Regions,
  name: string,
  first: number,
  count: number,
): void {
  for (let k = 0; k < count; k++) add(regions, name, first + k);
}

/** Header, GIL, QSBR, world, run bins: one record each. */
function addSingles(regions: Regions): void {
  addTable(regions, "NULL record", 0, Header.MAGIC);
  addFields(regions, "header", Layout.HEADER, Header);
  addTable(regions, "header HEAP_ID", Header.HEAP_ID + 1, 1);
  addTable(regions, "null rings", Layout.NULL_RINGS, ThreadState.RING_SET);
  addFields(regions, "gil", Layout.GIL, GilState);
  addFields(regions, "qsbr", Layout.QSBR, QsbrShared);
  addFields(regions, "world", Layout.WORLD, World);
  addFields(regions, "runs", Layout.RUNS, RunBins);
  addTable(regions, "runs BITMAP", Layout.RUNS + RunBins.BITMAP, 8);
  for (let bucket = 0; bucket < Bucket.NUM_BUCKETS; bucket++) {
    const record = Layout.BUCKETS + bucket * Bucket.SIZEOF;
    addFields(regions, "bucket", record, Bucket);
  }
}

/** The heads of lists, apart from one another by whether they are 0. */
function addHeads(
  m: Memory,
  regions: Regions,
  name: string,
  first: number,
  count: number,
): void {
  for (let k = 0; k < count; k++) {
    const state = m.i32[first + k] === 0 ? "empty" : "used";
    add(regions, `${name}, ${state}`, first + k);
  }
}

function addSets(m: Memory, regions: Regions): void {
  addHeads(m, regions, "runs BINS", Layout.RUNS + RunBins.BINS, 256);
  const sets = [[Layout.ARENA_SET, "set"], [Layout.RAW_ARENA_SET, "raw set"]];
  for (const [set, name] of sets as [number, string][]) {
    addFields(regions, name, set, ArenaSet);
    addHeads(m, regions, `${name} NFP2LASTA`, set + ArenaSet.NFP2LASTA + 1, 64);
    const sets = 5 * ThreadState.RING_SET;
    addHeads(m, regions, `${name} ABANDONED`, set + ArenaSet.ABANDONED, sets);
    const quarantine = set + ArenaSet.QUARANTINE;
    addHeads(m, regions, `${name} QUARANTINE`, quarantine, 64);
    for (let k = 0; k < 64; k++) {
      const state = m.i32[quarantine + k] === 0 ? "empty" : "used";
      add(regions, `${name} TAILS, ${state}`, set + ArenaSet.TAILS + k);
    }
  }
  for (let k = 0; k < 4096; k++) {
    const arena = Layout.ARENAS + (k << ArenaObject.SHIFT);
    const isUsed = m.i32[arena + ArenaObject.SET] !== 0;
    const isFull = m.i32[arena + ArenaObject.NFREEPOOLS] === 0;
    const state = isUsed ? isFull ? "full" : "usable" : "none";
    addFields(regions, `arena ${state}`, arena, ArenaObject);
  }
}

/** A thread state, by whether it is the attached one. */
function addThread(m: Memory, regions: Regions, slot: number): void {
  const thread = Layout.THREADS + slot * ThreadState.SIZEOF;
  const isUsed = m.i32[thread + ThreadState.X_IN_USE] !== 0;
  const names = ["NOBODY", "GIL"];
  const name = names[slot] ??
    (slot === m.slot ? "caller" : isUsed ? "guest" : "unused");
  addFields(regions, `thread ${name}`, thread, ThreadState);
  addFields(
    regions,
    `thread ${name} waiter`,
    thread + ThreadState.WAITER,
    Waiter,
  );
  const rings = thread + ThreadState.RINGS;
  const isGil = m.build === Header.BUILD_GIL;
  for (let k = 0; k < (isGil ? 5 : 3) * ThreadState.RING_SET; k++) {
    const isBusy = name === "guest" && k < ThreadState.RING_SET;
    const busy = isBusy ? "busy RAW " : "";
    const state = m.i32[rings + k] === 0 ? "empty" : "used";
    add(regions, `thread ${name} ${busy}RINGS, ${state}`, rings + k);
    if (isGil) continue;
    const tail = rings + k + ThreadState.TO_TAIL;
    add(regions, `thread ${name} ${busy}tails, ${state}`, tail);
  }
}

/** What is to be said about the pool of a page. */
function poolState(m: Memory, page: number): string {
  const pool = recordOf(page);
  const count = m.i32[pool + PoolRecord.COUNT];
  const holder = Policy.holderOf(m.i32[Layout.PAGE_MAP + page]);
  if (holder === PageMap.NOBODY) return count === 0 ? "waiting" : "abandoned";
  if (count === 0) return "empty";
  const isFull = m.i32[pool + PoolRecord.FREEBLOCK] === 0 &&
    m.i32[pool + PoolRecord.NEXTOFFSET] >
      m.i32[pool + PoolRecord.MAXNEXTOFFSET];
  return isFull ? "full" : "used";
}

/** Link words of the free blocks of a pool. */
function addLinks(m: Memory, regions: Regions, page: number): void {
  const pool = recordOf(page);
  const capacity = SizeClasses.capacity(m.i32[pool + PoolRecord.SZIDX]);
  let block = m.i32[pool + PoolRecord.FREEBLOCK];
  for (let k = 0; k < capacity && block !== 0; k++) {
    add(regions, "free block, link", block >>> 2);
    add(regions, "free block, payload", (block >>> 2) + 1);
    block = m.i32[block >>> 2];
  }
  const remote = m.i32[m.remotes + page * RemoteRecord.SIZEOF];
  if (remote === 0) return;
  const top = remote & ((1 << RemoteRecord.TOP_BITS) - 1);
  block = addressOf(page) + (top << RemoteRecord.TOP_SHIFT);
  for (let k = 0; k < capacity && block !== 0; k++) {
    add(regions, "remote block, link", block >>> 2);
    block = m.i32[block >>> 2];
  }
}

/** True if a page of an arena was a pool, and may be one again as it is. */
function isFreePool(m: Memory, page: number): boolean {
  const arena = Runs.arenaOf(page);
  const szidx = m.i32[recordOf(page) + PoolRecord.SZIDX];
  return m.i32[arena + ArenaObject.SET] !== 0 &&
    page < m.i32[arena + ArenaObject.POOL_ADDRESS] &&
    szidx < SizeClasses.SMALL_CLASSES;
}

/**
 * Kind of a page; the two ends of a free run, and the free pools of arenas,
 * count as kinds of their own.
 */
function kindOf(m: Memory, page: number): string {
  const kind = KINDS[Policy.kindOf(m.i32[Layout.PAGE_MAP + page])];
  if (kind === "FREE" && isFreePool(m, page)) return "FREE pool";
  if (kind !== "FREE_RUN") return kind;
  const record = recordOf(page);
  const length = m.i32[record + PoolRecord.LENGTH];
  const end = page + length - 1;
  const isFirst = length > 0 && end < m.pages &&
    m.i32[recordOf(end) + PoolRecord.HEAD] === page;
  if (!isFirst) return "FREE_RUN last";
  return length === 1 ? "FREE_RUN only" : "FREE_RUN first";
}

/** Slots that workers have. Count. */
function threadsOf(m: Memory): number {
  let count = 0;
  for (let slot = PageMap.FIRST_SLOT; slot < PageMap.SLOTS; slot++) {
    const thread = Layout.THREADS + slot * ThreadState.SIZEOF;
    count += m.i32[thread + ThreadState.X_IN_USE] === 0 ? 0 : 1;
  }
  return count;
}

/** Pools that another pool of their ring leads to. */
function linkedPools(m: Memory): Set<number> {
  const linked = new Set<number>();
  for (let page = m.firstPage; page < m.pages; page++) {
    const kind = kindOf(m, page);
    const isPool = ["POOL", "VIA_RAW", "SPAN"].includes(kind);
    if (!isPool || poolState(m, page) === "full") continue;
    linked.add(m.i32[recordOf(page) + PoolRecord.NEXTPOOL]);
  }
  return linked;
}

/** The words of a page's pool record. */
function addRecord(
  regions: Regions,
  page: number,
  name: string,
  words: readonly string[],
  isLinked: boolean,
): void {
  for (let k = 0; k < PoolRecord.SIZEOF; k++) {
    const isFirst = words[k] === "PREVPOOL" && !isLinked;
    const word = isFirst ? "PREVPOOL of the first" : words[k];
    add(regions, `${name} ${word}`, recordOf(page) + k);
  }
}

function addPage(
  m: Memory,
  regions: Regions,
  page: number,
  linked: Set<number>,
): void {
  const key = m.i32[Layout.PAGE_MAP + page];
  const kind = kindOf(m, page);
  const isPool = ["POOL", "VIA_RAW", "SPAN"].includes(kind);
  const state = isPool ? ` ${poolState(m, page)}` : "";
  const isBusy = Policy.domainOf(key) === PageMap.RAW && threadsOf(m) > 1;
  const group = (isBusy ? "busy RAW " : "") +
    (kind === "SPAN" ? "span" : "pool");
  const name = isPool ? `${group}${state}` : kind;
  const busy = isPool && isBusy ? "busy RAW " : "";
  add(regions, `map ${busy}${kind}${state}`, Layout.PAGE_MAP + page);
  const words = isPool || kind === "FREE pool" ? POOL_WORDS : RUN_WORDS;
  const isLinked = linked.has(recordOf(page)) && state !== " full";
  addRecord(regions, page, name, words, isLinked);
  const remote = m.remotes + page * RemoteRecord.SIZEOF;
  const news = m.i32[remote] !== 0 ? "with news" : "without news";
  for (let k = 0; k < RemoteRecord.SIZEOF; k++) {
    const owner = isPool
      ? `${name} ${news}`
      : kind === "FREE pool"
      ? kind
      : "no pool";
    add(regions, `remote of ${owner} ${REMOTE_WORDS[k]}`, remote + k);
  }
  if (isPool && !isBusy) addLinks(m, regions, page);
}

/** All regions of a heap. */
export function regionsOf(m: Memory): Regions {
  const regions: Regions = new Map();
  addSingles(regions);
  addSets(m, regions);
  for (let slot = 0; slot < PageMap.SLOTS; slot++) addThread(m, regions, slot);
  for (let word: number = Layout.NEWS; word < Layout.PAGE_MAP; word++) {
    const state = m.i32[word] === 0 ? "empty" : "used";
    add(regions, `news words, ${state}`, word);
  }
  const first = m.i32[Header.FIRST_PAGE];
  for (let page = 0; page < first; page++) {
    add(regions, "map METADATA", Layout.PAGE_MAP + page);
  }
  for (let page = m.pages; page < 1 << 18; page += 97) {
    add(regions, "map beyond the heap", Layout.PAGE_MAP + page);
  }
  const linked = linkedPools(m);
  for (let page = first; page < m.pages; page++) {
    addPage(m, regions, page, linked);
  }
  return regions;
}
