/**
 * `set` and `frozenset`: keys without an order, each of them once.
 *
 * ## Threads
 *   Each function has the set to itself: by the GIL, or in a critical section;
 *   see `set/access.ts`. Lengths are read without it. References are dropped
 *   after the section, since objects that die may do anything. What a worker
 *   that stops leaves is whole, or the next one mends it: `set/table.ts`.
 *
 * Source: CPython 3.14 Objects/setobject.c.
 * Differs: there is no lookup without the mutex.
 *
 * @module
 */

import * as SetObject from "../layout/set_object.ts";
import * as SetTable from "../layout/set_table.ts";
import type { Address } from "../memory/mod.ts";
import * as Kinds from "./kinds.ts";
import * as List from "./list.ts";
import type { Objects, Slots, Visit } from "./objects.ts";
import * as Protocol from "./protocol.ts";
import * as Access from "./set/access.ts";
import * as Algebra from "./set/algebra.ts";
import * as Table from "./set/table.ts";
import * as Tracking from "./tracking.ts";
import * as Weakref from "./weakref.ts";

export {
  difference,
  intersection,
  isDisjoint,
  isSubset,
  symmetricDifference,
  union,
} from "./set/algebra.ts";

const { USED, HASH, TABLE } = SetObject;
const { FROZENSET, SET } = Kinds;
/** Instead of a hash that would be -1. */
const INSTEAD = 590923713;

/**
 * An empty set. C: `PySet_New()`.
 *
 * @returns Byte address, or 0 if no memory is left.
 */
export function create(o: Objects): Address {
  return Access.make(o, SET);
}

/**
 * A set of objects, which get one more reference each.
 *
 * @returns Byte address, or 0 if no memory is left.
 * @throws {TypeError} If one of them cannot be hashed.
 */
export function fromArray(o: Objects, items: ArrayLike<Address>): Address {
  return makeOf(o, SET, items);
}

/**
 * A set that never changes, of objects, which get one more reference each.
 * C: `PyFrozenSet_New()`.
 *
 * @returns Byte address, or 0 if no memory is left.
 * @throws {TypeError} If one of them cannot be hashed.
 */
export function createFrozen(o: Objects, items: ArrayLike<Address>): Address {
  return makeOf(o, FROZENSET, items);
}

/** A set of a kind and of objects, or 0. */
function makeOf(
  o: Objects,
  kind: number,
  items: ArrayLike<Address>,
): Address {
  const op = Access.make(o, kind);
  if (op === 0) return 0;
  let k = 0;
  try {
    while (k < items.length && addNew(o, op, items[k])) k++;
  } finally {
    if (k < items.length) o.decref(op);
  }
  return k < items.length ? 0 : op;
}

/** Adds a key to a set that nobody else knows of. */
function addNew(o: Objects, op: Address, key: Address): boolean {
  return Table.add(o, o.fields(op), key, Protocol.hash(o, key));
}

/**
 * Length. Keys. C: `PySet_Size()`.
 *
 * @throws {TypeError} If it is no set.
 */
export function length(o: Objects, op: Address): number {
  Access.requireAnySet(o, op, "read as a set");
  const at = o.fields(op) + USED;
  return o.isBiased ? Atomics.load(o.i32, at) : o.i32[at];
}

/**
 * Adds an object, which gets one more reference, unless one that equals it is
 * there. C: `PySet_Add()`.
 *
 * @returns False, and nothing has changed, if no memory is left.
 * @throws {TypeError} If it is no set, or a frozenset, or the object cannot be
 * hashed.
 */
export function add(o: Objects, op: Address, key: Address): boolean {
  o.requireKind(op, SET, "add to");
  const hash = Protocol.hash(o, key);
  const set = Access.begin(o, op);
  try {
    return Table.add(o, set, key, hash);
  } finally {
    Access.end(o, op);
  }
}

/** Hash of what may be a key; a set stands for the frozenset of its keys. */
function hashOfKey(o: Objects, key: Address): number {
  if (o.kindOf(key) !== SET) return Protocol.hash(o, key);
  const set = Access.begin(o, key);
  const hash = hashOfKeys(o, set);
  Access.end(o, key);
  return hash;
}

/**
 * Whether an object that equals another one is in a set. A set is looked for as
 * the frozenset of its keys. C: `PySet_Contains()`.
 *
 * @throws {TypeError} If it is no set, or the object cannot be hashed.
 */
export function contains(o: Objects, op: Address, key: Address): boolean {
  Access.requireAnySet(o, op, "search");
  const hash = hashOfKey(o, key);
  const set = Access.begin(o, op);
  try {
    return o.i32[Table.find(o, set, key, hash)] !== 0;
  } finally {
    Access.end(o, op);
  }
}

