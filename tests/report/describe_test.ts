/**
 * `heap.describe()`: each state of an address, in words and as fields; reading
 * is safe for any number and for damaged lists.
 */

import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { attach, createHeap, type Heap, type MemPtr } from "../../mod.ts";
import * as Allocators from "../../src/layout/allocators.ts";
import * as DebugBlock from "../../src/layout/debug_block.ts";
import * as Layout from "../../src/layout/memory_map.ts";
import { Tracemalloc } from "../../src/hooks/tracemalloc/mod.ts";
import { Runs } from "../../src/raw/mod.ts";
import { assertUnchanged, BUILDS, snapshot } from "../helpers/heap_fixture.ts";
import { Prng } from "../helpers/prng.ts";

const MAX_BYTES = 16 << 20;

/** The sentence about an address. */
function say(heap: Heap, address: number): string {
  return heap.describe(address).toString();
}

Deno.test("describe() has a sentence for each state", () => {
  using heap = createHeap({ maxBytes: MAX_BYTES });
  const small = heap.mem.malloc(40);
  const medium = heap.raw.malloc(8000);
  const large = heap.obj.malloc(100_000);
  const freed = heap.mem.malloc(40);
  heap.mem.free(freed);
  const texts = [
    [0, "0x0 is NULL"],
    [-1, "-1 is outside the heap"],
    [0.5, "0.5 is outside the heap"],
    [NaN, "NaN is outside the heap"],
    [1e300, "1e+300 is outside the heap"],
    [MAX_BYTES, "0x1000000 is outside the heap"],
    [4096, "0x1000 belongs to the heap's own tables"],
    [
      small,
      "0xf00030 is a live block of the mem domain: 48 bytes, held by " +
      "thread 2",
    ],
    [
      small + 8,
      "0xf00038 is 8 bytes into a live block at 0xf00030 of the " +
      "mem domain: 48 bytes, held by thread 2",
    ],
    [
      small - 1,
      "0xf0002f is in no block, but in a pool of the mem domain, " +
      "held by thread 2",
    ],
    [
      freed,
      "0xf00060 is a free block of the mem domain: 48 bytes, held by " +
      "thread 2",
    ],
    [
      medium + 16,
      "0x1f4010 is 16 bytes into a live block at 0x1f4000 of " +
      "the raw domain: 8192 bytes, held by thread 2",
    ],
    [
      medium + 3 * 8192,
      "0x1fa000 is a block of the raw domain that was " +
      "never allocated: 8192 bytes, held by thread 2",
    ],
    [large, "0x204000 is a live block of the obj domain: 100000 bytes"],
    [
      large + 99_999,
      "0x21c69f is 99999 bytes into a live block at 0x204000 " +
      "of the obj domain: 100000 bytes",
    ],
    [MAX_BYTES - 16, "0xfffff0 is in a page that is free"],
  ] as const;
  for (const [address, text] of texts) assertEquals(say(heap, address), text);
});

Deno.test("describe() gives the same as fields", () => {
  using heap = createHeap({ maxBytes: MAX_BYTES });
  const small = heap.mem.malloc(40);
  const large = heap.raw.malloc(100_000);
  const inside = heap.describe(small + 5);
  assertEquals([inside.block, inside.offset, inside.data], [small, 5, small]);
  assertEquals([inside.domain, inside.state], ["mem", "live"]);
  assertEquals([inside.sizeClass, inside.szidx], ["small", 2]);
  assertEquals([inside.blockSize, inside.requested], [48, null]);
  assertEquals(inside.holder, heap.threads.slot);
  const whole = heap.describe(large);
  assertEquals([whole.sizeClass, whole.szidx, whole.holder], [
    "large",
    null,
    null,
  ]);
  assertEquals([whole.blockSize, whole.requested], [100_000, 100_000]);
  const none = heap.describe(12);
  assertEquals([none.domain, none.block, none.holder], [null, null, null]);
});

Deno.test("describe() names the GIL, nobody, and who has not got it back", () => {
  using gil = createHeap({ build: "gil", maxBytes: MAX_BYTES });
  assert(say(gil, gil.mem.malloc(48)).endsWith("48 bytes, held by the GIL"));
  using heap = createHeap({ maxBytes: MAX_BYTES });
  const block = heap.mem.malloc(48);
  heap.threads.detach();
  const other = attach(heap.handle);
  other.mem.free(block);
  const left = other.mem.malloc(512);
  other.close();
  heap.threads.attach();
  assertEquals(
    say(heap, block),
    "0xf00030 is a block of the mem domain that another thread has freed: " +
      "48 bytes, held by thread 2",
  );
  assertEquals(heap.describe(block).state, "remote");
  assert(say(heap, left).endsWith("512 bytes, held by nobody"));
});

