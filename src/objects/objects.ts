/**
 * Objects of a heap as one worker has them: made, counted, deallocated.
 *
 * The files beside this one have one type each. A type's functions cannot be
 * shared between workers; each worker enters those of the built-in types into
 * its table of {@linkcode Slots}, by the number that stands in the type object.
 *
 * ## Invariants
 *   O1  objects are blocks of OBJ, and nothing else is made an object
 *   O2  deallocation does not recurse: what an object refers to is dropped
 *       after it, one by one
 *
 * ## Threads
 *   Needs an attached thread state. An object that was just made is its
 *   maker's alone. A worker that stops between an allocation and the end of a
 *   maker leaks the object; one that stops in a deallocation leaks what it had
 *   still to drop.
 *
 * Source: CPython 3.14 Objects/object.c: _PyObject_New(), _Py_Dealloc();
 * Objects/obmalloc.c; Python/gc.c: _PyObject_GC_New().
 * Differs: no trashcan, see O2.
 *
 * @module
 */

import { ThreadStateError } from "../errors.ts";
import type { Core } from "../domains/core.ts";
import * as FreeThreaded from "../layout/object_free_threaded.ts";
import * as Gil from "../layout/object_gil.ts";
import * as Header from "../layout/header.ts";
import * as Layout from "../layout/memory_map.ts";
import * as TypeObject from "../layout/type_object.ts";
import type { Address, Memory } from "../memory/mod.ts";
import { Suspension } from "../threads/mod.ts";
import * as FreeLists from "./free_lists.ts";
import * as Kinds from "./kinds.ts";
import { Biased, Brc } from "./refcount/mod.ts";

/** Called with each object that another one refers to. C: `visitproc`. */
export type Visit = (op: Address) => void;

/** The functions of a type. */
export interface Slots {
  /**
   * Frees an object without references. What it refers to goes to
   * `o.decref()`. C: `tp_dealloc`.
   */
  dealloc(o: Objects, op: Address): void;
  /** Visits what an object refers to. C: `tp_traverse`. */
  traverse?(o: Objects, op: Address, visit: Visit): void;
  /** Drops what an object refers to, to break a cycle. C: `tp_clear`. */
  clear?(o: Objects, op: Address): void;
}

/** See the head of this file. */
export class Objects {
  /** The worker's core. */
  declare readonly core: Core;
  /** The heap. */
  declare readonly m: Memory;
  /** Its words. */
  declare readonly i32: Int32Array<SharedArrayBuffer>;
  /** Its double words. */
  declare readonly f64: Float64Array<SharedArrayBuffer>;
  /** True in the free-threaded build, whose counts are biased. */
  declare readonly isBiased: boolean;
  /** Size of an object's header. Words. */
  declare readonly head: number;
  /** Where the type stands in it. Words. */
  declare readonly typeAt: number;
  /** Words before an object that the collector has. Count. */
  declare readonly gcHead: number;
  /** Functions of the built-in types, by kind. */
  readonly slots: Slots[] = [];
  /** Objects without references that wait to be deallocated. */
  readonly #dying: Address[] = [];
  #isDeallocating = false;

  /** Objects for the worker of a core. */
  constructor(core: Core) {
    const { m } = core;
    this.core = core;
    this.m = m;
    this.i32 = m.i32;
    this.f64 = m.f64;
    this.isBiased = m.build === Header.BUILD_FREE_THREADED;
    const head = this.isBiased ? FreeThreaded : Gil;
    this.head = head.SIZEOF;
    this.typeAt = head.OB_TYPE;
    this.gcHead = this.isBiased ? 0 : 2;
  }

  /** The free lists that this worker may use, or ever empty ones. Word index. */
  get lists(): number {
    return this.core.isAttached ? FreeLists.listsOf(this.m) : Layout.NULL_RINGS;
  }

  /** Refuses what needs an attached thread state. */
  requireAttached(attempt: string): void {
    if (this.core.isAttached) return;
    throw new ThreadStateError(
      `Cannot ${attempt} without an attached thread state`,
    );
  }

  /** First field of an object, behind its header. Word index. */
  fields(op: Address): number {
    return (op >>> 2) + this.head;
  }

  /** Type of an object. Byte address. C: `Py_TYPE()`. */
  typeOf(op: Address): Address {
    return this.i32[(op >>> 2) + this.typeAt] >>> 0;
  }

  /** Which built-in type a type object is; 0 for a user's. */
  kindOfType(type: Address): number {
    return this.i32[this.fields(type) + TypeObject.TP_KIND];
  }

  /** Which built-in type an object is of; 0 for a user's. */
  kindOf(op: Address): number {
    return this.kindOfType(this.typeOf(op));
  }

