/**
 * `list`: references in an array that grows.
 *
 * ## Threads
 *   Each function has the list to itself while it changes it: by the GIL, or by
 *   the mutex of the object. In the free-threaded build items are read without
 *   it, see `sharing/list_items.ts`. References are dropped after the mutex was
 *   given back, since objects that die may do anything. A worker that stops in
 *   between leaves a list that is whole, or that the next one mends; it loses
 *   references that it was moving.
 *
 * Source: CPython 3.14 Objects/listobject.c.
 * Differs: an array is never resized in place, so that there is no moment at
 * which the list names a freed one.
 *
 * @module
 */

import * as ListArray from "../layout/list_array.ts";
import * as ListObject from "../layout/list_object.ts";
import * as PyObject from "../layout/object_free_threaded.ts";
import type { Address } from "../memory/mod.ts";
import { CriticalSection } from "../threads/mod.ts";
import * as FreeLists from "./free_lists.ts";
import * as Kinds from "./kinds.ts";
import * as MemDelayed from "./mem_delayed.ts";
import type { Objects, Slots, Visit } from "./objects.ts";
import * as Protocol from "./protocol.ts";
import * as ReprEnter from "./repr_enter.ts";
import { ListItems, References } from "./sharing/mod.ts";
import * as Tracking from "./tracking.ts";

const { OB_SIZE, OB_ITEM, SIZEOF } = ListObject;
const { LIST } = Kinds;

/** Size of an array. Bytes. */
function bytesOf(allocated: number): number {
  return (ListArray.SIZEOF + allocated) * 4;
}

/** Begins a section with a list. Returns its fields. */
function begin(o: Objects, op: Address): number {
  const list = o.fields(op);
  if (o.isBiased) enter(o, op, list);
  if (ListItems.isTorn(o.m, list)) mend(o, list);
  return list;
}

/** Takes the mutex of a list; who is not its owner says so. */
function enter(o: Objects, op: Address, list: number): void {
  CriticalSection.begin(o.m, (op >>> 2) + PyObject.X_OB_MUTEX);
  if (!References.isOwned(o.m, op)) ListItems.share(o.m, list);
}

function end(o: Objects): void {
  if (o.isBiased) CriticalSection.end(o.m);
}

/** Mends a list that a worker was moving items of when it died. */
function mend(o: Objects, list: number): void {
  const { m, i32 } = o;
  if (o.isBiased) return ListItems.mend(m, list);
  const at = ListItems.slots(m, list);
  const size = i32[list + OB_SIZE];
  for (let k = 0; k < size; k++) {
    if (ListItems.isTwice(m, at, k, size)) o.incref(i32[at + k] >>> 0);
  }
  ListItems.settle(m, list);
}

/** Frees an array that no list names. */
function freeArray(o: Objects, array: Address, isShared: boolean): void {
  if (array === 0) return;
  const nbytes = bytesOf(o.i32[(array >>> 2) + ListArray.ALLOCATED]);
  if (isShared) MemDelayed.free(o, array, nbytes);
  else o.core.mem.free(array as never);
}

/** Gives a list another array. Returns false if no memory is left. */
function reallocate(o: Objects, list: number, allocated: number): boolean {
  const { m, core } = o;
  const isShared = ListItems.isShared(m, list);
  if (isShared && !MemDelayed.reserve(o)) return false;
  let array = 0;
  if (allocated > 0) {
    array = core.mem.malloc(bytesOf(allocated));
    if (array === 0) return false;
    ListItems.init(m, array, allocated);
  }
  const before = ListItems.block(m, list);
  const kept = Math.min(o.i32[list + OB_SIZE], allocated);
  ListItems.replace(m, list, array, before === 0 ? 0 : kept);
  freeArray(o, before, isShared);
  return true;
}

/**
 * Slots for a list of so many items that has `size` of them.
 * C: `list_resize()`.
 */
export function slotsFor(size: number, wanted: number): number {
  if (wanted === 0) return 0;
  const slots = (wanted + (wanted >> 3) + 6) & ~3;
  return wanted - size > slots - wanted ? (wanted + 3) & ~3 : slots;
}

/** Makes room for so many items. Returns false if no memory is left. */
function grow(o: Objects, list: number, wanted: number): boolean {
  if (ListItems.allocated(o.m, list) >= wanted) return true;
  return reallocate(o, list, slotsFor(o.i32[list + OB_SIZE], wanted));
}

