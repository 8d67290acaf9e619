/**
 * Which objects of a list can be reached from outside of it: GIL build.
 *
 * It needs no memory: while it works, GC_PREV of each object of the list has its
 * count instead of an address, and what may be unreachable goes to another list.
 *
 * ```text
 *   1  each count becomes the object's references
 *   2  less those from objects of the list: what is left comes from outside
 *   3  front to back: a count above 0 is reachable, and what it refers to gets
 *      a count of 1, or comes back from the other list; a count of 0 goes there
 * ```
 *
 * ## Threads
 *   Under the GIL, which nobody takes meanwhile. If the worker dies here, GC_NEXT
 *   of every object is still not 0, from which `rebuild.ts` makes the lists anew.
 *
 * Source: CPython 3.13 Python/gc.c: deduce_unreachable(), update_refs(),
 * subtract_refs(), move_unreachable(), visit_decref(), visit_reachable().
 * Differs: objects without references are being deallocated further down the
 * stack, or by a thread that waits for the GIL; they count as reachable.
 *
 * @module
 */

import * as GcHead from "../layout/gc_head.ts";
import * as Gil from "../layout/object_gil.ts";
import type { Address } from "../memory/mod.ts";
import {
  Finalizers,
  type Objects,
  Tracking,
  type Visit,
} from "../objects/mod.ts";
import * as GcList from "./gc_list.ts";
import { Items } from "./items.ts";
import * as Refusal from "./refusal.ts";

const { GC_PREV, FINALIZED, COLLECTING, UNREACHABLE, REFS_SHIFT } = GcHead;
const ONE = 1 << REFS_SHIFT;
/** Words from a head to its object. */
const HEAD = GcHead.SIZEOF;

/** Object of a head. Byte address. */
export function objectOf(head: number): Address {
  return ((head + HEAD) << 2) >>> 0;
}

/** See the head of this file. */
export class Reachable {
  declare readonly o: Objects;
  /** Object with fewer references than others have to it, or 0. */
  #broken: Address = 0;
  #list = 0;
  readonly #items: Items;
  readonly #subtract: Visit;
  readonly #reach: Visit;

  /** For a worker. */
  constructor(o: Objects) {
    this.o = o;
    this.#items = new Items(o);
    this.#subtract = (op) => this.#lessOne(op);
    this.#reach = (op) => this.#reachOne(op);
  }

  /**
   * Moves what cannot be reached out of a list.
   *
   * @param list Word index of its head.
   * @param other Where it goes. Empty; GC_PREV of what is in it afterwards
   * still says COLLECTING.
   * @returns How many objects were in it. Count.
   * @throws {FatalError} If an object has fewer references than there are.
   */
  deduce(list: number, other: number): number {
    const { i32 } = this.o;
    GcList.init(i32, other);
    if (GcList.isEmpty(i32, list)) return 0;
    this.#list = list;
    this.#broken = 0;
    const count = this.#count(list);
    this.#subtractAll(list);
    if (this.#broken !== 0) this.#refuse(list);
    this.#moveUnreachable(list, other);
    this.#unmask(other);
    return count;
  }

  /** Step 1. */
  #count(list: number): number {
    const { i32 } = this.o;
    let count = 0;
    let head = GcList.nextOf(i32, list);
    for (; head !== list; head = GcList.nextOf(i32, head)) {
      count++;
      const refs = i32[head + HEAD + Gil.OB_REFCNT];
      const flags = (i32[head + GC_PREV] & FINALIZED) | COLLECTING;
      // Without references, or immortal: as if somebody had one.
      i32[head + GC_PREV] = (Math.max(refs, 1) << REFS_SHIFT) | flags;
    }
    return count;
  }

  /** Step 2. */
  #subtractAll(list: number): void {
    const { o } = this;
    let head = GcList.nextOf(o.i32, list);
    for (; head !== list; head = GcList.nextOf(o.i32, head)) {
      const op = objectOf(head);
      if (this.#items.find(op)) this.#lessItems();
      else o.slotsOf(op)!.traverse?.(o, op, this.#subtract);
    }
  }

  /** The same for a list or tuple. */
  #lessItems(): void {
    const { i32, end } = this.#items;
    for (let at = this.#items.from; at < end; at++) {
      const op = i32[at] >>> 0;
      if (op !== 0) this.#lessOne(op);
    }
  }

