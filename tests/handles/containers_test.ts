/**
 * Handles of containers do what arrays, Maps and Sets do, or Python says.
 */

import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "npm:fast-check@4";
import type { PyList } from "../../mod.ts";
import { assertEmpty, inBoth } from "./scene.ts";

/** Does something to a list and to an array. */
type Act = (list: PyList, array: unknown[]) => void;

const atom = fc.oneof(fc.integer(), fc.string(), fc.constant(null));
const index = fc.integer({ min: -12, max: 12 });

/** Where `list.insert()` puts an item. */
function clamp(at: number, length: number): number {
  return Math.max(0, Math.min(at < 0 ? at + length : at, length));
}

const acts: fc.Arbitrary<Act> = fc.oneof(
  atom.map((value): Act => (list, array) => {
    list.append(value);
    array.push(value);
  }),
  fc.tuple(index, atom).map(([at, value]): Act => (list, array) => {
    const place = clamp(at, array.length);
    list.insert(at, value);
    array.splice(place, 0, value);
  }),
  fc.tuple(index, atom).map(([at, value]): Act => (list, array) => {
    if (array.at(at) === undefined) {
      assertThrows(() => list.set(at, value), RangeError);
    } else {
      list.set(at, value);
      array[at < 0 ? at + array.length : at] = value;
    }
  }),
  index.map((at): Act => (list, array) => {
    if (array.at(at) === undefined) {
      assertThrows(() => list.pop(at), RangeError);
    } else assertEquals(list.popJS(at), array.splice(at, 1)[0]);
  }),
  fc.array(atom).map((values): Act => (list, array) => {
    list.extend(values);
    array.push(...values);
  }),
  fc.tuple(index, index).map(([low, high]): Act => (list, array) => {
    using part = list.slice(low, high);
    assertEquals(part.toJS(), array.slice(low, high));
  }),
  fc.constant<Act>((list, array) => {
    list.reverse();
    array.reverse();
  }),
  fc.constant<Act>((list, array) => {
    list.clear();
    array.length = 0;
  }),
);

inBoth("A list does what an array does, seed 2", (heap) => {
  fc.assert(
    fc.property(fc.array(acts, { maxLength: 30 }), (program) => {
      using list = heap.from([] as unknown[]);
      const array: unknown[] = [];
      for (const act of program) {
        act(list, array);
        assertEquals(list.length, array.length);
      }
      assertEquals([...list], array);
    }),
    { numRuns: 150, seed: 2 },
  );
});

inBoth("Items of lists and tuples", (heap) => {
  using list = heap.from([1, [2.5]]);
  using tuple = heap.tuple(list.values());
  for (const it of [list, tuple]) {
    assertEquals(it.length, 2);
    assertEquals([it.getJS(0), it.getJS(-1)], [1, [2.5]]);
    assertEquals(it.at(2), undefined);
    assertEquals(it.at(0.5), undefined);
    const message = `of a ${it.typeName}: its length is 2`;
    assertThrows(() => it.get(2), RangeError, `item 2 ${message}`);
    assertThrows(() => it.getJS(-3), RangeError, `item -3 ${message}`);
    using last = it.get(-1);
    assertEquals(last.toJS(), [2.5]);
    const seen: unknown[] = [];
    for (using each of it.handles()) seen.push(each.toJS());
    assertEquals(seen, [1, [2.5]]);
    for (using _first of it.handles()) break;
    for (const _ of it) break;
  }
  assertThrows(() => tuple.hash(), TypeError, "which has no hash");
});

inBoth("A list that changes while it is gone through", (heap) => {
  using list = heap.from([1, 2, 3]);
  const seen: unknown[] = [];
  for (const each of list) {
    seen.push(each);
    if (seen.length < 3) list.pop().close();
  }
  assertEquals(seen, [1, 2]);
});

inBoth("extend() takes all or nothing", (heap) => {
  using list = heap.from([1]);
  using more = heap.from([2]);
  list.extend(more).extend(list).extend(new Set(["x"]));
  assertEquals(list.toJS(), [1, 2, 1, 2, "x"]);
  assertThrows(() => list.extend([7, () => 1]), TypeError, "value[1]");
  using text = heap.from("abc");
  assertThrows(() => list.extend(text as never), TypeError);
  assertEquals(list.length, 5);
});

