/**
 * Remote frees: blocks that come back from other threads.
 *
 * Who frees a block of a pool that another thread holds pushes it on the
 * pool's remote stack with one compare-and-exchange. Whoever finds the stack
 * empty also *announces* the page: it sets the bit of the page's MiB in the
 * news of the holder. The holder takes its news when it runs out of blocks,
 * looks at the pages of each MiB, and takes the stacks of those that it holds.
 *
 * A live block keeps its pool from becoming empty, so the page cannot change
 * its use while a free is under way. Its holder can change. Whoever changes the
 * holder in the page map looks at the remote stack afterwards; who frees looks
 * at the page map after the push. So one of the two sees the other: no block is
 * forgotten, and no announcement has to be undone.
 *
 * ## Invariants (checked by check/ in a world at rest)
 *   N1  X_REMOTE != 0 ⇒ the bit of the page's MiB is set in the news of the
 *       holder, and so is the bit of its group
 *   N2  blocks on the stack are counted in COUNT; the stack counts them
 *   N3  DRAIN is 0
 *
 * In a sealed heap whoever pushes a block has claimed it (`memory/states.ts`),
 * and the holder lowers its state as it takes it over.
 *
 * ## Threads
 *   X_REMOTE and the news are atomic. A worker that stops between its push and
 *   its announcement leaves a page whose bit is not set; recovery announces
 *   every page with X_REMOTE != 0 again. One that stops while it drains leaves
 *   the stack in DRAIN, from where recovery goes on (`repair.ts`).
 *
 * Source: mimalloc 2.1 alloc.c, _mi_free_block_mt(), heap delayed lists.
 *
 * @module
 */

import { FatalError, show } from "../errors.ts";
import * as Layout from "../layout/memory_map.ts";
import * as News from "../layout/news.ts";
import * as PageMap from "../layout/page_map.ts";
import * as PoolRecord from "../layout/pool_record.ts";
import * as RemoteRecord from "../layout/remote_record.ts";
import * as ThreadState from "../layout/thread_state.ts";
import { type Address, addressOf, type Memory, States } from "../memory/mod.ts";
import { Damage } from "../sync/mod.ts";
import * as Policy from "./policy.ts";
import * as Ring from "./ring.ts";
import * as Supply from "./supply.ts";

// Hot: constants of this module fold, imported ones are read.
const { X_REMOTE, SHIFT, TOP_BITS, TOP_SHIFT } = RemoteRecord;
const { PAGE_BITS, PAGE_MAP } = Layout;
const TOP_MASK = (1 << TOP_BITS) - 1;
const ONE_BLOCK = 1 << TOP_BITS;
/** Words of a group of news. Count. */
const GROUP = 1 << News.GROUP_SHIFT;
/** Pages of a MiB. Count. */
const MIB_PAGES = 1 << News.MIB_SHIFT;

/** Gives a block back to a pool that another thread holds. */
export function push(m: Memory, page: number, block: Address): void {
  const i32 = m.i32;
  const at = m.remotes + (page << SHIFT) + X_REMOTE;
  const base = page << PAGE_BITS;
  const top = ((block | 0) - base) >>> TOP_SHIFT;
  let head = i32[at]; // racy hint
  for (;;) {
    i32[block >>> 2] = addressOfTop(base, head);
    const next = ((head & ~TOP_MASK) + ONE_BLOCK) | top;
    const seen = Atomics.compareExchange(i32, at, head, next); // COMMIT
    if (seen === head) break;
    head = seen;
  }
  i32[m.thread + ThreadState.STAT_REMOTE_FREES] += 1;
  if (head === 0) announce(m, page);
}

/** Top block of a stack of the page at `base`, or 0. Byte address. */
export function addressOfTop(base: number, stack: number): number {
  return stack === 0 ? 0 : (base + ((stack & TOP_MASK) << TOP_SHIFT)) | 0;
}

