/**
 * A collection of the free-threaded build: the whole heap, in two pauses.
 *
 * ```text
 *   pause 1   merge counts; give up what was put off; walk the pages; take away
 *             what objects refer to among themselves; what is left with
 *             references is reachable, and what that reaches; hold the rest;
 *             clear weak references to it whose callbacks shall be called
 *   between   callbacks and finalizers, with the world running
 *   pause 2   the same among what is held: what was resurrected is let go; clear
 *             all weak references to the rest
 *   after     clear what is left, and drop it
 * ```
 *
 * Without a callback or a finalizer to run there is no second pause, and what
 * it does is done in the first one: a collection of plain cycles stops the world
 * once. The last pause takes the free lists of all threads away.
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
 * deduce_unreachable_heap(), find_weakref_callbacks(),
 * handle_resurrected_objects(), clear_weakrefs(), delete_garbage().
 * Differs: no deferred counts, as type objects are immortal; see `marks.ts`.
 *
 * @module
 */

import * as GcBits from "../layout/gc_bits.ts";
import * as GcState from "../layout/gc_state.ts";
import * as Layout from "../layout/memory_map.ts";
import * as PyObject from "../layout/object_free_threaded.ts";
import { type Address, threadsUsed } from "../memory/mod.ts";
import {
  Finalizers,
  FreeLists,
  Kinds,
  type Objects,
  Tracking,
  Tuple,
  Weakref,
} from "../objects/mod.ts";
import { Biased, Brc } from "../objects/refcount/mod.ts";
import { World } from "../threads/mod.ts";
import * as Deferred from "./deferred.ts";
import { Marks } from "./marks.ts";
import { Hold, Turn } from "./pauses/mod.ts";
import * as Refusal from "./refusal.ts";
import * as Report from "./report.ts";
import { eachKnown } from "./walk.ts";

const TOTAL = Layout.OBJECTS + GcState.X_LONG_LIVED_TOTAL;
const COUNTS = Layout.OBJECTS + GcState.COUNTS;
const { OB_REF_LOCAL, IMMORTAL_LOCAL, OB_TYPE } = PyObject;

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
  /** Callbacks of weak references to them that must be called. */
  #calls: number[] = [];
  /** What free lists have had. */
  #kept: number[] = [];
  /** Objects that are frozen, and tuples that are not tracked. Count. */
  #passedOver = 0;
  /** Objects that the last collection looked at. Count. */
  candidates = 0;
  readonly #isGarbage: (ref: Address) => boolean;

  /** What a worker needs for collections. */
  constructor(o: Objects) {
    this.o = o;
    this.#marks = new Marks(o);
    this.#isGarbage = (ref) => this.#marks.isUnreachable(ref);
  }

  /**
   * Finds the garbage, runs callbacks and finalizers, and holds what is left.
   *
   * @param timeoutMs Longest wait for another thread. Milliseconds.
   * @param debug Flags of `report.ts`.
   * @returns Objects for {@linkcode dispose} or {@linkcode keep}, or null if
   * the world did not stop in time.
   * @throws {FatalError} If an object has fewer references than there are.
   */
  find(timeoutMs: number, debug: number): Address[] | null {
    const { o } = this;
    if (!this.#first(timeoutMs)) return null;
    Report.collectable(o, debug, this.#held);
    if (!this.#needsSecond) {
      this.#freeKept();
      return this.#held;
    }
    Weakref.deliver(o, this.#calls);
    for (const op of this.#wanting) Finalizers.run(o, op);
    // If the stack ran out in one of them, this worker has lost the turn.
    const found = Turn.isOurs(o.m) ? this.#second(timeoutMs) : [];
    this.#freeKept();
    return found;
  }

  /** Whether anything runs in which garbage may come back. */
  get #needsSecond(): boolean {
    return this.#wanting.length > 0 || this.#calls.length > 0;
  }

  /** Frees what was in the free lists. */
  #freeKept(): void {
    FreeLists.freeTaken(this.o, this.#kept);
    this.#kept = [];
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
      Deferred.settleAll(o, dead);
      this.#walk();
      this.#mark();
      this.#holdAll();
      if (!this.#needsSecond) this.#endPause(this.#held);
    } finally {
      World.start(m);
      for (const op of dead) o.dealloc(op);
    }
    return true;
  }

  /** What the last pause does besides. C: clear_weakrefs() and others. */
  #endPause(garbage: readonly Address[]): void {
    const { o } = this;
    for (const op of garbage) Weakref.clearQuietly(o, op);
    this.#kept = FreeLists.takeAll(o);
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
    this.#passedOver = 0;
    this.#foreign = [];
    const visit = (op: Address, bits: number) => this.#candidate(op, bits);
    eachKnown(o, visit, (page, pages) => marks.addPages(page, pages));
    this.candidates = marks.count;
  }

  #candidate(op: Address, bits: number): void {
    const { o } = this;
    const { m, i32 } = o;
    const at = op >>> 2;
    if ((bits & GcBits.FROZEN) !== 0) {
      this.#passedOver++;
      return;
    }
    if (i32[at + OB_REF_LOCAL] === IMMORTAL_LOCAL) return;
    const isTuple = i32[at + OB_TYPE] >>> 0 === o.typeOfKind(Kinds.TUPLE);
    if (isTuple && this.#isAtomic(op, bits)) return;
    if ((bits & GcBits.TRACKED) === 0) return;
    const refs = Hold.othersOf(m, op);
    if (refs === 0 && (bits & GcBits.UNREACHABLE) === 0) return;
    this.#marks.add(op, refs);
    if (!isTuple && isForeign(o, op)) this.#foreign.push(op);
  }

  /**
   * Whether a tuple is not tracked any more, and is none that a collector has.
   * C: _PyTuple_MaybeUntrack().
   */
  #isAtomic(op: Address, bits: number): boolean {
    const { o } = this;
    if ((bits & GcBits.UNREACHABLE) !== 0) return false;
    if ((bits & GcBits.TRACKED) !== 0) {
      if (!Tuple.isAtomic(o, op)) return false;
      Tracking.untrack(o, op);
    }
    this.#passedOver++;
    return true;
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
    const isGarbage = this.#isGarbage;
    this.#calls = [];
    for (const op of this.#held) {
      Weakref.takeCalls(o, op, isGarbage, this.#calls);
    }
    const alive = count - this.#held.length;
    Atomics.store(m.i32, TOTAL, alive + this.#passedOver);
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
      this.#endPause(garbage);
      return garbage;
    } finally {
      World.start(m);
    }
  }
}

/** Whether only other workers have an object's finalizer, which was not run. */
function isForeign(o: Objects, op: Address): boolean {
  return Finalizers.isWanting(o, op) && !Finalizers.isKnown(o, op);
}
