/**
 * A small heap that is full: arenas of all fillings, allocations that only
 * succeed because somebody else's memory is collected, and those that fail.
 *
 * @module
 */

import * as Layout from "../../src/layout/memory_map.ts";
import type { Model } from "../checker/model.ts";
import { BUILDS, type HeapContext } from "../models/heap.ts";
import * as Support from "../models/support.ts";
import { type Block, type Scene, story } from "./scene.ts";
import { work } from "./cast.ts";

/** Bytes of the heap: eight arenas at most. */
const BYTES = 12 << 20;

/** Blocks by the page they are in. */
function byPage(blocks: readonly Block[]): Block[][] {
  const pages = new Map<number, Block[]>();
  for (const block of blocks) {
    const page = block.at >>> Layout.PAGE_BITS;
    pages.set(page, [...pages.get(page) ?? [], block]);
  }
  return [...pages.values()];
}

/** Frees whole pools in a random order, and takes some again. */
function churnArenas(s: Scene, c: HeapContext, blocks: Block[]): void {
  const pools = s.random.shuffle(byPage(blocks));
  const rest = pools.splice(0, 5).flat();
  pools.forEach((pool, k) => {
    for (const block of pool) s.free(c, block);
    if (k % 11 === 0) rest.push(...s.fill(c, "mem", 500, 34));
    if (k % 23 === 0) s.pools.Leave.trim(c.m, true);
    if (k % 50 === 0) s.audit();
  });
  for (const block of rest) s.free(c, block);
}

/** All arenas that there is room for; then they become empty, one by one. */
function fillArenas(s: Scene, c: HeapContext): void {
  work(s, c, () => {
    const blocks = s.fill(c, "mem", 512, 100_000);
    s.note("full", s.malloc(c, "obj", 512).at, s.malloc(c, "raw", 512).at);
    s.audit();
    churnArenas(s, c, blocks);
    s.pools.Leave.trim(c.m, true);
  });
  s.audit();
}

/** Takes what is left in small pools of a class, to the last block. */
function exhaust(s: Scene, c: HeapContext): Block[] {
  const left = [300000, 40000, 20000, 512, 100, 16];
  return left.flatMap((bytes) => s.fill(c, "raw", bytes, 100_000));
}

/** What a detached thread has in its pools, others get in need. */
function borrow(s: Scene, a: HeapContext, d: HeapContext): Block[] {
  const mine: Block[] = [];
  work(s, d, () => {
    for (const domain of ["mem", "obj", "raw"] as const) {
      for (const bytes of [48, 48, 1000]) {
        mine.push(...s.fill(d, domain, bytes, 3));
      }
    }
    const spares = s.fill(d, "obj", 80, 2);
    spares.forEach((block) => s.free(d, block));
  });
  work(s, a, () => {
    const all = exhaust(s, a);
    s.audit();
    for (const domain of ["mem", "obj", "raw"] as const) {
      for (const bytes of [48, 1000, 80, 48]) {
        mine.push(...s.fill(a, domain, bytes, 2));
      }
    }
    s.audit();
    s.free(a, mine[0]);
    mine.shift();
    for (const block of all) s.free(a, block);
  });
  s.audit();
  return mine;
}

/** Pools in quarantine, which only a safe point of another one ripens. */
function ripen(s: Scene, a: HeapContext, d: HeapContext): void {
  const { SafePoint } = Support.threads(s.lib);
  const isFree = s.build !== BUILDS.gil;
  if (isFree) d.core.attach();
  work(s, a, () => {
    const blocks = [256, 16].flatMap((n) => s.fill(a, "obj", n, 2500));
    for (const block of blocks) s.free(a, block);
    const all = exhaust(s, a);
    s.audit();
    s.note("unripe", s.malloc(a, "mem", 128).at);
    const again = s.fill(a, "obj", 256, 70);
    if (isFree) SafePoint.safePoint(d.m);
    SafePoint.safePoint(a.m);
    again.push(...s.fill(a, "mem", 128, 10));
    s.audit();
    for (const block of [...all, ...again]) s.free(a, block);
  });
  if (isFree) d.core.detach();
  s.audit();
}

