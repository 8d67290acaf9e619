/**
 * Finds the entry of a key: under the lock, and without it.
 *
 * ## Threads
 *   The comparison of keys that are no atoms may run anything, and suspend the
 *   section: then the search starts again, unless table and entry are what they
 *   were. Without the lock see `sharing/dict_reads.ts`. Nothing is written but
 *   counts.
 *
 * Source: CPython 3.14 Objects/dictobject.c: _Py_dict_lookup(),
 * do_lookup(), compare_generic(), _Py_dict_lookup_threadsafe().
 *
 * @module
 */

import { show } from "../../errors.ts";
import * as Keys from "../../layout/dict_keys.ts";
import * as UnicodeObject from "../../layout/unicode_object.ts";
import type { Address } from "../../memory/mod.ts";
import * as Kinds from "../kinds.ts";
import * as Long from "../long.ts";
import type { Objects } from "../objects.ts";
import * as Protocol from "../protocol.ts";
import { Biased } from "../refcount/mod.ts";
import { DictKeys, DictReads, References } from "../sharing/mod.ts";
import * as UnicodeData from "../unicode_data.ts";
import { begin, end } from "./section.ts";
import * as Strings from "./strings.ts";

// Hot: constants of this module fold, imported ones are read.
const { EMPTY, FIRST, GENERAL, PERTURB_SHIFT } = Keys;
const { BYTES, INT, NONE, STR } = Kinds;
const { HASH } = UnicodeObject;

/** {@linkcode find}: there is no such key. */
export const ABSENT = 0;
/** search(): the dict was changed meanwhile. */
const MOVED = -1;
/** {@linkcode tryGet}: it cannot be told without the lock. */
export const UNSURE = -1;

/**
 * Hash of a key.
 *
 * @throws {TypeError} If it cannot be hashed.
 */
export function hashOf(o: Objects, key: Address): number {
  if (key === 0) throw new TypeError(`Cannot hash ${show(0)}: it is NULL`);
  const kind = o.kindOf(key);
  // Hot: no call through the table.
  if (kind === STR) return UnicodeData.hash(o, key);
  return kind === INT ? Long.hash(o, key) : Protocol.hash(o, key);
}

/** True if comparing it to another such object runs nobody's code. */
function isAtom(o: Objects, op: Address): boolean {
  const kind = o.kindOf(op);
  return kind >= NONE && kind <= BYTES;
}

/**
 * Whether a key equals one of the table, which may be another one afterwards.
 *
 * @throws {RangeError} If they are nested too deep; the section has ended.
 */
function isSame(o: Objects, key: Address, other: Address): boolean {
  if (isAtom(o, key) && isAtom(o, other)) return Protocol.equals(o, key, other);
  o.incref(other);
  let same = false;
  try {
    same = Protocol.equals(o, key, other);
  } catch (error) {
    end(o);
    o.decref(other);
    throw error;
  }
  o.decref(other);
  return same;
}

/** True if an entry may be that of a key. */
function isCandidate(
  o: Objects,
  at: number,
  kind: number,
  key: Address,
  hash: number,
): boolean {
  const { i32 } = o;
  const other = i32[at];
  if (other === (key | 0)) return true;
  if (other === 0) return false;
  if (kind === GENERAL) return i32[at - 1] === hash;
  return i32[(other >>> 2) + o.head + HASH] === hash;
}

/** One search for a key: its entry, {@linkcode ABSENT} or MOVED. */
function search(
  o: Objects,
  dict: number,
  key: Address,
  hash: number,
): number {
  const { i32, m } = o;
  const keys = DictKeys.table(m, dict);
  const kind = DictKeys.kind(i32, keys);
  const mask = (1 << DictKeys.logSize(i32, keys)) - 1;
  let perturb = hash >>> 0;
  let lane = hash & mask;
  while (true) {
    const found = DictKeys.lane(i32, keys, lane);
    if (found === EMPTY) return ABSENT;
    const at = DictKeys.keyAt(i32, keys, found - FIRST);
    if (found >= FIRST && isCandidate(o, at, kind, key, hash)) {
      const other = i32[at] >>> 0;
      if (other === key) return at;
      const same = isSame(o, key, other);
      const isThere = keys === DictKeys.table(m, dict) &&
        i32[at] >>> 0 === other;
      if (same || !isThere) return isThere ? at : MOVED;
    }
    perturb >>>= PERTURB_SHIFT;
    lane = ((lane << 2) + lane + perturb + 1) & mask;
  }
}

