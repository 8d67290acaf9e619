/**
 * What the debug hooks write: layout, fences and fills of blocks, byte by byte,
 * through malloc, calloc, realloc and free.
 */

import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  createHeap,
  type Heap,
  MemoryError,
  type MemPtr,
  PointerError,
} from "../../mod.ts";
import * as DebugBlock from "../../src/layout/debug_block.ts";
import { Requests } from "../../src/domains/mod.ts";
import { BUILDS, DOMAINS, paint } from "../helpers/heap_fixture.ts";
import { Debug } from "../../src/hooks/mod.ts";
import { Prng } from "../helpers/prng.ts";
import { fatalOf, hex, MAX_BYTES, withDebugHeap } from "./debug_heap.ts";

/** So many times the same byte in hexadecimal. */
function times(count: number, byte: string): string {
  return Array(count).fill(byte).join(" ");
}

const IDS = { raw: "72", mem: "6d", obj: "6f" } as const;
const FD7 = times(7, "fd");
const FD8 = times(8, "fd");

/** All of a block of the hooks. */
function whole(heap: Heap, p: number, nbytes: number): string {
  return hex(heap, p - 16, nbytes + 24);
}

Deno.test("the layout of the hooks' blocks is as long as CPython's", () => {
  assertEquals(DebugBlock.HEADER + DebugBlock.TAIL, DebugBlock.EXTRA);
  assertEquals(DebugBlock.FENCE * 4 + 4, DebugBlock.HEADER);
});

for (const build of BUILDS) {
  Deno.test(`hooks: bytes of a fresh block (C22, ${build})`, () => {
    withDebugHeap(build, (heap) => {
      for (const domain of DOMAINS) {
        const p = heap[domain].malloc(20);
        // The reference counts of what may be an object are left alone.
        const isKept = build === "free-threaded" && domain === "obj";
        const kept = hex(heap, p, 16);
        assertEquals(
          whole(heap, p, 20),
          `00 00 00 00 00 00 00 14 ${IDS[domain]} ${FD7} ` +
            `${isKept ? kept : times(16, "cd")} ${times(4, "cd")} ${FD8}`,
        );
        assertEquals(heap[domain].sizeOf(p as never), 20);
      }
    });
  });

  Deno.test(`hooks: bytes of calloc and of no bytes (C22, ${build})`, () => {
    withDebugHeap(build, (heap) => {
      assertEquals(
        whole(heap, heap.mem.calloc(2, 5), 10),
        `00 00 00 00 00 00 00 0a 6d ${FD7} ${times(10, "00")} ${FD8}`,
      );
      assertEquals(
        whole(heap, heap.mem.malloc(0), 0),
        `00 00 00 00 00 00 00 00 6d ${FD7} ${FD8}`,
      );
      assertEquals(
        whole(heap, heap.raw.malloc(66051), 0).slice(0, 47),
        `00 00 00 00 00 01 02 03 72 ${FD7}`,
      );
    });
  });

  Deno.test(`hooks: every length is fenced to the byte (${build})`, () => {
    withDebugHeap(build, (heap) => {
      for (let nbytes = 0; nbytes < 70; nbytes++) {
        const p = heap.mem.malloc(nbytes);
        assertEquals(
          hex(heap, p, nbytes + 8),
          `${times(nbytes, "cd")} ${FD8}`.trim(),
        );
        heap.mem.free(p);
      }
    });
  });

  Deno.test(`hooks: a freed block is dead behind its link (C28, ${build})`, () => {
    withDebugHeap(build, (heap) => {
      const p = heap.mem.malloc(20);
      heap.mem.malloc(20);
      heap.mem.free(p);
      assertEquals(hex(heap, p - 12, 40), times(40, "dd"));
    });
  });

  Deno.test(`hooks: realloc fills what is new (C26, ${build})`, () => {
    withDebugHeap(build, (heap) => {
      const p = heap.mem.malloc(20);
      heap.u8.fill(7, p, p + 20);
      const q = heap.mem.realloc(p, 30);
      assertEquals(
        whole(heap, q, 30),
        `00 00 00 00 00 00 00 1e 6d ${FD7} ${times(20, "07")} ` +
          `${times(10, "cd")} ${FD8}`,
      );
    });
  });

  Deno.test(`hooks: realloc keeps bytes at every length (${build})`, () => {
    withDebugHeap(build, (heap) => {
      const lengths = [0, 1, 20, 63, 64, 65, 127, 128, 129, 200, 300, 1000];
      for (const from of lengths) {
        for (const to of lengths) {
          const p = heap.mem.malloc(from);
          paint(heap, p, from, from + to);
          const before = hex(heap, p, Math.min(from, to));
          const q = heap.mem.realloc(p, to);
          assertEquals(hex(heap, q, Math.min(from, to)), before);
          heap.mem.free(q);
        }
      }
    });
  });

  Deno.test(`hooks: a realloc that fails changes nothing (C07, ${build})`, () => {
    withDebugHeap(build, (heap) => {
      for (const nbytes of [20, 128, 300]) {
        const p = heap.mem.malloc(nbytes);
        paint(heap, p, nbytes, nbytes);
        const before = whole(heap, p, nbytes);
        assertThrows(() => heap.mem.realloc(p, 2 ** 40), MemoryError);
        assertEquals(whole(heap, p, nbytes), before);
        heap.mem.free(p);
      }
    });
  });

  Deno.test(`hooks: requests of nearly everything (C04, ${build})`, () => {
    withDebugHeap(build, (heap) => {
      const { mem } = heap.core;
      const max = Requests.PY_SSIZE_T_MAX;
      for (const nbytes of [max, max - 23, max - 24]) {
        assertEquals(mem.malloc(nbytes), 0);
        assertEquals(mem.calloc(1, nbytes), 0);
      }
    });
  });

  Deno.test(`hooks: what no block can be is refused (${build})`, () => {
    withDebugHeap(build, (heap) => {
      for (const p of [1, 8, 15, MAX_BYTES - 7, MAX_BYTES, 2 ** 40]) {
        const error = assertThrows(
          () => heap.mem.free(p as MemPtr),
          PointerError,
        );
        assertEquals(
          error.message,
          `Cannot free 0x${p.toString(16)} in the mem domain: no block of ` +
            "the debug hooks can be there",
        );
        assertThrows(() => heap.mem.realloc(p as MemPtr, 8), PointerError);
      }
      heap.mem.free(0);
    });
  });

  Deno.test(`hooks: a program without mistakes is not accused (${build})`, () => {
    withDebugHeap(build, (heap) => {
      const draw = new Prng(2026);
      const blocks: MemPtr[] = [];
      for (let step = 0; step < 20_000; step++) {
        const k = draw.below(64);
        if (blocks[k] === undefined) {
          blocks[k] = heap.mem.malloc(draw.below(700));
        } else if (draw.below(3) === 0) {
          blocks[k] = heap.mem.realloc(blocks[k], draw.below(700));
        } else {
          heap.mem.free(blocks[k]);
          delete blocks[k];
        }
        if (step % 1000 === 0) heap.trim();
      }
      for (const p of blocks) if (p !== undefined) heap.mem.free(p);
    });
  });
}

