/**
 * The strs that a worker has used as keys, so that a program that uses a key
 * again need not make it again.
 *
 * ## Threads
 *   Belongs to one worker. Each str that is kept has a reference of it, until
 *   the worker has no handle left, or memory is short.
 *
 * @module
 */

import type { Address } from "../memory/mod.ts";
import { type Objects, Unicode } from "../objects/mod.ts";

/** Most strs that are kept. Count. */
const KEYS_MAX = 4096;
/** Longest one that is. UTF-16 units. */
const LENGTH_MAX = 64;

/** See the head of this file. */
export class Keys {
  readonly #o: Objects;
  readonly #kept = new Map<string, Address>();

  /** None yet. */
  constructor(o: Objects) {
    this.#o = o;
  }

  /**
   * A str; the reference is the caller's.
   *
   * @returns Byte address, or 0 if no memory is left.
   */
  get(text: string): Address {
    const kept = this.#kept.get(text);
    if (kept !== undefined) {
      this.#o.incref(kept);
      return kept;
    }
    const op = Unicode.fromString(this.#o, text);
    const isKept = op !== 0 && text.length <= LENGTH_MAX &&
      this.#kept.size < KEYS_MAX;
    if (isKept) {
      this.#o.incref(op);
      this.#kept.set(text, op);
    }
    return op;
  }

  /** Takes all references out; the caller drops them. Byte addresses. */
  takeAll(): Address[] {
    const all = [...this.#kept.values()];
    this.#kept.clear();
    return all;
  }
}
