/**
 * `heap.threads`: the worker's thread state, and the others'.
 *
 * ## Threads
 *   Belongs to one worker. See `src/threads/` for the protocols.
 *
 * @module
 */

import { show, ThreadStateError } from "../errors.ts";
import type { Core } from "../domains/core.ts";
import { Gil, SafePoint, ThreadStates, World } from "../threads/mod.ts";

/** @ignore States of a thread state, by number. */
export const STATES = [
  "detached",
  "attached",
  "suspended",
  "shutting down",
  "revoked",
  "dead",
] as const;

/** Name of the state of a thread state. */
export type ThreadStateName = typeof STATES[number];

/** How long a world may take to stop. Milliseconds. */
const STOP_TIMEOUT_MS = 10000;

/**
 * The thread state of this worker.
 *
 * MEM and OBJ may be called only while it is attached. In the GIL build it is
 * attached only while it holds the GIL.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { createHeap } from "@obmalloc/obmalloc";
 *
 * using heap = createHeap({ build: "gil", maxBytes: 16 * 1024 * 1024 });
 * assert.equal(heap.threads.state, "attached");
 * const answer = heap.threads.detached(() => 6 * 7); // others may run
 * assert.equal(answer, 42);
 * ```
 */
export class Threads {
  readonly #core: Core;
  readonly #current: Map<string, Core>;
  readonly #id: string;

  /** @ignore */
  constructor(core: Core, id: string, current: Map<string, Core>) {
    this.#core = core;
    this.#id = id;
    this.#current = current;
  }

  /** Slot of the thread state, a small number that no other live one has. */
  get slot(): number {
    return this.#core.m.slot;
  }

  /** A number that no other worker of the heap has or will have. */
  get id(): number {
    return this.#core.m.owner;
  }

  /** What the thread state is now. */
  get state(): ThreadStateName {
    const m = this.#core.m;
    return STATES[ThreadStates.stateOf(m, m.slot)];
  }

  /**
   * Attaches the thread state; under the GIL, waits for it.
   *
   * C: `PyEval_RestoreThread()`, Python/ceval_gil.c.
   *
   * @throws {ThreadStateError} If this worker has one attached already.
   */
  attach(): void {
    if (this.#core.isClosed) {
      throw new ThreadStateError("Cannot attach: the heap is closed");
    }
    const current = this.#current.get(this.#id);
    if (
      current !== undefined && (current === this.#core || !current.isRevoked)
    ) {
      const whose = current === this.#core
        ? "the thread state is attached already"
        : "this worker has another attached thread state of the heap";
      throw new ThreadStateError(`Cannot attach: ${whose}`);
    }
    this.#core.guard(() => this.#core.attach());
    this.#current.set(this.#id, this.#core);
  }

  /**
   * Detaches the thread state; under the GIL, gives it up.
   *
   * C: `PyEval_SaveThread()`, Python/ceval_gil.c.
   *
   * @throws {ThreadStateError} If it is not attached.
   */
  detach(): void {
    if (this.#core.m.isCut) this.#core.heal();
    this.#require("detach");
    this.#current.delete(this.#id);
    this.#core.guard(() => this.#core.detach());
  }

  /**
   * Runs `run` detached, so that others may run, then attaches again.
   *
   * C: `Py_BEGIN_ALLOW_THREADS` … `Py_END_ALLOW_THREADS`.
   *
   * @param run Anything that does not use MEM or OBJ; it is not awaited.
   * @returns What `run` returns.
   * @throws {ThreadStateError} If the thread state is not attached.
   */
  detached<T>(run: () => T): T {
    this.detach();
    try {
      return run();
    } finally {
      this.attach();
    }
  }

  /**
   * Lets others have their turn: gives the GIL up if somebody asked for it,
   * stops if the world is to stop, reports a quiescent state.
   *
   * Call it in every long loop. C: the eval breaker, `_Py_HandlePending()`.
   *
   * @throws {ThreadStateError} If the thread state is not attached.
   */
  safePoint(): void {
    this.#require("pass a safe point");
    this.#core.guard(() => SafePoint.safePoint(this.#core.m));
    this.#core.follow();
  }

  /**
   * Runs `run` while no other thread state is attached.
   *
   * Workers that use RAW only are not stopped. C: `_PyEval_StopTheWorld()`.
   *
   * @param run What to do; it is not awaited.
   * @returns What `run` returns.
   * @throws {ThreadStateError} If this thread state is not attached, or if
   * another one reached no safe point for 10 seconds.
   */
  stopTheWorld<T>(run: () => T): T {
    this.#require("stop the world");
    const m = this.#core.m;
    if (!this.#core.guard(() => World.stop(m, STOP_TIMEOUT_MS))) {
      throw new ThreadStateError(
        "Cannot stop the world: a thread reached no safe point for " +
          `${STOP_TIMEOUT_MS} ms`,
      );
    }
    try {
      return run();
    } finally {
      this.#core.guard(() => World.start(m));
    }
  }

  /**
   * How long a thread may keep the GIL while others wait for it. Seconds.
   *
   * Python: `sys.getswitchinterval()`.
   */
  get switchInterval(): number {
    return Gil.interval(this.#core.m) / 1e6;
  }

  /**
   * Python: `sys.setswitchinterval()`.
   *
   * @throws {TypeError} If it is no number.
   * @throws {RangeError} If it is no time above 0.
   */
  set switchInterval(seconds: number) {
    if (typeof seconds !== "number") {
      throw new TypeError(
        "Cannot set the switch interval: it must be a number, not " +
          show(seconds),
      );
    }
    const us = Math.round(seconds * 1e6);
    if (!(seconds > 0) || us > 0x7fffffff) {
      throw new RangeError(
        `Cannot set the switch interval to ${seconds} s: it must be above 0 ` +
          "and below 2147 s",
      );
    }
    Gil.setInterval(this.#core.m, Math.max(us, 1));
  }

  /** @ignore Forgets the attached thread state: the heap closes it itself. */
  leave(): void {
    if (this.#current.get(this.#id) !== this.#core) return;
    this.#current.delete(this.#id);
  }

  /** Refuses a call that needs this thread state attached. */
  #require(verb: string): void {
    if (this.#core.isAttached) return;
    throw new ThreadStateError(
      `Cannot ${verb} without an attached thread state`,
    );
  }
}
