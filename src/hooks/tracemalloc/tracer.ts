/**
 * What traces in one worker: its stack, its window on the tables, its records.
 *
 * ## Threads
 *   Belongs to one worker, but for what `session.ts` does. The stack is
 *   captured before the tables are entered; an operation that throws, because
 *   the stack or the heap gave out, leaves them.
 *
 * Source: CPython 3.14 Python/tracemalloc.c.
 *
 * @module
 */

import type { AnyAllocator, Core } from "../../domains/mod.ts";
import * as PageMap from "../../layout/page_map.ts";
import * as TraceRecord from "../../layout/trace_record.ts";
import * as TraceTables from "../../layout/trace_tables.ts";
import * as Inside from "./tables/inside.ts";
import { nameWords } from "./tables/intern.ts";
import { install, uninstall } from "./records.ts";
import * as Session from "./tables/session.ts";
import { capture, type Place, type Stack } from "./stack.ts";
import * as Traces from "./tables/traces.ts";
import { Window } from "./tables/window.ts";

const { NO_MEMORY, STALE } = Session;
/** Most tracebacks that a worker remembers. Count. */
const TRACEBACKS_MAX = 10_000;

/** See the head of this file. */
export class Tracer {
  /** The heap as this worker has it. */
  declare readonly core: Core.Core;
  /** Its window on the tables. */
  declare readonly window: Window;
  /** True while a call of a record is under way: what it calls is not traced. */
  isBusy = false;
  /** Its records of RAW, MEM and OBJ; null where it has none installed. */
  readonly records: (AnyAllocator | null)[] = [null, null, null];
  /** Frames to keep of a stack. Count. */
  #limit = 1;
  /** Interned tracebacks by the key of their stack. Word indexes. */
  readonly #tracebacks = new Map<string, number>();
  /** Epoch of these tracebacks. Count. */
  #epoch = 0;
  /** Who this worker was when they were interned: a full stack changes that. */
  #owner = 0;

  /** The tracer of a worker. {@linkcode tracerOf} makes it. */
  constructor(core: Core.Core) {
    this.core = core;
    this.window = new Window(core.m, core.allocators.base(PageMap.RAW));
  }

  /** Installs the records, or removes them, as the tables say. */
  follow(): void {
    if (this.core.isClosed) return;
    if (!Session.isTracing(this.core.m)) return uninstall(this);
    this.#limit = this.run(() => Session.limitOf(this.window));
    install(this);
  }

  /** Runs an operation on the tables, and leaves them if it throws. */
  run<T>(operation: () => T): T {
    try {
      return operation();
    } catch (error) {
      Inside.leave(this.core.m);
      throw error;
    }
  }

  /**
   * Notes where a block was allocated: below the caller.
   *
   * @param skipped Function of this library that was called from outside.
   * @returns DONE, NO_MEMORY or NOT_TRACING.
   */
  track(
    domain: number,
    ptr: number,
    size: number,
    skipped: unknown,
  ): number {
    if (size >= TraceTables.SIZE_LIMIT) return NO_MEMORY;
    const stack = capture(this.#limit, skipped);
    return this.run(() => this.#track(domain, ptr, size, stack));
  }

  #track(domain: number, ptr: number, size: number, stack: Stack): number {
    while (true) {
      const traceback = this.#intern(stack);
      let result = traceback;
      if (traceback > 0) {
        const { window } = this;
        const epoch = this.#epoch;
        result = Session.track(window, domain, ptr, size, traceback, epoch);
      }
      if (result !== STALE) return result;
      this.#epoch = 0;
    }
  }

  /**
   * Makes sure that a trace of the caller's stack can be stored, but for the
   * place of the block, which is not known yet.
   *
   * @returns The stack, or undefined if no memory is left for it.
   */
  prepare(skipped: unknown): Stack | undefined {
    const stack = capture(this.#limit, skipped);
    const result = this.run(() => this.#intern(stack));
    return result === NO_MEMORY ? undefined : stack;
  }

  /** Notes that a block was allocated with a stack. Result as for `track()`. */
  trackAt(ptr: number, size: number, stack: Stack): number {
    if (size >= TraceTables.SIZE_LIMIT) return NO_MEMORY;
    return this.run(() => this.#track(0, ptr, size, stack));
  }

  /** The interned traceback of a stack, or what went wrong. Word index. */
  #intern(stack: Stack): number {
    const { owner } = this.core.m;
    if (this.#epoch !== 0 && this.#owner === owner) {
      const known = this.#tracebacks.get(stack.key);
      if (known !== undefined) return known;
    }
    while (true) {
      const traceback = this.#internPlaces(stack.places);
      if (traceback === STALE) continue;
      if (traceback <= 0) return traceback;
      const { epoch } = this.window;
      const isSame = epoch === this.#epoch && owner === this.#owner;
      const isFull = this.#tracebacks.size >= TRACEBACKS_MAX;
      if (isFull || !isSame) this.#tracebacks.clear();
      this.#epoch = epoch;
      this.#owner = owner;
      this.#tracebacks.set(stack.key, traceback);
      return traceback;
    }
  }

  /** The interned traceback of places, or what went wrong. Word index. */
  #internPlaces(places: readonly Place[]): number {
    const { core, window } = this;
    const words: number[] = [places.length, core.m.owner];
    let epoch = 0;
    for (const { filename, lineno, name } of places) {
      const file = Session.intern(window, nameWords(filename), epoch);
      if (file <= 0) return file;
      epoch = window.epoch;
      const func = Session.intern(window, nameWords(name), epoch);
      if (func <= 0) return func;
      words.push(file >>> 2, lineno, func >>> 2);
    }
    const all = [TraceRecord.TRACEBACK, words.length, ...words];
    return Session.intern(window, all, epoch);
  }

  /**
   * Takes the trace of a block off.
   *
   * @returns The trace, good in the epoch of the window.
   */
  take(ptr: number): bigint {
    return this.run(() => Session.untrack(this.window, 0, ptr));
  }

  /** Puts a trace back that was taken off in an epoch. */
  putBack(ptr: number, trace: bigint, epoch: number): void {
    if (trace === Traces.NONE) return;
    const { window } = this;
    const traceback = Traces.tracebackOf(trace);
    const size = Traces.sizeOf(trace);
    this.run(() => Session.track(window, 0, ptr, size, traceback, epoch));
  }
}

const tracers = new WeakMap<Core.Core, Tracer>();

/**
 * The tracer of a worker, which from then on follows what others start and
 * stop.
 *
 * @param core The heap as the worker has it.
 */
export function tracerOf(core: Core.Core): Tracer {
  const known = tracers.get(core);
  if (known !== undefined) return known;
  const tracer = new Tracer(core);
  tracers.set(core, tracer);
  core.onAdopt(() => tracer.follow());
  return tracer;
}
