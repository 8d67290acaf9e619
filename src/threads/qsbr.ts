/**
 * Quiescent-state based reclamation: when may memory be used for another
 * purpose that lock-free readers may still look at?
 *
 * Who takes memory out of sight notes a *goal*, a sequence in the future. A
 * thread in a quiescent state, that is with no reference from before, copies
 * the write sequence. Once every attached thread has copied one that is not
 * before the goal, nobody can look at the memory any more.
 *
 * ## Invariants
 *   Q1  sequences are odd; a is before b ⇔ (a − b | 0) < 0
 *   Q2  X_RD_SEQ ≤ X_WR_SEQ, and neither goes back
 *   Q3  X_QSBR_SEQ of an attached thread ≤ X_WR_SEQ; of a detached one it is 0
 *   Q4  X_WR_SEQ − X_RD_SEQ stays below 2^30, so that Q1 is never ambiguous
 *
 * ## Threads
 *   All words are atomic. A thread's own sequence is written by it alone. A
 *   poller that finds a thread offline just before it attaches does no harm:
 *   the thread's attach comes after the poll, hence after the memory went out
 *   of sight, in the one order of all atomic accesses. A worker that stops
 *   while attached holds back all goals, and nothing else.
 *
 * In the GIL build there are no lock-free readers: goals are reached at once.
 *
 * Source: CPython 3.14 Python/qsbr.c, Include/internal/pycore_qsbr.h.
 * Differs: 32-bit sequences (Q4 makes up for it); the slot is the thread state.
 *
 * @module
 */

import { type Memory, threadsUsed } from "../memory/mod.ts";
import * as Header from "../layout/header.ts";
import * as Map from "../layout/memory_map.ts";
import * as PageMap from "../layout/page_map.ts";
import * as QsbrShared from "../layout/qsbr.ts";
import * as ThreadState from "../layout/thread_state.ts";

const WR_SEQ = Map.QSBR + QsbrShared.X_WR_SEQ;
const RD_SEQ = Map.QSBR + QsbrShared.X_RD_SEQ;

/** Largest lead of the write sequence over the read sequence, see Q4. */
const MAX_LEAD = (1 << 30) - QsbrShared.INCR;

/**
 * Sets up the sequences of a new heap.
 *
 * @param m The heap, not yet shared.
 */
export function init(m: Memory): void {
  Atomics.store(m.i32, WR_SEQ, QsbrShared.INITIAL);
  Atomics.store(m.i32, RD_SEQ, QsbrShared.INITIAL);
}

/**
 * Makes the caller a reader. C: `_Py_qsbr_attach()`.
 *
 * @param m The heap.
 */
export function attach(m: Memory): void {
  const i32 = m.i32;
  const mine = m.thread + ThreadState.X_QSBR_SEQ;
  const seen = Atomics.load(i32, WR_SEQ);
  Atomics.store(i32, mine, seen); // COMMIT
  // What was written between the two costs others a grace period: catch up.
  const again = Atomics.load(i32, WR_SEQ);
  if (again !== seen) Atomics.store(i32, mine, again);
}

/**
 * Makes the caller no reader: it keeps no reference. C: `_Py_qsbr_detach()`.
 *
 * @param m The heap.
 */
export function detach(m: Memory): void {
  Atomics.store(
    m.i32,
    m.thread + ThreadState.X_QSBR_SEQ,
    QsbrShared.OFFLINE,
  ); // COMMIT
}

/**
 * Says that the caller keeps no reference from before. No effect on a thread
 * that is not attached.
 *
 * C: `_Py_qsbr_quiescent_state()`.
 *
 * @param m The heap.
 */
export function quiescentState(m: Memory): void {
  const i32 = m.i32;
  const mine = m.thread + ThreadState.X_QSBR_SEQ;
  const seq = i32[mine];
  // An old value only makes us say it later.
  if (seq === i32[WR_SEQ]) return; // racy hint
  if (seq === QsbrShared.OFFLINE) return;
  Atomics.store(i32, mine, Atomics.load(i32, WR_SEQ)); // COMMIT
}

/**
 * Starts a new write sequence. C: `_Py_qsbr_advance()`.
 *
 * @param m The heap.
 * @returns The goal of what went out of sight before the call. Sequence.
 */
export function advance(m: Memory): number {
  const i32 = m.i32;
  const seen = Atomics.load(i32, WR_SEQ);
  if (((seen - Atomics.load(i32, RD_SEQ)) | 0) >= MAX_LEAD) {
    // A reader sleeps since 2^29 advances. The goal of the next one will do.
    scan(m);
    return (seen + QsbrShared.INCR) | 0;
  }
  const old = Atomics.add(i32, WR_SEQ, QsbrShared.INCR); // COMMIT
  return (old + QsbrShared.INCR) | 0;
}

/**
 * The sequence that the next {@linkcode advance} will start: a goal that costs
 * nothing, but is not reached before somebody advances.
 *
 * C: `_Py_qsbr_shared_next()`.
 *
 * @param m The heap.
 * @returns Goal. Sequence.
 */
export function sharedNext(m: Memory): number {
  return (Atomics.load(m.i32, WR_SEQ) + QsbrShared.INCR) | 0;
}

/**
 * Whether somebody has already seen that the goal is reached.
 *
 * C: `_Py_qbsr_goal_reached()`.
 *
 * @param m The heap.
 * @param goal Sequence.
 * @returns True if it is reached; false says nothing.
 */
export function goalReached(m: Memory, goal: number): boolean {
  if (m.build === Header.BUILD_GIL) return true;
  return ((goal - Atomics.load(m.i32, RD_SEQ)) | 0) <= 0;
}

/**
 * Whether the goal is reached, looking at all threads if need be.
 *
 * C: `_Py_qsbr_poll()`.
 *
 * @param m The heap.
 * @param goal Sequence.
 * @returns True if nobody can look at what went out of sight before the goal.
 */
export function poll(m: Memory, goal: number): boolean {
  if (goalReached(m, goal)) return true;
  return ((goal - scan(m)) | 0) <= 0;
}

/** Moves the read sequence forward. C: qsbr_poll_scan(). */
function scan(m: Memory): number {
  const i32 = m.i32;
  let min = Atomics.load(i32, WR_SEQ);
  const used = threadsUsed(m);
  for (let slot = PageMap.FIRST_SLOT; slot < used; slot++) {
    const thread = Map.THREADS + slot * ThreadState.SIZEOF;
    const seq = Atomics.load(i32, thread + ThreadState.X_QSBR_SEQ);
    if (seq === QsbrShared.OFFLINE || ((seq - min) | 0) >= 0) continue;
    // Who was revoked may go on saying that it is there.
    if (Atomics.load(i32, thread + ThreadState.X_FENCE) === 0) min = seq;
  }
  const seen = Atomics.load(i32, RD_SEQ);
  if (((seen - min) | 0) >= 0) return seen;
  // If this fails another poller was quicker; what we found holds anyway.
  Atomics.compareExchange(i32, RD_SEQ, seen, min); // COMMIT
  return min;
}
