/**
 * Handles: whose they are, how they end, what they say.
 */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { inspect } from "node:util";
import {
  attach,
  createHeap,
  HandleError,
  PyList,
  type PyObject,
  ThreadStateError,
} from "../../mod.ts";
import { assertEmpty, inBoth } from "./scene.ts";

inBoth("A handle counts as one reference until it is closed", (heap) => {
  using list = heap.from([1.5]);
  const other = list.clone();
  assertEquals(list.refcount, 2);
  assertEquals(heap.openHandles, 2);
  assert(other.is(list) && other instanceof PyList);
  assert(!other.isClosed);
  other.close();
  other.close();
  assert(other.isClosed);
  assertEquals(list.refcount, 1);
  {
    using _block = list.clone();
    assertEquals(list.refcount, 2);
  }
  assertEquals(list.refcount, 1);
});

inBoth("A closed handle refuses, and says that it is closed", (heap) => {
  using keep = heap.from([]);
  const list = heap.from([1]);
  list.close();
  const attempts: [() => unknown, string][] = [
    [() => list.length, "Cannot read a list: the handle is closed"],
    [() => list.append(2), "Cannot append to a list: the handle is closed"],
    [() => list.get(0), "Cannot get an item of a list: the handle is closed"],
    [() => list.toJS(), "Cannot convert an object: the handle is closed"],
    [() => list.clone(), "Cannot clone a handle: the handle is closed"],
    [() => `${list}`, "Cannot print an object: the handle is closed"],
    [() => list.address, "Cannot tell an address: the handle is closed"],
    [() => keep.append(list), "Cannot append to a list: the handle is closed"],
    [() => keep.equals(list), "Cannot compare objects: the handle is closed"],
    [() => heap.from(list), "Cannot store a value: the handle is closed"],
    [() => heap.share(list), "Cannot share an object: the handle is closed"],
  ];
  for (const [attempt, message] of attempts) {
    assertThrows(attempt, HandleError, message);
  }
  assertEquals(keep.length, 0);
});

inBoth("A detached thread state refuses, and closes later", (heap) => {
  const list = heap.from([1.5, "text that is no char"]);
  heap.threads.detach();
  assertThrows(
    () => list.length,
    ThreadStateError,
    "Cannot read a list without an attached thread state",
  );
  assertThrows(() => heap.from(1), ThreadStateError, "Cannot store a value");
  assertThrows(() => heap.gc.collect(), ThreadStateError, "Cannot collect");
  assertEquals(Deno.inspect(list), "PyList (detached)");
  list.close();
  assert(list.isClosed);
  heap.threads.attach();
});

Deno.test("A closed heap refuses; its handles are closed", () => {
  for (const build of ["gil", "free-threaded"] as const) {
    using heap = createHeap({ build, maxBytes: 64 * 1024 * 1024 });
    const list = heap.from([[1.5]]);
    const ring = heap.from([]);
    ring.append(ring);
    heap.threads.detach();
    // Another thread state of the heap looks what is left.
    using other = attach(heap.handle);
    other.threads.detach();
    heap.threads.attach();
    ring.close();
    heap.gc.collect();
    heap.close();
    assert(list.isClosed);
    assertEquals(heap.openHandles, 0);
    list.close();
    assertThrows(
      () => list.append(1),
      ThreadStateError,
      "Cannot append to a list: the heap is closed",
    );
    assertThrows(
      () => heap.from(1),
      ThreadStateError,
      "Cannot store a value: the heap is closed",
    );
    other.threads.attach();
    assertEmpty(other);
  }
});

inBoth("A handle of another heap is refused", (heap) => {
  using other = createHeap({ maxBytes: 16 * 1024 * 1024 });
  const foreign = other.from([1]);
  using list = heap.from([0]);
  const message = "the handle is of another heap";
  assertThrows(() => list.append(foreign), HandleError, message);
  assertThrows(() => heap.from({ a: [foreign] }), HandleError, message);
  assertThrows(() => list.is(foreign), HandleError, message);
  assertThrows(() => heap.toJS(foreign), HandleError, message);
  assertThrows(() => heap.criticalSection(foreign, () => 1), HandleError);
  assertEquals(list.toJS(), [0]);
});

