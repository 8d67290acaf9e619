/** Thresholds, counts, statistics, freezing, callbacks, memory pressure. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { createHeap } from "../../mod.ts";
import { type Callback, DEBUG_SAVEALL, type Info } from "../../src/gc/mod.ts";
import { Debug } from "../../src/hooks/mod.ts";
import { UserType } from "../../src/objects/mod.ts";
import {
  dropRing,
  inBoth,
  NEXT,
  nodeOf,
  OTHER,
  ringOf,
  sceneOf,
  withScene,
} from "./heap.ts";

/** Objects that a thread of the free-threaded build counts by itself. */
const LOCAL = 512;

inBoth("thresholds are those of CPython, and can be set", ({ gc }) => {
  assertEquals(gc.getThreshold(), [2000, 10, 10]);
  gc.setThreshold(5);
  assertEquals(gc.getThreshold(), [5, 10, 10]);
  gc.setThreshold(1, 2, 3);
  assertEquals(gc.getThreshold(), [1, 2, 3]);
  for (const values of [[], [1, 2, 3, 4], [-1], [0.5], [2 ** 31]]) {
    assertThrows(
      () => gc.setThreshold(...values),
      RangeError,
      `Cannot set thresholds to ${values.join(", ")}`,
    );
  }
  assertEquals(gc.getThreshold(), [1, 2, 3]);
});

inBoth("getCount() counts allocations less frees, not below 0", (scene) => {
  const { o, gc } = scene;
  gc.collect();
  assertEquals(gc.getCount(), [0, 0, 0]);
  const ops = [nodeOf(scene), nodeOf(scene), nodeOf(scene)];
  assertEquals(gc.getCount()[0], 3);
  for (const op of ops) o.decref(op);
  assertEquals(gc.getCount()[0], 0);
});

Deno.test("collecting counts for the next generation (gil)", () => {
  withScene({ build: "gil" }, ({ gc }) => {
    gc.collect();
    gc.collect(0);
    assertEquals(gc.getCount(), [0, 1, 0]);
    gc.collect(0);
    gc.collect(1);
    assertEquals(gc.getCount(), [0, 0, 1]);
    gc.collect(2);
    assertEquals(gc.getCount(), [0, 0, 0]);
  });
});

Deno.test("a generation finds its own and younger garbage (gil)", () => {
  withScene({ build: "gil" }, (scene) => {
    const { o, gc } = scene;
    const old = ringOf(scene, 2);
    gc.collect(0);
    const middle = ringOf(scene, 3);
    assertEquals(gc.getObjects(1).map((op) => o.decref(op)).length, 2);
    o.decref(old);
    o.decref(middle);
    assertEquals(gc.collect(0), 3);
    assertEquals(gc.collect(0), 0);
    assertEquals(gc.collect(1), 2);
  });
});

Deno.test("safe points collect from the threshold on (gil)", () => {
  withScene({ build: "gil" }, (scene) => {
    const { heap, gc } = scene;
    gc.enable();
    gc.setThreshold(100, 2, 10);
    gc.collect();
    const before = gc.getStats();
    for (let k = 0; k < 100; k++) dropRing(scene, 1);
    heap.threads.safePoint();
    assertEquals(gc.getStats(), before);
    dropRing(scene, 1);
    heap.threads.safePoint();
    assertEquals(gc.getStats()[0].collections, before[0].collections + 1);
    assertEquals(gc.getStats()[0].collected, before[0].collected + 101);
    for (let round = 0; round < 3; round++) {
      for (let k = 0; k <= 100; k++) dropRing(scene, 1);
      heap.threads.safePoint();
    }
    assertEquals(gc.getStats()[1].collections, before[1].collections + 1);
  });
});

Deno.test("the oldest generation waits for a quarter of its objects (gil)", () => {
  withScene({ build: "gil" }, (scene) => {
    const { heap, o, gc } = scene;
    const keep = Array.from({ length: 400 }, () => nodeOf(scene));
    gc.collect();
    gc.enable();
    gc.setThreshold(9, 0, 0);
    const oldest = () => gc.getStats()[2].collections;
    const start = oldest();
    function add(count: number): void {
      for (let k = 0; k < count; k++) keep.push(nodeOf(scene));
      heap.threads.safePoint();
    }
    for (let k = 0; k < 8; k++) add(10);
    assertEquals(oldest(), start);
    for (let k = 0; k < 8; k++) add(10);
    assertEquals(oldest(), start + 1);
    for (const op of keep) o.decref(op);
  });
});

