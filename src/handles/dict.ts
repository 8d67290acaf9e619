/**
 * `PyDict`: a dict as JavaScript has it.
 *
 * ## Threads
 *   As `handle.ts`. Each method is one operation: others see it done, or not
 *   begun; `update()` does not write if what it has read has changed. What takes
 *   several is put into `heap.criticalSection()`.
 *
 * @module
 */

import type { Address } from "../memory/mod.ts";
import { Dict } from "../objects/mod.ts";
import { toKey, toObject } from "./from.ts";
import { itemsOf } from "./items.ts";
import { PyObject } from "./object.ts";
import { toJS, type ToJSOptions, valuesOf } from "./to_js.ts";

const GET = "get an item of a dict";
const SET = "set an item of a dict";
const DELETE = "delete an item of a dict";
const UPDATE = "update an item of a dict";
const ASSIGN = "update a dict";
const ITERATE = "go through a dict";
/** In place of a value: it was not set, others were faster. */
const AGAIN = Symbol("again");

/**
 * `dict`. Made of plain objects and Maps. Keys and values are converted as by
 * `heap.from()`; a handle stands for its object. Keys are equal if Python says
 * so: `1`, `1n` and `true` are one key.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { createHeap } from "@obmalloc/obmalloc";
 *
 * using heap = createHeap({ maxBytes: 16 * 1024 * 1024 });
 * using dict = heap.from({ one: 1 });
 * dict.set("two", 2).set(3, [null]);
 * assert.equal(`${dict}`, "{'one': 1, 'two': 2, 3: [None]}");
 * assert.equal(dict.getJS("two"), 2);
 * assert.equal(dict.get("four"), undefined);
 *
 * for (const word of "to be or not to be".split(" ")) {
 *   dict.update(word, (count) => (count as number) + 1, 0);
 * }
 * assert.equal(dict.getJS("be"), 2);
 * ```
 */
export class PyDict extends PyObject {
  /** Items. Count. */
  get size(): number {
    return Dict.length(this.space.o, this.use("read a dict"));
  }

