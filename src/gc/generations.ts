/**
 * A collection of the GIL build: a generation and all that are younger.
 *
 * ```text
 *   merge the younger into it ─▶ take out what cannot be reached (`reachable.ts`)
 *   ─▶ the rest grows older ─▶ clear weak references to it that have callbacks,
 *   and call those ─▶ run finalizers ─▶ take out again what still cannot be
 *   reached ─▶ clear all weak references to that ─▶ clear it, and drop it
 * ```
 *
 * ## Invariants
 *   N1  between two finalizers, and whenever another thread may have the GIL,
 *       every tracked object is in a list whose head is in the shared memory
 *
 * ## Threads
 *   Under the GIL, and with the turn (`pauses/turn.ts`). Finalizers may give the
 *   GIL up: others may link and unlink objects meanwhile, and start no
 *   collection. A worker that stops here leaves lists that are torn.
 *
 * Source: CPython 3.13 Python/gc.c: gc_collect_main(), untrack_tuples(),
 * finalize_garbage(), handle_resurrected_objects(), delete_garbage(); 3.15:
 * handle_weakref_callbacks(), clear_weakrefs().
 * Differs: no finalizers of the old kind.
 *
 * @module
 */

import * as GcHead from "../layout/gc_head.ts";
import * as GcState from "../layout/gc_state.ts";
import * as Gil from "../layout/object_gil.ts";
import * as Layout from "../layout/memory_map.ts";
import type { Address } from "../memory/mod.ts";
import {
  Finalizers,
  Kinds,
  type Objects,
  Tracking,
  Tuple,
  Weakref,
} from "../objects/mod.ts";
import * as GcList from "./gc_list.ts";
import { objectOf, Reachable } from "./reachable.ts";
import * as Rebuild from "./rebuild.ts";
import * as Report from "./report.ts";

const STATE = Layout.OBJECTS;
const GENERATIONS = STATE + GcState.GENERATIONS;
const UNREACHABLE = STATE + GcState.TEMP;
const SEEN = UNREACHABLE + GcState.HEAD;
const GARBAGE = SEEN + GcState.HEAD;
const COUNTS = STATE + GcState.COUNTS;
const TOTAL = STATE + GcState.X_LONG_LIVED_TOTAL;
const PENDING = STATE + GcState.X_LONG_LIVED_PENDING;
const OLDEST = GcState.COUNT - 1;
const { GC_PREV, COLLECTING } = GcHead;
const { OB_TYPE } = Gil;

/** List of a generation. Word index of its head. */
export function listOf(generation: number): number {
  return GENERATIONS + generation * GcState.HEAD;
}

/** Objects of a list, which must not change meanwhile. */
function* objectsOf(
  i32: Int32Array<SharedArrayBuffer>,
  list: number,
): Generator<Address> {
  let head = GcList.first(i32, list);
  for (; head !== list; head = GcList.nextOf(i32, head)) yield objectOf(head);
}

/** Whether an object is among what cannot be reached. */
function isCollecting(
  i32: Int32Array<SharedArrayBuffer>,
  op: Address,
): boolean {
  return (i32[(op >>> 2) - GcHead.SIZEOF + GC_PREV] & COLLECTING) !== 0;
}

/** See the head of this file. */
export class Generations {
  declare readonly o: Objects;
  readonly #reachable: Reachable;
  #old = 0;
  /** Objects that the last collection looked at. Count. */
  candidates = 0;

  /** What a worker needs for collections. */
  constructor(o: Objects) {
    this.o = o;
    this.#reachable = new Reachable(o);
  }

  /**
   * Finds the garbage of a generation, runs its finalizers, and leaves what is
   * left to {@linkcode next}.
   *
   * @param debug Flags of `report.ts`.
   * @returns How many objects that are. Count.
   * @throws {FatalError} If an object has fewer references than there are.
   */
  find(generation: number, debug = 0): number {
    const { i32 } = this.o;
    this.#countCollection(generation);
    const young = listOf(generation);
    this.#old = listOf(Math.min(generation + 1, OLDEST));
    for (let g = 0; g < generation; g++) GcList.merge(i32, listOf(g), young);
    this.candidates = this.#reachable.deduce(young, UNREACHABLE);
    this.#untrackTuples(young);
    this.#age(generation, young);
    GcList.init(i32, SEEN);
    Report.collectable(this.o, debug, objectsOf(i32, UNREACHABLE));
    this.#callBack();
    this.#finalizeAll();
    return this.#split();
  }

