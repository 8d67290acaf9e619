/**
 * `dict`: values by their keys, in the order in which the keys came.
 *
 * ```text
 *   dict.ts            what programs call, and the functions of the type
 *   dict/section.ts    alone with a dict
 *   dict/lookup.ts     the entry of a key, with and without the lock
 *   dict/changes.ts    put in, taken out, merged
 *   dict/items.ts      all items
 *   dict/table.ts      tables: made, copied, replaced, freed
 *   sharing/dict_…     what stands in a table, word by word
 * ```
 *
 * ## Threads
 *   Who changes a dict has it to itself: by the GIL, or by the mutex of the
 *   object. In the free-threaded build values are read without it, see
 *   `sharing/dict_reads.ts`. References are dropped after the mutex was given
 *   back, since objects that die may do anything. A worker that stops leaves a
 *   dict that is whole, see `sharing/dict_keys.ts`.
 *
 * Source: CPython 3.14 Objects/dictobject.c.
 * Differs: no split tables, watchers or versions; an entry that popitem() has
 * taken is not used again before the table is replaced.
 *
 * @module
 */

import * as Keys from "../layout/dict_keys.ts";
import * as DictObject from "../layout/dict_object.ts";
import * as PyObject from "../layout/object_free_threaded.ts";
import * as StaticObjects from "../layout/static_objects.ts";
import type { Address } from "../memory/mod.ts";
import * as Changes from "./dict/changes.ts";
import * as Items from "./dict/items.ts";
import * as Lookup from "./dict/lookup.ts";
import { begin, end } from "./dict/section.ts";
import * as Strings from "./dict/strings.ts";
import * as Table from "./dict/table.ts";
import * as FreeLists from "./free_lists.ts";
import * as Kinds from "./kinds.ts";
import type { Objects, Slots, Visit } from "./objects.ts";
import * as Protocol from "./protocol.ts";
import * as ReprEnter from "./repr_enter.ts";
import { DictKeys, References } from "./sharing/mod.ts";
import * as Tracking from "./tracking.ts";
import * as Tuple from "./tuple.ts";

export { NO_MEMORY } from "./dict/changes.ts";
export { Entry } from "./dict/items.ts";

// Hot: constants of this module fold, imported ones are read.
const { MA_USED, MA_KEYS, BUSY, EMPTY_KEYS, SIZEOF } = DictObject;
const { DK_NENTRIES, ENTRY_WORDS } = Keys;
const { DICT } = Kinds;
/** From the block of static objects to the type of dicts. Bytes. */
const DICT_TYPE = DICT << StaticObjects.TYPE_BITS;

/**
 * An empty dict. C: `PyDict_New()`.
 *
 * @returns Byte address, or 0 if no memory is left.
 */
export function create(o: Objects): Address {
  let op = o.take(FreeLists.DICTS);
  if (op === 0) {
    op = o.newGc(o.typeOfKind(DICT), SIZEOF * 4);
    if (op === 0) return 0;
  }
  const dict = o.fields(op);
  o.i32[dict + MA_USED] = 0;
  References.write(o.m, dict + MA_KEYS, EMPTY_KEYS);
  Tracking.track(o, op);
  return op;
}

/**
 * Length. Items. C: `PyDict_Size()`.
 *
 * @throws {TypeError} If it is no dict.
 */
export function length(o: Objects, op: Address): number {
  o.requireKind(op, DICT, "read as a dict");
  const used = o.i32[o.fields(op) + MA_USED]; // racy hint
  return used & ~BUSY;
}

/** Refuses what is no dict. */
function requireDict(o: Objects, op: Address, attempt: string): void {
  const type = o.i32[(op >>> 2) + o.typeAt];
  if (type !== ((o.statics + DICT_TYPE) | 0)) o.requireKind(op, DICT, attempt);
}

/**
 * The value of a key; the reference is the caller's. C: `PyDict_GetItemRef()`.
 *
 * @returns Byte address, or 0 if there is none.
 * @throws {TypeError} If it is no dict, or the key cannot be hashed.
 */
export function getItem(o: Objects, op: Address, key: Address): Address {
  requireDict(o, op, "get an item of");
  if (!o.isBiased) {
    const { i32 } = o;
    const entry = Strings.find(o, (op >>> 2) + o.head, key);
    if (entry === Strings.ABSENT) return 0;
    if (entry !== Strings.OTHER) {
      const value = i32[entry + 1] >>> 2;
      const count = i32[value];
      if (count >= 0 && value !== 0) i32[value] = count + 1;
      return i32[entry + 1] >>> 0;
    }
  }
  return Lookup.get(o, op, key, Lookup.hashOf(o, key));
}

