/**
 * From JavaScript to Python: `heap.from()`.
 *
 * A conversion makes each container empty and fills it afterwards, from a stack
 * of its own: depth of nesting costs memory and no stack, and what JavaScript
 * shares, cycles included, is shared in Python. Until it is done it has one
 * reference to each container that it has made; if it fails it empties them
 * all, so that cycles go as well.
 *
 * ```text
 *   number         int if it is a safe integer and not -0, else float
 *   bigint         int                    Uint8Array     bytes
 *   string         str                    Array          list
 *   boolean        bool                   Map            dict
 *   null, undefined  None                 plain object   dict, keys are str
 *   handle         its object             Set            set
 * ```
 *
 * ## Threads
 *   Belongs to one worker; nobody else knows of what it makes. A worker that
 *   stops in a conversion leaks what it has made.
 *
 * @module
 */

import type { Address } from "../memory/mod.ts";
import {
  Bool,
  Bytes,
  Dict,
  Float,
  List,
  Long,
  None,
  Sets,
  Unicode,
} from "../objects/mod.ts";
import { isHandle, operand } from "./handle.ts";
import type { Space } from "./space.ts";

/** In place of an address: the value is no atom. */
const NO_ATOM = -1;
/** Names that a path shows behind a dot. */
const IDENTIFIER = /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u;

/** An object for what refers to nothing, 0 if no memory is left, or NO_ATOM. */
function makeAtom(space: Space, value: unknown, attempt: string): Address {
  const { o } = space;
  switch (typeof value) {
    case "number": {
      const isInt = Number.isSafeInteger(value) && !Object.is(value, -0);
      return isInt ? Long.fromNumber(o, value) : Float.fromNumber(o, value);
    }
    case "string":
      return Unicode.fromString(o, value);
    case "boolean":
      return Bool.fromBoolean(o, value);
    case "bigint":
      return Long.fromBigInt(o, value);
    case "undefined":
      return None.none(o);
    case "object":
      return value === null ? None.none(o) : makeOpaque(space, value, attempt);
  }
  return NO_ATOM;
}

/** The same for an object of JavaScript that is taken as a whole. */
function makeOpaque(space: Space, value: object, attempt: string): Address {
  const { o } = space;
  if (isHandle(value)) {
    const op = operand(space, value, attempt);
    o.incref(op);
    return op;
  }
  return value instanceof Uint8Array ? Bytes.fromUint8Array(o, value) : NO_ATOM;
}

/** An object for an atom, or NO_ATOM. */
function atomOf(space: Space, value: unknown, attempt: string): Address {
  const op = makeAtom(space, value, attempt);
  if (op !== 0) return op;
  return space.again(attempt, () => makeAtom(space, value, attempt));
}

/**
 * An object for a value.
 *
 * @param attempt What the caller does, for errors: "append to a list".
 * @returns Byte address; the reference is the caller's.
 * @throws {TypeError} If a part of the value has no counterpart.
 * @throws {HandleError} If a part is a handle that is closed, or of another heap.
 * @throws {MemoryError} If no memory is left; nothing has changed.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function toObject(
  space: Space,
  value: unknown,
  attempt: string,
): Address {
  space.require(attempt);
  const op = atomOf(space, value, attempt);
  return op !== NO_ATOM ? op : new Conversion(space, attempt).run(value);
}

/**
 * The same for a key of a dict or set, which is often used again.
 *
 * @throws As {@linkcode toObject}.
 */
export function toKey(space: Space, key: unknown, attempt: string): Address {
  if (typeof key !== "string") return toObject(space, key, attempt);
  space.require(attempt);
  const op = space.keys.get(key);
  return op !== 0 ? op : space.again(attempt, () => space.keys.get(key));
}

/** A container that is being filled. */
interface Frame {
  /** The object. */
  readonly op: Address;
  /** Where it is in the value, e.g. `[3]`. */
  place: string;
  /** Adds the next item; false if there is none. */
  step(conversion: Conversion): boolean;
}

