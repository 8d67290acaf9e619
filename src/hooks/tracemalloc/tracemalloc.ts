/**
 * Python's module `tracemalloc`, of one heap: which line allocated what.
 *
 * ## Threads
 *   What is traced is one for all workers of the heap, and each of these calls
 *   may be made by several of them at once. None waits for another, but for
 *   {@linkcode Tracemalloc.stop}, which waits until nobody uses the tables.
 *
 * Source: CPython 3.14 Modules/_tracemalloc.c; Lib/tracemalloc.py.
 * Differs: a snapshot is not of one instant, unless the others stand still; the
 * frames beyond the limit are not counted, because each costs 3 µs.
 *
 * @module
 */

import { MemoryError, show, ThreadStateError } from "../../errors.ts";
import type { Core } from "../../domains/mod.ts";
import { Traceback } from "./frame.ts";
import * as Inside from "./tables/inside.ts";
import { checkNframe } from "./option.ts";
import { readAll, readOne } from "./read.ts";
import * as Session from "./tables/session.ts";
import { Snapshot } from "./snapshot.ts";
import { type Tracer, tracerOf } from "./tracer.ts";

/** No memory domain of a trace is beyond it. C: UINT_MAX. */
const UINT_MAX = 4294967295;

/** What was allocated where, of a heap: `heap.tracemalloc`. */
export class Tracemalloc {
  readonly #core: Core.Core;
  readonly #tracer: Tracer;

  /** @ignore What a worker sees of it. */
  constructor(core: Core.Core) {
    this.#core = core;
    this.#tracer = tracerOf(core);
  }

  /**
   * Traces all allocations of all workers from now on. No effect if they are
   * traced already.
   *
   * @example Usage
   * ```ts
   * import assert from "node:assert/strict";
   * import { createHeap } from "@obmalloc/obmalloc";
   *
   * using heap = createHeap({ maxBytes: 16 * 1024 * 1024 });
   * heap.tracemalloc.start();
   * const block = heap.mem.malloc(1000);
   * const [top] = heap.tracemalloc.takeSnapshot().statistics("lineno");
   * assert.match(String(top), /size=1000 B, count=1, average=1000 B$/);
   * heap.mem.free(block);
   * assert.deepEqual(heap.tracemalloc.getTracedMemory(), [0, 1000]);
   * heap.tracemalloc.stop();
   * ```
   *
   * @param nframe Frames to keep of a stack, 1 to 65535. Count.
   * @throws {TypeError} If `nframe` is no number.
   * @throws {RangeError} If it is out of range.
   * @throws {MemoryError} If no memory is left for the tables.
   * @throws {ThreadStateError} If the heap is closed.
   */
  start(nframe = 1): void {
    checkNframe(nframe);
    this.#requireOpen("start to trace");
    const isDone = this.#core.guard(() =>
      Session.start(this.#tracer.window, nframe)
    );
    if (!isDone) {
      throw new MemoryError("Cannot start to trace: no memory is left");
    }
    this.#tell();
  }

  /**
   * Traces no more, and forgets all traces. Waits until nobody uses them.
   *
   * @throws {ThreadStateError} If a worker does not come to an end of what it
   * does with them, within 10 seconds, or may be one that was revoked. Nothing
   * is traced then, but the memory of the traces stays allocated.
   */
  stop(): void {
    if (this.#core.isClosed) return;
    const { window } = this.#tracer;
    const result = this.#core.guard(() => Session.stop(window));
    if (result === Session.NOT_TRACING) return;
    this.#tell();
    if (result === Session.FREED) return;
    throw new ThreadStateError(
      "Cannot free the traces: another worker may still use them",
    );
  }

  /** Lets all workers know that tracing was started or stopped. */
  #tell(): void {
    this.#core.allocators.announce();
    this.#tracer.follow();
  }

  /** True while allocations are traced. */
  isTracing(): boolean {
    return !this.#core.isClosed && Session.isTracing(this.#core.m);
  }

  /** Forgets all traces; what is allocated from now on is traced. */
  clearTraces(): void {
    this.#run(() => Session.clear(this.#tracer.window), undefined);
  }