/**
 * True if a dict has a key. C: `PyDict_Contains()`.
 *
 * @throws {TypeError} If it is no dict, or the key cannot be hashed.
 */
export function contains(o: Objects, op: Address, key: Address): boolean {
  requireDict(o, op, "look for a key in");
  return Lookup.has(o, op, key, Lookup.hashOf(o, key));
}

/** GIL build: replaces the value of a str that is there, if it is. */
function replaceValue(
  o: Objects,
  op: Address,
  key: Address,
  value: Address,
): boolean {
  const { i32 } = o;
  const entry = Strings.find(o, (op >>> 2) + o.head, key);
  if (entry <= Strings.ABSENT) return false;
  const before = i32[entry + 1] >>> 0;
  if (before === 0) return false;
  o.incref(value);
  i32[entry + 1] = value | 0;
  o.decref(before);
  return true;
}

function requireValue(value: Address): void {
  if (value !== 0) return;
  throw new TypeError("Cannot set an item of a dict to 0x0: it is NULL");
}

/**
 * Gives a key a value; both get one more reference. C: `PyDict_SetItem()`.
 *
 * @returns False, and nothing has changed, if no memory is left.
 * @throws {TypeError} If it is no dict, or the key cannot be hashed.
 */
export function setItem(
  o: Objects,
  op: Address,
  key: Address,
  value: Address,
): boolean {
  requireDict(o, op, "set an item of");
  requireValue(value);
  if (!o.isBiased && replaceValue(o, op, key, value)) return true;
  const hash = Lookup.hashOf(o, key);
  const before = Changes.store(o, begin(o, op), key, hash, value);
  end(o);
  if (before > 0) o.decref(before);
  return before !== Changes.NO_MEMORY;
}

/** {@linkcode replaceItem}: the key has the new value. */
export const REPLACED = 1;
/** {@linkcode replaceItem}: the key has another value than was expected. */
export const CHANGED = 0;

/**
 * Gives a key a value if it still has the one that the caller has seen; key and
 * value get one more reference. Not in C: what compare-and-exchange is to a
 * store.
 *
 * @param before The value that is expected, to which the caller has a reference;
 * 0 for none.
 * @returns {@linkcode REPLACED}; or {@linkcode CHANGED} or
 * {@linkcode NO_MEMORY}, and nothing has changed.
 * @throws {TypeError} If it is no dict, or the key cannot be hashed.
 */
export function replaceItem(
  o: Objects,
  op: Address,
  key: Address,
  before: Address,
  value: Address,
): number {
  requireDict(o, op, "set an item of");
  requireValue(value);
  const hash = Lookup.hashOf(o, key);
  const dict = begin(o, op);
  const at = Lookup.find(o, dict, key, hash);
  const now = at === Lookup.ABSENT ? 0 : o.i32[at + 1] >>> 0;
  let result = CHANGED;
  if (now === before) {
    const stored = Changes.put(o, dict, at, key, hash, value);
    result = stored === Changes.NO_MEMORY ? stored : REPLACED;
  }
  end(o);
  if (result === REPLACED && before !== 0) o.decref(before);
  return result;
}

/**
 * The value of a key, which gets this one if it has none; the reference is the
 * caller's. C: `PyDict_SetDefaultRef()`.
 *
 * @returns Byte address, or 0, and nothing has changed, if no memory is left.
 * @throws {TypeError} If it is no dict, or the key cannot be hashed.
 */
export function setDefault(
  o: Objects,
  op: Address,
  key: Address,
  value: Address,
): Address {
  o.requireKind(op, DICT, "set an item of");
  requireValue(value);
  const hash = Lookup.hashOf(o, key);
  const dict = begin(o, op);
  const at = Lookup.valueAt(o, dict, key, hash);
  let found = 0;
  if (at !== 0) found = Lookup.take(o, at);
  else if (Changes.store(o, dict, key, hash, value) !== Changes.NO_MEMORY) {
    o.incref(value);
    found = value;
  }
  end(o);
  return found;
}

/**
 * Takes the item of a key out. C: `PyDict_DelItem()`.
 *
 * @returns False if there is none.
 * @throws {TypeError} If it is no dict, or the key cannot be hashed.
 */
export function delItem(o: Objects, op: Address, key: Address): boolean {
  requireDict(o, op, "delete an item of");
  const value = remove(o, op, key);
  if (value !== 0) o.decref(value);
  return value !== 0;
}

/**
 * Takes the item of a key out; the reference to the value is the caller's.
 * C: `PyDict_Pop()`.
 *
 * @returns Byte address, or 0 if there is none.
 * @throws {TypeError} If it is no dict, or the key cannot be hashed.
 */
export function pop(o: Objects, op: Address, key: Address): Address {
  requireDict(o, op, "pop an item of");
  return remove(o, op, key);
}

