/**
 * Statistics: what domains and threads hold agrees with the checker, which
 * walks every list; counts of blocks; what a trim gives back.
 */

import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  attach,
  createHeap,
  type Heap,
  type MemPtr,
  ThreadStateError,
} from "../../mod.ts";
import * as Layout from "../../src/layout/memory_map.ts";
import * as PoolRecord from "../../src/layout/pool_record.ts";
import { recordOf } from "../../src/memory/mod.ts";
import {
  BUILDS,
  type Calls,
  DOMAINS,
  IDIOMATIC,
  withHeap,
} from "../helpers/heap_fixture.ts";
import { Prng } from "../helpers/prng.ts";
import { FIRST_FREE, Fleet, waitUntil } from "../helpers/workers.ts";

const WORKER = new URL("./report_worker.ts", import.meta.url);
const MAX_BYTES = 32 << 20;
const SIZES = [0, 1, 16, 48, 512, 513, 4000, 32768, 32769, 200000];

/** Allocates and frees at random; returns what is live of each domain. */
function churn(heap: Heap, seed: number): Set<number>[] {
  const random = new Prng(seed);
  const live = DOMAINS.map(() => new Set<number>());
  const calls: Calls[] = DOMAINS.map((name) => IDIOMATIC.calls(heap, name));
  for (let k = 0; k < 3000; k++) {
    const domain = random.below(3);
    const blocks = live[domain];
    if (blocks.size > 0 && random.below(5) < 2) {
      const block = random.pick([...blocks]);
      blocks.delete(block);
      calls[domain].free(block);
      continue;
    }
    const size = random.below(8) > 0 ? random.below(600) : random.pick(SIZES);
    const block = calls[domain].malloc(size);
    if (block !== 0) blocks.add(block);
  }
  return live;
}

for (const build of BUILDS) {
  Deno.test(`usage() counts what is live (${build})`, () => {
    withHeap(build, (heap) => {
      const live = churn(heap, 11);
      const usage = heap.usage();
      DOMAINS.forEach((name, k) => {
        assertEquals(usage[name].blocks, live[k].size, name);
        assert(usage[name].liveBytes <= usage[name].heldBytes, name);
        assertEquals(usage[name].remoteBlocks, 0);
      });
      assertEquals([...heap.check().blocks], live.map((each) => each.size));
    });
  });

  Deno.test(`usage(): what is held and unused is the footprint (${build})`, () => {
    withHeap(build, (heap) => {
      churn(heap, 12);
      const { raw, mem, obj, unusedBytes, threads } = heap.usage();
      const held = [raw, mem, obj].reduce(
        (sum, each) => sum + each.heldBytes,
        0,
      );
      assertEquals(held + unusedBytes, heap.stats().footprintBytes);
      const pools = [...threads.values()].reduce(
        (n, each) => n + each.pools,
        0,
      );
      assertEquals(pools, raw.pools + mem.pools + obj.pools);
      assertEquals([...threads.keys()].sort(), build === "gil" ? [1, 2] : [2]);
    });
  });

  Deno.test(`C29: getAllocatedBlocks() counts small and large, no RAW (${build})`, () => {
    withHeap(build, (heap) => {
      const before = heap.getAllocatedBlocks();
      heap.mem.malloc(48);
      assertEquals(heap.getAllocatedBlocks() - before, 1);
      heap.obj.malloc(200_000);
      assertEquals(heap.getAllocatedBlocks() - before, 2);
      heap.mem.malloc(0);
      heap.obj.malloc(5000);
      assertEquals(heap.getAllocatedBlocks() - before, 4);
      heap.raw.malloc(48);
      heap.raw.malloc(200_000);
      assertEquals(heap.getAllocatedBlocks() - before, 4);
      assertEquals(heap.approximateBlocks() - before, 4);
    });
  });

  Deno.test(`C46: getAllocatedBlocks() sees blocks of who is gone (${build})`, async () => {
    using heap = createHeap({ build, maxBytes: MAX_BYTES });
    await using fleet = await Fleet.start(WORKER, 1);
    const order = { handle: heap.handle, free: [], sizes: SIZES };
    heap.threads.detach();
    const blocks = await fleet.ask<MemPtr[]>(0, "leave", order);
    heap.threads.attach();
    assertEquals(heap.getAllocatedBlocks(), SIZES.length);
    for (const block of blocks) heap.mem.free(block);
    assertEquals(heap.getAllocatedBlocks(), 0);
  });

  Deno.test(`getAllocatedBlocks() is exact while others work (${build})`, async () => {
    using heap = createHeap({ build, maxBytes: MAX_BYTES });
    await using fleet = await Fleet.start(WORKER, 3);
    heap.threads.detach();
    const done = fleet.askAll("churn", (i) => ({
      handle: heap.handle,
      free: [],
      sizes: Array(10 + i).fill(48),
    }));
    waitUntil(fleet.control, FIRST_FREE, 3);
    for (let round = 0; round < 50; round++) {
      heap.threads.attach();
      assertEquals(heap.getAllocatedBlocks(), 33);
      heap.threads.detach();
    }
    fleet.stop();
    await done;
    heap.threads.attach();
    assertEquals(heap.getAllocatedBlocks(), 0);
  });

  Deno.test(`trim() says what it gave back (${build})`, () => {
    withHeap(build, (heap) => {
      assertEquals(heap.trim().bytes, 0);
      const blocks = Array.from({ length: 300 }, () => heap.obj.malloc(512));
      const kept = heap.mem.malloc(100_000);
      for (const block of blocks) heap.obj.free(block);
      const { footprintBytes, arenas } = heap.stats();
      const report = heap.trim();
      assertEquals(report.arenas, arenas);
      assertEquals(report.bytes, footprintBytes - 7 * Layout.PAGE_SIZE);
      assertEquals(report.footprintBytes, heap.stats().footprintBytes);
      assertEquals(report.quarantinedPools, 0);
      heap.mem.free(kept);
    });
  });
}

