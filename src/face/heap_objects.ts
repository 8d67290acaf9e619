/**
 * Objects of Python: the part of {@linkcode Heap} that makes and shares them.
 *
 * Objects and collector of a worker are opened at the first use: a program that
 * has to do with memory only pays nothing for them.
 *
 * ## Threads
 *   As `handles/`: belongs to one worker, needs its thread state attached.
 *
 * @module
 */

import { show } from "../errors.ts";
import type { Address } from "../memory/mod.ts";
import { Complex, Float, Held, Sets, Tuple } from "../objects/mod.ts";
import {
  defineType,
  type Forgotten,
  makeWeakref,
  mutexOf,
  openSpace,
  operand,
  type PyBool,
  type PyBytes,
  type PyComplex,
  type PyDict,
  type PyFloat,
  type PyFrozenSet,
  type PyInt,
  type PyList,
  type PyNone,
  type PyObject,
  type PySet,
  type PyStr,
  type PyTuple,
  type PyType,
  type PyWeakref,
  requireOpen,
  type Share,
  type ShareToken,
  Sharing,
  type Space,
  toJS,
  type ToJSOptions,
  toObject,
  type TypeFields,
  type TypeOptions,
  type UnshareOptions,
} from "../handles/mod.ts";
import { HeapGc } from "./heap_gc.ts";
import { HeapReports } from "./reports.ts";

const SECTION = "begin a critical section";

/** The handle that `heap.from()` makes of a value. */
export type HandleOf<T> = T extends PyObject ? T
  : T extends boolean ? PyBool
  : T extends number ? PyInt | PyFloat
  : T extends bigint ? PyInt
  : T extends string ? PyStr
  : T extends null | undefined ? PyNone
  : T extends Uint8Array ? PyBytes
  : T extends readonly unknown[] ? PyList
  : T extends ReadonlyMap<unknown, unknown> ? PyDict
  : T extends ReadonlySet<unknown> ? PySet
  : T extends object ? PyDict
  : PyObject;

/**
 * Objects, their collector, and what shares them between workers.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { createHeap } from "@obmalloc/obmalloc";
 *
 * using heap = createHeap({ maxBytes: 16 * 1024 * 1024 });
 * using value = heap.from({ name: "list", items: [1, 2.5, null] });
 * assert.equal(`${value}`, "{'name': 'list', 'items': [1, 2.5, None]}");
 * value.set("self", value);
 * const copy = heap.toJS(value) as Record<string, unknown>;
 * assert.equal(copy.self, copy);
 * ```
 */
export abstract class HeapObjects extends HeapReports {
  #opened: Space | null = null;
  #gc: HeapGc | null = null;
  #onForgotten: ((what: Forgotten) => void) | null = null;

