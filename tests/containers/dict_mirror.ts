/**
 * What CPython's dicts do with their tables, in short: a second opinion, which
 * a living Python confirms.
 *
 * @module
 */

import type { Key } from "./dict_fixture.ts";

/** What tells one implementation from another. */
export interface Rules {
  /** Lanes of a table for so many, as a power of 2. */
  readonly round: (lanes: number) => number;
  /** Whether an entry that popitem() has taken is used again. */
  readonly reuses: boolean;
}

/** Those of this library: as CPython 3.14, but for the entries. */
export const OURS: Rules = { round, reuses: false };

/** Those of a CPython 3, from 3.11 on. */
export function rulesOf(minor: number): Rules {
  return { round: minor < 14 ? roundBefore : round, reuses: true };
}

function round(lanes: number): number {
  let size = 8;
  while (size < lanes) size *= 2;
  return size;
}

/** As CPython rounded up to 3.13, which gave some tables twice the lanes. */
function roundBefore(lanes: number): number {
  return 2 ** (32 - Math.clz32(((lanes | 8) - 1) | 7));
}

/** Entries of a table of so many lanes. Count. */
function fraction(lanes: number): number {
  return Math.floor(lanes * 2 / 3);
}

/** See the head of this file. */
export class Mirror {
  readonly #rules: Rules;
  #entries: (Key | null)[] = [];
  #values = new Map<Key, number>();
  #lanes = 1;
  #usable = 0;
  /** 1 if all keys are str. */
  #kind = 0;

  /** An empty dict. */
  constructor(rules: Rules) {
    this.#rules = rules;
  }

  /** What Python prints for it. */
  get text(): string {
    const items = [...this.#values].map(([key, value]) =>
      `${typeof key === "string" ? `'${key}'` : key}: ${value}`
    );
    return `{${items.join(", ")}}`;
  }

  /** Lanes and kind of its table. */
  get table(): string {
    return `[${this.#lanes}, ${this.#kind}]`;
  }

  /** `d[key] = value` */
  set(key: Key, value: number): void {
    if (!this.#values.has(key)) this.#append(key);
    this.#values.set(key, value);
  }

  #append(key: Key): void {
    const kind = typeof key === "string" ? 1 : 0;
    if (this.#lanes === 1) this.#resize(8, kind);
    else if (this.#usable <= 0 || this.#kind > kind) {
      this.#resize(this.#rules.round(this.#values.size * 3), kind);
    }
    const next = fraction(this.#lanes) - this.#usable;
    while (!this.#rules.reuses && this.#entries.length < next) {
      this.#entries.push(null);
    }
    this.#entries.push(key);
    this.#usable--;
  }

  #resize(lanes: number, kind: number): void {
    if (this.#lanes === 1 || this.#kind === 1) this.#kind = kind;
    this.#lanes = lanes;
    this.#entries = this.#entries.filter((key) => key !== null);
    this.#usable = fraction(lanes) - this.#entries.length;
  }

  /** `d.pop(key, None)` */
  remove(key: Key): void {
    if (!this.#values.delete(key)) return;
    this.#entries[this.#entries.indexOf(key)] = null;
  }

  /** `d.popitem()`, if there is an item. */
  popItem(): void {
    if (this.#values.size === 0) return;
    while (this.#entries.at(-1) === null) this.#entries.pop();
    this.#values.delete(this.#entries.pop()!);
  }

  /** `d.clear()` */
  clear(): void {
    this.#become(new Mirror(this.#rules));
  }

  #become(other: Mirror): void {
    this.#entries = [...other.#entries];
    this.#values = new Map(other.#values);
    this.#lanes = other.#lanes;
    this.#usable = other.#usable;
    this.#kind = other.#kind;
  }

  /** `d.update(other)` */
  update(other: Mirror): void {
    const count = other.#values.size;
    const used = this.#values.size;
    if (other === this || count === 0) return;
    const isTight = count === other.#entries.length &&
      (other.#lanes === 8 || fraction(other.#lanes / 2) < count);
    if (used === 0 && isTight) {
      this.#become(other);
      return;
    }
    if (fraction(this.#lanes) < count) {
      const lanes = Math.floor(((used + count) * 3 + 1) / 2);
      this.#resize(this.#rules.round(lanes), other.#kind);
    }
    for (const [key, value] of other.#values) this.set(key, value);
  }

  /** `d.copy()` */
  copy(): Mirror {
    const copy = new Mirror(this.#rules);
    const used = this.#values.size;
    if (used === 0) return copy;
    if (used >= Math.floor(this.#entries.length * 2 / 3)) copy.#become(this);
    else copy.update(this);
    return copy;
  }
}
