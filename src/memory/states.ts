/**
 * States of blocks, in a sealed heap: which are live, and which of those
 * somebody else has freed.
 *
 * ```text
 *              malloc            free by the holder
 *   ┌────────┐ ───────► ┌──────┐ ───────► ┌────────┐
 *   │ free   │          │ LIVE │          │ free   │
 *   └────────┘          └──────┘          └────────┘
 *        ▲                  │ free by another: `claim()`
 *        │  drain           ▼
 *        │   by the holder ┌──────────────┐
 *        └──────────────── │ LIVE PENDING │
 *                          └──────────────┘
 * ```
 *
 * No byte of a block says any of this, so that no program can change it by a
 * write that it should not make. Layout in `layout/block_states.ts`.
 *
 * ## Invariants (checked by check/)
 *   E1  LIVE ⇔ the block is handed out: neither in the free list of its pool
 *       nor uncarved; it stays LIVE while it is on a remote stack
 *   E2  PENDING ⇔ the block is on a remote stack
 *   E3  but for one block of each worker that died or was cut off, which is
 *       lost: LIVE and PENDING on no stack, or a large block that is not LIVE
 *
 * ## Threads
 *   LIVE is changed by plain stores: of a pool by its holder, or who acts for
 *   it; of a large block by who allocates it, and who has claimed it. Others
 *   read it as a racy hint, which is exact for a block of their own. PENDING is
 *   atomic: of two that claim one block, one is refused. Who drains clears LIVE
 *   first, so whoever claims then finds that the block is not live any more. A
 *   worker that stops between a bit and the list leaves them apart; who mends
 *   its pools derives LIVE from the free lists (`pools/repair.ts`). One that
 *   stops between its claim and its push loses the block: E3.
 *
 * @module
 */

import * as BlockStates from "../layout/block_states.ts";
import type { Address, Memory } from "./memory.ts";

// Hot: constants of this module fold, imported ones are read.
const { X_PENDING, PAIR_SHIFT, BIT_SHIFT } = BlockStates;

/** Word with the LIVE bit of a block; that with PENDING follows. Word index. */
function wordOf(m: Memory, block: Address): number {
  return m.states + ((block >>> PAIR_SHIFT) << 1);
}

/** The bit of a block in its words. */
function bitOf(block: Address): number {
  return 1 << ((block >>> BIT_SHIFT) & 31);
}

/** True if a block is live: handed out, and not claimed. */
export function isLive(m: Memory, block: Address): boolean {
  const at = wordOf(m, block);
  const bit = bitOf(block);
  return (m.i32[at] & bit) !== 0 && // racy hint
    (m.i32[at + X_PENDING] & bit) === 0; // racy hint
}

/** True if somebody has claimed a block, which its holder still has as live. */
export function isPending(m: Memory, block: Address): boolean {
  return (Atomics.load(m.i32, wordOf(m, block) + X_PENDING) & bitOf(block)) !==
    0;
}

/** True if the holder of a block has it as live, claimed or not. */
export function isHandedOut(m: Memory, block: Address): boolean {
  return (m.i32[wordOf(m, block)] & bitOf(block)) !== 0; // racy hint
}

/** A block is live from now on. For who may change LIVE. */
export function raise(m: Memory, block: Address): void {
  const at = wordOf(m, block);
  m.i32[at] = m.i32[at] | bitOf(block);
}

/** A block is no longer live. For who may change LIVE. */
export function lower(m: Memory, block: Address): void {
  const at = wordOf(m, block);
  m.i32[at] = m.i32[at] & ~bitOf(block);
}

/** A block is no longer claimed. */
export function unclaim(m: Memory, block: Address): void {
  Atomics.and(m.i32, wordOf(m, block) + X_PENDING, ~bitOf(block));
}

/**
 * Claims a live block, to free it: of all that do one succeeds.
 *
 * @returns False, and nothing happens, if it is not live.
 */
export function claim(m: Memory, block: Address): boolean {
  if (!isLive(m, block)) return false;
  const at = wordOf(m, block);
  const bit = bitOf(block);
  const before = Atomics.or(m.i32, at + X_PENDING, bit); // COMMIT
  if ((before & bit) !== 0) return false;
  // It may have been freed by another claim before ours.
  if ((Atomics.load(m.i32, at) & bit) !== 0) return true;
  unclaim(m, block);
  return false;
}
