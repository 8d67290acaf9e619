/**
 * Blocks of the debug hooks: their header, fences and fills as bytes of the
 * heap, written and compared by the double word where that is possible.
 *
 * Layout in `layout/debug_block.ts`. `base` is what the record below returned,
 * `p` = base + 16 what the caller gets.
 *
 * ## Threads
 *   Plain accesses to a block that the caller allocated or is about to free:
 *   nobody else has it, unless somebody uses a freed block, which is what the
 *   hooks are there to find. A worker that stops inside leaves a block that is
 *   its own, half filled.
 *
 * Source: CPython 3.14 Objects/obmalloc.c: _PyMem_DebugCheckAddress(),
 * read_size_t(), write_size_t(), fill_mem_debug().
 *
 * @module
 */

import * as Layout from "../../layout/debug_block.ts";
import * as Map from "../../layout/memory_map.ts";
import { type Address, Bytes, type Memory } from "../../memory/mod.ts";

// Hot: constants of this module fold, imported ones are read.
const { HEADER, TAIL, EXTRA, CLEANBYTE, DEADBYTE, FORBIDDENBYTE } = Layout;
const { SIZE_HIGH, SIZE_LOW, ID, FENCE } = Layout;

/** Eight times CLEANBYTE. */
export const CLEAN = -6.2774385622041925e+66;
/** Eight times DEADBYTE. */
export const DEAD = -1.4568159901474629e+144;
/** Eight times FORBIDDENBYTE. */
export const FORBIDDEN = -7.845911676394542e+298;
/** Four times DEADBYTE. */
export const DEAD_WORD = -572662307;
/** Four times FORBIDDENBYTE. */
export const FORBIDDEN_WORD = -33686019;
/** What the numbers of 32 bits end at. */
const TWO_32 = 4294967296;

/** Nothing is wrong with a block. */
export const SOUND = 0;
/** The ID is that of another domain, or of none. */
export const BAD_ID = 1;
/** A byte of the leading fence is wrong. */
export const BAD_LEADING = 2;
/** A byte of the trailing fence is wrong, or it is outside the heap. */
export const BAD_TRAILING = 3;

/** A word in the other order of its bytes. */
function swap(word: number): number {
  return (word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) |
    (word >>> 24);
}

/** The word with the ID of a domain and the start of the fence. */
export function idWordOf(id: number): number {
  return (FORBIDDEN_WORD & ~255) | id;
}

/** The double word with the ID of a domain and the whole fence. */
export function idDoubleOf(id: number): number {
  const words = Int32Array.of(idWordOf(id), FORBIDDEN_WORD);
  return new Float64Array(words.buffer)[0];
}

/** The double words with the sizes below `count`, which is less than 2^31. */
export function sizeDoubles(count: number): Float64Array<ArrayBuffer> {
  const words = new Int32Array(2 * count);
  for (let nbytes = 0; nbytes < count; nbytes++) {
    words[2 * nbytes + SIZE_LOW] = swap(nbytes);
  }
  return new Float64Array(words.buffer);
}

/** The double words of 0 to 7 fresh bytes and the start of a fence. */
export function tailDoubles(): Float64Array<ArrayBuffer> {
  const bytes = new Uint8Array(64);
  for (let at = 0; at < 64; at++) {
    bytes[at] = (at & 7) < at >> 3 ? CLEANBYTE : FORBIDDENBYTE;
  }
  return new Float64Array(bytes.buffer);
}

/** Bytes asked for, as the header says. Inexact above 2^53. */
export function sizeAt(m: Memory, p: Address): number {
  const word = (p - HEADER) >>> 2;
  const low = swap(m.i32[word + SIZE_LOW]) >>> 0;
  const high = m.i32[word + SIZE_HIGH];
  return high === 0 ? low : (swap(high) >>> 0) * TWO_32 + low;
}

/** The ID byte of a block, of whichever address. */
export function idAt(m: Memory, p: Address): number {
  return Bytes.byteAt(m, p - 8);
}