  /** What handles share, opened if it is not. */
  #space(attempt: string): Space {
    if (this.#opened !== null && this.core.isAttached) {
      this.#opened.require(attempt);
      return this.#opened;
    }
    requireOpen(this.core, attempt);
    this.#opened = openSpace(this.core);
    this.#opened.onForgotten = this.#onForgotten;
    return this.#opened;
  }

  /** @ignore Closes all handles: the heap is about to be closed. */
  protected closeHandles(): void {
    this.#opened?.closeAll();
  }

  /**
   * An object for a value; a handle gives another handle of its object.
   *
   * | value                        | object                           |
   * | ---------------------------- | -------------------------------- |
   * | safe integer, but for -0     | `int`                            |
   * | other number                 | `float`                          |
   * | bigint                       | `int`                            |
   * | string, boolean              | `str`, `bool`                    |
   * | `null`, `undefined`          | `None`                           |
   * | Uint8Array                   | `bytes`                          |
   * | Array, Set, Map              | `list`, `set`, `dict`            |
   * | plain object                 | `dict` of its own string keys    |
   *
   * What the value shares, cycles included, the objects share.
   *
   * @returns A handle, which the caller closes.
   * @throws {TypeError} If a part of it is anything else, or a key that has no
   * hash.
   * @throws {HandleError} If a part is a handle that is closed, or of another
   * heap.
   * @throws {MemoryError} If no memory is left; the heap is as it was.
   * @throws {ThreadStateError} If no thread state is attached.
   */
  from<T>(value: T): HandleOf<T> {
    const space = this.#space("store a value");
    return space.wrap(toObject(space, value, "store a value")) as HandleOf<T>;
  }

  /**
   * The value of an object, all the way down; the inverse of
   * {@linkcode HeapObjects.from}. Tuples become arrays, frozensets Sets.
   *
   * @throws {TypeError} If a part of it has no counterpart, see `ToJSOptions`.
   * @throws {HandleError} If the handle is closed, or of another heap.
   */
  toJS(handle: PyObject, options?: ToJSOptions): unknown {
    const space = this.#space("convert an object");
    return toJS(space, operand(space, handle, "convert an object"), options);
  }

  /** A handle of what a function makes; it is tried twice. */
  #make<H>(attempt: string, make: (space: Space) => Address): H {
    const space = this.#space(attempt);
    const op = make(space) || space.again(attempt, () => make(space));
    return space.wrap(op) as H;
  }

  /**
   * A float, also of a whole number.
   *
   * @throws {TypeError} If it is no number.
   * @throws {MemoryError} If no memory is left.
   */
  float(value: number): PyFloat {
    return this.#make("make a float", ({ o }) => Float.fromNumber(o, value));
  }

  /**
   * A complex number.
   *
   * @throws {TypeError} If a part is no number.
   * @throws {MemoryError} If no memory is left.
   */
  complex(real: number, imag = 0): PyComplex {
    return this.#make(
      "make a complex number",
      ({ o }) => Complex.fromNumbers(o, real, imag),
    );
  }

  /**
   * A tuple of values, which are converted as by {@linkcode HeapObjects.from}.
   *
   * @throws As {@linkcode HeapObjects.from}.
   */
  tuple(values: Iterable<unknown>): PyTuple {
    return this.#withItems("make a tuple", values, Tuple.fromArray);
  }

  /**
   * A frozenset of values, which are converted as by
   * {@linkcode HeapObjects.from}.
   *
   * @throws As {@linkcode HeapObjects.from}.
   */
  frozenset(values: Iterable<unknown> = []): PyFrozenSet {
    return this.#withItems("make a frozenset", values, Sets.createFrozen);
  }

  /** A handle of what is made of values. */
  #withItems<H>(
    attempt: string,
    values: Iterable<unknown>,
    make: (o: Space["o"], items: readonly Address[]) => Address,
  ): H {
    const space = this.#space(attempt);
    const items: Address[] = [];
    try {
      for (const value of values) items.push(toObject(space, value, attempt));
      return this.#make(attempt, ({ o }) => make(o, items));
    } finally {
      for (const item of items) space.drop(item);
    }
  }

  /**
   * Defines a type, or finds the one that another worker has defined.
   *
   * @param options Its name and its fields.
   * @returns A handle of the type, which makes instances.
   * @throws {RangeError} If there can be no such objects.
   * @throws {TypeError} If the type of that name has other fields.
   * @throws {MemoryError} If no memory is left.
   */
  defineType<const F extends TypeFields>(options: TypeOptions<F>): PyType<F> {
    return defineType(this.#space("define a type"), options);
  }

  /**
   * A weak reference to an object: a set, a frozenset, or an instance of a type
   * that was defined with `weakrefs: true`.
   *
   * @param handle The object.
   * @param callback Called once the object has died; the handle that it gets is
   * closed afterwards.
   * @throws {TypeError} If objects of the type have none.
   * @throws {MemoryError} If no memory is left.
   */
  weakref(
    handle: PyObject,
    callback?: (ref: PyWeakref) => void,
  ): PyWeakref {
    return makeWeakref(
      this.#space("make a weak reference"),
      handle,
      callback,
    );
  }

  /**
   * Runs a function that has an object, or two, to itself. If it waits for
   * something, other workers may come in between, as in CPython; in the GIL
   * build so they do at a safe point.
   *
   * @returns What the function returns.
   * @throws {TypeError} If that is a promise: a section does not last so long.
   */
  criticalSection<T>(a: PyObject, run: () => T): T;
  /** The same with two objects. */
  criticalSection<T>(a: PyObject, b: PyObject, run: () => T): T;
  criticalSection<T>(
    a: PyObject,
    b: PyObject | (() => T),
    run?: () => T,
  ): T {
    const space = this.#space(SECTION);
    const first = operand(space, a, SECTION);
    if (typeof b === "function") {
      return this.#section(first, first, b);
    }
    if (typeof run !== "function") {
      throw new TypeError(`Cannot ${SECTION}: ${show(run)} is no function`);
    }
    return this.#section(first, operand(space, b, SECTION), run);
  }

  #section<T>(a: Address, b: Address, run: () => T): T {
    const { o } = this.#space(SECTION);
    // The function may close the handles.
    o.incref(a);
    o.incref(b);
    const before = o.held;
    Held.begin2(o, mutexOf(a), mutexOf(b));
    try {
      const result = run();
      if (!(result instanceof Promise)) return result;
    } finally {
      if (!this.core.isClosed) {
        o.held = before;
        Held.end(o);
        this.#opened?.drop(a);
        this.#opened?.drop(b);
      }
    }
    throw new TypeError(
      "Cannot hold a critical section: the function returned a promise",
    );
  }

  /** The collector. */
  get gc(): HeapGc {
    return this.#gc ??= new HeapGc(this.#space("open the collector"));
  }

  /**
   * Puts a reference on its way to another worker, which calls
   * {@linkcode HeapObjects.receive} with the token. Nothing else needs to be
   * kept: the heap holds the reference, also when this worker has ended.
   *
   * @returns A plain object that can be posted in a message. It can be received
   * once.
   * @throws {HandleError} If the handle is closed, or of another heap.
   * @throws {MemoryError} If no memory is left.
   */
  share(handle: PyObject): ShareToken {
    return Sharing.share(this.#space("share an object"), handle);
  }

  /**
   * A handle of what another worker has shared.
   *
   * @throws {HandleError} If it is no token of this heap, or was received or
   * taken back already.
   */
  receive<H extends PyObject = PyObject>(token: ShareToken): H {
    const space = this.#space("receive an object");
    return Sharing.receive(space, token) as H;
  }

  /**
   * Takes back what nobody has received: its message was lost, or not sent.
   *
   * @throws {HandleError} As {@linkcode HeapObjects.receive}.
   */
  unshare(token: ShareToken): void {
    Sharing.unshare(this.#space("take an object back"), token);
  }

  /**
   * What was shared, by any worker, and nobody has received. Stops the world
   * meanwhile.
   */
  shares(): Share[] {
    const space = this.#space("list what is shared");
    const found = this.threads.stopTheWorld(() => Sharing.held(space));
    return Sharing.describe(space, found);
  }

  /**
   * Takes back what was shared and is not received: all of it, or what is old
   * enough, or of one worker. Those who come with its tokens are refused.
   *
   * @returns References that were taken back. Count.
   */
  unshareAll(options: UnshareOptions = {}): number {
    const space = this.#space("take objects back");
    return Sharing.unshareAll(space, options);
  }

  /** Handles of this worker that are open. Count. */
  get openHandles(): number {
    return this.#opened?.open ?? 0;
  }

  /**
   * Handles that were lost without being closed. Their references are given
   * back; that it took the garbage collector of JavaScript to find them is a
   * leak of the program. Count.
   */
  get forgottenHandles(): number {
    return this.#opened?.forgotten ?? 0;
  }

  /** Called for each handle that was forgotten, at a safe point. */
  get onForgotten(): ((what: Forgotten) => void) | null {
    return this.#onForgotten;
  }

  /** Sets it, or null for nothing. */
  set onForgotten(run: ((what: Forgotten) => void) | null) {
    this.#onForgotten = run;
    if (this.#opened !== null) this.#opened.onForgotten = run;
  }
}
