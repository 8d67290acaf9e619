/**
 * The report of the free-threaded build: its tables tell what real workers
 * hold, left behind and freed, and its sums hold. C21 for the other build is
 * `arena_stats_test.ts`.
 */

import { assertEquals } from "@std/assert";
import { attach, createHeap, type Heap } from "../../mod.ts";
import { Debug } from "../../src/hooks/mod.ts";
import { Fleet } from "../helpers/workers.ts";
import type { Order } from "./report_worker.ts";

const WORKER = new URL("./report_worker.ts", import.meta.url);
const MAX_BYTES = 32 << 20;

/** Three threads: this one, one that attached and froze, one that exited. */
const EXPECTED = `
domain num pools large blocks blocks in use live bytes held bytes remote blocks
raw 1 0 2 128 16,384 0
mem 2 1 14 201,296 245,760 5
obj 1 0 4 4,096 16,384 0

thread num pools large blocks blocks in use live bytes held bytes remote blocks remote frees
2 2 0 9 464 32,768 5 0
3 1 0 4 4,096 16,384 0 5

# abandoned pools = 1
# live blocks in abandoned pools = 6
# bytes held by abandoned pools = 16,384
# deferred pools = 0
# bytes held by deferred pools = 0
# remote frees total = 5
# remote blocks not taken back = 5
# bytes in remote blocks = 240
`;

/** The part after the arenas, with single spaces and without rules. */
function tablesOf(report: string): string {
  return report.slice(report.indexOf("\ndomain")).split("\n")
    .filter((line) => !/^[- ]+$/.test(line) || line === "")
    .map((line) => line.trim().replace(/ +/g, " ")).join("\n");
}

/** Has a worker do something while this one is detached. */
async function ask<R>(
  heap: Heap,
  fleet: Fleet,
  i: number,
  task: string,
  order: Omit<Order, "handle">,
): Promise<R> {
  heap.threads.detach();
  try {
    return await fleet.ask<R>(i, task, { handle: heap.handle, ...order });
  } finally {
    heap.threads.attach();
  }
}

Deno.test("debugMallocStats() tells what threads hold and left", async () => {
  using heap = createHeap({ maxBytes: MAX_BYTES });
  await using fleet = await Fleet.start(WORKER, 2);
  heap.raw.malloc(64);
  heap.raw.malloc(60);
  const mine = Array.from({ length: 12 }, () => heap.mem.malloc(48));
  const large = heap.mem.malloc(200_000);
  // The second worker frees five of them and keeps four blocks of its own.
  await ask(heap, fleet, 0, "join", { free: mine.slice(0, 5), sizes: [] });
  await ask(heap, fleet, 0, "allocate", {
    free: [],
    sizes: [1024, 1000, 1024, 1024],
  });
  // The third leaves six blocks and goes.
  await ask(heap, fleet, 1, "leave", { free: [], sizes: Array(6).fill(160) });
  const report = heap.debugMallocStats();
  assertEquals(tablesOf(report), EXPECTED);
  assertEquals(heap.check().blocks.slice(1), [14, 4]);
  assertEquals(heap.check().remoteBlocks, 5);
  heap.mem.free(large);
  await ask(heap, fleet, 0, "part", { free: [], sizes: [] });
});

Deno.test("debugMallocStats() goes by the allocator, as CPython's does", () => {
  const sizes = [48, 5000];
  for (const malloc of ["pymalloc", "malloc", "mimalloc"] as const) {
    using heap = createHeap({ build: "gil", malloc, maxBytes: MAX_BYTES });
    for (const nbytes of sizes) heap.obj.malloc(nbytes);
    const report = heap.debugMallocStats();
    assertEquals(report === "", malloc === "malloc");
    assertEquals(report.includes("\ndomain "), malloc === "mimalloc");
    assertEquals(heap.getAllocatedBlocks(), sizes.length);
  }
});

/** What a function has written to stderr. */
function captured(run: () => void): string[] {
  const texts: string[] = [];
  const before = Debug.Stderr.redirect((text) => texts.push(text));
  try {
    run();
  } finally {
    Debug.Stderr.redirect(before);
  }
  return texts;
}

Deno.test("printMallocStats() writes the report to stderr", () => {
  using heap = createHeap({ build: "gil", maxBytes: MAX_BYTES });
  const texts = captured(() => heap.printMallocStats());
  assertEquals(texts, [heap.debugMallocStats()]);
});

Deno.test("a heap with mallocStats reports before each arena and at its end", () => {
  const heap = createHeap({
    build: "gil",
    mallocStats: true,
    maxBytes: MAX_BYTES,
  });
  let last = "";
  const texts = captured(() => {
    // Two arenas of 64 pools with 31 blocks each, and one more block.
    for (let k = 0; k <= 2 * 64 * 31; k++) heap.obj.malloc(512);
    heap.threads.detach();
    const other = attach(heap.handle);
    other.close(); // others are still there
    heap.threads.attach();
    last = heap.debugMallocStats();
    heap.close();
  });
  const arenas = texts.map((text) => /^(\d+) arenas/m.exec(text)?.[1]);
  assertEquals(arenas, ["0", "1", "2", "3"]);
  assertEquals(texts.at(-1), last);
});

Deno.test("mallocStats reports arenas of the free-threaded build, too", () => {
  const texts = captured(() => {
    using heap = createHeap({ mallocStats: true, maxBytes: MAX_BYTES });
    for (let k = 0; k <= 64 * 31; k++) heap.mem.malloc(512);
    for (let k = 0; k <= 64 * 31; k++) heap.raw.malloc(512);
    assertEquals(heap.stats().arenas, 3);
  });
  assertEquals(texts.length, 4);
});

Deno.test("a heap without mallocStats reports nothing", () => {
  const texts = captured(() => {
    using heap = createHeap({ mallocStats: false, maxBytes: MAX_BYTES });
    heap.mem.malloc(512);
  });
  assertEquals(texts, []);
});
