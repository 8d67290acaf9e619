/**
 * Pools and several holders, step by step in one thread: remote frees, news
 * that go astray, adoption, help for detached threads, quarantine.
 *
 * Two thread states of one heap take turns here, so each interleaving is
 * exactly the one that the test names; real parallelism is tests/stress/.
 */

import { assert, assertEquals, assertNotEquals } from "@std/assert";
import {
  attach,
  createHeap,
  type Heap,
  MemoryError,
  type MemPtr,
} from "../../mod.ts";
import * as Layout from "../../src/layout/memory_map.ts";
import * as PageMap from "../../src/layout/page_map.ts";
import * as RemoteRecord from "../../src/layout/remote_record.ts";
import { Policy } from "../../src/pools/mod.ts";

/** A heap with two thread states: the first is attached, the second not. */
function pair(maxBytes = 16 << 20): [Heap, Heap] {
  const a = createHeap({ maxBytes });
  a.threads.detach();
  const b = attach(a.handle);
  b.threads.detach();
  a.threads.attach();
  return [a, b];
}

/** Runs `run` with `to` attached instead of `from`. */
function turn<T>(from: Heap, to: Heap, run: () => T): T {
  return from.threads.detached(() => {
    to.threads.attach();
    try {
      return run();
    } finally {
      to.threads.detach();
    }
  });
}

/** The second thread exits. */
function leave(a: Heap, b: Heap): void {
  a.threads.detached(() => b.close());
}

/** Closes both and checks that nothing was lost. */
function finish(a: Heap, b: Heap): void {
  leave(a, b);
  a.trim();
  const report = a.check();
  assertEquals(report.findings, []);
  assertEquals(report.blocks, [0, 0, 0]);
  assertEquals(a.stats().footprintBytes, 0);
  a.close();
}

/** Slot that holds the pool of a block. */
function holderOf(heap: Heap, block: number): number {
  const key = heap.i32[Layout.PAGE_MAP + (block >>> Layout.PAGE_BITS)];
  return Policy.holderOf(key) & PageMap.SLOT_MASK;
}

/** Remote stack of the pool of a block. */
function remoteOf(heap: Heap, block: number): number {
  const page = block >>> Layout.PAGE_BITS;
  return heap.i32[heap.core.m.remotes + page * RemoteRecord.SIZEOF];
}

Deno.test("a remote free waits on the stack until its holder collects", () => {
  const [a, b] = pair();
  const blocks = Array.from({ length: 8 }, () => a.mem.malloc(100));
  turn(a, b, () => blocks.forEach((block) => b.mem.free(block)));
  assertNotEquals(remoteOf(a, blocks[0]), 0);
  assertEquals(a.check().remoteBlocks, 8);
  assertEquals(a.stats().remoteFrees, 8);
  const others: MemPtr[] = [];
  // The rest of the pool, then one more: the ring is dry, news are read.
  for (let k = 0; k < 145; k++) others.push(a.mem.malloc(100));
  assertEquals(remoteOf(a, blocks[0]), 0);
  assert(blocks.some((block) => others.includes(block)));
  assertEquals(a.check().findings, []);
  for (const block of others) a.mem.free(block);
  finish(a, b);
});

Deno.test("an exiting thread's pools are adopted with their blocks", () => {
  const [a, b] = pair();
  const blocks = turn(
    a,
    b,
    () => Array.from({ length: 10 }, () => b.obj.malloc(48)),
  );
  leave(a, b);
  assertEquals(holderOf(a, blocks[0]), PageMap.NOBODY);
  assertEquals(a.check().findings, []);
  assertEquals(a.stats().abandonedPools, 1);
  const more = a.obj.malloc(48);
  assertEquals(more >>> 14, blocks[0] >>> 14);
  assertEquals(holderOf(a, more), a.threads.slot);
  assertEquals(a.stats().poolsAdopted, 1);
  for (const block of [...blocks, more]) a.obj.free(block);
  finish(a, b);
});

Deno.test("a full pool of an exited thread comes back by its first free", () => {
  const [a, b] = pair();
  const blocks = turn(
    a,
    b,
    () => Array.from({ length: 31 }, () => b.mem.malloc(512)),
  );
  leave(a, b);
  assertEquals(a.stats().abandonedPools, 0);
  a.mem.free(blocks[3]);
  assertEquals(a.check().findings, []);
  const again = a.mem.malloc(512);
  assertEquals(again, blocks[3]);
  assertEquals(holderOf(a, again), a.threads.slot);
  for (const block of blocks) a.mem.free(block);
  finish(a, b);
});

