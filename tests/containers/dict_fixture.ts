/**
 * Dicts of tests: as maps of JavaScript, and programs of random changes.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import * as DictKeys from "../../src/layout/dict_keys.ts";
import * as DictObject from "../../src/layout/dict_object.ts";
import {
  Dict,
  List,
  Long,
  type Objects,
  Tuple,
  Unicode,
} from "../../src/objects/mod.ts";
import { DictKeys as Tables } from "../../src/objects/sharing/mod.ts";
import type { Prng } from "../helpers/prng.ts";
import { using } from "../objects/objects_fixture.ts";

/** A key, as tests name it: ints are numbers. */
export type Key = string | number;

/** A new object of a key. */
export function keyOf(o: Objects, key: Key): number {
  const op = typeof key === "string"
    ? Unicode.fromString(o, key)
    : Long.fromNumber(o, key);
  assert(op !== 0);
  return op;
}

/** Runs something with a key. */
export function withKey<T>(
  o: Objects,
  key: Key,
  run: (op: number) => T,
): T {
  return using(o, typeof key === "string" ? key : BigInt(key), run);
}

/** Gives a key a value; claims that there is memory. */
export function put(o: Objects, dict: number, key: Key, value: number): void {
  withKey(o, key, (op) => {
    withKey(o, value, (item) => assert(Dict.setItem(o, dict, op, item)));
  });
}

/** The value of a key, or undefined. */
export function valueOf(
  o: Objects,
  dict: number,
  key: Key,
): number | undefined {
  return withKey(o, key, (op) => numberOf(o, Dict.getItem(o, dict, op)));
}

/** Value of an int, whose reference is dropped; of 0 undefined. */
export function numberOf(o: Objects, op: number): number | undefined {
  if (op === 0) return undefined;
  const value = Long.toNumber(o, op);
  o.decref(op);
  return value;
}

/** What a key object says. */
function nameOf(o: Objects, op: number): Key {
  return o.nameOf(o.typeOf(op)) === "str"
    ? Unicode.toString(o, op)
    : Long.toNumber(o, op);
}

/** The items of a dict, in order. */
export function entriesOf(o: Objects, dict: number): [Key, number][] {
  const entries: [Key, number][] = [];
  const entry = new Dict.Entry();
  let position = Dict.next(o, dict, 0, entry);
  while (position >= 0) {
    entries.push([nameOf(o, entry.key), Long.toNumber(o, entry.value)]);
    o.decref(entry.key);
    o.decref(entry.value);
    position = Dict.next(o, dict, position, entry);
  }
  return entries;
}

/** A dict of ints. */
export function dictOf(
  o: Objects,
  entries: Iterable<readonly [Key, number]>,
): number {
  const dict = Dict.create(o);
  assert(dict !== 0);
  for (const [key, value] of entries) put(o, dict, key, value);
  return dict;
}

/** Table of a dict. Word index. */
export function tableOf(o: Objects, dict: number): number {
  return Tables.table(o.m, o.fields(dict));
}

/** Lanes of a dict's table. Count. */
export function lanesOf(o: Objects, dict: number): number {
  return 1 << Tables.logSize(o.i32, tableOf(o, dict));
}

/**
 * Claims that a table is what it should be: as many values as the dict says,
 * each found under its key and by one lane; entries to come are 0.
 */
export function assertWhole(o: Objects, dict: number): void {
  const { i32 } = o;
  const keys = tableOf(o, dict);
  const log = Tables.logSize(i32, keys);
  const lanes: number[] = [];
  for (let k = 0; k < 1 << log; k++) lanes.push(Tables.lane(i32, keys, k));
  const capacity = Tables.capacityOf(log);
  const appended = capacity - i32[keys + DictKeys.DK_USABLE];
  let values = 0;
  for (let k = 0; k < capacity; k++) {
    const at = Tables.keyAt(i32, keys, k);
    const hasValue = i32[at + 1] !== 0;
    const named = lanes.filter((lane) => lane === DictKeys.FIRST + k).length;
    assertEquals(named, hasValue ? 1 : 0, `lanes of entry ${k}`);
    if (hasValue) values++;
    else assertEquals(i32[at], 0);
    if (k >= appended) assertEquals(i32[at], 0, `entry ${k}`);
  }
  assertEquals(i32[o.fields(dict) + DictObject.MA_USED], values);
  assertEquals(Dict.length(o, dict), values);
}

/** One random change of a dict and of a map. */
export function change(
  o: Objects,
  dict: number,
  model: Map<Key, number>,
  random: Prng,
  keys: readonly Key[],
): void {
  const key = random.pick(keys);
  const value = 1000 + random.below(1000);
  switch (random.below(12)) {
    case 0:
    case 1:
    case 2:
    case 3:
    case 4:
      put(o, dict, key, value);
      model.set(key, value);
      break;
    case 5:
    case 6:
      withKey(o, key, (op) => {
        assertEquals(Dict.delItem(o, dict, op), model.delete(key));
      });
      break;
    case 7:
      withKey(o, key, (op) => {
        assertEquals(numberOf(o, Dict.pop(o, dict, op)), model.get(key));
        model.delete(key);
      });
      break;
    case 8:
      popLast(o, dict, model);
      break;
    case 9:
      setDefault(o, dict, model, key, value);
      break;
    case 10:
      assertEquals(valueOf(o, dict, key), model.get(key));
      break;
    case 11:
      withKey(o, key, (op) => {
        assertEquals(Dict.contains(o, dict, op), model.has(key));
      });
  }
}

function popLast(o: Objects, dict: number, model: Map<Key, number>): void {
  const last = [...model].at(-1);
  const pair = Dict.popItem(o, dict);
  if (last === undefined) assertEquals(pair, 0);
  else {
    assertEquals(nameOf(o, Tuple.item(o, pair, 0)), last[0]);
    assertEquals(Long.toNumber(o, Tuple.item(o, pair, 1)), last[1]);
    model.delete(last[0]);
    o.decref(pair);
  }
}

function setDefault(
  o: Objects,
  dict: number,
  model: Map<Key, number>,
  key: Key,
  value: number,
): void {
  withKey(o, key, (op) => {
    const item = Long.fromNumber(o, value);
    const found = Dict.setDefault(o, dict, op, item);
    if (!model.has(key)) model.set(key, value);
    assertEquals(numberOf(o, found), model.get(key));
    o.decref(item);
  });
}

/** The ints of a list, which is dropped. */
export function drainList(o: Objects, list: number): Key[] {
  const found: Key[] = [];
  for (let k = 0; k < List.length(o, list); k++) {
    const item = List.getItem(o, list, k);
    found.push(nameOf(o, item));
    o.decref(item);
  }
  o.decref(list);
  return found;
}