inBoth("A list in itself", (heap) => {
  using list = heap.from([1]);
  list.append(list);
  const copy = list.toJS() as unknown[];
  assert(copy[1] === copy);
  list.clear();
});

inBoth("A dict does what a Map does", (heap) => {
  using dict = heap.from(new Map<unknown, unknown>());
  assertEquals(dict.size, 0);
  dict.set("a", 1).set(2, [3]).set(null, "n").set("a", 4);
  assertEquals(dict.size, 3);
  assertEquals([dict.has("a"), dict.has("b")], [true, false]);
  assertEquals([dict.getJS("a"), dict.getJS("b")], [4, undefined]);
  assertEquals([...dict.keys()], ["a", 2, null]);
  assertEquals([...dict.values()], [4, [3], "n"]);
  assertEquals([...dict], [["a", 4], [2, [3]], [null, "n"]]);
  assertEquals([dict.delete("a"), dict.delete("a")], [true, false]);
  using popped = dict.pop(2);
  assertEquals(popped?.toJS(), [3]);
  assertEquals(dict.pop(2), undefined);
  assertEquals(dict.get("x"), undefined);
  using first = dict.setDefault("d", [1]);
  using second = dict.setDefault("d", [2]);
  assert(first.is(second));
  dict.assign({ e: 5 }).assign(new Map([[6, 7]]));
  assertEquals([...dict.keys()], [null, "d", "e", 6]);
  for (const [key, value] of dict.handles()) {
    using _key = key;
    using _value = value;
    if (key.equals("d")) break;
  }
  dict.clear();
  assertEquals(dict.size, 0);
});

inBoth("Keys of a dict", (heap) => {
  using key = heap.tuple([1, "a"]);
  using same = heap.tuple([true, "a"]);
  using dict = heap.from(new Map<unknown, unknown>([[key, 1], [1, 2]]));
  assertEquals(dict.getJS(same), 1);
  assertEquals([dict.getJS(true), dict.getJS(1n)], [2, 2]);
  for (const bad of [[], {}, new Set()]) {
    assertThrows(() => dict.get(bad), TypeError, "has no hash");
    assertThrows(() => dict.set(bad, 1), TypeError, "has no hash");
    assertThrows(() => dict.has(bad), TypeError, "has no hash");
    assertThrows(() => dict.delete(bad), TypeError, "has no hash");
  }
  assertThrows(() => dict.assign([1]), TypeError);
  assertEquals(dict.size, 2);
});

inBoth("update() reads, computes and writes", (heap) => {
  using dict = heap.from({ n: [1] } as Record<string, unknown>);
  const result = dict.update("n", (it) => [...(it as number[]), 2], []);
  assertEquals([result, dict.getJS("n")], [[1, 2], [1, 2]]);
  dict.update("m", (it) => `${it}!`, "new");
  assertEquals(dict.getJS("m"), "new!");
  // Somebody changes the value meanwhile: it is computed again.
  let calls = 0;
  dict.update("n", (it) => {
    if (calls++ === 0) dict.set("n", [10]);
    return [...(it as number[]), 11];
  }, []);
  assertEquals([calls, dict.getJS("n")], [2, [10, 11]]);
  assertThrows(
    () =>
      dict.update("n", () => {
        throw new RangeError("mine");
      }, 0),
    RangeError,
    "mine",
  );
  assertThrows(() => dict.update("n", () => Symbol("s"), 0), TypeError);
  assertEquals(dict.getJS("n"), [10, 11]);
  dict.set("k", 1); // the section was ended
});

inBoth(
  "Keys that were used are kept until the last handle is closed",
  (heap) => {
    const text = "a key that is used again";
    {
      using dict = heap.from({} as Record<string, number>);
      for (let k = 0; k < 5000; k++) dict.set(`key ${k}`, k);
      dict.clear();
      dict.set(text, 1);
      for (let k = 0; k < 10; k++) {
        dict.update(text, (n) => (n as number) + 1, 0);
      }
      assertEquals(dict.getJS(text), 11);
      dict.set("x".repeat(65), 0); // too long to be kept
      assertEquals([...dict.keys()], [text, "x".repeat(65)]);
    }
    assertEquals(heap.openHandles, 0);
    assertEmpty(heap);
  },
);

