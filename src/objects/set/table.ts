/**
 * The table of a set: open addressing, some entries in a row, then a jump.
 *
 * ## Invariants
 *   E1  an entry is empty (KEY 0), a dummy, or has a key; FILL counts those that
 *       are not empty, USED those with a key, unless FILL is below 0
 *   E2  each key is found by a search for its hash that ends at the first empty
 *       entry, and stands for one reference
 *   E3  at least one entry is empty
 *
 * ## Threads
 *   The caller has the mutex of the set, or the GIL, or knows alone of it. A
 *   comparison of keys may suspend the section, or call functions of a program:
 *   then another one may have changed the set, and the search begins anew. A
 *   worker that stops at any line leaves a table for which E2 holds, at most a
 *   key more or less than the counts say. FILL is below 0 then, and the next
 *   one who has the set counts anew. What it was putting in or taking out it
 *   loses; of a table that it was replacing it loses the block.
 *
 * Source: CPython 3.14 Objects/setobject.c: set_lookkey(), set_add_entry(),
 * set_insert_clean(), set_table_resize(), set_discard_entry(), set_pop_impl(),
 * set_next().
 * Differs: the small table is never cleared of dummies where it stands: keys
 * could be lost on their way. A block takes its place.
 *
 * @module
 */

import * as SetObject from "../../layout/set_object.ts";
import * as SetTable from "../../layout/set_table.ts";
import type { Address } from "../../memory/mod.ts";
import * as Kinds from "../kinds.ts";
import type { Objects } from "../objects.ts";
import * as Protocol from "../protocol.ts";
import { References } from "../sharing/mod.ts";

// Hot: constants of this module fold, imported ones are read.
const { FILL, USED, TABLE, FINGER, SMALL_TABLE, SMALL_SIZE } = SetObject;
const { MASK, ENTRIES, HASH, ENTRY_SIZE, DUMMY } = SetTable;
const { NONE, BYTES } = Kinds;
/** Entries that a search looks at behind the first one. Count. */
const LINEAR_PROBES = 9;
/** Bits of the hash that each jump takes into account. */
const PERTURB_SHIFT = 5;
/** Keys from which on a table is doubled instead of quadrupled. Count. */
const LARGE = 50000;
/** Instead of an entry: the set was changed meanwhile. */
const CHANGED = -1;

/** Size of a table. Bytes. */
function bytesOf(size: number): number {
  return (ENTRIES + size * ENTRY_SIZE) * 4;
}

/** Size of the table of a set if it is a block of its own, or 0. Bytes. */
export function blockBytes(o: Objects, set: number): number {
  const table = o.i32[set + TABLE];
  if (table === set + SMALL_TABLE) return 0;
  return bytesOf(o.i32[table + MASK] + 1);
}

/** Makes words a table without keys. */
function initTable(o: Objects, table: number, size: number): void {
  const { i32 } = o;
  i32[table + MASK] = size - 1;
  const end = table + ENTRIES + size * ENTRY_SIZE;
  for (let at = table + ENTRIES; at < end; at++) i32[at] = 0;
}

/** Makes the fields of a new set those of an empty one. */
export function init(o: Objects, set: number): void {
  initTable(o, set + SMALL_TABLE, SMALL_SIZE);
  o.i32[set + TABLE] = set + SMALL_TABLE;
  References.write(o.m, set + USED, 0);
  o.i32[set + FILL] = 0;
}

/** Frees a table that no set names, unless it stands in this one. */
export function free(o: Objects, set: number, table: number): void {
  if (table !== set + SMALL_TABLE) o.core.mem.free((table * 4) as never);
}

/** True if a worker stopped while it changed the set. */
export function isTorn(o: Objects, set: number): boolean {
  return o.i32[set + FILL] < 0;
}

/** Counts anew. */
export function mend(o: Objects, set: number): void {
  const { i32 } = o;
  const table = i32[set + TABLE] + ENTRIES;
  const size = i32[i32[set + TABLE] + MASK] + 1;
  let fill = 0;
  let used = 0;
  for (let k = 0; k < size; k++) {
    const key = i32[table + k * ENTRY_SIZE];
    if (key !== 0) fill++;
    if (key !== 0 && key !== DUMMY) used++;
  }
  References.write(o.m, set + USED, used);
  i32[set + FILL] = fill; // COMMIT
}

