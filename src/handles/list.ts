/**
 * `PyList`: a list as JavaScript has it.
 *
 * ## Threads
 *   As `handle.ts`. Each method is one operation: others see it done, or not
 *   begun. What takes several is put into `heap.criticalSection()`.
 *
 * @module
 */

import type { Address } from "../memory/mod.ts";
import { List } from "../objects/mod.ts";
import { toObject } from "./from.ts";
import { inSection, isHandle, operand } from "./handle.ts";
import type { PyObject } from "./object.ts";
import { PySequence } from "./sequence.ts";
import { toJS, type ToJSOptions } from "./to_js.ts";

const GET = "get an item of a list";
const SET = "set an item of a list";
const APPEND = "append to a list";
const INSERT = "insert into a list";
const EXTEND = "extend a list";
const SLICE = "slice a list";
const POP = "pop an item of a list";

/**
 * `list`. Made of arrays. Values are converted as by `heap.from()`; a handle
 * stands for its object.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { createHeap } from "@obmalloc/obmalloc";
 *
 * using heap = createHeap({ maxBytes: 16 * 1024 * 1024 });
 * using list = heap.from([1, "two"]);
 * list.append(3.5).append([4]);
 * assert.equal(`${list}`, "[1, 'two', 3.5, [4]]");
 * assert.equal(list.getJS(-2), 3.5);
 * using inner = list.get(3); // a handle of the same list
 * assert.equal(inner.typeName, "list");
 * assert.deepEqual([...list], [1, "two", 3.5, [4]]);
 * ```
 */
export class PyList extends PySequence {
  /** Items. Count. */
  override get length(): number {
    return List.length(this.space.o, this.use("read a list"));
  }

  /** @ignore */
  protected override item(index: number): Address {
    const { space } = this;
    const op = this.use(GET);
    return inSection(space, op, () => {
      const at = this.#place(op, index);
      return at < 0 ? 0 : List.getItem(space.o, op, at);
    });
  }

  /** Index from 0 on, or -1 if there is no such item. */
  #place(op: Address, index: number): number {
    const length = List.length(this.space.o, op);
    const at = index < 0 ? index + length : index;
    return Number.isInteger(at) && at >= 0 && at < length ? at : -1;
  }

  /**
   * Replaces an item.
   *
   * @throws {RangeError} If there is none of that index.
   * @throws {TypeError} If the value cannot be an object.
   */
  set(index: number, value: unknown): this {
    const { space } = this;
    let item = toObject(space, value, SET);
    try {
      const op = this.use(SET);
      inSection(space, op, () => {
        const at = this.#place(op, index);
        List.setItem(space.o, op, at < 0 ? index : at, item);
        item = 0; // it is the list's now
      });
    } finally {
      if (item !== 0) space.drop(item);
    }
    return this;
  }

  /**
   * Appends a value.
   *
   * @throws {TypeError} If it cannot be an object.
   * @throws {MemoryError} If no memory is left; nothing has changed.
   */
  append(value: unknown): this {
    const { space } = this;
    const { o } = space;
    const item = toObject(space, value, APPEND);
    try {
      const op = this.use(APPEND);
      if (!List.append(o, op, item)) {
        space.again(APPEND, () => List.append(o, op, item));
      }
    } finally {
      space.drop(item);
    }
    return this;
  }

  /**
   * Puts a value in front of an item, or at an end. Python: `list.insert()`.
   *
   * @throws {TypeError} If the value cannot be an object.
   * @throws {MemoryError} If no memory is left; nothing has changed.
   */
  insert(index: number, value: unknown): this {
    const { space } = this;
    const { o } = space;
    const item = toObject(space, value, INSERT);
    try {
      const op = this.use(INSERT);
      if (!List.insert(o, op, index, item)) {
        space.again(INSERT, () => List.insert(o, op, index, item));
      }
    } finally {
      space.drop(item);
    }
    return this;
  }

  /**
   * Takes an item out; the last one if no index is given.
   *
   * @throws {RangeError} If there is none of that index.
   */
  pop(index = -1): PyObject {
    const op = this.use(POP);
    return this.space.wrap(List.pop(this.space.o, op, index));
  }

  /**
   * The same, and the item as JavaScript has it. If that is not possible the
   * item is gone.
   *
   * @throws {RangeError} If there is none of that index.
   * @throws {TypeError} If a part of it has no counterpart.
   */
  popJS(index = -1, options?: ToJSOptions): unknown {
    const item = List.pop(this.space.o, this.use(POP), index);
    try {
      return toJS(this.space, item, options);
    } finally {
      this.space.drop(item);
    }
  }

  /**
   * Appends all items of a list, or all values of an iterable, at once.
   *
   * @throws {TypeError} If one of them cannot be an object.
   * @throws {MemoryError} If no memory is left; nothing has changed.
   */
  extend(values: PyList | Iterable<unknown>): this {
    const { space } = this;
    const { o } = space;
    this.use(EXTEND);
    const more = isHandle(values)
      ? this.#share(operand(space, values, EXTEND))
      : toObject(space, Array.from(values), EXTEND);
    try {
      const op = this.use(EXTEND);
      if (!List.extend(o, op, more)) {
        space.again(EXTEND, () => List.extend(o, op, more));
      }
    } finally {
      space.drop(more);
    }
    return this;
  }

  /** One more reference. */
  #share(op: Address): Address {
    this.space.o.incref(op);
    return op;
  }

  /**
   * A new list of the items from one index to below another; the whole list if
   * none are given. Python: `a[low:high]`.
   *
   * @throws {MemoryError} If no memory is left.
   */
  slice(low?: number, high?: number): PyList {
    const { space } = this;
    const op = this.use(SLICE);
    const cut = (): Address => List.slice(space.o, op, low, high);
    return space.wrap(cut() || space.again(SLICE, cut)) as PyList;
  }

  /** Turns the order of the items round. */
  reverse(): this {
    List.reverse(this.space.o, this.use("reverse a list"));
    return this;
  }

  /** Drops all items. */
  clear(): void {
    List.clear(this.space.o, this.use("clear a list"));
  }
}
