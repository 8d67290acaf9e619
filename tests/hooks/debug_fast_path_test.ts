/**
 * The short way through the debug hooks: it leaves the same bytes as the long
 * way, is closed when calls have to go elsewhere, and touches nothing unusual.
 */

import { assert, assertEquals } from "@std/assert";
import type { Build, Heap } from "../../mod.ts";
import type { AnyAllocator } from "../../src/domains/mod.ts";
import { States } from "../../src/memory/mod.ts";
import { FastPath } from "../../src/hooks/debug/fast_path.ts";
import { BUILDS, type Domain, DOMAINS } from "../helpers/heap_fixture.ts";
import { Prng } from "../helpers/prng.ts";
import { hex, withDebugHeap } from "./debug_heap.ts";

/** Has all calls of a heap go through a record of the program's. */
function wrapAll(heap: Heap): void {
  const { allocators } = heap.core;
  for (let domain = 0; domain < DOMAINS.length; domain++) {
    const inner = allocators.get(domain);
    const ctx = inner.ctx;
    const outer: AnyAllocator = {
      ctx,
      malloc: (_, n) => inner.malloc(ctx, n),
      calloc: (_, k, n) => inner.calloc(ctx, k, n),
      realloc: (_, p, n) => inner.realloc(ctx, p, n),
      free: (_, p) => inner.free(ctx, p),
    };
    allocators.set(domain, outer);
  }
}

/** A live block, at the same place in both heaps. */
interface Twin {
  readonly domain: Domain;
  readonly p: number;
  readonly nbytes: number;
}

/** Does one call in both heaps; the result must be the same. */
function both(heaps: readonly Heap[], call: (heap: Heap) => number): number {
  const [p, q] = heaps.map(call);
  assertEquals(p, q, "the same place");
  return p;
}

/** Makes sure that some bytes are the same in both heaps. */
function assertSameBytes(
  heaps: readonly Heap[],
  from: number,
  count: number,
): void {
  const [a, b] = heaps.map((heap) => hex(heap, from, count));
  assertEquals(a, b, `at 0x${from.toString(16)}`);
}

/** Compares a block, and writes the same to it in both heaps. */
function settle(heaps: readonly Heap[], twin: Twin, isNew: boolean): void {
  const { domain, p, nbytes } = twin;
  const [{ build }] = heaps;
  // What may be an object starts with whatever was there.
  const isKept = isNew && domain === "obj" && build === "free-threaded";
  const kept = isKept ? Math.min(16, nbytes) : 0;
  assertSameBytes(heaps, p - 16, 16);
  assertSameBytes(heaps, p + kept, nbytes - kept + 8);
  for (const heap of heaps) heap.u8.fill(p >>> 4, p, p + nbytes);
}

/** Random calls of all domains; sizes beyond small ones, too. */
class Walk {
  readonly #heaps: readonly Heap[];
  readonly #draw: Prng;
  readonly #live: Twin[] = [];

  constructor(heaps: readonly Heap[], seed: number) {
    this.#heaps = heaps;
    this.#draw = new Prng(seed);
  }

  #add(domain: Domain, nbytes: number): void {
    const isZero = this.#draw.below(8) === 0;
    const p = both(
      this.#heaps,
      ({ [domain]: d }) => isZero ? d.calloc(1, nbytes) : d.malloc(nbytes),
    );
    this.#live.push({ domain, p, nbytes });
    settle(this.#heaps, this.#live.at(-1)!, !isZero);
  }

  #resize(k: number, nbytes: number): void {
    const { domain, p: before } = this.#live[k];
    const p = both(
      this.#heaps,
      (heap) => heap[domain].realloc(before as never, nbytes),
    );
    this.#live[k] = { domain, p, nbytes };
    settle(this.#heaps, this.#live[k], false);
  }