/**
 * The entry of a key in a dict that the caller has to itself.
 *
 * @param dict Its fields. Word index.
 * @returns The key in the entry: word index; the value follows, and is 0 if a
 * worker stopped before it was there. Or {@linkcode ABSENT}.
 * @throws {RangeError} If keys are nested too deep; the section has ended.
 */
export function find(
  o: Objects,
  dict: number,
  key: Address,
  hash: number,
): number {
  let at = Strings.find(o, dict, key);
  if (at !== Strings.OTHER) return at;
  do at = search(o, dict, key, hash); while (at === MOVED);
  return at;
}

/** Whether a key equals what an entry has as its key, or what is in its place. */
function isKeyOf(o: Objects, entry: number, key: Address): boolean {
  const other = DictReads.tryKey(o.m, entry);
  if (other === 0) return false;
  try {
    return Protocol.equals(o, key, other);
  } finally {
    o.decref(other);
  }
}

/**
 * The value of a key, without the lock. Free-threaded build only.
 *
 * @returns Byte address, with a reference for the caller; 0 if there is none;
 * or {@linkcode UNSURE}.
 */
export function tryGet(
  o: Objects,
  op: Address,
  key: Address,
  hash: number,
): Address {
  const { m } = o;
  const dict = o.fields(op);
  const table = DictReads.open(m, dict, References.isOwned(m, op));
  if (table === 0) return UNSURE;
  const entry = DictReads.find(m, table, key, hash);
  if (entry === DictReads.ABSENT) return 0;
  // Of another object with the same hash only a value tells that it is a key.
  if (entry < 0 && !isKeyOf(o, -entry, key)) return UNSURE;
  const value = DictReads.tryValue(m, dict, table, Math.abs(entry));
  if (value > 0 || (value === 0 && entry > 0)) return value;
  if (value < UNSURE) o.decref(-value);
  return UNSURE;
}

/** 1 if a dict has a key, 0 if not, or UNSURE. */
function tryContains(
  o: Objects,
  op: Address,
  key: Address,
  hash: number,
): number {
  const { m } = o;
  const dict = o.fields(op);
  const table = DictReads.open(m, dict, References.isOwned(m, op));
  if (table === 0) return UNSURE;
  const entry = DictReads.find(m, table, key, hash);
  if (entry === DictReads.ABSENT) return 0;
  if (entry < 0 && !isKeyOf(o, -entry, key)) return UNSURE;
  return DictReads.hasValue(m, dict, table, Math.abs(entry)) ? 1 : UNSURE;
}

/** Where a value stands, or 0 if there is none; the caller is in a section. */
export function valueAt(
  o: Objects,
  dict: number,
  key: Address,
  hash: number,
): number {
  const at = find(o, dict, key, hash);
  return at === ABSENT || o.i32[at + 1] === 0 ? 0 : at + 1;
}

/** Lets this thread compare a key without the lock next time. */
function admit(o: Objects, key: Address): void {
  if (!References.isOwned(o.m, key)) Biased.setMaybeWeakref(o.m, key);
}

/**
 * One more reference to what an entry has; the caller is in a section. Next
 * time this thread may take one without.
 */
export function take(o: Objects, at: number): Address {
  const op = o.i32[at] >>> 0;
  if (o.isBiased) References.getLocked(o.m, op);
  else o.incref(op);
  return op;
}

/**
 * The value of a key, with a reference for the caller.
 *
 * @returns Byte address, or 0 if there is none.
 */
export function get(
  o: Objects,
  op: Address,
  key: Address,
  hash: number,
): Address {
  if (o.isBiased) {
    const got = tryGet(o, op, key, hash);
    if (got !== UNSURE) return got;
  }
  const dict = begin(o, op);
  const at = valueAt(o, dict, key, hash);
  if (at !== 0 && o.isBiased) admit(o, o.i32[at - 1] >>> 0);
  const value = at === 0 ? 0 : take(o, at);
  end(o);
  return value;
}

/** Whether a dict has a key. */
export function has(
  o: Objects,
  op: Address,
  key: Address,
  hash: number,
): boolean {
  if (o.isBiased) {
    const got = tryContains(o, op, key, hash);
    if (got !== UNSURE) return got === 1;
  }
  const dict = begin(o, op);
  const at = valueAt(o, dict, key, hash);
  if (at !== 0 && o.isBiased) admit(o, o.i32[at - 1] >>> 0);
  end(o);
  return at !== 0;
}
