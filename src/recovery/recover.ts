/**
 * Recovery: what a worker that died has left half done is ended or undone, and
 * what it held goes to others.
 *
 * In this order:
 *   1. the parking lot: everybody who is parked is woken, and looks again
 *   2. locks of the heap that the dead have: each is taken over, what it guards
 *      is rebuilt from the page map, then it is unlocked
 *   3. threads that the dead have suspended: their rings are rebuilt, then they
 *      are resumed; a world that they have stopped is started
 *   4. the GIL, if the dead have it: taken over, what it guards is rebuilt
 *   5. the pools of the dead worker: mended, and left to nobody
 *   6. pages that it took and did not use; remote frees that it did not announce
 *   7. mutexes of objects that it had; objects whose counts it was to merge
 *   8. its slot
 *
 * Steps 1 and 2 are for all the dead, and any number of workers may be doing
 * them at once: each lock has one who takes it over. The others are done by one
 * worker at a time, who has RECOVERY_LOCK; who waits for that goes on with steps
 * 1 and 2, so that a recoverer that waits for a lock of another dead worker is
 * set free. Each step may be cut short and begun again.
 *
 * ## Invariants
 *   V1  nothing of a worker is taken over unless its state is DEAD
 *   V2  of each dead worker at most one block is lost: the one it was about to
 *       return from an allocation or had been asked to free
 *   V3  who recovers never waits for a lock of the dead
 *
 * ## Threads
 *   The caller has a thread state, attached or not, and no internal lock. If it
 *   dies here it is one more dead worker, and whoever recovers it ends its work.
 *   The world may stand still meanwhile: a stopper may be waiting for another
 *   worker that is dead and not declared so yet, and must not be waited for.
 *   What is changed belongs to the dead, whom the checker of the heap passes
 *   over, or is under the lock of an arena set, which the checker takes.
 *
 * Source: none in CPython; robust futexes, Linux kernel/futex, are the model.
 *
 * @module
 */

import * as ArenaSet from "../layout/arena_set.ts";
import * as GcState from "../layout/gc_state.ts";
import * as GilState from "../layout/gil.ts";
import * as Header from "../layout/header.ts";
import * as Layout from "../layout/memory_map.ts";
import * as PageMap from "../layout/page_map.ts";
import * as RunBins from "../layout/run_bins.ts";
import * as ThreadState from "../layout/thread_state.ts";
import * as WorldState from "../layout/world.ts";
import { type Memory, threadsUsed } from "../memory/mod.ts";
import { Leave, Policy, Repair } from "../pools/mod.ts";
import { RebuildRuns } from "../raw/mod.ts";
import { Death, Fatal, Mutex, ParkingLot } from "../sync/mod.ts";
import { Gil, SafePoint, Suspension } from "../threads/mod.ts";
import * as Estate from "./estate.ts";
import * as Fence from "./fence.ts";

const RECOVERY_LOCK = Layout.HEADER + Header.RECOVERY_LOCK;
const THREADS_LOCK = Layout.HEADER + Header.THREADS_LOCK;
const RUNS_LOCK = Layout.RUNS + RunBins.LOCK;
const WORLD_LOCK = Layout.WORLD + WorldState.LOCK;
const REQUESTED = Layout.WORLD + WorldState.X_REQUESTED;
const REQUESTER = Layout.WORLD + WorldState.X_REQUESTER;
const GIL_WORD = Layout.GIL + GilState.X_LOCKED;
const TORN = Layout.OBJECTS + GcState.TORN;

/** Longest sleep before another look at RECOVERY_LOCK. Milliseconds. */
const NAP_MS = 1;
/** Longest wait for RECOVERY_LOCK before a worker is cut off. Milliseconds. */
const PATIENCE_MS = 100;

/** What the recovery of one worker found; all words are counts. */
export interface Recovered {
  /** Pools and spans that were left to nobody, or went back empty. */
  pools: number;
  /** Blocks that were on their way out, and are lost: 0 or 1. */
  lostBlocks: number;
  /** Pages that were taken and not in use, which went back. */
  pages: number;
}

/** Rebuilds an arena set whose lock the dead have. */
function freeArenaSet(m: Memory, set: number): void {
  if (!Mutex.takeOver(m, set + ArenaSet.LOCK)) return;
  Repair.arenaSet(m, set);
  Mutex.unlockRecovering(m, set + ArenaSet.LOCK);
}

