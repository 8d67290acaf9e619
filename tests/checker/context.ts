/**
 * JavaScript state of a worker between its steps: all fields with plain values
 * of the objects that its context leads to.
 *
 * The objects themselves are those of the setup. A field that refers to an
 * object must not change; a field that does not exist after the setup is not
 * known here. Views, buffers, functions and collections are left alone.
 *
 * @module
 */

import { value1, value2 } from "./hash.ts";

type Fields = Record<string, unknown>;

/** Values of all fields at one time. */
export interface Snapshot {
  /** The values, in a fixed order. */
  readonly values: readonly unknown[];
  /** Hash, first lane. */
  readonly h1: number;
  /** Hash, second lane. */
  readonly h2: number;
}

/** See the head of this file. */
export class Context {
  /** What `setup` returned. */
  readonly root: unknown;
  readonly #objects: Fields[] = [];
  readonly #keys: string[][] = [];
  readonly #arrays: unknown[][] = [];

  /** The context of a worker as its setup left it. */
  constructor(root: unknown) {
    this.root = root;
    const seen = new Set<unknown>();
    this.#walk(root, seen);
  }

  #walk(value: unknown, seen: Set<unknown>): void {
    if (typeof value !== "object" || value === null || seen.has(value)) return;
    if (!isPlain(value)) return;
    seen.add(value);
    if (Array.isArray(value)) {
      this.#arrays.push(value);
      for (const item of value) this.#walk(item, seen);
      return;
    }
    const fields = value as Fields;
    const keys = Object.keys(fields).filter((key) => isOwnValue(fields, key));
    if (keys.length > 0) {
      this.#objects.push(fields);
      this.#keys.push(keys);
    }
    for (const key of Object.keys(fields)) this.#walk(fields[key], seen);
  }

  /** The values as they are now. The previous snapshot, if none changed. */
  save(previous?: Snapshot): Snapshot {
    const values: unknown[] = [];
    for (let k = 0; k < this.#objects.length; k++) {
      const object = this.#objects[k];
      for (const key of this.#keys[k]) values.push(object[key]);
    }
    for (const array of this.#arrays) {
      values.push(array.length);
      for (const item of array) values.push(item);
    }
    if (previous && isEqual(previous.values, values)) return previous;
    let h1 = 0x3c6ef372;
    let h2 = 0xa54ff53a | 0;
    for (const value of values) {
      h1 = value1(h1, value);
      h2 = value2(h2, value);
    }
    return { values, h1, h2 };
  }

  /** Makes the values what they were. */
  load(snapshot: Snapshot): void {
    const values = snapshot.values;
    let at = 0;
    for (let k = 0; k < this.#objects.length; k++) {
      const object = this.#objects[k];
      const keys = this.#keys[k];
      for (let j = 0; j < keys.length; j++) {
        const value = values[at++];
        if (object[keys[j]] !== value) object[keys[j]] = value;
      }
    }
    for (const array of this.#arrays) {
      array.length = values[at++] as number;
      for (let j = 0; j < array.length; j++) array[j] = values[at++];
    }
  }
}

function isPlain(value: object): boolean {
  if (ArrayBuffer.isView(value)) return false;
  if (value instanceof SharedArrayBuffer || value instanceof ArrayBuffer) {
    return false;
  }
  return !(value instanceof Map || value instanceof Set) &&
    !(Symbol.toStringTag in value);
}

function isOwnValue(fields: Fields, key: string): boolean {
  const descriptor = Object.getOwnPropertyDescriptor(fields, key);
  if (!descriptor || descriptor.writable !== true) return false;
  const type = typeof descriptor.value;
  return type !== "object" && type !== "function" || descriptor.value === null;
}

function isEqual(a: readonly unknown[], b: readonly unknown[]): boolean {
  if (a.length !== b.length) return false;
  for (let k = 0; k < a.length; k++) if (a[k] !== b[k]) return false;
  return true;
}