Deno.test("a thread hands over 512 at a time (free-threaded)", () => {
  withScene({ build: "free-threaded" }, (scene) => {
    const { heap, gc } = scene;
    gc.collect();
    gc.enable();
    gc.setThreshold(100, 0, 0);
    const start = gc.getStats()[0].collections;
    for (let k = 0; k < LOCAL - 1; k++) dropRing(scene, 1);
    heap.threads.safePoint();
    assertEquals(gc.getStats()[0].collections, start);
    dropRing(scene, 1);
    heap.threads.safePoint();
    assertEquals(gc.getStats()[0].collections, start + 1);
    assertEquals(gc.getStats()[0].collected, LOCAL);
  });
});

Deno.test("many old objects want many new ones, unless told otherwise (free-threaded)", () => {
  withScene({ build: "free-threaded" }, (scene) => {
    const { heap, o, gc } = scene;
    const keep = Array.from({ length: 8 * LOCAL }, () => nodeOf(scene));
    gc.collect();
    gc.enable();
    gc.setThreshold(1, 10);
    const start = gc.getStats()[0].collections;
    const collections = () => gc.getStats()[0].collections - start;
    for (let k = 0; k < 2 * LOCAL; k++) dropRing(scene, 1);
    heap.threads.safePoint();
    assertEquals(collections(), 0);
    for (let k = 0; k < LOCAL; k++) dropRing(scene, 1);
    heap.threads.safePoint();
    assertEquals(collections(), 1);
    assertEquals(gc.getCount()[0], 0);
    gc.setThreshold(1, 0);
    for (let k = 0; k < LOCAL; k++) dropRing(scene, 1);
    heap.threads.safePoint();
    assertEquals(collections(), 2);
    for (const op of keep) o.decref(op);
  });
});

inBoth("with a threshold of 0, or disabled, nothing starts", (scene) => {
  const { heap, gc } = scene;
  gc.setThreshold(1, 0, 0);
  for (let k = 0; k < 2 * LOCAL; k++) dropRing(scene, 1);
  heap.threads.safePoint();
  gc.enable();
  assert(gc.isEnabled);
  gc.setThreshold(0);
  for (let k = 0; k < 2 * LOCAL; k++) dropRing(scene, 1);
  heap.threads.safePoint();
  assertEquals(gc.getStats().map(({ collections }) => collections), [0, 0, 0]);
  assertEquals(gc.collect(), 4 * LOCAL);
});

inBoth("getStats() and callbacks tell of each collection", (scene) => {
  const { gc } = scene;
  const calls: [string, Info][] = [];
  const callback: Callback = (phase, info) => calls.push([phase, info]);
  gc.callbacks.push(callback);
  dropRing(scene, 4);
  gc.collect(1);
  const { duration } = calls[1][1];
  assert(duration >= 0 && duration < 10);
  const info = { generation: 1, uncollectable: 0 };
  const start = { ...info, collected: 0, candidates: 0, duration: 0 };
  const stop = { ...info, collected: 4, candidates: 4, duration };
  assertEquals(calls, [["start", start], ["stop", stop]]);
  const { duration: total, ...stats } = gc.getStats()[1];
  assert(Math.abs(total - duration) < 1e-5);
  assertEquals(stats, {
    collections: 1,
    collected: 4,
    uncollectable: 0,
    candidates: 4,
  });
  gc.callbacks[0] = () => {
    throw new Error("on purpose");
  };
  const lines: string[] = [];
  const before = Debug.Stderr.redirect((text) => lines.push(text));
  assertEquals(gc.collect(), 0);
  Debug.Stderr.redirect(before);
  assertEquals(lines.length, 2);
});