/** Steps 1 and 2: sets everybody free who waits for the dead. */
export function setFree(m: Memory): void {
  ParkingLot.recover(m);
  if (Mutex.takeOver(m, RUNS_LOCK)) {
    RebuildRuns.rebuildLocked(m);
    Mutex.unlockRecovering(m, RUNS_LOCK);
  }
  freeArenaSet(m, Layout.ARENA_SET);
  freeArenaSet(m, Layout.RAW_ARENA_SET);
  if (Mutex.takeOver(m, THREADS_LOCK)) Mutex.unlockRecovering(m, THREADS_LOCK);
}

/**
 * Takes RECOVERY_LOCK. `helps` says whether those are set free meanwhile who
 * wait for the dead: that waits for whoever has a bucket of the parking lot,
 * and so is not for who is about to declare its holder dead.
 *
 * @returns False if it took too long.
 */
function lockRecovery(m: Memory, timeoutMs: number, helps: boolean): boolean {
  const end = m.clock.now() + timeoutMs;
  while (true) {
    if (helps) setFree(m);
    if (Mutex.takeOver(m, RECOVERY_LOCK) || Mutex.tryLock(m, RECOVERY_LOCK)) {
      return true;
    }
    if (m.clock.now() >= end) return false;
    SafePoint.handlePending(m);
    const seen = Atomics.load(m.i32, RECOVERY_LOCK);
    if (seen !== 0) Atomics.wait(m.i32, RECOVERY_LOCK, seen, NAP_MS);
    Fatal.check(m);
  }
}

/**
 * Cuts a worker off, or notes that it is dead, if it still has its slot.
 *
 * Slots become free under RECOVERY_LOCK, so with it no other worker can be
 * meant. Who has the lock may be waiting for the very worker that is to be
 * declared dead: then it frees no slot either, and we go on without the lock.
 *
 * @param m The heap, of a worker that has a thread state.
 * @param owner Owner value of another worker.
 * @param to `ThreadState.REVOKED`, or `ThreadState.DEAD`, for which the caller
 * vouches: the worker never runs again.
 * @returns The state that its thread was in, or -1 if it has no slot any more.
 */
export function declare(m: Memory, owner: number, to: number): number {
  const slot = owner & PageMap.SLOT_MASK;
  const locked = lockRecovery(m, PATIENCE_MS, false);
  const state = hasSlot(m, owner) ? fence(m, slot, to) : -1;
  if (locked) Mutex.unlock(m, RECOVERY_LOCK);
  return state;
}

/**
 * Notes that a worker is dead, and nothing else: no lock, no waiting.
 *
 * @param m The heap.
 * @param owner Owner value of a worker.
 */
export function condemn(m: Memory, owner: number): void {
  if (!hasSlot(m, owner)) return;
  Fence.declare(m, owner & PageMap.SLOT_MASK, ThreadState.DEAD);
}

/**
 * True if a worker has its slot. One that is about to get a slot has no name
 * yet: the number in it is that of the last worker.
 */
function hasSlot(m: Memory, owner: number): boolean {
  const slot = owner & PageMap.SLOT_MASK;
  const inUse = Fence.threadAt(slot) + ThreadState.X_IN_USE;
  return Atomics.load(m.i32, inUse) === ThreadState.IN_USE &&
    Fence.ownerAt(m, slot) === owner;
}

/**
 * Cuts a thread off. For one that is dead, who has it suspended is helped to
 * come to an end; for one that may be alive, who has it suspended may be
 * waiting for it, so the declaration must do.
 */
function fence(m: Memory, slot: number, to: number): number {
  Fence.declare(m, slot, to);
  while (true) {
    const state = Fence.tryFence(m, slot, to);
    if (state >= 0) return state;
    if (to === ThreadState.REVOKED) return ThreadState.SUSPENDED;
    setFree(m);
    // Who stops the world may be waiting for us.
    SafePoint.handlePending(m);
    Fence.awaitChange(m, slot);
    Fatal.check(m);
  }
}

/** Resumes the threads that the dead have suspended, their rings rebuilt. */
function resumeThreads(m: Memory): void {
  const used = threadsUsed(m);
  for (let slot = PageMap.FIRST_SLOT; slot < used; slot++) {
    const at = Fence.threadAt(slot) + ThreadState.X_STATE;
    const word = Atomics.load(m.i32, at);
    if ((word & Suspension.STATE_MASK) !== ThreadState.SUSPENDED) continue;
    const by = (word >>> Suspension.SUSPENDER_SHIFT) & PageMap.SLOT_MASK;
    if (!Death.isDead(m, Fence.ownerAt(m, by))) continue;
    Repair.rings(m, Fence.ownerAt(m, slot), PageMap.MEM, PageMap.OBJ);
    Suspension.resumeFrom(m, slot, by);
  }
}

