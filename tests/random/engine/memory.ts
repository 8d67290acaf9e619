/**
 * The memory of a scenario: it goes back to where it was at the price of what
 * was written.
 *
 * The first write to a word in a schedule puts it on a list; to go back, these
 * words alone are restored. No values are saved: the state at the start has a
 * copy of its own.
 *
 * ## Threads
 *   One real thread, and nobody runs while the memory goes back.
 *
 * @module
 */

import { word1, word2 } from "../../checker/hash.ts";

/** See the head of this file. */
export class Memory {
  /** The words. */
  words: Int32Array = new Int32Array(0);
  /** Words written since the start. The first {@linkcode count} count. */
  #dirty = new Int32Array(1 << 12);
  /** Words written since the start. Count. */
  count = 0;
  /** Hash of the last {@linkcode digest}, second lane. */
  h2 = 0;
  #start = new Int32Array(0);
  /** Schedule in which each word was last written. */
  #turns = new Int32Array(0);
  #turn = 1;
  /** Ranges written at once: first word, and the one behind the last. */
  readonly #ranges: number[] = [];

  /** Takes the memory as it is as the start. */
  use(buffer: SharedArrayBuffer): void {
    this.words = new Int32Array(buffer);
    if (this.#start.length !== this.words.length) {
      this.#start = new Int32Array(this.words.length);
      this.#turns = new Int32Array(this.words.length);
    }
    this.#start.set(this.words);
    this.#turn++;
    this.count = 0;
    this.#ranges.length = 0;
  }

  /** A word is about to be written. */
  note(at: number): void {
    if (this.#turns[at] === this.#turn) return;
    this.#turns[at] = this.#turn;
    if (this.count === this.#dirty.length) this.#grow();
    this.#dirty[this.count++] = at;
  }

  #grow(): void {
    const more = new Int32Array(this.#dirty.length * 2);
    more.set(this.#dirty);
    this.#dirty = more;
  }

  /** Words are about to be written at once: what is in a block. */
  noteRange(from: number, to: number): void {
    this.#ranges.push(from, to);
  }

  /** Goes back to the start. */
  reset(): void {
    const { words } = this;
    for (let k = 0; k < this.count; k++) {
      const at = this.#dirty[k];
      words[at] = this.#start[at];
    }
    this.count = 0;
    this.#turn++;
    const ranges = this.#ranges;
    for (let k = 0; k < ranges.length; k += 2) {
      words.set(this.#start.subarray(ranges[k], ranges[k + 1]), ranges[k]);
    }
    ranges.length = 0;
  }

  /**
   * Hash of what differs from the start, first lane; then see `h2`. Words that
   * were only written with others at once are left out.
   */
  digest(isIgnored: (at: number) => boolean): number {
    let h1 = 0;
    let h2 = 0;
    for (let k = 0; k < this.count; k++) {
      const at = this.#dirty[k];
      const value = this.words[at];
      if (value === this.#start[at] || isIgnored(at)) continue;
      // Zero counts as well: it differs from the start.
      h1 = (h1 + word1(at, value) + at) | 0;
      h2 = (h2 + word2(at, value) + at) | 0;
    }
    this.h2 = h2;
    return h1;
  }

  /** Whether any of the words written has a property. */
  someWritten(has: (at: number) => boolean): boolean {
    for (let k = 0; k < this.count; k++) if (has(this.#dirty[k])) return true;
    return false;
  }

  /** Word that differs from the start, or -1. For a proof of `reset`. */
  difference(): number {
    const { words } = this;
    for (let at = 0; at < words.length; at++) {
      if (words[at] !== this.#start[at]) return at;
    }
    return -1;
  }
}
