/**
 * The locks of the heap's own structures, as those take them who work on the
 * structures: a worker whose thread state was revoked gets none any more.
 *
 * ## Threads
 *   As `sync/mutex.ts`. Who revokes sets the mark first and then takes each lock
 *   once; here the mark is read after the lock was taken. So either the revoker
 *   waits for us, or we find its mark.
 *
 * @module
 */

import type { Memory } from "../memory/mod.ts";
import { Mutex } from "../sync/mod.ts";
import * as Suspension from "./suspension.ts";

/**
 * Takes a lock of the heap.
 *
 * @param m The heap.
 * @param at The mutex. Word index.
 * @throws {ThreadStateError} If this worker was revoked.
 */
export function lock(m: Memory, at: number): void {
  Mutex.lock(m, at);
  if (Suspension.isLost(m)) refuse(m, at);
}

/** Gives the lock back and throws. */
function refuse(m: Memory, at: number): void {
  Mutex.unlock(m, at);
  Suspension.requireNotRevoked(m);
}

/**
 * Gives a lock of the heap back.
 *
 * @param m The heap.
 * @param at The mutex. Word index.
 */
export function unlock(m: Memory, at: number): void {
  Mutex.unlock(m, at);
}
