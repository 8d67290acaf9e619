/**
 * `heap.leaks()`: every block that was left is found, whoever left it, and no
 * other. The canaries are the leaks that are planted.
 */

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  attach,
  type Build,
  createHeap,
  type Heap,
  type LeakReport,
  type MemPtr,
  type ObjPtr,
} from "../../mod.ts";
import { Debug } from "../../src/hooks/mod.ts";
import { Tracemalloc } from "../../src/hooks/tracemalloc/mod.ts";
import * as PoolRecord from "../../src/layout/pool_record.ts";
import { recordOf } from "../../src/memory/mod.ts";
import {
  BUILDS,
  DOMAINS,
  IDIOMATIC,
  pageAt,
  withHeap,
} from "../helpers/heap_fixture.ts";
import { Prng } from "../helpers/prng.ts";
import { Fleet } from "../helpers/workers.ts";
import type { Order } from "./leak_worker.ts";

const WORKER = new URL("./leak_worker.ts", import.meta.url);
const MAX_BYTES = 64 << 20;

/** Addresses of all that was left, ascending. */
function addressesOf(report: LeakReport): number[] {
  return report.groups.flatMap((group) => [...group.addresses]).sort((a, b) =>
    a - b
  );
}

/** A heap that was in use for a while: pools half full, some blocks live. */
function used(build: Build): Heap {
  const heap = createHeap({ build, maxBytes: MAX_BYTES });
  const random = new Prng(3);
  for (const domain of DOMAINS) {
    const calls = IDIOMATIC.calls(heap, domain);
    const blocks = Array.from(
      { length: 900 },
      () => calls.malloc(random.below(2000)),
    );
    random.shuffle(blocks).splice(300).forEach(calls.free);
  }
  return heap;
}

for (const build of BUILDS) {
  Deno.test(`leaks() finds what was left, of each kind (${build})`, () => {
    using heap = used(build);
    const left: number[] = [];
    const report = heap.leaks(() => {
      for (const domain of DOMAINS) {
        const calls = IDIOMATIC.calls(heap, domain);
        for (const nbytes of [0, 1, 48, 512, 513, 4000, 32768, 40_000]) {
          left.push(calls.malloc(nbytes));
          calls.free(calls.malloc(nbytes));
        }
      }
    });
    assertEquals(addressesOf(report), left.sort((a, b) => a - b));
    assertEquals([report.ok, report.blocks, report.freed], [false, 24, 0]);
  });

  Deno.test(`leaks() of who cleans up is empty (${build})`, () => {
    using heap = used(build);
    const random = new Prng(4);
    const report = heap.leaks(() => {
      for (let round = 0; round < 20; round++) {
        for (const domain of DOMAINS) {
          const calls = IDIOMATIC.calls(heap, domain);
          const blocks = Array.from(
            { length: 200 },
            () => calls.malloc(random.below(50_000)),
          );
          random.shuffle(blocks).forEach(calls.free);
        }
      }
      heap.trim();
    });
    assertEquals(report.toString(), "No block was left");
    assert(report.ok);
  });

  Deno.test(`leaks() agrees with the checker at random (${build})`, () => {
    withHeap(build, (heap) => {
      const random = new Prng(8);
      const live = new Set<MemPtr>();
      for (let round = 0; round < 10; round++) {
        const before = new Set(live);
        const mark = heap.mark();
        assertEquals(mark.blocks, live.size);
        for (let k = 0; k < 300; k++) {
          const block = random.pick([...live, 0 as const]);
          if (block !== 0 && random.below(2) === 0) {
            heap.mem.free(block);
            live.delete(block);
          } else live.add(heap.mem.malloc(random.below(3000)));
        }
        const fresh = [...live].filter((block) => !before.has(block));
        const kept = [...live].filter((block) => before.has(block));
        const report = heap.leaks(mark);
        assertEquals(addressesOf(report), fresh.sort((a, b) => a - b));
        assertEquals(report.freed, before.size - kept.length);
        assertEquals(heap.leaks().blocks, live.size);
      }
    });
  });

  Deno.test(`leaks() finds a block that another worker left (${build})`, async () => {
    using heap = used(build);
    await using fleet = await Fleet.start(WORKER, 3);
    const left: number[] = [];
    const report = await heap.leaks(async () => {
      heap.threads.detach();
      const orders = await fleet.askAll<number[]>("work", (i): Order => ({
        handle: heap.handle,
        domain: DOMAINS[i],
        seed: 21 + i,
        count: 2000,
        kept: i,
      }));
      heap.threads.attach();
      left.push(...orders.flat());
    });
    assertEquals(left.length, 3);
    assertEquals(addressesOf(report), left.sort((a, b) => a - b));
  });

  Deno.test(`leaks() of workers that clean up is empty (${build})`, async () => {
    using heap = used(build);
    await using fleet = await Fleet.start(WORKER, 3);
    const report = await heap.leaks(async () => {
      heap.threads.detach();
      await fleet.askAll("work", (i): Order => ({
        handle: heap.handle,
        domain: DOMAINS[i],
        seed: 31 + i,
        count: 3000,
        kept: 0,
      }));
      heap.threads.attach();
    });
    assertEquals(report.toString(), "No block was left");
  });
}

