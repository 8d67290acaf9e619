/**
 * The arena record: asked before each arena, told after each, and what becomes
 * of requests that it refuses.
 */

import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  createHeap,
  type Heap,
  MemoryError,
  type ObjPtr,
  PointerError,
} from "../../mod.ts";
import {
  Py_FinalizeEx,
  Py_Initialize,
  PyObject_GetArenaAllocator,
  PyObject_SetArenaAllocator,
  type PyObjectArenaAllocator,
} from "../../src/capi/mod.ts";

const ARENA_SIZE = 1048576;

/** A heap of the GIL build with a record that notes what it is asked. */
function watched(): { heap: Heap; log: string[]; live: Set<number> } {
  const heap = createHeap({ build: "gil", maxBytes: 16 * ARENA_SIZE });
  const { allocators } = heap.core;
  const base = allocators.getArena();
  const log: string[] = [];
  const live = new Set<number>();
  allocators.setArena({
    ctx: null,
    alloc(_, size) {
      const arena = base.alloc(base.ctx, size);
      log.push(`alloc ${size}`);
      if (arena !== 0) live.add(arena);
      return arena;
    },
    free(_, arena, size) {
      log.push(`free ${size}`);
      assert(live.delete(arena), `0x${arena.toString(16)} was never given`);
      base.free(base.ctx, arena, size);
    },
  });
  return { heap, log, live };
}

/** Fills three arenas; returns the blocks. */
function fill(heap: Heap): ObjPtr[] {
  const count = Math.ceil(2.5 * ARENA_SIZE / 512);
  return Array.from({ length: count }, () => heap.obj.malloc(512));
}

Deno.test("the arena record is asked for each arena and told of each", () => {
  const { heap, log, live } = watched();
  const blocks = fill(heap);
  assertEquals(log, Array(3).fill(`alloc ${ARENA_SIZE}`));
  assertEquals(live.size, 3);
  for (const block of blocks) {
    const arena = Math.floor(block / ARENA_SIZE) * ARENA_SIZE;
    assert(live.has(arena) && arena % ARENA_SIZE === 0);
  }
  for (const block of blocks) heap.obj.free(block);
  assertEquals(live.size, 1); // pymalloc keeps the last one
  heap.trim();
  assertEquals(live.size, 0);
  assertEquals(log.length, 6);
  assertEquals(heap.stats().arenas, 0);
  assert(heap.check().ok);
  heap.close();
});

Deno.test("realloc and large requests tell the arena record, too", () => {
  const { heap, live } = watched();
  const blocks = fill(heap);
  const moved = blocks.map((block) => heap.obj.realloc(block, 600));
  assertEquals(live.size, 1);
  assertThrows(() => heap.obj.malloc(15 * ARENA_SIZE), MemoryError);
  assertEquals(live.size, 0); // it was given up for the large block
  for (const block of moved) heap.obj.free(block);
  assert(heap.check().ok);
  heap.close();
});

Deno.test("what the arena record refuses goes to RAW", () => {
  using heap = createHeap({ build: "gil", maxBytes: 16 * ARENA_SIZE });
  const { allocators } = heap.core;
  const base = allocators.getArena();
  let refusals = 0;
  allocators.setArena({ ...base, alloc: () => (refusals++, 0) });
  const log: number[] = [];
  const raw = allocators.get(0);
  allocators.set(0, {
    ...raw,
    malloc(_, size) {
      log.push(size);
      return raw.malloc(raw.ctx, size);
    },
  });
  const block = heap.obj.malloc(48);
  assertEquals([refusals, log], [1, [48]]);
  assertEquals(heap.stats().arenas, 1); // that of the RAW engine
  allocators.setArena(base);
  allocators.set(0, raw);
  heap.obj.free(block);
  heap.obj.free(heap.obj.malloc(48));
  assertEquals(refusals, 1);
  assertEquals(heap.check().blocks, [0, 0, 0]);
});

Deno.test("an arena that the heap did not make is refused", () => {
  for (const wrong of [64, 5 * ARENA_SIZE, -1, 1e12, NaN]) {
    using heap = createHeap({ build: "gil", maxBytes: 16 * ARENA_SIZE });
    const { allocators } = heap.core;
    const base = allocators.getArena();
    allocators.setArena({ ...base, alloc: () => wrong });
    assertThrows(() => heap.obj.malloc(48), PointerError, "as an arena");
    allocators.setArena(base);
    heap.obj.free(heap.obj.malloc(48));
    assert(heap.check().ok);
  }
});

Deno.test("an arena record that throws leaves all as it was", () => {
  using heap = createHeap({ build: "gil", maxBytes: 16 * ARENA_SIZE });
  const { allocators } = heap.core;
  const base = allocators.getArena();
  allocators.setArena({
    ...base,
    alloc() {
      throw new Error("No arenas today");
    },
  });
  assertThrows(() => heap.mem.malloc(48), Error, "No arenas today");
  assertEquals(heap.check().blocks, [0, 0, 0]);
});

Deno.test("PyObject_SetArenaAllocator() refuses half a record", () => {
  const heap = Py_Initialize({ build: "gil", maxBytes: 16 * ARENA_SIZE });
  const base = {} as PyObjectArenaAllocator;
  PyObject_GetArenaAllocator(base);
  assertEquals(base.alloc(base.ctx, 5), 0);
  assertThrows(
    () => PyObject_SetArenaAllocator({ ctx: 0, alloc: () => 0 } as never),
    TypeError,
    "free is no function",
  );
  heap.obj.free(heap.obj.malloc(48));
  Py_FinalizeEx();
});
