/**
 * Dicts: contents and order against maps of JavaScript, references, errors.
 */

import { assert, assertEquals, assertThrows } from "@std/assert";
import * as DictObject from "../../src/layout/dict_object.ts";
import * as FreeThreaded from "../../src/layout/object_free_threaded.ts";
import * as Layout from "../../src/layout/memory_map.ts";
import {
  Dict,
  FreeLists,
  List,
  Long,
  None,
  type Objects,
  Protocol,
  Sets,
  Tuple,
  Unicode,
} from "../../src/objects/mod.ts";
import { Prng } from "../helpers/prng.ts";
import {
  eachBuild,
  make,
  using,
  type Value,
} from "../objects/objects_fixture.ts";
import {
  assertWhole,
  change,
  dictOf,
  drainList,
  entriesOf,
  type Key,
  put,
  valueOf,
  withKey,
} from "./dict_fixture.ts";

Deno.test("EMPTY_KEYS names words that are 0 for ever", () => {
  assertEquals(DictObject.EMPTY_KEYS, Layout.NULL_RINGS * 4);
  assertEquals(DictObject.EMPTY_KEYS & DictObject.ADDRESS, 1024);
});

const NAMES: readonly Key[] = Array.from({ length: 40 }, (_, k) => `name ${k}`);
const NUMBERS: readonly Key[] = Array.from({ length: 40 }, (_, k) => k * 32);
// Hashes of 0 and of 2^31 - 1, and of -1 and -2, are the same.
const MIXED: readonly Key[] = [...NAMES.slice(0, 9), 0, 2 ** 31 - 1, -1, -2, 8];

for (const [name, keys] of Object.entries({ NAMES, NUMBERS, MIXED })) {
  eachBuild(`Dicts of ${name} do what maps do, seeds 1 to 20`, (o) => {
    for (let seed = 1; seed <= 20; seed++) {
      const random = new Prng(seed);
      const dict = Dict.create(o);
      const model = new Map<Key, number>();
      for (let k = 0; k < 250; k++) {
        change(o, dict, model, random, keys);
        if (k % 25 === 0) assertWhole(o, dict);
      }
      assertEquals(entriesOf(o, dict), [...model]);
      assertWhole(o, dict);
      const copy = Dict.copy(o, dict);
      assertWhole(o, copy);
      assert(Protocol.equals(o, copy, dict));
      Dict.clear(o, dict);
      assertEquals(entriesOf(o, dict), []);
      assertEquals(entriesOf(o, copy), [...model]);
      o.decref(copy);
      o.decref(dict);
    }
  });
}

eachBuild("A key that is deleted comes last when it is put in again", (o) => {
  const dict = dictOf(o, [["a", 1], ["b", 2], ["c", 3]]);
  put(o, dict, "a", 4);
  withKey(o, "b", (key) => assert(Dict.delItem(o, dict, key)));
  put(o, dict, "b", 5);
  assertEquals(entriesOf(o, dict), [["a", 4], ["c", 3], ["b", 5]]);
  assertEquals(drainList(o, Dict.keys(o, dict)), ["a", "c", "b"]);
  assertEquals(drainList(o, Dict.values(o, dict)), [4, 3, 5]);
  const items = Dict.items(o, dict);
  assertEquals(Protocol.repr(o, items), "[('a', 4), ('c', 3), ('b', 5)]");
  o.decref(items);
  o.decref(dict);
});

eachBuild("Equal keys of other types are the same key", (o) => {
  const dict = dictOf(o, [[1, 1000]]);
  using(o, { float: 1 }, (key) => {
    assertEquals(
      Long.toNumber(o, using(o, true, (t) => drop(o, dict, t))),
      1000,
    );
    assert(Dict.setItem(o, dict, key, None.none(o)));
  });
  // The key that came first stays.
  assertEquals(Protocol.repr(o, dict), "{1: None}");
  o.decref(dict);
});

/** Value of a key that stays in the dict. */
function drop(o: Objects, dict: number, key: number): number {
  const value = Dict.getItem(o, dict, key);
  o.decref(value);
  return value;
}

eachBuild("Keys of all types that have a hash", (o) => {
  const dict = Dict.create(o);
  const values: Value[] = [null, 2n ** 70n, "text", "\u{1f600}", [1n, ["x"]]];
  values.push({ float: 0.5 }, { real: 1, imag: 2 }, new Uint8Array([1, 2]));
  for (const value of values) {
    using(o, value, (key) => assert(Dict.setItem(o, dict, key, key)));
  }
  for (const value of values) {
    using(o, value, (key) => {
      using(o, value, (other) => {
        const found = Dict.getItem(o, dict, key);
        assert(Protocol.equals(o, found, other));
        o.decref(found);
      });
    });
  }
  assertEquals(Dict.length(o, dict), values.length);
  assertWhole(o, dict);
  o.decref(dict);
});

