/**
 * The array of a list: read without a lock, changed under one.
 *
 * ## Invariants
 *   A1  slots from OB_SIZE on are 0, but for a moment in which the lock is held
 *   A2  not MOVING ⇒ each slot below OB_SIZE stands for one reference
 *   A3  an array that others than the owner may read is never changed but slot
 *       by slot, and never freed before they cannot have it in view
 *
 * ## Threads
 *   OB_ITEM, OB_SIZE and slots are written under the mutex of the list, or the
 *   GIL; atomically if the list is SHARED, see `references.ts`. Before that only
 *   its owner reads it without the mutex. Who has the mutex of a list that is MOVING knows
 *   that a worker stopped while it moved items: one may stand there twice, one
 *   may be lost. To tell the one from equal neighbours is not possible, so these
 *   may get a reference too many. A worker that stops elsewhere has lost the one
 *   reference that it was putting in or taking out.
 *
 * Source: CPython 3.14 Objects/listobject.c: list_resize(), ins1(),
 * list_get_item_ref(), ensure_shared_on_read(), ensure_shared_on_resize().
 * Differs: slots behind the last item are cleared (A1), so a reader need not
 * look at the size.
 *
 * @module
 */

import * as Array from "../../layout/list_array.ts";
import * as ListObject from "../../layout/list_object.ts";
import * as PyObject from "../../layout/object_free_threaded.ts";
import { type Address, Bytes, type Memory } from "../../memory/mod.ts";
import { Biased } from "../refcount/mod.ts";
import * as References from "./references.ts";

// Hot: constants of this module fold, imported ones are read.
const { OB_SIZE, OB_ITEM, SHARED, MOVING, ADDRESS } = ListObject;
const { ALLOCATED, OB_ITEM: FIRST } = Array;
const { OB_TID, OB_REF_LOCAL } = PyObject;
const FLAGS = SHARED | MOVING;

/** Writes a word of a list, or of its array, that others may read if SHARED. */
function store(
  i32: Int32Array<SharedArrayBuffer>,
  word: number,
  at: number,
  value: number,
): void {
  if ((word & SHARED) !== 0) Atomics.store(i32, at, value);
  else i32[at] = value;
}

/** The array of a list, or 0. Byte address. */
export function block(m: Memory, list: number): Address {
  return (m.i32[list + OB_ITEM] & ADDRESS) >>> 0;
}

/** First slot of a list that has an array. Word index. */
export function slots(m: Memory, list: number): number {
  return (block(m, list) >>> 2) + FIRST;
}

/** Slots of a list. Count. C: `allocated`. */
export function allocated(m: Memory, list: number): number {
  const array = block(m, list);
  return array === 0 ? 0 : m.i32[(array >>> 2) + ALLOCATED];
}

/** True if others than the owner may read it without the mutex. */
export function isShared(m: Memory, list: number): boolean {
  return (m.i32[list + OB_ITEM] & SHARED) !== 0;
}

/** Lets others than the owner read it without the mutex, from now on. */
export function share(m: Memory, list: number): void {
  const word = m.i32[list + OB_ITEM];
  if ((word & SHARED) === 0) References.write(m, list + OB_ITEM, word | SHARED);
}

/**
 * An item, without the lock. Free-threaded build only.
 *
 * @param list Fields of the list. Word index.
 * @param isOwned Whether the caller is its owner.
 * @returns As `References.tryGet()`.
 */
export function tryGet(
  m: Memory,
  list: number,
  index: number,
  isOwned: boolean,
): Address {
  const { i32 } = m;
  const word = Atomics.load(i32, list + OB_ITEM);
  const array = (word & ADDRESS) >>> 2;
  if (array === 0 || (word & MOVING) !== 0) return 0;
  if (!isOwned && (word & SHARED) === 0) return 0;
  if (index >= i32[array + ALLOCATED]) return 0;
  return References.tryGet(m, array + FIRST + index, list + OB_ITEM, word);
}

/**
 * An item for the owner of a list that nobody else has looked at, without the
 * lock and without an atomic access. Free-threaded build only.
 *
 * Others tell by SHARED, before they change anything. An item of the owner's
 * own dies in the owner's hands only: whoever takes it out of the list now has
 * to hand it over.
 *
 * @param tid What stands in OB_TID for the caller, who owns the list.
 * @returns Byte address, or 0 if that is not enough to get it.
 */
export function tryOwn(
  m: Memory,
  list: number,
  index: number,
  tid: number,
): Address {
  const { i32 } = m;
  const word = i32[list + OB_ITEM]; // racy hint
  const array = word >>> 2;
  // Without an array it is the NULL record, which has no slots.
  if ((word & FLAGS) !== 0 || index >= i32[array + ALLOCATED]) return 0;
  const op = i32[array + FIRST + index] >>> 0; // racy hint
  if (op === 0 || i32[(op >>> 2) + OB_TID] !== tid) return 0; // racy hint
  i32[(op >>> 2) + OB_REF_LOCAL]++;
  return op;
}

/** Makes a block that nobody else knows of an array without items. */
export function init(m: Memory, array: Address, count: number): void {
  Bytes.zero(m, array, (FIRST + count) * 4);
  m.i32[(array >>> 2) + ALLOCATED] = count;
}

