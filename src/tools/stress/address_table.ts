/**
 * Which addresses are handed out: one bit for each 16 bytes of the heap.
 *
 * The pattern cannot tell two blocks of 0 bytes apart, nor a block of 0 bytes
 * from one that begins at the same address. This table can, and it finds a
 * block that was handed out twice at once, before anybody writes into it.
 *
 * ## Invariants
 *   A1  a bit is set from the return of the allocation until just before the
 *       call that frees the block or may move it
 *
 * ## Threads
 *   All words are atomic. The bit of a block is set and cleared by who owns
 *   the block; blocks of 512 bytes of address space share a word.
 *
 * @module
 */

import type { Words } from "./pattern.ts";

/** Addresses that one bit stands for; the alignment of all blocks. Bytes. */
const GRAIN_BITS = 4;

/** A table for heaps of up to `maxBytes` bytes, all bits clear. */
export function create(maxBytes: number): SharedArrayBuffer {
  const bits = Math.ceil(maxBytes / (1 << GRAIN_BITS));
  return new SharedArrayBuffer(Math.ceil(bits / 32) * 4);
}

/** Marks an address as handed out; false if it was already. */
export function claim(table: Words, address: number): boolean {
  const grain = address >>> GRAIN_BITS;
  const bit = 1 << (grain & 31);
  return (Atomics.or(table, grain >>> 5, bit) & bit) === 0;
}

/** Marks an address as no longer handed out; false if it was not. */
export function disclaim(table: Words, address: number): boolean {
  const grain = address >>> GRAIN_BITS;
  const bit = 1 << (grain & 31);
  return (Atomics.and(table, grain >>> 5, ~bit) & bit) !== 0;
}
