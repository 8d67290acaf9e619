/**
 * The table of a dict: what whoever has the dict to itself reads and writes.
 *
 * ```text
 *   insert   BUSY; key; DK_USABLE, DK_NENTRIES; lane; value; count
 *   remove   BUSY; value 0; lane DUMMY; key 0; count
 *   set      value
 *   replace  the word that names the table
 * ```
 *
 * ## Invariants (tests/models/dict_reads.ts)
 *   T1  an item is in the dict ⇔ an entry of the table has its key and a value;
 *       a lane names each such entry
 *   T2  an entry has one key and then none, never another one; entries that
 *       were not used yet are 0
 *   T3  a lane that is not EMPTY never is again, so that the way to an entry
 *       stays whole
 *   T4  not BUSY ⇒ MA_USED is the number of values
 *   T5  a table that others than the owner may read is changed as above only,
 *       and not freed before they cannot have it in view
 *
 * ## Threads
 *   All words are written under the mutex of the dict, or the GIL. MA_KEYS and
 *   values are written atomically in the free-threaded build; what else readers
 *   without the lock look at they take for hints. A worker that stops at any line leaves T1 to T3 and T5; who finds BUSY counts anew.
 *   The reference that it was putting in or taking out is lost, and that of a
 *   key whose entry it left without a value, once the table is replaced. The
 *   same key may use such an entry again.
 *
 * Source: CPython 3.14 Objects/dictobject.c: dictkeys_get_index(),
 * dictkeys_set_index(), insert_combined_dict(), delitem_common(),
 * find_empty_slot(), lookdict_index(), ensure_shared_on_read().
 *
 * @module
 */

import * as DictKeys from "../../layout/dict_keys.ts";
import * as DictObject from "../../layout/dict_object.ts";
import type { Address, Memory } from "../../memory/mod.ts";
import * as References from "./references.ts";

type Words = Int32Array<SharedArrayBuffer>;

// Hot: constants of this module fold, imported ones are read.
const { MA_USED, MA_KEYS, BUSY, SHARED, ADDRESS, EMPTY_KEYS } = DictObject;
const { DK_SHAPE, DK_USABLE, DK_NENTRIES, DK_INDICES } = DictKeys;
const { LANES_SHIFT, KIND_SHIFT, ENTRY_WORDS } = DictKeys;
const { EMPTY, DUMMY, FIRST, PERTURB_SHIFT } = DictKeys;

/** laneOf(): no lane names the entry. */
const NOWHERE = -1;

/** Table of a dict. Byte address. */
export function block(m: Memory, dict: number): Address {
  return (m.i32[dict + MA_KEYS] & ADDRESS) >>> 0;
}

/** The same as a word index. */
export function table(m: Memory, dict: number): number {
  return (m.i32[dict + MA_KEYS] & ADDRESS) >>> 2;
}

/** Binary logarithm of the lanes of a table. */
export function logSize(i32: Words, keys: number): number {
  return i32[keys + DK_SHAPE] & 31;
}

/** Kind of a table, GENERAL or UNICODE. */
export function kind(i32: Words, keys: number): number {
  return i32[keys + DK_SHAPE] >>> KIND_SHIFT;
}

/** Entries of a table of so many lanes. Count. C: USABLE_FRACTION(). */
export function capacityOf(log: number): number {
  return ((2 << log) / 3) | 0;
}

/** Binary logarithm of the lanes of a word, for a table of so many lanes. */
export function lanesOf(log: number): number {
  if (log < 8) return 2;
  return log < 16 ? 1 : 0;
}

/** Words of lanes of a table. Count. */
function laneWords(shape: number): number {
  return (1 << (shape & 31)) >>> ((shape >>> LANES_SHIFT) & 3);
}

/** First entry of a table. Word index. */
export function entries(i32: Words, keys: number): number {
  return keys + DK_INDICES + laneWords(i32[keys + DK_SHAPE]);
}

