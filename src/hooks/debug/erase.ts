/**
 * What realloc does to a block before the record below resizes it: it marks it
 * as dead, so that who still uses the old address notices, and keeps what the
 * marks overwrite.
 *
 * ```text
 *   N ≤ 128   header, data and tail are dead       all data is saved
 *   N > 128   header and the first 64 bytes, the last 64 and the tail
 * ```
 *
 * Not done in the free-threaded build, where others may be reading the block.
 *
 * ## Threads
 *   The block is the caller's. A worker that stops in between leaves a block
 *   that is marked as dead.
 *
 * Source: CPython 3.14 Objects/obmalloc.c: _PyMem_DebugRawRealloc().
 *
 * @module
 */

import * as DebugBlock from "../../layout/debug_block.ts";
import { type Address, Bytes, type Memory } from "../../memory/mod.ts";
import * as Block from "./block.ts";

const { HEADER, TAIL, EXTRA } = DebugBlock;
/** Bytes that are marked at each end of a long block. C: ERASED_SIZE. */
export const ERASED_SIZE = 64;
/** Bytes that are saved at most. */
export const SAVED_MAX = 2 * ERASED_SIZE;

/** Saves what is about to be marked as dead, and marks it. */
export function erase(
  m: Memory,
  base: Address,
  nbytes: number,
  saved: Uint8Array<ArrayBuffer>,
): void {
  const data = base + HEADER;
  if (nbytes <= SAVED_MAX) {
    Bytes.save(m, data, nbytes, saved, 0);
    Block.kill(m, base, nbytes + EXTRA);
    return;
  }
  const end = data + nbytes - ERASED_SIZE;
  Bytes.save(m, data, ERASED_SIZE, saved, 0);
  Bytes.save(m, end, ERASED_SIZE, saved, ERASED_SIZE);
  Block.kill(m, base, HEADER + ERASED_SIZE);
  Block.kill(m, end, ERASED_SIZE + TAIL);
}

/**
 * Puts back what {@linkcode erase} saved, as far as it fits.
 *
 * @param m The heap.
 * @param base Where the block is now. Byte address.
 * @param before Bytes that were asked for before.
 * @param nbytes Bytes that are asked for now.
 * @param saved What was saved.
 */
export function putBack(
  m: Memory,
  base: Address,
  before: number,
  nbytes: number,
  saved: Uint8Array<ArrayBuffer>,
): void {
  const data = base + HEADER;
  if (before <= SAVED_MAX) {
    Bytes.restore(m, data, Math.min(before, nbytes), saved, 0);
    return;
  }
  Bytes.restore(m, data, Math.min(ERASED_SIZE, nbytes), saved, 0);
  const end = before - ERASED_SIZE;
  const rest = Math.min(ERASED_SIZE, nbytes - end);
  if (rest > 0) Bytes.restore(m, data + end, rest, saved, ERASED_SIZE);
}
