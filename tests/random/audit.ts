/**
 * The checker of the heap, for ends of schedules: all of it but what the
 * memory's list of written words tells at less cost.
 *
 * A quarter of a million words must be 0 for ever. To read them all takes
 * longer than the schedule. Whether one of them was written is known.
 *
 * ## Threads
 *   Reads a heap that nobody uses. No locks: who might hold one is gone.
 *
 * @module
 */

import { checkMemory, type CheckReport } from "../../src/check/mod.ts";
import { Checker } from "../../src/check/checker.ts";
import { checkArenaSet, checkBins, checkPages } from "../../src/check/pages.ts";
import { collectRings } from "../../src/check/pools.ts";
import { checkThreads } from "../../src/check/threads.ts";
import * as Header from "../../src/layout/header.ts";
import * as Layout from "../../src/layout/memory_map.ts";
import * as PageMap from "../../src/layout/page_map.ts";
import { Memory, pageOf } from "../../src/memory/mod.ts";
import { Policy } from "../../src/pools/mod.ts";
import { stage } from "./engine/hooks.ts";

/** What the checker says of the heap. */
export type Audit = Pick<CheckReport, "findings" | "blocks">;

const CLOCK = { now: (): number => 0 };

/** Whether a word is one of those that never change. */
function isFixed(at: number, pages: number, firstPage: number): boolean {
  if (at < Header.X_POISON || at === Header.X_READY) return true;
  if (at < Layout.PAGE_MAP) return at >= Layout.NULL_RINGS && at < Layout.GIL;
  const page = at - Layout.PAGE_MAP;
  return at < Layout.POOLS && (page >= pages || page < firstPage);
}

/** Everything that `src/check/check.ts` walks, but for the header. */
function walk(c: Checker): void {
  checkThreads(c);
  collectRings(c);
  checkPages(c);
  for (const pool of c.rings.keys()) {
    const kind = Policy.kindOf(c.keyOf(pageOf(pool)));
    const isPool = kind === PageMap.POOL || kind === PageMap.SPAN ||
      kind === PageMap.VIA_RAW;
    c.expect(isPool, "G1", `a ring lists page ${pageOf(pool)}, no pool`);
  }
  checkArenaSet(c, Layout.ARENA_SET);
  checkArenaSet(c, Layout.RAW_ARENA_SET);
  checkBins(c);
}

/** Checks the heap at the end of a schedule. */
export function auditEnd(buffer: SharedArrayBuffer): Audit {
  const m = new Memory(buffer, CLOCK);
  const { pages, firstPage } = m;
  if (stage.memory.someWritten((at) => isFixed(at, pages, firstPage))) {
    return checkMemory(m, true);
  }
  const c = new Checker(m, true);
  walk(c);
  return { findings: c.findings, blocks: c.blocks };
}
