/**
 * Thread states: the slots of workers, and who may touch MEM and OBJ.
 *
 * ```text
 *               attach                       suspend (another thread)
 *   ATTACHED ◀─────────── DETACHED ◀──────────────────────▶ SUSPENDED
 *      │     ───────────▶    │                resume
 *      │        detach       │
 *      └──────────┬──────────┘
 *                 ▼  release
 *           SHUTTING_DOWN ──▶ reserve by another worker ──▶ DETACHED
 * ```
 *
 * From every state a thread may be REVOKED by another worker, then DEAD.
 *
 * ## Invariants
 *   T1  X_IN_USE is not FREE ⇔ exactly one worker has the slot, dead or alive
 *   T2  two workers never have the same slot and incarnation
 *   T3  free-threaded: X_QSBR_SEQ is not 0 ⇒ the state is ATTACHED, or its
 *       thread is about to change it
 *   T4  GIL build: the state is ATTACHED ⇒ its thread has the GIL
 *   T5  every slot ever used is below X_THREADS_USED
 *
 * ## Threads
 *   A slot is claimed by one compare-and-exchange, so that its worker has a name
 *   before it takes its first lock; it is counted, and given back, under the
 *   threads lock. The state word is described in `suspension.ts`. Words of a
 *   slot in use belong to its worker unless the layout says otherwise. A worker
 *   that stops leaves a slot that stays in use until it is recovered.
 *
 * ## Not here
 *   What a thread leaves behind when it exits (`pools/`), which must be handed
 *   on before {@linkcode release}.
 *
 * Source: CPython 3.14 Python/pystate.c: new_threadstate(),
 * _PyThreadState_Attach(), detach_thread(), tstate_delete_common().
 * Differs: slots are numbered and used again, with an incarnation; attaching
 * twice is an error that can be caught.
 *
 * @module
 */

import type { Memory } from "../memory/mod.ts";
import { ThreadStateError } from "../errors.ts";
import * as Header from "../layout/header.ts";
import * as Map from "../layout/memory_map.ts";
import * as PageMap from "../layout/page_map.ts";
import * as QsbrShared from "../layout/qsbr.ts";
import * as ThreadState from "../layout/thread_state.ts";
import * as Waiter from "../layout/waiter.ts";
import { Mutex } from "../sync/mod.ts";
import * as EvalBreaker from "./eval_breaker.ts";
import * as Gil from "./gil.ts";
import * as Qsbr from "./qsbr.ts";
import * as Sections from "./sections.ts";
import * as Suspension from "./suspension.ts";

export {
  requireSound,
  resume,
  stateOf,
  suspendDetached,
} from "./suspension.ts";

const THREADS_LOCK = Map.HEADER + Header.THREADS_LOCK;
const THREADS_USED = Map.HEADER + Header.X_THREADS_USED;

/** Words from the statistics to the end of the rings are 0 in a new slot. */
const ZEROED_END = ThreadState.RINGS + 5 * ThreadState.RING_SET;

/**
 * Sets up the thread states of a new heap: two of them are no worker's.
 *
 * @param m The heap, not yet shared.
 */
export function init(m: Memory): void {
  const i32 = m.i32;
  for (let slot = 0; slot < PageMap.FIRST_SLOT; slot++) {
    const thread = Map.THREADS + slot * ThreadState.SIZEOF;
    Atomics.store(i32, thread + ThreadState.X_IN_USE, ThreadState.IN_USE);
    Atomics.store(i32, thread + ThreadState.X_STATE, ThreadState.DETACHED);
    Atomics.store(i32, thread + ThreadState.X_NEWS, 0);
    Atomics.store(i32, thread + ThreadState.X_RAW_NEWS, 0);
  }
  Atomics.store(i32, THREADS_USED, PageMap.FIRST_SLOT);
}

/**
 * Gives this worker a thread state, the free one with the lowest slot. It
 * starts detached.
 *
 * C: `PyThreadState_New()`.
 *
 * @param m The heap, of a worker without a thread state.
 * @returns False if all slots are in use.
 */
export function reserve(m: Memory): boolean {
  if (!claim(m)) return false;
  join(m);
  return true;
}

/**
 * First half of {@linkcode reserve}: the worker has a slot and a name, and
 * nobody counts it yet. Takes no lock.
 *
 * @param m The heap.
 * @returns False if all slots are in use.
 */