Deno.test("trim() tells of pools that wait for a thread", () => {
  using heap = createHeap({ maxBytes: MAX_BYTES });
  heap.threads.detach();
  using other = attach(heap.handle);
  // Both are attached now, as two workers would be; the other passes no safe
  // point while this one frees.
  heap.core.attach();
  const blocks = Array.from({ length: 100 }, () => heap.obj.malloc(512));
  for (const block of blocks) heap.obj.free(block);
  assert(heap.trim().quarantinedPools > 0);
  assert(heap.usage().deferred.pools > 0);
  assertEquals(heap.usage().deferred.blocks, 0);
  assert(other.stats().quarantinedPools > 0);
  other.threads.safePoint();
  assertEquals(heap.trim().quarantinedPools, 0);
  heap.core.detach();
});

Deno.test("usage() tells of blocks that wait on remote stacks", () => {
  using heap = createHeap({ maxBytes: MAX_BYTES });
  const blocks = Array.from({ length: 9 }, () => heap.mem.malloc(100));
  heap.threads.detach();
  const other = attach(heap.handle);
  for (const block of blocks.slice(2)) other.mem.free(block);
  other.close();
  heap.threads.attach();
  const { mem } = heap.usage();
  assertEquals([mem.blocks, mem.remoteBlocks, mem.remoteBytes], [2, 7, 784]);
  assertEquals(heap.getAllocatedBlocks(), 2);
});

Deno.test("usage() of damaged tables is finite", () => {
  using heap = createHeap({ maxBytes: MAX_BYTES });
  const pool = recordOf(heap.mem.malloc(48) >>> Layout.PAGE_BITS);
  const large = recordOf(heap.mem.malloc(1e6) >>> Layout.PAGE_BITS);
  for (const field of [PoolRecord.COUNT, PoolRecord.SZIDX]) {
    const word = heap.i32[pool + field];
    for (const value of [-1, 0x7fffffff, 77]) {
      heap.i32[pool + field] = value;
      assert(heap.usage().mem.blocks <= 1022);
      assert(heap.debugMallocStats().length < 10_000);
    }
    heap.i32[pool + field] = word;
  }
  const length = heap.i32[large + PoolRecord.LENGTH];
  heap.i32[large + PoolRecord.LENGTH] = 0x7fffffff;
  assertEquals(heap.usage().mem.largeBlocks, 0);
  heap.i32[large + PoolRecord.LENGTH] = length;
});

Deno.test("getAllocatedBlocks() needs an attached thread state", () => {
  using heap = createHeap({ maxBytes: MAX_BYTES });
  heap.threads.detach();
  assertThrows(() => heap.getAllocatedBlocks(), ThreadStateError);
  assertEquals(heap.approximateBlocks(), 0);
});