/**
 * Takes an object out. A set is looked for as the frozenset of its keys.
 * C: `PySet_Discard()`.
 *
 * @returns Whether it was there.
 * @throws {TypeError} If it is no set, or a frozenset, or the object cannot be
 * hashed.
 */
export function discard(o: Objects, op: Address, key: Address): boolean {
  o.requireKind(op, SET, "discard from");
  const hash = hashOfKey(o, key);
  const set = Access.begin(o, op);
  let there = 0;
  try {
    there = Table.discard(o, set, key, hash);
  } finally {
    Access.end(o, op);
  }
  if (there !== 0) o.decref(there);
  return there !== 0;
}

/**
 * Takes any object out; its reference is the caller's. C: `PySet_Pop()`.
 *
 * @returns Byte address, or 0 if there is none.
 * @throws {TypeError} If it is no set, or a frozenset.
 */
export function pop(o: Objects, op: Address): Address {
  o.requireKind(op, SET, "pop an object of");
  const set = Access.begin(o, op);
  const key = Table.pop(o, set);
  Access.end(o, op);
  return key;
}

/**
 * Drops all objects. C: `PySet_Clear()`.
 *
 * @throws {TypeError} If it is no set, or a frozenset.
 */
export function clear(o: Objects, op: Address): void {
  o.requireKind(op, SET, "clear");
  empty(o, op);
}

/** The same with a set of either kind. C: set_clear(). */
function empty(o: Objects, op: Address): void {
  const set = Access.begin(o, op);
  const keys = Table.clear(o, set);
  Access.end(o, op);
  for (const key of keys) o.decref(key);
}

/**
 * A set of the same keys; a frozenset is its own copy. Python: `copy()`.
 *
 * @returns Byte address, or 0 if no memory is left.
 * @throws {TypeError} If it is no set.
 */
export function copy(o: Objects, op: Address): Address {
  Access.requireAnySet(o, op, "copy");
  if (Access.isFrozen(o, op)) {
    o.incref(op);
    return op;
  }
  const made = create(o);
  if (made === 0) return 0;
  const set = Access.begin(o, op);
  const isWhole = Table.merge(o, o.fields(made), set);
  Access.end(o, op);
  if (isWhole) return made;
  o.decref(made);
  return 0;
}

/**
 * Adds all keys of another set of either kind. C: `_PySet_Update()`.
 *
 * @returns False if no memory is left; nothing has changed then, unless a
 * comparison let others change one of the sets meanwhile.
 * @throws {TypeError} If one of them is no set, or the first is a frozenset.
 */
export function update(o: Objects, op: Address, other: Address): boolean {
  o.requireKind(op, SET, "update");
  Access.requireAnySet(o, other, "update a set from");
  Access.begin2(o, op, other);
  try {
    return Table.merge(o, o.fields(op), o.fields(other));
  } finally {
    Access.end2(o, op, other);
  }
}

/**
 * Looks for a key from a position on. If the set is changed in between, keys
 * may come twice or not at all. C: `_PySet_NextEntryRef()`.
 *
 * @param position 0 at first, then what was returned.
 * @param found Gets the key; its reference is the caller's.
 * @returns The position behind it, or -1 if there are no more keys.
 * @throws {TypeError} If it is no set.
 * @throws {RangeError} If there is no such position.
 */
export function next(
  o: Objects,
  op: Address,
  position: number,
  found: { key: Address },
): number {
  Access.requireAnySet(o, op, "iterate over");
  if (!Number.isSafeInteger(position) || position < 0) {
    throw new RangeError(
      `Cannot iterate over a set from ${position}: it is no position`,
    );
  }
  const set = Access.begin(o, op);
  const k = Table.next(o, set, position);
  if (k >= 0) {
    found.key = o.i32[Table.entry(o, set, k)] >>> 0;
    o.incref(found.key);
  }
  Access.end(o, op);
  return k < 0 ? -1 : k + 1;
}

/** All keys, each with a reference of the caller's. */
function snapshot(o: Objects, op: Address): Address[] {
  const keys: Address[] = [];
  const set = Access.begin(o, op);
  for (let k = Table.next(o, set, 0); k >= 0; k = Table.next(o, set, k + 1)) {
    const key = o.i32[Table.entry(o, set, k)] >>> 0;
    o.incref(key);
    keys.push(key);
  }
  Access.end(o, op);
  return keys;
}