/**
 * The entry of a key, or the empty one that a search for it ends at.
 *
 * @param set Fields of the set. Word index.
 * @returns Word index.
 */
export function find(
  o: Objects,
  set: number,
  key: Address,
  hash: number,
): number {
  let at = search(o, set, key, hash);
  while (at === CHANGED) at = search(o, set, key, hash);
  return at;
}

/** The same, or CHANGED. */
function search(
  o: Objects,
  set: number,
  key: Address,
  hash: number,
): number {
  const { i32 } = o;
  const wanted = key | 0;
  const table = i32[set + TABLE];
  const mask = i32[table + MASK];
  let perturb = hash >>> 0;
  let k = hash & mask;
  while (true) {
    let at = table + ENTRIES + k * ENTRY_SIZE;
    const more = k + LINEAR_PROBES <= mask ? LINEAR_PROBES * ENTRY_SIZE : 0;
    for (const last = at + more; at <= last; at += ENTRY_SIZE) {
      const there = i32[at];
      if (there === 0 || there === wanted) return at;
      if (i32[at + HASH] !== hash || there === DUMMY) continue;
      const found = match(o, set, mask, at, key);
      if (found !== 0) return found;
    }
    perturb >>>= PERTURB_SHIFT;
    k = (k * 5 + 1 + perturb) & mask;
  }
}

/** An entry if its key equals another one; or 0, or CHANGED. */
function match(
  o: Objects,
  set: number,
  mask: number,
  at: number,
  key: Address,
): number {
  const { i32 } = o;
  const there = i32[at] >>> 0;
  const kind = o.kindOf(there);
  // To compare numbers and texts takes no lock and calls nobody.
  if (kind >= NONE && kind <= BYTES) {
    return Protocol.equals(o, there, key) ? at : 0;
  }
  const table = i32[set + TABLE];
  const isEqual = equalsHeld(o, there, key);
  const isAsBefore = i32[set + TABLE] === table &&
    i32[table + MASK] === mask && i32[at] >>> 0 === there;
  if (!isAsBefore) return CHANGED;
  return isEqual ? at : 0;
}

/** Compares a key that the set may lose meanwhile. */
function equalsHeld(o: Objects, there: Address, key: Address): boolean {
  o.incref(there);
  try {
    return Protocol.equals(o, there, key);
  } finally {
    o.decref(there);
  }
}

/** The last dummy that a search for a hash passes, or the empty entry `end`. */
function reusable(o: Objects, set: number, hash: number, end: number): number {
  const { i32 } = o;
  if (i32[set + FILL] === i32[set + USED]) return end;
  const table = i32[set + TABLE];
  const mask = i32[table + MASK];
  let found = end;
  let perturb = hash >>> 0;
  let k = hash & mask;
  while (true) {
    let at = table + ENTRIES + k * ENTRY_SIZE;
    const more = k + LINEAR_PROBES <= mask ? LINEAR_PROBES * ENTRY_SIZE : 0;
    for (const last = at + more; at <= last; at += ENTRY_SIZE) {
      if (at === end) return found;
      if (i32[at] === DUMMY) found = at;
    }
    perturb >>>= PERTURB_SHIFT;
    k = (k * 5 + 1 + perturb) & mask;
  }
}

/** The first empty entry for a hash. Word index. */
function vacant(
  i32: Int32Array<SharedArrayBuffer>,
  table: number,
  hash: number,
): number {
  const mask = i32[table + MASK];
  let perturb = hash >>> 0;
  let k = hash & mask;
  while (true) {
    let at = table + ENTRIES + k * ENTRY_SIZE;
    const more = k + LINEAR_PROBES <= mask ? LINEAR_PROBES * ENTRY_SIZE : 0;
    for (const last = at + more; at <= last; at += ENTRY_SIZE) {
      if (i32[at] === 0) return at;
    }
    perturb >>>= PERTURB_SHIFT;
    k = (k * 5 + 1 + perturb) & mask;
  }
}

/** True if a table with so many entries in use is to be replaced. */
function isCrowded(fill: number, mask: number): boolean {
  return fill * 5 >= mask * 3;
}

/** Smallest size of a table above a count. Entries. */
function sizeAbove(count: number): number {
  let size = SMALL_SIZE;
  while (size <= count) size *= 2;
  return size;
}

