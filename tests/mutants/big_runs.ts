/**
 * Page runs of a heap of 4 GiB: bins of long runs, arenas on both sides of
 * 2 GiB, runs in which no aligned arena fits, and in the end one free run.
 *
 * @module
 */

import type { Memory } from "../../src/memory/mod.ts";
import * as Header from "../../src/layout/header.ts";
import * as Layout from "../../src/layout/memory_map.ts";
import * as PageMap from "../../src/layout/page_map.ts";
import type { Model } from "../checker/model.ts";
import * as Support from "../models/support.ts";
import { type Scene, story } from "./scene.ts";

/** Pages of the heap. Count. */
const PAGES = Layout.MAX_BYTES / Layout.PAGE_SIZE;
/** Arenas that an arena set could own. Word index. */
const SET = Layout.ARENA_SET;

/** Page at 2 GiB. */
const HALF = PAGES / 2;

/** Reserved once: only its tables are ever touched. */
let buffer: SharedArrayBuffer | undefined;

/** The heap of 4 GiB, new; the story's own small heap lends it the header. */
function bigHeap(s: Scene): Memory {
  const { Memory } = Support.memory(s.lib);
  const { ThreadStates } = Support.threads(s.lib);
  buffer ??= new SharedArrayBuffer(Layout.MAX_BYTES);
  const i32 = new Int32Array(buffer);
  const remotes = Layout.POOLS + 8 * PAGES;
  const first = Math.ceil((remotes + 4 * PAGES) * 4 / Layout.PAGE_SIZE);
  i32.fill(0, 0, remotes + 4 * PAGES);
  i32.set(s.world.i32.subarray(0, 64));
  i32[Header.PAGES] = PAGES;
  i32[Header.REMOTES] = remotes;
  i32[Header.FIRST_PAGE] = first;
  i32.fill(PageMap.METADATA, Layout.PAGE_MAP, Layout.PAGE_MAP + first);
  const m = new Memory(buffer, s.world.clock);
  s.raw.Runs.init(m);
  ThreadStates.init(m);
  ThreadStates.reserve(m);
  return m;
}

/** A length of a run: mostly short, seldom very long. Pages. */
function lengthFrom(s: Scene): number {
  const most = s.random.pick([8, 8, 60, 70, 130, 130, 300, 2000, 9000]);
  return 1 + s.random.below(most);
}

/** Large blocks come, grow, shrink and go. Returns those that are left. */
function churn(s: Scene, m: Memory, calls: number): number[] {
  const { Large, Runs } = s.raw;
  const live: number[] = [];
  for (let k = 0; k < calls; k++) {
    const what = s.random.below(8);
    if (what < 5 || live.length === 0) {
      const bytes = lengthFrom(s) * Layout.PAGE_SIZE - s.random.below(16384);
      const at = Large.alloc(m, PageMap.MEM, bytes);
      s.note(bytes, at);
      if (at !== 0) live.push(at >>> Layout.PAGE_BITS);
      continue;
    }
    const index = s.random.below(live.length);
    const page = live[index];
    if (what < 7) {
      s.note("free", Large.free(m, PageMap.MEM, page));
      live.splice(index, 1);
    } else {
      const bytes = lengthFrom(s) * Layout.PAGE_SIZE;
      s.note(bytes, Large.resize(m, page, bytes), Large.nbytesOf(m, page));
    }
    s.note(Runs.usedPages(m), Runs.peakPages(m));
  }
  return live;
}

/** Arenas until there is no room, and all of them back. */
function arenas(s: Scene, m: Memory, most: number): void {
  const { Runs } = s.raw;
  const taken: number[] = [];
  for (let k = 0; k < most; k++) {
    const page = Runs.allocArena(m, SET);
    s.note("arena", page);
    if (page === 0) break;
    taken.push(page);
  }
  s.random.shuffle(taken).forEach((page) => Runs.freeArena(m, page));
  s.note(Runs.usedPages(m), Runs.peakPages(m));
}

/** Pages that were taken and are of no use. */
interface Wall {
  /** First page. Page number. */
  readonly page: number;
  /** Pages. Count. */
  readonly length: number;
}