/**
 * A list of all keys. Python: `list(a)`.
 *
 * @returns Byte address, or 0 if no memory is left.
 * @throws {TypeError} If it is no set.
 */
export function items(o: Objects, op: Address): Address {
  Access.requireAnySet(o, op, "list the keys of");
  const keys = snapshot(o, op);
  const list = List.fromArray(o, keys);
  for (const key of keys) o.decref(key);
  return list;
}

/** Spreads the bits of a hash. C: _shuffle_bits(). */
function shuffled(hash: number): number {
  return Math.imul(hash ^ 89869747 ^ (hash << 16), 3644798167);
}

/** Hash that does not depend on the order of keys. C: frozenset_hash_impl(). */
function hashOfKeys(o: Objects, set: number): number {
  const { i32 } = o;
  let sum = 0;
  for (let k = Table.next(o, set, 0); k >= 0; k = Table.next(o, set, k + 1)) {
    sum ^= shuffled(i32[Table.entry(o, set, k) + SetTable.HASH]);
  }
  sum ^= Math.imul(i32[set + USED] + 1, 1927868237);
  sum ^= (sum >>> 11) ^ (sum >>> 25);
  sum = (Math.imul(sum, 69069) + 907133923) | 0;
  return sum === -1 ? INSTEAD : sum;
}

/** Hash of a frozenset, which is kept. */
function hash(o: Objects, op: Address): number {
  const set = o.fields(op);
  const known = o.i32[set + HASH]; // racy hint
  if (known !== -1) return known;
  const found = hashOfKeys(o, set);
  o.i32[set + HASH] = found;
  return found;
}

/** Drops the keys, and frees the set. C: set_dealloc(). */
function dealloc(o: Objects, op: Address): void {
  Tracking.untrack(o, op);
  Weakref.clearAll(o, op);
  const set = o.fields(op);
  traverse(o, op, (key) => o.decref(key));
  Table.free(o, set, o.i32[set + TABLE]);
  o.freeGc(op);
}

/** Visits the keys; nobody changes the set meanwhile. */
function traverse(o: Objects, op: Address, visit: Visit): void {
  const set = o.fields(op);
  for (let k = Table.next(o, set, 0); k >= 0; k = Table.next(o, set, k + 1)) {
    visit(o.i32[Table.entry(o, set, k)] >>> 0);
  }
}

/** True if two frozensets are known to have other hashes. */
function haveOtherHashes(o: Objects, a: Address, b: Address): boolean {
  if (!Access.isFrozen(o, a) || !Access.isFrozen(o, b)) return false;
  const left = o.i32[o.fields(a) + HASH]; // racy hint
  const right = o.i32[o.fields(b) + HASH]; // racy hint
  return left !== right && left !== -1 && right !== -1;
}

function equals(o: Objects, op: Address, other: Address): boolean {
  if (!Access.isAnySet(o, other)) return false;
  if (haveOtherHashes(o, op, other)) return false;
  return Algebra.equals(o, op, other);
}

/** Subsets are less. */
function compare(o: Objects, op: Address, other: Address): number {
  if (!Access.isAnySet(o, other)) Protocol.refuseOrder(o, op, other);
  const isBelow = Algebra.isSubset(o, op, other);
  const isAbove = Algebra.isSubset(o, other, op);
  if (!isBelow && !isAbove) return NaN;
  return Number(isAbove) - Number(isBelow);
}

/** The keys as Python prints them. */
function reprOfKeys(o: Objects, op: Address): string {
  const keys = snapshot(o, op);
  try {
    return keys.map((key) => Protocol.repr(o, key)).join(", ");
  } finally {
    for (const key of keys) o.decref(key);
  }
}

function repr(o: Objects, op: Address): string {
  const keys = reprOfKeys(o, op);
  if (Access.isFrozen(o, op)) {
    return keys === "" ? "frozenset()" : `frozenset({${keys}})`;
  }
  return keys === "" ? "set()" : `{${keys}}`;
}

/** Functions of both types, but for the hash. */
export const SLOTS: Slots = {
  dealloc,
  traverse,
  clear: empty,
  sizeOf: (o, op) =>
    (o.head + SetObject.SIZEOF) * 4 + Table.blockBytes(o, o.fields(op)),
  equals: (o, op, other) =>
    o.nested("compare a set", () => equals(o, op, other)),
  compare: (o, op, other) =>
    o.nested("compare a set", () => compare(o, op, other)),
  repr: (o, op) => o.nested("print a set", () => repr(o, op)),
};

/** Functions of frozensets. */
export const FROZEN_SLOTS: Slots = { ...SLOTS, hash };
