/**
 * Remote frees: blocks that come back from other threads.
 *
 * Who frees a block of a pool that another thread holds pushes it on the
 * pool's remote stack with one compare-and-exchange. Whoever finds the stack
 * empty also *announces* the page: puts it on the news list of its holder. The
 * holder takes its whole news list when it runs out of blocks, and with each
 * page the page's whole stack.
 *
 * A live block keeps its pool from becoming empty, so the page cannot change
 * its use while a free is under way. Its holder can change: an announcement
 * may then land on the list of somebody who no longer holds the page. Who
 * takes such a page off a list announces it again.
 *
 * ## Invariants (checked by check/ in a world at rest)
 *   N1  X_REMOTE != 0 ⇔ the page is on exactly one news list
 *   N2  blocks on the stack are counted in COUNT
 *   N3  a slot's list is CLOSED unless a thread has the slot
 *
 * ## Threads
 *   X_REMOTE and the news heads are atomic. X_NEWS_NEXT and LAST belong to who
 *   announces (from its push on X_REMOTE until its push on the list), then to
 *   who took the list. A worker that stops between its two pushes leaves a
 *   page with X_REMOTE != 0 on no list, which a walk of the page map can see
 *   (a walk of the stack then finds LAST); one that stops while it drains loses
 *   the blocks of one stack.
 *
 * Source: mimalloc 2.1 alloc.c, _mi_free_block_mt(), heap delayed lists.
 *
 * @module
 */

import { FatalError, show } from "../errors.ts";
import * as Layout from "../layout/memory_map.ts";
import * as PageMap from "../layout/page_map.ts";
import * as PoolRecord from "../layout/pool_record.ts";
import * as RemoteRecord from "../layout/remote_record.ts";
import * as ThreadState from "../layout/thread_state.ts";
import { type Address, addressOf, type Memory } from "../memory/mod.ts";
import * as Policy from "./policy.ts";
import * as Ring from "./ring.ts";
import * as Supply from "./supply.ts";

// Hot: constants of this module fold, imported ones are read.
const { X_REMOTE, LAST, SHIFT, TOP_BITS, TOP_SHIFT } = RemoteRecord;
const PAGE_BITS = Layout.PAGE_BITS;
const TOP_MASK = (1 << TOP_BITS) - 1;
const ONE_BLOCK = 1 << TOP_BITS;

/** Gives a block back to a pool that another thread holds. */
export function push(m: Memory, page: number, block: Address): void {
  const i32 = m.i32;
  const record = m.remotes + (page << SHIFT);
  const base = page << PAGE_BITS;
  const top = ((block | 0) - base) >>> TOP_SHIFT;
  let head = i32[record + X_REMOTE]; // racy hint
  for (;;) {
    i32[block >>> 2] = addressOfTop(base, head);
    const next = ((head & ~TOP_MASK) + ONE_BLOCK) | top;
    const seen = Atomics.compareExchange(i32, record + X_REMOTE, head, next); // COMMIT
    if (seen === head) break;
    head = seen;
  }
  i32[m.thread + ThreadState.STAT_REMOTE_FREES] += 1;
  if (head !== 0) return;
  i32[record + LAST] = block | 0;
  announce(m, page);
}

/** Top block of a stack of the page at `base`, or 0. Byte address. */
function addressOfTop(base: number, stack: number): number {
  return stack === 0 ? 0 : (base + ((stack & TOP_MASK) << TOP_SHIFT)) | 0;
}

/** Puts a page on the news list of whoever holds it now. */
export function announce(m: Memory, page: number): void {
  const i32 = m.i32;
  const link = m.remotes + (page << RemoteRecord.SHIFT) +
    RemoteRecord.X_NEWS_NEXT;
  for (;;) {
    const key = Atomics.load(i32, Layout.PAGE_MAP + page);
    const news = Policy.newsOf(key);
    const head = Atomics.load(i32, news);
    // A thread closes its list after it gave its pools away: look again.
    if (head === ThreadState.CLOSED) continue;
    i32[link] = head;
    if (Atomics.compareExchange(i32, news, head, page) === head) return; // COMMIT
  }
}

/**
 * Takes a holder's news and drains each page of it; pages that are no longer
 * the holder's are announced to who has them now.
 */
export function collect(m: Memory, news: number, holder: number): void {
  const i32 = m.i32;
  if (i32[news] === 0) return; // racy hint
  drainAll(m, Atomics.exchange(i32, news, 0), holder);
}

/** Closes a holder's news list for good and passes on what is still on it. */
export function close(m: Memory, news: number, holder: number): void {
  drainAll(m, Atomics.exchange(m.i32, news, ThreadState.CLOSED), holder);
}

/** Drains a chain of pages that was taken off a news list. */
function drainAll(m: Memory, chain: number, holder: number): void {
  const i32 = m.i32;
  let page = chain;
  while (page > 0) {
    const next = i32[
      m.remotes + (page << RemoteRecord.SHIFT) + RemoteRecord.X_NEWS_NEXT
    ];
    const key = Atomics.load(i32, Layout.PAGE_MAP + page);
    if (Policy.holderOf(key) === holder) drain(m, page, key);
    else announce(m, page);
    page = next;
  }
}

/** Takes a page's remote stack into the free list of its pool. */
function drain(m: Memory, page: number, key: number): void {
  const i32 = m.i32;
  const pool = Layout.POOLS + (page << PoolRecord.SHIFT);
  const record = m.remotes + (page << SHIFT);
  const last = i32[record + LAST]; // of the next stack once this one is taken
  const stack = Atomics.exchange(i32, record + X_REMOTE, 0);
  if (stack === 0) return;
  const left = i32[pool + PoolRecord.COUNT] - (stack >>> TOP_BITS);
  if (left < 0) refuse(page);
  const before = i32[pool + PoolRecord.FREEBLOCK];
  if (before !== 0) i32[last >>> 2] = before; // else it is 0 already
  i32[pool + PoolRecord.FREEBLOCK] = addressOfTop(page << PAGE_BITS, stack); // COMMIT
  i32[pool + PoolRecord.COUNT] = left;
  const wasFull = before === 0 &&
    i32[pool + PoolRecord.NEXTOFFSET] > i32[pool + PoolRecord.MAXNEXTOFFSET];
  const ring = Policy.ringOf(m, key, i32[pool + PoolRecord.SZIDX]);
  if (wasFull) Ring.insertUsed(m, ring, pool);
  if (left === 0) Supply.retire(m, key, ring, pool);
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
 * be used again. RAW has a list of its own, because a thread that is not
 * attached may adopt pools of RAW only.
 */
export function collectOrphans(m: Memory, domain: number): void {
  const i32 = m.i32;
  const orphans = Policy.newsAt(PageMap.NOBODY, domain);
  if (i32[orphans] === 0) return; // racy hint
  let page = Atomics.exchange(i32, orphans, 0);
  while (page > 0) {
    const next = i32[
      m.remotes + (page << RemoteRecord.SHIFT) + RemoteRecord.X_NEWS_NEXT
    ];
    const key = Atomics.load(i32, Layout.PAGE_MAP + page);
    const slot = Policy.holderOf(key) & PageMap.SLOT_MASK;
    if (slot === PageMap.NOBODY) adoptWithNews(m, page);
    else announce(m, page);
    page = next;
  }
}

/** Makes an abandoned page this worker's own, then drains it. */
function adoptWithNews(m: Memory, page: number): void {
  const key = Supply.claim(m, page);
  if (key === 0) announce(m, page); // somebody else adopted it
  else drain(m, page, key);
}