  /** Makes memory an object with one reference. C: `PyObject_Init()`. */
  init(op: Address, type: Address): Address {
    const at = op >>> 2;
    if (this.isBiased) {
      this.i32[at + FreeThreaded.X_OB_MUTEX] = 0;
      this.i32[at + FreeThreaded.OB_GC_BITS] = 0;
      this.i32[at + FreeThreaded.OB_TYPE] = type | 0;
      Biased.init(this.m, op);
    } else {
      this.i32[at + Gil.OB_REFCNT] = 1;
      this.i32[at + Gil.OB_TYPE] = type | 0;
    }
    return op;
  }

  /**
   * A new object without the collector. C: `_PyObject_New()`.
   *
   * @param fields Size behind the header. Bytes.
   * @returns Byte address, or 0 if no memory is left. Its fields are
   * uninitialised.
   */
  new(type: Address, fields: number): Address {
    const op = this.core.obj.malloc(this.head * 4 + fields);
    return op === 0 ? 0 : this.init(op, type);
  }

  /** Gives the memory of an object back. C: `PyObject_Free()`. */
  free(op: Address): void {
    this.core.obj.free(op as never);
  }

  /** One more reference. C: `Py_INCREF()`. */
  incref(op: Address): void {
    if (this.isBiased) return Biased.incref(this.m, op);
    const at = op >>> 2;
    const count = this.i32[at];
    if (count >= 0) this.i32[at] = count + 1;
  }

  /** One reference less; without any the object dies. C: `Py_DECREF()`. */
  decref(op: Address): void {
    if (this.isBiased) {
      const result = Biased.decref(this.m, op);
      if (result !== Biased.ALIVE) this.#settle(op, result);
      return;
    }
    const at = op >>> 2;
    const count = this.i32[at];
    if (count < 0) return;
    this.i32[at] = count - 1;
    if (count === 1) this.dealloc(op);
  }

  /** References of an object. Count. C: `Py_REFCNT()`. */
  refcnt(op: Address): number {
    return this.isBiased ? Biased.refcnt(this.m, op) : this.i32[op >>> 2] >>> 0;
  }

  /** Makes an object immortal that nobody else knows of. */
  setImmortal(op: Address): void {
    if (this.isBiased) Biased.setImmortal(this.m, op);
    else this.i32[op >>> 2] = Gil.IMMORTAL;
  }

  /** Deallocates an object without references. C: `_Py_Dealloc()`. */
  dealloc(op: Address): void {
    this.#dying.push(op);
    if (this.#isDeallocating) return;
    this.#isDeallocating = true;
    try {
      while (this.#dying.length > 0) {
        const next = this.#dying.pop()!;
        this.slots[this.kindOf(next)].dealloc(this, next);
      }
    } finally {
      this.#isDeallocating = false;
    }
  }

  /** The free-threaded build: what becomes of an object after a decref. */
  #settle(op: Address, result: number): void {
    if (result === Biased.DEAD) return this.dealloc(op);
    const { m, core } = this;
    const slot = Brc.ownerSlot(m, op);
    const entry = core.raw.malloc(8);
    const handed = Brc.hand(m, op, entry);
    if (handed !== Brc.ENQUEUED) core.raw.free(entry as never);
    if (handed === Brc.DIED) this.dealloc(op);
    if (handed === Brc.ENQUEUED) this.#helpDetached(slot);
  }

  /** Merges in place of an owner that is detached and cannot. */
  #helpDetached(slot: number): void {
    const { m } = this;
    if (slot === m.slot || !Suspension.suspendDetached(m, slot)) return;
    const dead = this.#mergeQueue(slot);
    Suspension.resume(m, slot);
    for (const op of dead) this.dealloc(op);
  }

  /** Merges what is in a queue; returns the objects that died of it. */
  #mergeQueue(slot: number): Address[] {
    const { m, core } = this;
    const dead: Address[] = [];
    for (
      let entry = Brc.take(m, slot);
      entry !== 0;
      entry = Brc.take(m, slot)
    ) {
      const op = Brc.objectOf(m, entry);
      core.raw.free(entry as never);
      if (Biased.merge(m, op) === Biased.DEAD) dead.push(op);
    }
    return dead;
  }

  /** Merges what other threads have put into this one's queue. */
  mergeOwn(): void {
    const { m } = this;
    if (!this.isBiased || !Brc.hasEntries(m, m.slot)) return;
    for (const op of this.#mergeQueue(m.slot)) this.dealloc(op);
  }

  /** Functions of an object's type. */
  slotsOf(op: Address): Slots {
    return this.slots[this.kindOf(op)] ?? this.slots[Kinds.USER];
  }
}