  #remove(k: number): void {
    const { domain, p, nbytes } = this.#live[k];
    assertSameBytes(this.#heaps, p - 16, nbytes + 24);
    for (const heap of this.#heaps) heap[domain].free(p as never);
    // The engine links freed blocks by their first word.
    if (nbytes < 480) assertSameBytes(this.#heaps, p - 16, nbytes + 24);
    this.#live[k] = this.#live.at(-1)!;
    this.#live.pop();
  }

  step(): void {
    const draw = this.#draw;
    const nbytes = draw.below(4) === 0 ? draw.below(600) : draw.below(100);
    const k = draw.below(this.#live.length + 1);
    const isFull = this.#live.length > 300;
    if (k === this.#live.length || (!isFull && draw.below(2) === 0)) {
      this.#add(DOMAINS[draw.below(DOMAINS.length)], nbytes);
    } else if (draw.below(4) === 0) this.#resize(k, nbytes);
    else this.#remove(k);
  }

  end(): void {
    while (this.#live.length > 0) this.#remove(0);
  }
}

/** A short way of this worker's MEM, open if it may be. */
function shortWay(heap: Heap): FastPath {
  const fast = new FastPath(heap.core.mem.route);
  fast.refresh();
  return fast;
}

/** Runs a test on a debug heap of which all pages are there. */
function withShortWay(
  build: Build,
  test: (heap: Heap, fast: FastPath) => void,
): void {
  withDebugHeap(build, (heap) => {
    for (let k = 0; k < 8; k++) heap.mem.free(heap.mem.malloc(40));
    heap.mem.malloc(40);
    test(heap, shortWay(heap));
  });
}

for (const build of BUILDS) {
  Deno.test(`short way: the same bytes as by the long way (${build})`, () => {
    for (let seed = 1; seed <= 3; seed++) {
      withDebugHeap(build, (long) => {
        wrapAll(long);
        withDebugHeap(build, (short) => {
          const walk = new Walk([short, long], seed);
          for (let step = 0; step < 3000; step++) walk.step();
          walk.end();
        });
      });
    }
  });

  Deno.test(`short way: every size that small pools serve (${build})`, () => {
    withShortWay(build, (heap, fast) => {
      for (let nbytes = 0; nbytes <= 480; nbytes++) {
        const other = heap.mem.malloc(nbytes); // makes a pool
        const p = fast.malloc(nbytes);
        assert(p > 0, `malloc(${nbytes})`);
        assertEquals(heap.mem.sizeOf(p as never), nbytes);
        assert(fast.free(p), `free of ${nbytes}`);
        const end = (p - 16 + ((nbytes + 47) & ~15)) >>> 2;
        heap.i32[end - 1] = 0; // who had allocated it
        assertEquals(fast.malloc(nbytes), p);
        assertEquals(heap.i32[end - 1], heap.core.m.owner);
        assert(fast.free(p));
        heap.mem.free(other);
      }
      for (const nbytes of [481, 512, -1, 1.5, NaN, 2 ** 32 + 16]) {
        assertEquals(fast.malloc(nbytes), 0, `${nbytes}`);
      }
    });
  });

  Deno.test(`short way: the domains of a debug heap have it (${build})`, () => {
    withDebugHeap(build, (heap) => {
      for (const domain of DOMAINS) {
        for (const each of [heap[domain], heap.core[domain]]) {
          const fast = Reflect.get(each, "fast");
          assert(fast instanceof FastPath && fast.key !== -1, domain);
        }
      }
    });
  });

  Deno.test(`short way: closed when calls go elsewhere (${build})`, () => {
    withShortWay(build, (heap, fast) => {
      const { allocators } = heap.core;
      const p = heap.mem.malloc(40);
      const isOpen = () => {
        fast.refresh();
        const block = fast.malloc(40);
        if (block !== 0) assert(fast.free(block));
        return block !== 0;
      };
      const record = allocators.get(1);
      const closes = (why: string, other: AnyAllocator) => {
        assert(isOpen(), `before ${why}`);
        allocators.set(1, other);
        assert(!isOpen() && !fast.free(p), why);
        allocators.set(1, record);
      };
      const free = (ctx: unknown, block: number) => record.free(ctx, block);
      closes("one function is another", { ...record, free });
      closes("the record of another domain", allocators.get(2));
      closes("no hooks", allocators.base(1));
      const arena = allocators.getArena();
      assert(isOpen());
      allocators.setArena({ ...arena, ctx: {} });
      assert(!isOpen(), "an arena record");
      allocators.setArena(arena);
      assert(isOpen());
      heap.tracemalloc.start();
      assert(!isOpen(), "traced");
      heap.tracemalloc.stop();
      assert(isOpen());
      heap.threads.detached(() => assert(!isOpen(), "detached"));
    });
  });

  Deno.test(`short way: leaves alone what is unusual (${build})`, () => {
    withShortWay(build, (heap, fast) => {
      const other = heap.raw.malloc(40);
      const p = heap.mem.malloc(21);
      const { u8 } = heap;
      const refuse = (address: number, why: string) => {
        const before = hex(heap, p - 16, 64);
        assert(!fast.free(address), why);
        assertEquals(hex(heap, p - 16, 64), before, why);
      };
      for (let at = p - 16; at < p + 29; at++) {
        if (at >= p && at < p + 21) continue;
        u8[at] ^= 0x40;
        refuse(p, `a byte at p${at - p} is wrong`);
        u8[at] ^= 0x40;
      }
      const { m } = heap.core;
      States.lower(m, p - 16);
      refuse(p, "it is not live");
      States.raise(m, p - 16);
      assert(States.claim(m, p - 16));
      refuse(p, "somebody else is freeing it");
      States.unclaim(m, p - 16);
      for (const wrong of [0, p + 16, p + 1, p + 0.5, -p, 2 ** 32 + p, other]) {
        refuse(wrong, `${wrong}`);
      }
      assert(fast.free(p));
      refuse(p, "it is free");
    });
  });

  Deno.test(`short way: a free block that was written to (${build})`, () => {
    withShortWay(build, (heap, fast) => {
      const p = heap.mem.malloc(100);
      heap.mem.malloc(100);
      heap.mem.free(p);
      const from = build === "gil" ? 0 : 16;
      for (let at = p + from; at < p + 64; at++) {
        heap.u8[at] ^= 1;
        assertEquals(fast.malloc(100), 0, `p+${at - p}`);
        heap.u8[at] ^= 1;
      }
      States.raise(heap.core.m, p - 16);
      assertEquals(fast.malloc(100), 0, "it is live");
      States.lower(heap.core.m, p - 16);
      const link = heap.i32[(p - 16) >>> 2];
      heap.i32[(p - 16) >>> 2] = 0;
      assertEquals(fast.malloc(100), 0, "the list ends too early");
      heap.i32[(p - 16) >>> 2] = link;
      for (const at of [p - 14, p - 13]) { // a link out of the pool
        heap.u8[at] ^= 1;
        assertEquals(fast.malloc(100), 0, `p${at - p}`);
        heap.u8[at] ^= 1;
      }
      assertEquals(fast.malloc(100), p);
      fast.free(p);
    });
  });
}