  /** Bytes of all blocks that are traced: now, and most at one time. */
  getTracedMemory(): [current: number, peak: number] {
    const { window } = this.#tracer;
    return this.#run(() => {
      const current = Session.figure(window, Session.TRACED);
      return [current, Math.max(current, Session.figure(window, Session.PEAK))];
    }, [0, 0]);
  }

  /** Makes the peak what is traced now. */
  resetPeak(): void {
    this.#run(() => Session.resetPeak(this.#tracer.window), undefined);
  }

  /** Memory that the traces take. Bytes. */
  getTracemallocMemory(): number {
    const { window } = this.#tracer;
    return this.#run(() => Session.figure(window, Session.MEMORY), 0);
  }

  /** Frames that are kept of a stack, since the last start. Count. */
  getTracebackLimit(): number {
    return this.#run(() => Session.limitOf(this.#tracer.window), 1);
  }

  /**
   * Where a block was allocated.
   *
   * @param ptr Block of RAW, MEM or OBJ.
   * @returns The traceback, or null if the block is not traced.
   * @throws {TypeError} If `ptr` is no integer from 0 on.
   */
  getObjectTraceback(ptr: number): Traceback | null {
    return this.tracebackOf(0, ptr);
  }

  /**
   * @ignore Where a key of `PyTraceMalloc_Track()` was tracked.
   * C: `_PyTraceMalloc_GetTraceback()`.
   */
  tracebackOf(domain: number, ptr: number): Traceback | null {
    checkKey("look for the traceback of", domain, ptr);
    const { window } = this.#tracer;
    const found = this.#run(() => readOne(window, domain, ptr), null);
    return found && new Traceback(found.frames, found.totalNframe);
  }

  /**
   * All traces of now, of all workers.
   *
   * @returns The snapshot.
   * @throws {Error} If allocations are not traced. Python: RuntimeError.
   */
  takeSnapshot(): Snapshot {
    const { window } = this.#tracer;
    const snapshot = this.#run(() => {
      const tables = Inside.enter(window.m);
      const limit = tables === 0 ? 0 : Session.limitIn(window, tables);
      const traces = tables === 0 ? [] : readAll(window, tables);
      Inside.leave(window.m);
      return tables === 0 ? null : new Snapshot(traces, limit);
    }, null);
    if (snapshot !== null) return snapshot;
    throw new Error(
      "the tracemalloc module must be tracing memory " + // verbatim
        "allocations to take a snapshot",
    );
  }

  /** @ignore C: `PyTraceMalloc_Track()`. */
  track(domain: number, ptr: number, size: number, by: unknown): number {
    checkKey("track", domain, ptr);
    if (!Number.isSafeInteger(size) || size < 0) {
      throw new TypeError(
        `Cannot track ${show(ptr)}: ${String(size)} is no size`,
      );
    }
    if (!this.isTracing()) return Session.NOT_TRACING;
    return this.#run(
      () => this.#tracer.track(domain, ptr, size, by),
      Session.NOT_TRACING,
    );
  }

  /** @ignore C: `PyTraceMalloc_Untrack()`. */
  untrack(domain: number, ptr: number): number {
    checkKey("untrack", domain, ptr);
    if (!this.isTracing()) return Session.NOT_TRACING;
    this.#run(() => Session.untrack(this.#tracer.window, domain, ptr), 0n);
    return Session.DONE;
  }

  #requireOpen(attempt: string): void {
    if (!this.#core.isClosed) return;
    throw new ThreadStateError(`Cannot ${attempt}: the heap is closed`);
  }

  /** What an operation on the tables gives, or `closed` without a heap. */
  #run<T>(operation: () => T, closed: T): T {
    if (this.#core.isClosed) return closed;
    return this.#core.guard(() => this.#tracer.run(operation));
  }
}

/** Throws unless the two are a domain and a pointer. */
function checkKey(verb: string, domain: unknown, ptr: unknown): void {
  const isDomain = Number.isInteger(domain) && (domain as number) >= 0 &&
    (domain as number) <= UINT_MAX;
  if (!isDomain) {
    throw new TypeError(
      `Cannot ${verb} ${show(ptr)}: ${show(domain)} is no domain`,
    );
  }
  if (Number.isSafeInteger(ptr) && (ptr as number) >= 0) return;
  throw new TypeError(`Cannot ${verb} ${show(ptr)}: it is no pointer`);
}
