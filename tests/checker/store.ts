/**
 * The memory of a model: one shared buffer that can go back in time.
 *
 * All writes of the code under test end here. Each leaves the old value in the
 * undo log, and the hash of the memory follows.
 *
 * @module
 */

import { word1, word2 } from "./hash.ts";

/** See the head of this file. */
export class Store {
  /** The buffer. */
  readonly buffer: SharedArrayBuffer;
  /** Its words. */
  readonly words: Int32Array<SharedArrayBuffer>;
  /** Number of words. */
  readonly length: number;
  /** Hash of what changed since the start, first lane. */
  h1 = 0;
  /** Hash of what changed since the start, second lane. */
  h2 = 0;
  /** Entries of the undo log. */
  changes = 0;
  #isTracking = false;
  #written: number[] = [];
  /** Turn in which each word was last written. */
  readonly #turns: Int32Array;
  #turn = 0;
  #ignored: Uint8Array | undefined;
  #at = new Int32Array(4096);
  #old = new Int32Array(4096);

  /** The memory of a model that is set up. */
  constructor(buffer: SharedArrayBuffer) {
    this.buffer = buffer;
    this.words = new Int32Array(buffer);
    this.length = this.words.length;
    this.#turns = new Int32Array(this.length);
  }

  /** Leaves words out of the hash. Before anything is written. */
  ignore(isIgnored: (at: number) => boolean): void {
    this.#ignored = new Uint8Array(this.length);
    for (let at = 0; at < this.length; at++) {
      if (isIgnored(at)) this.#ignored[at] = 1;
    }
  }

  /** Writes a word. */
  set(at: number, value: number): void {
    const old = this.words[at];
    if (this.#isTracking) this.#track(at);
    if (old === value) return;
    this.words[at] = value;
    this.#note(at, old, value);
  }

  /** Notes that a word was written by other means, even if it is the same. */
  noteWrite(at: number, old: number): void {
    if (this.#isTracking) this.#track(at);
    const value = this.words[at];
    if (value !== old) this.#note(at, old, value);
  }

  #track(at: number): void {
    if (this.#turns[at] === this.#turn) return;
    this.#turns[at] = this.#turn;
    this.#written.push(at);
  }

  #note(at: number, old: number, value: number): void {
    const n = this.changes++;
    if (n === this.#at.length) this.#grow();
    this.#at[n] = at;
    this.#old[n] = old;
    if (this.#ignored !== undefined && this.#ignored[at] !== 0) return;
    this.h1 = (this.h1 + word1(at, value) - word1(at, old)) | 0;
    this.h2 = (this.h2 + word2(at, value) - word2(at, old)) | 0;
  }

  /** Starts or stops to remember which words are written. */
  track(isOn: boolean): void {
    this.#isTracking = isOn;
    this.#written.length = 0;
    this.#turn++;
  }

  /** Whether a word was written since tracking began. */
  wasTracked(at: number): boolean {
    return this.#turns[at] === this.#turn;
  }

  /** Words written since tracking began, each with its value. */
  tracked(): number[] {
    const list: number[] = [];
    for (const at of this.#written) list.push(at, this.words[at]);
    return list;
  }

  /** Undoes all changes but the first `mark`; sets the hash as it was then. */
  rewind(mark: number, h1: number, h2: number): void {
    for (let n = this.changes - 1; n >= mark; n--) {
      this.words[this.#at[n]] = this.#old[n];
    }
    this.changes = mark;
    this.h1 = h1;
    this.h2 = h2;
  }

  #grow(): void {
    const at = new Int32Array(this.#at.length * 2);
    const old = new Int32Array(at.length);
    at.set(this.#at);
    old.set(this.#old);
    this.#at = at;
    this.#old = old;
  }
}
