/**
 * The pages of OBJ, and where in them objects may stand.
 *
 * ## Threads
 *   Reads only. The caller is alone with OBJ: it has stopped the world, or
 *   holds the GIL. Pages of threads that are detached, dead or gone are pages
 *   like all others.
 *
 * Source: CPython 3.14 Python/gc_free_threading.c: gc_visit_heaps().
 *
 * @module
 */

import * as DebugBlock from "../layout/debug_block.ts";
import * as Layout from "../layout/memory_map.ts";
import * as PageMap from "../layout/page_map.ts";
import * as PoolRecord from "../layout/pool_record.ts";
import { Debug } from "../hooks/mod.ts";
import { addressOf, type Memory, recordOf } from "../memory/mod.ts";
import { Policy, SizeClasses } from "../pools/mod.ts";

/**
 * Is called for each pool, span or large block of OBJ: its first page, how many
 * pages blocks start in, first block, end of what was carved, size of a block.
 * Addresses in bytes.
 */
export type Visit = (
  page: number,
  pages: number,
  first: number,
  end: number,
  size: number,
) => void;

/** Bytes that the debug hooks have before the caller's part of a block. */
export function shiftOf(m: Memory): number {
  return Debug.isEnabled(m) ? DebugBlock.HEADER : 0;
}

function visitPool(m: Memory, page: number, visit: Visit): void {
  const pool = recordOf(page);
  const szidx = m.i32[pool + PoolRecord.SZIDX];
  const base = addressOf(page);
  visit(
    page,
    SizeClasses.pagesOf(szidx),
    base + SizeClasses.firstOffset(szidx),
    base + m.i32[pool + PoolRecord.NEXTOFFSET],
    SizeClasses.blockSize(szidx),
  );
}

/** Visits the pages of OBJ in the order of their addresses. */
export function each(m: Memory, visit: Visit): void {
  const { i32 } = m;
  for (let page = m.firstPage; page < m.pages; page++) {
    const key = i32[Layout.PAGE_MAP + page];
    if (Policy.domainOf(key) !== PageMap.OBJ) continue;
    const kind = Policy.kindOf(key);
    if (kind === PageMap.LARGE) {
      const base = addressOf(page);
      visit(page, 1, base, base + 1, Layout.PAGE_SIZE);
    } else if (
      kind === PageMap.POOL || kind === PageMap.SPAN || kind === PageMap.VIA_RAW
    ) visitPool(m, page, visit);
  }
}
