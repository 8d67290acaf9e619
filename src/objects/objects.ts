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
 *   O3  X_OB_REF_SHARED of an object in a free list is 0
 *
 * ## Threads
 *   Needs an attached thread state. An object that was just made is its
 *   maker's alone. A worker that stops between an allocation and the end of a
 *   maker leaks the object; one that stops in a deallocation leaks what it had
 *   still to drop. Counts: as `refcount/biased.ts`, whose steps for an owner
 *   with another reference left are written out here for speed; free lists: as
 *   `free_lists.ts`. X_OB_REF_SHARED of a dead object is stored before the
 *   object is in a list: until then and afterwards readers fail at it, at
 *   MERGED or at 0.
 *
 * Source: CPython 3.14 Objects/object.c: _PyObject_New(), _Py_Dealloc();
 * Objects/obmalloc.c; Python/gc.c: _PyObject_GC_New().
 * Differs: no trashcan, see O2.
 *
 * @module
 */

import { show, ThreadStateError } from "../errors.ts";
import type { Companion, Core } from "../domains/core.ts";
import * as FreeThreaded from "../layout/object_free_threaded.ts";
import * as GcHead from "../layout/gc_head.ts";
import * as Gil from "../layout/object_gil.ts";
import * as Header from "../layout/header.ts";
import * as Layout from "../layout/memory_map.ts";
import * as LongObject from "../layout/long_object.ts";
import * as MergeEntry from "../layout/merge_entry.ts";
import * as StaticObjects from "../layout/static_objects.ts";
import * as ThreadState from "../layout/thread_state.ts";
import * as TypeObject from "../layout/type_object.ts";
import { type Address, Bytes, type Memory } from "../memory/mod.ts";
import { EvalBreaker, Suspension, World } from "../threads/mod.ts";
import * as FreeLists from "./free_lists.ts";
import * as Kinds from "./kinds.ts";
import { Biased, Brc } from "./refcount/mod.ts";
import * as Tracking from "./tracking.ts";

// Hot: constants of this module fold, imported ones are read.
const { NULL_RINGS } = Layout;
const { TYPE_BITS } = StaticObjects;
const { TP_KIND } = TypeObject;
const { FLOAT, INT } = Kinds;
const { FLOATS, INTS, NUMBERS_MAX } = FreeLists;
const { OB_TID, OB_REF_LOCAL, X_OB_REF_SHARED } = FreeThreaded;
const { IMMORTAL_LOCAL } = FreeThreaded;
const { LV_TAG, NON_SIZE_BITS } = LongObject;
/** Deepest nesting that functions on objects follow. Count. */
const DEPTH_MAX = 1000;
/** How long a world may take to stop. Milliseconds. */
const STOP_TIMEOUT_MS = 10000;

/** Called with each object that another one refers to. C: `visitproc`. */
export type Visit = (op: Address) => void;

/** The functions of a type; see `protocol.ts` for what calls them. */
export interface Slots {
  /**
   * Frees an object without references. What it refers to goes to
   * `o.decref()`. C: `tp_dealloc`.
   */
  dealloc(o: Objects, op: Address): void;
  /**
   * Visits what an object refers to. C: `tp_traverse`. A type without it refers
   * to nothing.
   */
  traverse?(o: Objects, op: Address, visit: Visit): void;
  /** Drops what an object refers to, to break a cycle. C: `tp_clear`. */
  clear?(o: Objects, op: Address): void;
  /** Size of an object without the collector's head. Bytes. C: `__sizeof__`. */
  sizeOf(o: Objects, op: Address): number;
  /** Hash, never -1. C: `tp_hash`. A type without it cannot be hashed. */
  hash?(o: Objects, op: Address): number;
  /** Whether it equals any object. C: `tp_richcompare`, Py_EQ. */
  equals?(o: Objects, op: Address, other: Address): boolean;
  /**
   * Below 0, 0, above 0, or NaN where neither is less. C: `tp_richcompare`.
   *
   * @throws {TypeError} If they have no order.
   */
  compare?(o: Objects, op: Address, other: Address): number;
  /** What Python prints for it. C: `tp_repr`. */
  repr(o: Objects, op: Address): string;
}