export function claim(m: Memory): boolean {
  const i32 = m.i32;
  const slot = claimSlot(i32);
  if (slot === 0) return false;
  const thread = Map.THREADS + slot * ThreadState.SIZEOF;
  const incarnation = nextIncarnation(i32[thread + ThreadState.INCARNATION]);
  // The last worker may have been left DEAD: that is none of this one's.
  Atomics.store(
    i32,
    thread + ThreadState.X_STATE,
    ThreadState.SHUTTING_DOWN,
  );
  Atomics.store(i32, thread + ThreadState.X_FENCE, 0);
  i32[thread + ThreadState.INCARNATION] = incarnation;
  m.slot = slot;
  m.thread = thread;
  m.owner = (incarnation << PageMap.INCARNATION_SHIFT) | slot;
  clear(m);
  raiseUsed(i32, slot + 1);
  return true;
}

/**
 * Second half of {@linkcode reserve}: the thread state is DETACHED, or
 * suspended if the world stands still, and is counted.
 *
 * @param m The heap.
 */
export function join(m: Memory): void {
  const { i32, thread } = m;
  Mutex.lock(m, THREADS_LOCK);
  const word = Suspension.wordForNewcomerLocked(m);
  Atomics.store(i32, thread + ThreadState.X_STATE, word);
  Atomics.store(i32, thread + ThreadState.X_IN_USE, ThreadState.IN_USE); // COMMIT
  Mutex.unlock(m, THREADS_LOCK);
}

/** Clears what the last worker left in the slot. */
function clear(m: Memory): void {
  const { i32, thread } = m;
  Atomics.store(i32, thread + ThreadState.X_CERTIFIED, 0);
  Atomics.store(i32, thread + ThreadState.X_EVAL_BREAKER, 0);
  Atomics.store(i32, thread + ThreadState.X_QSBR_SEQ, QsbrShared.OFFLINE);
  Atomics.store(i32, thread + ThreadState.X_NEWS, 0);
  Atomics.store(i32, thread + ThreadState.X_RAW_NEWS, 0);
  i32[thread + ThreadState.SECTION_DEPTH] = 0;
  i32[thread + ThreadState.WAITER + Waiter.ADDR] = 0;
  for (let at = ThreadState.STAT_REMOTE_FREES; at < ZEROED_END; at++) {
    // Objects that one who died has kept are this one's.
    if (at === ThreadState.FREE_LISTS) at = ThreadState.DELAYED_CHUNK;
    i32[thread + at] = 0;
  }
}

/** Makes X_THREADS_USED at least `used`. */
function raiseUsed(i32: Int32Array<SharedArrayBuffer>, used: number): void {
  let seen = Atomics.load(i32, THREADS_USED);
  while (seen < used) {
    const old = seen;
    seen = Atomics.compareExchange(i32, THREADS_USED, old, used);
    if (seen === old) return;
  }
}

/**
 * Gives this worker's thread state back. The caller has handed its pools on
 * already. It may be attached or detached.
 *
 * C: tstate_delete_common().
 *
 * @param m The heap. Its worker has no thread state afterwards.
 */
export function release(m: Memory): void {
  const attached = isAttached(m);
  if (attached && m.build === Header.BUILD_FREE_THREADED) Qsbr.detach(m);
  Mutex.lock(m, THREADS_LOCK);
  while (!Suspension.shutDownLocked(m)) {
    Mutex.unlock(m, THREADS_LOCK);
    Suspension.waitWhileSuspended(m);
    Mutex.lock(m, THREADS_LOCK);
  }
  Mutex.unlock(m, THREADS_LOCK);
  if (attached && m.build === Header.BUILD_GIL) Gil.dropFinal(m);
  // Last of all: while it has the slot, its name can be looked up.
  Atomics.store(m.i32, m.thread + ThreadState.X_IN_USE, ThreadState.FREE);
  m.slot = 0;
  m.thread = 0;
  m.owner = 0;
}

/**
 * Attaches this worker's thread state: from now on it may touch MEM and OBJ.
 * Waits for the GIL in the GIL build, and while the worker is suspended.
 *
 * C: `PyEval_RestoreThread()`, _PyThreadState_Attach().
 *
 * @param m The heap.
 * @throws {ThreadStateError} If there is no thread state or it is attached.
 * @throws {FatalError} If another worker reports a fatal error meanwhile.
 */
