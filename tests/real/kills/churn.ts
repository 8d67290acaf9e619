/**
 * Work that a death may interrupt: blocks of all domains come, go, grow, and
 * are handed on through a mailbox.
 *
 * ## Threads
 *   A block belongs to whose ledger has it, or to the mail. Its marks are plain
 *   words. Letters are exchanged atomically.
 *
 * @module
 */

import type { Heap, MemPtr, ObjPtr, RawPtr } from "../../../mod.ts";
import type { Random } from "../../../src/tools/stress/random.ts";
import {
  COMING,
  EMPTY,
  ENTRIES,
  GOING,
  HELD,
  Ledger,
  OPS,
  RESIZING,
  STOP,
  type Words,
} from "./ledger.ts";

/** Letters of the mailbox: address | domain, and the size behind. Count. */
export const LETTERS = 8;
/** Largest size but for the large blocks. Bytes. */
const SIZE_MAX = 4000;
/** Size of a large block. Bytes. */
const LARGE = 50000;

/** Domain by its number. */
function allocate(heap: Heap, domain: number, nbytes: number): number {
  if (domain === 0) return heap.raw.malloc(nbytes);
  return domain === 1 ? heap.mem.malloc(nbytes) : heap.obj.malloc(nbytes);
}

/** Frees a block of a domain. */
export function release(heap: Heap, domain: number, block: number): void {
  if (domain === 0) heap.raw.free(block as RawPtr);
  else if (domain === 1) heap.mem.free(block as MemPtr);
  else heap.obj.free(block as ObjPtr);
}

function resize(
  heap: Heap,
  domain: number,
  block: number,
  nbytes: number,
): number {
  if (domain === 0) return heap.raw.realloc(block as RawPtr, nbytes);
  if (domain === 1) return heap.mem.realloc(block as MemPtr, nbytes);
  return heap.obj.realloc(block as ObjPtr, nbytes);
}

/** Marks a block of 16 bytes or more as this address's. */
function paint(heap: Heap, block: number, nbytes: number): void {
  const at = block >>> 2;
  heap.i32[at] = block;
  heap.i32[at + 1] = nbytes;
  heap.i32[at + (nbytes >>> 2) - 1] = ~nbytes;
}

/**
 * Looks whether a block is as it was painted.
 *
 * @throws {Error} If it is not.
 */
export function inspect(heap: Heap, block: number, nbytes: number): void {
  const at = block >>> 2;
  const isWhole = heap.i32[at] === (block | 0) &&
    heap.i32[at + 1] === nbytes &&
    heap.i32[at + (nbytes >>> 2) - 1] === ~nbytes;
  if (!isWhole) {
    throw new Error(`The block of ${nbytes} bytes at ${block} is damaged`);
  }
}

/** Someone who churns. */
export class Churner {
  readonly #heap: Heap;
  readonly #ledger: Ledger;
  readonly #mail: Words;
  readonly #random: Random;

  /** The churner of a ledger, with choices from `random`. */
  constructor(heap: Heap, words: Words, mail: Words, random: Random) {
    this.#heap = heap;
    this.#ledger = new Ledger(words);
    this.#mail = mail;
    this.#random = random;
  }

  /** Works until told to stop, or `limit` operations. */
  churn(limit = Infinity): void {
    const { words } = this.#ledger;
    for (let n = 1; n <= limit && Atomics.load(words, STOP) === 0; n++) {
      Atomics.add(words, OPS, 1);
      this.act();
      if (n % 8 === 0) this.#heap.threads.safePoint();
    }
  }

  /** Does one thing. */
  act(): void {
    const random = this.#random;
    const entry = random.below(ENTRIES);
    switch (this.#ledger.state(entry)) {
      case EMPTY:
        if (random.chance(25)) this.#take(entry);
        else this.#allocate(entry);
        break;
      case HELD:
        if (random.chance(30)) this.#give(entry);
        else if (random.chance(20)) this.#resize(entry);
        else this.#free(entry);
        break;
    }
    const whim = random.below(400);
    if (whim === 0) this.#heap.threads.stopTheWorld(() => 0);
    else if (whim === 1) this.#heap.threads.detached(() => 0);
    else if (whim === 2) this.#heap.trim();
  }

  /** Frees all that the ledger has. */
  freeAll(): void {
    for (let entry = 0; entry < ENTRIES; entry++) {
      if (this.#ledger.state(entry) === HELD) this.#free(entry);
    }
  }

  #sizeOfNext(): number {
    if (this.#random.chance(2)) return LARGE;
    return this.#random.logarithmic(16, SIZE_MAX);
  }

  #allocate(entry: number): void {
    const domain = this.#random.below(3);
    const nbytes = this.#sizeOfNext();
    this.#ledger.mark(entry, COMING);
    const block = allocate(this.#heap, domain, nbytes);
    paint(this.#heap, block, nbytes);
    this.#ledger.hold(entry, domain, block, nbytes);
  }

  #free(entry: number): void {
    const ledger = this.#ledger;
    const block = ledger.address(entry);
    inspect(this.#heap, block, ledger.size(entry));
    ledger.mark(entry, GOING);
    release(this.#heap, ledger.domain(entry), block);
    ledger.mark(entry, EMPTY);
  }

  #resize(entry: number): void {
    const ledger = this.#ledger;
    const domain = ledger.domain(entry);
    const nbytes = this.#sizeOfNext();
    inspect(this.#heap, ledger.address(entry), ledger.size(entry));
    ledger.mark(entry, RESIZING);
    const block = resize(this.#heap, domain, ledger.address(entry), nbytes);
    paint(this.#heap, block, nbytes);
    ledger.hold(entry, domain, block, nbytes);
  }

  /** Puts a block into an empty letter. Its size stands in its second word. */
  #give(entry: number): void {
    const ledger = this.#ledger;
    const letter = this.#random.below(LETTERS);
    if (Atomics.load(this.#mail, letter) !== 0) return;
    ledger.mark(entry, GOING);
    const ticket = ledger.address(entry) | ledger.domain(entry);
    const seen = Atomics.compareExchange(this.#mail, letter, 0, ticket);
    ledger.mark(entry, seen === 0 ? EMPTY : HELD);
  }

  /** Takes a block out of a letter. */
  #take(entry: number): void {
    const letter = this.#random.below(LETTERS);
    if (Atomics.load(this.#mail, letter) === 0) return;
    this.#ledger.mark(entry, COMING);
    const ticket = Atomics.exchange(this.#mail, letter, 0);
    if (ticket === 0) {
      this.#ledger.mark(entry, EMPTY);
      return;
    }
    const block = ticket & ~15;
    const nbytes = this.#heap.i32[(block >>> 2) + 1];
    inspect(this.#heap, block >>> 0, nbytes);
    this.#ledger.hold(entry, ticket & 15, block, nbytes);
  }
}