  #lessOne(op: Address): void {
    const { o } = this;
    if (!Tracking.isGc(o, op)) return;
    const at = (op >>> 2) - HEAD + GC_PREV;
    const word = o.i32[at];
    if ((word & COLLECTING) === 0 || this.#isImmortal(op)) return;
    if (word >>> REFS_SHIFT === 0) this.#broken = op;
    else o.i32[at] = word - ONE;
  }

  #isImmortal(op: Address): boolean {
    return this.o.i32[(op >>> 2) + Gil.OB_REFCNT] < 0;
  }

  /** Makes a list of counts a list again, and throws. */
  #refuse(list: number): never {
    const { i32 } = this.o;
    let prev = list;
    let head = GcList.nextOf(i32, list);
    for (; head !== list; head = GcList.nextOf(i32, head)) {
      settle(i32, head, prev);
      prev = head;
    }
    Refusal.fewReferences(this.o, this.#broken);
  }

  /** Step 3. */
  #moveUnreachable(list: number, other: number): void {
    const { o } = this;
    const { i32 } = o;
    let prev = list;
    let head = GcList.nextOf(i32, list);
    while (head !== list) {
      if (i32[head + GC_PREV] >>> REFS_SHIFT !== 0 || this.#isForeign(head)) {
        const op = objectOf(head);
        if (this.#items.find(op)) this.#reachItems();
        else o.slotsOf(op)!.traverse?.(o, op, this.#reach);
        settle(i32, head, prev);
        prev = head;
      } else {
        i32[prev] = i32[head];
        append(i32, head, other);
      }
      head = GcList.nextOf(i32, prev);
    }
    i32[list + GC_PREV] = prev << 2;
  }

  /** True if only other workers have its finalizer. */
  #isForeign(head: number): boolean {
    const op = objectOf(head);
    return Finalizers.isWanting(this.o, op) &&
      !Finalizers.isKnown(this.o, op);
  }

  /** What a list or tuple refers to is reachable. */
  #reachItems(): void {
    const { i32, end } = this.#items;
    for (let at = this.#items.from; at < end; at++) {
      const op = i32[at] >>> 0;
      if (op !== 0) this.#reachOne(op);
    }
  }

  #reachOne(op: Address): void {
    const { o } = this;
    const { i32 } = o;
    if (!Tracking.isGc(o, op)) return;
    const head = (op >>> 2) - HEAD;
    const word = i32[head + GC_PREV];
    if ((word & COLLECTING) === 0) return;
    if ((i32[head] & UNREACHABLE) !== 0) takeBack(i32, head, this.#list);
    else if (word >>> REFS_SHIFT === 0) i32[head + GC_PREV] = word | ONE;
  }

  /** Takes the mask off the list of what is unreachable. */
  #unmask(list: number): void {
    const { i32 } = this.o;
    let head = list;
    do {
      i32[head] &= ~UNREACHABLE;
      head = GcList.nextOf(i32, head);
    } while (head !== list);
  }
}

/** Its count becomes an address again; it is reachable. */
function settle(
  i32: Int32Array<SharedArrayBuffer>,
  head: number,
  prev: number,
): void {
  i32[head + GC_PREV] = (prev << 2) | (i32[head + GC_PREV] & FINALIZED);
}

/** Puts a head at the end of the list of what is unreachable. */
function append(
  i32: Int32Array<SharedArrayBuffer>,
  head: number,
  other: number,
): void {
  const last = GcList.prevOf(i32, other);
  i32[last] = (head << 2) | UNREACHABLE;
  GcList.setPrev(i32, head, last);
  i32[head] = (other << 2) | UNREACHABLE;
  i32[other + GC_PREV] = head << 2;
}

/** Takes a head out of that list, and puts it at the end of the other one. */
function takeBack(
  i32: Int32Array<SharedArrayBuffer>,
  head: number,
  list: number,
): void {
  const prev = GcList.prevOf(i32, head);
  const next = GcList.nextOf(i32, head);
  i32[prev] = i32[head];
  GcList.setPrev(i32, next, prev);
  const last = GcList.prevOf(i32, list);
  i32[head] = list << 2;
  i32[last] = head << 2;
  i32[list + GC_PREV] = head << 2;
  i32[head + GC_PREV] = (i32[head + GC_PREV] & FINALIZED) | COLLECTING | ONE;
}
