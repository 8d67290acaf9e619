/**
 * From Python to JavaScript: `heap.toJS()`.
 *
 * Each container is made empty and filled afterwards, from a stack of its own:
 * depth of nesting costs memory and no stack, and what Python shares, cycles
 * included, is shared in JavaScript.
 *
 * ```text
 *   int            number if it is safe, else bigint
 *   float          number                 bytes           Uint8Array, a copy
 *   str            string                 tuple, list     Array
 *   bool           boolean                set, frozenset  Set
 *   None           null                   dict            see ToJSOptions
 * ```
 *
 * ## Threads
 *   The items of each container are those of one moment; containers that others
 *   change meanwhile are read one after the other. A worker that stops in a
 *   conversion leaks references.
 *
 * @module
 */

import { show } from "../errors.ts";
import type { Address } from "../memory/mod.ts";
import { Bytes, Float, Kinds, Long, Unicode } from "../objects/mod.ts";
import { itemsOf } from "./items.ts";
import type { Space } from "./space.ts";

/** How objects become values. */
export interface ToJSOptions {
  /**
   * What becomes of a dict: a Map, a plain object, or, if absent or `"auto"`,
   * a plain object if all keys are str, else a Map. Plain objects put keys that
   * look like array indices first.
   */
  readonly dict?: "auto" | "map" | "object";
  /**
   * What becomes of an object that has no counterpart: a complex number, a
   * type, an instance of one, a weak reference. `"error"` if absent; or
   * `"handle"`: a handle of it, which the caller closes.
   */
  readonly others?: "error" | "handle";
}

/** In place of a value: the object refers to others, or has no counterpart. */
const NO_ATOM = Symbol("no atom");

/** A container that is being filled. */
interface Frame {
  /** What it holds; the references from `at` on are the conversion's. */
  readonly items: Address[];
  at: number;
  /** Where it is in the value, e.g. `[3]`. */
  place: string;
  /** Adds an item, or a pair of them. */
  step(conversion: Conversion): void;
}

class ArrayFrame implements Frame {
  readonly items: Address[];
  at = 0;
  place = "";
  readonly #target: unknown[];

  constructor(items: Address[], target: unknown[]) {
    this.items = items;
    this.#target = target;
  }

  step(conversion: Conversion): void {
    this.place = `[${this.at}]`;
    this.#target.push(conversion.value(this.items[this.at++]));
  }
}

class SetFrame implements Frame {
  readonly items: Address[];
  at = 0;
  place = "{…}";
  readonly #target: Set<unknown>;

  constructor(items: Address[], target: Set<unknown>) {
    this.items = items;
    this.#target = target;
  }

  step(conversion: Conversion): void {
    this.#target.add(conversion.value(this.items[this.at++]));
  }
}

class MapFrame implements Frame {
  readonly items: Address[];
  at = 0;
  place = "{…}";
  readonly #target: Map<unknown, unknown>;

  constructor(items: Address[], target: Map<unknown, unknown>) {
    this.items = items;
    this.#target = target;
  }

  step(conversion: Conversion): void {
    const key = conversion.value(this.items[this.at++]);
    this.place = `[${typeof key === "string" ? show(key) : "…"}]`;
    this.#target.set(key, conversion.value(this.items[this.at++]));
  }
}

class RecordFrame implements Frame {
  readonly items: Address[];
  at = 0;
  place = "{…}";
  readonly #target: Record<string, unknown>;

  constructor(items: Address[], target: Record<string, unknown>) {
    this.items = items;
    this.#target = target;
  }

  step(conversion: Conversion): void {
    const name = conversion.name(this.items[this.at++]);
    this.place = `[${show(name)}]`;
    // Not by assignment: the key may be "__proto__".
    Object.defineProperty(this.#target, name, {
      value: conversion.value(this.items[this.at++]),
      configurable: true,
      enumerable: true,
      writable: true,
    });
  }
}

/** Refuses options that are none. */
function requireOptions({ dict, others }: ToJSOptions): void {
  if (!["auto", "map", "object", undefined].includes(dict)) {
    throw new TypeError(
      `Cannot convert an object: dict must be "auto", "map" or "object", ` +
        `not ${show(dict)}`,
    );
  }
  if (!["error", "handle", undefined].includes(others)) {
    throw new TypeError(
      `Cannot convert an object: others must be "error" or "handle", ` +
        `not ${show(others)}`,
    );
  }
}

/**
 * The value of an object.
 *
 * @param op Object; the reference is still the caller's.
 * @throws {TypeError} If a part of it has no counterpart.
 */
export function toJS(
  space: Space,
  op: Address,
  options?: ToJSOptions,
): unknown {
  if (options !== undefined) requireOptions(options);
  const atom = atomOf(space, op);
  if (atom !== NO_ATOM) return atom;
  space.o.incref(op);
  return new Conversion(space, options ?? {}).run(op);
}

/** One conversion. */
class Conversion {
  readonly #space: Space;
  readonly #options: ToJSOptions;
  /** Containers that were made, by the objects that they stand for. */
  readonly #made = new Map<Address, unknown>();
  /** Handles that were made. */
  readonly #handles: Disposable[] = [];
  readonly #stack: Frame[] = [];

