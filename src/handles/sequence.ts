/**
 * `PyTuple`, and what it has in common with `PyList`.
 *
 * ## Threads
 *   As `handle.ts`. Each item is read by itself.
 *
 * @module
 */

import type { Address } from "../memory/mod.ts";
import { Tuple } from "../objects/mod.ts";
import { PyObject } from "./object.ts";
import { toJS, type ToJSOptions } from "./to_js.ts";

/** What has items by number. Indices below 0 count from the end. */
export abstract class PySequence extends PyObject {
  /** Items. Count. */
  abstract get length(): number;

  /** @ignore An item with a reference for the caller, or 0. */
  protected abstract item(index: number): Address;

  /** @ignore The same, or an error. */
  protected mustItem(index: number): Address {
    const op = this.item(index);
    if (op !== 0) return op;
    throw new RangeError(
      `Cannot get item ${index} of a ${this.typeName}: its length is ` +
        this.length,
    );
  }

  /** A handle of an item, or undefined if there is none. */
  at(index: number): PyObject | undefined {
    const op = this.item(index);
    return op === 0 ? undefined : this.space.wrap(op);
  }

  /**
   * A handle of an item.
   *
   * @throws {RangeError} If there is none of that index.
   */
  get(index: number): PyObject {
    return this.space.wrap(this.mustItem(index));
  }

  /**
   * An item as JavaScript has it, all the way down.
   *
   * @throws {RangeError} If there is none of that index.
   * @throws {TypeError} If a part of it has no counterpart.
   */
  getJS(index: number, options?: ToJSOptions): unknown {
    const op = this.mustItem(index);
    try {
      return toJS(this.space, op, options);
    } finally {
      this.space.drop(op);
    }
  }

  /** The items as JavaScript has them, one after the other. */
  *values(options?: ToJSOptions): Generator<unknown, void, void> {
    for (let k = 0;; k++) {
      const op = this.item(k);
      if (op === 0) return;
      let value: unknown;
      try {
        value = toJS(this.space, op, options);
      } finally {
        this.space.drop(op);
      }
      yield value;
    }
  }

  /** {@linkcode PySequence.values}. */
  [Symbol.iterator](): Generator<unknown, void, void> {
    return this.values();
  }

  /** Handles of the items, one after the other; the caller closes each. */
  *handles(): Generator<PyObject, void, void> {
    for (let k = 0;; k++) {
      const op = this.item(k);
      if (op === 0) return;
      yield this.space.wrap(op);
    }
  }

  /**
   * The items as JavaScript has them, all the way down.
   *
   * @throws {TypeError} If a part has no counterpart.
   */
  override toJS(options?: ToJSOptions): unknown[] {
    return super.toJS(options) as unknown[];
  }
}

/**
 * `tuple`. Made by `heap.tuple()`.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { createHeap } from "@obmalloc/obmalloc";
 *
 * using heap = createHeap({ maxBytes: 16 * 1024 * 1024 });
 * using point = heap.tuple([1, 2.5]);
 * assert.equal(point.repr(), "(1, 2.5)");
 * assert.deepEqual([...point], [1, 2.5]);
 * assert.equal(point.hash(), heap.tuple([1, 2.5]).hash());
 * ```
 */
export class PyTuple extends PySequence {
  /** Items. Count. */
  override get length(): number {
    return Tuple.length(this.space.o, this.use("read a tuple"));
  }

  /** @ignore */
  protected override item(index: number): Address {
    const op = this.use("get an item of a tuple");
    const { o } = this.space;
    const length = Tuple.length(o, op);
    const at = index < 0 ? index + length : index;
    if (!(Number.isInteger(at) && at >= 0 && at < length)) return 0;
    const item = Tuple.item(o, op, at);
    if (item !== 0) o.incref(item);
    return item;
  }
}
