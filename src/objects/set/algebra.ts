/**
 * Sets from sets, and questions about two of them.
 *
 * ## Threads
 *   A section with both sets. A comparison of keys may suspend it, and others
 *   may change them then: the answer is that of some mixture. A worker that
 *   stops leaks the set that it was making.
 *
 * Source: CPython 3.14 Objects/setobject.c: set_or(), set_intersection(),
 * set_difference(), set_symmetric_difference(), set_issubset_impl(),
 * set_isdisjoint_impl(), set_richcompare().
 *
 * @module
 */

import * as SetObject from "../../layout/set_object.ts";
import * as SetTable from "../../layout/set_table.ts";
import type { Address } from "../../memory/mod.ts";
import type { Objects } from "../objects.ts";
import * as Access from "./access.ts";
import * as Table from "./table.ts";

const { USED } = SetObject;
const { HASH } = SetTable;

/** Fills the set `result` from two others. False if no memory is left. */
type Fill = (o: Objects, result: number, a: number, b: number) => boolean;

/** A set of the kind of `a` that is made of two others, or 0. */
function combine(
  o: Objects,
  attempt: string,
  a: Address,
  b: Address,
  fill: Fill,
): Address {
  Access.requireAnySet(o, a, attempt);
  Access.requireAnySet(o, b, attempt);
  const op = Access.make(o, o.kindOf(a));
  if (op === 0) return 0;
  let isWhole = false;
  Access.begin2(o, a, b);
  try {
    isWhole = fill(o, o.fields(op), o.fields(a), o.fields(b));
  } finally {
    Access.end2(o, a, b);
    if (!isWhole) o.decref(op);
  }
  return isWhole ? op : 0;
}

/** Adds the keys of a set that are, or are not, in another one. */
function select(
  o: Objects,
  result: number,
  from: number,
  by: number,
  isWanted: boolean,
): boolean {
  const { i32 } = o;
  for (let k = Table.next(o, from, 0); k >= 0; k = Table.next(o, from, k + 1)) {
    const at = Table.entry(o, from, k);
    const key = i32[at] >>> 0;
    const hash = i32[at + HASH];
    if (has(o, by, key, hash) !== isWanted) continue;
    if (!Table.addHeld(o, result, key, hash)) return false;
  }
  return true;
}

/** Whether a key, which its set may lose meanwhile, is in another one. */
function has(
  o: Objects,
  set: number,
  key: Address,
  hash: number,
): boolean {
  o.incref(key);
  try {
    return o.i32[Table.find(o, set, key, hash)] !== 0;
  } finally {
    o.decref(key);
  }
}

function fillUnion(o: Objects, result: number, a: number, b: number): boolean {
  if (!Table.merge(o, result, a)) return false;
  return a === b || Table.merge(o, result, b);
}

function fillCommon(o: Objects, result: number, a: number, b: number): boolean {
  if (a === b) return Table.merge(o, result, a);
  const isLess = o.i32[a + USED] < o.i32[b + USED];
  return isLess ? select(o, result, a, b, true) : select(o, result, b, a, true);
}

function fillRest(o: Objects, result: number, a: number, b: number): boolean {
  if (o.i32[a + USED] >> 2 <= o.i32[b + USED]) {
    return select(o, result, a, b, false);
  }
  return Table.merge(o, result, a) && toggle(o, result, b, false);
}

function fillEither(o: Objects, result: number, a: number, b: number): boolean {
  return Table.merge(o, result, b) && toggle(o, result, a, true);
}

/** Takes the keys of another set out of a set, or may add those not there. */
function toggle(
  o: Objects,
  result: number,
  from: number,
  isAdding: boolean,
): boolean {
  const { i32 } = o;
  for (let k = Table.next(o, from, 0); k >= 0; k = Table.next(o, from, k + 1)) {
    const at = Table.entry(o, from, k);
    const key = i32[at] >>> 0;
    const hash = i32[at + HASH];
    if (discardHeld(o, result, key, hash) || !isAdding) continue;
    if (!Table.addHeld(o, result, key, hash)) return false;
  }
  return true;
}