/** How many entries a table of so many keys is to have more than. Count. */
function goal(used: number): number {
  return used > LARGE ? used * 2 : used * 4;
}

/** A table without keys for a set that has another one, or 0. Word index. */
function allocate(o: Objects, set: number, size: number): number {
  const small = set + SMALL_TABLE;
  const isSmall = size === SMALL_SIZE && o.i32[set + TABLE] !== small;
  const table = isSmall ? small : o.core.mem.malloc(bytesOf(size)) >>> 2;
  if (table !== 0) initTable(o, table, size);
  return table;
}

/**
 * Gives a set a table without dummies of more than so many entries.
 *
 * @returns False, and nothing has changed, if no memory is left.
 */
export function resize(o: Objects, set: number, above: number): boolean {
  const { i32 } = o;
  const before = i32[set + TABLE];
  const table = allocate(o, set, sizeAbove(above));
  if (table === 0) return false;
  const end = before + ENTRIES + (i32[before + MASK] + 1) * ENTRY_SIZE;
  for (let at = before + ENTRIES; at < end; at += ENTRY_SIZE) {
    const key = i32[at];
    if (key === 0 || key === DUMMY) continue;
    const to = vacant(i32, table, i32[at + HASH]);
    i32[to + HASH] = i32[at + HASH];
    i32[to] = key;
  }
  i32[set + FILL] = ~i32[set + USED];
  i32[set + TABLE] = table; // COMMIT
  i32[set + FILL] = i32[set + USED];
  free(o, set, before);
  return true;
}

/**
 * Adds a key, which gets one more reference, unless it is there.
 *
 * @returns False, and nothing has changed, if no memory is left.
 */
export function add(
  o: Objects,
  set: number,
  key: Address,
  hash: number,
): boolean {
  const { i32 } = o;
  const end = find(o, set, key, hash);
  if (i32[end] !== 0) return true;
  const dummy = reusable(o, set, hash, end);
  if (dummy === end) return addAtEnd(o, set, end, key, hash);
  o.incref(key);
  write(o, set, dummy, key, hash);
  return true;
}

/** Adds a key in an empty entry, or in a larger table. */
function addAtEnd(
  o: Objects,
  set: number,
  end: number,
  key: Address,
  hash: number,
): boolean {
  const { i32 } = o;
  let at = end;
  // Only after a worker has stopped between a key and the larger table.
  if (isCrowded(i32[set + FILL], i32[i32[set + TABLE] + MASK])) {
    if (!resize(o, set, goal(i32[set + USED]))) return false;
    at = vacant(i32, i32[set + TABLE], hash);
  }
  o.incref(key);
  write(o, set, at, key, hash);
  const mask = i32[i32[set + TABLE] + MASK];
  if (!isCrowded(i32[set + FILL], mask)) return true;
  if (resize(o, set, goal(i32[set + USED]))) return true;
  erase(o, set, at, 0);
  o.decref(key);
  return false;
}

/** Makes an empty entry or a dummy that of a key; its reference goes into the set. */
function write(
  o: Objects,
  set: number,
  at: number,
  key: Address,
  hash: number,
): void {
  const { i32 } = o;
  const fill = i32[set + FILL] + (i32[at] === 0 ? 1 : 0);
  i32[set + FILL] = ~fill;
  i32[at + HASH] = hash;
  i32[at] = key | 0; // COMMIT
  References.write(o.m, set + USED, i32[set + USED] + 1);
  i32[set + FILL] = fill;
}

/** Makes the entry of a key a dummy; or empty, if it was put in right now. */
function erase(o: Objects, set: number, at: number, instead: number): void {
  const { i32 } = o;
  const fill = instead === 0 ? i32[set + FILL] - 1 : i32[set + FILL];
  i32[set + FILL] = ~fill;
  i32[at] = instead; // COMMIT
  References.write(o.m, set + USED, i32[set + USED] - 1);
  i32[set + FILL] = fill;
}

/** Takes a key out; the reference to what it was there is the caller's, or 0. */
export function discard(
  o: Objects,
  set: number,
  key: Address,
  hash: number,
): Address {
  const at = find(o, set, key, hash);
  const there = o.i32[at] >>> 0;
  if (there !== 0) erase(o, set, at, DUMMY);
  return there;
}

