/**
 * `PyType` and `PyInstance`: types that a program defines, and their objects.
 *
 * The type object in the heap knows the size of an object and where it holds
 * references. Names of fields, and what is in those that hold none, each worker
 * knows that has defined the type.
 *
 * ## Threads
 *   As `handle.ts`. A field is read and written in a critical section of its
 *   object. What it has referred to is dropped behind it.
 *
 * @module
 */

import { show } from "../errors.ts";
import type { Address } from "../memory/mod.ts";
import { UserType } from "../objects/mod.ts";
import {
  struct,
  type StructAccessor,
  type StructFields,
  type StructType,
  type Type,
  u32,
  type ValueOf,
} from "../types/mod.ts";
import { toObject } from "./from.ts";
import { inSection } from "./handle.ts";
import { PyObject } from "./object.ts";
import type { Space } from "./space.ts";

const MAKE = "make an instance";

/** What a field holds: a scalar, or `"object"`: a reference, or none. */
export type FieldType = Type | "object";
/** Fields by name, in the order of the memory. */
export type TypeFields = Readonly<Record<string, FieldType>>;
/** What a field is when it is read: a handle, which the caller closes. */
export type FieldValue<T extends FieldType> = T extends Type ? ValueOf<T>
  : PyObject | null;
/** What fields can be set to; those that are absent are 0 or no object. */
export type FieldValues<F extends TypeFields> = {
  readonly [K in keyof F]?: F[K] extends Type ? ValueOf<F[K]> : unknown;
};

/** What a program says of a type. */
export interface TypeOptions<F extends TypeFields> {
  /** Its name; there is one type of a name in a heap. */
  readonly name: string;
  /** Its fields. */
  readonly fields: F;
  /** True if objects can have weak references. */
  readonly weakrefs?: boolean;
  /**
   * Runs once before an object dies, in the worker in which it does. The handle
   * is closed afterwards; a clone of it lets the object live on.
   */
  readonly finalize?: (instance: PyInstance<F>) => void;
}

/** Fields of a type as one worker knows them. */
export class Fields {
  /** Words of references, by the name of their field. */
  readonly refs: Map<string, number> = new Map();
  /** Size of all fields. Words. */
  readonly words: number;
  readonly #layout: StructType<StructFields> | null;
  readonly #accessor: StructAccessor<StructFields>;
  readonly #typeName: string;

