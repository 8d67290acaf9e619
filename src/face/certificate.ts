/**
 * Death certificates: a Web Lock that a worker holds for as long as it lives.
 *
 * The platform releases the lock when the worker ends, however it ends: by
 * itself, by an error, or killed. Nothing else is a proof of death; a worker
 * that was told to terminate may go on for as long as it likes.
 *
 * ## Threads
 *   X_CERTIFIED is set by the worker once it has the lock. The lock is released
 *   after the slot was given back: a free lock of a slot that is still in use
 *   by the same incarnation means that the worker has ended.
 *
 * @module
 */

import { ThreadStateError } from "../errors.ts";
import type { Core } from "../domains/core.ts";
import * as Header from "../layout/header.ts";
import * as ThreadState from "../layout/thread_state.ts";
import type { Memory } from "../memory/mod.ts";

/** The part of the Web Locks API that is used here. */
interface Locks {
  request<T>(
    name: string,
    options: { readonly ifAvailable?: boolean },
    run: (lock: unknown) => T | Promise<T>,
  ): Promise<T>;
}

/** Web Locks, where there are some. */
function locks(): Locks | undefined {
  const { navigator } = globalThis as { navigator?: { locks?: Locks } };
  return navigator?.locks;
}

/** Name of the lock of a worker. */
function nameOf(m: Memory, owner: number): string {
  const { i32 } = m;
  const id = `${i32[Header.HEAP_ID]}:${i32[Header.HEAP_ID + 1]}`;
  return `obmalloc:${id}:${owner}`;
}

/** Whether the lock of a worker is free: it has ended. */
export async function isReleased(m: Memory, owner: number): Promise<boolean> {
  const there = locks();
  if (there === undefined) return false;
  const options = { ifAvailable: true };
  return await there.request(nameOf(m, owner), options, (lock) => !!lock);
}

/** The certificate of one worker. */
export class Certificate {
  readonly #core: Core;
  #release: (() => void) | undefined;
  #owner = 0;

  /** None yet. */
  constructor(core: Core) {
    this.#core = core;
  }

  /**
   * Takes it. Once it has one, nothing.
   *
   * @returns False where there are no Web Locks.
   * @throws {ThreadStateError} If the heap is closed.
   */
  async take(): Promise<boolean> {
    const there = locks();
    const { m, isClosed } = this.#core;
    if (isClosed) {
      throw new ThreadStateError("Cannot certify: the heap is closed");
    }
    if (there === undefined) return false;
    if (this.#owner === m.owner) return true;
    this.tearUp(); // of a thread state that was lost
    this.#owner = m.owner;
    const held = Promise.withResolvers<void>();
    const granted = Promise.withResolvers<void>();
    this.#release = held.resolve;
    const lock = there.request(nameOf(m, m.owner), {}, () => {
      granted.resolve();
      return held.promise;
    });
    lock.catch(granted.reject);
    await granted.promise;
    Atomics.store(m.i32, m.thread + ThreadState.X_CERTIFIED, 1);
    return true;
  }

  /** Releases it: the slot was given back. */
  tearUp(): void {
    this.#release?.();
    this.#release = undefined;
    this.#owner = 0;
  }
}
