/**
 * What all handles of a worker on one heap share.
 *
 * A handle holds one reference, and gives it back when it is closed. What
 * cannot be given back at once, because the thread state is detached, waits
 * for the next safe point; so does what a handle held that nobody has closed.
 *
 * ```text
 *   handle ──▶ cell { op } ◀── registry, and the set of cells in use
 * ```
 *
 * ## Threads
 *   Belongs to one worker. A worker that stops leaves the references of its
 *   open handles behind: their objects live as long as the heap.
 *
 * @module
 */

import { MemoryError, show, ThreadStateError } from "../errors.ts";
import type { Companion, Core } from "../domains/core.ts";
import { Debug } from "../hooks/mod.ts";
import type { Gc } from "../gc/mod.ts";
import type { Address } from "../memory/mod.ts";
import { Held, type Objects } from "../objects/mod.ts";
import { Keys } from "./keys.ts";
import type { PyObject } from "./object.ts";
import type { Fields } from "./type.ts";

/** What a handle holds: a reference, or 0 once it is closed. */
export interface Cell {
  /** Byte address, or 0. */
  op: Address;
}

/** What is told of a handle that was forgotten. */
export interface Forgotten {
  /** The object. Byte address. */
  readonly address: number;
  /** Name of its type in Python. */
  readonly typeName: string;
}

/** Makes a handle that owns a reference. */
export type Wrap = (space: Space, op: Address) => PyObject;

/** Refuses what needs an attached thread state. */
export function requireOpen(core: Core, attempt: string): void {
  if (core.isAttached) return;
  throw new ThreadStateError(
    core.isClosed
      ? `Cannot ${attempt}: the heap is closed`
      : `Cannot ${attempt} without an attached thread state`,
  );
}

/** See the head of this file. */
export class Space implements Companion {
  /** The worker's core. */
  declare readonly core: Core;
  /** Its objects. */
  declare readonly o: Objects;
  /** Its collector. */
  declare readonly gc: Gc;
  /** Strs that were used as keys. */
  declare readonly keys: Keys;
  /** Handles that were lost without being closed. Count. */
  forgotten = 0;
  /** Called once for each of them, at a safe point. */
  onForgotten: ((what: Forgotten) => void) | null = null;
  /** Fields of the types that this worker has defined, by address. */
  readonly types: Map<Address, Fields> = new Map();
  readonly #wrap: Wrap;
  /** Cells that hold a reference. */
  readonly #cells = new Set<Cell>();
  /** References to drop at the next safe point. */
  #dropped: Address[] = [];
  /** References that handles held that were forgotten, to be dropped, too. */
  #forgotten: Address[] = [];
  /** Work for the next safe point. */
  #later: (() => void)[] = [];
  readonly #registry: FinalizationRegistry<Cell>;

  /** The handles of a core. */
  constructor(core: Core, o: Objects, gc: Gc, wrap: Wrap) {
    this.core = core;
    this.o = o;
    this.gc = gc;
    this.keys = new Keys(o);
    this.#wrap = wrap;
    this.#registry = new FinalizationRegistry((cell) => this.forget(cell));
    core.accompany(this);
  }

  /** Handles that are open. Count. */
  get open(): number {
    return this.#cells.size;
  }

  /** Refuses what needs an attached thread state; then a safe moment. */
  require(attempt: string): void {
    if (!this.core.isAttached) requireOpen(this.core, attempt);
    if (Held.isOff(this.o)) Held.settle(this.o);
    if (this.#waits) this.settle();
  }

  /** A handle that owns a reference. */
  wrap(op: Address): PyObject {
    return this.#wrap(this, op);
  }

  /** Has a handle own a reference. Its constructor calls this. */
  enter(handle: object, op: Address): Cell {
    const cell = { op };
    this.#cells.add(cell);
    this.#registry.register(handle, cell, cell);
    return cell;
  }

  /** Takes the reference out of a cell and drops it, now or later. C: Py_CLEAR(). */
  leave(cell: Cell): void {
    const { op } = cell;
    if (op === 0) return;
    cell.op = 0;
    this.#cells.delete(cell);
    this.#registry.unregister(cell);
    // What a worker that was cut off still holds is no longer its to drop.
    if (this.core.isRevoked) return;
    this.drop(op);
    if (this.#cells.size === 0) this.#dropKeys();
  }

  /** Drops the keys that are kept, now or later. */
  #dropKeys(): void {
    for (const op of this.keys.takeAll()) this.drop(op);
  }

  /** Drops a reference, or as soon as the thread state is attached. */
  drop(op: Address): void {
    if (!this.core.isAttached) {
      this.#dropped.push(op);
      return;
    }
    if (Held.isOff(this.o)) Held.settle(this.o);
    this.o.decref(op);
  }

  /** Runs something now, or as soon as the thread state is attached. */
  soon(run: () => void): void {
    if (this.core.isAttached) run();
    else this.#later.push(run);
  }

  /**
   * The handle of a cell is gone. Called at any time, also detached: nothing
   * of the heap is touched.
   */
  forget(cell: Cell): void {
    if (cell.op === 0) return;
    this.#forgotten.push(cell.op);
    cell.op = 0;
    this.#cells.delete(cell);
    this.forgotten++;
  }

  get #waits(): boolean {
    return this.#dropped.length + this.#forgotten.length +
        this.#later.length > 0;
  }

  /** Drops what waits for it. */
  settle(): void {
    const { o } = this;
    const later = this.#later;
    const dropped = this.#dropped;
    const forgotten = this.#forgotten;
    this.#later = [];
    this.#dropped = [];
    this.#forgotten = [];
    for (const run of later) run();
    for (const op of dropped) o.decref(op);
    for (const op of forgotten) {
      this.#report(op);
      o.decref(op);
    }
  }

  /** Tells of a handle that was forgotten. */
  #report(address: Address): void {
    const { o, onForgotten } = this;
    if (onForgotten === null) return;
    const typeName = o.nameOf(o.typeOf(address));
    try {
      Held.callOut(o, onForgotten, { address, typeName });
    } catch (error) {
      Debug.Stderr.write(
        `Exception ignored in onForgotten for ${show(address)}: ${error}\n`,
      );
    }
  }

  /**
   * Runs once more what has failed for lack of memory, after a collection.
   *
   * @returns What it gave, which is neither 0 nor false.
   * @throws {MemoryError} If it fails again.
   */
  again<T extends number | boolean>(attempt: string, run: () => T): T {
    this.#dropKeys();
    this.o.relieve?.();
    const result = run();
    if (result) return result;
    throw new MemoryError(`Cannot ${attempt}: no memory is left`);
  }

  /** Closes all handles: the heap is about to be closed. */
  closeAll(): void {
    if (!this.core.isRevoked) this.settle();
    for (const cell of [...this.#cells]) this.leave(cell);
  }

  /** MEM and OBJ are open. */
  attached(): void {}

  /** Nothing is open. */
  detached(): void {}

  /** A safe point. */
  passed(): void {
    if (this.#waits) this.settle();
  }

  /** The heap has closed all handles. */
  closing(): void {}
}