  /** Lays the fields out. */
  constructor(space: Space, typeName: string, fields: TypeFields) {
    this.#typeName = typeName;
    const names = Object.keys(fields);
    this.#layout = names.length === 0 ? null : struct(Object.fromEntries(
      names.map((name) => [name, scalarOf(fields[name])]),
    ));
    this.words = Math.ceil((this.#layout?.size ?? 0) / 4);
    this.#accessor = this.#layout?.view({ buffer: space.o.m.buffer }) ?? {};
    for (const name of names) {
      if (fields[name] !== "object") continue;
      this.refs.set(name, (this.#layout?.offsets[name] ?? 0) / 4);
    }
  }

  /** Descriptor of a field, if there is one of that name. */
  #fieldOf(name: string, attempt: string): Type {
    const fields = this.#layout?.fields;
    if (fields && Object.hasOwn(fields, name)) return fields[name];
    throw new TypeError(
      `Cannot ${attempt} field ${show(name)} of a ${this.#typeName}: there ` +
        "is none of that name",
    );
  }

  /** Refuses a name that no field has. */
  require(name: string, attempt: string): void {
    this.#fieldOf(name, attempt);
  }

  /** Reads a scalar; `at` is the address of the fields. */
  load(name: string, at: Address): unknown {
    return this.#fieldOf(name, "get").load(this.#accessor[name], at);
  }

  /** Writes a scalar. */
  store(name: string, at: Address, value: unknown): void {
    this.#fieldOf(name, "set").store(this.#accessor[name], at, value);
  }
}

/** What stands for a field in the layout. */
function scalarOf(type: FieldType): Type {
  return type === "object" ? u32 : type;
}

/**
 * A type. Made by `heap.defineType()`.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { createHeap, f64 } from "@obmalloc/obmalloc";
 *
 * using heap = createHeap({ maxBytes: 16 * 1024 * 1024 });
 * using Point = heap.defineType({
 *   name: "Point",
 *   fields: { x: f64, y: f64, label: "object" },
 * });
 * using point = Point.new({ x: 1.5, label: "start" });
 * point.set("y", point.get("x") * 2);
 * assert.equal(point.get("y"), 3);
 * assert.equal(point.getJS("label"), "start");
 * ```
 */
export class PyType<F extends TypeFields = TypeFields> extends PyObject {
  /** Name of the type. */
  get name(): string {
    return this.space.o.nameOf(this.use("tell the name of a type"));
  }

  /**
   * A new object.
   *
   * @param values What its fields are set to.
   * @throws {TypeError} If a value is not for its field, there is no such
   * field, or this worker has not defined the type.
   * @throws {MemoryError} If no memory is left.
   */
  new(values: FieldValues<F> = {}): PyInstance<F> {
    const { space } = this;
    const { o } = space;
    const type = this.use(MAKE);
    const fields = fieldsOf(space, type, MAKE);
    for (const name of Object.keys(values)) fields.require(name, "set");
    const make = (): Address => UserType.create(o, type);
    const op = make() || space.again(MAKE, make);
    const instance = space.wrap(op) as PyInstance<F>;
    try {
      for (const name of Object.keys(values)) {
        instance.set(name, values[name] as FieldValues<F>[string]);
      }
    } catch (error) {
      instance.close();
      throw error;
    }
    return instance;
  }

  /** Whether an object is an instance of the type. Python: `type(x) is t`. */
  isTypeOf(handle: PyObject): boolean {
    const type = this.use("compare types");
    return this.space.o.typeOf(handle.address) === type;
  }
}

/** Fields of a type that this worker has defined. */
function fieldsOf(space: Space, type: Address, attempt: string): Fields {
  const fields = space.types.get(type);
  if (fields !== undefined) return fields;
  throw new TypeError(
    `Cannot ${attempt} of ${space.o.nameOf(type)}: this worker has not ` +
      "defined the type",
  );
}

/** An object of a type that a program has defined. See {@linkcode PyType}. */
export class PyInstance<F extends TypeFields = TypeFields> extends PyObject {
  /** The object and its fields. */
  #open(attempt: string): { op: Address; fields: Fields } {
    const op = this.use(attempt);
    const type = this.space.o.typeOf(op);
    return { op, fields: fieldsOf(this.space, type, attempt) };
  }

  /**
   * A field: a scalar, or a handle of the object that it refers to, or null.
   *
   * @throws {TypeError} If there is no such field, or this worker has not
   * defined the type.
   */
  get<K extends keyof F & string>(name: K): FieldValue<F[K]> {
    const { space } = this;
    const { op, fields } = this.#open("get a field");
    const ref = fields.refs.get(name);
    if (ref === undefined) {
      const at = space.o.fields(op) * 4;
      return inSection(
        space,
        op,
        () => fields.load(name, at),
      ) as FieldValue<F[K]>;
    }
    const found = this.#ref(op, ref);
    const handle = found === 0 ? null : space.wrap(found);
    return handle as FieldValue<F[K]>;
  }

  /** What a field refers to, with a reference for the caller, or 0. */
  #ref(op: Address, ref: number): Address {
    const { o } = this.space;
    return inSection(this.space, op, () => {
      const found = UserType.ref(o, op, ref);
      if (found !== 0) o.incref(found);
      return found;
    });
  }

  /**
   * A field as JavaScript has it; null if it refers to nothing.
   *
   * @throws {TypeError} As {@linkcode PyInstance.get}, or if a part of it has
   * no counterpart.
   */
  getJS(name: keyof F & string): unknown {
    const value: unknown = this.get(name);
    if (!(value instanceof PyObject)) return value;
    try {
      return value.toJS();
    } finally {
      value.close();
    }
  }

  /**
   * Sets a field; null lets it refer to nothing.
   *
   * @throws {TypeError} If there is no such field, the value is not for it, or
   * this worker has not defined the type.
   */
  set<K extends keyof F & string>(name: K, value: FieldValues<F>[K]): this {
    const { space } = this;
    const { op, fields } = this.#open("set a field");
    const ref = fields.refs.get(name);
    if (ref === undefined) {
      const at = space.o.fields(op) * 4;
      inSection(space, op, () => fields.store(name, at, value));
    } else this.#setRef(ref, value);
    return this;
  }

  /** Has a field refer to another object. */
  #setRef(ref: number, value: unknown): void {
    const { space } = this;
    const { o } = space;
    const item = value === null || value === undefined
      ? 0
      : toObject(space, value, "set a field");
    let before = 0;
    try {
      const op = this.use("set a field");
      inSection(space, op, () => {
        before = UserType.ref(o, op, ref);
        if (before !== 0) o.incref(before); // to be dropped behind the section
        UserType.setRef(o, op, ref, item);
      });
    } finally {
      if (item !== 0) space.drop(item);
      if (before !== 0) space.drop(before);
    }
  }
}

/** Defines a type. See `heap.defineType()`. */
export function defineType<F extends TypeFields>(
  space: Space,
  options: TypeOptions<F>,
): PyType<F> {
  const { o } = space;
  const { name, weakrefs = false, finalize } = options;
  if (typeof name !== "string") {
    throw new TypeError(`Cannot define a type: ${show(name)} is no name`);
  }
  const fields = new Fields(space, name, options.fields);
  const refs = [...fields.refs.values()];
  const shape: UserType.Shape = {
    fields: fields.words,
    refs,
    isGc: refs.length > 0,
    weakrefs,
    ...(finalize &&
      { finalize: (op: Address) => finalizing(space, op, finalize) }),
  };
  const define = (): Address => UserType.define(o, name, shape);
  const type = define() || space.again("define a type", define);
  space.types.set(type, fields);
  o.incref(type);
  return space.wrap(type) as PyType<F>;
}

/** Runs a finalizer on a handle. */
function finalizing<F extends TypeFields>(
  space: Space,
  op: Address,
  finalize: (instance: PyInstance<F>) => void,
): void {
  space.o.incref(op);
  const instance = space.wrap(op) as PyInstance<F>;
  try {
    finalize(instance);
  } finally {
    instance.close();
  }
}