inBoth("What is no handle is refused", (heap) => {
  using list = heap.from([]);
  const forged = Object.create(PyList.prototype);
  for (const value of [undefined, null, 7, "x", {}, forged]) {
    assertThrows(
      () => heap.toJS(value as PyObject),
      HandleError,
      "is no handle",
    );
    assertThrows(() => list.is(value as PyObject), HandleError);
  }
  assertThrows(() => forged.length, TypeError);
  assertThrows(
    () => new PyList(null as never, 0),
    TypeError,
    "heap.from() makes them",
  );
});

inBoth("Consoles show the repr", (heap) => {
  const list = heap.from([1, 2.5, "a"]);
  assertEquals(Deno.inspect(list), "PyList [1, 2.5, 'a']");
  assertEquals(inspect(list), "PyList [1, 2.5, 'a']");
  list.close();
  assertEquals(Deno.inspect(list), "PyList (closed)");
  assertEquals(inspect(list), "PyList (closed)");
});

inBoth("Texts, as str() and repr() have them", (heap) => {
  const cases: [unknown, string, string][] = [
    ["it's", "it's", '"it\'s"'],
    [1, "1", "1"],
    [1e16, "1e+16", "1e+16"],
    [true, "True", "True"],
    [null, "None", "None"],
    [new Uint8Array([0, 65]), "b'\\x00A'", "b'\\x00A'"],
    [{ a: ["b"] }, "{'a': ['b']}", "{'a': ['b']}"],
  ];
  for (const [value, str, repr] of cases) {
    using handle = heap.from(value);
    assertEquals([handle.toString(), handle.repr()], [str, repr]);
  }
});

inBoth("Equality, order and hashes are Python's", (heap) => {
  using one = heap.from(1);
  using half = heap.from(0.5);
  using tuple = heap.tuple([1, "a"]);
  using list = heap.from([1]);
  assert(one.equals(1) && one.equals(1n) && one.equals(true));
  assert(!one.equals("1"));
  assert(list.equals([true]) && !list.equals([2]));
  assert(one.compare(2) < 0 && one.compare(half) > 0);
  assertThrows(() => one.compare("a"), TypeError, "they have no order");
  using float = heap.float(1);
  assertEquals(one.hash(), float.hash());
  using same = heap.tuple([1n, "a"]);
  assertEquals(tuple.hash(), same.hash());
  assertThrows(() => list.hash(), TypeError, "which has no hash");
});

inBoth("Values of numbers and text", (heap) => {
  using int = heap.from(7n);
  using large = heap.from(2n ** 64n);
  using float = heap.float(2);
  using complex = heap.complex(1, -2);
  using yes = heap.from(true);
  using text = heap.from("a𝄞");
  using bytes = heap.from(new Uint8Array([1, 2]));
  assertEquals(Number(int) + 1, 8);
  assertEquals(large.valueOf(), 2n ** 64n);
  assertEquals([int.toBigInt(), large.toNumber()], [7n, 2 ** 64]);
  assertEquals([float.typeName, float.valueOf()], ["float", 2]);
  assertEquals([complex.real, complex.imag], [1, -2]);
  assertEquals(yes.valueOf(), true);
  assertEquals([text.length, text.codePointAt(1)], [2, 0x1d11e]);
  assertEquals([bytes.length, bytes.get(1)], [2, 2]);
  assertThrows(() => bytes.get(2), RangeError, "Cannot get item 2 of a bytes");
  assertThrows(() => text.codePointAt(9), RangeError);
  assertThrows(() => heap.float("1" as never), TypeError);
});

inBoth("None costs nothing and is one object", (heap) => {
  using a = heap.from(null);
  using b = heap.from(undefined);
  assert(a.is(b));
  assertEquals(a.toJS(), null);
});
