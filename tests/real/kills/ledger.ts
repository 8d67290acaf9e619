/**
 * What a worker holds, in words that outlive it.
 *
 * An entry says what its worker is about to do with a block before it does so,
 * and what it has when it is done. So of a worker that died in between, at most
 * one entry is neither empty nor held: what was under way.
 *
 * ```text
 *   EMPTY ─ ALLOCATING ─▶ HELD ─ FREEING | GIVING | RESIZING ─▶ EMPTY or HELD
 * ```
 *
 * ## Threads
 *   Written by its worker alone, read by others after its death. Atomic, so
 *   that nothing is reordered around the calls.
 *
 * @module
 */

/** Words of a ledger. */
export type Words = Int32Array<SharedArrayBuffer>;

/** Entry: no block. */
export const EMPTY = 0;
/** Entry: a block is being allocated or taken from the mail. */
export const COMING = 1;
/** Entry: the worker has the block. */
export const HELD = 2;
/** Entry: the block is being freed or put into the mail. */
export const GOING = 3;
/** Entry: the block is being resized. */
export const RESIZING = 4;

/** Entries. Count. */
export const ENTRIES = 96;
/** Word: operations that were begun. Count. */
export const OPS = 0;
/** Word: 1 once the worker is about to work. */
export const READY = 1;
/** Word: 1 once it shall come to its end. */
export const STOP = 2;
/** Word: its slot. */
export const SLOT = 3;
/** Word: what `heap.threads.id` is. */
export const ID = 4;
/** Word: 1 once it may die. */
export const GO = 5;
/** First word of the entries. */
const FIRST = 16;
/** Words of an entry: state, domain, address, size. Count. */
const SIZEOF = 4;

/** The ledger of one worker. */
export class Ledger {
  /** Its words. */
  readonly words: Words;

  /** A ledger on words that {@linkcode Ledger.words} was once. */
  constructor(words: Words) {
    this.words = words;
  }

  /** Words for a ledger. */
  static create(): Words {
    const bytes = (FIRST + ENTRIES * SIZEOF) * 4;
    return new Int32Array(new SharedArrayBuffer(bytes));
  }

  /** State of an entry. */
  state(entry: number): number {
    return Atomics.load(this.words, FIRST + entry * SIZEOF);
  }

  /** Domain of an entry's block: 0 RAW, 1 MEM, 2 OBJ. */
  domain(entry: number): number {
    return Atomics.load(this.words, FIRST + entry * SIZEOF + 1);
  }

  /** Byte address of an entry's block. */
  address(entry: number): number {
    return Atomics.load(this.words, FIRST + entry * SIZEOF + 2) >>> 0;
  }

  /** Size that was asked for. Bytes. */
  size(entry: number): number {
    return Atomics.load(this.words, FIRST + entry * SIZEOF + 3);
  }

  /** Says what is about to happen to an entry. */
  mark(entry: number, state: number): void {
    Atomics.store(this.words, FIRST + entry * SIZEOF, state);
  }

  /** Says that the worker has a block. */
  hold(entry: number, domain: number, address: number, size: number): void {
    const at = FIRST + entry * SIZEOF;
    Atomics.store(this.words, at + 1, domain);
    Atomics.store(this.words, at + 2, address);
    Atomics.store(this.words, at + 3, size);
    Atomics.store(this.words, at, HELD);
  }

  /** Entries in a state. Count. */
  count(...states: number[]): number {
    let count = 0;
    for (let entry = 0; entry < ENTRIES; entry++) {
      if (states.includes(this.state(entry))) count++;
    }
    return count;
  }
}
