/**
 * `PyWeakref`: a weak reference as JavaScript has it.
 *
 * ## Threads
 *   As `handle.ts`; see `objects/weakref.ts`. Callbacks are called in the
 *   worker that has given them, at a safe point if another one has dropped the
 *   object; those of a worker that has ended are not.
 *
 * @module
 */

import type { Address } from "../memory/mod.ts";
import { Weakref } from "../objects/mod.ts";
import { operand } from "./handle.ts";
import { PyObject } from "./object.ts";
import type { Space } from "./space.ts";

const MAKE = "make a weak reference";

/**
 * `weakref.ref`: knows an object and does not keep it. Made by
 * `heap.weakref()`, of sets, frozensets and instances of types that say so.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { createHeap } from "@obmalloc/obmalloc";
 *
 * using heap = createHeap({ maxBytes: 16 * 1024 * 1024 });
 * const set = heap.from(new Set([1]));
 * using ref = heap.weakref(set);
 * const same = ref.get();
 * assert.ok(same?.is(set));
 * same?.close();
 * set.close(); // the last reference
 * assert.equal(ref.get(), undefined);
 * ```
 */
export class PyWeakref extends PyObject {
  /** A handle of the object, or undefined once it is dead. */
  get(): PyObject | undefined {
    const { space } = this;
    const op = Weakref.get(space.o, this.use("look through a weak reference"));
    return op === 0 ? undefined : space.wrap(op);
  }

  /** True once the object is dead. */
  get isDead(): boolean {
    const ref = this.use("look through a weak reference");
    return Weakref.isDead(this.space.o, ref);
  }
}

/** A weak reference to the object of a handle. See `heap.weakref()`. */
export function makeWeakref(
  space: Space,
  handle: unknown,
  callback?: (ref: PyWeakref) => void,
): PyWeakref {
  const { o } = space;
  const op = operand(space, handle, MAKE);
  const call = callback === undefined ? undefined : (ref: Address) => {
    o.incref(ref);
    const mine = space.wrap(ref) as PyWeakref;
    try {
      callback(mine);
    } finally {
      mine.close();
    }
  };
  const make = (): Address => Weakref.create(o, op, call);
  return space.wrap(make() || space.again(MAKE, make)) as PyWeakref;
}