/** Step 3: threads, and a world that the dead have stopped. */
function freeThreads(m: Memory): void {
  const i32 = m.i32;
  Mutex.lockRecovering(m, THREADS_LOCK);
  const stopper = Fence.ownerAt(m, Atomics.load(i32, REQUESTER));
  if (Atomics.load(i32, REQUESTED) !== 0 && Death.isDead(m, stopper)) {
    Atomics.store(i32, REQUESTED, 0); // COMMIT
    Atomics.store(i32, REQUESTER, 0);
  }
  resumeThreads(m);
  Mutex.unlockRecovering(m, THREADS_LOCK);
  if (Mutex.takeOver(m, WORLD_LOCK)) Mutex.unlockRecovering(m, WORLD_LOCK);
}

/** Step 4: the GIL, and the pools that it holds. */
function freeGil(m: Memory): void {
  const seen = Atomics.load(m.i32, GIL_WORD);
  if (seen === 0 || !Death.isDead(m, seen)) return;
  if (Atomics.compareExchange(m.i32, GIL_WORD, seen, m.owner) !== seen) return;
  m.i32[TORN] = 1;
  Repair.arenaSet(m, Layout.ARENA_SET);
  Repair.rings(m, PageMap.GIL_HOLDER, PageMap.MEM, PageMap.OBJ);
  Gil.dropFinal(m);
}

/** Step 5: the pools of a dead worker. */
function leavePools(m: Memory, dead: number, found: Recovered): void {
  for (let page = m.firstPage; page < m.pages; page++) {
    const key = Atomics.load(m.i32, Layout.PAGE_MAP + page);
    if (Policy.holderOf(key) !== dead || !Repair.isPool(key)) continue;
    found.lostBlocks += Repair.mend(m, page);
    found.pools++;
    Leave.leave(m, page, key);
  }
}

/** Step 8: frees the slot of a dead worker. Its state stays DEAD until then. */
function freeSlot(m: Memory, slot: number): void {
  // It may have lost a block, see `memory/states.ts`.
  if (m.isSealed) Atomics.add(m.i32, Layout.HEADER + Header.X_DEATHS, 1);
  const inUse = Fence.threadAt(slot) + ThreadState.X_IN_USE;
  Atomics.store(m.i32, inUse, ThreadState.FREE); // COMMIT
}

/** True if a worker is dead and still has its slot. */
function isLeft(m: Memory, dead: number): boolean {
  const inUse = Fence.threadAt(dead & PageMap.SLOT_MASK) + ThreadState.X_IN_USE;
  return Death.isDead(m, dead) &&
    Atomics.load(m.i32, inUse) !== ThreadState.FREE;
}

/** Steps 3 to 8. The caller has RECOVERY_LOCK. */
function recoverLocked(m: Memory, dead: number, found: Recovered): void {
  if (!isLeft(m, dead)) return; // somebody else has recovered it
  freeThreads(m);
  if (m.build === Header.BUILD_GIL) freeGil(m);
  leavePools(m, dead, found);
  found.pages = Repair.giveBackTaken(m, dead);
  Repair.announceAll(m);
  Estate.leave(m, dead & PageMap.SLOT_MASK);
  freeSlot(m, dead & PageMap.SLOT_MASK);
}

/**
 * Recovers a worker that was declared dead.
 *
 * @param m The heap, of a worker that has a thread state.
 * @param dead Owner value of the dead worker.
 * @returns What was found; all 0 if somebody else was quicker.
 */
export function recover(m: Memory, dead: number): Recovered {
  const found: Recovered = { pools: 0, lostBlocks: 0, pages: 0 };
  lockRecovery(m, Infinity, true);
  recoverLocked(m, dead, found);
  Mutex.unlock(m, RECOVERY_LOCK);
  return found;
}

/**
 * Waits until a revoked worker that may be running is in no critical section.
 *
 * @param m The heap.
 * @param owner Owner value of the revoked worker.
 * @param timeoutMs Longest wait. Milliseconds.
 * @returns True if it has no lock of the heap, hence will never get one again.
 */
export function awaitOutside(
  m: Memory,
  owner: number,
  timeoutMs: number,
): boolean {
  const end = m.clock.now() + timeoutMs;
  for (const lock of LOCKS) {
    while (Mutex.ownerOf(m, lock) === owner) {
      if (m.clock.now() >= end) return false;
      const seen = Atomics.load(m.i32, lock);
      if (seen !== 0) Atomics.wait(m.i32, lock, seen, NAP_MS);
    }
  }
  return true;
}

/** The locks of the heap. */
const LOCKS = [
  WORLD_LOCK,
  THREADS_LOCK,
  Layout.ARENA_SET + ArenaSet.LOCK,
  Layout.RAW_ARENA_SET + ArenaSet.LOCK,
  RUNS_LOCK,
];
