/** What the allocator records trace, in each domain, build and face. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { createHeap, type Heap, MemoryError, PointerError } from "../../mod.ts";
import { Tracemalloc } from "../../src/hooks/tracemalloc/mod.ts";
import type { AnyAllocator } from "../../src/domains/mod.ts";
import * as Traces from "../../src/hooks/tracemalloc/tables/traces.ts";
import { BUILDS, CELLS, DOMAINS, withHeap } from "../helpers/heap_fixture.ts";
import { blocksOf, traced } from "./fixture.ts";

/** Sizes on all sides of what the engine tells apart. Bytes. */
const SIZES = [0, 1, 16, 512, 513, 5000, 32768, 32769, 200_000];

/** Sizes of all traces, in the order of addresses. */
function sizesOf(tracemalloc: Tracemalloc): number[] {
  return [...tracemalloc.takeSnapshot().traces].map(({ size }) => size);
}

for (const { build, domain, face, name } of CELLS) {
  Deno.test(`each call is one trace of what was asked for (${name})`, () => {
    withHeap(build, (heap) => {
      const tracemalloc = new Tracemalloc(heap.core);
      tracemalloc.start();
      const calls = face.calls(heap, domain);
      for (const size of SIZES) {
        let block = calls.malloc(size);
        assertEquals(sizesOf(tracemalloc), [size], `malloc ${size}`);
        block = calls.realloc(block, size + 700);
        assertEquals(sizesOf(tracemalloc), [size + 700], `realloc ${size}`);
        block = calls.realloc(block, size);
        assertEquals(sizesOf(tracemalloc), [size], `realloc back ${size}`);
        const other = calls.calloc(3, size);
        const all = [size, 3 * size].sort((a, b) => a - b);
        const seen = sizesOf(tracemalloc).sort((a, b) => a - b);
        assertEquals(seen, all, `calloc ${size}`);
        calls.free(block);
        assertEquals(sizesOf(tracemalloc), [3 * size], `free ${size}`);
        calls.free(other);
        const last = calls.realloc(0, size);
        assertEquals(sizesOf(tracemalloc), [size], `realloc 0 ${size}`);
        calls.free(last);
        calls.free(0);
        assertEquals(tracemalloc.getTracedMemory()[0], 0);
      }
      tracemalloc.stop();
      assertEquals(blocksOf(heap), 0);
    });
  });
}

traced("blocks from before the start have no trace", (heap, tracemalloc) => {
  tracemalloc.stop();
  const before = DOMAINS.map((domain) => heap[domain].malloc(100));
  tracemalloc.start();
  assertEquals(tracemalloc.getObjectTraceback(before[0]), null);
  before[1] = heap.mem.realloc(before[1] as never, 300);
  assertEquals(sizesOf(tracemalloc), [300]);
  DOMAINS.forEach((domain, k) => heap[domain].free(before[k] as never));
  assertEquals(tracemalloc.getTracedMemory(), [0, 300]);
});

traced("what is refused leaves the trace as it was", (heap, tracemalloc) => {
  const block = heap.mem.malloc(100);
  const where = String(tracemalloc.getObjectTraceback(block));
  assertThrows(() => heap.obj.free(block as never), PointerError);
  assertThrows(() => heap.raw.free(block as never), PointerError);
  assertThrows(() => heap.mem.realloc(block, 2 ** 40), MemoryError);
  assertThrows(() => heap.obj.realloc(block as never, 10), PointerError);
  assertEquals(String(tracemalloc.getObjectTraceback(block)), where);
  assertEquals(tracemalloc.getTracedMemory(), [100, 100]);
  heap.mem.free(block);
});

/** A record that passes calls on, and says no as long as it is told to. */
function stubborn(inner: AnyAllocator): { record: AnyAllocator; ctx: Ctx } {
  const ctx: Ctx = { says: true, calls: [] };
  function call(name: keyof AnyAllocator, ...args: number[]): number {
    ctx.calls.push(name);
    // deno-lint-ignore no-explicit-any
    return ctx.says ? (inner[name] as any)(inner.ctx, ...args) : 0;
  }
  const record: AnyAllocator = {
    ctx,
    malloc: (_ctx, n) => call("malloc", n),
    calloc: (_ctx, n, size) => call("calloc", n, size),
    realloc: (_ctx, p, n) => call("realloc", p, n),
    free: (_ctx, p) => {
      call("free", p);
    },
  };
  return { record, ctx };
}

interface Ctx {
  says: boolean;
  readonly calls: string[];
}

