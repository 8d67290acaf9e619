/**
 * The checker's part for thread states: T1, T3, T5, G1 of the GIL.
 *
 * A worker that has a slot may come and go, attach and detach while we look, as
 * far as the stop of the world lets it; only what holds at any time is checked,
 * and of the caller itself what holds while it stands here.
 *
 * ## Threads
 *   Reads only. The words of slots 0 and 1 never change, those of the caller
 *   only by itself.
 *
 * @module
 */

import * as GilState from "../layout/gil.ts";
import * as Header from "../layout/header.ts";
import * as Layout from "../layout/memory_map.ts";
import * as PageMap from "../layout/page_map.ts";
import * as QsbrShared from "../layout/qsbr.ts";
import * as ThreadState from "../layout/thread_state.ts";
import { threadsUsed } from "../memory/mod.ts";
import type { Checker } from "./checker.ts";

/** T1: the two slots of no worker. */
function checkNoWorker(c: Checker, slot: number): void {
  const { i32 } = c.m;
  const thread = c.threadAt(slot);
  c.expect(
    i32[thread + ThreadState.X_IN_USE] === ThreadState.IN_USE &&
      i32[thread + ThreadState.X_STATE] === ThreadState.DETACHED &&
      i32[thread + ThreadState.X_CERTIFIED] === 0 &&
      i32[thread + ThreadState.X_FENCE] === 0,
    "T1",
    `slot ${slot}, which is no worker's, was changed`,
  );
}

/** G1: rings of slot 0 are empty: what nobody holds is in other rings. */
function checkNobody(c: Checker): void {
  const rings = c.threadAt(PageMap.NOBODY) + ThreadState.RINGS;
  for (let k = 0; k < 5 * ThreadState.RING_SET; k++) {
    if (c.m.i32[rings + k] === 0) continue;
    c.expect(false, "G1", `ring ${rings + k} of slot 0 is not empty`);
  }
}

/** T1, T5: a slot that a worker may have. */
function checkSlot(c: Checker, slot: number, used: number): void {
  const { i32 } = c.m;
  const thread = c.threadAt(slot);
  const inUse = Atomics.load(i32, thread + ThreadState.X_IN_USE);
  const fence = Atomics.load(i32, thread + ThreadState.X_FENCE);
  const isKnown = inUse === ThreadState.FREE || inUse === ThreadState.IN_USE ||
    inUse === ThreadState.RESERVING;
  const isFence = fence === 0 || fence === ThreadState.REVOKED ||
    fence === ThreadState.DEAD;
  c.expect(isKnown && isFence, "T1", `the state of slot ${slot} is damaged`);
  c.expect(
    slot < used || inUse !== ThreadState.IN_USE,
    "T5",
    `slot ${slot} is in use and beyond ${used}`,
  );
}

/** T1, T3, G1: the caller, if it has a thread state. */
function checkCaller(c: Checker): void {
  const { i32, owner, slot, thread } = c.m;
  if (slot === 0 || !c.isAlive(slot)) return;
  const isGil = c.m.build === Header.BUILD_GIL;
  const state = Atomics.load(i32, thread + ThreadState.X_STATE);
  const isAttached = state === ThreadState.ATTACHED;
  const incarnation = i32[thread + ThreadState.INCARNATION];
  c.expect(
    i32[thread + ThreadState.X_IN_USE] === ThreadState.IN_USE &&
      incarnation === owner >>> PageMap.INCARNATION_SHIFT &&
      (isAttached || state === ThreadState.DETACHED),
    "T1",
    `the thread state of the caller, slot ${slot}, was changed`,
  );
  const readers = Atomics.load(i32, Layout.QSBR + QsbrShared.X_RD_SEQ);
  const seq = Atomics.load(i32, thread + ThreadState.X_QSBR_SEQ);
  const writers = Atomics.load(i32, Layout.QSBR + QsbrShared.X_WR_SEQ);
  const isOnline = seq !== QsbrShared.OFFLINE;
  const isOrdered = !isOnline ||
    ((seq & 1) === 1 && ((writers - seq) | 0) >= 0 &&
      ((seq - readers) | 0) >= 0);
  c.expect(
    isOnline === (isAttached && !isGil) && isOrdered,
    "T3",
    `the sequence of the caller, slot ${slot}, is ${seq}`,
  );
  const holder = Atomics.load(i32, Layout.GIL + GilState.X_LOCKED);
  c.expect(
    !isGil || !isAttached || holder === owner,
    "G1",
    `the caller is attached, and ${holder} has the GIL`,
  );
}

/** Checks the thread states. */
export function checkThreads(c: Checker): void {
  const used = threadsUsed(c.m);
  const claimed = Atomics.load(c.m.i32, Header.X_THREADS_USED);
  c.expect(
    used === claimed && used >= PageMap.FIRST_SLOT,
    "T5",
    `${claimed} thread states were ever used`,
  );
  for (let slot = 0; slot < PageMap.SLOTS; slot++) {
    if (slot < PageMap.FIRST_SLOT) checkNoWorker(c, slot);
    else checkSlot(c, slot, used);
  }
  checkNobody(c);
  checkCaller(c);
}