/** Takes any key out; its reference is the caller's, or 0. */
export function pop(o: Objects, set: number): Address {
  const { i32 } = o;
  if (i32[set + USED] === 0) return 0;
  const table = i32[set + TABLE];
  let k = next(o, set, i32[set + FINGER] & i32[table + MASK]);
  if (k < 0) k = next(o, set, 0);
  const at = entry(o, set, k);
  const key = i32[at] >>> 0;
  erase(o, set, at, DUMMY);
  i32[set + FINGER] = k + 1;
  return key;
}

/** Takes all keys out; their references are the caller's. */
export function clear(o: Objects, set: number): Address[] {
  const { i32 } = o;
  const keys: Address[] = [];
  const table = i32[set + TABLE];
  const end = table + ENTRIES + (i32[table + MASK] + 1) * ENTRY_SIZE;
  i32[set + FILL] = ~0;
  for (let at = table + ENTRIES; at < end; at += ENTRY_SIZE) {
    const key = i32[at] >>> 0;
    if (key !== 0 && key !== DUMMY) keys.push(key);
    // Not empty yet: another key may stand behind it.
    if (key !== 0) i32[at] = DUMMY;
  }
  initTable(o, set + SMALL_TABLE, SMALL_SIZE);
  i32[set + TABLE] = set + SMALL_TABLE; // COMMIT
  References.write(o.m, set + USED, 0);
  i32[set + FILL] = 0;
  free(o, set, table);
  return keys;
}

/** First entry with a key, from an index on, or -1. Index. */
export function next(o: Objects, set: number, from: number): number {
  const { i32 } = o;
  const table = i32[set + TABLE];
  const mask = i32[table + MASK];
  for (let k = from; k <= mask; k++) {
    const key = i32[table + ENTRIES + k * ENTRY_SIZE];
    if (key !== 0 && key !== DUMMY) return k;
  }
  return -1;
}

/** An entry by its index. Word index. */
export function entry(o: Objects, set: number, k: number): number {
  return o.i32[set + TABLE] + ENTRIES + k * ENTRY_SIZE;
}

/**
 * Makes room for all keys of another set, so that adding them takes no memory.
 *
 * @returns False, and nothing has changed, if no memory is left.
 */
function reserve(o: Objects, set: number, from: number): boolean {
  const { i32 } = o;
  const count = i32[from + USED];
  const mask = i32[i32[set + TABLE] + MASK];
  if (!isCrowded(i32[set + FILL] + count, mask)) return true;
  return resize(o, set, (i32[set + USED] + count) * 2);
}

/**
 * Adds all keys of another set. C: set_merge_lock_held().
 *
 * @returns False if no memory is left; nothing has changed then, unless a
 * comparison let others change one of the sets meanwhile.
 */
export function merge(o: Objects, set: number, from: number): boolean {
  const { i32 } = o;
  if (set === from || i32[from + USED] === 0) return true;
  if (!reserve(o, set, from)) return false;
  if (i32[set + FILL] === 0) {
    fillFrom(o, set, from);
    return true;
  }
  for (let k = next(o, from, 0); k >= 0; k = next(o, from, k + 1)) {
    const at = entry(o, from, k);
    if (!addHeld(o, set, i32[at] >>> 0, i32[at + HASH])) return false;
  }
  return true;
}

/** Adds a key that another set may lose meanwhile. */
export function addHeld(
  o: Objects,
  set: number,
  key: Address,
  hash: number,
): boolean {
  o.incref(key);
  try {
    return add(o, set, key, hash);
  } finally {
    o.decref(key);
  }
}

/** Fills a set without entries; there is room. */
function fillFrom(o: Objects, set: number, from: number): void {
  const { i32 } = o;
  const table = i32[set + TABLE];
  const source = i32[from + TABLE];
  const isAlike = i32[table + MASK] === i32[source + MASK] &&
    i32[from + FILL] === i32[from + USED];
  for (let k = next(o, from, 0); k >= 0; k = next(o, from, k + 1)) {
    const at = entry(o, from, k);
    const hash = i32[at + HASH];
    const to = isAlike ? entry(o, set, k) : vacant(i32, table, hash);
    o.incref(i32[at] >>> 0);
    write(o, set, to, i32[at] >>> 0, hash);
  }
}
