/**
 * Dicts that lack memory, and dicts that a dead worker has left: what failed
 * has changed nothing, what was half done is whole to the next one.
 */

import { assert, assertEquals } from "@std/assert";
import * as DictObject from "../../src/layout/dict_object.ts";
import { Gc } from "../../src/gc/mod.ts";
import {
  Dict,
  FreeLists,
  None,
  type Objects,
  Protocol,
} from "../../src/objects/mod.ts";
import { DictKeys } from "../../src/objects/sharing/mod.ts";
import { eachBuild } from "../objects/objects_fixture.ts";
import {
  assertWhole,
  dictOf,
  entriesOf,
  keyOf,
  put,
  tableOf,
  withKey,
} from "./dict_fixture.ts";
import { sweep } from "./failures.ts";

const FULL = [["a", 1], ["b", 2], ["c", 3], ["d", 4], ["e", 5]] as const;

eachBuild(
  "A dict that lacks memory is as it was, and nothing leaks",
  (o, heap) => {
    const none = None.none(o);
    const key = keyOf(o, "f");
    const number = keyOf(o, 1000);
    const other = dictOf(o, [["b", 20], ["g", 7], ["h", 8], [9, 10]]);
    const more = dictOf(o, Array.from({ length: 30 }, (_, k) => [k, k]));
    let full = 0;
    let empty = 0;
    const attempts: [number, () => boolean | number][] = [
      [1, () => Dict.setItem(o, full, key, none)],
      [1, () => Dict.setItem(o, full, number, none)],
      [1, () => Dict.setItem(o, empty, key, none)],
      [1, () => Dict.setDefault(o, full, key, none)],
      [2, () => Dict.update(o, full, other)],
      [1, () => Dict.update(o, full, more)],
      [1, () => Dict.update(o, empty, other)],
      [1, () => Math.max(Dict.popItem(o, full), 0)],
      [2, () => Dict.copy(o, full)],
      [2, () => Dict.keys(o, full)],
      [2, () => Dict.values(o, full)],
      [7, () => Dict.items(o, full)],
      [1, () => Dict.create(o)],
    ];
    for (const [count, attempt] of attempts) {
      full = dictOf(o, FULL);
      empty = Dict.create(o);
      const failures = sweep(heap, o, () => {
        const before = Protocol.repr(o, full);
        const result = attempt();
        const isDone = result !== false && result !== 0;
        if (typeof result === "number" && isDone) o.decref(result);
        if (!isDone) {
          assertEquals(Protocol.repr(o, full), before);
          assertEquals(entriesOf(o, empty), []);
        }
        assertWhole(o, full);
        return isDone;
      });
      // Under the GIL a large block is asked for in two domains.
      assert(failures >= count, attempt.toString());
      o.decref(full);
      o.decref(empty);
    }
    for (const op of [key, number, other, more]) o.decref(op);
  },
);

eachBuild("An update that fails half-way is undone", (o, heap) => {
  // Four items have room, so that memory is asked for in the middle.
  const other = dictOf(o, [["a", 10], ["x", 1], ["y", 2], [5, 3], [6, 4]]);
  const dict = dictOf(o, FULL.slice(0, 3));
  for (const [key] of FULL.slice(0, 2)) {
    withKey(o, key, (op) => assert(Dict.delItem(o, dict, op)));
  }
  put(o, dict, "a", 1);
  const before = entriesOf(o, dict);
  const failures = sweep(heap, o, () => {
    const isDone = Dict.update(o, dict, other);
    if (!isDone) assertEquals(entriesOf(o, dict), before);
    assertWhole(o, dict);
    return isDone;
  });
  assert(failures > 0);
  assertEquals(
    Protocol.repr(o, dict),
    "{'c': 3, 'a': 10, 'x': 1, 'y': 2, 5: 3, 6: 4}",
  );
  o.decref(dict);
  o.decref(other);
});

eachBuild("No memory for the pair of popItem() is told", (o, heap) => {
  const dict = dictOf(o, FULL);
  let told = 0;
  sweep(heap, o, () => {
    const pair = Dict.popItem(o, dict);
    if (pair === Dict.NO_MEMORY) told++;
    else o.decref(pair);
    return pair !== Dict.NO_MEMORY;
  });
  assertEquals(told, 1);
  assertEquals(Dict.length(o, dict), 4);
  o.decref(dict);
});

/** The entry of a key. Word index. */
function entryAt(o: Objects, dict: number, index: number): number {
  return DictKeys.keyAt(o.i32, tableOf(o, dict), index);
}

eachBuild("A count left open is made anew by whoever comes", (o) => {
  const dict = dictOf(o, FULL);
  // As a worker leaves it that stops before the last line of an insertion.
  o.i32[o.fields(dict) + DictObject.MA_USED] = 4 | DictObject.BUSY;
  assertEquals(Dict.length(o, dict), 4);
  assertEquals(entriesOf(o, dict).length, 5);
  assertEquals(Dict.length(o, dict), 5);
  assertWhole(o, dict);
  o.decref(dict);
});

eachBuild("An entry left without a value is absent, and used again", (o) => {
  const dict = dictOf(o, FULL);
  const at = entryAt(o, dict, 1);
  const value = o.i32[at + 1];
  // As a worker leaves it that stops while it takes "b" out.
  o.i32[o.fields(dict) + DictObject.MA_USED] |= DictObject.BUSY;
  o.i32[at + 1] = 0;
  o.decref(value);
  withKey(o, "b", (key) => {
    assertEquals(Dict.getItem(o, dict, key), 0);
    assertEquals(Dict.contains(o, dict, key), false);
    assertEquals(Dict.delItem(o, dict, key), false);
  });
  const text = "{'a': 1, 'c': 3, 'd': 4, 'e': 5}";
  assertEquals(Protocol.repr(o, dict), text);
  assertEquals(Dict.length(o, dict), 4);
  const copy = Dict.copy(o, dict);
  put(o, dict, "b", 7);
  assertEquals(Dict.length(o, dict), 5);
  assertWhole(o, dict);
  assertEquals(Protocol.repr(o, copy), text);
  o.decref(copy);
  o.decref(dict);
});

eachBuild("The collector finds cycles through keys and values", (o) => {
  const gc = new Gc(o);
  gc.disable();
  const dict = dictOf(o, FULL);
  const other = Dict.create(o);
  withKey(o, "other", (key) => {
    assert(Dict.setItem(o, dict, key, other));
    assert(Dict.setItem(o, other, key, dict));
  });
  assertEquals(gc.collect(), 0);
  o.decref(other);
  assertEquals(gc.collect(), 0);
  assertEquals(Dict.length(o, dict), 6);
  o.decref(dict);
  assertEquals(gc.collect(), 2);
  FreeLists.clear(o);
});
