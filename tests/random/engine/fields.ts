/**
 * JavaScript state of a worker: what its fields hold, so that it can go back.
 *
 * As `checker/context.ts`, for many more times a second: for each shape of
 * contexts there is one function that the engine compiles.
 *
 * @module
 */

type Fields = Record<string, unknown>;
type Values = unknown[];

/** What copies fields of objects to a list of values, and back. */
interface Copier {
  save(objects: readonly Fields[], values: Values): void;
  load(objects: readonly Fields[], values: Values): void;
}

/** Copiers by shape. */
const copiers = new Map<string, Copier>();

/** A copier for objects with these keys. */
function copierFor(keys: readonly (readonly string[])[]): Copier {
  const shape = JSON.stringify(keys);
  const known = copiers.get(shape);
  if (known) return known;
  let at = 0;
  const saves: string[] = [];
  const loads: string[] = [];
  keys.forEach((names, k) => {
    for (const name of names) {
      const field = `o[${k}][${JSON.stringify(name)}]`;
      saves.push(`v[${at}] = ${field};`);
      loads.push(`${field} = v[${at++}];`);
    }
  });
  const made = {
    save: new Function("o", "v", saves.join("\n")) as Copier["save"],
    load: new Function("o", "v", loads.join("\n")) as Copier["load"],
  };
  copiers.set(shape, made);
  return made;
}

/** Whether the fields of an object are state. */
function isPlain(value: object): boolean {
  return !ArrayBuffer.isView(value) && !(Symbol.toStringTag in value);
}

/** Whether a field holds a plain value that can change. */
function isState(fields: Fields, key: string): boolean {
  const it = Object.getOwnPropertyDescriptor(fields, key);
  if (it?.writable !== true) return false;
  return it.value === null || !/^(object|function)$/.test(typeof it.value);
}

/** The fields of all objects that a context leads to. */
export class State {
  readonly #objects: Fields[] = [];
  readonly #arrays: unknown[][] = [];
  readonly #copier: Copier;
  readonly #start: Values = [];
  readonly #starts: Values[] = [];

  /** The state as it is now is the start. */
  constructor(root: unknown) {
    const keys: string[][] = [];
    this.#walk(root, new Set(), keys);
    this.#copier = copierFor(keys);
    this.#copier.save(this.#objects, this.#start);
    for (const array of this.#arrays) this.#starts.push(array.slice());
  }

  #walk(value: unknown, seen: Set<unknown>, keys: string[][]): void {
    if (typeof value !== "object" || value === null || seen.has(value)) return;
    if (!isPlain(value)) return;
    seen.add(value);
    if (Array.isArray(value)) {
      this.#arrays.push(value);
      for (const item of value) this.#walk(item, seen, keys);
      return;
    }
    const fields = value as Fields;
    const names = Object.keys(fields);
    const own = names.filter((key) => isState(fields, key));
    if (own.length > 0) {
      this.#objects.push(fields);
      keys.push(own);
    }
    for (const key of names) this.#walk(fields[key], seen, keys);
  }

  /** Goes back to the start. */
  reset(): void {
    this.#copier.load(this.#objects, this.#start);
    this.#arrays.forEach((array, k) => copy(this.#starts[k], array));
  }
}

function copy(from: readonly unknown[], to: unknown[]): void {
  to.length = from.length;
  for (let k = 0; k < from.length; k++) to[k] = from[k];
}