eachBuild("References of keys and values come and go with a dict", (o) => {
  const key = Unicode.fromString(o, "a key");
  const value = Long.fromNumber(o, 5000);
  const counts = () => [o.refcnt(key), o.refcnt(value)];
  const dict = Dict.create(o);
  Dict.setItem(o, dict, key, value);
  assertEquals(counts(), [2, 2]);
  Dict.setItem(o, dict, key, value);
  assertEquals(counts(), [2, 2]);
  const copy = Dict.copy(o, dict);
  assert(Dict.update(o, copy, dict));
  assertEquals(counts(), [3, 3]);
  const found = Dict.setDefault(o, dict, key, dict);
  assertEquals(found, value);
  o.decref(found);
  assertEquals(Dict.pop(o, copy, key), value);
  assertEquals(counts(), [2, 3]);
  o.decref(value);
  o.decref(copy);
  for (let k = 0; k < 20; k++) put(o, dict, `more ${k}`, k);
  assertEquals(counts(), [2, 2]);
  const pairs = Dict.items(o, dict);
  assertEquals(counts(), [3, 3]);
  o.decref(pairs);
  assert(Dict.delItem(o, dict, key));
  assertEquals(counts(), [1, 1]);
  for (const op of [dict, key, value]) o.decref(op);
});

eachBuild("Dict.update() puts in what is new, and keeps the order", (o) => {
  const dict = dictOf(o, [["a", 1], ["b", 2]]);
  const other = dictOf(o, [["b", 20], ["c", 30], [4, 40]]);
  assert(Dict.update(o, dict, other));
  assertEquals(entriesOf(o, dict), [["a", 1], ["b", 20], ["c", 30], [4, 40]]);
  assert(Dict.update(o, dict, dict));
  assertEquals(Dict.length(o, dict), 4);
  assertWhole(o, dict);
  o.decref(dict);
  o.decref(other);
});

eachBuild("Dict.popItem() takes the last one, until there is none", (o) => {
  const dict = dictOf(o, [["a", 1], ["b", 2]]);
  for (const text of ["('b', 2)", "('a', 1)"]) {
    const pair = Dict.popItem(o, dict);
    assertEquals(Protocol.repr(o, pair), text);
    o.decref(pair);
    assertWhole(o, dict);
  }
  assertEquals(Dict.popItem(o, dict), 0);
  put(o, dict, "c", 3);
  assertEquals(entriesOf(o, dict), [["c", 3]]);
  assertWhole(o, dict);
  o.decref(dict);
});

eachBuild("Dicts print and compare as Python's", (o) => {
  const dict = dictOf(o, [["a", 1], [2, 3]]);
  assertEquals(Protocol.repr(o, dict), "{'a': 1, 2: 3}");
  const other = dictOf(o, [[2, 3], ["a", 1]]);
  assert(Protocol.equals(o, dict, other));
  put(o, other, "a", 2);
  assert(!Protocol.equals(o, dict, other));
  withKey(o, "a", (key) => Dict.delItem(o, other, key));
  assert(!Protocol.equals(o, dict, other));
  put(o, other, "b", 1);
  assert(!Protocol.equals(o, dict, other));
  assert(!Protocol.equals(o, dict, None.none(o)));
  assertThrows(() => Protocol.compare(o, dict, other), TypeError, "no order");
  assertThrows(() => Protocol.hash(o, dict), TypeError, "has no hash");
  o.decref(dict);
  o.decref(other);
});

eachBuild("A dict in itself prints as {...}, and can be broken up", (o) => {
  const dict = dictOf(o, [["a", 1]]);
  const list = List.fromArray(o, [dict]);
  withKey(o, "me", (key) => Dict.setItem(o, dict, key, dict));
  withKey(o, "in", (key) => Dict.setItem(o, dict, key, list));
  const text = "{'a': 1, 'me': {...}, 'in': [{...}]}";
  assertEquals(Protocol.repr(o, dict), text);
  assertEquals(Protocol.repr(o, dict), text);
  o.decref(list);
  Dict.clear(o, dict);
  assertEquals(o.refcnt(dict), 1);
  o.decref(dict);
});

eachBuild("At most 80 dicts and 80 tables are kept for the next ones", (o) => {
  const dicts = Array.from({ length: 100 }, () => dictOf(o, [["a", 1]]));
  for (const dict of dicts) o.decref(dict);
  assertEquals(o.i32[o.lists + FreeLists.DICTS + 1], 80);
  assertEquals(o.i32[o.lists + FreeLists.KEYS + 1], 80);
  const again = dictOf(o, [["b", 2]]);
  assert(dicts.includes(again));
  assertEquals(entriesOf(o, again), [["b", 2]]);
  assertWhole(o, again);
  assertEquals(o.i32[o.lists + FreeLists.KEYS + 1], 79);
  o.decref(again);
  // A table of keys of any type is none of them.
  o.decref(dictOf(o, [[1, 2]]));
  assertEquals(o.i32[o.lists + FreeLists.KEYS + 1], 80);
});