/** {@linkcode Objects.deallocInTurn} as a function. */
function deallocInTurn(o: Objects, op: Address): void {
  o.deallocInTurn(op);
}

/** See the head of this file. */
export class Objects implements Companion {
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
  /**
   * The free lists that this worker may use, or ever empty ones while it is
   * detached. Word index.
   */
  declare lists: number;
  /** What stands in OB_TID for this worker, see `object_free_threaded.ts`. */
  declare tid: number;
  /** Objects that are there from the start, or 0. Byte address. */
  declare statics: Address;
  /** Objects for the collector since the last hand-over, less those freed. */
  netAllocated = 0;
  /** Finalizers that this worker has, by the address of their type. */
  readonly finalizers: ((op: Address) => void)[] = [];
  /** Tries to have memory freed when there is none; false if in vain. */
  relieve: (() => boolean) | null = null;
  /** Functions of the built-in types, by kind. */
  readonly slots: Slots[] = [];
  /** `dealloc` of each of them. */
  readonly #own: Slots["dealloc"][] = [];
  /** What deallocates objects of each kind: that, or waiting for a turn. */
  readonly #deallocs: Slots["dealloc"][] = [];
  /** Objects without references that wait to be deallocated. */
  readonly #dying: Address[] = [];
  #isDeallocating = false;
  #depth = 0;

