/**
 * What a collection of the free-threaded build counts and marks: a number for
 * each object, in the collector's own memory.
 *
 * Objects are at least 32 bytes apart, so the place of an object's number
 * follows from its page and the 32 bytes of the page that it starts in.
 *
 * ```text
 *   number   the object is
 *   ──────   ──────────────────────────────────────────
 *        0   none that this collection looks at
 *    n + 1   a candidate with n references from outside
 *       -1   reachable
 * ```
 *
 * ## Threads
 *   The memory is this worker's. The heap is read in a pause.
 *
 * Source: CPython 3.14 Python/gc_free_threading.c: update_refs(),
 * visit_decref(), mark_heap_visitor(), mark_reachable().
 * Differs: numbers beside the heap instead of OB_TID, an array of candidates
 * instead of a walk for each step.
 *
 * @module
 */

import * as Layout from "../layout/memory_map.ts";
import type { Address, Memory } from "../memory/mod.ts";
import type { Objects, Visit } from "../objects/mod.ts";
import { Items } from "./items.ts";

const { PAGE_BITS } = Layout;
const IN_PAGE = Layout.PAGE_SIZE - 1;
/** Binary logarithm of the smallest distance of two objects. Bytes. */
const GRAIN_BITS = 5;
/** Numbers of a page. */
const PER_PAGE = Layout.PAGE_SIZE >> GRAIN_BITS;

const NONE = 0;
const REACHABLE = -1;

/** See the head of this file. */
export class Marks {
  declare readonly o: Objects;
  /** First number of each page, or -1. */
  declare readonly bases: Int32Array;
  /** The numbers. */
  declare numbers: Int32Array;
  /** Objects to look at, in the order in which they were added. */
  declare ops: Uint32Array;
  /** How many. */
  count = 0;
  /** Object with fewer references than others have to it, or 0. */
  broken: Address = 0;
  readonly #stack: Address[] = [];
  readonly #items: Items;
  #pages = 0;
  readonly #subtract: Visit;
  readonly #reach: Visit;

  /** No objects yet. */
  constructor(o: Objects) {
    this.o = o;
    this.#items = new Items(o);
    this.bases = new Int32Array(o.m.pages);
    this.numbers = new Int32Array(PER_PAGE);
    this.ops = new Uint32Array(PER_PAGE);
    this.#subtract = (op) => this.#lessOne(op);
    this.#reach = (op) => this.#markOne(op);
  }

  /** Forgets everything. */
  clear(m: Memory): void {
    for (let page = 0; page < m.pages; page++) this.bases[page] = -1;
    for (let k = 0; k < this.#pages * PER_PAGE; k++) this.numbers[k] = NONE;
    this.#pages = 0;
    this.count = 0;
    this.broken = 0;
  }

  /** Forgets the objects, not the pages. */
  restart(): void {
    for (let k = 0; k < this.count; k++) {
      this.numbers[this.#placeOf(this.ops[k])] = NONE;
    }
    this.count = 0;
    this.broken = 0;
  }

  /** Makes room for the objects of so many pages. */
  addPages(page: number, pages: number): void {
    for (let k = 0; k < pages; k++) {
      this.bases[page + k] = this.#pages++ * PER_PAGE;
    }
    if (this.numbers.length >= this.#pages * PER_PAGE) return;
    this.numbers = larger(this.numbers, this.#pages * PER_PAGE);
  }

  /** Adds an object with so many references. Its page was added. */
  add(op: Address, refs: number): void {
    if (this.count === this.ops.length) {
      this.ops = larger(this.ops, this.count + 1);
    }
    this.ops[this.count++] = op;
    this.numbers[this.#placeOf(op)] = refs + 1;
  }

  /** Place of an object's number, or -1 if its page was not added. */
  #placeOf(op: Address): number {
    const base = this.bases[op >>> PAGE_BITS];
    return base < 0 ? -1 : base + ((op & IN_PAGE) >>> GRAIN_BITS);
  }

  /** Takes away the references that the objects have to each other. */
  subtractAll(): void {
    const { o, ops, count } = this;
    for (let k = 0; k < count; k++) {
      const op = ops[k];
      if (this.#items.find(op)) this.#lessItems();
      else o.slotsOf(op)!.traverse?.(o, op, this.#subtract);
    }
  }

  /** The same for a list or tuple. */
  #lessItems(): void {
    const { i32, end } = this.#items;
    for (let at = this.#items.from; at < end; at++) {
      this.#lessOne(i32[at] >>> 0);
    }
  }

  #lessOne(op: Address): void {
    const k = this.#placeOf(op);
    if (k < 0) return;
    const number = this.numbers[k];
    if (number > 1) this.numbers[k] = number - 1;
    else if (number === 1) this.broken = op;
  }

  /** Marks an object as reachable, and whatever can be reached from it. */
  reach(op: Address): void {
    const { o } = this;
    this.#markOne(op);
    let next = this.#stack.pop();
    while (next !== undefined) {
      if (this.#items.find(next)) this.#markItems();
      else o.slotsOf(next)!.traverse?.(o, next, this.#reach);
      next = this.#stack.pop();
    }
  }

  /** Marks what a list or tuple refers to. */
  #markItems(): void {
    const { i32, end } = this.#items;
    for (let at = this.#items.from; at < end; at++) {
      this.#markOne(i32[at] >>> 0);
    }
  }

  #markOne(op: Address): void {
    const k = this.#placeOf(op);
    if (k < 0 || this.numbers[k] <= 0) return;
    this.numbers[k] = REACHABLE;
    this.#stack.push(op);
  }

  /** Marks what has references from outside, and what that reaches. */
  reachAll(): void {
    for (let k = 0; k < this.count; k++) {
      if (this.numbers[this.#placeOf(this.ops[k])] > 1) this.reach(this.ops[k]);
    }
  }

  /** True if an object that was added is reachable. */
  isReachable(op: Address): boolean {
    return this.numbers[this.#placeOf(op)] === REACHABLE;
  }

  /** True if an object was added and is not reachable. */
  isUnreachable(op: Address): boolean {
    const k = this.#placeOf(op);
    return k >= 0 && this.numbers[k] > NONE;
  }
}

/** The same numbers with room for so many, and half as many again. */
function larger<T extends Int32Array | Uint32Array>(
  from: T,
  length: number,
): T {
  const nbytes = (length + (length >> 1)) * 4;
  const buffer = (from.buffer as ArrayBuffer).transfer(nbytes);
  return (from instanceof Int32Array
    ? new Int32Array(buffer)
    : new Uint32Array(buffer)) as T;
}