Deno.test("news of a thread that exits reach the pool's next holder", () => {
  const [a, b] = pair();
  const blocks = turn(
    a,
    b,
    () => Array.from({ length: 40 }, () => b.mem.malloc(500)),
  );
  // Frees into both pools of b, which b never collects itself.
  a.mem.free(blocks[0]);
  a.mem.free(blocks[39]);
  leave(a, b);
  assertEquals(a.check().findings, []);
  const seen = new Set<MemPtr>();
  for (let k = 0; k < 30; k++) seen.add(a.mem.malloc(500));
  assert(seen.has(blocks[0]) && seen.has(blocks[39]));
  assertEquals(a.check().findings, []);
  for (const block of blocks) if (!seen.has(block)) a.mem.free(block);
  for (const block of seen) a.mem.free(block);
  finish(a, b);
});

Deno.test("memory of a detached thread is not stranded", () => {
  const [a, b] = pair(8 << 20);
  const blocks: MemPtr[] = [];
  turn(a, b, () => {
    for (;;) {
      const block = b.core.mem.malloc(256);
      if (block === 0) break;
      blocks.push(block);
    }
  });
  // All memory is in pools of b, which is detached and never wakes.
  for (const block of blocks) a.mem.free(block);
  const large = a.mem.malloc(1 << 20);
  const small = a.obj.malloc(64);
  assertEquals(a.check().findings, []);
  a.mem.free(large);
  a.obj.free(small);
  finish(a, b);
});

Deno.test("a failing malloc takes over a pool of a detached thread", () => {
  const [a, b] = pair(8 << 20);
  const blocks: MemPtr[] = [];
  turn(a, b, () => {
    for (;;) {
      const block = b.core.mem.malloc(256);
      if (block === 0) break;
      blocks.push(block);
    }
    for (const block of blocks.splice(0, 3)) b.mem.free(block);
  });
  const block = a.mem.malloc(256);
  assertEquals(holderOf(a, block), a.threads.slot);
  assertEquals(a.check().findings, []);
  a.mem.free(block);
  for (const block of blocks) a.mem.free(block);
  finish(a, b);
});

Deno.test("an empty pool of OBJ waits until all have passed a safe point", () => {
  const heap = createHeap({ maxBytes: 16 << 20 });
  const blocks = Array.from({ length: 64 }, () => heap.obj.malloc(512));
  for (const block of blocks) heap.obj.free(block);
  assert(heap.stats().quarantinedPools > 0);
  assertEquals(heap.check().findings, []);
  // Another class cannot have the page, the same class can.
  const other = heap.obj.malloc(400);
  const pages = new Set(blocks.map((block) => block >>> 14));
  assert(!pages.has(other >>> 14));
  const same = Array.from({ length: 64 }, () => heap.obj.malloc(512));
  assert(same.every((block) => pages.has(block >>> 14)));
  for (const block of same) heap.obj.free(block);
  heap.obj.free(other);
  heap.threads.safePoint();
  heap.trim();
  assertEquals(heap.stats().quarantinedPools, 0);
  assertEquals(heap.check().findings, []);
  heap.close();
});

for (const build of ["free-threaded", "gil"] as const) {
  Deno.test(`a heap that is full fails cleanly and recovers (${build})`, () => {
    const heap = createHeap({ build, maxBytes: 8 << 20 });
    for (const size of [16, 500, 3000, 30000, 500000]) {
      const blocks: MemPtr[] = [];
      for (;;) {
        const block = heap.core.mem.malloc(size);
        if (block === 0) break;
        heap.i32[block >> 2] = block;
        blocks.push(block);
      }
      let error: unknown;
      try {
        heap.mem.malloc(size);
      } catch (caught) {
        error = caught;
      }
      assert(error instanceof MemoryError);
      assertEquals(heap.check().findings, []);
      for (const block of blocks) {
        assertEquals(heap.i32[block >> 2], block);
        heap.mem.free(block);
      }
      heap.trim();
      assertEquals(heap.stats().footprintBytes, 0);
    }
    heap.close();
  });
}
