/**
 * One worker of the torture of objects: its objects, its table of references,
 * and what every step does with them.
 *
 * ## Invariants
 *   A1  an entry of the table is 0, or stands for one reference to an object
 *       that carries a mark for the entry's place
 *
 * ## Threads
 *   Of one worker. Between steps it may be in none of its functions.
 *
 * @module
 */

import { Gc } from "../../gc/mod.ts";
import { Kinds, type Objects, open } from "../../objects/mod.ts";
import { attach, type Heap, type HeapHandle } from "../stress/heap.ts";
import { Random } from "../stress/random.ts";
import { Board, ENTRIES, entryOf, HANDED, LIVES } from "./board.ts";
import { OPS, placeAt, ROWS } from "./board.ts";
import { type Canary, plant } from "./canary.ts";
import { FindingError, type FindingKind } from "./finding.ts";
import * as Mark from "./mark.ts";
import * as Places from "./places.ts";

/** What the main thread gives a worker. Structured-cloneable. */
export interface Order {
  /** Heap to attach to. */
  readonly handle: HeapHandle;
  /** Memory of the board. */
  readonly board: SharedArrayBuffer;
  /** What all workers share. */
  readonly containers: Places.Containers;
  /** Number of this worker: 0 ≤ worker < workers. */
  readonly worker: number;
  /** Workers of the run. Count. */
  readonly workers: number;
  /** Steps to take, or 0 to go on until time is up. Count. */
  readonly ops: number;
  /** Seed of the run. */
  readonly seed: number;
  /** Planted bug, if any. */
  readonly canary: Canary | undefined;
}

/** Serials of objects that are to be equal to others at times. Count. */
const FEW_SERIALS = 64;

/** See the head of this file. */
export class Actor {
  /** What to do. */
  readonly order: Order;
  /** What all share beside the heap. */
  readonly board: Board;
  /** Its choices. */
  readonly random: Random;
  /** Record on the board. Word index. */
  readonly record: number;
  /** First entry of the table. Word index. */
  readonly table: number;
  /** The heap, as this worker has it now. */
  heap!: Heap;
  /** The objects, as this worker has them now. */
  o!: Objects;
  /** The collector, as this worker has it now. */
  gc!: Gc;
  /** What a callback has found, whose errors nobody catches, or "". */
  trouble = "";

  /** Attaches to the heap. */
  constructor(order: Order) {
    const { board, worker, workers, seed } = order;
    this.order = order;
    this.board = new Board(board, workers);
    this.random = new Random(seed, worker);
    this.record = this.board.record(worker);
    this.table = this.board.table(worker);
    this.attach();
  }

  /** Attaches to the heap with a new thread state. */
  attach(): void {
    this.heap = attach(this.order.handle);
    const o = open(this.heap.core);
    if (o === null) this.fail("no-memory", "Cannot open the objects of a heap");
    this.o = o;
    this.gc = new Gc(o);
    this.count(LIVES);
    plant(this.order.canary, this);
  }

  /** Adds 1 to a word of the record. */
  count(word: number): void {
    this.board.i32[this.record + word]++;
  }

  /** Ends this worker's part with a finding. */
  fail(kind: FindingKind, text: string): never {
    const { worker } = this.order;
    const op = this.board.i32[this.record + OPS];
    throw new FindingError({ kind, text, worker, op });
  }

  /** Refuses a 0 instead of an object. */
  requireMade(op: number, what: string): number {
    if (op !== 0) return op;
    this.fail("no-memory", `Cannot make ${what}: no memory is left`);
  }

  /** Claims that an object has a mark for a place; returns the mark. */
  verify(op: number, place: number, where: string): number {
    const mark = Mark.read(this.o, op);
    if (mark !== Mark.NONE && Mark.placeOf(mark) === place) return mark;
    const what = mark === Mark.NONE
      ? "has no mark"
      : `is marked for ${Places.nameOf(Mark.placeOf(mark))}`;
    this.fail(
      "recycled",
      `The object 0x${op.toString(16)} ${where} ${what}; it was made for ` +
        `${Places.nameOf(place)} (${this.o.describe(op)})`,
    );
  }

  /** The object of an entry of the table, which is verified; or 0. */
  at(entry: number): number {
    const op = this.board.i32[this.table + entry] >>> 0;
    if (op !== 0) this.verify(op, placeAt(entry), `in its table`);
    return op;
  }

  /** Drops what an entry has, and gives it another reference, or 0. */
  put(entry: number, op: number): void {
    const before = this.at(entry);
    this.board.i32[this.table + entry] = op;
    if (before !== 0) this.o.decref(before);
  }

  /** Puts a reference that came from a place into the table, verified. */
  receive(place: number, op: number): void {
    this.verify(op, place, `from ${Places.nameOf(place)}`);
    this.count(HANDED);
    this.put(entryOf(place, this.random.below(ROWS)), op);
  }

  /** An entry with an object for a place; it may be a new one. */
  entryFor(place: number): number {
    const entry = entryOf(place, this.random.below(ROWS));
    if (this.at(entry) === 0) {
      this.board.i32[this.table + entry] = this.make(place);
    }
    return entry;
  }

  /** An object for a place, whose reference stays in the table. */
  borrow(place: number): number {
    return this.board.i32[this.table + this.entryFor(place)] >>> 0;
  }

  /** A new object for a place. */
  make(place: number): number {
    const { random } = this;
    const isFew = place >= Places.FIRST_DICT && place < Places.FIRST_SLOT;
    const serial = random.below(isFew ? FEW_SERIALS : Mark.SERIALS);
    const form = random.below(Mark.FORMS);
    const more = form < Mark.TUPLE_FORM ? [] : this.#company(place);
    const op = Mark.make(this.o, Mark.of(place, serial), form, more);
    return this.requireMade(op, "an object");
  }

  /** What a new tuple refers to, beside its mark. */
  #company(place: number): number[] {
    const { random, o } = this;
    const more: number[] = [];
    for (let count = random.below(4); count > 0; count--) {
      const op = this.board.i32[this.table + random.below(ENTRIES)] >>> 0;
      // Tuples of tuples of tuples would have no end.
      if (op !== 0 && o.kindOf(op) !== Kinds.TUPLE) more.push(op);
    }
    const isKey = place >= Places.FIRST_SET && place < Places.FIRST_SLOT;
    if (!isKey && random.chance(10)) {
      const all = Places.allOf(this.order.containers);
      more.push(all[random.below(all.length)]);
    }
    return more;
  }
}