/** Sets the bit of a page's MiB in the news of whoever holds it now. */
export function announce(m: Memory, page: number): void {
  const i32 = m.i32;
  const key = Atomics.load(i32, PAGE_MAP + page);
  const mib = page >>> News.MIB_SHIFT;
  const word = mib >>> 5;
  Atomics.or(i32, wordsOf(key) + word, 1 << (mib & 31));
  Atomics.or(i32, Policy.newsOf(key), 1 << (word >>> News.GROUP_SHIFT)); // COMMIT
}

/** Words with the news of a holder, for the domain of a page map word. */
export function wordsOf(key: number): number {
  const half = Policy.domainOf(key) === PageMap.RAW ? 0 : 1;
  const slot = Policy.holderOf(key) & PageMap.SLOT_MASK;
  return Layout.NEWS + (slot << News.SLOT_SHIFT) + (half << News.HALF_SHIFT);
}

/**
 * Takes the news of a holder, of RAW or of MEM and OBJ, and drains the pages
 * that it holds.
 */
export function collect(m: Memory, domain: number, holder: number): void {
  const i32 = m.i32;
  const slot = holder & PageMap.SLOT_MASK;
  const news = Policy.newsAt(slot, domain);
  if (i32[news] === 0) return; // racy hint
  const key = Policy.withHolder(domain << PageMap.DOMAIN_SHIFT, holder);
  const words = wordsOf(key);
  let groups = Atomics.exchange(i32, news, 0);
  while (groups !== 0) {
    const group = 31 - Math.clz32(groups);
    groups ^= 1 << group;
    for (let k = 0; k < GROUP; k++) {
      const word = (group << News.GROUP_SHIFT) + k;
      collectWord(m, words + word, word << 5, key);
    }
  }
}

/** Takes one word of news of a holder; its bit 0 is for the MiB `first`. */
function collectWord(
  m: Memory,
  word: number,
  first: number,
  whose: number,
): void {
  if (m.i32[word] === 0) return; // racy hint
  let bits = Atomics.exchange(m.i32, word, 0);
  while (bits !== 0) {
    const bit = 31 - Math.clz32(bits);
    bits ^= 1 << bit;
    collectMib(m, (first + bit) << News.MIB_SHIFT, whose);
  }
}

/** True if two page map words have one holder and share their news. */
function sharesNews(a: number, b: number): boolean {
  return Policy.holderOf(a) === Policy.holderOf(b) &&
    (Policy.domainOf(a) === PageMap.RAW) ===
      (Policy.domainOf(b) === PageMap.RAW);
}

/** Drains the pages of a MiB that the holder has. */
function collectMib(m: Memory, first: number, whose: number): void {
  const i32 = m.i32;
  const end = Math.min(first + MIB_PAGES, m.pages);
  for (let page = first; page < end; page++) {
    if (i32[m.remotes + (page << SHIFT) + X_REMOTE] === 0) continue; // racy hint
    const key = Atomics.load(i32, PAGE_MAP + page);
    if (!sharesNews(key, whose)) continue;
    if (Policy.holderOf(key) === PageMap.NOBODY) adoptWithNews(m, page, key);
    else drain(m, page, key);
  }
}

/**
 * Takes a page's remote stack into the free list of its pool, which the caller
 * holds, or acts for.
 */
export function drain(m: Memory, page: number, key: number): void {
  const i32 = m.i32;
  const pool = Layout.POOLS + (page << PoolRecord.SHIFT);
  const stack = takeStack(m, page, pool);
  if (stack === 0) return;
  const left = i32[pool + PoolRecord.COUNT] - (stack >>> TOP_BITS);
  if (left < 0) refuse(page);
  if (m.isSealed) lowerStates(m, page, stack);
  const before = i32[pool + PoolRecord.FREEBLOCK];
  append(m, page, stack, before);
  i32[pool + PoolRecord.FREEBLOCK] = addressOfTop(page << PAGE_BITS, stack); // COMMIT
  i32[pool + PoolRecord.COUNT] = left;
  i32[pool + PoolRecord.DRAIN] = 0;
  const wasFull = before === 0 &&
    i32[pool + PoolRecord.NEXTOFFSET] > i32[pool + PoolRecord.MAXNEXTOFFSET];
  const ring = Policy.ringOf(m, key, i32[pool + PoolRecord.SZIDX]);
  if (wasFull) Ring.insertUsed(m, ring, pool);
  if (left === 0) Supply.retire(m, key, ring, pool);
}