/** Makes room for more items. Returns false if no memory is left. */
function growBy(o: Objects, list: number, count: number): boolean {
  if (count === 0 || ListItems.block(o.m, list) !== 0) {
    return grow(o, list, o.i32[list + OB_SIZE] + count);
  }
  return reallocate(o, list, (count + 1) & ~1); // C: list_preallocate_exact()
}

/** Gives room back if more than half is not needed; it may stay, too. */
function shrink(o: Objects, list: number): void {
  const size = o.i32[list + OB_SIZE];
  const allocated = ListItems.allocated(o.m, list);
  if (size < allocated >> 1 || size === 0) {
    reallocate(o, list, slotsFor(size + 1, size));
  }
}

/**
 * An empty list. C: `PyList_New()`.
 *
 * @returns Byte address, or 0 if no memory is left.
 */
export function create(o: Objects): Address {
  let op = o.take(FreeLists.LISTS);
  if (op === 0) {
    op = o.newGc(o.typeOfKind(LIST), SIZEOF * 4);
    if (op === 0) return 0;
  }
  const list = o.fields(op);
  References.write(o.m, list + OB_SIZE, 0);
  References.write(o.m, list + OB_ITEM, 0);
  Tracking.track(o, op);
  return op;
}

/**
 * A list of objects, which get one more reference each, without room for more.
 *
 * @returns Byte address, or 0 if no memory is left.
 */
export function fromArray(o: Objects, items: ArrayLike<Address>): Address {
  const op = create(o);
  if (op === 0 || items.length === 0) return op;
  const list = o.fields(op);
  if (!reallocate(o, list, items.length)) {
    o.decref(op);
    return 0;
  }
  for (let k = 0; k < items.length; k++) {
    o.incref(items[k]);
    ListItems.append(o.m, list, items[k]);
  }
  return op;
}

/**
 * Length. Items. C: `PyList_Size()`.
 *
 * @throws {TypeError} If it is no list.
 */
export function length(o: Objects, op: Address): number {
  o.requireKind(op, LIST, "read as a list");
  const at = o.fields(op) + OB_SIZE;
  return o.isBiased ? Atomics.load(o.i32, at) : o.i32[at];
}

/** An item with a reference for the caller, or 0 if there is none. */
function itemOrNull(o: Objects, op: Address, index: number): Address {
  const { m } = o;
  if (o.isBiased) {
    const isOwned = References.isOwned(m, op);
    const own = isOwned ? ListItems.tryOwn(m, o.fields(op), index, o.tid) : 0;
    if (own !== 0) return own;
    const item = ListItems.tryGet(m, o.fields(op), index, isOwned);
    if (item > 0) return item;
    if (item < 0) o.decref(-item);
  }
  const list = begin(o, op);
  let item = 0;
  if (index < o.i32[list + OB_SIZE]) {
    item = o.i32[ListItems.slots(m, list) + index] >>> 0;
    if (o.isBiased) References.getLocked(m, item);
    else o.incref(item);
  }
  end(o);
  return item;
}

/**
 * An item; the reference is the caller's. C: `PyList_GetItemRef()`.
 *
 * @returns Byte address.
 * @throws {TypeError} If it is no list.
 * @throws {RangeError} If there is none of that index.
 */
export function getItem(o: Objects, op: Address, index: number): Address {
  o.requireKind(op, LIST, "get an item of");
  if (index >>> 0 === index) {
    const item = itemOrNull(o, op, index);
    if (item !== 0) return item;
  }
  refuse("get", index, length(o, op));
}

function refuse(attempt: string, index: number, length: number): never {
  throw new RangeError(
    `Cannot ${attempt} item ${index} of a list: its length is ${length}`,
  );
}

/**
 * Replaces an item. C: `PyList_SetItem()`.
 *
 * @param item Object; its reference goes into the list.
 * @throws {TypeError} If it is no list.
 * @throws {RangeError} If there is none of that index; the reference is still
 * the caller's.
 */
export function setItem(
  o: Objects,
  op: Address,
  index: number,
  item: Address,
): void {
  o.requireKind(op, LIST, "set an item of");
  const list = begin(o, op);
  const size = o.i32[list + OB_SIZE];
  const isThere = index >>> 0 === index && index < size;
  const before = isThere ? ListItems.set(o.m, list, index, item) : 0;
  end(o);
  if (!isThere) refuse("set", index, size);
  o.decref(before);
}

/**
 * Appends an object, which gets one more reference. C: `PyList_Append()`.
 *
 * @returns False, and nothing has changed, if no memory is left.
 * @throws {TypeError} If it is no list.
 */
