/**
 * Hardened heaps: each mistake is refused with a text that says what it was,
 * and what is no mistake works as elsewhere.
 */

import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  attach,
  createHeap,
  FatalError,
  type Heap,
  type MemPtr,
  PointerError,
} from "../../mod.ts";
import { Seal } from "../../src/domains/mod.ts";
import * as PageMap from "../../src/layout/page_map.ts";
import { States } from "../../src/memory/mod.ts";
import { Remote } from "../../src/pools/mod.ts";
import { Prng } from "../helpers/prng.ts";

const BUILDS = ["free-threaded", "gil"] as const;
const DOMAINS = ["raw", "mem", "obj"] as const;
/** Small, the last small one, medium, large. Bytes. */
const SIZES = [1, 48, 512, 513, 3000, 40000, 100000];

/** A hardened heap. */
function harden(build: "free-threaded" | "gil"): Heap {
  return createHeap({
    build,
    malloc: "hardened",
    maxBytes: 32 * 1024 * 1024,
  });
}

for (const build of BUILDS) {
  for (const domain of DOMAINS) {
    Deno.test(`hardened: a second free is refused (${domain}, ${build})`, () => {
      using heap = harden(build);
      const face = heap[domain] as Heap["mem"];
      for (const size of SIZES) {
        const other = face.malloc(size); // keeps the pool
        const block = face.malloc(size);
        face.free(block);
        const text = size < 40000
          ? `thread ${heap.threads.slot} has freed it already`
          : "its page is free";
        const before = heap.check();
        assertThrows(() => face.free(block), PointerError, text);
        assertThrows(() => face.realloc(block, 10), PointerError);
        assertThrows(() => face.sizeOf(block), PointerError);
        assertEquals(heap.check(), before);
        face.free(other);
      }
    });

    Deno.test(`hardened: an inner address is refused (${domain}, ${build})`, () => {
      using heap = harden(build);
      const face = heap[domain] as Heap["mem"];
      for (const size of SIZES.slice(1)) {
        const block = face.malloc(size);
        for (const offset of [16, 32]) {
          const inner = block + offset as MemPtr;
          assertThrows(() => face.free(inner), PointerError, "no block starts");
        }
        face.free(block);
      }
      assert(heap.check().ok);
    });

    Deno.test(`hardened: blocks have the sizes of any heap (${domain}, ${build})`, () => {
      using heap = harden(build);
      using plain = createHeap({ build, maxBytes: 32 * 1024 * 1024 });
      for (let size = 0; size <= 600; size++) {
        const [block, other] = [heap, plain].map((each) => {
          const face = each[domain] as Heap["mem"];
          const p = face.malloc(size);
          return { p, room: face.sizeOf(p) };
        });
        assertEquals(block.room, other.room);
        assertEquals(block.p % 2 ** 14, other.p % 2 ** 14);
      }
    });

    Deno.test(`hardened: one free of another worker's block (${domain}, ${build})`, () => {
      using heap = harden(build);
      const face = heap[domain] as Heap["mem"];
      const blocks = SIZES.map((size) => face.malloc(size));
      const { slot } = heap.threads;
      heap.threads.detached(() => {
        using other = attach(heap.handle);
        const theirs = other[domain] as Heap["mem"];
        for (const block of blocks) {
          const inner = block + 16 as MemPtr;
          assertThrows(() => theirs.free(inner), PointerError);
          theirs.free(block);
          assertThrows(() => theirs.free(block), PointerError);
          assertThrows(() => theirs.realloc(block, 3), PointerError);
        }
      });
      for (const block of blocks) {
        const text = /has freed it already|its page is free/;
        const error = assertThrows(() => face.free(block), PointerError);
        assert(text.test(error.message), error.message);
        assert(!error.message.includes(`thread ${slot} has`), error.message);
      }
      assert(heap.check().ok, heap.check().findings.join());
      heap.trim();
      assertEquals(heap.check().blocks, [0, 0, 0]);
    });
  }

  Deno.test(`hardened: a write into a freed block is found (${build})`, () => {
    for (const link of [1, 0x1234, -1, 0, 8]) {
      const heap = harden(build);
      const blocks = [1, 2, 3, 4].map(() => heap.mem.malloc(48));
      heap.mem.free(blocks[1]);
      heap.mem.free(blocks[2]);
      heap.i32[blocks[2] >>> 2] = link;
      const error = assertThrows(
        () => {
          for (let k = 0; k < 400; k++) heap.mem.malloc(48);
        },
        FatalError,
        "something wrote into a freed block of page",
      );
      assert(error.message.includes("free list leads"), error.message);
    }
  });

  Deno.test(`hardened: a link to a live block is found (${build})`, () => {
    const heap = harden(build);
    const blocks = [1, 2, 3, 4].map(() => heap.mem.malloc(48));
    heap.mem.free(blocks[1]);
    heap.i32[blocks[1] >>> 2] = blocks[3];
    assertThrows(
      () => {
        heap.mem.malloc(48);
        heap.mem.malloc(48);
      },
      FatalError,
      "a block that is live",
    );
  });

  Deno.test(`hardened: a list that ends too early is found (${build})`, () => {
    const heap = harden(build);
    const blocks = [1, 2, 3, 4].map(() => heap.mem.malloc(48));
    heap.mem.free(blocks[1]);
    heap.mem.free(blocks[2]);
    heap.i32[blocks[2] >>> 2] = 0;
    assertThrows(() => heap.mem.malloc(48), FatalError, "to an early end");
  });

  Deno.test(`hardened: an overflow on to a free block is found (${build})`, () => {
    const heap = harden(build);
    const [block, next] = [1, 2, 3].map(() => heap.mem.malloc(48));
    heap.mem.free(next);
    heap.u8.fill(0x78, block, block + heap.mem.sizeOf(block) + 4);
    assertThrows(
      () => {
        for (let k = 0; k < 400; k++) heap.mem.malloc(48);
      },
      FatalError,
      "something wrote into a freed block",
    );
  });

  Deno.test(`hardened: what is right works (${build})`, () => {
    using heap = harden(build);
    const random = new Prng(42);
    const live: { block: MemPtr; size: number; fill: number }[] = [];
    for (let k = 0; k < 20000; k++) {
      const size = random.below(2) === 0 ? random.below(600) : SIZES[k % 7];
      if (live.length < 100 || random.below(2) === 0) {
        const block = heap.mem.malloc(size);
        assert(heap.mem.sizeOf(block) >= size);
        heap.u8.fill(k & 255, block, block + size);
        live.push({ block, size, fill: k & 255 });
      } else {
        const at = random.below(live.length);
        const { block, size, fill } = live[at];
        live[at] = live.at(-1)!;
        live.pop();
        for (let i = 0; i < size; i += 13) {
          assertEquals(heap.u8[block + i], fill);
        }
        heap.mem.free(block);
      }
    }
    assert(heap.check().ok);
    for (const { block } of live) heap.mem.free(block);
    assertEquals(heap.check().blocks, [0, 0, 0]);
  });
}