  /** Runs something with the object of a key, and drops that. */
  #with<T>(
    key: unknown,
    attempt: string,
    run: (op: Address, key: Address) => T,
  ): T {
    const { space } = this;
    const found = toKey(space, key, attempt);
    try {
      return run(this.use(attempt), found);
    } finally {
      space.drop(found);
    }
  }

  /** A value with a reference for the caller, or 0. */
  #value(key: unknown): Address {
    const { o } = this.space;
    return this.#with(key, GET, (op, found) => Dict.getItem(o, op, found));
  }

  /** A handle that owns a reference, or undefined for 0. */
  #wrap(op: Address): PyObject | undefined {
    return op === 0 ? undefined : this.space.wrap(op);
  }

  /**
   * A handle of the value of a key, or undefined if there is none.
   *
   * @throws {TypeError} If the key has no hash.
   */
  get(key: unknown): PyObject | undefined {
    return this.#wrap(this.#value(key));
  }

  /**
   * The value of a key as JavaScript has it, or undefined if there is none.
   *
   * @throws {TypeError} If the key has no hash, or a part of the value has no
   * counterpart.
   */
  getJS(key: unknown, options?: ToJSOptions): unknown {
    const value = this.#value(key);
    if (value === 0) return undefined;
    try {
      return toJS(this.space, value, options);
    } finally {
      this.space.drop(value);
    }
  }

  /**
   * Whether there is such a key.
   *
   * @throws {TypeError} If it has no hash.
   */
  has(key: unknown): boolean {
    const { o } = this.space;
    return this.#with(key, GET, (op, found) => Dict.contains(o, op, found));
  }

  /**
   * Sets the value of a key.
   *
   * @throws {TypeError} If one of them cannot be an object, or the key has no
   * hash.
   * @throws {MemoryError} If no memory is left; nothing has changed.
   */
  set(key: unknown, value: unknown): this {
    const { space } = this;
    const item = toObject(space, value, SET);
    try {
      this.#with(key, SET, (op, found) => this.#put(op, found, item));
    } finally {
      space.drop(item);
    }
    return this;
  }

  #put(op: Address, key: Address, value: Address): void {
    const { space } = this;
    const { o } = space;
    if (Dict.setItem(o, op, key, value)) return;
    space.again(SET, () => Dict.setItem(o, op, key, value));
  }

  /**
   * Sets the value of a key that there is not yet.
   *
   * @returns A handle of the value that is there now.
   * @throws {TypeError} As {@linkcode PyDict.set}.
   * @throws {MemoryError} As {@linkcode PyDict.set}.
   */
  setDefault(key: unknown, value: unknown): PyObject {
    const { space } = this;
    const { o } = space;
    const item = toObject(space, value, SET);
    try {
      return space.wrap(this.#with(key, SET, (op, found) => {
        const set = (): Address => Dict.setDefault(o, op, found, item);
        return set() || space.again(SET, set);
      }));
    } finally {
      space.drop(item);
    }
  }

  /**
   * Reads the value of a key, has a function compute the next one, and sets
   * that: as one operation, however many workers do so at once.
   *
   * The function may be called more than once: if another worker has changed
   * the value meanwhile it gets that.
   *
   * @param key The key.
   * @param next Gets the value as JavaScript has it.
   * @param initial Value of a key that is not there.
   * @returns The value that was set, as `next` gave it.
   * @throws {TypeError} As {@linkcode PyDict.set} and {@linkcode PyDict.getJS}.
   * @throws {MemoryError} As {@linkcode PyDict.set}.
   */
  update<T>(key: unknown, next: (value: unknown) => T, initial: unknown): T {
    const { space } = this;
    const found = toKey(space, key, UPDATE);
    try {
      while (true) {
        const value = this.#step(found, next, initial);
        if (value !== AGAIN) return value;
      }
    } finally {
      space.drop(found);
    }
  }

  /** One try to update; AGAIN if the value has changed meanwhile. */
  #step<T>(
    key: Address,
    next: (value: unknown) => T,
    initial: unknown,
  ): T | typeof AGAIN {
    const { space } = this;
    const before = Dict.getItem(space.o, this.use(UPDATE), key);
    let item = 0;
    try {
      const value = next(before === 0 ? initial : toJS(space, before));
      item = toObject(space, value, UPDATE);
      return this.#replace(key, before, item) ? value : AGAIN;
    } finally {
      if (before !== 0) space.drop(before);
      if (item !== 0) space.drop(item);
    }
  }

  /** Replaces a value by another one; false if it is not what it was. */
  #replace(key: Address, before: Address, item: Address): boolean {
    const { space } = this;
    const { o } = space;
    const op = this.use(UPDATE);
    let result = Dict.replaceItem(o, op, key, before, item);
    if (result === Dict.NO_MEMORY) {
      space.again(UPDATE, () => {
        result = Dict.replaceItem(o, op, key, before, item);
        return result !== Dict.NO_MEMORY;
      });
    }
    return result === Dict.REPLACED;
  }

  /**
   * Takes a key out.
   *
   * @returns True if it was there.
   * @throws {TypeError} If it has no hash.
   */
  delete(key: unknown): boolean {
    const { o } = this.space;
    return this.#with(key, DELETE, (op, found) => Dict.delItem(o, op, found));
  }

  /**
   * Takes a key out.
   *
   * @returns A handle of its value, or undefined if it was not there.
   * @throws {TypeError} If it has no hash.
   */
  pop(key: unknown): PyObject | undefined {
    const { o } = this.space;
    return this.#wrap(
      this.#with(key, DELETE, (op, found) => Dict.pop(o, op, found)),
    );
  }

  /**
   * Sets all items of another dict, a plain object or a Map. Python:
   * `dict.update()`.
   *
   * @throws {TypeError} If it is none of them, or cannot become a dict.
   * @throws {MemoryError} If no memory is left; some may be set.
   */
  assign(other: unknown): this {
    const { space } = this;
    const { o } = space;
    const more = toObject(space, other, ASSIGN);
    try {
      const op = this.use(ASSIGN);
      if (!Dict.update(o, op, more)) {
        space.again(ASSIGN, () => Dict.update(o, op, more));
      }
    } finally {
      space.drop(more);
    }
    return this;
  }

  /** Drops all items. */
  clear(): void {
    Dict.clear(this.space.o, this.use("clear a dict"));
  }

  /** Keys and values by turns, of one moment, as JavaScript has them. */
  #items(options?: ToJSOptions): unknown[] {
    const op = this.use(ITERATE);
    return valuesOf(this.space, itemsOf(this.space, op), options);
  }

  /** The keys of this moment, in their order, as JavaScript has them. */
  keys(options?: ToJSOptions): ArrayIterator<unknown> {
    return this.#items(options).filter((_, k) => k % 2 === 0).values();
  }

  /** The values of this moment, in the order of their keys. */
  values(options?: ToJSOptions): ArrayIterator<unknown> {
    return this.#items(options).filter((_, k) => k % 2 === 1).values();
  }

  /** The keys of this moment with their values. */
  entries(options?: ToJSOptions): ArrayIterator<[unknown, unknown]> {
    const items = this.#items(options);
    return Array.from(
      { length: items.length / 2 },
      (_, k): [unknown, unknown] => [items[2 * k], items[2 * k + 1]],
    ).values();
  }

  /** {@linkcode PyDict.entries}. */
  [Symbol.iterator](): ArrayIterator<[unknown, unknown]> {
    return this.entries();
  }

  /**
   * Handles of the keys of this moment, with those of their values; the caller
   * closes each. Those that are not asked for any more are closed.
   */
  *handles(): Generator<[key: PyObject, value: PyObject], void, void> {
    const ops = itemsOf(this.space, this.use(ITERATE));
    const handles = ops.map((op) => this.space.wrap(op));
    let at = 0;
    try {
      while (at < handles.length) {
        at += 2;
        yield [handles[at - 2], handles[at - 1]];
      }
    } finally {
      for (; at < handles.length; at++) handles[at].close();
    }
  }

  /**
   * A plain object if all keys are str, else a Map; see `ToJSOptions`.
   *
   * @throws {TypeError} If a part has no counterpart.
   */
  override toJS(
    options?: ToJSOptions,
  ): Record<string, unknown> | Map<unknown, unknown> {
    return super.toJS(options) as Record<string, unknown>;
  }
}
