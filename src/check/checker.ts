/**
 * The state of one walk of the checker: what was found and counted.
 *
 * ## Threads
 *   Reads only, under the locks that check.ts takes.
 *
 * @module
 */

import * as Layout from "../layout/memory_map.ts";
import * as PageMap from "../layout/page_map.ts";
import * as ThreadState from "../layout/thread_state.ts";
import { type Memory, pageOf, recordOf } from "../memory/mod.ts";
import { Policy } from "../pools/mod.ts";

/** Findings beyond this are counted out. */
const MAX_FINDINGS = 100;

/** True if one thread state is in use at most: nobody else can be using RAW. */
export function isAlone(m: Memory): boolean {
  let count = 0;
  for (let slot = PageMap.FIRST_SLOT; slot < PageMap.SLOTS; slot++) {
    const thread = Layout.THREADS + slot * ThreadState.SIZEOF;
    if (m.i32[thread + ThreadState.X_IN_USE] !== ThreadState.FREE) count++;
  }
  return count <= 1;
}

/** Walks a heap once. */
export class Checker {
  readonly findings: string[] = [];
  readonly blocks: [number, number, number] = [0, 0, 0];
  freePages = 0;
  freeRuns = 0;
  arenas = 0;
  pools = 0;
  spans = 0;
  largeBlocks = 0;
  remoteBlocks = 0;
  /** Pages that are neither in use nor in a free run. */
  limboPages = 0;
  readonly m: Memory;
  readonly isQuiet: boolean;
  /** Ring that each listed pool is in. */
  readonly rings: Map<number, number> = new Map();
  /** Blocks that somebody has begun to free. Byte addresses. */
  readonly strays: number[] = [];
  /** Free pools of arenas, and the arena that lists them. */
  readonly freePools: Map<number, number> = new Map();

  constructor(m: Memory, isQuiet: boolean) {
    this.m = m;
    this.isQuiet = isQuiet;
  }

  /** Notes a finding unless the invariant holds. */
  expect(holds: boolean, invariant: string, text: string): void {
    if (holds || this.findings.length >= MAX_FINDINGS) return;
    this.findings.push(`${invariant}: ${text}`);
  }

  /** Thread state of a slot. Word index. */
  threadAt(slot: number): number {
    return Layout.THREADS + slot * ThreadState.SIZEOF;
  }

  /** True if a word index is that of a pool record of this heap. */
  isRecord(record: number): boolean {
    const page = pageOf(record);
    return recordOf(page) === record && this.isPage(page);
  }

  /** True if a number is that of a page that may be handed out. */
  isPage(page: number): boolean {
    return page >= this.m.firstPage && page < this.m.pages;
  }

  /** Page map word of a page. */
  keyOf(page: number): number {
    return this.m.i32[Layout.PAGE_MAP + page];
  }

  /** True if the words of the pool cannot change while we look. */
  isAtRest(key: number): boolean {
    if (!this.isAlive(Policy.holderOf(key) & PageMap.SLOT_MASK)) return false;
    return this.isQuiet || Policy.domainOf(key) !== PageMap.RAW;
  }

  /** False for a thread that was revoked, or died, and was not recovered. */
  isAlive(slot: number): boolean {
    return this.m.i32[this.threadAt(slot) + ThreadState.X_FENCE] === 0;
  }
}