Deno.test("a broken seal says who freed the block", () => {
  using heap = harden("free-threaded");
  const { m } = heap.core;
  heap.mem.malloc(48);
  const block = heap.mem.malloc(48);
  const page = block >>> 14;
  assertEquals(Seal.freedBy(m, page, block + 48), 0); // never handed out
  heap.mem.free(block);
  assertEquals(Seal.freedBy(m, page, block), heap.threads.id);
});

Deno.test("notes say who allocated a block and who freed it", () => {
  using heap = createHeap({ malloc: "debug", maxBytes: 32 * 1024 * 1024 });
  const { m } = heap.core;
  heap.mem.malloc(48);
  const block = heap.mem.malloc(48) - 16;
  const page = block >>> 14;
  assertEquals(Seal.allocatedBy(m, page, block), heap.threads.id);
  assertEquals(Seal.freedBy(m, page, block), 0);
  heap.mem.free(block + 16 as MemPtr);
  assertEquals(Seal.freedBy(m, page, block), heap.threads.id);
});

Deno.test("hardened: a block freed by two workers at once is found by its holder", () => {
  const heap = harden("free-threaded");
  const { m } = heap.core;
  const [block] = [1, 2, 3].map(() => heap.mem.malloc(48));
  heap.threads.detached(() => {
    using other = attach(heap.handle);
    other.mem.free(block);
  });
  // As if the holder had freed it while the other did.
  States.lower(m, block);
  assertThrows(
    () => Remote.collect(m, PageMap.MEM, m.owner),
    FatalError,
    "or it was freed twice",
  );
});