export function append(o: Objects, op: Address, item: Address): boolean {
  o.requireKind(op, LIST, "append to");
  const list = begin(o, op);
  o.incref(item);
  let isIn = ListItems.append(o.m, list, item);
  if (!isIn && grow(o, list, o.i32[list + OB_SIZE] + 1)) {
    isIn = ListItems.append(o.m, list, item);
  }
  end(o);
  if (!isIn) o.decref(item);
  return isIn;
}

/**
 * Puts an object, which gets one more reference, in front of an item, or at the
 * end. C: `PyList_Insert()`.
 *
 * @param index Below 0 it counts from the end.
 * @returns False, and nothing has changed, if no memory is left.
 * @throws {TypeError} If it is no list.
 */
export function insert(
  o: Objects,
  op: Address,
  index: number,
  item: Address,
): boolean {
  o.requireKind(op, LIST, "insert into");
  const list = begin(o, op);
  const size = o.i32[list + OB_SIZE];
  const hasRoom = grow(o, list, size + 1);
  if (hasRoom) {
    o.incref(item);
    ListItems.insert(o.m, list, clamp(index, size), item);
  }
  end(o);
  return hasRoom;
}

/** An index from 0 to `size`, as slices take it. */
function clamp(index: number, size: number): number {
  const from = index < 0 ? index + size : index;
  return Math.max(0, Math.min(from, size));
}

/**
 * Takes an item out; the reference is the caller's. C: `list.pop()`.
 *
 * @param index Below 0 it counts from the end.
 * @returns Byte address.
 * @throws {TypeError} If it is no list.
 * @throws {RangeError} If there is none of that index.
 */
export function pop(o: Objects, op: Address, index = -1): Address {
  o.requireKind(op, LIST, "pop an item of");
  const list = begin(o, op);
  const size = o.i32[list + OB_SIZE];
  const at = index < 0 ? index + size : index;
  const isThere = at >>> 0 === at && at < size;
  const item = isThere ? ListItems.remove(o.m, list, at) : 0;
  if (isThere) shrink(o, list);
  end(o);
  if (!isThere) refuse("pop", index, size);
  return item;
}

/**
 * A list of the items from `low` to below `high`, which count from the end if
 * they are below 0. C: `PyList_GetSlice()`.
 *
 * @returns Byte address, or 0 if no memory is left.
 * @throws {TypeError} If it is no list.
 */
export function slice(
  o: Objects,
  op: Address,
  low = 0,
  high = Infinity,
): Address {
  o.requireKind(op, LIST, "slice");
  const copy = create(o);
  if (copy === 0) return 0;
  const list = begin(o, op);
  const size = o.i32[list + OB_SIZE];
  const from = clamp(low, size);
  const isWhole = copyItems(o, copy, list, from, clamp(high, size));
  end(o);
  if (isWhole) return copy;
  o.decref(copy);
  return 0;
}

/** Fills a new list. Returns false if no memory is left. */
function copyItems(
  o: Objects,
  copy: Address,
  list: number,
  from: number,
  to: number,
): boolean {
  const { m, i32 } = o;
  if (to <= from) return true;
  const target = o.fields(copy);
  if (!reallocate(o, target, to - from)) return false;
  const at = ListItems.slots(m, list);
  for (let k = from; k < to; k++) {
    o.incref(i32[at + k] >>> 0);
    ListItems.append(m, target, i32[at + k]);
  }
  return true;
}

/**
 * Appends all items of a list, which may be the same. C: `PyList_Extend()`.
 *
 * @returns False, and nothing has changed, if no memory is left.
 * @throws {TypeError} If one of them is no list.
 */
export function extend(o: Objects, op: Address, other: Address): boolean {
  o.requireKind(op, LIST, "extend");
  const items = slice(o, other);
  if (items === 0) return false;
  const from = o.fields(items);
  const list = begin(o, op);
  const count = o.i32[from + OB_SIZE];
  const hasRoom = growBy(o, list, count);
  const at = ListItems.slots(o.m, from);
  for (let k = 0; hasRoom && k < count; k++) {
    o.incref(o.i32[at + k] >>> 0);
    ListItems.append(o.m, list, o.i32[at + k]);
  }
  end(o);
  o.decref(items);
  return hasRoom;
}

/**
 * Drops all items. C: `PyList_Clear()`.
 *
 * @throws {TypeError} If it is no list.
 */
