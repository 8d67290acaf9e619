/**
 * The checker: every invariant of every layer, walked from the page map.
 *
 * The invariants have the numbers that the heads of the files give them, and a
 * finding starts with its number. Nothing that is read is trusted: a link is
 * followed only if it leads to a record, a list only for as many steps as it
 * may have.
 *
 * ## What can be checked of a living heap
 *   With the world stopped, MEM and OBJ are at rest. RAW never is while other
 *   workers have thread states: its pools are then checked for their shape
 *   only, and `isQuiet` is false in the report. With one thread state left
 *   everything is checked.
 *
 * ## Threads
 *   Reads only, under the locks of both arena sets and of the page runs. A
 *   worker that stops inside leaves the locks held.
 *
 * @module
 */

import * as Header from "../layout/header.ts";
import * as Layout from "../layout/memory_map.ts";
import * as PageMap from "../layout/page_map.ts";
import * as ThreadState from "../layout/thread_state.ts";
import { type Memory, pageOf } from "../memory/mod.ts";
import { Policy } from "../pools/mod.ts";
import type { Core } from "../domains/core.ts";
import { Checker, isAlone } from "./checker.ts";
import { checkArenaSet, checkBins, checkPages } from "./pages.ts";
import { withLocks } from "./locks.ts";
import { collectRings } from "./pools.ts";
import { checkStrays } from "./states.ts";
import { checkThreads } from "./threads.ts";

/** What a check found, and what it counted on the way. */
export interface CheckReport {
  /** True if nothing is wrong. */
  readonly ok: boolean;
  /** What is wrong, at most 100 sentences that start with an invariant. */
  readonly findings: readonly string[];
  /** False if RAW could be checked for its shape only. */
  readonly isQuiet: boolean;
  /** Pages in free runs. Count. */
  readonly freePages: number;
  /** Arenas. Count. */
  readonly arenas: number;
  /** Pools that somebody holds, left behind or quarantined. Count. */
  readonly pools: number;
  /** Spans likewise. Count. */
  readonly spans: number;
  /** Large blocks. Count. */
  readonly largeBlocks: number;
  /** Live blocks of RAW, MEM and OBJ, large ones included. Counts. */
  readonly blocks: readonly [number, number, number];
  /** Blocks that wait on remote stacks. Count. */
  readonly remoteBlocks: number;
}

/** M1, M2: the header. */
function checkHeader(c: Checker): void {
  const { i32, pages, remotes } = c.m;
  c.expect(
    i32[Header.MAGIC] === Header.MAGIC_VALUE &&
      i32[Header.VERSION] === Header.VERSION_VALUE &&
      i32[Header.PAGES] * Layout.PAGE_SIZE === c.m.buffer.byteLength &&
      i32[Header.REMOTES] === remotes && i32[Header.BUILD] === c.m.build &&
      i32[Header.FIRST_PAGE] === c.m.firstPage && i32[Header.X_READY] === 1,
    "M1",
    "the header does not fit the buffer",
  );
  const first = c.m.firstPage;
  for (let page = 0; page < first; page++) {
    if (c.keyOf(page) === PageMap.METADATA) continue;
    c.expect(false, "M2", `page ${page} is not marked as metadata`);
  }
  expectZero(c, 0, Header.MAGIC, "the NULL record");
  expectZero(c, Layout.PAGE_MAP + pages, Layout.POOLS, "pages beyond the heap");
  const rings = Layout.NULL_RINGS;
  expectZero(c, rings, rings + ThreadState.RING_SET, "the null rings");
}

/** M2: words `from` … `to` − 1 are 0. */
function expectZero(c: Checker, from: number, to: number, what: string): void {
  const { i32 } = c.m;
  for (let word = from; word < to; word++) {
    // No text is built for each of a quarter of a million words.
    if (i32[word] !== 0) c.expect(false, "M2", `word ${word} of ${what}`);
  }
}

/** The walk, under the locks. */
function walk(c: Checker): void {
  checkHeader(c);
  checkThreads(c);
  collectRings(c);
  checkPages(c);
  for (const pool of c.rings.keys()) {
    const kind = Policy.kindOf(c.keyOf(pageOf(pool)));
    c.expect(
      kind === PageMap.POOL || kind === PageMap.SPAN ||
        kind === PageMap.VIA_RAW,
      "G1",
      `a ring lists page ${pageOf(pool)}, which is no pool`,
    );
  }
  checkArenaSet(c, Layout.ARENA_SET);
  checkArenaSet(c, Layout.RAW_ARENA_SET);
  checkBins(c);
  checkStrays(c);
}

/** Checks the heap of a core. The world is stopped. */
export function checkCore(core: Core): CheckReport {
  return checkMemory(core.m, isAlone(core.m));
}

/** Checks a heap. MEM and OBJ are at rest, and RAW as well if `isQuiet`. */
export function checkMemory(m: Memory, isQuiet: boolean): CheckReport {
  const c = new Checker(m, isQuiet);
  withLocks(m, () => walk(c));
  return {
    ok: c.findings.length === 0,
    findings: c.findings,
    isQuiet: c.isQuiet,
    freePages: c.freePages,
    arenas: c.arenas,
    pools: c.pools,
    spans: c.spans,
    largeBlocks: c.largeBlocks,
    blocks: c.blocks,
    remoteBlocks: c.remoteBlocks,
  };
}