Deno.test("describe() tells of quarantine, and of pages in transit", () => {
  using heap = createHeap({ maxBytes: MAX_BYTES });
  const blocks = Array.from({ length: 62 }, () => heap.obj.malloc(512));
  for (const block of blocks) heap.obj.free(block);
  const waiting = blocks.map((block) => heap.describe(block).state);
  assertEquals([...new Set(waiting)].sort(), ["free", "quarantined"]);
  const first = Runs.alloc(heap.core.m, 3);
  const { state } = heap.describe(first * Layout.PAGE_SIZE);
  assertEquals(state, "in transit");
  assert(Runs.free(heap.core.m, first, 3, Runs.takenKey(heap.core.m.owner)));
});

Deno.test("describe() sees through debug hooks", () => {
  using heap = createHeap({ maxBytes: MAX_BYTES });
  const { i32 } = heap;
  const base = heap.mem.malloc(20 + DebugBlock.EXTRA);
  heap.u8.set([0, 0, 0, 0, 0, 0, 0, 20], base);
  heap.u8.set([0x6d, ...Array(7).fill(0xfd)], base + 8);
  i32[Layout.ALLOCATORS + Allocators.X_DEBUG] = 1;
  const data = base + DebugBlock.HEADER;
  const info = heap.describe(data);
  assertEquals([info.data, info.requested, info.block], [data, 20, base]);
  assertEquals(
    say(heap, data),
    "0xf00040 is a live block of the mem domain: 48 bytes, 20 of them asked " +
      "for, held by thread 2",
  );
  assert(say(heap, base).startsWith("0xf00030 is 16 bytes before a live"));
  // A block of before the hooks, or with a damaged header, is as it is.
  heap.u8[base + 7] = 200;
  assertEquals(heap.describe(base).data, base);
  i32[Layout.ALLOCATORS + Allocators.X_DEBUG] = 0;
});

Deno.test("describe() shows where a block was allocated", () => {
  using heap = createHeap({ maxBytes: MAX_BYTES });
  const before = heap.mem.malloc(48);
  const tracing = new Tracemalloc(heap.core);
  tracing.start();
  const block = heap.mem.malloc(48);
  const info = heap.describe(block + 1);
  assertEquals(info.traceback?.length, 1);
  assert(info.traceback?.at(0)?.filename.endsWith("describe_test.ts"));
  assertEquals(info.allocatedBy, heap.threads.slot);
  const [, title, place, line] = info.toString().split("\n");
  assertEquals(title, "Allocated at (most recent call last):");
  assertMatch(place, /^ {2}File ".*describe_test.ts", line \d+$/);
  assertEquals(line, "    const block = heap.mem.malloc(48);");
  assertEquals(heap.describe(before).traceback, null);
  tracing.stop();
  assertEquals(heap.describe(block).traceback, null);
  heap.close();
  assertEquals(heap.describe(block).state, "live");
});

Deno.test("describe() sees the block through hooks and tracing", () => {
  using heap = createHeap({ malloc: "debug", maxBytes: MAX_BYTES });
  const tracing = new Tracemalloc(heap.core);
  tracing.start();
  for (const size of [0, 20, 500, 40_000]) {
    const block = heap.obj.malloc(size);
    const info = heap.describe(block);
    assertEquals([info.data, info.requested], [block, size]);
    assertEquals(info.traceback?.length, 1);
    heap.obj.free(block);
  }
  tracing.stop();
});

Deno.test("describe() of a damaged list ends, and never lies far", () => {
  using heap = createHeap({ maxBytes: MAX_BYTES });
  const a = heap.mem.malloc(48);
  const b = heap.mem.malloc(48);
  heap.mem.free(a);
  heap.mem.free(b);
  const link = heap.i32[b >>> 2];
  for (const value of [b, a, -1, 4, 0x7fffffff, b + 1]) {
    heap.i32[b >>> 2] = value; // a circle, or nowhere
    assertEquals(heap.describe(b).state, "free");
  }
  heap.i32[b >>> 2] = link;
  assertEquals(heap.describe(a).state, "free");
});