/** Writes header and trailing fence of a block of `nbytes`. */
export function enclose(
  m: Memory,
  base: Address,
  nbytes: number,
  idWord: number,
): void {
  const i32 = m.i32;
  const word = base >>> 2;
  i32[word + SIZE_HIGH] = nbytes < TWO_32
    ? 0
    : swap(Math.floor(nbytes / TWO_32));
  i32[word + SIZE_LOW] = swap(nbytes | 0);
  i32[word + ID] = idWord;
  i32[word + FENCE] = FORBIDDEN_WORD;
  const tail = base + HEADER + nbytes;
  if ((tail & 7) === 0) m.f64[tail >>> 3] = FORBIDDEN;
  else Bytes.fill(m, tail, TAIL, FORBIDDENBYTE, FORBIDDEN);
}

/** Marks data as fresh. C: PYMEM_CLEANBYTE. */
export function clean(m: Memory, from: Address, nbytes: number): void {
  Bytes.fill(m, from, nbytes, CLEANBYTE, CLEAN);
}

/** Marks memory as dead. C: PYMEM_DEADBYTE. */
export function kill(m: Memory, from: Address, nbytes: number): void {
  Bytes.fill(m, from, nbytes, DEADBYTE, DEAD);
}

/**
 * Marks all of a block of `nbytes` as dead, but for the first `kept` bytes of
 * its data.
 */
export function bury(
  m: Memory,
  base: Address,
  nbytes: number,
  kept: number,
): void {
  if (kept === 0) return kill(m, base, nbytes + EXTRA);
  kill(m, base, HEADER);
  const rest = nbytes + TAIL - kept;
  if (rest > 0) kill(m, base + HEADER + kept, rest);
}

/** Bytes asked for, as the header at whichever address says. Exact. */
export function exactSizeAt(m: Memory, p: Address): bigint {
  let size = 0n;
  for (let at = p - HEADER; at < p - 8; at++) {
    size = size << 8n | BigInt(Bytes.byteAt(m, at));
  }
  return size;
}

/** End of the heap. Byte address. */
export function endOf(m: Memory): Address {
  return m.pages * Map.PAGE_SIZE;
}

/** True if the trailing fence at `tail` is whole. */
function isFenced(m: Memory, tail: number): boolean {
  if (tail + TAIL > endOf(m)) return false;
  if ((tail & 3) !== 0) return Bytes.isFilled(m, tail, TAIL, FORBIDDENBYTE);
  const word = tail >>> 2;
  return m.i32[word] === FORBIDDEN_WORD && m.i32[word + 1] === FORBIDDEN_WORD;
}

/**
 * True if a whole block with that word in its header can be at an address.
 *
 * @param m The heap.
 * @param p Any number.
 * @param idWord Word with the ID of the domain.
 */
export function isSound(m: Memory, p: Address, idWord: number): boolean {
  if ((p & 15) !== 0 || p < HEADER || p >= endOf(m)) return false;
  const { i32 } = m;
  const word = (p - HEADER) >>> 2;
  return i32[word + ID] === idWord && i32[word + FENCE] === FORBIDDEN_WORD &&
    isFenced(m, p + sizeAt(m, p));
}

/**
 * What is wrong with a block, in CPython's order.
 *
 * @param m The heap.
 * @param p Address at least 16 bytes from the start of the heap and 8 from its
 * end.
 * @param id ID that the block should have.
 */
export function faultOf(m: Memory, p: Address, id: number): number {
  if (idAt(m, p) !== id) return BAD_ID;
  if (!Bytes.isFilled(m, p - 7, 7, FORBIDDENBYTE)) return BAD_LEADING;
  const tail = p + Number(exactSizeAt(m, p));
  return isFenced(m, tail) ? SOUND : BAD_TRAILING;
}

/**
 * True if the header is one that a free has marked, but for the link.
 *
 * @param m The heap.
 * @param base Where the block starts. Byte address.
 * @param fence Word that its FENCE was when it was taken.
 */
export function isBuried(m: Memory, base: Address, fence: number): boolean {
  const i32 = m.i32;
  const word = base >>> 2;
  return i32[word + SIZE_LOW] === DEAD_WORD && i32[word + ID] === DEAD_WORD &&
    fence === DEAD_WORD;
}

/** True if the words from `from` to `end` are all dead. Multiples of 4. */
export function isDead(m: Memory, from: Address, end: Address): boolean {
  for (let at = from; at < end; at += 4) {
    if (m.i32[at >>> 2] !== DEAD_WORD) return false;
  }
  return true;
}
