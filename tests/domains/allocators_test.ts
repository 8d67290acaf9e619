/**
 * Allocator records: every call of a hooked domain reaches the record with its
 * arguments, what MEM and OBJ pass on reaches the RAW record, and with the
 * engine's own record back the fast paths are open again.
 */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { createHeap, type Heap, MemoryError, PointerError } from "../../mod.ts";
import type { AnyAllocator } from "../../src/domains/mod.ts";
import * as PageMap from "../../src/layout/page_map.ts";

const { RAW, MEM, OBJ } = PageMap;
const MAX_BYTES = 16 * 1024 * 1024;

/** What a recording wrapper has seen, newest last. */
type Log = (string | number)[][];

/** A record that notes each call and passes it on, addresses shifted. */
function recorder(inner: AnyAllocator, log: Log, shift: number): AnyAllocator {
  const up = (block: number) => block === 0 ? 0 : block + shift;
  const down = (block: number) => block === 0 ? 0 : block - shift;
  return {
    ctx: "recorder",
    malloc(ctx, size) {
      log.push(["malloc", String(ctx), size]);
      return up(inner.malloc(inner.ctx, size + shift));
    },
    calloc(ctx, nelem, elsize) {
      log.push(["calloc", String(ctx), nelem, elsize]);
      return up(inner.calloc(inner.ctx, 1, nelem * elsize + shift));
    },
    realloc(ctx, ptr, size) {
      log.push(["realloc", String(ctx), ptr, size]);
      return up(inner.realloc(inner.ctx, down(ptr), size + shift));
    },
    free(ctx, ptr) {
      log.push(["free", String(ctx), ptr]);
      inner.free(inner.ctx, down(ptr));
    },
  };
}

/** Installs a recorder. */
function record(heap: Heap, domain: number, shift = 0): Log {
  const log: Log = [];
  const { allocators } = heap.core;
  allocators.set(domain, recorder(allocators.get(domain), log, shift));
  return log;
}

for (const build of ["free-threaded", "gil"] as const) {
  for (const domain of [RAW, MEM, OBJ]) {
    const name = (["raw", "mem", "obj"] as const)[domain];
    Deno.test(`a record of ${name} sees each call as it was (${build})`, () => {
      using heap = createHeap({ build, maxBytes: MAX_BYTES });
      const face = heap[name] as Heap["mem"];
      const before = face.malloc(48);
      const log = record(heap, domain, 16);
      assert(!heap.core.allocators.isBase(domain));
      const a = face.malloc(42);
      const b = face.realloc(a, 2000);
      const c = face.calloc(2, 5);
      assertEquals(log, [
        ["malloc", "recorder", 42],
        ["realloc", "recorder", a, 2000],
        ["calloc", "recorder", 2, 5],
      ]);
      face.free(b);
      face.free(c);
      assertEquals(log.slice(3), [["free", "recorder", b], [
        "free",
        "recorder",
        c,
      ]]);
      heap.core.allocators.set(domain, heap.core.allocators.base(domain));
      assert(heap.core.allocators.isBase(domain));
      face.free(before);
      face.free(face.malloc(48));
      assertEquals(log.length, 5);
      assertEquals(heap.check().blocks, [0, 0, 0]);
    });
  }

  Deno.test(`what is no size never reaches a record (${build})`, () => {
    using heap = createHeap({ build, maxBytes: MAX_BYTES });
    const log = record(heap, MEM);
    assertThrows(() => heap.mem.malloc(-1), RangeError, "-1");
    assertThrows(() => heap.mem.malloc(2 ** 53), RangeError);
    assertThrows(() => heap.mem.calloc(2 ** 30, 2 ** 30), MemoryError);
    assertThrows(() => heap.mem.malloc("4" as never), TypeError);
    assertThrows(() => heap.mem.free({} as never), TypeError);
    assertThrows(() => heap.mem.free(-16 as never), PointerError);
    assertEquals(heap.core.mem.malloc(2 ** 53) as number, 0);
    heap.mem.free(0);
    assertEquals(log, []);
  });

  Deno.test(`a record that has no memory is a MemoryError (${build})`, () => {
    using heap = createHeap({ build, maxBytes: MAX_BYTES });
    const { allocators } = heap.core;
    const base = allocators.get(OBJ);
    allocators.set(OBJ, {
      ...base,
      malloc: () => 0,
      calloc: () => 0,
      realloc: () => 0,
    });
    assertThrows(() => heap.obj.malloc(10), MemoryError, "10 bytes");
    assertThrows(() => heap.obj.calloc(1, 10), MemoryError);
    assertThrows(() => heap.obj.realloc(0, 10), MemoryError);
    assertEquals(heap.core.obj.malloc(10) as number, 0);
  });
}

Deno.test("requests above 512 bytes pass through the RAW record (gil)", () => {
  using heap = createHeap({ build: "gil", maxBytes: MAX_BYTES });
  const log = record(heap, RAW, 16);
  const small = heap.obj.malloc(512);
  assertEquals(log, []);
  const blocks = [513, 5000, 40000, 0].map((n) => heap.obj.malloc(n));
  assertEquals(log.map(([call, , n]) => [call, n]), [
    ["malloc", 513],
    ["malloc", 5000],
    ["malloc", 40000],
    ["malloc", 0],
  ]);
  // They are blocks of OBJ all the same.
  assertEquals(heap.check().blocks, [0, 0, 5]);
  blocks[0] = heap.obj.realloc(blocks[0], 100);
  assertEquals(log.at(-1)?.[0], "realloc");
  blocks.push(heap.obj.realloc(small, 600));
  assertEquals(log.at(-1), ["malloc", "recorder", 600]);
  for (const block of blocks) heap.obj.free(block);
  assertEquals(log.filter(([call]) => call === "free").length, 5);
  assertEquals(heap.check().blocks, [0, 0, 0]);
});

Deno.test("a program's own RAW calls inside a RAW record are RAW's", () => {
  using heap = createHeap({ build: "gil", maxBytes: MAX_BYTES });
  const { allocators } = heap.core;
  const base = allocators.get(RAW);
  let notes = 0;
  let depth = 0;
  allocators.set(RAW, {
    ...base,
    malloc(_, size) {
      const block = base.malloc(base.ctx, size);
      if (depth++ === 0) notes = heap.raw.malloc(64);
      depth--;
      return block;
    },
  });
  const block = heap.mem.malloc(1000);
  assertEquals(heap.check().blocks, [1, 1, 0]);
  heap.raw.free(notes as never);
  heap.mem.free(block);
});

Deno.test("a change that another worker made is followed by the next call", () => {
  using heap = createHeap({ maxBytes: MAX_BYTES });
  let followed = 0;
  heap.core.onAdopt(() => void followed++);
  assertEquals(followed, 1);
  heap.threads.safePoint();
  assertEquals(followed, 1);
  heap.core.allocators.announce();
  heap.threads.safePoint();
  assertEquals(followed, 2);
  heap.core.allocators.announce();
  heap.mem.free(heap.mem.malloc(40000)); // off the fast path
  assertEquals(followed, 3);
  heap.core.allocators.announce();
  heap.threads.detached(() => {});
  assertEquals(followed, 4);
});
