/**
 * `PyObject`: an object of Python as JavaScript has it.
 *
 * ## Threads
 *   As `handle.ts`. What a method does with the object is what the function of
 *   `objects/` does that it calls.
 *
 * @module
 */

import { Protocol } from "../objects/mod.ts";
import { toObject } from "./from.ts";
import { Handle, operand } from "./handle.ts";
import { toJS, type ToJSOptions } from "./to_js.ts";

/**
 * A reference to an object of Python: the base of all handles, and the handle
 * of objects that have no class of their own.
 *
 * Whoever gets a handle closes it: by `using`, {@linkcode PyObject.close}, or
 * with the heap. `clone()` gives a second one to somebody else.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { createHeap } from "@obmalloc/obmalloc";
 *
 * using heap = createHeap({ maxBytes: 16 * 1024 * 1024 });
 * using pi = heap.from(3.25);
 * assert.equal(pi.typeName, "float");
 * assert.equal(pi.refcount, 1);
 * assert.equal(`${pi}`, "3.25");
 * assert.ok(pi.equals(3.25));
 * ```
 */
export class PyObject extends Handle {
  /** Another handle of the same object. */
  clone(): this {
    const op = this.use("clone a handle");
    this.space.o.incref(op);
    return this.space.wrap(op) as this;
  }

  /** Where the object is. Byte address. Python: `id()`. */
  get address(): number {
    return this.use("tell an address");
  }

  /** References to the object. Count. Python: `sys.getrefcount()`, less its own. */
  get refcount(): number {
    return this.space.o.refcnt(this.use("count references"));
  }

  /** Name of the type. Python: `type(x).__name__`. */
  get typeName(): string {
    const { o } = this.space;
    return o.nameOf(o.typeOf(this.use("tell a type")));
  }

  /** True if both are handles of the same object. Python: `is`. */
  is(other: PyObject): boolean {
    const op = this.use("compare objects");
    return op === operand(this.space, other, "compare objects");
  }

  /**
   * `==` of Python, with another object or with a value.
   *
   * @throws {TypeError} If the value cannot be an object.
   * @throws {RangeError} If they are nested too deep.
   */
  equals(other: unknown): boolean {
    const { space } = this;
    const value = toObject(space, other, "compare objects");
    try {
      return Protocol.equals(space.o, this.use("compare objects"), value);
    } finally {
      space.drop(value);
    }
  }

  /**
   * Order, with another object or with a value: below 0 if this is less, 0,
   * above 0, or NaN where neither is less.
   *
   * @throws {TypeError} If they have no order.
   */
  compare(other: unknown): number {
    const { space } = this;
    const value = toObject(space, other, "compare objects");
    try {
      return Protocol.compare(space.o, this.use("compare objects"), value);
    } finally {
      space.drop(value);
    }
  }

  /**
   * The hash. Python: `hash()`, in 32 bits.
   *
   * @throws {TypeError} If objects of the type have none.
   */
  hash(): number {
    return Protocol.hash(this.space.o, this.use("hash an object"));
  }

  /** What Python prints in a console. Python: `repr()`. */
  repr(): string {
    return Protocol.repr(this.space.o, this.use("print an object"));
  }

  /** Python: `str()`. */
  override toString(): string {
    return this.repr();
  }

  /**
   * The value as JavaScript has it, all the way down.
   *
   * @throws {TypeError} If a part of it has no counterpart.
   */
  toJS(options?: ToJSOptions): unknown {
    return toJS(this.space, this.use("convert an object"), options);
  }

  /** What `Deno.inspect()` and `console.log()` show. */
  [Symbol.for("Deno.customInspect")](): string {
    const { name } = this.constructor;
    return `${name} ${this.#described()}`;
  }

  /** What Node's `util.inspect()` shows. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return `${this.constructor.name} ${this.#described()}`;
  }

  /** The object, or why it cannot be shown. */
  #described(): string {
    if (this.isClosed) return "(closed)";
    if (!this.space.core.isAttached) return "(detached)";
    try {
      return this.repr();
    } catch (error) {
      return `(${(error as Error).message})`;
    }
  }
}
