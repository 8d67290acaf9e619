/**
 * The checker's part for the states of blocks in a sealed heap: E.
 *
 * ## Threads
 *   Reads only, under the locks that check.ts takes.
 *
 * @module
 */

import { show } from "../errors.ts";
import * as BlockStates from "../layout/block_states.ts";
import * as Header from "../layout/header.ts";
import * as PageMap from "../layout/page_map.ts";
import * as ThreadState from "../layout/thread_state.ts";
import { addressOf, States, threadsUsed } from "../memory/mod.ts";
import { SizeClasses } from "../pools/mod.ts";
import type { Checker } from "./checker.ts";
import * as PoolBlocks from "./pool_blocks.ts";

/** E1: nothing is live in pages `page` … `page` + `length` − 1. */
export function checkNoStates(c: Checker, page: number, length: number): void {
  const { i32, states, isSealed } = c.m;
  if (!isSealed) return;
  const end = states + (page + length) * BlockStates.SIZEOF;
  for (let at = states + page * BlockStates.SIZEOF; at < end; at++) {
    if (i32[at] !== 0) expectNone(c, at);
  }
}

/** E1: reports a word of states in which no bit should be set. */
function expectNone(c: Checker, at: number): void {
  const from = ((at - c.m.states) >>> 1) * (1 << BlockStates.PAIR_SHIFT);
  c.expect(false, "E1", `something is live at ${show(from)}, in a free page`);
}

/** E1, E2: a block of a pool at rest. */
function checkBlock(c: Checker, block: number, state: number): void {
  const { m } = c;
  const isLive = state === PoolBlocks.LIVE || state === PoolBlocks.REMOTE;
  const at = show(block);
  c.expect(
    States.isHandedOut(m, block) === isLive,
    "E1",
    isLive ? `the block at ${at} is not live` : `the free block ${at} is live`,
  );
  const isPending = States.isPending(m, block);
  if (state === PoolBlocks.LIVE) {
    if (isPending) c.strays.push(block);
    return;
  }
  c.expect(
    isPending === (state === PoolBlocks.REMOTE),
    "E2",
    isPending
      ? `the free block ${at} waits to be freed`
      : `the block at ${at} is on a remote stack, and nobody has freed it`,
  );
}

/** Bits in a word. Count. */
function countBits(word: number): number {
  let count = 0;
  for (let rest = word; rest !== 0; rest &= rest - 1) count++;
  return count;
}

/** Bits that are set in the states of a pool of `length` pages. Count. */
function countStates(c: Checker, page: number, length: number): number {
  const { i32, states } = c.m;
  const end = states + (page + length) * BlockStates.SIZEOF;
  let count = 0;
  for (let at = states + page * BlockStates.SIZEOF; at < end; at++) {
    count += countBits(i32[at]);
  }
  return count;
}

/** E1, E2: the blocks of a pool at rest, whose class is sound. */
export function checkPoolStates(
  c: Checker,
  page: number,
  szidx: number,
): void {
  const { m } = c;
  if (!m.isSealed) return;
  const found = PoolBlocks.statesOf(m, page, szidx);
  const size = SizeClasses.blockSize(szidx);
  const first = addressOf(page) + SizeClasses.firstOffset(szidx);
  let others = countStates(c, page, SizeClasses.pagesOf(szidx));
  for (let k = 0; k < found.length; k++) {
    const block = first + k * size;
    checkBlock(c, block, found[k]);
    others -= bitsOf(c, block);
  }
  expectNoOthers(c, page, others);
}

/** Bits that are set in the states of a block. Count. */
function bitsOf(c: Checker, block: number): number {
  return Number(States.isHandedOut(c.m, block)) +
    Number(States.isPending(c.m, block));
}

/** E1: no bits are set but those of blocks. */
function expectNoOthers(c: Checker, page: number, others: number): void {
  c.expect(
    others === 0,
    "E1",
    `${others} bits are set between the blocks at ${show(addressOf(page))}`,
  );
}

/** E1, E3: a large block of `length` pages, which nobody works on. */
export function checkLargeState(
  c: Checker,
  page: number,
  length: number,
): void {
  const { m } = c;
  if (!m.isSealed) return;
  const block = addressOf(page);
  if (!States.isLive(m, block)) c.strays.push(block);
  expectNoOthers(c, page, countStates(c, page, length) - bitsOf(c, block));
}

/** Workers that may each have lost a block. Count. */
function countLosers(c: Checker): number {
  let losers = c.m.i32[Header.X_DEATHS];
  const used = threadsUsed(c.m);
  for (let slot = PageMap.FIRST_SLOT; slot < used; slot++) {
    const inUse = c.m.i32[c.threadAt(slot) + ThreadState.X_IN_USE];
    if (inUse !== ThreadState.FREE && !c.isAlive(slot)) losers++;
  }
  return losers;
}

/**
 * E3: blocks that are about to be freed, or large ones about to be handed out
 * or freed; of workers that are alive and not at rest there may be any number.
 */
export function checkStrays(c: Checker): void {
  if (!c.m.isSealed || c.strays.length <= countLosers(c)) return;
  for (const block of c.strays) {
    c.expect(false, "E3", `somebody has begun to free ${show(block)}`);
  }
}