inBoth("A set does what a Set does", (heap) => {
  using set = heap.from(new Set([1, 2]));
  set.add("x").add(1n).update([2, 3]);
  assertEquals(new Set(set), new Set([1, 2, "x", 3]));
  assertEquals([set.size, set.has(3), set.has(9)], [4, true, false]);
  assertEquals([set.delete("x"), set.delete("x")], [true, false]);
  using union = set.union([5]);
  using both = set.intersection(new Set([1, 5]));
  using rest = set.difference(both);
  using either = set.symmetricDifference([1, 9]);
  assertEquals(union.toJS(), new Set([1, 2, 3, 5]));
  assertEquals(both.toJS(), new Set([1]));
  assertEquals(rest.toJS(), new Set([2, 3]));
  assertEquals(either.toJS(), new Set([2, 3, 9]));
  assert(both.isSubsetOf(set) && set.isSupersetOf([1]));
  assert(both.isDisjointFrom(rest) && !set.isSubsetOf(both));
  assertThrows(() => set.add([]), TypeError, "has no hash");
  let count = 0;
  for (using _each of set.handles()) count++;
  for (using _first of set.handles()) break;
  assertEquals(count, 3);
  using popped = set.pop();
  assert(popped !== undefined);
  set.clear();
  assertEquals(set.pop(), undefined);
});

inBoth("A frozenset can be a key", (heap) => {
  using frozen = heap.frozenset([1, 2]);
  using same = heap.frozenset([2, 1]);
  assertEquals(frozen.typeName, "frozenset");
  assertEquals(frozen.hash(), same.hash());
  using dict = heap.from(new Map([[frozen, "f"]]));
  assertEquals(dict.getJS(same), "f");
  using union = frozen.union([3]);
  assertEquals(union.typeName, "frozenset");
  assertEquals(frozen.toJS(), new Set([1, 2]));
});

inBoth("A critical section of one object, and of two", (heap) => {
  using a = heap.from([1]);
  using b = heap.from({ x: 1 });
  assertEquals(heap.criticalSection(a, () => a.append(2).length), 2);
  const sum = heap.criticalSection(a, b, () => {
    b.set("y", 2);
    return heap.criticalSection(b, a, () => a.length + b.size);
  });
  assertEquals(sum, 4);
  assertEquals(heap.criticalSection(a, a, () => 5), 5);
  assertThrows(
    () =>
      heap.criticalSection(a, () => {
        throw new RangeError("mine");
      }),
    RangeError,
    "mine",
  );
  assertThrows(
    () => heap.criticalSection(a, () => Promise.resolve(1)),
    TypeError,
    "the function returned a promise",
  );
  const mine = heap.from([1]);
  heap.criticalSection(mine, () => mine.close());
  a.append(3);
});

inBoth("The collector by handles", (heap) => {
  using outer = heap.from([[1.5]]);
  using inner = outer.get(0);
  assert(heap.gc.isTracked(outer));
  assert(!heap.gc.isFinalized(outer));
  const [referrer, ...others] = heap.gc.getReferrers(inner);
  assert(referrer.is(outer) && others.length === 0);
  referrer.close();
  const [referent] = heap.gc.getReferents(outer);
  assert(referent.is(inner));
  referent.close();
  const all = heap.gc.getObjects();
  assert(all.some((each) => each.is(outer)));
  for (const each of all) each.close();
  assert(!heap.gc.isEnabled);
  assertThrows(() => heap.gc.collect(9), RangeError, "no generation 9");
  heap.gc.debug = 32;
  const ring = heap.from([]);
  ring.append(ring);
  ring.close();
  heap.gc.collect();
  const [garbage] = heap.gc.takeGarbage();
  heap.gc.debug = 0;
  assertEquals(garbage.typeName, "list");
  garbage.close();
});