Deno.test("hooks: calloc that is passed on to RAW stays inside its fences", () => {
  withDebugHeap("gil", (heap) => {
    for (let nbytes = 480; nbytes < 600; nbytes++) {
      const p = heap.mem.calloc(1, nbytes);
      assertEquals(hex(heap, p, nbytes), times(nbytes, "00"));
      heap.mem.free(p);
    }
  });
});

Deno.test("hooks: a pool of objects that becomes one of buffers", () => {
  withDebugHeap("free-threaded", (heap) => {
    heap.raw.malloc(16); // keeps the arena
    const object = heap.obj.malloc(200);
    heap.u8.fill(0x19, object, object + 16); // what fills leave alone
    heap.obj.free(object);
    heap.trim();
    const blocks: number[] = [];
    for (let k = 0; k < 100 && blocks.at(-1) !== object; k++) {
      blocks.push(heap.mem.malloc(200));
    }
    assertEquals(blocks.at(-1), object, "the same place");
  });
});

for (const build of BUILDS) {
  Deno.test(`hooks: who has a block without them may write to it (${build})`, () => {
    withDebugHeap(build, (heap) => {
      const base = heap.core.allocators.base(0);
      for (const nbytes of [100, 700]) {
        const p = heap.raw.malloc(nbytes);
        heap.raw.malloc(nbytes); // keeps the pool
        heap.raw.free(p);
        const theirs = base.malloc(base.ctx, nbytes + 24);
        assertEquals(theirs, p - 16, "the same block");
        heap.i32[(p >>> 2) + 8] = 0x19; // and nothing else of it
        base.free(base.ctx, theirs);
        assertEquals(heap.raw.malloc(nbytes) as number, p);
        // Whoever writes to it while it is free is still found.
        heap.raw.free(p);
        heap.i32[(p >>> 2) + 8] = 0x19;
        if (nbytes === 700) fatalOf(() => heap.raw.malloc(nbytes));
        else heap.i32[(p >>> 2) + 8] = 0xdddddddd | 0;
      }
    });
  });
}

Deno.test("hooks: an in-place shrink leaves dead bytes (C27, gil)", () => {
  using heap = createHeap({ build: "gil", maxBytes: MAX_BYTES });
  // Without seals, so that the block has CPython's size class.
  Debug.setUp(heap.core);
  const p = heap.mem.malloc(300);
  const q = heap.mem.realloc(p, 290);
  assertEquals(q, p);
  assertEquals(hex(heap, p + 290, 18), `${FD8} ${times(10, "dd")}`);
  const moved = heap.mem.realloc(q, 100);
  assert(moved !== p);
  assertEquals(hex(heap, p - 12, 76), times(76, "dd"));
  assertEquals(hex(heap, p + 64, 100), times(100, "cd"));
});

Deno.test("hooks: what realloc has moved away from is known to be free", () => {
  withDebugHeap("free-threaded", (heap) => {
    const p = heap.mem.malloc(40);
    heap.mem.malloc(40);
    heap.mem.realloc(p, 400);
    const link = heap.i32[(p - 16) >>> 2];
    heap.i32[(p - 16) >>> 2] = 0; // as if it were the last of the free list
    const error = fatalOf(() => heap.mem.free(p));
    assertEquals(
      error.message,
      "_PyMem_DebugRawFree: block was freed before",
    );
    heap.i32[(p - 16) >>> 2] = link;
  });
});