/** Takes a key out, which its own set may lose meanwhile. */
function discardHeld(
  o: Objects,
  set: number,
  key: Address,
  hash: number,
): boolean {
  o.incref(key);
  try {
    const there = Table.discard(o, set, key, hash);
    if (there !== 0) o.decref(there);
    return there !== 0;
  } finally {
    o.decref(key);
  }
}

/**
 * A set of the keys of both, of the kind of the first. Python: `a | b`.
 *
 * @returns Byte address, or 0 if no memory is left.
 * @throws {TypeError} If one of them is no set.
 */
export function union(o: Objects, a: Address, b: Address): Address {
  return combine(o, "unite", a, b, fillUnion);
}

/**
 * A set of the keys that both have, of the kind of the first. Python: `a & b`.
 *
 * @returns Byte address, or 0 if no memory is left.
 * @throws {TypeError} If one of them is no set.
 */
export function intersection(o: Objects, a: Address, b: Address): Address {
  return combine(o, "intersect", a, b, fillCommon);
}

/**
 * A set of the keys of the first that the other has not, of the kind of the
 * first. Python: `a - b`.
 *
 * @returns Byte address, or 0 if no memory is left.
 * @throws {TypeError} If one of them is no set.
 */
export function difference(o: Objects, a: Address, b: Address): Address {
  return combine(o, "subtract", a, b, fillRest);
}

/**
 * A set of the keys that one of them has and the other has not, of the kind of
 * the first. Python: `a ^ b`.
 *
 * @returns Byte address, or 0 if no memory is left.
 * @throws {TypeError} If one of them is no set.
 */
export function symmetricDifference(
  o: Objects,
  a: Address,
  b: Address,
): Address {
  return combine(o, "take the symmetric difference of", a, b, fillEither);
}

/** Answers a question about the fields of two sets. */
type Answer = (o: Objects, a: number, b: number) => boolean;

/** Runs a question in a section with both. */
function ask(o: Objects, a: Address, b: Address, answer: Answer): boolean {
  Access.begin2(o, a, b);
  try {
    return answer(o, o.fields(a), o.fields(b));
  } finally {
    Access.end2(o, a, b);
  }
}

/** Whether some key of a set is, or is not, in another one. */
function some(o: Objects, from: number, by: number, isIn: boolean): boolean {
  const { i32 } = o;
  for (let k = Table.next(o, from, 0); k >= 0; k = Table.next(o, from, k + 1)) {
    const at = Table.entry(o, from, k);
    if (has(o, by, i32[at] >>> 0, i32[at + HASH]) === isIn) return true;
  }
  return false;
}

function isWithin(o: Objects, a: number, b: number): boolean {
  return o.i32[a + USED] <= o.i32[b + USED] && !some(o, a, b, false);
}

function isApart(o: Objects, a: number, b: number): boolean {
  if (a === b) return o.i32[a + USED] === 0;
  const isLess = o.i32[a + USED] < o.i32[b + USED];
  return isLess ? !some(o, a, b, true) : !some(o, b, a, true);
}

function isEqual(o: Objects, a: number, b: number): boolean {
  return o.i32[a + USED] === o.i32[b + USED] && isWithin(o, a, b);
}

/**
 * Whether each key of `a` is in `b`. Python: `a <= b`.
 *
 * @throws {TypeError} If one of them is no set.
 */
export function isSubset(o: Objects, a: Address, b: Address): boolean {
  Access.requireAnySet(o, a, "compare");
  Access.requireAnySet(o, b, "compare");
  return ask(o, a, b, isWithin);
}

/**
 * Whether no key of `a` is in `b`. Python: `a.isdisjoint(b)`.
 *
 * @throws {TypeError} If one of them is no set.
 */
export function isDisjoint(o: Objects, a: Address, b: Address): boolean {
  Access.requireAnySet(o, a, "compare");
  Access.requireAnySet(o, b, "compare");
  return ask(o, a, b, isApart);
}

/** Whether two sets have the same keys. */
export function equals(o: Objects, a: Address, b: Address): boolean {
  return a === b || ask(o, a, b, isEqual);
}