  /** Counts the collection for the next generation. */
  #countCollection(generation: number): void {
    const { i32 } = this.o;
    if (generation < OLDEST) i32[COUNTS + generation + 1]++;
    for (let g = 0; g <= generation; g++) i32[COUNTS + g] = 0;
  }

  /** Forgets tuples that can be in no cycle. C: untrack_tuples(). */
  #untrackTuples(list: number): void {
    const { o } = this;
    const { i32 } = o;
    const type = o.typeOfKind(Kinds.TUPLE);
    let head = GcList.first(i32, list);
    while (head !== list) {
      const next = GcList.nextOf(i32, head);
      const op = objectOf(head);
      const isTuple = i32[(op >>> 2) + OB_TYPE] >>> 0 === type;
      if (isTuple && Tuple.isAtomic(o, op)) Tracking.unlink(i32, head);
      head = next;
    }
  }

  /** What is reachable goes to the next generation. */
  #age(generation: number, young: number): void {
    const { i32, m } = this.o;
    if (generation === OLDEST) {
      Atomics.store(m.i32, PENDING, 0);
      Atomics.store(m.i32, TOTAL, GcList.sizeOf(i32, young));
      return;
    }
    if (generation === OLDEST - 1) {
      Atomics.add(m.i32, PENDING, GcList.sizeOf(i32, young));
    }
    GcList.merge(i32, young, this.#old);
  }

  /** Calls back for what is unreachable. C: handle_weakref_callbacks(). */
  #callBack(): void {
    const { o } = this;
    const { i32 } = o;
    const calls: number[] = [];
    const isGarbage = (ref: Address) => isCollecting(i32, ref);
    for (const op of objectsOf(i32, UNREACHABLE)) {
      Weakref.takeCalls(o, op, isGarbage, calls);
    }
    Weakref.deliver(o, calls);
  }

  /** Runs finalizers that were not run. C: finalize_garbage(). */
  #finalizeAll(): void {
    const { o } = this;
    const { i32 } = o;
    while (!GcList.isEmpty(i32, UNREACHABLE)) {
      const head = GcList.first(i32, UNREACHABLE);
      const op = objectOf(head);
      GcList.move(i32, head, SEEN);
      if (!Finalizers.isWanting(o, op)) continue;
      Tracking.setFinalized(o, op);
      o.incref(op);
      Finalizers.run(o, op);
      o.decref(op);
    }
    GcList.merge(i32, SEEN, UNREACHABLE);
  }

  /** What was resurrected grows old. C: handle_resurrected_objects(). */
  #split(): number {
    const { i32 } = this.o;
    this.#reachable.deduce(UNREACHABLE, GARBAGE);
    GcList.merge(i32, UNREACHABLE, this.#old);
    let count = 0;
    for (const op of objectsOf(i32, GARBAGE)) {
      Weakref.clearQuietly(this.o, op);
      count++;
    }
    return count;
  }

  /**
   * The next object to {@linkcode dispose} of or to {@linkcode keep}, or 0.
   */
  next(): Address {
    const { i32 } = this.o;
    return GcList.isEmpty(i32, GARBAGE)
      ? 0
      : objectOf(GcList.first(i32, GARBAGE));
  }

  /** Clears an object that was found, and drops it. C: delete_garbage(). */
  dispose(op: Address): void {
    const { o } = this;
    o.incref(op);
    o.slotsOf(op)!.clear?.(o, op);
    o.decref(op);
    // Something may still refer to it, or it waits for its turn to die.
    if (this.next() === op) this.#grow(op);
  }

  /** Takes an object out of the garbage; the caller gets a reference. */
  keep(op: Address): void {
    this.o.incref(op);
    this.#grow(op);
  }

  #grow(op: Address): void {
    const head = (op >>> 2) - GcHead.SIZEOF;
    this.o.i32[head + GC_PREV] &= ~COLLECTING;
    GcList.move(this.o.i32, head, this.#old);
  }

  /** Ends what a collector that died has begun. */
  inherit(): void {
    Rebuild.tear(this.o);
    Rebuild.rebuild(this.o);
  }
}
