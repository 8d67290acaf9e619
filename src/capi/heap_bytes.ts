/**
 * Bytes of the heap that a program names by an address.
 *
 * ## Threads
 *   None: nothing is read or written.
 *
 * @module
 */

import { PointerError, show } from "../errors.ts";
import * as Layout from "../layout/memory_map.ts";
import * as PageMap from "../layout/page_map.ts";
import type { Memory } from "../memory/mod.ts";

/**
 * Refuses bytes that are not all in memory of the heap that has blocks.
 *
 * @param attempt What shall be done with them.
 * @throws {PointerError} If the heap has no such bytes.
 * @throws {TypeError} If the address is no number.
 */
export function require(
  m: Memory,
  from: number,
  nbytes: number,
  attempt: string,
): void {
  const isThere = Number.isInteger(from) && from > 0 &&
    from + nbytes <= m.buffer.byteLength && hasBlocks(m, from, nbytes);
  if (isThere) return;
  const text = `Cannot ${attempt} ${nbytes} bytes at ${show(from)}: ` +
    "not all of them are in blocks of the heap";
  throw typeof from === "number" ? new PointerError(text) : new TypeError(text);
}

/** True if no page of the bytes is free or the heap's own. */
function hasBlocks(m: Memory, from: number, nbytes: number): boolean {
  const last = (from + Math.max(nbytes, 1) - 1) >>> Layout.PAGE_BITS;
  for (let page = from >>> Layout.PAGE_BITS; page <= last; page++) {
    const kind = m.i32[Layout.PAGE_MAP + page] & PageMap.KIND_MASK;
    const isOut = kind === PageMap.METADATA || kind === PageMap.FREE ||
      kind === PageMap.FREE_RUN;
    if (isOut) return false;
  }
  return true;
}