Deno.test("leaks() does not count blocks that wait on remote stacks", () => {
  using heap = createHeap({ maxBytes: MAX_BYTES });
  const report = heap.leaks(() => {
    const blocks = Array.from({ length: 40 }, () => heap.mem.malloc(100));
    heap.threads.detach();
    const other = attach(heap.handle);
    for (const block of blocks.slice(1)) other.mem.free(block);
    other.close();
    heap.threads.attach();
    assertEquals(heap.check().remoteBlocks, 39);
  });
  assertEquals(report.blocks, 1);
});

Deno.test("leaks() groups blocks by domain, size and holder", () => {
  using heap = createHeap({ maxBytes: MAX_BYTES });
  const report = heap.leaks(() => {
    for (let k = 0; k < 5; k++) heap.mem.malloc(40);
    heap.obj.malloc(40);
    heap.raw.malloc(100_000);
  });
  assertEquals(
    report.toString(),
    `7 blocks left, 100288 bytes:
  1 block of 100000 bytes in raw: 0x218000
  5 blocks of 48 bytes in mem, held by thread 2: 0x3f00030, 0x3f00060, ` +
      `0x3f00090, 0x3f000c0, …
  1 block of 48 bytes in obj, held by thread 2: 0x3f04030`,
  );
  assertEquals(Deno.inspect(report), report.toString());
  assertEquals(report.bytes, 100_288);
});

Deno.test("the text of a report has an end", () => {
  using heap = createHeap({ maxBytes: MAX_BYTES });
  for (let k = 1; k <= 56; k++) heap.mem.malloc(32_768 + k);
  const lines = heap.leaks().toString().split("\n");
  assertEquals(lines.length, 42);
  assertEquals(
    lines.at(-1),
    `  and ${heap.leaks().groups.length - 40} smaller groups`,
  );
});

Deno.test("leaks() of a debug heap tells workers apart", async () => {
  using heap = createHeap({ malloc: "debug", maxBytes: MAX_BYTES });
  await using fleet = await Fleet.start(WORKER, 2);
  const report = await heap.leaks(async () => {
    heap.mem.malloc(33_000);
    heap.threads.detach();
    await fleet.askAll("work", (): Order => ({
      handle: heap.handle,
      domain: "mem",
      seed: 41,
      count: 40,
      kept: 40,
    }));
    heap.threads.attach();
  });
  const counts = new Map<number | null, number>();
  for (const { thread, addresses } of report.groups) {
    counts.set(thread, (counts.get(thread) ?? 0) + addresses.length);
  }
  assertEquals(counts.get(2), 1);
  assertEquals([...counts.values()].reduce((a, b) => a + b), 81);
  // They may have had one slot after the other, or one each.
  assert(counts.size === 2 || counts.size === 3);
  assert(report.toString().includes("in mem, allocated by thread 3: 0x"));
});

/** Allocates two blocks in one line. */
function twoBlocks(heap: Heap): number[] {
  return [40, 400].map((nbytes) => heap.mem.malloc(nbytes));
}