/**
 * Replaces the array of a list by one with as many of the items as fit.
 *
 * @param array The new one, or 0. Byte address.
 * @param count Items to keep. Count.
 */
export function replace(
  m: Memory,
  list: number,
  array: Address,
  count: number,
): void {
  const { i32 } = m;
  const from = slots(m, list);
  const to = (array >>> 2) + FIRST;
  if (count > 0) Bytes.copy(m, to * 4, from * 4, count * 4);
  const word = i32[list + OB_ITEM];
  store(i32, word, list + OB_ITEM, array | (word & SHARED)); // COMMIT
}

/**
 * Appends an object, whose reference goes into the list.
 *
 * @returns False if there is no room.
 */
export function append(m: Memory, list: number, op: Address): boolean {
  const { i32 } = m;
  const word = i32[list + OB_ITEM];
  const size = i32[list + OB_SIZE];
  const array = (word & ADDRESS) >>> 2;
  // Without an array it is the NULL record, which has no slots.
  if (size >= i32[array + ALLOCATED]) return false;
  store(i32, word, array + FIRST + size, op | 0);
  store(i32, word, list + OB_SIZE, size + 1); // COMMIT
  return true;
}

/** Puts an object in front of an item; there is room. C: `ins1()`. */
export function insert(
  m: Memory,
  list: number,
  index: number,
  op: Address,
): void {
  const { i32 } = m;
  const at = slots(m, list);
  const size = i32[list + OB_SIZE];
  const word = i32[list + OB_ITEM];
  store(i32, word, list + OB_ITEM, word | MOVING);
  for (let k = size; k > index; k--) {
    store(i32, word, at + k, i32[at + k - 1]);
  }
  store(i32, word, at + index, op | 0);
  store(i32, word, list + OB_SIZE, size + 1);
  store(i32, word, list + OB_ITEM, word); // COMMIT
}

/** Takes an item out; its reference is the caller's. Byte address. */
export function remove(m: Memory, list: number, index: number): Address {
  const { i32 } = m;
  const at = slots(m, list);
  const last = i32[list + OB_SIZE] - 1;
  const op = i32[at + index] >>> 0;
  const word = i32[list + OB_ITEM];
  if (index < last) store(i32, word, list + OB_ITEM, word | MOVING);
  for (let k = index; k < last; k++) {
    store(i32, word, at + k, i32[at + k + 1]);
  }
  store(i32, word, list + OB_SIZE, last); // COMMIT
  store(i32, word, at + last, 0);
  if (index < last) store(i32, word, list + OB_ITEM, word);
  return op;
}

/** Replaces an item; the reference to the old one is the caller's. */
export function set(
  m: Memory,
  list: number,
  index: number,
  op: Address,
): Address {
  const { i32 } = m;
  const at = slots(m, list) + index;
  const before = i32[at] >>> 0;
  store(i32, i32[list + OB_ITEM], at, op | 0); // COMMIT
  return before;
}

/** Turns the order of all items round. C: `reverse_slice()`. */
export function reverse(m: Memory, list: number): void {
  const { i32 } = m;
  const word = i32[list + OB_ITEM];
  const at = slots(m, list);
  const size = i32[list + OB_SIZE];
  store(i32, word, list + OB_ITEM, word | MOVING);
  for (let low = 0, high = size - 1; low < high; low++, high--) {
    const first = i32[at + low];
    store(i32, word, at + low, i32[at + high]);
    store(i32, word, at + high, first);
  }
  store(i32, word, list + OB_ITEM, word); // COMMIT
}

/** True if a worker stopped while it moved items. */
export function isTorn(m: Memory, list: number): boolean {
  return (m.i32[list + OB_ITEM] & MOVING) !== 0;
}

/**
 * Whether the item of a slot may stand in another one, too, for one reference:
 * in the next slot, as insert() and remove() leave it, or in the mirrored one,
 * as reverse() does. Of two slots it is true for the first.
 *
 * @param at First slot. Word index.
 * @param k The slot. Index.
 * @param size Items. Count.
 */
export function isTwice(
  m: Memory,
  at: number,
  k: number,
  size: number,
): boolean {
  const { i32 } = m;
  const mirrored = size - 1 - k;
  return k + 1 < size && i32[at + k] === i32[at + k + 1] ||
    k < mirrored && i32[at + k] === i32[at + mirrored];
}

/**
 * Mends a list that is torn: what may stand there twice gets a reference more.
 * Free-threaded build only.
 */
export function mend(m: Memory, list: number): void {
  const at = slots(m, list);
  const size = m.i32[list + OB_SIZE];
  for (let k = 0; k < size; k++) {
    if (isTwice(m, at, k, size)) Biased.incref(m, m.i32[at + k] >>> 0);
  }
  settle(m, list);
}

/** Ends what {@linkcode isTorn} says; slots without an item are cleared. */
export function settle(m: Memory, list: number): void {
  const { i32 } = m;
  const at = slots(m, list);
  const count = allocated(m, list);
  for (let k = i32[list + OB_SIZE]; k < count; k++) {
    References.write(m, at + k, 0);
  }
  References.write(m, list + OB_ITEM, i32[list + OB_ITEM] & ~MOVING); // COMMIT
}
