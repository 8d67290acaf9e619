/**
 * Whichever allocation fails, and all after it: a MemoryError, and the heap is
 * as it was. If only one fails, a collection makes up for it.
 */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { f64, type Heap, MemoryError } from "../../mod.ts";
import * as PageMap from "../../src/layout/page_map.ts";
import { FreeLists } from "../../src/objects/mod.ts";
import { liveBlocks } from "../helpers/heap_fixture.ts";
import { failing } from "../helpers/failing.ts";
import { inBoth, objectsIn } from "./scene.ts";

const DOMAINS = [PageMap.RAW, PageMap.MEM, PageMap.OBJ];

/** Runs something while all allocations from the n-th on fail. */
function failingFrom(heap: Heap, n: number, run: () => void): void {
  const { allocators } = heap.core;
  const records = DOMAINS.map((domain) => allocators.get(domain));
  let left = n;
  const fails = () => --left <= 0;
  for (const domain of DOMAINS) {
    const { ctx, malloc, calloc, realloc, free } = records[domain];
    allocators.set(domain, {
      ctx,
      malloc: (c, size) => fails() ? 0 : malloc(c, size),
      calloc: (c, count, size) => fails() ? 0 : calloc(c, count, size),
      realloc: (c, block, size) => fails() ? 0 : realloc(c, block, size),
      free,
    });
  }
  try {
    run();
  } finally {
    for (const domain of DOMAINS) allocators.set(domain, records[domain]);
  }
}

/** Live blocks of MEM and OBJ that are in no free list. */
function blocks(heap: Heap): number[] {
  FreeLists.clear(objectsIn(heap));
  return [liveBlocks(heap, "mem"), liveBlocks(heap, "obj")];
}

/**
 * Lets an attempt fail at each of its allocations. Whatever it returns is
 * closed.
 *
 * @returns Allocations of the attempt. Count.
 */
function sweep(heap: Heap, attempt: () => unknown): number {
  for (let n = 1;; n++) {
    const before = blocks(heap);
    let error: unknown;
    failingFrom(heap, n, () => {
      try {
        closed(attempt());
      } catch (thrown) {
        error = thrown;
      }
    });
    if (error === undefined) return n - 1;
    assert(error instanceof MemoryError, `failure ${n}: ${error}`);
    assert(/^Cannot .*: no memory is left$/.test(error.message), error.message);
    assertEquals(blocks(heap), before, `failure ${n}`);
  }
}

/** Closes a handle. */
function closed(value: unknown): void {
  (value as Partial<Disposable> | undefined)?.[Symbol.dispose]?.();
}

const NESTED = {
  list: [1.5, [1e300, "some text"], new Uint8Array(100)],
  map: new Map<unknown, unknown>([[123456789, 2n ** 80n], ["k", {}]]),
  set: new Set(["one text", "another text"]),
};

inBoth("heap.from() without memory", (heap) => {
  const cycle: unknown[] = [NESTED];
  cycle.push(cycle, { cycle });
  for (const value of [1.5, "text of some length", [], {}, NESTED, cycle]) {
    // The first attempt makes tables that stay.
    closed(heap.from(value));
    heap.gc.collect();
    const count = sweep(heap, () => {
      const handle = heap.from(value);
      if (value !== cycle) return handle;
      handle.close();
      return undefined;
    });
    assert(count > 0);
    heap.gc.collect();
  }
});

inBoth("Makers without memory", (heap) => {
  using value = heap.from([1]);
  const Thing = heap.defineType({
    name: "Thing",
    fields: { x: f64, o: "object" },
    weakrefs: true,
  });
  using thing = Thing.new();
  const makers = [
    () => heap.float(0.5),
    () => heap.complex(1, 2),
    () => heap.tuple([1.5, "text", value]),
    () => heap.frozenset(["text", 0.5]),
    () => value.slice(),
    () => Thing.new({ x: 1, o: ["text"] }),
  ];
  for (const make of makers) assert(sweep(heap, make) > 0);
  closed(heap.weakref(thing, () => {}));
  assert(sweep(heap, () => heap.weakref(thing, () => {})) > 0);
  Thing.close();
});

inBoth("A list without memory is as it was", (heap) => {
  for (let length = 0; length < 10; length++) {
    const start = Array.from({ length }, (_, k) => k);
    const acts: ((list: ReturnType<typeof make>) => unknown)[] = [
      (list) => list.append("a new text"),
      (list) => list.insert(0, 0.5),
      (list) => list.extend(["text", 1.5, 2.5, 3.5, 4.5]),
    ];
    const make = () => heap.from(start);
    for (const act of acts) {
      using list = make();
      const count = sweep(heap, () => {
        assertEquals(list.toJS(), start);
        act(list);
      });
      assert(count > 0);
      assert(list.length > length);
    }
  }
});

inBoth("Dicts and sets without memory", (heap) => {
  for (let size = 0; size < 12; size++) {
    const keys = Array.from({ length: size }, (_, k) => `key ${k}`);
    using dict = heap.from(new Map(keys.map((key) => [key, 0])));
    using set = heap.from(new Set(keys));
    assert(
      sweep(heap, () => {
        assertEquals(dict.size, size);
        dict.set("a new key", "a new value");
      }) > 0,
    );
    assert(
      sweep(heap, () => {
        assertEquals(dict.size, size + 1);
        dict.update("another key", () => 1.5, 0);
      }) > 0,
    );
    assert(
      sweep(heap, () => {
        assertEquals(set.size, size);
        set.add("a new key");
      }) > 0,
    );
    assert(sweep(heap, () => set.union(["x text", "y text"])) > 0);
  }
});

inBoth("Sharing without memory", (heap) => {
  using value = heap.from([1]);
  for (let round = 0; round < 3; round++) {
    // Each round fills what there is, so that a table is needed.
    sweep(heap, () => {
      const tokens = Array.from({ length: 70 }, () => heap.share(value));
      for (const token of tokens) heap.unshare(token);
    });
    heap.unshareAll();
    assertEquals(value.refcount, 1);
  }
});

inBoth("One allocation that fails is made up for by a collection", (heap) => {
  heap.gc.enable();
  using list = heap.from([] as unknown[]);
  let failures = 0;
  for (let n = 1;; n++) {
    FreeLists.clear(objectsIn(heap));
    const hasFailed = failing(heap, n, () => {
      list.append([`text ${n}`, 1.5 * n]);
    });
    if (!hasFailed) break;
    failures++;
    assertEquals(list.length, n);
  }
  assert(failures >= 3);
  heap.gc.disable();
});

inBoth("A heap that is full, and then is not", (heap) => {
  using list = heap.from([] as unknown[]);
  heap.gc.enable();
  const error = assertThrows(() => {
    while (true) list.append("x".repeat(100_000));
  }, MemoryError);
  assert(error.message.endsWith("no memory is left"), error.message);
  const { length } = list;
  assert(length > 20);
  assert(heap.check().ok);
  list.clear();
  list.append(["room again"]);
  // What is in cycles makes room by itself.
  for (let k = 0; k < 2 * length; k++) {
    using ring = heap.from(["x".repeat(100_000)] as unknown[]);
    ring.append(ring);
  }
  heap.gc.disable();
}, 8 * 1024 * 1024);