/** Key of an entry; the value follows, before it stands the hash. Word index. */
export function keyAt(i32: Words, keys: number, index: number): number {
  const shape = i32[keys + DK_SHAPE];
  const unicode = shape >>> KIND_SHIFT;
  const first = keys + DK_INDICES + laneWords(shape);
  return first + index * (ENTRY_WORDS - unicode) + 1 - unicode;
}

/** Entry that has its key at a word. Index. */
function indexOf(i32: Words, keys: number, at: number): number {
  const step = ENTRY_WORDS - kind(i32, keys);
  return ((at - keyAt(i32, keys, 0)) / step) | 0;
}

/** What stands in a lane. */
export function lane(i32: Words, keys: number, at: number): number {
  const lanes = (i32[keys + DK_SHAPE] >>> LANES_SHIFT) & 3;
  const word = i32[keys + DK_INDICES + (at >>> lanes)];
  return part(word, lanes, at);
}

/** A lane out of a word with several. */
function part(word: number, lanes: number, at: number): number {
  const log = 5 - lanes;
  const most = 0xffffffff >>> (32 - (1 << log));
  return (word >>> ((at & ((1 << lanes) - 1)) << log)) & most;
}

/** Writes a lane. */
function setLane(i32: Words, keys: number, at: number, value: number): void {
  const lanes = (i32[keys + DK_SHAPE] >>> LANES_SHIFT) & 3;
  const log = 5 - lanes;
  const shift = (at & ((1 << lanes) - 1)) << log;
  const mask = (0xffffffff >>> (32 - (1 << log))) << shift;
  const word = keys + DK_INDICES + (at >>> lanes);
  i32[word] = (i32[word] & ~mask) | (value << shift);
}

/** Has the first vacant lane for a hash name an entry. */
export function link(
  i32: Words,
  keys: number,
  hash: number,
  index: number,
): void {
  setLane(i32, keys, vacant(i32, keys, hash), FIRST + index);
}

/** First lane for a hash that names no entry. C: find_empty_slot(). */
function vacant(i32: Words, keys: number, hash: number): number {
  const shape = i32[keys + DK_SHAPE];
  const lanes = (shape >>> LANES_SHIFT) & 3;
  const mask = (1 << (shape & 31)) - 1;
  const first = keys + DK_INDICES;
  let perturb = hash >>> 0;
  let at = hash & mask;
  while (part(i32[first + (at >>> lanes)], lanes, at) >= FIRST) {
    perturb >>>= PERTURB_SHIFT;
    at = ((at << 2) + at + perturb + 1) & mask;
  }
  return at;
}

/** Lane that names an entry, or NOWHERE. C: lookdict_index(). */
function laneOf(
  i32: Words,
  keys: number,
  hash: number,
  index: number,
): number {
  const shape = i32[keys + DK_SHAPE];
  const lanes = (shape >>> LANES_SHIFT) & 3;
  const mask = (1 << (shape & 31)) - 1;
  const first = keys + DK_INDICES;
  let perturb = hash >>> 0;
  let at = hash & mask;
  while (true) {
    const found = part(i32[first + (at >>> lanes)], lanes, at);
    if (found === FIRST + index) return at;
    if (found === EMPTY) return NOWHERE;
    perturb >>>= PERTURB_SHIFT;
    at = ((at << 2) + at + perturb + 1) & mask;
  }
}

/** Makes zeroed words that nobody else knows of a table without entries. */
export function init(
  i32: Words,
  keys: number,
  log: number,
  kindOf: number,
): void {
  const lanes = lanesOf(log) << LANES_SHIFT;
  i32[keys + DK_SHAPE] = log | lanes | (kindOf << KIND_SHIFT);
  i32[keys + DK_USABLE] = capacityOf(log);
  i32[keys + DK_NENTRIES] = 0;
}

/** True if others than the owner may read a dict without the mutex. */
export function isShared(m: Memory, dict: number): boolean {
  return (m.i32[dict + MA_KEYS] & SHARED) !== 0;
}

