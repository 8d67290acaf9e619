/** Weak references to garbage: which are called, and when each of them dies. */

import { assert, assertEquals } from "@std/assert";
import { attach, createHeap } from "../../mod.ts";
import { FreeLists, UserType, Weakref } from "../../src/objects/mod.ts";
import { assertSound, liveBlocks } from "../helpers/heap_fixture.ts";
import { inBoth, NEXT, NODE, OTHER, type Scene, sceneOf } from "./heap.ts";

const { create, setRef } = UserType;

/** A type of nodes that can be named. */
function typeOf({ o }: Scene, more: Partial<UserType.Shape> = {}): number {
  const name = more.finalize === undefined ? "Named" : "Final";
  return UserType.define(o, name, { ...NODE, weakrefs: true, ...more });
}

/** A ring of two of a type; the caller has a reference to the first. */
function pairOf({ o }: Scene, type: number): [number, number] {
  const [first, second] = [create(o, type), create(o, type)];
  setRef(o, first, NEXT, second);
  setRef(o, second, NEXT, first);
  o.decref(second);
  return [first, second];
}

inBoth("weak references to garbage die, and callbacks are called", (scene) => {
  const { o, gc } = scene;
  const calls: number[] = [];
  const [first, second] = pairOf(scene, typeOf(scene));
  const refs = [
    Weakref.create(o, first),
    Weakref.create(o, first, () => calls.push(1)),
    Weakref.create(o, second, () => calls.push(2)),
    Weakref.create(o, second),
  ];
  assertEquals(gc.collect(), 0);
  o.decref(first);
  assertEquals(gc.collect(), 2);
  assertEquals(calls.sort(), [1, 2]);
  for (const ref of refs) {
    assert(Weakref.isDead(o, ref));
    o.decref(ref);
  }
});

inBoth(
  "callbacks of weak references that are garbage are not called",
  (scene) => {
    const { o, gc } = scene;
    const [first, second] = pairOf(scene, typeOf(scene));
    const ref = Weakref.create(o, second, () => assert(false));
    setRef(o, first, OTHER, ref);
    o.decref(ref);
    o.decref(first);
    assertEquals(gc.collect(), 3);
  },
);

inBoth("a callback cannot get at the garbage, only what it has", (scene) => {
  const { o, gc } = scene;
  const [first, second] = pairOf(scene, typeOf(scene));
  let isCalled = false;
  const called = Weakref.create(o, second, (ref) => {
    isCalled = true;
    assertEquals(Weakref.get(o, ref), 0);
  });
  o.decref(first);
  assertEquals(gc.collect(), 2);
  assert(isCalled);
  o.decref(called);
});

inBoth(
  "a finalizer sees garbage; what it keeps keeps its weak references",
  (scene) => {
    const { o, gc } = scene;
    const kept: number[] = [];
    let other = 0;
    const type = typeOf(scene, {
      finalize: (op) => {
        if (kept.length > 0) return;
        assert(!Weakref.isDead(o, other));
        o.incref(op);
        kept.push(op);
      },
    });
    const [first, second] = pairOf(scene, type);
    const ref = Weakref.create(o, first);
    other = Weakref.create(o, second);
    o.decref(first);
    assertEquals(gc.collect(), 0);
    assertEquals(kept.length, 1);
    assertEquals(Weakref.get(o, ref), first);
    o.decref(first);
    assert(!Weakref.isDead(o, other));
    o.decref(kept[0]);
    assertEquals(gc.collect(), 2);
    for (const each of [ref, other]) {
      assert(Weakref.isDead(o, each));
      o.decref(each);
    }
  },
);

inBoth("what a callback brings back lives on", (scene) => {
  const { o, gc } = scene;
  const [first, second] = pairOf(scene, typeOf(scene));
  const way = Weakref.create(o, first);
  let kept = 0;
  const called = Weakref.create(o, second, () => kept = Weakref.get(o, way));
  o.decref(first);
  assertEquals(gc.collect(), 0);
  assertEquals(kept, first);
  assert(!Weakref.isDead(o, way));
  o.decref(first);
  assertEquals(gc.collect(), 2);
  o.decref(way);
  o.decref(called);
});

inBoth(
  "a weak reference that a finalizer makes to garbage dies quietly",
  (scene) => {
    const { o, gc } = scene;
    const refs: number[] = [];
    const type = typeOf(scene, {
      finalize: (op) => {
        refs.push(Weakref.create(o, op, () => assert(false)));
        refs.push(Weakref.create(o, op));
      },
    });
    const [first] = pairOf(scene, type);
    o.decref(first);
    assertEquals(gc.collect(), 2);
    assertEquals(refs.length, 4);
    for (const ref of refs) {
      assert(Weakref.isDead(o, ref));
      o.decref(ref);
    }
  },
);

inBoth("a collector that saves all leaves dead weak references", (scene) => {
  const { o, gc } = scene;
  const [first] = pairOf(scene, typeOf(scene));
  const ref = Weakref.create(o, first);
  o.decref(first);
  gc.debug = 32;
  assertEquals(gc.collect(), 2);
  assert(Weakref.isDead(o, ref));
  o.decref(ref);
  gc.debug = 0;
  for (const op of gc.garbage.splice(0)) o.decref(op);
  assertEquals(gc.collect(), 2);
});

for (const build of ["gil", "free-threaded"] as const) {
  Deno.test(`another worker collects: the callback comes here (${build})`, () => {
    using heap = createHeap({ build, maxBytes: 64 * 1024 * 1024 });
    const scene = sceneOf(heap);
    const { o } = scene;
    let calls = 0;
    const [first] = pairOf(scene, typeOf(scene));
    const ref = Weakref.create(o, first, () => calls++);
    o.decref(first);
    heap.threads.detach();
    const second = attach(heap.handle);
    const { gc } = sceneOf(second);
    assertEquals(gc.collect(), 2);
    assertEquals(calls, 0);
    second.close();
    heap.threads.attach();
    heap.threads.safePoint();
    assertEquals(calls, 1);
    o.decref(ref);
    FreeLists.clear(o);
    assertEquals(liveBlocks(heap, "obj"), 0);
    assertSound(heap);
  });

  Deno.test(`what waited for a dead worker is swept (${build})`, () => {
    using heap = createHeap({ build, maxBytes: 64 * 1024 * 1024 });
    const scene = sceneOf(heap);
    const { o, gc } = scene;
    const [first] = pairOf(scene, typeOf(scene));
    heap.threads.detach();
    const second = attach(heap.handle);
    const other = sceneOf(second);
    const ref = Weakref.create(other.o, first, () => assert(false));
    second.threads.detach();
    heap.threads.attach();
    o.decref(first);
    assertEquals(gc.collect(), 2);
    assert(Weakref.isDead(o, ref));
    assertEquals(o.refcnt(ref), 2);
    heap.revoke(second.threads.id, { dead: true });
    gc.collect();
    assertEquals(o.refcnt(ref), 1);
    o.decref(ref);
    FreeLists.clear(o);
    assertEquals(liveBlocks(heap, "obj"), 0);
    assertSound(heap);
  });
}