eachBuild(
  "replaceItem() replaces what the caller has seen, and nothing else",
  (o) => {
    const dict = Dict.create(o);
    const values = [1000, 2000, 3000].map((value) => Long.fromNumber(o, value));
    const [a, b, c] = values;
    for (const key of ["name", 7] as const) {
      withKey(o, key, (op) => {
        assertEquals(Dict.replaceItem(o, dict, op, a, b), Dict.CHANGED);
        assert(!Dict.contains(o, dict, op));
        assertEquals(Dict.replaceItem(o, dict, op, 0, a), Dict.REPLACED);
        assertEquals(Dict.replaceItem(o, dict, op, 0, b), Dict.CHANGED);
        assertEquals(Dict.replaceItem(o, dict, op, c, b), Dict.CHANGED);
        assertEquals(valueOf(o, dict, key), 1000);
        assertEquals(Dict.replaceItem(o, dict, op, a, b), Dict.REPLACED);
        assertEquals(valueOf(o, dict, key), 2000);
        assert(Dict.delItem(o, dict, op));
      });
      assertEquals(values.map((op) => o.refcnt(op)), [1, 1, 1]);
    }
    for (const op of [dict, ...values]) o.decref(op);
  },
);

eachBuild("Wrong objects are refused and change nothing", (o) => {
  const dict = dictOf(o, [["a", 1]]);
  const list = List.create(o);
  const none = None.none(o);
  const entry = new Dict.Entry();
  const hashless = Tuple.pack(o, list);
  const attempts: [() => unknown, string][] = [
    [() => Dict.length(o, none), "Cannot read as a dict 0x"],
    [() => Dict.getItem(o, none, none), "Cannot get an item of 0x"],
    [() => Dict.setItem(o, list, none, none), "Cannot set an item of 0x"],
    [() => Dict.setDefault(o, list, none, none), "Cannot set an item of 0x"],
    [() => Dict.delItem(o, list, none), "Cannot delete an item of 0x"],
    [() => Dict.pop(o, list, none), "Cannot pop an item of 0x"],
    [() => Dict.popItem(o, list), "Cannot pop an item of 0x"],
    [() => Dict.contains(o, list, none), "Cannot look for a key in 0x"],
    [() => Dict.clear(o, list), "Cannot clear 0x"],
    [() => Dict.copy(o, list), "Cannot copy 0x"],
    [() => Dict.update(o, list, dict), "Cannot update 0x"],
    [() => Dict.update(o, dict, list), "Cannot update a dict with 0x"],
    [() => Dict.keys(o, list), "Cannot list the keys of 0x"],
    [() => Dict.values(o, list), "Cannot list the values of 0x"],
    [() => Dict.items(o, list), "Cannot list the items of 0x"],
    [() => Dict.next(o, list, 0, entry), "Cannot go through 0x"],
    [() => Dict.getItem(o, dict, list), "Cannot hash 0x"],
    [() => Dict.setItem(o, dict, list, none), "which has no hash"],
    [() => Dict.setItem(o, dict, hashless, none), "which has no hash"],
    [() => Dict.delItem(o, dict, dict), "it is of type dict, which has no"],
    [() => Dict.getItem(o, dict, 0), "Cannot hash 0x0: it is NULL"],
    [() => Dict.setItem(o, dict, none, 0), "to 0x0: it is NULL"],
    [() => Dict.getItem(o, 0, none), "it is NULL"],
  ];
  for (const [attempt, text] of attempts) {
    assertThrows(attempt, TypeError, text);
  }
  for (const position of [-1, 0.5, NaN, 2 ** 32]) {
    assertThrows(
      () => Dict.next(o, dict, position, entry),
      RangeError,
      `Cannot go through a dict from ${position}: it is no position`,
    );
  }
  assertEquals(Dict.next(o, dict, 5, entry), -1);
  assertEquals(Protocol.repr(o, dict), "{'a': 1}");
  assertEquals([entry.key, entry.value], [0, 0]);
  if (o.isBiased) {
    assertEquals(o.i32[(dict >>> 2) + FreeThreaded.X_OB_MUTEX], 0);
  }
  for (const op of [dict, list, hashless]) o.decref(op);
});

eachBuild("Keys that are nested too deep leave no section behind", (o) => {
  const dict = Dict.create(o);
  const deep = [0, 0].map(() => {
    let op = make(o, []);
    for (let k = 0; k < 900; k++) {
      const outer = Tuple.pack(o, op);
      o.decref(op);
      op = outer;
    }
    const set = Sets.createFrozen(o, [op]);
    o.decref(op);
    // From then on the hash is known, and nothing is nested to have it.
    Protocol.hash(o, set);
    return set;
  });
  assert(Dict.setItem(o, dict, deep[0], dict));
  let run = () => Dict.getItem(o, dict, deep[1]);
  for (let k = 0; k < 200; k++) {
    const inner = run;
    run = () => o.nested("nest", inner);
  }
  const count = o.refcnt(deep[0]);
  assertThrows(run, RangeError, "nested deeper than");
  assertEquals(o.refcnt(deep[0]), count);
  put(o, dict, "after", 1);
  assertEquals(valueOf(o, dict, "after"), 1);
  if (o.isBiased) {
    assertEquals(o.i32[(dict >>> 2) + FreeThreaded.X_OB_MUTEX], 0);
  }
  Dict.clear(o, dict);
  for (const op of [...deep, dict]) o.decref(op);
});
