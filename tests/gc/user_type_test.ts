/** Types of programs: shared by name, and one shape for each. */

import {
  assert,
  assertEquals,
  assertNotEquals,
  assertThrows,
} from "@std/assert";
import { attach } from "../../mod.ts";
import { Dict, Protocol, UserType } from "../../src/objects/mod.ts";
import { inBoth, NEXT, NODE, nodeOf, objectsOf, OTHER } from "./heap.ts";

inBoth("define() finds the type that another worker has defined", (scene) => {
  const { heap, node } = scene;
  heap.threads.detach();
  const other = attach(heap.handle);
  const o = objectsOf(other);
  assertEquals(UserType.define(o, "Node", NODE), node);
  assertEquals(UserType.find(o, "Node"), node);
  assertEquals(UserType.find(o, "Nodes"), 0);
  assertNotEquals(UserType.define(o, "Nodes", NODE), node);
  for (
    const shape of [
      { fields: 4, refs: [NEXT, OTHER] },
      { fields: 3, refs: [NEXT] },
      { fields: 3, refs: [NEXT, 1] },
      { ...NODE, isGc: false },
      { ...NODE, finalize: () => {} },
    ]
  ) {
    assertThrows(
      () => UserType.define(o, "Node", shape),
      TypeError,
      'Cannot define the type "Node": the type of that name has another shape',
    );
  }
  other.close();
  heap.threads.attach();
});

inBoth("define() refuses what no object can be", ({ o }) => {
  for (const fields of [-1, 0.5, 5000, NaN]) {
    assertThrows(
      () => UserType.define(o, "T", { fields }),
      RangeError,
      `Cannot define the type "T" with ${fields} fields`,
    );
  }
  assertThrows(() => UserType.define(o, "", { fields: 1 }), RangeError);
  for (const refs of [[3], [-1], [1, 0], [1, 1], [0.5]]) {
    assertThrows(
      () => UserType.define(o, "T", { fields: 3, refs }),
      RangeError,
      'Cannot define the type "T"',
    );
  }
  assertEquals(UserType.find(o, "T"), 0);
});

inBoth("objects start with 0, and know their type", (scene) => {
  const { o, gc, node } = scene;
  const op = nodeOf(scene);
  assertEquals(o.typeOf(op), node);
  assert(gc.isTracked(op));
  for (let k = 0; k < 3; k++) assertEquals(o.i32[o.fields(op) + k], 0);
  assertEquals(Protocol.repr(o, op), `<Node object at 0x${op.toString(16)}>`);
  assertEquals(Protocol.sizeOf(o, op), o.head * 4 + 12);
  assertThrows(
    () => UserType.setRef(o, op, 1, op),
    RangeError,
    "Cannot use field 1 of",
  );
  o.decref(op);
});

inBoth("objects are keys by what they are, not by what they hold", (scene) => {
  const { o } = scene;
  const [a, b] = [nodeOf(scene), nodeOf(scene)];
  assertEquals(Protocol.hash(o, a), Protocol.hash(o, a));
  const dict = Dict.create(o);
  Dict.setItem(o, dict, a, b);
  assert(Dict.contains(o, dict, a));
  assert(!Dict.contains(o, dict, b));
  for (const op of [dict, a, b]) o.decref(op);
});

inBoth("objects of a type may have items, each its own number", (scene) => {
  const { o, gc } = scene;
  const type = UserType.define(o, "Row", {
    fields: 2,
    refs: [1],
    itemsize: 4,
    itemRefs: true,
    weakrefs: true,
  });
  const before = [nodeOf(scene), nodeOf(scene)];
  const row = UserType.create(o, type, 3);
  const empty = UserType.create(o, type);
  assertEquals([row, empty].map((op) => UserType.length(o, op)), [3, 0]);
  assertEquals(Protocol.sizeOf(o, row) - Protocol.sizeOf(o, empty), 12);
  UserType.setItem(o, row, 0, before[0]);
  UserType.setItem(o, row, 2, row);
  UserType.setRef(o, row, 1, before[1]);
  assertEquals(UserType.item(o, row, 0), before[0]);
  assertEquals(UserType.item(o, row, 1), 0);
  assertEquals(before.map((op) => o.refcnt(op)), [2, 2]);
  UserType.setItem(o, row, 0, before[1]);
  assertEquals(before.map((op) => o.refcnt(op)), [1, 3]);
  o.decref(row); // it is in itself
  assertEquals(gc.collect(), 1);
  assertEquals(before.map((op) => o.refcnt(op)), [1, 1]);
  for (const op of [empty, ...before]) o.decref(op);
});

inBoth("items that are no references are bytes of the program's", (scene) => {
  const { heap, o } = scene;
  const type = UserType.define(o, "Samples", {
    fields: 1,
    itemsize: 8,
    isGc: false,
  });
  const op = UserType.create(o, type, 5);
  const first = UserType.itemAt(o, op, 0);
  assertEquals(UserType.itemAt(o, op, 4) - first, 32);
  assertEquals(
    heap.i32.slice(first >>> 2, (first >>> 2) + 10),
    new Int32Array(10),
  );
  assertEquals(Protocol.sizeOf(o, op), o.head * 4 + 4 + 40);
  assertThrows(() => UserType.itemAt(o, op, 5), RangeError, "its length is 5");
  assertThrows(
    () => UserType.item(o, op, 0),
    RangeError,
    "whose items are none",
  );
  o.decref(op);
});

inBoth("items that there cannot be are refused", ({ o, node }) => {
  for (
    const shape of [
      { fields: 0, itemsize: 4 },
      { fields: 1, itemsize: 3 },
      { fields: 1, itemsize: -4 },
      { fields: 1, itemsize: 8, itemRefs: true },
      { fields: 2, refs: [0], itemsize: 4 },
    ]
  ) {
    assertThrows(
      () => UserType.define(o, "T", shape),
      RangeError,
      'Cannot define the type "T"',
    );
  }
  assertEquals(UserType.find(o, "T"), 0);
  assertThrows(
    () => UserType.create(o, node, 2),
    RangeError,
    "Cannot make an object of type Node with 2 items: the type has none",
  );
  const type = UserType.define(o, "Row", { fields: 1, itemsize: 4 });
  for (const count of [-1, 0.5, NaN]) {
    assertThrows(() => UserType.create(o, type, count), RangeError, "no count");
  }
  assertEquals(UserType.create(o, type, 2 ** 28), 0);
  assertThrows(
    () => UserType.define(o, "Row", { fields: 1, itemsize: 8 }),
    TypeError,
    "another shape",
  );
});

inBoth("setRef() counts both references", (scene) => {
  const { o } = scene;
  const [a, b, c] = [nodeOf(scene), nodeOf(scene), nodeOf(scene)];
  UserType.setRef(o, a, NEXT, b);
  assertEquals([o.refcnt(b), UserType.ref(o, a, NEXT)], [2, b]);
  UserType.setRef(o, a, NEXT, c);
  assertEquals([o.refcnt(b), o.refcnt(c)], [1, 2]);
  UserType.setRef(o, a, NEXT, c);
  assertEquals(o.refcnt(c), 2);
  o.decref(a);
  assertEquals(o.refcnt(c), 1);
  o.decref(b);
  o.decref(c);
});

inBoth("a long chain dies without recursion", (scene) => {
  const { o } = scene;
  let first = nodeOf(scene);
  for (let k = 0; k < 100_000; k++) {
    const op = nodeOf(scene);
    UserType.setRef(o, op, NEXT, first);
    o.decref(first);
    first = op;
  }
  o.decref(first);
});
