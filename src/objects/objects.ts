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
 *   still to drop. Counts and free lists: as `gil_objects.ts` and
 *   `biased_objects.ts`, which have what differs between the builds.
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
import * as StaticObjects from "../layout/static_objects.ts";
import * as TypeObject from "../layout/type_object.ts";
import { type Address, Bytes, type Memory } from "../memory/mod.ts";
import * as FreeLists from "./free_lists.ts";
import * as Held from "./held.ts";
import * as Kinds from "./kinds.ts";
import * as Tracking from "./tracking.ts";

// Hot: constants of this module fold, imported ones are read.
const { NULL_RINGS } = Layout;
const { TYPE_BITS } = StaticObjects;
const { TP_KIND } = TypeObject;
const { FLOAT, INT, KINDS, USER } = Kinds;
const { FLOATS, INTS, NUMBERS_MAX } = FreeLists;
const { LV_TAG, NON_SIZE_BITS } = LongObject;
/** Where the types of floats and ints are among the statics. Bytes. */
const FLOAT_TYPE = FLOAT << TYPE_BITS;
const INT_TYPE = INT << TYPE_BITS;
/** Deepest nesting that functions on objects follow. Count. */
const DEPTH_MAX = 1000;

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

/** True if an int has one digit, which LV_TAG says. */
function isShort(tag: number): boolean {
  return tag >>> NON_SIZE_BITS === 1;
}

/** {@linkcode Objects.deallocInTurn} as a function. */
function deallocInTurn(o: Objects, op: Address): void {
  o.deallocInTurn(op);
}

/** See the head of this file. */
export abstract class Objects implements Companion {
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
  /** Words of the stack of sections that the program knows of: `held.ts`. */
  held = 0;
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
  /** Nesting of {@linkcode nested}. Count. */
  depth = 0;

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
    // Another thread state has none of the sections of the last one.
    Held.clamp(this);
  }

  /** Closes the free lists. */
  detached(): void {
    this.lists = NULL_RINGS;
  }

  /** Does what others ask for in a safe point. */
  passed(): void {}

  /** Frees what only this worker would look for. */
  closing(): void {
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
  abstract init(op: Address, type: Address): Address;

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
  abstract take(list: number): Address;

  /**
   * Puts an object without references into a free list.
   *
   * @param list `FreeLists.FLOATS` and so on.
   * @param max Most objects in it. Count.
   * @returns False if the list is full.
   */
  abstract keep(list: number, max: number, op: Address): boolean;

  /** One more reference. C: `Py_INCREF()`. */
  abstract incref(op: Address): void;

  /**
   * One reference less; without any the object dies. C: `Py_DECREF()`.
   *
   * @throws {ThreadStateError} If no thread state is attached.
   */
  abstract decref(op: Address): void;

  /** References of an object. Count. C: `Py_REFCNT()`. */
  abstract refcnt(op: Address): number;

  /**
   * True if the only reference of an object is this thread's.
   * C: `PyUnstable_Object_IsUniquelyReferenced()`.
   */
  abstract isUnique(op: Address): boolean;

  /**
   * Makes an object mortal again that nobody else knows of; it has one
   * reference.
   */
  abstract setMortal(op: Address): void;

  /** Makes an object immortal that nobody else knows of. */
  abstract setImmortal(op: Address): void;

  /** Deallocates an object without references. C: `_Py_Dealloc()`. */
  dealloc(op: Address): void {
    const { i32 } = this;
    const at = op >>> 2;
    const type = i32[at + this.typeAt] - this.statics;
    // Floats and ints of one digit: no call through the table.
    let list = -1;
    if (type === FLOAT_TYPE) list = FLOATS;
    else if (type === INT_TYPE && isShort(i32[at + this.head + LV_TAG])) {
      list = INTS;
    }
    if (list >= 0 && this.keep(list, NUMBERS_MAX, op)) return;
    // The kind without a look at the type object: built-in ones stand in order.
    const kind = type >>> TYPE_BITS;
    this.#deallocs[kind < KINDS ? kind : USER](this, op);
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

  /** Merges what other threads have put into this one's queue. */
  mergeOwn(): void {}

  /** Makes sure that there is room for the sections of one more level. */
  protected deepen(): void {}

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
    if (this.depth >= DEPTH_MAX) {
      throw new RangeError(
        `Cannot ${attempt}: it is nested deeper than ${DEPTH_MAX} objects`,
      );
    }
    this.deepen();
    this.depth++;
    try {
      return run();
    } finally {
      this.depth--; // no call: the stack cannot run out
    }
  }
}