  constructor(space: Space, options: ToJSOptions) {
    this.#space = space;
    this.#options = options;
  }

  /** The value of an object, whose reference is dropped. */
  run(op: Address): unknown {
    try {
      const value = this.value(op);
      const stack = this.#stack;
      while (stack.length > 0) {
        const frame = stack[stack.length - 1];
        if (frame.at < frame.items.length) frame.step(this);
        else stack.pop();
      }
      return value;
    } catch (error) {
      for (const handle of this.#handles) handle[Symbol.dispose]();
      throw error;
    } finally {
      this.#drop();
    }
  }

  /** Drops all references that the conversion still has. */
  #drop(): void {
    const { o } = this.#space;
    for (const frame of this.#stack) {
      for (const op of frame.items.slice(frame.at)) o.decref(op);
    }
    for (const op of this.#made.keys()) o.decref(op);
  }

  /** The value of an object, whose reference is dropped, or kept in `#made`. */
  value(op: Address): unknown {
    const { o } = this.#space;
    const known = this.#made.get(op);
    if (known !== undefined) {
      o.decref(op);
      return known;
    }
    const kind = o.kindOf(op);
    switch (kind) {
      case Kinds.LIST:
      case Kinds.TUPLE:
      case Kinds.DICT:
      case Kinds.SET:
      case Kinds.FROZENSET:
        return this.#container(op, kind);
    }
    try {
      const atom = atomOf(this.#space, op);
      return atom === NO_ATOM ? this.#other(op) : atom;
    } finally {
      o.decref(op);
    }
  }

  /** The string of a key that must be one; its reference is dropped. */
  name(op: Address): string {
    const { o } = this.#space;
    try {
      if (o.kindOf(op) === Kinds.STR) return Unicode.toString(o, op);
      return this.#refuse(
        `a key of a plain object must be a str: ${o.describe(op)}`,
      );
    } finally {
      o.decref(op);
    }
  }

  /** A handle in place of a value. */
  #other(op: Address): unknown {
    const { o } = this.#space;
    if (this.#options.others !== "handle") {
      this.#refuse(`${o.describe(op)}, which has no counterpart in JavaScript`);
    }
    o.incref(op);
    const handle = this.#space.wrap(op);
    this.#handles.push(handle);
    return handle;
  }

  #refuse(why: string): never {
    const path = "value" + this.#stack.map((frame) => frame.place).join("");
    throw new TypeError(`Cannot convert ${path}: ${why}`);
  }

  /** A new container, which is filled next; the reference is kept. */
  #container(op: Address, kind: number): unknown {
    const frame = this.#open(op, kind);
    this.#stack.push(frame.frame);
    return frame.target;
  }

  /** An empty container and what fills it. */
  #open(op: Address, kind: number): { target: unknown; frame: Frame } {
    // Known before it is filled, and its reference is dropped at the end.
    this.#made.set(op, null);
    const items = itemsOf(this.#space, op);
    switch (kind) {
      case Kinds.DICT:
        return this.#openDict(op, items);
      case Kinds.SET:
      case Kinds.FROZENSET: {
        const target = new Set<unknown>();
        this.#made.set(op, target);
        return { target, frame: new SetFrame(items, target) };
      }
    }
    const target: unknown[] = [];
    this.#made.set(op, target);
    return { target, frame: new ArrayFrame(items, target) };
  }

  #openDict(op: Address, items: Address[]): { target: unknown; frame: Frame } {
    if (this.#isRecord(items)) {
      const target: Record<string, unknown> = {};
      this.#made.set(op, target);
      return { target, frame: new RecordFrame(items, target) };
    }
    const target = new Map<unknown, unknown>();
    this.#made.set(op, target);
    return { target, frame: new MapFrame(items, target) };
  }

  /** Whether a dict becomes a plain object. */
  #isRecord(items: readonly Address[]): boolean {
    const { dict = "auto" } = this.#options;
    if (dict !== "auto") return dict === "object";
    const { o } = this.#space;
    for (let k = 0; k < items.length; k += 2) {
      if (o.kindOf(items[k]) !== Kinds.STR) return false;
    }
    return true;
  }
}

/** The value of what refers to nothing, or NO_ATOM. */
function atomOf(space: Space, op: Address): unknown {
  const { o } = space;
  switch (o.kindOf(op)) {
    case Kinds.NONE:
      return null;
    case Kinds.BOOL:
      return Long.toNumber(o, op) !== 0;
    case Kinds.INT:
      return intOf(space, op);
    case Kinds.FLOAT:
      return Float.toNumber(o, op);
    case Kinds.STR:
      return Unicode.toString(o, op);
    case Kinds.BYTES:
      return Bytes.toUint8Array(o, op);
  }
  return NO_ATOM;
}

/** The value of an int: a number if it is safe, else a bigint. */
export function intOf({ o }: Space, op: Address): number | bigint {
  const value = Long.toNumber(o, op);
  return Number.isSafeInteger(value) ? value : Long.toBigInt(o, op);
}

/** The values of objects, whose references are dropped. */
export function valuesOf(
  space: Space,
  ops: readonly Address[],
  options?: ToJSOptions,
): unknown[] {
  try {
    return ops.map((op) => toJS(space, op, options));
  } finally {
    for (const op of ops) space.drop(op);
  }
}
