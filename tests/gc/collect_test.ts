/** Cycles are collected, all of them and nothing else. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { FatalError, ThreadStateError } from "../../mod.ts";
import { Tracking, UserType } from "../../src/objects/mod.ts";
import { Prng } from "../helpers/prng.ts";
import {
  dropRing,
  inBoth,
  NEXT,
  nodeOf,
  OTHER,
  ringOf,
  type Scene,
  withScene,
} from "./heap.ts";

inBoth("collect() finds a self cycle and rings, and counts them", (scene) => {
  const { gc } = scene;
  assertEquals(gc.collect(), 0);
  for (const length of [1, 2, 3, 100]) {
    dropRing(scene, length);
    assertEquals(gc.collect(), length);
    assertEquals(gc.collect(), 0);
  }
});

inBoth("collect() leaves alone what somebody refers to", (scene) => {
  const { o, gc } = scene;
  const ring = ringOf(scene, 5);
  const tail = nodeOf(scene);
  UserType.setRef(o, ring, OTHER, tail);
  o.decref(tail);
  assertEquals(gc.collect(), 0);
  assertEquals(o.refcnt(ring), 2);
  assertEquals(o.refcnt(tail), 1);
  o.decref(ring);
  assertEquals(gc.collect(), 6);
});

inBoth("collect() takes what only garbage refers to along", (scene) => {
  const { o, gc } = scene;
  const ring = ringOf(scene, 2);
  const held = nodeOf(scene);
  const dropped = nodeOf(scene);
  UserType.setRef(o, ring, OTHER, held);
  UserType.setRef(o, held, OTHER, dropped);
  o.decref(dropped);
  o.decref(ring);
  assertEquals(gc.collect(), 2);
  assertEquals(o.refcnt(held), 1);
  o.decref(held);
});

inBoth("an untracked object keeps what it refers to", (scene) => {
  const { o, gc } = scene;
  const op = nodeOf(scene);
  UserType.setRef(o, op, NEXT, op);
  Tracking.untrack(o, op);
  Tracking.untrack(o, op);
  assert(!gc.isTracked(op));
  o.decref(op);
  assertEquals(gc.collect(), 0);
  Tracking.track(o, op);
  assert(gc.isTracked(op));
  assertEquals(gc.collect(), 1);
});

inBoth("track() refuses what it cannot track", (scene) => {
  const { o } = scene;
  const op = nodeOf(scene);
  assertThrows(
    () => Tracking.track(o, op),
    TypeError,
    `Cannot track 0x${op.toString(16)}: ` +
      "object already tracked by the garbage collector",
  );
  const plain = UserType.define(o, "Plain", { fields: 1, isGc: false });
  const other = UserType.create(o, plain);
  assertThrows(
    () => Tracking.track(o, other),
    TypeError,
    "it is of type Plain, which the collector does not look after",
  );
  assert(!Tracking.isTracked(o, other));
  o.decref(other);
  o.decref(op);
});

inBoth("a refcount that is too small is refused, and nothing lost", (scene) => {
  const { o, gc } = scene;
  const keeper = nodeOf(scene);
  const ring = ringOf(scene, 3);
  UserType.setRef(o, keeper, OTHER, ring);
  const word = (ring >>> 2) + (o.isBiased ? 3 : 0);
  o.i32[word] -= 2;
  assertThrows(() => gc.collect(), FatalError, "its refcount is too small");
  assertThrows(() => gc.collect(), FatalError, "Cannot collect");
  o.i32[word] += 2;
  assertEquals(gc.collect(), 0);
  o.decref(keeper);
  o.decref(ring);
  assertEquals(gc.collect(), 3);
});

inBoth("collect() refuses what is no generation", ({ gc, heap }) => {
  for (const generation of [-1, 3, 0.5, NaN]) {
    assertThrows(
      () => gc.collect(generation),
      RangeError,
      `Cannot collect: there is no generation ${generation}, only 0 to 2`,
    );
  }
  heap.threads.detach();
  assertThrows(
    () => gc.collect(),
    ThreadStateError,
    "Cannot collect without an attached thread state",
  );
  heap.threads.attach();
});

for (
  const [build, malloc] of [
    ["gil", "debug"],
    ["gil", "hardened"],
    ["gil", "malloc"],
    ["gil", "mimalloc"],
    ["free-threaded", "debug"],
    ["free-threaded", "hardened"],
  ] as const
) {
  Deno.test(`cycles are found with ${malloc} (${build})`, () => {
    withScene({ build, malloc }, (scene) => {
      dropRing(scene, 10);
      assertEquals(scene.gc.collect(), 10);
    });
  });
}

inBoth("objects of every size of block are found", (scene) => {
  const { o, gc } = scene;
  let count = 0;
  for (const fields of [1, 7, 60, 200, 1000, 4000]) {
    const shape = { fields, refs: [0] };
    const type = UserType.define(o, `Of${fields}`, shape);
    for (let k = 0; k < 5; k++) {
      const op = UserType.create(o, type);
      UserType.setRef(o, op, 0, op);
      o.decref(op);
      count++;
    }
  }
  assertEquals(gc.collect(), count);
});

inBoth("memory of OBJ that is no object is passed over", (scene) => {
  const { heap, gc } = scene;
  const blocks = [16, 40, 600, 50000].map((n) => heap.obj.malloc(n));
  for (const block of blocks) {
    for (let at = 0; at < 4; at++) heap.i32[(block >>> 2) + at] = 0x47c53a01;
  }
  dropRing(scene, 2);
  assertEquals(gc.collect(), 2);
  for (const block of blocks) heap.obj.free(block);
});

/** Nodes that can be reached from some, by a search of the test's own. */
function reachableFrom(
  roots: readonly number[],
  edges: ReadonlyMap<number, number[]>,
): Set<number> {
  const seen = new Set<number>(roots);
  const stack = [...roots];
  for (let op = stack.pop(); op !== undefined; op = stack.pop()) {
    for (const next of edges.get(op) ?? []) {
      if (seen.has(next)) continue;
      seen.add(next);
      stack.push(next);
    }
  }
  return seen;
}

/** One random graph: what stays is what can be reached, exactly. */
function tryGraph(scene: Scene, random: Prng): void {
  const { o, gc } = scene;
  const ops = Array.from({ length: 1 + random.below(60) }, () => nodeOf(scene));
  const edges = new Map(ops.map((op) => [op, [] as number[]]));
  for (let k = random.below(2 * ops.length); k > 0; k--) {
    const op = random.pick(ops);
    const field = random.below(2) === 0 ? NEXT : OTHER;
    if (UserType.ref(o, op, field) !== 0) continue;
    const value = random.pick(ops);
    UserType.setRef(o, op, field, value);
    edges.get(op)!.push(value);
  }
  const roots = ops.filter(() => random.below(8) === 0);
  const stay = reachableFrom(roots, edges);
  for (const op of ops) if (!roots.includes(op)) o.decref(op);
  gc.collect();
  const found = gc.getObjects();
  assertEquals(found.sort(), [...stay].sort());
  for (const op of found) o.decref(op);
  for (const op of roots) o.decref(op);
  gc.collect();
  assertEquals(gc.getObjects(), []);
}

inBoth("random graphs: what stays is what can be reached, seed 1", (scene) => {
  const random = new Prng(1);
  for (let k = 0; k < 300; k++) tryGraph(scene, random);
});