/** A full heap in which others have freed: news of each kind are collected. */
function news(s: Scene, a: HeapContext, d: HeapContext): void {
  const gone = s.join();
  let blocks: Block[] = [];
  const theirs: Block[] = [];
  work(s, gone, () => {
    for (const domain of ["raw", "mem", "obj"] as const) {
      blocks.push(...s.fill(gone, domain, 512, 33 * 3));
      blocks.push(...s.fill(gone, domain, 20000, 8 * 2));
    }
    // Freed by another while it lives: news that it takes with it.
    blocks = s.random.shuffle(blocks);
  });
  work(s, a, () => blocks.splice(0, 20).forEach((block) => s.free(a, block)));
  gone.core.close();
  s.audit();
  work(s, a, () => blocks.splice(0, 40).forEach((block) => s.free(a, block)));
  s.audit();
  work(s, d, () => {
    for (const domain of ["raw", "mem", "obj"] as const) {
      theirs.push(...s.fill(d, domain, 512, 40));
    }
  });
  work(s, a, () => theirs.splice(0, 60).forEach((block) => s.free(a, block)));
  work(s, a, () => {
    const all = exhaust(s, a);
    for (const domain of ["raw", "mem", "obj"] as const) {
      theirs.push(...s.fill(a, domain, 512, 12));
      theirs.push(...s.fill(a, domain, 20000, 3));
    }
    s.audit();
    for (const block of [...all, ...blocks, ...theirs]) s.free(a, block);
  });
  s.audit();
}

/** Pools that others have emptied, which only their holder can give back. */
function emptied(s: Scene, a: HeapContext, d: HeapContext): void {
  for (const domain of ["raw", "mem"] as const) {
    for (const [wanted, bytes] of [["mem", 304], ["mem", 33000]] as const) {
      let blocks: Block[] = [];
      work(s, a, () => blocks = s.fill(a, domain, 208, 77 * 4));
      work(s, d, () => blocks.forEach((block) => s.free(d, block)));
      work(s, a, () => {
        const all = exhaust(s, a);
        s.note("emptied", domain);
        all.push(...s.fill(a, wanted, bytes, 3));
        for (const block of all) s.free(a, block);
      });
      s.audit();
    }
  }
}

/** An arena in reserve is kept, by each set, until somebody needs pages. */
function reserve(s: Scene, a: HeapContext): void {
  for (const domain of ["raw", "mem"] as const) {
    for (const wanted of ["raw", "mem"] as const) {
      work(s, a, () => {
        const spare = s.fill(a, domain, 160, 1);
        const all = [40000, 20000].flatMap((n) => s.fill(a, "raw", n, 1000));
        s.free(a, spare[0]);
        s.audit();
        all.push(...s.fill(a, wanted, 176, 3));
        s.audit();
        for (const block of all) s.free(a, block);
      });
      s.note(s.raw.Runs.usedPages(a.m));
      s.pools.Leave.trim(a.m, false);
      s.audit();
    }
  }
}

/** Requests at the edges of what can be had. */
function edges(s: Scene, a: HeapContext): void {
  const { Large, Runs } = s.raw;
  const free = a.m.pages - a.m.firstPage - Runs.usedPages(a.m);
  work(s, a, () => {
    for (const pages of [free + 1, free, a.m.pages, a.m.pages + 1]) {
      const block = s.malloc(a, "raw", pages * Layout.PAGE_SIZE);
      s.free(a, block);
    }
    const block = s.malloc(a, "mem", 3 * Layout.PAGE_SIZE);
    const wall = s.malloc(a, "mem", Layout.PAGE_SIZE * 5);
    for (const bytes of [40000, 49152, 49153, 32769, 60000]) {
      s.resize(a, block, bytes);
      s.note(a.core.mem.sizeOf(block.at as never));
    }
    for (const pages of [free - 20, 40, 9, free + 20]) {
      s.resize(a, wall, pages * Layout.PAGE_SIZE);
      s.audit();
    }
    s.note(Large.pagesFor(1), Large.pagesFor(16384), Large.pagesFor(16385));
    s.free(a, wall);
    s.free(a, block);
  });
  s.audit();
}

/** As many threads as there are slots, and one more. */
function crowd(s: Scene): void {
  const { ThreadStates } = Support.threads(s.lib);
  const { Create } = Support.memory(s.lib);
  const all = [];
  for (;;) {
    const m = Create.open(s.buffer, s.world.clock);
    const hasSlot = ThreadStates.reserve(m);
    s.note(m.slot, m.owner, m.thread);
    if (!hasSlot) break;
    all.push(m);
  }
  for (const m of all) ThreadStates.release(m);
}

function tell(s: Scene): void {
  const a = s.join();
  const idle = s.join();
  const d = s.join();
  fillArenas(s, a);
  const borrowed = borrow(s, a, d);
  ripen(s, a, d);
  news(s, a, d);
  emptied(s, a, d);
  work(s, a, () => {
    for (const block of borrowed) s.free(a, block);
    s.pools.Leave.trim(a.m, true);
  });
  edges(s, a);
  reserve(s, a);
  idle.core.close();
  d.core.close();
  work(s, a, () => s.pools.Leave.trim(a.m, true));
  s.audit();
  crowd(s);
  a.core.close();
  s.audit();
}

/** The story of a build as a model that finds what is different. */
export function pressure(build: keyof typeof BUILDS): Model {
  return story("a full heap", build, BYTES, tell);
}