export function clear(o: Objects, op: Address): void {
  o.requireKind(op, LIST, "clear");
  const { m } = o;
  const list = begin(o, op);
  const array = ListItems.block(m, list);
  const size = o.i32[list + OB_SIZE];
  const isShared = ListItems.isShared(m, list);
  // In this order there is never a size without an array.
  References.write(m, list + OB_SIZE, 0);
  if (array !== 0) ListItems.replace(m, list, 0, 0);
  end(o);
  dropItems(o, array, size);
  freeArray(o, array, isShared);
}

/** Drops what an array refers to that no list names. */
function dropItems(o: Objects, array: Address, size: number): void {
  const at = (array >>> 2) + ListArray.OB_ITEM;
  for (let k = size - 1; k >= 0; k--) o.decref(o.i32[at + k] >>> 0);
}

/**
 * Turns the order of the items round. C: `PyList_Reverse()`.
 *
 * @throws {TypeError} If it is no list.
 */
export function reverse(o: Objects, op: Address): void {
  o.requireKind(op, LIST, "reverse");
  const list = begin(o, op);
  if (o.i32[list + OB_SIZE] > 1) ListItems.reverse(o.m, list);
  end(o);
}

/** Drops the items, frees the list or keeps it. C: `list_dealloc()`. */
function dealloc(o: Objects, op: Address): void {
  Tracking.untrack(o, op);
  const list = o.fields(op);
  if (ListItems.isTorn(o.m, list)) mend(o, list);
  const array = ListItems.block(o.m, list);
  dropItems(o, array, o.i32[list + OB_SIZE]);
  // Who reads a list has a reference to it, so nobody does.
  freeArray(o, array, false);
  if (o.isBiased) Atomics.store(o.i32, (op >>> 2) + PyObject.X_OB_MUTEX, 0);
  if (!o.keep(FreeLists.LISTS, FreeLists.CONTAINERS_MAX, op)) o.freeGc(op);
}

/** Visits the items; nobody changes the list meanwhile. */
function traverse(o: Objects, op: Address, visit: Visit): void {
  const list = o.fields(op);
  const at = ListItems.slots(o.m, list);
  const size = o.i32[list + OB_SIZE];
  for (let k = 0; k < size; k++) visit(o.i32[at + k] >>> 0);
}

function equals(o: Objects, op: Address, other: Address): boolean {
  if (o.kindOf(other) !== LIST) return false;
  if (length(o, op) !== length(o, other)) return false;
  for (let k = 0;; k++) {
    const a = itemOrNull(o, op, k);
    const b = itemOrNull(o, other, k);
    if (a === 0 && b === 0) return true;
    try {
      if (a === 0 || b === 0 || !Protocol.isSame(o, a, b)) return false;
    } finally {
      if (a !== 0) o.decref(a);
      if (b !== 0) o.decref(b);
    }
  }
}

/**
 * Order of two items that lists differ in, or null if they are the same. 0
 * stands for the end of a list. Drops both references.
 */
function orderOf(o: Objects, a: Address, b: Address): number | null {
  try {
    if (a === 0 || b === 0) return Number(a !== 0) - Number(b !== 0);
    return Protocol.isSame(o, a, b) ? null : Protocol.compare(o, a, b);
  } finally {
    if (a !== 0) o.decref(a);
    if (b !== 0) o.decref(b);
  }
}

function compare(o: Objects, op: Address, other: Address): number {
  if (o.kindOf(other) !== LIST) Protocol.refuseOrder(o, op, other);
  for (let k = 0;; k++) {
    const a = itemOrNull(o, op, k);
    const order = orderOf(o, a, itemOrNull(o, other, k));
    if (order !== null) return order;
  }
}

/** What Python prints for the items. */
function itemReprs(o: Objects, op: Address): string[] {
  const parts: string[] = [];
  for (
    let item = itemOrNull(o, op, 0);
    item !== 0;
    item = itemOrNull(o, op, parts.length)
  ) {
    try {
      parts.push(Protocol.repr(o, item));
    } finally {
      o.decref(item);
    }
  }
  return parts;
}

/** What Python prints for a list. C: `list_repr()`. */
function repr(o: Objects, op: Address): string {
  if (!ReprEnter.enter(o, op)) return "[...]";
  try {
    return `[${itemReprs(o, op).join(", ")}]`;
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
    const allocated = ListItems.allocated(o.m, o.fields(op));
    const array = allocated === 0 ? 0 : bytesOf(allocated);
    return (o.head + SIZEOF) * 4 + array;
  },
  equals: (o, op, other) =>
    o.nested("compare a list", () => equals(o, op, other)),
  compare: (o, op, other) =>
    o.nested("compare a list", () => compare(o, op, other)),
  repr: (o, op) => o.nested("print a list", () => repr(o, op)),
};