/**
 * Takes the remote stack of a page, and notes it in DRAIN first, so that it is
 * not lost with this worker.
 */
function takeStack(m: Memory, page: number, pool: number): number {
  const i32 = m.i32;
  const at = m.remotes + (page << SHIFT) + X_REMOTE;
  let stack = Atomics.load(i32, at);
  while (stack !== 0) {
    const old = stack;
    i32[pool + PoolRecord.DRAIN] = old;
    stack = Atomics.compareExchange(i32, at, old, 0);
    if (stack === old) return old;
  }
  return 0;
}

/** The blocks of a stack are no longer live. In a sealed heap. */
function lowerStates(m: Memory, page: number, stack: number): void {
  const base = page << PAGE_BITS;
  let block = addressOfTop(base, stack);
  for (let k = stack >>> TOP_BITS; k > 0; k--) {
    requirePushed(m, page, block);
    const next = m.i32[block >>> 2];
    States.lower(m, block);
    States.unclaim(m, block);
    block = next;
  }
}

/**
 * Makes sure that a block of a stack is one that somebody has freed.
 *
 * @throws {FatalError} If it is not.
 */
function requirePushed(m: Memory, page: number, block: number): void {
  const pool = Layout.POOLS + (page << PoolRecord.SHIFT);
  const offset = block - (page << PAGE_BITS);
  const isInside = offset >= 0 &&
    offset < m.i32[pool + PoolRecord.NEXTOFFSET] && (block & 15) === 0;
  if (isInside && States.isHandedOut(m, block) && States.isPending(m, block)) {
    return;
  }
  Damage.damaged(
    m,
    `the remote stack of page ${page} leads to ${show(block >>> 0)}: ` +
      "something wrote into a freed block, or it was freed twice",
  );
}

/** Hangs a free list behind the last block of a stack. */
export function append(
  m: Memory,
  page: number,
  stack: number,
  list: number,
): void {
  if (list === 0) return; // the last block leads to 0 already
  const i32 = m.i32;
  let block = addressOfTop(page << PAGE_BITS, stack);
  for (let k = stack >>> TOP_BITS; k > 1; k--) block = i32[block >>> 2];
  i32[block >>> 2] = list;
}

/** Ends the program: a block was freed twice. */
function refuse(page: number): never {
  throw new FatalError(
    `The remote stack of the pool at ${show(addressOf(page))} has more ` +
      "blocks than the pool",
  );
}

/**
 * Adopts the pools of exited threads that got news, so that their blocks can
 * be used again. RAW has news of its own, because a thread that is not
 * attached may adopt pools of RAW only.
 */
export function collectOrphans(m: Memory, domain: number): void {
  collect(m, domain, PageMap.NOBODY);
}

/** Makes an abandoned page this worker's own, then drains it. */
function adoptWithNews(m: Memory, page: number, orphan: number): void {
  const key = Supply.claim(m, page, orphan);
  if (key !== 0) drain(m, page, key); // else somebody else has adopted it
}

/**
 * To be called by whoever has made another its holder in the page map: what
 * came in before is news for the new holder.
 */
export function noteHolder(m: Memory, page: number): void {
  const at = m.remotes + (page << SHIFT) + X_REMOTE;
  if (Atomics.load(m.i32, at) !== 0) announce(m, page);
}