export function attach(m: Memory): void {
  requireState(m, ThreadState.ATTACHED, false, "attach");
  attachState(m);
  while (Sections.depth(m) > 0 && !Sections.tryResume(m)) {
    detachState(m);
    Sections.resume(m);
    attachState(m);
  }
}

/** DETACHED becomes ATTACHED, however long that takes. */
function attachState(m: Memory): void {
  const at = m.thread + ThreadState.X_STATE;
  const takesGil = m.build === Header.BUILD_GIL;
  while (true) {
    if (takesGil) Gil.take(m);
    const seen = Atomics.compareExchange(
      m.i32,
      at,
      ThreadState.DETACHED,
      ThreadState.ATTACHED,
    ); // COMMIT
    if (seen === ThreadState.DETACHED) break;
    // Who has us suspended may need the GIL to let go of us.
    if (takesGil) Gil.drop(m);
    Suspension.requireState(m, seen);
    Suspension.waitWhileSuspended(m); // throws if revoked
  }
  if (!takesGil) Qsbr.attach(m);
}

/**
 * Detaches this worker's thread state: it may block as long as it likes, and
 * may not touch MEM and OBJ. If somebody stops the world, it counts as stopped.
 *
 * C: `PyEval_SaveThread()`, detach_thread().
 *
 * @param m The heap.
 * @throws {ThreadStateError} If the worker is not attached.
 */
export function detach(m: Memory): void {
  requireState(m, ThreadState.ATTACHED, true, "detach");
  if (Sections.depth(m) > 0) Sections.suspendAll(m);
  detachState(m);
}

/** ATTACHED becomes DETACHED, and a stopper is told. */
function detachState(m: Memory): void {
  if (m.build === Header.BUILD_GIL) {
    leaveAttached(m);
    Gil.drop(m);
    Suspension.requireNotRevoked(m);
    return;
  }
  Qsbr.detach(m);
  leaveAttached(m);
  Suspension.requireNotRevoked(m);
  // Without this the stopper would find us at its next look, 1 ms later.
  if (EvalBreaker.isSet(m, m.slot, EvalBreaker.PLEASE_STOP)) {
    EvalBreaker.clear(m, m.slot, EvalBreaker.PLEASE_STOP);
    Suspension.yieldToStopper(m);
  }
}

/** ATTACHED becomes DETACHED, unless the thread state was revoked. */
function leaveAttached(m: Memory): void {
  Atomics.compareExchange(
    m.i32,
    m.thread + ThreadState.X_STATE,
    ThreadState.ATTACHED,
    ThreadState.DETACHED,
  ); // COMMIT
}

/**
 * Whether this worker is attached.
 *
 * @param m The heap.
 * @returns True if it may touch MEM and OBJ.
 */
export function isAttached(m: Memory): boolean {
  return m.thread !== 0 &&
    Atomics.load(m.i32, m.thread + ThreadState.X_STATE) ===
      ThreadState.ATTACHED;
}

/** Throws unless "the state is `state`" has the expected answer. */
function requireState(
  m: Memory,
  state: number,
  expected: boolean,
  action: string,
): void {
  if (m.thread === 0) {
    throw new ThreadStateError(
      `Cannot ${action}: this worker has no thread state`,
    );
  }
  Suspension.requireNotRevoked(m);
  const seen = Atomics.load(m.i32, m.thread + ThreadState.X_STATE);
  if ((seen === state) !== expected) {
    throw new ThreadStateError(
      `Cannot ${action}: the thread state is ${
        expected ? "not" : "already"
      } attached`,
    );
  }
}

/** Claims the lowest slot that no worker has. Returns 0 if there is none. */
function claimSlot(i32: Int32Array<SharedArrayBuffer>): number {
  for (let slot = PageMap.FIRST_SLOT; slot < PageMap.SLOTS; slot++) {
    const at = Map.THREADS + slot * ThreadState.SIZEOF + ThreadState.X_IN_USE;
    const seen = Atomics.compareExchange(
      i32,
      at,
      ThreadState.FREE,
      ThreadState.RESERVING,
    ); // COMMIT
    if (seen === ThreadState.FREE) return slot;
  }
  return 0;
}

function nextIncarnation(incarnation: number): number {
  const next = (incarnation + 1) & PageMap.INCARNATION_MASK;
  return next === 0 ? 1 : next;
}
