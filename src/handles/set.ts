/**
 * `PySet` and `PyFrozenSet`: sets as JavaScript has them.
 *
 * ## Threads
 *   As `handle.ts`. Each method is one operation: others see it done, or not
 *   begun.
 *
 * @module
 */

import type { Address } from "../memory/mod.ts";
import { type Objects, Sets } from "../objects/mod.ts";
import { toKey } from "./from.ts";
import { isHandle } from "./handle.ts";
import { itemsOf } from "./items.ts";
import { PyObject } from "./object.ts";
import { type ToJSOptions, valuesOf } from "./to_js.ts";

const HAS = "look into a set";
const ADD = "add to a set";
const DELETE = "delete from a set";
const UPDATE = "update a set";
const COMBINE = "combine sets";
const COMPARE = "compare sets";
const ITERATE = "go through a set";

/** What can be combined with a set. */
export type SetLike = PyAnySet | Iterable<unknown>;

/** What `set` and `frozenset` have in common. */
export abstract class PyAnySet extends PyObject {
  /** Items. Count. */
  get size(): number {
    return Sets.length(this.space.o, this.use("read a set"));
  }

  /** @ignore Runs something with the object of a value, and drops that. */
  protected withKey<T>(
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

  /** @ignore The same with a set; an iterable becomes one. */
  protected withSet<T>(
    other: SetLike,
    attempt: string,
    run: (op: Address, other: Address) => T,
  ): T {
    const set = isHandle(other) ? other : new Set(other);
    return this.withKey(set, attempt, run);
  }

  /**
   * Whether there is such an item.
   *
   * @throws {TypeError} If it has no hash.
   */
  has(value: unknown): boolean {
    const { o } = this.space;
    return this.withKey(value, HAS, (op, key) => Sets.contains(o, op, key));
  }

  /** A new set of this one and another. */
  #combine(
    other: SetLike,
    combine: (o: Objects, a: Address, b: Address) => Address,
  ): this {
    const { space } = this;
    return this.withSet(other, COMBINE, (op, set) => {
      const make = (): Address => combine(space.o, op, set);
      return space.wrap(make() || space.again(COMBINE, make)) as this;
    });
  }

  /** A new set of what is in one of them. Python: `a | b`. */
  union(other: SetLike): this {
    return this.#combine(other, Sets.union);
  }

  /** A new set of what is in both. Python: `a & b`. */
  intersection(other: SetLike): this {
    return this.#combine(other, Sets.intersection);
  }

  /** A new set of what is in this and not in the other. Python: `a - b`. */
  difference(other: SetLike): this {
    return this.#combine(other, Sets.difference);
  }

  /** A new set of what is in one of them only. Python: `a ^ b`. */
  symmetricDifference(other: SetLike): this {
    return this.#combine(other, Sets.symmetricDifference);
  }

  /** Whether all items are in another set. Python: `a <= b`. */
  isSubsetOf(other: SetLike): boolean {
    const { o } = this.space;
    return this.withSet(
      other,
      COMPARE,
      (op, set) => Sets.isSubset(o, op, set),
    );
  }

  /** Whether all items of another set are in this one. Python: `a >= b`. */
  isSupersetOf(other: SetLike): boolean {
    const { o } = this.space;
    return this.withSet(
      other,
      COMPARE,
      (op, set) => Sets.isSubset(o, set, op),
    );
  }

  /** Whether they have no item in common. Python: `a.isdisjoint(b)`. */
  isDisjointFrom(other: SetLike): boolean {
    const { o } = this.space;
    return this.withSet(
      other,
      COMPARE,
      (op, set) => Sets.isDisjoint(o, op, set),
    );
  }

  /** The items of this moment as JavaScript has them. */
  values(options?: ToJSOptions): ArrayIterator<unknown> {
    const ops = itemsOf(this.space, this.use(ITERATE));
    return valuesOf(this.space, ops, options).values();
  }

  /** {@linkcode PyAnySet.values}. */
  [Symbol.iterator](): ArrayIterator<unknown> {
    return this.values();
  }

  /**
   * Handles of the items of this moment; the caller closes each. Those that are
   * not asked for any more are closed.
   */
  *handles(): Generator<PyObject, void, void> {
    const ops = itemsOf(this.space, this.use(ITERATE));
    const handles = ops.map((op) => this.space.wrap(op));
    let at = 0;
    try {
      while (at < handles.length) yield handles[at++];
    } finally {
      for (; at < handles.length; at++) handles[at].close();
    }
  }

  /**
   * The items as JavaScript has them.
   *
   * @throws {TypeError} If one has no counterpart.
   */
  override toJS(options?: ToJSOptions): Set<unknown> {
    return super.toJS(options) as Set<unknown>;
  }
}

/**
 * `set`. Made of Sets. Values are converted as by `heap.from()`; a handle
 * stands for its object.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { createHeap } from "@obmalloc/obmalloc";
 *
 * using heap = createHeap({ maxBytes: 16 * 1024 * 1024 });
 * using set = heap.from(new Set([1, 2]));
 * set.add(3).add(1);
 * assert.equal(set.size, 3);
 * using both = set.intersection([2, 3, 4]);
 * assert.equal(`${both}`, "{2, 3}");
 * assert.ok(both.isSubsetOf(set));
 * ```
 */
export class PySet extends PyAnySet {
  /**
   * Adds a value.
   *
   * @throws {TypeError} If it cannot be an object, or has no hash.
   * @throws {MemoryError} If no memory is left; nothing has changed.
   */
  add(value: unknown): this {
    const { space } = this;
    const { o } = space;
    this.withKey(value, ADD, (op, key) => {
      if (Sets.add(o, op, key)) return;
      space.again(ADD, () => Sets.add(o, op, key));
    });
    return this;
  }

  /**
   * Takes a value out.
   *
   * @returns True if it was there.
   * @throws {TypeError} If it has no hash.
   */
  delete(value: unknown): boolean {
    const { o } = this.space;
    return this.withKey(value, DELETE, (op, key) => Sets.discard(o, op, key));
  }

  /** Takes any item out: a handle of it, or undefined if there is none. */
  pop(): PyObject | undefined {
    const op = Sets.pop(this.space.o, this.use(DELETE));
    return op === 0 ? undefined : this.space.wrap(op);
  }

  /**
   * Adds all items of another set, or values of an iterable.
   *
   * @throws {TypeError} If one of them cannot be an object, or has no hash.
   * @throws {MemoryError} If no memory is left; some may be added.
   */
  update(other: SetLike): this {
    const { space } = this;
    const { o } = space;
    this.withSet(other, UPDATE, (op, set) => {
      if (Sets.update(o, op, set)) return;
      space.again(UPDATE, () => Sets.update(o, op, set));
    });
    return this;
  }

  /** Drops all items. */
  clear(): void {
    Sets.clear(this.space.o, this.use("clear a set"));
  }
}

/** `frozenset`: a set that never changes. Made by `heap.frozenset()`. */
export class PyFrozenSet extends PyAnySet {}