/** Takes the item of a key out, and drops its key. Returns the value, or 0. */
function remove(o: Objects, op: Address, key: Address): Address {
  const { i32, m } = o;
  const hash = Lookup.hashOf(o, key);
  const dict = begin(o, op);
  const at = Lookup.valueAt(o, dict, key, hash);
  const value = at === 0 ? 0 : i32[at] >>> 0;
  const before = at === 0 ? 0 : i32[at - 1] >>> 0;
  if (at !== 0) DictKeys.remove(m, dict, hash, at - 1);
  end(o);
  if (before !== 0) o.decref(before);
  return value;
}

/**
 * Takes the last item out. C: `dict.popitem()`.
 *
 * @returns A tuple of key and value; the reference is the caller's. 0 if there
 * is no item, or {@linkcode NO_MEMORY}, and nothing has changed.
 * @throws {TypeError} If it is no dict.
 */
export function popItem(o: Objects, op: Address): Address {
  requireDict(o, op, "pop an item of");
  // First of all: a collection may empty the dict.
  const pair = Tuple.create(o, 2);
  if (pair === 0) return Changes.NO_MEMORY;
  if (moveLast(o, op, pair)) return pair;
  o.decref(pair);
  return 0;
}

/** Moves the last item to a new tuple. Returns false if there is none. */
function moveLast(o: Objects, op: Address, pair: Address): boolean {
  const { i32, m } = o;
  const dict = begin(o, op);
  const keys = DictKeys.table(m, dict);
  const index = Items.lastIndex(o, keys);
  if (index >= 0) {
    const at = DictKeys.keyAt(i32, keys, index);
    const key = i32[at] >>> 0;
    const value = i32[at + 1] >>> 0;
    DictKeys.remove(m, dict, Table.hashAt(o, keys, at), at);
    DictKeys.truncate(m, dict, index);
    Tuple.setItem(o, pair, 0, key);
    Tuple.setItem(o, pair, 1, value);
  }
  end(o);
  return index >= 0;
}

/**
 * Drops all items. C: `PyDict_Clear()`.
 *
 * @throws {TypeError} If it is no dict.
 */
export function clear(o: Objects, op: Address): void {
  o.requireKind(op, DICT, "clear");
  const { m } = o;
  const dict = begin(o, op);
  const keys = DictKeys.block(m, dict);
  const isShared = DictKeys.isShared(m, dict);
  if (keys !== EMPTY_KEYS) DictKeys.clear(m, dict);
  end(o);
  Table.drop(o, keys);
  Table.free(o, keys, isShared);
}

/**
 * A dict with the same items. C: `PyDict_Copy()`.
 *
 * @returns Byte address, or 0 if no memory is left.
 * @throws {TypeError} If it is no dict.
 */
export function copy(o: Objects, op: Address): Address {
  o.requireKind(op, DICT, "copy");
  const result = create(o);
  if (result === 0) return 0;
  const dict = begin(o, op);
  const used = o.i32[dict + MA_USED];
  const keys = used === 0
    ? EMPTY_KEYS
    : Table.copy(o, DictKeys.block(o.m, dict), used);
  end(o);
  if (keys === 0) {
    o.decref(result);
    return 0;
  }
  const target = o.fields(result);
  DictKeys.replace(o.m, target, keys);
  o.i32[target + MA_USED] = used;
  return result;
}

/**
 * Gives all keys of another dict the values that they have there.
 * C: `PyDict_Update()`.
 *
 * @returns False, and nothing has changed, if no memory is left.
 * @throws {TypeError} If one of them is no dict.
 */
export function update(o: Objects, op: Address, other: Address): boolean {
  o.requireKind(op, DICT, "update");
  o.requireKind(other, DICT, "update a dict with");
  if (op === other) return true;
  const from = new Items.Snapshot(o, other);
  if (from.ops.length === 0) return true;
  const dropped: Address[] = [];
  try {
    const dict = begin(o, op);
    const isDone = Changes.merge(o, dict, from, dropped);
    end(o);
    return isDone;
  } finally {
    Items.dropAll(o, dropped);
    Items.dropAll(o, from.ops);
  }
}

/**
 * A new list of the keys. C: `PyDict_Keys()`.
 *
 * @returns Byte address, or 0 if no memory is left.
 * @throws {TypeError} If it is no dict.
 */
export function keys(o: Objects, op: Address): Address {
  o.requireKind(op, DICT, "list the keys of");
  return Items.keys(o, op);
}

/**
 * A new list of the values. C: `PyDict_Values()`.
 *
 * @returns Byte address, or 0 if no memory is left.
 * @throws {TypeError} If it is no dict.
 */