/** Fills a list from an array. */
class ArrayFrame implements Frame {
  readonly op: Address;
  place = "";
  readonly #source: readonly unknown[];
  #at = 0;

  constructor(op: Address, source: readonly unknown[]) {
    this.op = op;
    this.#source = source;
  }

  step(conversion: Conversion): boolean {
    if (this.#at >= this.#source.length) return false;
    this.place = `[${this.#at}]`;
    conversion.append(this.op, this.#source[this.#at++]);
    return true;
  }
}

/** Fills a dict from a plain object. */
class RecordFrame implements Frame {
  readonly op: Address;
  place = "";
  readonly #source: Readonly<Record<string, unknown>>;
  readonly #names: readonly string[];
  #at = 0;

  constructor(op: Address, source: object) {
    this.op = op;
    this.#source = source as Readonly<Record<string, unknown>>;
    this.#names = Object.keys(source);
  }

  step(conversion: Conversion): boolean {
    if (this.#at >= this.#names.length) return false;
    const name = this.#names[this.#at++];
    this.place = placeOf(name);
    const value = this.#source[name];
    conversion.put(this.op, conversion.name(name), value);
    return true;
  }
}

/** Fills a dict from a Map. */
class MapFrame implements Frame {
  readonly op: Address;
  place = "";
  readonly #source: Iterator<[unknown, unknown]>;

  constructor(op: Address, source: ReadonlyMap<unknown, unknown>) {
    this.op = op;
    this.#source = source.entries();
  }

  step(conversion: Conversion): boolean {
    const { done, value } = this.#source.next();
    if (done) return false;
    this.place = ".keys()";
    const key = conversion.key(value[0]);
    this.place = `.get(${nameOf(value[0])})`;
    conversion.put(this.op, key, value[1]);
    return true;
  }
}

/** Fills a set. */
class SetFrame implements Frame {
  readonly op: Address;
  place = ".values()";
  readonly #source: Iterator<unknown>;

  constructor(op: Address, source: ReadonlySet<unknown>) {
    this.op = op;
    this.#source = source.values();
  }

  step(conversion: Conversion): boolean {
    const { done, value } = this.#source.next();
    if (done) return false;
    conversion.add(this.op, conversion.key(value));
    return true;
  }
}

/** A property as a path shows it. */
function placeOf(name: string): string {
  return IDENTIFIER.test(name) ? `.${name}` : `[${JSON.stringify(name)}]`;
}

/** A key as a path shows it. */
function nameOf(key: unknown): string {
  return typeof key === "string" ? JSON.stringify(key) : String(key);
}

/** What a value is that has no counterpart. */
function kindOf(value: unknown): string {
  if (typeof value !== "object" || value === null) return `a ${typeof value}`;
  const { constructor } = value as { constructor?: { name?: unknown } };
  const name = constructor?.name;
  return typeof name === "string" && name !== ""
    ? `an object of class ${name}`
    : "an object of an unknown class";
}

function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

/** One conversion of a value that is no atom. */
class Conversion {
  readonly #space: Space;
  readonly #attempt: string;
  /** Containers that were made, with a reference each. */
  readonly #made = new Map<object, Address>();
  /** Names of properties that were met, with a reference each. */
  readonly #names = new Map<string, Address>();
  readonly #stack: Frame[] = [];

  constructor(space: Space, attempt: string) {
    this.#space = space;
    this.#attempt = attempt;
  }

  /** The object for a value; its reference is the caller's. */
  run(value: unknown): Address {
    const { o } = this.#space;
    let op = 0;
    try {
      op = this.#object(value);
      const stack = this.#stack;
      while (stack.length > 0) {
        const frame = stack[stack.length - 1];
        if (!frame.step(this)) stack.pop();
      }
      for (const made of this.#made.values()) o.decref(made);
      return op;
    } catch (error) {
      this.#space.soon(() => this.#undo());
      if (op !== 0) this.#space.drop(op);
      throw error;
    } finally {
      for (const name of this.#names.values()) this.#space.drop(name);
    }
  }

  /** Empties all that was made, and drops it. */
  #undo(): void {
    const { o } = this.#space;
    const made = [...this.#made.values()];
    for (const op of made) o.slotsOf(op)?.clear?.(o, op);
    for (const op of made) o.decref(op);
  }

  /** Where the conversion is. */
  #path(): string {
    return "value" + this.#stack.map((frame) => frame.place).join("");
  }

  #refuse(why: string): never {
    throw new TypeError(`Cannot store ${this.#path()}: ${why}`);
  }

  /** An object for a value, with a reference for the caller. */
  #object(value: unknown): Address {
    const { o } = this.#space;
    this.#space.require(this.#attempt); // a getter may have detached
    const atom = atomOf(this.#space, value, this.#attempt);
    if (atom !== NO_ATOM) return atom;
    const known = this.#made.get(value as object);
    const op = known ?? this.#container(value);
    o.incref(op);
    return op;
  }

  /** A new container, which is filled next. The reference is the conversion's. */
  #container(value: unknown): Address {
    const make = this.#makerOf(value);
    const op = make() || this.#space.again(this.#attempt, make);
    this.#made.set(value as object, op);
    this.#stack.push(frameOf(op, value as object));
    return op;
  }

  /** What makes an empty container for a value. */
  #makerOf(value: unknown): () => Address {
    const { o } = this.#space;
    if (Array.isArray(value)) return () => List.create(o);
    if (value instanceof Set) return () => Sets.create(o);
    if (value instanceof Map) return () => Dict.create(o);
    if (typeof value === "object" && value !== null && isPlain(value)) {
      return () => Dict.create(o);
    }
    return this.#refuse(`${kindOf(value)} has no counterpart in Python`);
  }

  /** A key of a dict, or an item of a set; the reference is the caller's. */
  key(value: unknown): Address {
    const op = atomOf(this.#space, value, this.#attempt);
    if (op !== NO_ATOM) return op;
    const kind = Array.isArray(value) ? "an array" : kindOf(value);
    return this.#refuse(`${kind} cannot be a key: it has no hash`);
  }

  /** The str of a property; the reference is the caller's. */
  name(name: string): Address {
    const { o } = this.#space;
    let op = this.#names.get(name);
    if (op === undefined) {
      op = atomOf(this.#space, name, this.#attempt);
      this.#names.set(name, op);
    }
    o.incref(op);
    return op;
  }

  /** Appends a value to a list. */
  append(list: Address, value: unknown): void {
    const { o } = this.#space;
    const item = this.#object(value);
    try {
      if (List.append(o, list, item)) return;
      this.#space.again(this.#attempt, () => List.append(o, list, item));
    } finally {
      this.#space.drop(item);
    }
  }

  /** Puts a value into a dict. The key's reference is dropped. */
  put(dict: Address, key: Address, value: unknown): void {
    const { o } = this.#space;
    let item = 0;
    try {
      item = this.#object(value);
      if (Dict.setItem(o, dict, key, item)) return;
      this.#space.again(
        this.#attempt,
        () => Dict.setItem(o, dict, key, item),
      );
    } finally {
      this.#space.drop(key);
      if (item !== 0) this.#space.drop(item);
    }
  }

  /** Adds a key, whose reference is dropped, to a set. */
  add(set: Address, key: Address): void {
    const { o } = this.#space;
    try {
      if (Sets.add(o, set, key)) return;
      this.#space.again(this.#attempt, () => Sets.add(o, set, key));
    } finally {
      this.#space.drop(key);
    }
  }
}

/** What fills a container. */
function frameOf(op: Address, value: object): Frame {
  if (Array.isArray(value)) return new ArrayFrame(op, value);
  if (value instanceof Set) return new SetFrame(op, value);
  if (value instanceof Map) return new MapFrame(op, value);
  return new RecordFrame(op, value);
}
