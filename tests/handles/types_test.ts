/**
 * Types that a program defines, their instances, finalizers, weak references.
 */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { f64, i64, type PyInstance, PyWeakref, u8 } from "../../mod.ts";
import { inBoth } from "./scene.ts";

/** Fields of each kind. */
const FIELDS = {
  tag: u8,
  x: f64,
  next: "object",
  n: i64,
  more: "object",
} as const;

inBoth("Fields hold what they are set to", (heap) => {
  using Node = heap.defineType({ name: "Node", fields: FIELDS });
  assertEquals([Node.name, Node.typeName], ["Node", "type"]);
  using node = Node.new({ tag: 7, x: 1.5, n: 2n ** 40n, next: [1] });
  assertEquals([node.get("tag"), node.get("x")], [7, 1.5]);
  assertEquals([node.get("n"), node.getJS("next")], [2n ** 40n, [1]]);
  assertEquals([node.get("more"), node.getJS("more")], [null, null]);
  node.set("x", -0).set("more", "text").set("tag", 255);
  assert(Object.is(node.get("x"), -0));
  using more = node.get("more");
  assertEquals([more?.toJS(), more?.refcount], ["text", 2]);
  node.set("more", null);
  assertEquals(more?.refcount, 1);
  assert(Node.isTypeOf(node) && !Node.isTypeOf(Node));
  assertEquals(node.typeName, "Node");
});

inBoth("Instances refer to each other, and are collected", (heap) => {
  using Node = heap.defineType({ name: "Node", fields: FIELDS });
  const a = Node.new();
  const b = Node.new({ next: a, more: a });
  assertEquals(a.refcount, 3);
  a.set("next", b);
  using same = a.get("next");
  assert(same?.is(b));
  for (const each of [a, b, same]) each?.close();
  assertEquals(heap.gc.collect(), 2);
});

inBoth("An instance in containers stays an instance", (heap) => {
  using Node = heap.defineType({ name: "Node", fields: FIELDS });
  using node = Node.new({ x: 4 });
  using list = heap.from([node]);
  using found = list.get(0) as PyInstance<typeof FIELDS>;
  assertEquals(found.get("x"), 4);
  assertThrows(() => list.toJS(), TypeError, "it is of type Node");
  using dict = heap.from({ node });
  using again = dict.get("node");
  assert(again?.is(node));
});

inBoth("Fields and types that there are not", (heap) => {
  using Node = heap.defineType({ name: "Node", fields: FIELDS });
  using node = Node.new();
  assertThrows(
    () => node.get("y" as "x"),
    TypeError,
    'Cannot get field "y" of a Node: there is none of that name',
  );
  assertThrows(() => node.set("toString" as "x", 1), TypeError, "Cannot set");
  assertThrows(() => Node.new({ y: 1 } as never), TypeError, "there is none");
  assertThrows(
    () => node.set("next", () => 1),
    TypeError,
    "Cannot store value: a function",
  );
  assertThrows(
    () => heap.defineType({ name: "Node", fields: { x: f64 } }),
    TypeError,
    "the type of that name has another shape",
  );
  assertThrows(() => heap.defineType({ name: "", fields: {} }), RangeError);
  assertThrows(
    () => heap.defineType({ name: 7 as never, fields: {} }),
    TypeError,
    "7 is no name",
  );
  assertThrows(
    () => heap.defineType({ name: "Bad", fields: { x: "f64" as "object" } }),
    TypeError,
  );
  using again = heap.defineType({ name: "Node", fields: FIELDS });
  assert(again.is(Node));
  using Empty = heap.defineType({ name: "Empty", fields: {} });
  using empty = Empty.new();
  assertEquals(empty.typeName, "Empty");
});

inBoth("A finalizer runs once, and may let the object live on", (heap) => {
  const seen: number[] = [];
  let kept: PyInstance<{ x: typeof f64; o: "object" }> | undefined;
  using Mortal = heap.defineType({
    name: "Mortal",
    fields: { x: f64, o: "object" },
    finalize(instance) {
      seen.push(instance.get("x"));
      if (instance.get("x") === 2) kept = instance.clone();
    },
  });
  Mortal.new({ x: 1 }).close();
  assertEquals(seen, [1]);
  Mortal.new({ x: 2 }).close();
  assertEquals([kept?.get("x"), kept?.refcount], [2, 1]);
  kept?.close();
  assertEquals(seen, [1, 2]);
  const ring = Mortal.new({ x: 3 });
  ring.set("o", ring);
  ring.close();
  heap.gc.collect();
  assertEquals(seen, [1, 2, 3]);
});

inBoth("A weak reference does not keep its object", (heap) => {
  using Thing = heap.defineType({
    name: "Thing",
    fields: { x: f64 },
    weakrefs: true,
  });
  const thing = Thing.new({ x: 1 });
  using ref = heap.weakref(thing);
  using same = heap.weakref(thing);
  assert(ref.is(same) && ref instanceof PyWeakref);
  assertEquals(thing.refcount, 1);
  {
    using found = ref.get();
    assert(found?.is(thing));
  }
  const told: boolean[] = [];
  using called = heap.weakref(thing, (mine) => {
    told.push(mine.isDead);
  });
  assertEquals(called.isDead, false);
  thing.close();
  heap.threads.safePoint();
  assertEquals(told, [true]);
  assertEquals([ref.get(), ref.isDead], [undefined, true]);
});

inBoth("What has no weak references", (heap) => {
  using list = heap.from([]);
  assertThrows(() => heap.weakref(list), TypeError);
  using Plain = heap.defineType({ name: "Plain", fields: { x: f64 } });
  using plain = Plain.new();
  assertThrows(() => heap.weakref(plain), TypeError);
  using set = heap.from(new Set());
  using ref = heap.weakref(set);
  using found = ref.get();
  assert(found?.is(set));
});