for (const build of BUILDS) {
  Deno.test(`records below that say no are believed (${build})`, () => {
    withHeap(build, (heap) => {
      const { allocators } = heap.core;
      const { record, ctx } = stubborn(allocators.get(1));
      allocators.set(1, record);
      const tracemalloc = new Tracemalloc(heap.core);
      tracemalloc.start();
      const block = heap.mem.malloc(100);
      ctx.says = false;
      assertThrows(() => heap.mem.malloc(7), MemoryError);
      assertThrows(() => heap.mem.calloc(7, 1), MemoryError);
      assertThrows(() => heap.mem.realloc(block, 7), MemoryError);
      assertEquals(sizesOf(tracemalloc), [100]);
      ctx.says = true;
      heap.mem.free(block);
      tracemalloc.stop();
      assertEquals(allocators.get(1).ctx, ctx);
      assertEquals(ctx.calls, [
        "malloc",
        "malloc",
        "calloc",
        "realloc",
        "free",
      ]);
      allocators.set(1, allocators.base(1));
      assertEquals(blocksOf(heap), 0);
    });
  });

  Deno.test(`a record that somebody has covered passes on (${build})`, () => {
    withHeap(build, (heap) => {
      const { allocators } = heap.core;
      const tracemalloc = new Tracemalloc(heap.core);
      tracemalloc.start();
      const ours = allocators.get(1);
      const { record, ctx } = stubborn(ours);
      allocators.set(1, record);
      tracemalloc.stop();
      assert(allocators.isBase(0) && allocators.isBase(2));
      assertEquals(allocators.get(1).ctx, ctx);
      heap.mem.free(heap.mem.malloc(9));
      tracemalloc.start();
      const block = heap.mem.malloc(10);
      assertEquals(sizesOf(tracemalloc), [10]);
      heap.mem.free(block);
      allocators.set(1, ours);
      tracemalloc.stop();
      assert(allocators.isBase(1));
      assertEquals(ctx.calls, ["malloc", "free", "malloc", "free"]);
    });
  });
}

/** Leaves no page of the heap free, but for the blocks of a size. */
function fill(heap: Heap, size: number): number[] {
  const blocks: number[] = [];
  try {
    while (true) blocks.push(heap.raw.malloc(size));
  } catch (error) {
    if (!(error instanceof MemoryError)) throw error;
  }
  return blocks;
}

for (const build of BUILDS) {
  Deno.test(`without memory for its trace there is no block (${build})`, () => {
    using heap = createHeap({ build, maxBytes: 8 * 1024 * 1024 });
    const tracemalloc = new Tracemalloc(heap.core);
    // A free block in a page of its own, which has no array of traces.
    const mine = heap.mem.malloc(400);
    const free = heap.mem.malloc(400);
    tracemalloc.start();
    const other = heap.obj.malloc(16);
    heap.mem.free(free);
    tracemalloc.clearTraces();
    const large = fillBehind(heap, 100_000);
    const medium = fillBehind(heap, Traces.PAGE_BYTES);
    const memory = tracemalloc.getTracemallocMemory();
    const [, before] = heap.check().blocks;
    assertThrows(() => heap.mem.malloc(400), MemoryError);
    assertEquals(heap.check().blocks[1], before);
    assertEquals(tracemalloc.getTracedMemory(), [0, 0]);
    assert(tracemalloc.getTracemallocMemory() - memory < 1000);
    for (const block of [...large, ...medium]) heap.raw.free(block as never);
    heap.mem.free(heap.mem.malloc(400));
    heap.mem.free(mine);
    heap.obj.free(other);
    tracemalloc.stop();
    assertEquals(blocksOf(heap), 0);
  });
}

/** As {@linkcode fill}, untraced. */
function fillBehind(heap: Heap, size: number): number[] {
  const { allocators } = heap.core;
  const top = allocators.get(0);
  allocators.set(0, allocators.base(0));
  const blocks = fill(heap, size);
  allocators.set(0, top);
  return blocks;
}

Deno.test("start() without memory for the tables", () => {
  using heap = createHeap({ maxBytes: 4 * 1024 * 1024 });
  const tracemalloc = new Tracemalloc(heap.core);
  const blocks = [...fill(heap, 30_000), ...fill(heap, 3000)];
  assertThrows(() => tracemalloc.start(), MemoryError);
  assert(!tracemalloc.isTracing());
  for (const block of blocks) heap.raw.free(block as never);
  tracemalloc.start();
  tracemalloc.stop();
  assertEquals(blocksOf(heap), 0);
});

Deno.test("a heap that is closed is not traced, and says so", () => {
  const heap = createHeap({ maxBytes: 4 * 1024 * 1024 });
  const tracemalloc = new Tracemalloc(heap.core);
  tracemalloc.start(7);
  heap.close();
  assert(!tracemalloc.isTracing());
  assertEquals(tracemalloc.getTracedMemory(), [0, 0]);
  assertEquals(tracemalloc.getObjectTraceback(16), null);
  assertEquals(tracemalloc.track(1, 1, 1, null), -2);
  tracemalloc.clearTraces();
  tracemalloc.stop();
  assertThrows(() => tracemalloc.start(), Error, "the heap is closed");
});

traced("start() twice keeps the first; the limit outlives stop()", (_h, it) => {
  it.start(9);
  assertEquals(it.getTracebackLimit(), 1);
  it.stop();
  it.start(9);
  it.stop();
  assertEquals(it.getTracebackLimit(), 9);
});
