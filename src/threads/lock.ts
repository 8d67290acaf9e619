/**
 * Locks of users: who waits for one is detached meanwhile, so that a thread
 * asleep holds up neither the GIL nor who wants to stop the world.
 *
 * ## Threads
 *   Internal locks (`Mutex.lock`) never change the thread state; this one may,
 *   so it is a safe point if it has to wait.
 *
 * Source: CPython 3.14 Python/lock.c: _PyMutex_LockTimed() with
 * _PY_LOCK_DETACH.
 *
 * @module
 */

import type { Memory } from "../memory/mod.ts";
import * as Header from "../layout/header.ts";
import { Mutex } from "../sync/mod.ts";
import * as ThreadStates from "./thread_state.ts";

/**
 * Takes a mutex, detached while it has to wait.
 *
 * C: `PyMutex_Lock()`.
 *
 * @param m The heap.
 * @param at The mutex. Word index.
 */
export function lockDetaching(m: Memory, at: number): void {
  if (Mutex.tryLock(m, at)) return;
  if (!ThreadStates.isAttached(m)) {
    Mutex.lock(m, at);
    return;
  }
  // With the GIL in our hands the owner cannot run: spinning would be vain.
  if (m.build !== Header.BUILD_GIL && Mutex.trySpin(m, at)) return;
  ThreadStates.detach(m);
  Mutex.lock(m, at);
  ThreadStates.attach(m);
}