/** Lets others than the owner read it without the mutex, from now on. */
export function share(m: Memory, dict: number): void {
  const word = m.i32[dict + MA_KEYS];
  if ((word & SHARED) === 0) References.write(m, dict + MA_KEYS, word | SHARED);
}

/** Gives a dict another table, or EMPTY_KEYS. */
export function replace(m: Memory, dict: number, keys: Address): void {
  const shared = m.i32[dict + MA_KEYS] & SHARED;
  References.write(m, dict + MA_KEYS, keys | shared); // COMMIT
}

/**
 * Appends an item, whose references go into the dict; the key is not there, and
 * the table has room.
 */
export function insert(
  m: Memory,
  dict: number,
  hash: number,
  key: Address,
  value: Address,
): void {
  const { i32 } = m;
  const keys = table(m, dict);
  const used = i32[dict + MA_USED];
  const usable = i32[keys + DK_USABLE];
  const index = capacityOf(logSize(i32, keys)) - usable;
  const at = keyAt(i32, keys, index);
  i32[dict + MA_USED] = used | BUSY;
  if (kind(i32, keys) === DictKeys.GENERAL) i32[at - 1] = hash;
  i32[at] = key | 0;
  i32[keys + DK_USABLE] = usable - 1;
  i32[keys + DK_NENTRIES] = index + 1;
  link(i32, keys, hash, index);
  References.write(m, at + 1, value | 0); // COMMIT
  i32[dict + MA_USED] = used + 1;
}

/**
 * Takes an item out; the references to its key and value are the caller's.
 *
 * @param at The key in its entry. Word index.
 */
export function remove(
  m: Memory,
  dict: number,
  hash: number,
  at: number,
): void {
  const { i32 } = m;
  const keys = table(m, dict);
  const index = indexOf(i32, keys, at);
  const used = i32[dict + MA_USED];
  i32[dict + MA_USED] = used | BUSY;
  References.write(m, at + 1, 0); // COMMIT
  setLane(i32, keys, laneOf(i32, keys, hash, index), DUMMY);
  i32[at] = 0;
  i32[dict + MA_USED] = used - 1;
}

/**
 * Replaces the value of an entry; the reference to the old one is the caller's.
 *
 * @param at The key in it. Word index.
 * @returns Byte address, or 0 if a worker stopped before it had one.
 */
export function set(
  m: Memory,
  dict: number,
  at: number,
  value: Address,
): Address {
  const { i32 } = m;
  const before = i32[at + 1] >>> 0;
  const used = i32[dict + MA_USED];
  if (before === 0) i32[dict + MA_USED] = used | BUSY;
  References.write(m, at + 1, value | 0); // COMMIT
  if (before === 0) i32[dict + MA_USED] = used + 1;
  return before;
}

/** Says that from an entry on there are no values. */
export function truncate(m: Memory, dict: number, index: number): void {
  m.i32[table(m, dict) + DK_NENTRIES] = index;
}

/** Leaves a dict without items; its table is the caller's. */
export function clear(m: Memory, dict: number): void {
  const { i32 } = m;
  i32[dict + MA_USED] |= BUSY;
  replace(m, dict, EMPTY_KEYS);
  i32[dict + MA_USED] = 0;
}

/** True if a worker stopped while the count was about to change. */
export function isTorn(m: Memory, dict: number): boolean {
  return m.i32[dict + MA_USED] < 0;
}

/** Ends what {@linkcode isTorn} says: counts the values. */
export function settle(m: Memory, dict: number): void {
  const { i32 } = m;
  const keys = table(m, dict);
  const count = i32[keys + DK_NENTRIES];
  let used = 0;
  for (let k = 0; k < count; k++) {
    if (i32[keyAt(i32, keys, k) + 1] !== 0) used++;
  }
  i32[dict + MA_USED] = used;
}
