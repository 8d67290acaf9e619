/**
 * `heap.gc`: the collector, with handles in place of addresses.
 *
 * ## Threads
 *   As `gc/gc.ts`: belongs to one worker. Callbacks, `garbage` and `debug` are
 *   this worker's; all else is the heap's.
 *
 * @module
 */

import type { Callback, Gc, GenerationStats, Info, Triple } from "../gc/mod.ts";
import type { Address } from "../memory/mod.ts";
import { operand, type PyObject, type Space } from "../handles/mod.ts";

export type {
  Callback as GcCallback,
  GenerationStats,
  Info as GcInfo,
  Triple as GcTriple,
};

/**
 * The module `gc` of Python. Handles that it returns are the caller's to close.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { createHeap } from "@obmalloc/obmalloc";
 *
 * using heap = createHeap({ maxBytes: 16 * 1024 * 1024 });
 * const ring = heap.from([]);
 * ring.append(ring);
 * ring.close(); // now nobody but the list itself refers to it
 * assert.equal(heap.gc.collect(), 1);
 * ```
 */
export class HeapGc {
  readonly #space: Space;
  readonly #gc: Gc;

  /** @ignore */
  constructor(space: Space) {
    this.#space = space;
    this.#gc = space.gc;
  }

  /**
   * Collects a generation and all younger ones; in the free-threaded build
   * there is one, the whole heap. Python: `gc.collect()`.
   *
   * @returns Objects that were unreachable. Count.
   * @throws {RangeError} If it is no generation.
   * @throws {ThreadStateError} If no thread state is attached, or another thread
   * reaches no safe point.
   */
  collect(generation?: number): number {
    this.#space.require("collect");
    return this.#gc.collect(generation);
  }

  /** Lets collections start by themselves. Python: `gc.enable()`. */
  enable(): void {
    this.#gc.enable();
  }

  /** The opposite, in all workers. Python: `gc.disable()`. */
  disable(): void {
    this.#gc.disable();
  }

  /** Whether collections start by themselves. Python: `gc.isenabled()`. */
  get isEnabled(): boolean {
    return this.#gc.isEnabled;
  }

  /** Python: `gc.get_threshold()`. */
  getThreshold(): Triple {
    return this.#gc.getThreshold();
  }

  /**
   * Python: `gc.set_threshold()`.
   *
   * @throws {RangeError} If they are no counts, or none or more than three.
   */
  setThreshold(...thresholds: number[]): void {
    this.#gc.setThreshold(...thresholds);
  }

  /** What is compared with the thresholds. Python: `gc.get_count()`. */
  getCount(): Triple {
    return this.#gc.getCount();
  }

  /** What was done so far, by generation. Python: `gc.get_stats()`. */
  getStats(): GenerationStats[] {
    return this.#gc.getStats();
  }

  /** Called before and after each collection that this worker makes. */
  get callbacks(): Callback[] {
    return this.#gc.callbacks;
  }

  /** Flags of `gc.set_debug()` in Python. */
  get debug(): number {
    return this.#gc.debug;
  }

  /** Sets them, for collections that this worker makes. */
  set debug(flags: number) {
    this.#gc.debug = flags;
  }

  /** Bytes of pages from which on the heap is collected; 0 for no limit. */
  get memoryLimit(): number {
    return this.#gc.memoryLimit;
  }

  /**
   * Sets the limit.
   *
   * @throws {RangeError} If it is no integer from 0 to 4294967296.
   */
  set memoryLimit(bytes: number) {
    this.#gc.memoryLimit = bytes;
  }

  /** Takes what is in `gc.garbage` out. */
  takeGarbage(): PyObject[] {
    this.#space.require("take the garbage");
    return this.#handles(this.#gc.garbage.splice(0));
  }

  /** Handles that own references. */
  #handles(ops: readonly Address[]): PyObject[] {
    return ops.map((op) => this.#space.wrap(op));
  }

  /** The objects of handles. */
  #operands(handles: readonly PyObject[], attempt: string): Address[] {
    this.#space.require(attempt);
    return handles.map((each) => operand(this.#space, each, attempt));
  }

  /** Whether the collector looks after an object. Python: `gc.is_tracked()`. */
  isTracked(handle: PyObject): boolean {
    return this.#gc.isTracked(this.#operands([handle], "look at an object")[0]);
  }

  /** Whether its finalizer was run. Python: `gc.is_finalized()`. */
  isFinalized(handle: PyObject): boolean {
    return this.#gc.isFinalized(
      this.#operands([handle], "look at an object")[0],
    );
  }

  /**
   * Objects that the collector looks after. Python: `gc.get_objects()`.
   *
   * @param generation Of the GIL build; all if absent.
   * @throws {RangeError} If it is no generation.
   */
  getObjects(generation?: number): PyObject[] {
    return this.#handles(this.#gc.getObjects(generation));
  }

  /** Tracked objects that refer to any of these. Python: `gc.get_referrers()`. */
  getReferrers(...handles: PyObject[]): PyObject[] {
    const ops = this.#operands(handles, "list referrers");
    return this.#handles(this.#gc.getReferrers(...ops));
  }

  /** What these refer to. Python: `gc.get_referents()`. */
  getReferents(...handles: PyObject[]): PyObject[] {
    const ops = this.#operands(handles, "list referents");
    return this.#handles(this.#gc.getReferents(...ops));
  }

  /** Has the collector leave all objects of now alone. Python: `gc.freeze()`. */
  freeze(): void {
    this.#gc.freeze();
  }

  /** The opposite. Python: `gc.unfreeze()`. */
  unfreeze(): void {
    this.#gc.unfreeze();
  }

  /** Frozen objects. Count. Python: `gc.get_freeze_count()`. */
  getFreezeCount(): number {
    return this.#gc.getFreezeCount();
  }
}