/** Takes pages. */
function take(s: Scene, m: Memory, length: number): Wall {
  return { page: s.raw.Runs.alloc(m, length), length };
}

/** Gives pages back; with the word of another nothing happens. */
function giveBack(s: Scene, m: Memory, { page, length }: Wall): void {
  const { Runs } = s.raw;
  const key = Runs.takenKey(m.owner);
  s.note("not ours", Runs.free(m, page, length, key + 1));
  s.note("ours", Runs.free(m, page, length, key));
}

/** Takes all that is free, run by run, the longest first. */
function restOf(s: Scene, m: Memory): Wall[] {
  const rest: Wall[] = [];
  for (let length = PAGES; length > 0; length >>>= 1) {
    for (;;) {
      const wall = take(s, m, length);
      if (wall.page === 0) break;
      rest.push(wall);
    }
  }
  return rest;
}

/** Arenas in holes in which they just fit, or just do not. */
function tightArenas(s: Scene, m: Memory): void {
  const lengths = [63, 64, 65, 100, 126, 127, 128, 129, 190, 191, 40, 63, 127];
  const holes = lengths.map((length) => [length, 1].map((n) => take(s, m, n)));
  const walls = [...holes.map(([, wall]) => wall), ...restOf(s, m)];
  for (const [hole] of holes) giveBack(s, m, hole);
  arenas(s, m, 40);
  for (const length of [63, 100, 190, 191, 192]) {
    const wall = take(s, m, length);
    s.note("tight", length, wall.page);
    if (wall.page !== 0) giveBack(s, m, wall);
  }
  for (const wall of walls) giveBack(s, m, wall);
}

/** A hole with room for an aligned arena at `page`, and so much around it. */
function snugArena(
  s: Scene,
  m: Memory,
  page: number,
  before: number,
  after: number,
): void {
  const first = take(s, m, page - before - m.firstPage);
  const hole = take(s, m, before + Layout.PAGES_PER_ARENA + after);
  const walls = [first, take(s, m, 1), ...restOf(s, m)];
  giveBack(s, m, hole);
  arenas(s, m, 2);
  const again = take(s, m, hole.length);
  s.note("hole", hole.page, again.page);
  for (const wall of [again, ...walls]) giveBack(s, m, wall);
}

/** A block that grows and shrinks by all there is, and by more. */
function elastic(s: Scene, m: Memory): void {
  const { Large } = s.raw;
  const bytes = (pages: number) => pages * Layout.PAGE_SIZE;
  const blocks = [4, 6, 1].map((pages) =>
    Large.alloc(m, PageMap.RAW, bytes(pages)) >>> Layout.PAGE_BITS
  );
  Large.free(m, PageMap.RAW, blocks[1]);
  for (const pages of [9, 4, 10, 11, 3, 8, PAGES, 2, 1]) {
    s.note(pages, Large.resize(m, blocks[0], bytes(pages) - 1));
    s.note(Large.nbytesOf(m, blocks[0]), s.raw.Runs.usedPages(m));
  }
  s.note(Large.resize(m, blocks[2], bytes(PAGES)));
  for (const k of [0, 2]) Large.free(m, PageMap.RAW, blocks[k]);
}

function tell(s: Scene): void {
  const m = bigHeap(s);
  const { Large, Runs } = s.raw;
  arenas(s, m, 5);
  const live = churn(s, m, 1500);
  arenas(s, m, 3000);
  s.note("too much", Runs.alloc(m, PAGES), Large.alloc(m, 0, 2 ** 33));
  s.note("too much", Large.alloc(m, 0, 2 ** 46 + Layout.PAGE_SIZE));
  for (const page of s.random.shuffle(live)) {
    s.note("free", Large.free(m, PageMap.MEM, page));
  }
  tightArenas(s, m);
  for (const page of [2048, HALF - 64, HALF]) {
    snugArena(s, m, page, 0, 0);
    snugArena(s, m, page, 1, 1);
  }
  elastic(s, m);
  s.note("all", Runs.alloc(m, PAGES - m.firstPage));
  s.note(Runs.usedPages(m), Runs.peakPages(m));
}

/** The story as a model that finds what is different. */
export function bigRuns(): Model {
  return story("runs of 4 GiB", "free-threaded", Layout.MIN_BYTES, tell);
}