  /** Objects for the worker of a core; see `open()` in `mod.ts`. */
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
    this.gcHead = this.isBiased ? 0 : GcHead.SIZEOF;
    this.lists = NULL_RINGS;
    this.tid = 0;
    this.statics = 0;
  }

  /** Enters the functions of a type. */
  setSlots(kind: number, slots: Slots): void {
    this.slots[kind] = slots;
    // What refers to nothing needs no turn.
    const isLeaf = slots.traverse === undefined;
    this.#deallocs[kind] = isLeaf ? slots.dealloc : deallocInTurn;
    this.#own[kind] = slots.dealloc;
  }

  /** Opens the free lists of the thread state. */
  attached(): void {
    this.lists = FreeLists.listsOf(this.m);
    this.tid = FreeThreaded.tidOf(this.m.owner);
  }

  /** Closes the free lists. */
  detached(): void {
    this.lists = NULL_RINGS;
  }

  /** Merges what others ask for. */
  passed(): void {
    if (!this.isBiased) return;
    const word = this.m.thread + ThreadState.X_EVAL_BREAKER;
    const bits = this.i32[word]; // racy hint
    if ((bits & EvalBreaker.EXPLICIT_MERGE) !== 0) this.mergeOwn();
  }

  /** Leaves no object where nobody would look for it. */
  closing(): void {
    this.mergeOwn();
    FreeLists.clear(this);
  }

  /** Refuses what needs an attached thread state. */
  requireAttached(attempt: string): void {
    if (this.lists !== NULL_RINGS) return;
    throw new ThreadStateError(
      `Cannot ${attempt} without an attached thread state`,
    );
  }

  /** Refuses an object that is not of the kind that an attempt needs. */
  requireKind(op: Address, kind: number, attempt: string): void {
    if (this.kindOf(op) === kind) return;
    throw new TypeError(`Cannot ${attempt} ${show(op)}: ${this.describe(op)}`);
  }

  /** What an object is, as texts say it. */
  describe(op: Address): string {
    if (op === 0) return "it is NULL";
    const type = this.typeOf(op);
    return type === 0
      ? "it is no object"
      : `it is of type ${this.nameOf(type)}`;
  }

  /** Name of a type object. C: `tp_name`. */
  nameOf(type: Address): string {
    const at = this.fields(type);
    const { m, i32 } = this;
    const from = i32[at + TypeObject.TP_NAME] >>> 0;
    const bytes = Bytes.read(m, from, i32[at + TypeObject.TP_NAMELEN]);
    return new TextDecoder().decode(bytes);
  }

  /** Type object of a built-in type. Byte address. */
  typeOfKind(kind: number): Address {
    return this.statics + (kind << TYPE_BITS);
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
    return this.i32[this.fields(type) + TP_KIND];
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
    const op = this.#malloc(this.head * 4 + fields);
    return op === 0 ? 0 : this.init(op, type);
  }

  /**
   * A new object for the collector, which does not know of it yet.
   * C: `_PyObject_GC_New()`.
   *
   * @param fields Size behind the header. Bytes.
   * @returns As {@linkcode Objects.new}.
   */
  newGc(type: Address, fields: number): Address {
    const before = this.gcHead;
    const block = this.#malloc((before + this.head) * 4 + fields);
    if (block === 0) return 0;
    for (let k = 0; k < before; k++) this.i32[(block >>> 2) + k] = 0;
    Tracking.allocated(this);
    return this.init(block + before * 4, type);
  }

  /** A block of OBJ, or 0 if not even a collection has freed one. */
  #malloc(nbytes: number): Address {
    const block = this.core.obj.malloc(nbytes);
    if (block !== 0 || this.relieve === null || !this.relieve()) return block;
    return this.core.obj.malloc(nbytes);
  }

  /** Gives the memory of an object back. C: `PyObject_Free()`. */
  free(op: Address): void {
    this.core.obj.free(op as never);
  }

  /** The same for an object with the collector's head. C: `PyObject_GC_Del()`. */
  freeGc(op: Address): void {
    Tracking.freed(this, op);
    this.core.obj.free((op - this.gcHead * 4) as never);
  }

  /**
   * Takes an object out of a free list; it has one reference.
   *
   * @param list `FreeLists.FLOATS` and so on.
   * @returns Byte address, or 0 if the list is empty.
   */
  take(list: number): Address {
    const { i32 } = this;
    const op = FreeLists.pop(i32, this.lists + list);
    if (op === 0) return 0;
    const at = op >>> 2;
    if (this.isBiased) {
      i32[at + OB_TID] = this.tid;
      i32[at + OB_REF_LOCAL] = 1;
    } else i32[at] = 1;
    return op;
  }

  /**
   * Puts an object without references into a free list.
   *
   * @param list `FreeLists.FLOATS` and so on.
   * @param max Most objects in it. Count.
   * @returns False if the list is full.
   */
  keep(list: number, max: number, op: Address): boolean {
    const { i32 } = this;
    // An object that died by its owner's last reference alone keeps its owner,
    // and the shared part is 0; otherwise that is MERGED.
    if (this.isBiased && i32[(op >>> 2) + OB_TID] === 0) {
      Atomics.store(i32, (op >>> 2) + X_OB_REF_SHARED, 0);
    }
    return FreeLists.push(i32, this.lists + list, max, op);
  }

  /** One more reference. C: `Py_INCREF()`. */
  incref(op: Address): void {
    if (this.isBiased) return this.#increfBiased(op);
    const at = op >>> 2;
    const count = this.i32[at];
    if (count >= 0) this.i32[at] = count + 1;
  }

  /** The same in the free-threaded build. */
  #increfBiased(op: Address): void {
    const at = op >>> 2;
    if (this.i32[at + OB_TID] === this.tid) { // racy hint
      this.i32[at + OB_REF_LOCAL]++;
    } else Biased.incref(this.m, op);
  }

  /**
   * One reference less; without any the object dies. C: `Py_DECREF()`.
   *
   * @throws {ThreadStateError} If no thread state is attached.
   */
  decref(op: Address): void {
    if (this.lists === NULL_RINGS) this.requireAttached("drop a reference");
    if (this.isBiased) return this.#decrefBiased(op);
    const at = op >>> 2;
    const count = this.i32[at];
    if (count < 0) return;
    this.i32[at] = count - 1;
    if (count === 1) this.dealloc(op);
  }

  /** The same in the free-threaded build. */
  #decrefBiased(op: Address): void {
    const at = op >>> 2;
    const local = this.i32[at + OB_REF_LOCAL]; // racy hint
    const isOwn = this.i32[at + OB_TID] === this.tid; // racy hint
    if (isOwn && local !== 1) this.i32[at + OB_REF_LOCAL] = local - 1;
    else if (local !== IMMORTAL_LOCAL) this.#decrefLast(op);
  }

  /** A reference less of an object that may die of it, or is not ours. */
  #decrefLast(op: Address): void {
    const result = Biased.decref(this.m, op);
    if (result === Biased.DEAD) this.dealloc(op);
    else if (result === Biased.TO_QUEUE) this.#queue(op);
  }

  /** References of an object. Count. C: `Py_REFCNT()`. */
  refcnt(op: Address): number {
    return this.isBiased ? Biased.refcnt(this.m, op) : this.i32[op >>> 2] >>> 0;
  }

  /**
   * True if the only reference of an object is this thread's.
   * C: `PyUnstable_Object_IsUniquelyReferenced()`.
   */
  isUnique(op: Address): boolean {
    const at = op >>> 2;
    if (!this.isBiased) return this.i32[at] === 1;
    return this.i32[at + OB_TID] === this.tid &&
      this.i32[at + OB_REF_LOCAL] === 1 &&
      Atomics.load(this.i32, at + X_OB_REF_SHARED) === 0;
  }

  /**
   * Makes an object mortal again that nobody else knows of; it has one
   * reference.
   */
  setMortal(op: Address): void {
    if (this.isBiased) Biased.init(this.m, op);
    else this.i32[op >>> 2] = 1;
  }

  /** Makes an object immortal that nobody else knows of. */
  setImmortal(op: Address): void {
    if (this.isBiased) Biased.setImmortal(this.m, op);
    else this.i32[op >>> 2] = Gil.IMMORTAL;
  }

  /** Deallocates an object without references. C: `_Py_Dealloc()`. */
  dealloc(op: Address): void {
    const kind = this.kindOf(op);
    // Floats and ints of one digit: no call through the table.
    let list = -1;
    if (kind === FLOAT) list = FLOATS;
    else if (kind === INT) {
      const tag = this.i32[this.fields(op) + LV_TAG];
      if (tag >>> NON_SIZE_BITS === 1) list = INTS;
    }
    if (list >= 0 && this.keep(list, NUMBERS_MAX, op)) return;
    this.#deallocs[kind](this, op);
  }

  /** Deallocates an object when its turn has come, and what dies of that. */
  deallocInTurn(first: Address): void {
    if (this.#isDeallocating) {
      this.#dying.push(first);
      return;
    }
    this.#isDeallocating = true;
    try {
      let op: Address | undefined = first;
      while (op !== undefined) {
        this.#own[this.kindOf(op)](this, op);
        op = this.#dying.length === 0 ? undefined : this.#dying.pop();
      }
    } finally {
      this.#isDeallocating = false;
    }
  }

  /** Has the owner of an object merge its count. C: `_Py_brc_queue_object()`. */
  #queue(op: Address): void {
    const { m, core } = this;
    const slot = Brc.ownerSlot(m, op);
    const entry = core.raw.malloc(MergeEntry.NBYTES);
    if (entry === 0) return this.#mergeStopped(op);
    const handed = Brc.hand(m, op, entry);
    if (handed !== Brc.ENQUEUED) core.raw.free(entry as never);
    if (handed === Brc.DIED) this.dealloc(op);
    if (handed === Brc.ENQUEUED) this.#helpDetached(slot);
  }

  /** Merges an object that there is no queue entry for: nobody runs meanwhile. */
  #mergeStopped(op: Address): void {
    const { m } = this;
    // Otherwise the object is lost: its count may be its owner's right now.
    if (!World.stop(m, STOP_TIMEOUT_MS)) return;
    const result = Biased.merge(m, op);
    World.start(m);
    if (result === Biased.DEAD) this.dealloc(op);
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
    if (!this.isBiased) return;
    EvalBreaker.clear(m, m.slot, EvalBreaker.EXPLICIT_MERGE);
    for (const op of this.#mergeQueue(m.slot)) this.dealloc(op);
  }

  /** Functions of an object's type, if it is a built-in one that has any. */
  slotsOf(op: Address): Slots | undefined {
    return this.slots[this.kindOf(op)];
  }

  /**
   * Runs a function on what an object refers to.
   *
   * @throws {RangeError} If objects are nested too deep.
   */
  nested<T>(attempt: string, run: () => T): T {
    if (this.#depth >= DEPTH_MAX) {
      throw new RangeError(
        `Cannot ${attempt}: it is nested deeper than ${DEPTH_MAX} objects`,
      );
    }
    this.#depth++;
    try {
      return run();
    } finally {
      this.#depth--;
    }
  }
}
