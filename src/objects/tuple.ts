/**
 * `tuple`: references that never change. The empty one is there from the start.
 *
 * ## Threads
 *   A tuple is written before anybody else knows of it, and then only read. A
 *   worker that stops in a maker leaks the object and what it refers to.
 *
 * Source: CPython 3.14 Objects/tupleobject.c.
 * Differs: the hash is not kept.
 *
 * @module
 */

import { show } from "../errors.ts";
import * as PyObject from "../layout/object_free_threaded.ts";
import * as StaticObjects from "../layout/static_objects.ts";
import * as TupleObject from "../layout/tuple_object.ts";
import type { Address } from "../memory/mod.ts";
import * as FreeLists from "./free_lists.ts";
import * as Hash from "./hash.ts";
import * as Kinds from "./kinds.ts";
import type { Objects, Slots, Visit } from "./objects.ts";
import * as Protocol from "./protocol.ts";
import * as ReprEnter from "./repr_enter.ts";
import * as Tracking from "./tracking.ts";

// Hot: constants of this module fold, imported ones are read.
const { OB_SIZE, OB_ITEM, SIZEOF } = TupleObject;
const { OB_REF_LOCAL, IMMORTAL_LOCAL } = PyObject;
const { EMPTY_TUPLE } = StaticObjects;
const { TUPLE } = Kinds;
const { TUPLE_MAX, TUPLES_MAX } = FreeLists;
/** From here two words for each length. */
const LISTS = FreeLists.TUPLES - 2;
/** Factors and start of the hash. C: _PyTuple_HASH_XXPRIME_1 and so on. */
const PRIME_1 = 2654435761 | 0;
const PRIME_2 = 2246822519 | 0;
const PRIME_5 = 374761393;
/** What tells the length of a tuple from a hash. */
const LENGTH_MARK = PRIME_5 ^ 3527539;
/** Hash of a tuple that would have -1. */
const INSTEAD = 1546275796;

/** Whether an object counts no references. */
function isImmortal(o: Objects, op: Address): boolean {
  const at = op >>> 2;
  return o.isBiased
    ? o.i32[at + OB_REF_LOCAL] === IMMORTAL_LOCAL // racy hint
    : o.i32[at] < 0;
}

/**
 * A tuple whose items are not written yet, above 0 of them.
 *
 * @returns Byte address, or 0 if no memory is left.
 */
function make(o: Objects, size: number): Address {
  const op = size <= TUPLE_MAX ? o.take(LISTS + 2 * size) : 0;
  return op !== 0 ? op : makeNew(o, size);
}

/** The same without the free lists. */
function makeNew(o: Objects, size: number): Address {
  const op = o.newGc(o.typeOfKind(TUPLE), (SIZEOF + size) * 4);
  if (op !== 0) o.i32[o.fields(op) + OB_SIZE] = size;
  return op;
}

/**
 * A tuple without items: {@linkcode setItem} follows. C: `PyTuple_New()`.
 *
 * @param size Items. Count.
 * @returns Byte address, or 0 if no memory is left.
 * @throws {RangeError} If `size` is no count.
 */
export function create(o: Objects, size: number): Address {
  if (!Number.isSafeInteger(size) || size < 0) {
    throw new RangeError(
      `Cannot make a tuple of ${size} items: it is no count`,
    );
  }
  if (size === 0) return o.statics + EMPTY_TUPLE;
  const op = make(o, size);
  if (op === 0) return 0;
  const at = o.fields(op) + OB_ITEM;
  for (let k = 0; k < size; k++) o.i32[at + k] = 0;
  Tracking.trackNew(o, op);
  return op;
}

/**
 * Fills an item of a tuple that nobody else knows of.
 * C: `PyTuple_SetItem()`.
 *
 * @param item Object; its reference goes into the tuple.
 * @throws {TypeError} If it is no tuple, or others may know of it.
 * @throws {RangeError} If there is none of that index.
 */
export function setItem(
  o: Objects,
  op: Address,
  index: number,
  item: Address,
): void {
  Protocol.requireIndex(index, length(o, op), "tuple");
  if (!o.isUnique(op)) {
    throw new TypeError(
      `Cannot change the tuple ${show(op)}: it has other references`,
    );
  }
  const at = o.fields(op) + OB_ITEM + index;
  const before = o.i32[at] >>> 0;
  o.i32[at] = item | 0;
  if (before !== 0) o.decref(before);
}

/**
 * A tuple of two objects, which get one more reference each.
 * C: `_PyTuple_FromPair()`.
 *
 * @returns Byte address, or 0 if no memory is left.
 */
export function pair(o: Objects, first: Address, second: Address): Address {
  const op = make(o, 2);
  if (op === 0) return 0;
  const { i32 } = o;
  const at = o.fields(op) + OB_ITEM;
  // Hot: most items are immortal, and calls are not inlined here.
  if (!isImmortal(o, first)) o.incref(first);
  i32[at] = first | 0;
  if (!isImmortal(o, second)) o.incref(second);
  i32[at + 1] = second | 0;
  Tracking.trackNew(o, op);
  return op;
}

/**
 * A tuple of objects, which get one more reference each. C: `PyTuple_Pack()`.
 *
 * @returns Byte address, or 0 if no memory is left.
 */
export function pack(o: Objects, ...items: readonly Address[]): Address {
  return fromArray(o, items);
}

/**
 * A tuple of objects, which get one more reference each.
 * C: `PyTuple_FromArray()`.
 *
 * @returns Byte address, or 0 if no memory is left.
 */
