/**
 * The checker's part for rings, news and pools: G, N, P, U.
 *
 * ## Threads
 *   Reads only, under the locks that check.ts takes.
 *
 * @module
 */

import { show } from "../errors.ts";
import * as ArenaSet from "../layout/arena_set.ts";
import * as Layout from "../layout/memory_map.ts";
import * as News from "../layout/news.ts";
import * as PageMap from "../layout/page_map.ts";
import * as PoolRecord from "../layout/pool_record.ts";
import * as RemoteRecord from "../layout/remote_record.ts";
import * as ThreadState from "../layout/thread_state.ts";
import { addressOf, pageOf, recordOf } from "../memory/mod.ts";
import {
  Arena,
  Policy,
  Remote,
  Ring,
  SizeClasses,
  Supply,
} from "../pools/mod.ts";
import type { Checker } from "./checker.ts";
import { checkPoolStates } from "./states.ts";

/** G1: one ring; remembers its pools. Returns how many. Count. */
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

/** G2: the word `at` names the last pool of a ring that is not empty. */
function checkTail(c: Checker, ring: number, at: number): void {
  const { i32 } = c.m;
  if (i32[ring] === 0) return;
  const tail = i32[at];
  c.expect(
    c.rings.get(tail) === ring && i32[tail + PoolRecord.NEXTPOOL] === 0,
    "G2",
    `the tail of ring ${ring} is ${tail}`,
  );
}

/** U2: the goals of a ring of `count` pools in quarantine. */
function checkGoals(c: Checker, ring: number, count: number): void {
  const { i32, remotes } = c.m;
  let before = 0;
  let pool = i32[ring];
  for (let k = 0; k < count; k++) {
    const page = pageOf(pool);
    const goal = i32[remotes + page * RemoteRecord.SIZEOF + RemoteRecord.GOAL];
    c.expect(
      before === 0 || ((goal - before) | 0) >= 0,
      "U2",
      `the goal of page ${page} is ${goal}, behind ${before}`,
    );
    before = goal;
    pool = i32[pool + PoolRecord.NEXTPOOL];
  }
}

