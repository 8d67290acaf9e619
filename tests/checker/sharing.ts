/**
 * Which words several workers use: learned while a model runs.
 *
 * A word is *contended* if several workers access it and one of them writes.
 * Operations on other words are invisible to the rest, so they are glued to the
 * operation before them; so are plain accesses, which cannot be told apart from
 * earlier ones unless there is a race. A contended word is *shared* if somebody
 * accesses it plainly: then races on it are looked for.
 *
 * What is learned counts from the next start on, and the search starts again
 * until nothing new was learned. That is enough: up to the first operation on
 * a word that ought to be contended, every execution is one of those searched,
 * and both accesses are seen.
 *
 * @module
 */

import type { Model } from "./model.ts";

/** Kind of access: plain read. */
export const PLAIN_READ = 0;
/** Kind of access: plain write. */
export const PLAIN_WRITE = 8;
/** Kind of access: atomic read, or a hint. */
export const ATOMIC_READ = 16;
/** Kind of access: atomic write. */
export const ATOMIC_WRITE = 24;

/** Use of a word: by one worker, or read by all. Operations are invisible. */
export const PRIVATE = 0;
/** Use of a word: by several workers, never plainly at the same time. */
export const CONTENDED = 1;
/** Use of a word: also plainly. Accesses are looked at for races. */
export const SHARED = 2;
/** Use of a word: as shared, and there are hints: accesses are visible. */
export const HINTED = 3;
/** Use of a word: racy by design. Accesses are visible, and no race. */
export const RACY = 4;

/** See the head of this file. */
export class Sharing {
  /** Use of each word in the search that runs. */
  readonly uses: Uint8Array;
  /** Words whose use is another one than when the search started. */
  readonly learned: number[] = [];
  readonly #accesses: Int32Array;
  readonly #hinted: Uint8Array;
  readonly #forced = new Set<number>();
  #isGuarded: (at: number) => boolean = () => false;

  /** Nothing is known yet of so many words. */
  constructor(words: number) {
    this.uses = new Uint8Array(words);
    this.#accesses = new Int32Array(words);
    this.#hinted = new Uint8Array(words);
  }

  /** Accesses to these words are visible, whoever makes them. */
  guard(isGuarded: (at: number) => boolean): void {
    this.#isGuarded = isGuarded;
    for (let at = 0; at < this.uses.length; at++) {
      if (isGuarded(at)) this.uses[at] = HINTED;
    }
  }

  /** Notes an access of a worker. */
  note(at: number, worker: number, kind: number): void {
    const bit = 1 << (kind + worker);
    const old = this.#accesses[at];
    if ((old & bit) !== 0) return;
    this.#accesses[at] = old | bit;
    if (useOf(old) !== useOf(old | bit)) this.learned.push(at);
  }

  /** Notes a hint. */
  noteHint(at: number): void {
    if (this.#hinted[at] !== 0) return;
    this.#hinted[at] = 1;
    if (useOf(this.#accesses[at]) !== PRIVATE) this.learned.push(at);
  }

  /** A worker spins on a word: others must be able to change it. */
  force(at: number): void {
    this.#forced.add(at);
    this.learned.push(at);
  }

  /** What was learned counts from now on. */
  apply(model: Model): void {
    for (const at of this.learned) this.uses[at] = this.#useOf(model, at);
    this.learned.length = 0;
  }

  #useOf(model: Model, at: number): number {
    const use = useOf(this.#accesses[at]);
    if (this.#isGuarded(at)) return model.racy?.(at) ? RACY : HINTED;
    if (use === PRIVATE) return this.#forced.has(at) ? CONTENDED : PRIVATE;
    if (use === CONTENDED) return use;
    if (model.racy?.(at)) return RACY;
    return this.#hinted[at] !== 0 ? HINTED : SHARED;
  }
}

function useOf(accesses: number): number {
  const read = accesses & 255;
  const written = (accesses >>> 8) & 255;
  const loaded = (accesses >>> 16) & 255;
  const stored = accesses >>> 24;
  const all = read | written | loaded | stored;
  if ((written | stored) === 0 || !isMany(all)) return PRIVATE;
  if (written !== 0) return SHARED;
  return read !== 0 && isMany(read | stored) ? SHARED : CONTENDED;
}

function isMany(workers: number): boolean {
  return (workers & (workers - 1)) !== 0;
}
