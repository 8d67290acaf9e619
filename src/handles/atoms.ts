/**
 * Handles of what refers to nothing: numbers, text, bytes, None.
 *
 * ## Threads
 *   As `handle.ts`. The objects never change.
 *
 * @module
 */

import {
  Bytes,
  Complex,
  Float,
  Long,
  Protocol,
  Unicode,
} from "../objects/mod.ts";
import { PyObject } from "./object.ts";
import { intOf } from "./to_js.ts";

/** `None`. Made of `null` and `undefined`. */
export class PyNone extends PyObject {
  /** What it is in JavaScript. */
  override toJS(): null {
    this.use("convert an object");
    return null;
  }
}

/** `True` or `False`. Made of booleans. */
export class PyBool extends PyObject {
  /** The value. */
  override valueOf(): boolean {
    return Long.toNumber(this.space.o, this.use("read a bool")) !== 0;
  }

  /** The value. */
  override toJS(): boolean {
    return this.valueOf();
  }
}

/**
 * `int`: a whole number of any size. Made of bigints, and of numbers that are
 * safe integers, but for -0.
 */
export class PyInt extends PyObject {
  /** The value: a number if it is a safe integer, else a bigint. */
  override valueOf(): number | bigint {
    return intOf(this.space, this.use("read an int"));
  }

  /** The number that is nearest to it, or an infinity. */
  toNumber(): number {
    return Long.toNumber(this.space.o, this.use("read an int"));
  }

  /** The value. */
  toBigInt(): bigint {
    return Long.toBigInt(this.space.o, this.use("read an int"));
  }

  /** The value: a number if it is a safe integer, else a bigint. */
  override toJS(): number | bigint {
    return this.valueOf();
  }
}

/** `float`: a double. Made of all numbers that are no {@linkcode PyInt}. */
export class PyFloat extends PyObject {
  /** The value. */
  override valueOf(): number {
    return Float.toNumber(this.space.o, this.use("read a float"));
  }

  /** The value. */
  override toJS(): number {
    return this.valueOf();
  }
}

/** `complex`. Made by `heap.complex()`. */
export class PyComplex extends PyObject {
  /** Real part. */
  get real(): number {
    return Complex.real(this.space.o, this.use("read a complex number"));
  }

  /** Imaginary part. */
  get imag(): number {
    return Complex.imag(this.space.o, this.use("read a complex number"));
  }
}

/**
 * `str`. Made of strings.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { createHeap } from "@obmalloc/obmalloc";
 *
 * using heap = createHeap({ maxBytes: 16 * 1024 * 1024 });
 * using text = heap.from("a𝄞");
 * assert.equal(text.length, 2); // code points
 * assert.equal(`${text}`, "a𝄞");
 * assert.equal(text.repr(), "'a𝄞'");
 * ```
 */
export class PyStr extends PyObject {
  /** Length. Code points. */
  get length(): number {
    return Unicode.length(this.space.o, this.use("read a str"));
  }

  /**
   * A character.
   *
   * @returns Code point.
   * @throws {RangeError} If there is none of that index.
   */
  codePointAt(index: number): number {
    return Unicode.item(this.space.o, this.use("read a str"), index);
  }

  /** The text. */
  override toString(): string {
    return Unicode.toString(this.space.o, this.use("read a str"));
  }

  /** The text. */
  override valueOf(): string {
    return this.toString();
  }

  /** The text. */
  override toJS(): string {
    return this.toString();
  }
}

/** `bytes`. Made of Uint8Arrays. */
export class PyBytes extends PyObject {
  /** Length. Bytes. */
  get length(): number {
    return Bytes.length(this.space.o, this.use("read bytes"));
  }

  /**
   * A byte.
   *
   * @throws {RangeError} If there is none of that index.
   */
  get(index: number): number {
    const op = this.use("read bytes");
    Protocol.requireIndex(index, this.length, "bytes object");
    return Bytes.item(this.space.o, op, index);
  }

  /** A copy of the bytes. */
  override toJS(): Uint8Array<ArrayBuffer> {
    return Bytes.toUint8Array(this.space.o, this.use("read bytes"));
  }
}
