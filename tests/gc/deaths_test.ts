/**
 * Collectors that die, or cannot end what they have begun: the next one finds
 * everything that they have found, and loses nothing.
 */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { attach, type Build, createHeap, ThreadStateError } from "../../mod.ts";
import { Generations } from "../../src/gc/generations.ts";
import { Turn } from "../../src/gc/pauses/mod.ts";
import { type Objects, Tracking, UserType } from "../../src/objects/mod.ts";
import { ThreadStates } from "../../src/threads/mod.ts";
import { assertSound, BUILDS } from "../helpers/heap_fixture.ts";
import {
  dropRing,
  NEXT,
  NODE,
  nodeOf,
  OTHER,
  ringOf,
  type Scene,
  sceneOf,
  withScene,
} from "./heap.ts";

/** What a worker does that is to die. */
type Act = (o: Objects, ops: readonly number[]) => void;

/** What is thrown instead of a store. */
class Death extends Error {}

/** The same objects, whose plain stores come to an end after so many. */
function mortal(o: Objects, stores: number): Objects {
  let left = stores;
  const i32 = new Proxy(o.i32, {
    get(target, at) {
      if (left < 0) throw new Death();
      return Reflect.get(target, at, target);
    },
    set(target, at, value) {
      if (--left < 0) throw new Death();
      return Reflect.set(target, at, value, target);
    },
  });
  return Object.create(o, { i32: { value: i32 } });
}

/** Has another worker do something and die at a store. True if it did. */
function dieAt(scene: Scene, stores: number, act: Act): boolean {
  const { heap } = scene;
  const ops = [nodeOf(scene), nodeOf(scene), ringOf(scene, 3)];
  Tracking.untrack(scene.o, ops[0]);
  dropRing(scene, 2);
  heap.threads.detach();
  const other = attach(heap.handle);
  const { o } = sceneOf(other);
  let isDead = false;
  try {
    act(mortal(o, stores), ops);
  } catch (error) {
    if (!(error instanceof Death)) throw error;
    isDead = true;
  }
  // Nothing of its lists goes on: the worker that vouches is this one.
  heap.revoke(other.threads.id, { dead: true });
  heap.threads.attach();
  assertWhole(scene, ops);
  return isDead;
}

/** Claims that all tracked objects are known, and garbage is found. */
function assertWhole({ o, gc }: Scene, ops: readonly number[]): void {
  for (const op of ops) if (!gc.isTracked(op)) Tracking.track(o, op);
  assertEquals(gc.collect(), 2);
  const found = gc.getObjects();
  assertEquals(found.length, 5);
  for (const op of [...found, ...ops]) o.decref(op);
  assertEquals(gc.collect(), 3);
  assertEquals(gc.getObjects(), []);
}

/** Dies before each store of an act. */
function sweep(act: Act, atLeast: number): void {
  let stores = 0;
  for (let isDead = true; isDead; stores++) {
    using heap = createHeap({ build: "gil", maxBytes: 4 * 1024 * 1024 });
    const scene = sceneOf(heap);
    isDead = dieAt(scene, stores, act);
    assertSound(heap);
  }
  assert(stores > atLeast, `${stores} stores`);
}

Deno.test("a death at any store of track() loses no other object (gil)", () => {
  sweep((o, ops) => Tracking.track(o, ops[0]), 4);
});

Deno.test("a death at any store of untrack() loses no other object (gil)", () => {
  sweep((o, ops) => Tracking.untrack(o, ops[1]), 4);
});

for (const generation of [0, 1, 2]) {
  Deno.test(`a death at any store of collecting ${generation} (gil)`, () => {
    sweep((o) => void new Generations(o).find(generation), 40);
  });
}

Deno.test("frozen objects thaw when the lists are made anew (gil)", () => {
  withScene({ build: "gil" }, (scene) => {
    const { heap, gc, o } = scene;
    const ring = ringOf(scene, 3);
    gc.freeze();
    heap.threads.detach();
    const other = attach(heap.handle);
    heap.revoke(other.threads.id, { dead: true });
    heap.threads.attach();
    assertEquals(gc.getFreezeCount(), 0);
    o.decref(ring);
    assertEquals(gc.collect(), 3);
  });
});

for (const build of BUILDS) {
  Deno.test(`the turn of the dead is taken, not of the living (${build})`, () => {
    withScene({ build }, (scene) => {
      const { heap, gc } = scene;
      dropRing(scene, 4);
      heap.threads.detach();
      const other = attach(heap.handle);
      assertEquals(Turn.take(other.core.m), Turn.OURS);
      assertEquals(Turn.take(other.core.m), Turn.TAKEN);
      other.threads.detach();
      heap.threads.attach();
      assertEquals(gc.collect(), 0);
      heap.revoke(other.threads.id);
      assertEquals(gc.collect(), 0);
      heap.revoke(other.threads.id, { dead: true });
      assertEquals(gc.collect(), 4);
    });
  });
}

/** Runs a test with a second worker that attaches in a finalizer. */
function withLateThread(
  test: (scene: Scene, type: number, late: () => void) => void,
  finalize: (scene: Scene, op: number) => void,
): void {
  const build: Build = "free-threaded";
  withScene({ build }, (scene) => {
    const { heap, o, gc } = scene;
    heap.threads.detach();
    const other = attach(heap.handle);
    other.threads.detach();
    heap.threads.attach();
    const { m } = other.core;
    const type = UserType.define(o, "Late", {
      ...NODE,
      finalize(op) {
        if (!ThreadStates.isAttached(m)) ThreadStates.attach(m);
        finalize(scene, op);
      },
    });
    gc.stopTimeoutMs = 5;
    test(scene, type, () => ThreadStates.detach(m));
    heap.threads.detach();
    other.close();
    heap.threads.attach();
  });
}

/** A cycle of two: one of a type, one plain. Returns the first. */
function dropPair({ o, node }: Scene, type: number): number {
  const op = UserType.create(o, type);
  const plain = UserType.create(o, node);
  UserType.setRef(o, op, NEXT, plain);
  UserType.setRef(o, plain, OTHER, op);
  o.decref(plain);
  o.decref(op);
  return op;
}

Deno.test("what a second pause that came too late leaves is found (free-threaded)", () => {
  let calls = 0;
  withLateThread((scene, type, endLate) => {
    const { gc, o } = scene;
    const op = dropPair(scene, type);
    assertThrows(
      () => gc.collect(),
      ThreadStateError,
      "Cannot collect: a thread",
    );
    assertEquals(o.refcnt(op), 2);
    endLate();
    assertEquals(gc.collect(), 2);
    assertEquals(calls, 1);
  }, () => void calls++);
});

Deno.test("what was resurrected before that has its references (free-threaded)", () => {
  withLateThread((scene, type, endLate) => {
    const { gc, o } = scene;
    const op = dropPair(scene, type);
    assertThrows(
      () => gc.collect(),
      ThreadStateError,
      "Cannot collect: a thread",
    );
    assertEquals(o.refcnt(op), 3);
    endLate();
    assertEquals(gc.collect(), 0);
    assertEquals(o.refcnt(op), 2);
    o.decref(op);
    assertEquals(gc.collect(), 2);
  }, ({ o }, op) => o.incref(op));
});
