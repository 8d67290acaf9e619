/**
 * A collection of the free-threaded build: the whole heap, in two pauses.
 *
 * ```text
 *   pause 1   merge counts; walk the pages; take away what objects refer to
 *             among themselves; what is left with references is reachable, and
 *             what that reaches; hold the rest
 *   between   finalizers, with the world running
 *   pause 2   the same among what is held: what was resurrected is let go
 *   after     clear what is left, and drop it
 * ```
 *
 * Without a finalizer to run nothing can be resurrected, and there is no second
 * pause: a collection of plain cycles stops the world once.
 *
 * ## Threads
 *   The caller has the turn (`pauses/turn.ts`). All that it finds out is in its
 *   own memory, so that whatever line it stops at, objects are as they were, or
 *   held as `pauses/hold.ts` says, and the next collection goes on from there.
 *   An object without references is being deallocated by somebody, and is left
 *   alone. A finalizer that was not run when its collector died is not run, and
 *   what died of a merge and was not deallocated then is lost.
 *
 * Source: CPython 3.14 Python/gc_free_threading.c: gc_collect_internal(),
 * deduce_unreachable_heap(), handle_resurrected_objects(), delete_garbage().
 * Differs: no weak references, no deferred counts; see `marks.ts`.
 *
 * @module
 */

import * as GcBits from "../layout/gc_bits.ts";
import * as GcState from "../layout/gc_state.ts";
import * as Layout from "../layout/memory_map.ts";
import * as PyObject from "../layout/object_free_threaded.ts";
import { type Address, threadsUsed } from "../memory/mod.ts";
import { Finalizers, type Objects } from "../objects/mod.ts";
import { Biased, Brc } from "../objects/refcount/mod.ts";
import { World } from "../threads/mod.ts";
import { Marks } from "./marks.ts";
import { Hold } from "./pauses/mod.ts";
import * as Refusal from "./refusal.ts";
import { eachTracked } from "./walk.ts";

const TOTAL = Layout.OBJECTS + GcState.X_LONG_LIVED_TOTAL;
const COUNTS = Layout.OBJECTS + GcState.COUNTS;
const { OB_REF_LOCAL, IMMORTAL_LOCAL } = PyObject;

/** See the head of this file. */
export class FreeThreaded {
  declare readonly o: Objects;
  readonly #marks: Marks;
  /** Held objects. */
  #held: Address[] = [];
  /** Those of them whose finalizers must run. */
  #wanting: Address[] = [];
  /** Candidates whose finalizers only other workers have. */
  #foreign: Address[] = [];
  #frozen = 0;

  /** What a worker needs for collections. */
  constructor(o: Objects) {
    this.o = o;
    this.#marks = new Marks(o);
  }

  /**
   * Finds the garbage, runs its finalizers, and holds what is left.
   *
   * @param timeoutMs Longest wait for another thread. Milliseconds.
   * @returns Objects for {@linkcode dispose} or {@linkcode keep}, or null if
   * the world did not stop in time.
   * @throws {FatalError} If an object has fewer references than there are.
   */
  find(timeoutMs: number): Address[] | null {
    if (!this.#first(timeoutMs)) return null;
    if (this.#wanting.length === 0) return this.#held;
    for (const op of this.#wanting) Finalizers.run(this.o, op);
    return this.#second(timeoutMs);
  }

  /** Clears an object that was found, and drops it. C: delete_garbage(). */
  dispose(op: Address): void {
    const { o } = this;
    o.slotsOf(op)!.clear?.(o, op);
    Hold.giveUp(o.m, op);
    o.decref(op);
  }

  /** Gives the collector's reference to the caller. */
  keep(op: Address): void {
    Hold.giveUp(this.o.m, op);
  }

  /** The first pause. */
  #first(timeoutMs: number): boolean {
    const { o } = this;
    const { m } = o;
    const dead: Address[] = [];
    if (!World.stop(m, timeoutMs)) return false;
    try {
      o.netAllocated = 0;
      Atomics.store(m.i32, COUNTS, 0);
      this.#mergeAll(dead);
      this.#walk();
      this.#mark();
      this.#holdAll();
    } finally {
      World.start(m);
      for (const op of dead) o.dealloc(op);
    }
    return true;
  }

  /** Merges what is in the queues of all threads. C: merge_queued_objects(). */
  #mergeAll(dead: Address[]): void {
    const { m, core } = this.o;
    const used = threadsUsed(m);
    for (let slot = 0; slot < used; slot++) {
      let entry = Brc.take(m, slot);
      while (entry !== 0) {
        const op = Brc.objectOf(m, entry);
        core.raw.free(entry as never);
        if (Biased.merge(m, op) === Biased.DEAD) dead.push(op);
        entry = Brc.take(m, slot);
      }
    }
  }

  /** Finds the candidates. C: update_refs(). */
  #walk(): void {
    const { o } = this;
    const marks = this.#marks;
    marks.clear(o.m);
    this.#frozen = 0;
    this.#foreign = [];
    const visit = (op: Address, bits: number) => this.#candidate(op, bits);
    eachTracked(o, visit, (page, pages) => marks.addPages(page, pages));
  }

  #candidate(op: Address, bits: number): void {
    const { o } = this;
    const { m, i32 } = o;
    if ((bits & GcBits.FROZEN) !== 0) {
      this.#frozen++;
      return;
    }
    if (i32[(op >>> 2) + OB_REF_LOCAL] === IMMORTAL_LOCAL) return;
    const refs = Hold.othersOf(m, op);
    if (refs === 0 && (bits & GcBits.UNREACHABLE) === 0) return;
    this.#marks.add(op, refs);
    if (Finalizers.isWanting(o, op) && !Finalizers.isKnown(o, op)) {
      this.#foreign.push(op);
    }
  }

  /** Tells the reachable. C: deduce_unreachable_heap(). */
  #mark(): void {
    const marks = this.#marks;
    marks.subtractAll();
    if (marks.broken !== 0) Refusal.fewReferences(this.o, marks.broken);
    for (const op of this.#foreign) marks.reach(op);
    marks.reachAll();
  }

  /** Holds what is not. C: scan_heap_visitor(). */
  #holdAll(): void {
    const { o } = this;
    const { m } = o;
    const { count, ops } = this.#marks;
    this.#held = [];
    this.#wanting = [];
    for (let k = 0; k < count; k++) {
      const op = ops[k];
      if (this.#marks.isReachable(op)) {
        if (Hold.isHeld(m, op)) Hold.letGo(m, op);
        continue;
      }
      const isWanting = Finalizers.isWanting(o, op);
      Hold.hold(m, op, isWanting ? GcBits.FINALIZED : 0);
      this.#held.push(op);
      if (isWanting) this.#wanting.push(op);
    }
    Atomics.store(m.i32, TOTAL, count - this.#held.length + this.#frozen);
  }

  /** The second pause. C: handle_resurrected_objects(). */
  #second(timeoutMs: number): Address[] | null {
    const { m } = this.o;
    const marks = this.#marks;
    if (!World.stop(m, timeoutMs)) return null;
    try {
      marks.restart();
      for (const op of this.#held) marks.add(op, Hold.othersOf(m, op));
      this.#foreign = [];
      this.#mark();
      const garbage: Address[] = [];
      for (const op of this.#held) {
        if (marks.isReachable(op)) Hold.letGo(m, op);
        else garbage.push(op);
      }
      return garbage;
    } finally {
      World.start(m);
    }
  }
}
