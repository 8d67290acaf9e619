/**
 * Placement: where an allocator puts its blocks, call by call.
 *
 * A *place* is `(ordinal << 20) | offset`: the ordinal counts arenas in the
 * order in which they were allocated, from 0, and an arena that was given
 * back and comes again counts anew; the offset is the block's, from the start
 * of its arena. A block that is in no arena has the place
 * {@linkcode NO_PLACE}. Two allocators that give every call of a trace the
 * same place make the same decisions, whatever addresses they work with.
 *
 * All places of a run are folded into one word, FNV-1a over 32-bit words:
 * `h = imul(h ^ place, 16777619)`, from 2166136261, and the state of `h` is
 * kept every 4,096 calls, frees counted. The first 2,048 places are kept too:
 * they tell the very call at which two runs part.
 *
 * ## Invariants
 *   L1  an arena is allocated only by a call that then takes a block of it, so
 *       after a call during which TOTAL grew, its block lies in the newest
 *   L2  each arena that holds a live block has an ordinal
 *
 * ## Threads
 *   Reads plain words of the arena set and of the page map, and writes none.
 *   The worker that records must be the only one that allocates.
 *
 * Source: the format of the expected values, tests/traces/README.md; an
 * implementation in C on the real pymalloc is tests/traces/oracle.c.
 *
 * @module
 */

import * as ArenaObject from "../layout/arena_object.ts";
import * as ArenaSet from "../layout/arena_set.ts";
import * as Layout from "../layout/memory_map.ts";
import * as PageMap from "../layout/page_map.ts";
import type { Address, Memory } from "../memory/mod.ts";

/** Place of a block that is in no arena. */
export const NO_PLACE = 0xffffffff;
/** Calls between two checkpoints. Count. */
export const CHECKPOINT_CALLS = 4096;
/** Places that are kept one by one. Count. */
export const FIRST_PLACEMENTS = 2048;

const FNV_OFFSET = 2166136261;
const FNV_PRIME = 16777619;
const OFFSET_MASK = Layout.ARENA_SIZE - 1;

/** One of the first allocations of a run. */
export interface Placed {
  /** Which call of the run it was, frees counted, from 0. Index. */
  readonly call: number;
  /** Requested size. Bytes. */
  readonly size: number;
  /** Where the block is. Place. */
  readonly place: number;
}

/** A hash as expected files write it: eight hexadecimal digits. */
export function hashText(hash: number): string {
  return (hash >>> 0).toString(16).padStart(8, "0");
}

/** A place in words. */
export function placeText(place: number): string {
  if (place === NO_PLACE) return "outside the arenas";
  const offset = (place & OFFSET_MASK).toString(16);
  return `arena ${place >>> Layout.ARENA_BITS} offset 0x${offset}`;
}

/** Records the places of a run; see the head of this file. */
export class PlacementRecorder {
  /** The first places, at most {@linkcode FIRST_PLACEMENTS}. */
  readonly first: Placed[] = [];
  /** The hash after each {@linkcode CHECKPOINT_CALLS} calls. */
  readonly checkpoints: string[] = [];
  readonly #m: Memory;
  readonly #set: number;
  /** Ordinal of the arena at each MiB; of those that are gone, their last. */
  readonly #ordinals: Int32Array;
  #total: number;
  #arenas = 0;
  #calls = 0;
  #hash = FNV_OFFSET;

  /**
   * Starts on a heap, best a fresh one: arenas that exist already take the
   * first ordinals in the order of their addresses.
   *
   * @param m The window on the heap.
   * @param set The arena set to watch. Word index.
   */
  constructor(m: Memory, set: number = Layout.ARENA_SET) {
    this.#m = m;
    this.#set = set;
    const arenas = Math.ceil(m.pages / Layout.PAGES_PER_ARENA);
    this.#ordinals = new Int32Array(arenas).fill(-1);
    this.#total = m.i32[set + ArenaSet.TOTAL];
    this.#adoptAll();
  }

  /** Gives an ordinal to each arena of the set that has none. */
  #adoptAll(): void {
    const i32 = this.#m.i32;
    for (let arena = 0; arena < this.#ordinals.length; arena++) {
      const object = Layout.ARENAS + (arena << ArenaObject.SHIFT);
      if (i32[object + ArenaObject.SET] !== this.#set) continue;
      if (this.#ordinals[arena] < 0) this.#ordinals[arena] = this.#arenas++;
    }
  }

  /** L1: TOTAL grew, so the arena of this block is the newest. */
  #noteArena(block: Address): void {
    const total = this.#m.i32[this.#set + ArenaSet.TOTAL];
    if (total - this.#total !== 1 || !this.#isInArena(block)) {
      throw new Error(
        `Cannot tell the order of arenas: ${total - this.#total} came with ` +
          `the block at 0x${block.toString(16)}`,
      );
    }
    this.#total = total;
    this.#ordinals[block >>> Layout.ARENA_BITS] = this.#arenas++;
  }

  /** Whether a block is of a pool of the arenas that are watched. */
  #isInArena(block: Address): boolean {
    const i32 = this.#m.i32;
    const key = i32[Layout.PAGE_MAP + (block >>> Layout.PAGE_BITS)];
    if ((key & PageMap.KIND_MASK) !== PageMap.POOL) return false;
    const arena = block >>> Layout.ARENA_BITS;
    const object = Layout.ARENAS + (arena << ArenaObject.SHIFT);
    return i32[object + ArenaObject.SET] === this.#set;
  }

  /** Place of a live block. L2 holds if all its allocations were recorded. */
  placeOf(block: Address): number {
    if (!this.#isInArena(block)) return NO_PLACE;
    const ordinal = this.#ordinals[block >>> Layout.ARENA_BITS];
    return (ordinal << Layout.ARENA_BITS | block & OFFSET_MASK) >>> 0;
  }

  /** Notes a malloc, calloc or realloc and the block it returned. */
  allocated(block: Address, size: number): void {
    const total = this.#m.i32[this.#set + ArenaSet.TOTAL];
    if (total !== this.#total) this.#noteArena(block);
    const place = this.placeOf(block);
    this.#hash = Math.imul(this.#hash ^ place, FNV_PRIME);
    if (this.first.length < FIRST_PLACEMENTS) {
      this.first.push({ call: this.#calls, size, place });
    }
    this.#counted();
  }

  /** Notes a free. */
  freed(): void {
    this.#counted();
  }

  #counted(): void {
    this.#calls++;
    if (this.#calls % CHECKPOINT_CALLS === 0) this.checkpoints.push(this.hash);
  }

  /** The hash so far, eight hexadecimal digits. */
  get hash(): string {
    return hashText(this.#hash);
  }
}