inBoth("frozen objects are left alone, and thaw", (scene) => {
  const { o, gc } = scene;
  const ring = ringOf(scene, 3);
  const other = nodeOf(scene);
  UserType.setRef(o, ring, OTHER, other);
  gc.freeze();
  assertEquals(gc.getFreezeCount(), 4);
  o.decref(ring);
  UserType.setRef(o, other, NEXT, other);
  o.decref(other);
  dropRing(scene, 2);
  assertEquals(gc.collect(), 2);
  gc.unfreeze();
  assertEquals(gc.getFreezeCount(), 0);
  assertEquals(gc.collect(), 4);
});

inBoth("getReferrers() and getReferents() follow references", (scene) => {
  const { o, gc } = scene;
  const [a, b, c] = [nodeOf(scene), nodeOf(scene), nodeOf(scene)];
  UserType.setRef(o, a, NEXT, c);
  UserType.setRef(o, b, OTHER, c);
  UserType.setRef(o, b, NEXT, a);
  const referrers = gc.getReferrers(c);
  assertEquals(referrers.sort(), [a, b].sort());
  const referents = gc.getReferents(b, a);
  assertEquals(referents, [a, c, c]);
  assertEquals(o.refcnt(c), 5);
  for (const op of [...referrers, ...referents, a, b, c]) o.decref(op);
  assertThrows(() => gc.getObjects(3), RangeError, "there is no generation 3");
});

inBoth("DEBUG_SAVEALL keeps what was unreachable", (scene) => {
  const { o, gc } = scene;
  gc.debug = DEBUG_SAVEALL;
  dropRing(scene, 3);
  assertEquals(gc.collect(), 3);
  assertEquals(gc.garbage.length, 3);
  assertEquals(gc.getStats()[2].collected, 3);
  assertEquals(gc.getStats()[2].uncollectable, 0);
  assertEquals(gc.collect(), 0);
  gc.debug = 0;
  for (const op of gc.garbage.splice(0)) o.decref(op);
  assertEquals(gc.collect(), 3);
});

inBoth("a memory limit has safe points collect", (scene) => {
  const { heap, o, gc } = scene;
  const big = UserType.define(o, "Big", { fields: 4000, refs: [0] });
  gc.enable();
  gc.memoryLimit = heap.stats().footprintBytes + 4 * 1024 * 1024;
  let most = 0;
  for (let k = 0; k < 4000; k++) {
    const op = UserType.create(o, big);
    UserType.setRef(o, op, 0, op);
    o.decref(op);
    heap.threads.safePoint();
    most = Math.max(most, heap.stats().footprintBytes);
  }
  assert(most < 12 * 1024 * 1024, `${most}`);
  assert(gc.getStats()[2].collections > 3);
  for (const bytes of [-1, 0.5, 2 ** 33, NaN]) {
    assertThrows(
      () => gc.memoryLimit = bytes,
      RangeError,
      `Cannot set the memory limit to ${bytes} bytes`,
    );
  }
  gc.memoryLimit = 0;
  assertEquals(gc.memoryLimit, 0);
  gc.collect();
});

inBoth(
  "live objects above the limit do not make it collect for ever",
  (scene) => {
    const { heap, o, gc } = scene;
    const big = UserType.define(o, "Big", { fields: 4000 });
    gc.enable();
    gc.memoryLimit = 1;
    const ops: number[] = [];
    for (let k = 0; k < 1000; k++) {
      ops.push(UserType.create(o, big));
      heap.threads.safePoint();
    }
    const { collections } = gc.getStats()[2];
    assert(collections < 30, `${collections}`);
    for (const op of ops) o.decref(op);
  },
);

for (const build of ["gil", "free-threaded"] as const) {
  Deno.test(`garbage makes room when no memory is left (${build})`, () => {
    using heap = createHeap({ build, maxBytes: 8 * 1024 * 1024 });
    const scene = sceneOf(heap);
    const { o, gc } = scene;
    const big = UserType.define(o, "Big", { fields: 4000, refs: [0] });
    function fill(): number {
      let count = 0;
      for (; count < 3000; count++) {
        const op = UserType.create(o, big);
        if (op === 0) return count;
        UserType.setRef(o, op, 0, op);
        o.decref(op);
      }
      return count;
    }
    assert(fill() < 600);
    assertEquals(gc.getStats()[2].collections, 0);
    gc.enable();
    assertEquals(fill(), 3000);
    assert(gc.getStats()[2].collections > 3);
    gc.collect();
  });
}