for (const malloc of ["default", "hardened"] as const) {
  Deno.test(`leaks() groups by traceback if traced (${malloc})`, () => {
    using heap = createHeap({ malloc, maxBytes: MAX_BYTES });
    const tracing = new Tracemalloc(heap.core);
    tracing.start();
    const two: number[] = [];
    const one: number[] = [];
    const report = heap.leaks(() => {
      for (let k = 0; k < 3; k++) two.push(...twoBlocks(heap));
      one.push(heap.raw.malloc(5));
      heap.obj.free(heap.obj.malloc(700));
    });
    // The tables of the tracing are blocks of RAW, and not among these.
    assertEquals(report.blocks, 7);
    assertEquals(report.groups.map(({ addresses }) => [...addresses].sort()), [
      two.sort(),
      one,
    ]);
    assertEquals(report.groups.map(({ thread }) => thread), [2, 2]);
    const lines = report.toString().replace(/0x[^\n]*/g, "0x…").split("\n");
    assertEquals(
      lines[1].replace(/of .* in/, "in"),
      "  6 blocks in mem, allocated by thread 2: 0x…",
    );
    assert(/^ {6}File ".*leaks_test.ts", line \d+$/.test(lines[2]), lines[2]);
    assertEquals(
      lines[3],
      "        return [40, 400].map((nbytes) => heap.mem.malloc(nbytes));",
    );
    tracing.stop();
    assertEquals(heap.leaks().blocks, 7);
  });
}

Deno.test("leaks() shows addresses and sizes as callers of debug hooks know them", () => {
  using heap = createHeap({ maxBytes: MAX_BYTES });
  const early = heap.mem.malloc(5); // before the hooks
  Debug.setUp(heap.core);
  const report = heap.leaks(() => {
    heap.obj.malloc(5);
    heap.obj.malloc(5);
  });
  assertEquals(report.groups.length, 1);
  assertEquals(report.groups[0].sizes, [5, 5]);
  assertEquals(report.bytes, 10);
  for (const block of report.groups[0].addresses) {
    heap.obj.free(block as ObjPtr);
  }
  assertEquals(addressesOf(heap.leaks()), [early]);
});

Deno.test("leaks() looks at the domains that are asked for", () => {
  using heap = createHeap({ maxBytes: MAX_BYTES });
  const mark = heap.mark();
  for (const domain of DOMAINS) IDIOMATIC.calls(heap, domain).malloc(48);
  assertEquals(heap.leaks(mark, { domains: ["mem", "obj"] }).blocks, 2);
  assertEquals(heap.leaks(mark, { domains: ["raw"] }).groups[0].domain, "raw");
  assertThrows(
    () => heap.leaks(mark, { domains: ["gc" as never] }),
    TypeError,
    'Cannot look for leaks in domain "gc"',
  );
});

Deno.test("a block in the place of one that was freed is no leak", () => {
  using heap = createHeap({ maxBytes: MAX_BYTES });
  const block = heap.mem.malloc(48);
  const report = heap.leaks(() => {
    heap.mem.free(block);
    assertEquals(heap.mem.malloc(48), block);
  });
  assertEquals([report.blocks, report.freed], [0, 0]);
});

Deno.test("leaks() passes on what its function throws", async () => {
  using heap = createHeap({ maxBytes: MAX_BYTES });
  assertThrows(
    () =>
      heap.leaks(() => {
        throw new Error("sync");
      }),
    Error,
    "sync",
  );
  const run = () => Promise.reject(new Error("later"));
  await assertRejects(() => heap.leaks(run), Error, "later");
});

Deno.test("leaks() refuses marks that are none, or of another heap", () => {
  using heap = createHeap({ maxBytes: MAX_BYTES });
  using other = createHeap({ maxBytes: MAX_BYTES });
  assertThrows(
    () => heap.leaks(other.mark()),
    TypeError,
    "Cannot look for leaks: the mark is of another heap",
  );
  assertThrows(
    () => heap.leaks({} as never),
    TypeError,
    "Cannot look for leaks since an object: it is no mark of a heap",
  );
});

Deno.test("leaks() of a damaged free list ends", () => {
  using heap = createHeap({ maxBytes: MAX_BYTES });
  const blocks = Array.from({ length: 9 }, () => heap.mem.malloc(48));
  const mark = heap.mark();
  for (const block of blocks) heap.mem.free(block);
  const link = heap.i32[blocks[8] >>> 2];
  heap.i32[blocks[8] >>> 2] = blocks[8]; // a circle of one
  assert(heap.leaks(mark).blocks > 0);
  heap.i32[blocks[8] >>> 2] = link;
  const pool = recordOf(pageAt(blocks[0]));
  const szidx = heap.i32[pool + PoolRecord.SZIDX];
  heap.i32[pool + PoolRecord.SZIDX] = -3;
  assertEquals(heap.leaks(mark).blocks, 0);
  heap.i32[pool + PoolRecord.SZIDX] = szidx;
  assertEquals(heap.leaks(mark).freed, 9);
});
