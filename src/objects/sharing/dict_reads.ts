/**
 * The table of a dict, read without a lock. Free-threaded build only.
 *
 * ```text
 *   1  MA_KEYS
 *   2  lanes, until one names an entry that has the key; hints
 *   3  the value, a hint, and a reference to it
 *   4  the value and MA_KEYS again: they are what they were
 * ```
 *
 * ## Threads
 *   MA_KEYS and, in step 4, the value are read atomically, all else is a hint:
 *   whoever has the mutex may be writing it, as `dict_keys.ts` says. That is
 *   enough, since an entry has one key and never another one: as long as there
 *   is a value it is that key's. That there is no such key was true at some
 *   moment of the call: a hint may be older than the call's end, never than its
 *   start. Nothing is written but counts: a worker that stops has a reference
 *   too many.
 *
 * Source: CPython 3.14 Objects/dictobject.c: do_lookup(),
 * unicodekeys_lookup_unicode_threadsafe(), dictkeys_generic_lookup_threadsafe(),
 * compare_unicode_unicode_threadsafe().
 * Differs: the hash of a str that may be another object by now is read without
 * a reference to it: as long as the entry has a value it is right.
 *
 * @module
 */

import * as DictKeys from "../../layout/dict_keys.ts";
import * as DictObject from "../../layout/dict_object.ts";
import * as PyObject from "../../layout/object_free_threaded.ts";
import * as UnicodeObject from "../../layout/unicode_object.ts";
import type { Address, Memory } from "../../memory/mod.ts";
import { Biased } from "../refcount/mod.ts";

// Hot: constants of this module fold, imported ones are read.
const { MA_KEYS, SHARED, ADDRESS } = DictObject;
const { DK_SHAPE, DK_INDICES, LANES_SHIFT, KIND_SHIFT } = DictKeys;
const { ENTRY_WORDS, PERTURB_SHIFT, UNICODE } = DictKeys;
const { EMPTY, FIRST } = DictKeys;
const STR_HASH = PyObject.SIZEOF + UnicodeObject.HASH;

/** {@linkcode find}: there is no such key. */
export const ABSENT = 0;
/** It cannot be told without the lock. */
export const UNSURE = -1;

/**
 * What names the table of a dict, for the other functions.
 *
 * @param isOwned Whether the caller is its owner.
 * @returns The word, or 0 if it can be read under the lock only.
 */
export function open(m: Memory, dict: number, isOwned: boolean): number {
  const word = Atomics.load(m.i32, dict + MA_KEYS);
  return isOwned || (word & SHARED) !== 0 ? word : 0;
}

/**
 * The entry of a key.
 *
 * @param table What {@linkcode open} returned.
 * @returns The key in the entry: word index, the value follows; or
 * {@linkcode ABSENT}; or below 0, the negative index of another key with the
 * same hash.
 */
export function find(
  m: Memory,
  table: number,
  key: Address,
  hash: number,
): number {
  const { i32 } = m;
  const keys = (table & ADDRESS) >>> 2;
  const shape = i32[keys + DK_SHAPE];
  const mask = (1 << (shape & 31)) - 1;
  const lanes = (shape >>> LANES_SHIFT) & 3;
  const unicode = shape >>> KIND_SHIFT;
  const indices = keys + DK_INDICES;
  const first = indices + ((mask + 1) >>> lanes) + 1 - unicode;
  const parts = (1 << lanes) - 1;
  const log = 5 - lanes;
  const most = 0xffffffff >>> (32 - (1 << log));
  let perturb = hash >>> 0;
  let at = hash & mask;
  while (true) {
    const word = i32[indices + (at >>> lanes)]; // racy hint
    const lane = (word >>> ((at & parts) << log)) & most;
    if (lane === EMPTY) return ABSENT;
    if (lane >= FIRST) {
      const entry = first + (lane - FIRST) * (ENTRY_WORDS - unicode);
      const other = i32[entry]; // racy hint
      if (other === (key | 0)) return entry;
      if (other !== 0 && hashOf(i32, entry, other, unicode) === hash) {
        return -entry;
      }
    }
    perturb >>>= PERTURB_SHIFT;
    at = ((at << 2) + at + perturb + 1) & mask;
  }
}

/** Hash of the key of an entry, if it is still there. */
function hashOf(
  i32: Int32Array<SharedArrayBuffer>,
  entry: number,
  key: number,
  unicode: number,
): number {
  if (unicode !== UNICODE) return i32[entry - 1]; // racy hint
  return i32[(key >>> 2) + STR_HASH]; // racy hint
}

/**
 * A reference to what an entry has as its key, or to what is in its place.
 *
 * @returns Byte address, or 0 if there is none to be had.
 */
export function tryKey(m: Memory, entry: number): Address {
  const key = m.i32[entry] >>> 0; // racy hint
  return key !== 0 && Biased.tryIncref(m, key) ? key : 0;
}

/**
 * True if an entry has a value, and had its key all the time.
 *
 * @param table What {@linkcode open} returned.
 */
export function hasValue(
  m: Memory,
  dict: number,
  table: number,
  entry: number,
): boolean {
  return Atomics.load(m.i32, entry + 1) !== 0 &&
    Atomics.load(m.i32, dict + MA_KEYS) === table;
}

/**
 * A reference to the value of an entry.
 *
 * @param table What {@linkcode open} returned.
 * @returns Byte address; 0 if there is none; {@linkcode UNSURE}; or the
 * negative address of an object: the same, and the caller drops a reference.
 */
export function tryValue(
  m: Memory,
  dict: number,
  table: number,
  entry: number,
): Address {
  const { i32 } = m;
  const value = i32[entry + 1] >>> 0; // racy hint
  if (value === 0) return 0;
  if (!Biased.tryIncref(m, value)) return UNSURE;
  const isThere = Atomics.load(i32, entry + 1) >>> 0 === value &&
    Atomics.load(i32, dict + MA_KEYS) === table;
  return isThere ? value : -value;
}