export function fromArray(o: Objects, items: ArrayLike<Address>): Address {
  const size = items.length;
  if (size === 0) return o.statics + EMPTY_TUPLE;
  const op = make(o, size);
  if (op === 0) return 0;
  const at = o.fields(op) + OB_ITEM;
  for (let k = 0; k < size; k++) {
    o.incref(items[k]);
    o.i32[at + k] = items[k] | 0;
  }
  Tracking.trackNew(o, op);
  return op;
}

/**
 * Length. Items. C: `PyTuple_Size()`.
 *
 * @throws {TypeError} If it is no tuple.
 */
export function length(o: Objects, op: Address): number {
  o.requireKind(op, TUPLE, "read as a tuple");
  return o.i32[o.fields(op) + OB_SIZE];
}

/**
 * An item; its reference is still the tuple's. C: `PyTuple_GetItem()`.
 *
 * @returns Byte address.
 * @throws {TypeError} If it is no tuple.
 * @throws {RangeError} If there is none of that index.
 */
export function item(o: Objects, op: Address, index: number): Address {
  Protocol.requireIndex(index, length(o, op), "tuple");
  return itemAt(o, op, index);
}

function itemAt(o: Objects, op: Address, index: number): Address {
  return o.i32[o.fields(op) + OB_ITEM + index] >>> 0;
}

/**
 * Whether a tuple can be in no cycle, now and ever: all items are there, and
 * none is for the collector, but for tuples that it does not track.
 * C: `_PyTuple_MaybeUntrack()`.
 */
export function isAtomic(o: Objects, op: Address): boolean {
  const { i32 } = o;
  const at = o.fields(op) + OB_ITEM;
  const end = at + i32[at - OB_ITEM + OB_SIZE];
  for (let k = at; k < end; k++) {
    const item = i32[k] >>> 0;
    if (item === 0) return false;
    if (!Tracking.isGc(o, item)) continue;
    if (o.kindOf(item) !== TUPLE || Tracking.isTracked(o, item)) return false;
  }
  return true;
}

/** Drops the items, frees the tuple or keeps it. C: `tuple_dealloc()`. */
function dealloc(o: Objects, op: Address): void {
  Tracking.forget(o, op);
  const { i32 } = o;
  const at = o.fields(op);
  const size = i32[at + OB_SIZE];
  for (let k = at + OB_ITEM + size - 1; k >= at + OB_ITEM; k--) {
    const item = i32[k] >>> 0;
    if (item !== 0 && !isImmortal(o, item)) o.decref(item);
  }
  if (size <= TUPLE_MAX && o.keep(LISTS + 2 * size, TUPLES_MAX, op)) return;
  o.freeGc(op);
}

function traverse(o: Objects, op: Address, visit: Visit): void {
  const size = length(o, op);
  for (let k = 0; k < size; k++) {
    const item = itemAt(o, op, k);
    if (item !== 0) visit(item);
  }
}

function hash(o: Objects, op: Address): number {
  const size = length(o, op);
  let sum = PRIME_5;
  for (let k = 0; k < size; k++) {
    const lane = Protocol.hash(o, itemAt(o, op, k));
    sum = (sum + Math.imul(lane, PRIME_2)) | 0;
    sum = Math.imul((sum << 13) | (sum >>> 19), PRIME_1);
  }
  sum = (sum + (size ^ LENGTH_MARK)) | 0;
  return sum === -1 ? INSTEAD : Hash.valid(sum);
}

/** First index at which two tuples differ, or that one of them ends at. */
function firstOther(o: Objects, a: Address, b: Address): number {
  const count = Math.min(length(o, a), length(o, b));
  let k = 0;
  while (k < count && Protocol.isSame(o, itemAt(o, a, k), itemAt(o, b, k))) k++;
  return k;
}

function equals(o: Objects, op: Address, other: Address): boolean {
  if (o.kindOf(other) !== TUPLE) return false;
  const size = length(o, op);
  if (size !== length(o, other)) return false;
  return firstOther(o, op, other) === size;
}

function compare(o: Objects, op: Address, other: Address): number {
  if (o.kindOf(other) !== TUPLE) Protocol.refuseOrder(o, op, other);
  const k = firstOther(o, op, other);
  const size = length(o, op);
  const otherSize = length(o, other);
  if (k === size || k === otherSize) return size - otherSize;
  return Protocol.compare(o, itemAt(o, op, k), itemAt(o, other, k));
}

/** What Python prints for a tuple. C: `tuple_repr()`. */
function repr(o: Objects, op: Address): string {
  if (!ReprEnter.enter(o, op)) return "(...)";
  try {
    const parts: string[] = [];
    traverse(o, op, (item) => parts.push(Protocol.repr(o, item)));
    return parts.length === 1 ? `(${parts[0]},)` : `(${parts.join(", ")})`;
  } finally {
    ReprEnter.leave();
  }
}

/** Functions of the type. */
export const SLOTS: Slots = {
  dealloc,
  traverse,
  sizeOf: (o, op) => (o.head + SIZEOF + length(o, op)) * 4,
  hash: (o, op) => o.nested("hash a tuple", () => hash(o, op)),
  equals: (o, op, other) =>
    o.nested("compare a tuple", () => equals(o, op, other)),
  compare: (o, op, other) =>
    o.nested("compare a tuple", () => compare(o, op, other)),
  repr: (o, op) => o.nested("print a tuple", () => repr(o, op)),
};