/** The rings of thread states that are at rest, and of the arena sets. */
export function collectRings(c: Checker): void {
  const { i32, slot: mine } = c.m;
  const isGil = c.m.isGilHeld;
  for (let slot = PageMap.GIL_HOLDER; slot < PageMap.SLOTS; slot++) {
    const thread = c.threadAt(slot);
    if (i32[thread + ThreadState.X_IN_USE] !== ThreadState.IN_USE) continue;
    if (!c.isAlive(slot)) continue;
    const first = c.isQuiet || slot === mine || slot === PageMap.GIL_HOLDER
      ? 0
      : ThreadState.RING_SET;
    const rings = thread + ThreadState.RINGS;
    const end = isGil ? 5 * ThreadState.RING_SET : ThreadState.TO_TAIL;
    for (let k = first; k < end; k++) {
      collectRing(c, rings + k);
      if (!isGil) checkTail(c, rings + k, rings + k + ThreadState.TO_TAIL);
    }
  }
  for (const set of [Layout.ARENA_SET, Layout.RAW_ARENA_SET]) {
    let abandoned = 0;
    let quarantined = 0;
    for (let k = 0; k < 5 * ThreadState.RING_SET; k++) {
      abandoned += collectRing(c, set + ArenaSet.ABANDONED + k);
    }
    for (let k = 0; k < ThreadState.RING_SET; k++) {
      const ring = set + ArenaSet.QUARANTINE + k;
      const count = collectRing(c, ring);
      checkGoals(c, ring, count);
      checkTail(c, ring, set + ArenaSet.TAILS + k);
      quarantined += count;
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

/** N1: the news of a page's holder tell of its MiB. */
function isAnnounced(c: Checker, page: number, key: number): boolean {
  const mib = page >>> News.MIB_SHIFT;
  const word = mib >>> 5;
  const bits = c.m.i32[Remote.wordsOf(key) + word];
  const groups = c.m.i32[Policy.newsOf(key)];
  return (bits & (1 << (mib & 31))) !== 0 &&
    (groups & (1 << (word >>> News.GROUP_SHIFT))) !== 0;
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

/** N2: walks the remote stack of a pool. Returns its length. */
function walkStack(c: Checker, page: number, marks: Uint8Array): number {
  const { i32 } = c.m;
  const record = c.m.remotes + page * RemoteRecord.SIZEOF;
  const stack = i32[record + RemoteRecord.X_REMOTE];
  if (stack === 0) return 0;
  const top = stack & ((1 << RemoteRecord.TOP_BITS) - 1);
  const head = addressOf(page) + (top << RemoteRecord.TOP_SHIFT);
  const count = walkBlocks(c, page, head, marks, "N2");
  c.expect(
    count === stack >>> RemoteRecord.TOP_BITS,
    "N2",
    `the remote stack of the pool at ${show(addressOf(page))} has ${count} ` +
      `blocks, not ${stack >>> RemoteRecord.TOP_BITS}`,
  );
  return count;
}

/** The holder named in a page map word is one that may hold pools. */
function isHolder(c: Checker, key: number): boolean {
  const holder = Policy.holderOf(key);
  const slot = holder & PageMap.SLOT_MASK;
  if (slot === PageMap.GIL_HOLDER && !c.m.isGilHeld) {
    return false;
  }
  if (slot < PageMap.FIRST_SLOT) return holder === slot;
  const thread = c.threadAt(slot);
  return c.m.i32[thread + ThreadState.X_IN_USE] !== ThreadState.FREE &&
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
      i32[pool + PoolRecord.COUNT] === 0 &&
      Policy.domainOf(key) === PageMap.OBJ);
}

/** P3: the class of a pool and what is carved of it. Count, or -1. */
function checkCarved(
  c: Checker,
  page: number,
  isSpan: boolean,
  isAtRest: boolean,
): number {
  const { i32 } = c.m;
  const pool = recordOf(page);
  const at = show(addressOf(page));
  const szidx = i32[pool + PoolRecord.SZIDX];
  const isClass = szidx >= 0 && szidx < SizeClasses.CLASSES &&
    isSpan === (szidx >= SizeClasses.SMALL_CLASSES);
  c.expect(isClass, "P3", `the pool at ${at} has class ${szidx}`);
  if (!isClass) return -1;
  const size = SizeClasses.blockSize(szidx);
  const next = i32[pool + PoolRecord.NEXTOFFSET];
  const max = SizeClasses.maxOffset(szidx);
  const carved = (next - SizeClasses.firstOffset(szidx)) / size;
  const isCarved = Number.isInteger(carved) && carved >= 0 &&
    next <= max + size && max === i32[pool + PoolRecord.MAXNEXTOFFSET];
  c.expect(isCarved, "P3", `the pool at ${at} has NEXTOFFSET ${next}`);
  const shape =
    i32[c.m.remotes + page * RemoteRecord.SIZEOF + RemoteRecord.SHAPE];
  c.expect(
    !isAtRest || !isCarved || carved === 0 ||
      shape === ((next << RemoteRecord.CLASS_BITS) | szidx),
    "P3",
    `the pool at ${at} has SHAPE ${shape}`,
  );
  return isCarved ? carved : -1;
}

/** P1, P3: a free pool of an arena, which may serve its class again as it is. */
export function checkFreePool(c: Checker, page: number): void {
  const { i32 } = c.m;
  const pool = recordOf(page);
  const szidx = i32[pool + PoolRecord.SZIDX];
  if (szidx === Arena.DUMMY_SIZE_IDX) return;
  const carved = checkCarved(c, page, false, true);
  if (carved < 0) return;
  const marks = new Uint8Array(SizeClasses.capacity(szidx));
  const list = i32[pool + PoolRecord.FREEBLOCK];
  const free = walkBlocks(c, page, list, marks, "P1");
  c.expect(
    free === carved && i32[pool + PoolRecord.COUNT] === 0 &&
      i32[pool + PoolRecord.DRAIN] === 0,
    "P1",
    `the free pool at ${show(addressOf(page))} has ${free} free blocks of ` +
      carved,
  );
}

/** P1, P2, P3, N1, N2: a pool or span. */
export function checkPool(c: Checker, page: number): void {
  const { i32 } = c.m;
  const key = c.keyOf(page);
  const pool = recordOf(page);
  const at = show(addressOf(page));
  const isAtRest = c.isAtRest(key);
  const isSpan = Policy.kindOf(key) === PageMap.SPAN;
  const carved = checkCarved(c, page, isSpan, isAtRest);
  c.expect(isHolder(c, key), "P2", `the pool at ${at} has a strange holder`);
  if (carved < 0 || !isAtRest) return;
  const szidx = i32[pool + PoolRecord.SZIDX];
  const marks = new Uint8Array(SizeClasses.capacity(szidx));
  const free = walkBlocks(
    c,
    page,
    i32[pool + PoolRecord.FREEBLOCK],
    marks,
    "P1",
  );
  const stack = c.m.remotes + page * RemoteRecord.SIZEOF;
  const remote = walkStack(c, page, marks);
  const count = i32[pool + PoolRecord.COUNT];
  c.expect(
    count + free === carved && remote <= count,
    "P1",
    `the pool at ${at} counts ${count} blocks, ${free} free and ${remote} ` +
      `remote of ${carved}`,
  );
  c.expect(isListedRight(c, key, pool), "P2", `the pool at ${at} is misplaced`);
  c.expect(
    i32[stack] === 0 || isAnnounced(c, page, key),
    "N1",
    `the pool at ${at} has remote frees that its holder does not know of`,
  );
  c.expect(
    i32[pool + PoolRecord.DRAIN] === 0,
    "N3",
    `the pool at ${at} is being drained`,
  );
  checkPoolStates(c, page, szidx);
  c.blocks[Policy.domainOf(key)] += count - remote;
  c.remoteBlocks += remote;
}
