/** Objects come and go: references, free lists, who merges, who clears. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { attach, type Heap, ThreadStateError } from "../../mod.ts";
import * as Layout from "../../src/layout/memory_map.ts";
import * as ObjectsWords from "../../src/layout/objects.ts";
import * as PageMap from "../../src/layout/page_map.ts";
import {
  Bytes,
  Float,
  FreeLists,
  Long,
  type Objects,
  Protocol,
  Tuple,
  Unicode,
} from "../../src/objects/mod.ts";
import { BUILDS, liveBlocks, withHeap } from "../helpers/heap_fixture.ts";
import { eachBuild, make, openObjects, using } from "./objects_fixture.ts";

for (const build of BUILDS) {
  Deno.test(`a heap without objects has none from the start (${build})`, () => {
    withHeap(build, (heap) => {
      const word = Layout.OBJECTS + ObjectsWords.X_STATICS;
      assertEquals(heap.i32[word], 0);
      const before = liveBlocks(heap, "raw");
      openObjects(heap);
      assert(heap.i32[word] !== 0);
      assertEquals(liveBlocks(heap, "raw"), before + 1);
      openObjects(heap);
      assertEquals(liveBlocks(heap, "raw"), before + 1);
    });
  });
}

eachBuild("what is there from the start is immortal", (o) => {
  const values = [null, true, 5n, "", "a", [], new Uint8Array(0)];
  for (const value of values) {
    const op = make(o, value);
    const before = o.refcnt(op);
    o.incref(op);
    for (let k = 0; k < 5; k++) o.decref(op);
    assertEquals(o.refcnt(op), before);
    assertEquals(make(o, value), op);
  }
});

/** Objects in a free list. Count. */
function kept(o: Objects, list: number): number {
  return o.i32[o.lists + list + 1];
}

/** Makes so many at once, and drops them. */
function churn(o: Objects, count: number, one: (k: number) => number): void {
  const made = Array.from({ length: count }, (_, k) => one(k));
  for (const op of made) o.decref(op);
}

eachBuild("free lists keep as many objects as CPython's (C49)", (o) => {
  const { FLOATS, INTS, COMPLEXES, TUPLES } = FreeLists;
  churn(o, 150, (k) => Float.fromNumber(o, k));
  churn(o, 150, (k) => Long.fromNumber(o, k + 1000));
  churn(o, 150, (k) => make(o, { real: k, imag: 1 }));
  churn(o, 2100, () => Tuple.create(o, 1));
  churn(o, 2100, () => Tuple.create(o, 20));
  churn(o, 10, () => Tuple.create(o, 21));
  assertEquals(
    [FLOATS, INTS, COMPLEXES, TUPLES, TUPLES + 38].map((at) => kept(o, at)),
    [100, 100, 100, 2000, 2000],
  );
  churn(o, 10, (k) => make(o, 2n ** 40n + BigInt(k)));
  assertEquals(kept(o, INTS), 100);
});

eachBuild("an object out of a free list is a new one", (o) => {
  const first = Float.fromNumber(o, 1.5);
  o.decref(first);
  assertEquals(kept(o, FreeLists.FLOATS), 1);
  const second = Float.fromNumber(o, 2.5);
  assertEquals(second, first);
  assertEquals(kept(o, FreeLists.FLOATS), 0);
  assertEquals(o.refcnt(second), 1);
  assertEquals(Protocol.repr(o, second), "2.5");
  assertEquals(Protocol.repr(o, o.typeOf(second)), "<class 'float'>");
  o.decref(second);
});

eachBuild("each reference of an item is given back", (o) => {
  const items = [make(o, 1000n), make(o, "text"), make(o, { float: 1 })];
  const before = items.map((op) => o.refcnt(op));
  const tuple = Tuple.fromArray(o, [...items, ...items]);
  assertEquals(items.map((op) => o.refcnt(op)), before.map((n) => n + 2));
  const outer = Tuple.pair(o, tuple, items[0]);
  o.decref(tuple);
  o.decref(outer);
  assertEquals(items.map((op) => o.refcnt(op)), before);
  for (const op of items) o.decref(op);
});

eachBuild("a chain of 100,000 tuples is dropped without recursion", (o) => {
  let op = make(o, [1000n]);
  for (let k = 0; k < 100_000; k++) {
    const next = Tuple.pack(o, op);
    o.decref(op);
    op = next;
  }
  const attempts = [
    () => Protocol.repr(o, op),
    () => Protocol.hash(o, op),
  ];
  for (const attempt of attempts) {
    assertThrows(attempt, RangeError, "nested deeper than 1000 objects");
  }
  using(o, [[1000n]], (shallow) => {
    assertEquals(Protocol.repr(o, shallow), "((1000,),)");
  });
  o.decref(op);
});