for (const build of BUILDS) {
  Deno.test(`describe() reads any number and writes nothing (${build})`, () => {
    using heap = createHeap({ build, maxBytes: MAX_BYTES });
    const random = new Prng(5);
    for (let k = 0; k < 500; k++) {
      const block = heap.mem.malloc(random.below(2000));
      if (random.below(2) === 0) heap.mem.free(block);
      else heap.obj.malloc(random.below(70_000));
    }
    const before = snapshot(heap);
    for (let k = 0; k < 20_000; k++) {
      const info = heap.describe(random.below(MAX_BYTES + 4096));
      const { address, block, blockSize } = info;
      if (block === null || blockSize === null) continue;
      const isLarge = info.sizeClass === "large";
      assert(block <= address && (isLarge || address < block + blockSize));
    }
    for (const odd of [-0, -5, 2 ** 31, 2 ** 32, 2 ** 53, 1 / 3, Infinity]) {
      assert(heap.describe(odd).toString().length > 0);
    }
    assertUnchanged(heap, before, "describe()");
  });
}

Deno.test("describe() knows live from free for every block", () => {
  using heap = createHeap({ maxBytes: MAX_BYTES });
  const random = new Prng(6);
  const live = new Set<MemPtr>();
  const freed = new Set<MemPtr>();
  for (let k = 0; k < 4000; k++) {
    const block = random.below(3) > 0 ? heap.mem.malloc(random.below(3000)) : 0;
    if (block !== 0) {
      live.add(block);
      freed.delete(block);
    } else if (live.size > 0) {
      const gone = random.pick([...live]);
      heap.mem.free(gone);
      live.delete(gone);
      freed.add(gone);
    }
  }
  for (const block of live) assertEquals(heap.describe(block).state, "live");
  for (const block of freed) {
    // Its page may serve larger blocks by now, and it may lie in one of them.
    const info = heap.describe(block);
    assert(info.state !== "live" || info.block !== block);
  }
});

Deno.test("describe() refuses what is no number", () => {
  using heap = createHeap({ maxBytes: MAX_BYTES });
  assertThrows(
    () => heap.describe("0x10" as never),
    TypeError,
    'Cannot describe "0x10": it is no number',
  );
});

Deno.test("Deno.inspect() of an address is its sentence", () => {
  using heap = createHeap({ maxBytes: MAX_BYTES });
  const info = heap.describe(heap.mem.malloc(48));
  assertEquals(Deno.inspect(info), info.toString());
});

Deno.test("Deno.inspect() of a heap is some lines", () => {
  const heap = createHeap({ maxBytes: MAX_BYTES });
  heap.mem.malloc(48);
  heap.raw.malloc(100_000);
  assertEquals(
    Deno.inspect(heap),
    `Heap of 16.0 MiB (free-threaded, mimalloc)
  footprint  1136 KiB, at most 1136 KiB, and 2000 KiB of tables
  live       2 blocks, 97.7 KiB (raw 1, mem 1, obj 0)
  threads    1, this is thread 2, attached`,
  );
  heap.close();
  assert(Deno.inspect(heap).endsWith("threads    0, this one has left"));
});

Deno.test("describe() of a hardened heap knows who freed", () => {
  using heap = createHeap({ malloc: "hardened", maxBytes: MAX_BYTES });
  const block = heap.mem.malloc(40);
  const large = heap.raw.malloc(100_000);
  assertEquals(heap.describe(large).requested, 100_000);
  assert(
    say(heap, block).endsWith(
      "is a live block of the mem domain: 48 bytes, held by thread 2",
    ),
  );
  heap.threads.detach();
  const other = attach(heap.handle);
  other.mem.free(block);
  other.close();
  heap.threads.attach();
  assert(say(heap, block).endsWith("held by thread 2, freed by thread 3"));
  const info = heap.describe(block);
  assertEquals([info.allocatedBy, info.freedBy], [null, 3]);
  const never = heap.describe(block + 48);
  assertEquals([never.allocatedBy, never.freedBy], [null, null]);
});

Deno.test("describe() of a debug heap knows who allocated and who freed", () => {
  using heap = createHeap({ malloc: "debug", maxBytes: MAX_BYTES });
  const block = heap.mem.malloc(40);
  assert(say(heap, block).endsWith("allocated by thread 2"), say(heap, block));
  heap.threads.detach();
  const other = attach(heap.handle);
  other.mem.free(block);
  other.close();
  heap.threads.attach();
  assert(say(heap, block).endsWith("allocated by thread 2, freed by thread 3"));
  const info = heap.describe(block);
  assertEquals([info.allocatedBy, info.freedBy], [2, 3]);
  const never = heap.describe(block + 80);
  assertEquals([never.allocatedBy, never.freedBy], [null, null]);
});