export function values(o: Objects, op: Address): Address {
  o.requireKind(op, DICT, "list the values of");
  return Items.values(o, op);
}

/**
 * A new list of a tuple of key and value for each item. C: `PyDict_Items()`.
 *
 * @returns Byte address, or 0 if no memory is left.
 * @throws {TypeError} If it is no dict.
 */
export function items(o: Objects, op: Address): Address {
  o.requireKind(op, DICT, "list the items of");
  return Items.items(o, op);
}

/**
 * The next item, in the order in which keys came. Items that come meanwhile may
 * be among them or not. C: `PyDict_Next()`, but with references.
 *
 * @param position 0, or what the last call returned.
 * @param entry Gets key and value; the references are the caller's.
 * @returns Position behind it, or -1, and `entry` is as it was, if there is
 * none.
 * @throws {TypeError} If it is no dict.
 * @throws {RangeError} If there can be no such position.
 */
export function next(
  o: Objects,
  op: Address,
  position: number,
  entry: Items.Entry,
): number {
  o.requireKind(op, DICT, "go through");
  if (position >>> 0 !== position) {
    throw new RangeError(
      `Cannot go through a dict from ${position}: it is no position`,
    );
  }
  return Items.next(o, op, position, entry);
}

/** Drops the items, frees the dict or keeps it. C: `dict_dealloc()`. */
function dealloc(o: Objects, op: Address): void {
  Tracking.untrack(o, op);
  const dict = o.fields(op);
  const table = DictKeys.block(o.m, dict);
  Table.drop(o, table);
  // Who reads a dict has a reference to it, so nobody does.
  Table.free(o, table, false);
  if (o.isBiased) Atomics.store(o.i32, (op >>> 2) + PyObject.X_OB_MUTEX, 0);
  if (!o.keep(FreeLists.DICTS, FreeLists.CONTAINERS_MAX, op)) o.freeGc(op);
}

/** Visits keys and values; nobody changes the dict meanwhile. */
function traverse(o: Objects, op: Address, visit: Visit): void {
  const { i32, m } = o;
  const table = DictKeys.table(m, o.fields(op));
  const step = ENTRY_WORDS - DictKeys.kind(i32, table);
  const last = DictKeys.keyAt(i32, table, i32[table + DK_NENTRIES]);
  for (let at = DictKeys.keyAt(i32, table, 0); at < last; at += step) {
    // Where a worker has stopped there may be one without the other.
    if (i32[at] !== 0) visit(i32[at] >>> 0);
    if (i32[at + 1] !== 0) visit(i32[at + 1] >>> 0);
  }
}

/** True if another dict has a value that equals an item's. C: dict_equal(). */
function hasItem(o: Objects, other: Address, entry: Items.Entry): boolean {
  let value = 0;
  try {
    value = Lookup.get(o, other, entry.key, entry.hash);
    return value !== 0 && Protocol.isSame(o, entry.value, value);
  } finally {
    o.decref(entry.key);
    o.decref(entry.value);
    if (value !== 0) o.decref(value);
  }
}

function equals(o: Objects, op: Address, other: Address): boolean {
  if (o.kindOf(other) !== DICT) return false;
  if (length(o, op) !== length(o, other)) return false;
  const entry = new Items.Entry();
  let position = Items.next(o, op, 0, entry);
  while (position >= 0 && hasItem(o, other, entry)) {
    position = Items.next(o, op, position, entry);
  }
  return position < 0;
}

/** What Python prints for an item, whose references are dropped. */
function itemRepr(o: Objects, entry: Items.Entry): string {
  const { key, value } = entry;
  try {
    return `${Protocol.repr(o, key)}: ${Protocol.repr(o, value)}`;
  } finally {
    o.decref(key);
    o.decref(value);
  }
}

/** What Python prints for a dict. C: `dict_repr()`. */
function repr(o: Objects, op: Address): string {
  if (!ReprEnter.enter(o, op)) return "{...}";
  try {
    const parts: string[] = [];
    const entry = new Items.Entry();
    let position = Items.next(o, op, 0, entry);
    while (position >= 0) {
      parts.push(itemRepr(o, entry));
      position = Items.next(o, op, position, entry);
    }
    return `{${parts.join(", ")}}`;
  } finally {
    ReprEnter.leave();
  }
}

/** Functions of the type. */
export const SLOTS: Slots = {
  dealloc,
  traverse,
  clear,
  sizeOf(o, op) {
    const table = DictKeys.block(o.m, o.fields(op));
    return (o.head + SIZEOF) * 4 + Table.bytesOf(o, table);
  },
  equals: (o, op, other) =>
    o.nested("compare a dict", () => equals(o, op, other)),
  repr: (o, op) => o.nested("print a dict", () => repr(o, op)),
};