for (const build of BUILDS) {
  Deno.test(`objects need an attached thread state (${build})`, () => {
    withHeap(build, (heap) => {
      const o = openObjects(heap);
      const op = Float.fromNumber(o, 1.5);
      heap.threads.detach();
      assertThrows(
        () => o.decref(op),
        ThreadStateError,
        "Cannot drop a reference without an attached thread state",
      );
      assertThrows(() => Float.fromNumber(o, 1), ThreadStateError);
      assertThrows(() => FreeLists.clear(o), ThreadStateError);
      heap.threads.attach();
      assertEquals(o.refcnt(op), 1);
      o.decref(op);
      assertEquals(kept(o, FreeLists.FLOATS), 1);
      assertEquals(heap.i32[Layout.NULL_RINGS + 1], 0);
    });
  });

  Deno.test(`closing leaves nothing in free lists (${build})`, () => {
    withHeap(build, (heap) => {
      heap.threads.detach();
      const other = attach(heap.handle);
      const o = openObjects(other);
      churn(o, 50, (k) => Float.fromNumber(o, k));
      churn(o, 50, () => Tuple.create(o, 3));
      assertEquals(liveBlocks(other, "obj"), 100);
      other.close();
      heap.threads.attach();
      assertEquals(liveBlocks(heap, "obj"), 0);
    });
  });
}

/** Two workers of a free-threaded heap in one: who drops is not the owner. */
function withTwo(
  test: (owner: Objects, other: Objects, turn: Turn) => void,
): void {
  withHeap("free-threaded", (heap) => {
    const owner = openObjects(heap);
    heap.threads.detach();
    using second = attach(heap.handle);
    const other = openObjects(second);
    second.threads.detach();
    const turn = (of: Objects, run: () => void) => {
      const mine = of === owner ? heap : second;
      mine.threads.attach();
      run();
      mine.threads.detach();
    };
    test(owner, other, turn);
    second.close();
    heap.threads.attach();
    FreeLists.clear(owner);
    assertEquals(liveBlocks(heap, "obj"), 0);
  });
}

/** Runs something as one of the two workers. */
type Turn = (of: Objects, run: () => void) => void;

Deno.test("the last reference may be dropped by another worker (C42)", () => {
  withTwo((owner, other, turn) => {
    let ops: number[] = [];
    turn(owner, () => {
      const values = [1000n, { float: 1 }, "text", [[1000n], "x"], 2n ** 90n];
      ops = values.map((value) => make(owner, value));
      ops.push(Bytes.fromUint8Array(owner, new Uint8Array(10)));
    });
    turn(other, () => {
      for (const op of ops) other.decref(op);
      // The owner is detached: who drops merges in its place, and keeps them.
      assertEquals(kept(other, FreeLists.FLOATS), 1);
      const float = Float.fromNumber(other, 2);
      assertEquals(float, ops[1]);
      assertEquals(other.refcnt(float), 1);
    });
    // Nothing of what it was before may be left: now it is the other way round.
    turn(owner, () => {
      owner.decref(ops[1]);
      assertEquals(kept(owner, FreeLists.FLOATS), 1);
    });
  });
});

Deno.test("an object without memory for a queue entry is merged at once", () => {
  withTwo((owner, other, turn) => {
    let op = 0;
    turn(owner, () => op = make(owner, ["text"]));
    turn(other, () => {
      const { allocators } = other.core;
      const record = allocators.get(PageMap.RAW);
      allocators.set(PageMap.RAW, { ...record, malloc: () => 0 });
      other.decref(op);
      allocators.set(PageMap.RAW, record);
      assertEquals(kept(other, FreeLists.TUPLES), 1);
    });
  });
});

Deno.test("references of two workers are one count", () => {
  withTwo((owner, other, turn) => {
    let op = 0;
    turn(owner, () => op = Unicode.fromString(owner, "shared"));
    turn(other, () => {
      other.incref(op);
      other.incref(op);
      assertEquals(other.refcnt(op), 3);
    });
    turn(owner, () => {
      owner.decref(op);
      assertEquals(owner.refcnt(op), 2);
    });
    turn(other, () => {
      assertEquals(Unicode.toString(other, op), "shared");
      other.decref(op);
      other.decref(op);
    });
  });
});

Deno.test("a worker that waits for its turn sees what others ask for", () => {
  withHeap("free-threaded", (heap: Heap) => {
    const o = openObjects(heap);
    let calls = 0;
    heap.core.accompany({
      attached: () => calls += 1,
      detached: () => calls += 10,
      passed: () => calls += 100,
      closing: () => calls += 1000,
    });
    assertEquals(calls, 1); // is told that it is attached
    heap.threads.safePoint();
    assertEquals(calls, 101);
    heap.threads.detach();
    assertEquals([calls, o.lists], [111, Layout.NULL_RINGS]);
    heap.threads.attach();
    assertEquals(calls, 212);
    heap.close();
    assertEquals(calls, 1222);
  });
});
