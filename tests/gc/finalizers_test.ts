/** Finalizers run once, see whole objects, and may bring them back. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { Debug } from "../../src/hooks/mod.ts";
import { Tracking, UserType } from "../../src/objects/mod.ts";
import { dropRing, inBoth, NEXT, NODE, OTHER, type Scene } from "./heap.ts";

/** A type of nodes with a finalizer. */
function withFinalizer(
  { o }: Scene,
  name: string,
  finalize: (op: number) => void,
): number {
  return UserType.define(o, name, { ...NODE, finalize });
}

/** A ring of objects of a type. Returns them, without references of ours. */
function dropRingOf({ o }: Scene, type: number, length: number): number[] {
  const ops = Array.from({ length }, () => UserType.create(o, type));
  ops.forEach((op, k) => UserType.setRef(o, op, NEXT, ops[(k + 1) % length]));
  for (const op of ops) o.decref(op);
  return ops;
}

inBoth("a finalizer runs when the last reference goes, once", (scene) => {
  const { o } = scene;
  const seen: number[] = [];
  const type = withFinalizer(scene, "F", (op) => {
    assertEquals(o.refcnt(op), 1);
    assert(Tracking.isTracked(o, op));
    seen.push(op);
  });
  const op = UserType.create(o, type);
  assertEquals(seen, []);
  o.decref(op);
  assertEquals(seen, [op]);
});

inBoth("finalizers of a ring run before any of it is cleared", (scene) => {
  const { o, gc } = scene;
  const seen: number[] = [];
  const type = withFinalizer(scene, "F", (op) => {
    assert(UserType.ref(o, op, NEXT) !== 0);
    assert(gc.isFinalized(op));
    seen.push(op);
  });
  const ops = dropRingOf(scene, type, 4);
  assertEquals(gc.collect(), 4);
  assertEquals(seen.sort(), ops.sort());
  assertEquals(gc.collect(), 0);
  assertEquals(seen.length, 4);
});

inBoth(
  "what a finalizer brings back lives on, with what it reaches",
  (scene) => {
    const { o, gc } = scene;
    const saved: number[] = [];
    let calls = 0;
    const type = withFinalizer(scene, "Phoenix", (op) => {
      calls++;
      o.incref(op);
      saved.push(op);
    });
    const [phoenix] = dropRingOf(scene, type, 1);
    const plain = UserType.create(o, scene.node);
    UserType.setRef(o, phoenix, OTHER, plain);
    o.decref(plain);
    assertEquals(gc.collect(), 0);
    assertEquals(saved, [phoenix]);
    assertEquals(o.refcnt(phoenix), 2);
    assertEquals(o.refcnt(plain), 1);
    assert(gc.isTracked(phoenix) && gc.isTracked(plain));
    assertEquals(gc.collect(), 0);
    o.decref(phoenix);
    assertEquals(gc.collect(), 2);
    assertEquals(calls, 1);
  },
);

inBoth("a resurrected ring does not keep another one", (scene) => {
  const { o, gc } = scene;
  const saved: number[] = [];
  const type = withFinalizer(scene, "Phoenix", (op) => {
    o.incref(op);
    saved.push(op);
  });
  dropRingOf(scene, type, 1);
  dropRing(scene, 7);
  assertEquals(gc.collect(), 7);
  o.decref(saved[0]);
  assertEquals(gc.collect(), 1);
});

inBoth("what dies by its count may be brought back, once", (scene) => {
  const { o } = scene;
  const saved: number[] = [];
  const type = withFinalizer(scene, "Phoenix", (op) => {
    o.incref(op);
    saved.push(op);
  });
  const op = UserType.create(o, type);
  o.decref(op);
  assertEquals(saved, [op]);
  assertEquals(o.refcnt(op), 1);
  assert(Tracking.isTracked(o, op));
  o.decref(op);
  assertEquals(saved, [op]);
});

inBoth("a finalizer may collect, allocate and drop", (scene) => {
  const { o, gc } = scene;
  const found: number[] = [];
  const type = withFinalizer(scene, "F", (op) => {
    found.push(gc.collect());
    dropRing(scene, 3);
    UserType.setRef(o, op, NEXT, 0);
  });
  dropRingOf(scene, type, 1);
  gc.collect();
  assertEquals(found, [0]);
  assertEquals(gc.collect(), 3);
});

inBoth("what a finalizer throws is printed, and nothing stops", (scene) => {
  const { gc } = scene;
  const type = withFinalizer(scene, "Thrower", () => {
    throw new Error("on purpose");
  });
  const ops = dropRingOf(scene, type, 2);
  const lines: string[] = [];
  const before = Debug.Stderr.redirect((text) => lines.push(text));
  assertEquals(gc.collect(), 2);
  Debug.Stderr.redirect(before);
  assertEquals(lines.length, 2);
  assertStringIncludes(
    lines.join(""),
    "Exception ignored in the finalizer of <Thrower object at " +
      `0x${ops[0].toString(16)}>: Error: on purpose`,
  );
});

inBoth("garbage whose finalizer is not known here is left alone", (scene) => {
  const { o, gc } = scene;
  let calls = 0;
  const type = withFinalizer(scene, "F", () => calls++);
  const [op] = dropRingOf(scene, type, 1);
  const ring = UserType.create(o, scene.node);
  UserType.setRef(o, op, OTHER, ring);
  o.decref(ring);
  const known = o.finalizers[type];
  delete o.finalizers[type];
  assertEquals(gc.collect(), 0);
  o.finalizers[type] = known;
  assertEquals(gc.collect(), 2);
  assertEquals(calls, 1);
});
