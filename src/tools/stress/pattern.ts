/**
 * The pattern that every live block carries over its whole length.
 *
 * ```text
 *   word k of a block  =  signature + k × STEP      (mod 2^32)
 *   signature          =  hash of address, size, owner and serial
 *   last 1 … 3 bytes   =  those of the word that would stand there
 * ```
 *
 * ## Invariants
 *   P1  two blocks that overlap disagree about the bytes they share, but for
 *       one case in 2^32: their signatures differ, and the words of each run
 *       on from its own signature
 *   P2  what an earlier block left in the same place never passes for the
 *       pattern of a later one, because the serial is part of the signature
 *   P3  no byte outside of the block is written or judged
 *
 * ## Threads
 *   A live block belongs to one worker at a time; all accesses are plain. Who
 *   hands a block over publishes it with an atomic store of the block record.
 *
 * @module
 */

import { mix } from "./random.ts";

/** The shared memory of a heap, as words. */
export type Words = Int32Array<SharedArrayBuffer>;
/** The shared memory of a heap, as bytes. */
export type Bytes = Uint8Array<SharedArrayBuffer>;

/** 2^32 divided by the golden ratio: odd, so that 2^32 words all differ. */
const STEP = 0x9e3779b9 | 0;

/** Who a block is, folded into one word. */
export function signature(
  address: number,
  size: number,
  owner: number,
  serial: number,
): number {
  return mix(address ^ mix(size ^ mix(owner ^ mix(serial))));
}

/** Byte `offset` of the pattern of `signature`. */
export function byteAt(signature: number, offset: number): number {
  const word = signature + Math.imul(offset >>> 2, STEP);
  return (word >>> ((offset & 3) << 3)) & 255;
}

/** Writes the pattern over bytes 0 … `size` - 1 of a block. */
export function fill(
  i32: Words,
  u8: Bytes,
  address: number,
  size: number,
  signature: number,
): void {
  const end = (address + size) >>> 2;
  let word = signature;
  for (let at = address >>> 2; at < end; at++) {
    i32[at] = word;
    word = (word + STEP) | 0;
  }
  for (let offset = size & ~3; offset < size; offset++) {
    u8[address + offset] = byteAt(signature, offset);
  }
}

/**
 * Looks for damage in bytes 0 … `size` - 1 of a block.
 *
 * @param size Bytes to look at: all of the block, or what a realloc kept.
 * @returns Byte offset of the first damage, or -1.
 */
export function firstDamage(
  i32: Words,
  u8: Bytes,
  address: number,
  size: number,
  signature: number,
): number {
  const start = address >>> 2;
  const end = (address + size) >>> 2;
  let word = signature;
  for (let at = start; at < end; at++) {
    if (i32[at] !== word) return firstByte(u8, address, at << 2, signature);
    word = (word + STEP) | 0;
  }
  for (let offset = size & ~3; offset < size; offset++) {
    if (u8[address + offset] !== byteAt(signature, offset)) return offset;
  }
  return -1;
}

function firstByte(
  u8: Bytes,
  address: number,
  damaged: number,
  signature: number,
): number {
  const start = (damaged >>> 0) - address;
  for (let offset = start; offset < start + 4; offset++) {
    if (u8[address + offset] !== byteAt(signature, offset)) return offset;
  }
  // Another worker repaired it between two looks: damage all the same.
  return start;
}

/** Byte offset of the first byte of a block that is not 0, or -1. */
export function firstNonZero(
  i32: Words,
  u8: Bytes,
  address: number,
  size: number,
): number {
  const end = (address + size) >>> 2;
  let at = address >>> 2;
  while (at < end && i32[at] === 0) at++;
  // The word that is not 0 if there is one, else the last bytes.
  for (let offset = (at << 2 >>> 0) - address; offset < size; offset++) {
    if (u8[address + offset] !== 0) return offset;
  }
  return -1;
}
