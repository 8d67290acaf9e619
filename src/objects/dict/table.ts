/**
 * Tables of dicts: made, replaced by larger ones, given back.
 *
 * ## Threads
 *   The caller has the dict to itself, see `section.ts`. A table is written
 *   before a dict names it. One that others than the owner may read is freed
 *   later. A worker that stops leaks the table that no dict names.
 *
 * Source: CPython 3.14 Objects/dictobject.c: new_keys_object(),
 * free_keys_object(), dictresize(), build_indices_generic(),
 * build_indices_unicode(), clone_combined_dict_keys(),
 * calculate_log2_keysize(), estimate_log2_keysize().
 * Differs: tables are whole double words.
 *
 * @module
 */

import * as Keys from "../../layout/dict_keys.ts";
import * as DictObject from "../../layout/dict_object.ts";
import * as UnicodeObject from "../../layout/unicode_object.ts";
import { type Address, Bytes } from "../../memory/mod.ts";
import * as FreeLists from "../free_lists.ts";
import * as MemDelayed from "../mem_delayed.ts";
import type { Objects } from "../objects.ts";
import { DictKeys } from "../sharing/mod.ts";

// Hot: constants of this module fold, imported ones are read.
const { MA_USED, EMPTY_KEYS } = DictObject;
const { DK_USABLE, DK_NENTRIES, DK_INDICES, ENTRY_WORDS } = Keys;
const { GENERAL, UNICODE, LOG_MINSIZE, LOG_MAXSIZE } = Keys;
const { KEYS, CONTAINERS_MAX } = FreeLists;
const { HASH } = UnicodeObject;

/** Size of a table of a kind, of so many lanes. Bytes. */
function bytesFor(log: number, kind: number): number {
  const lanes = Math.max((1 << log) >>> DictKeys.lanesOf(log), 1);
  const entries = DictKeys.capacityOf(log) * (ENTRY_WORDS - kind);
  return ((DK_INDICES + lanes + entries + 1) & ~1) * 4;
}

/**
 * Size of the table of a dict; that of dicts without items is nobody's. Bytes.
 * C: _PyDict_KeysSize().
 */
export function bytesOf(o: Objects, keys: Address): number {
  if (keys === EMPTY_KEYS) return 0;
  const at = keys >>> 2;
  return bytesFor(DictKeys.logSize(o.i32, at), DictKeys.kind(o.i32, at));
}

/**
 * Binary logarithm of the lanes of a table, not below that number of lanes.
 * C: calculate_log2_keysize().
 */
export function logFor(lanes: number): number {
  let log = LOG_MINSIZE;
  while (2 ** log < lanes) log++;
  return log;
}

/** The same for so many entries. C: estimate_log2_keysize(). */
export function logForEntries(count: number): number {
  return logFor(Math.floor((count * 3 + 1) / 2));
}

/**
 * A table that nobody else knows of, without entries. C: new_keys_object().
 *
 * @returns Byte address, or 0 if no memory is left.
 */
export function create(o: Objects, log: number, kind: number): Address {
  if (log > LOG_MAXSIZE) return 0;
  const nbytes = bytesFor(log, kind);
  const isSmall = log === LOG_MINSIZE && kind === UNICODE;
  let keys = isSmall ? FreeLists.pop(o.i32, o.lists + KEYS) : 0;
  if (keys === 0) keys = o.core.mem.malloc(nbytes);
  if (keys === 0) return 0;
  Bytes.zero(o.m, keys, nbytes);
  DictKeys.init(o.i32, keys >>> 2, log, kind);
  return keys;
}

/**
 * Frees a table that no dict names. C: free_keys_object().
 *
 * @param isShared Whether others may still read it.
 */
export function free(o: Objects, keys: Address, isShared: boolean): void {
  if (keys === EMPTY_KEYS) return;
  if (isShared) {
    MemDelayed.free(o, keys, bytesOf(o, keys));
    return;
  }
  const at = keys >>> 2;
  const isSmall = DictKeys.logSize(o.i32, at) === LOG_MINSIZE &&
    DictKeys.kind(o.i32, at) === UNICODE;
  if (isSmall && FreeLists.push(o.i32, o.lists + KEYS, CONTAINERS_MAX, keys)) {
    return;
  }
  o.core.mem.free(keys as never);
}

/** Hash of the key of an entry. */
export function hashAt(o: Objects, keys: number, at: number): number {
  const { i32 } = o;
  if (DictKeys.kind(i32, keys) === GENERAL) return i32[at - 1];
  return i32[(i32[at] >>> 2) + o.head + HASH];
}

/**
 * Copies the items of a table to one that nobody else knows of and has room.
 * C: build_indices_generic() and its callers.
 */
function fill(o: Objects, from: number, to: number): void {
  const { i32 } = o;
  const isGeneral = DictKeys.kind(i32, to) === GENERAL;
  const step = ENTRY_WORDS - DictKeys.kind(i32, from);
  const end = DictKeys.keyAt(i32, from, i32[from + DK_NENTRIES]);
  let index = 0;
  for (let at = DictKeys.keyAt(i32, from, 0); at < end; at += step) {
    if (i32[at + 1] === 0) continue;
    const hash = hashAt(o, from, at);
    const entry = DictKeys.keyAt(i32, to, index);
    if (isGeneral) i32[entry - 1] = hash;
    i32[entry] = i32[at];
    i32[entry + 1] = i32[at + 1];
    DictKeys.link(i32, to, hash, index);
    index++;
  }
  i32[to + DK_USABLE] -= index;
  i32[to + DK_NENTRIES] = index;
}

/**
 * Gives a dict another table with its items. C: dictresize().
 *
 * @param log Binary logarithm of its lanes.
 * @param kind Kind; a table of kind GENERAL is followed by another of them.
 * @returns False, and nothing has changed, if no memory is left.
 */
export function resize(
  o: Objects,
  dict: number,
  log: number,
  kind: number,
): boolean {
  const before = DictKeys.block(o.m, dict);
  const isGeneral = before !== EMPTY_KEYS &&
    DictKeys.kind(o.i32, before >>> 2) === GENERAL;
  return renew(o, dict, log, isGeneral ? GENERAL : kind);
}

/** The same; the table is of that kind, whatever the other one was. */
export function renew(
  o: Objects,
  dict: number,
  log: number,
  kind: number,
): boolean {
  const { m } = o;
  const before = DictKeys.block(m, dict);
  const isShared = DictKeys.isShared(m, dict);
  if (isShared && !MemDelayed.reserve(o)) return false;
  const keys = create(o, log, kind);
  if (keys === 0) return false;
  fill(o, before >>> 2, keys >>> 2);
  DictKeys.replace(m, dict, keys);
  free(o, before, isShared);
  return true;
}

/** The same when the next item finds no room. C: insertion_resize(). */
export function grow(o: Objects, dict: number, kind: number): boolean {
  const used = o.i32[dict + MA_USED];
  return resize(o, dict, logFor(used * 3), kind);
}

/**
 * Makes room for one more item.
 *
 * @param kind Kind that the table needs: UNICODE if its key is a str.
 * @returns False, and nothing has changed, if no memory is left.
 */
export function reserve(o: Objects, dict: number, kind: number): boolean {
  const { i32, m } = o;
  const keys = DictKeys.table(m, dict);
  if (i32[keys + DK_USABLE] > 0) {
    return DictKeys.kind(i32, keys) <= kind || grow(o, dict, kind);
  }
  return DictKeys.block(m, dict) === EMPTY_KEYS
    ? resize(o, dict, LOG_MINSIZE, kind)
    : grow(o, dict, kind);
}

/**
 * A table with the items of another one, which get one more reference each.
 * C: clone_combined_dict_keys(), if no more than a third of them is missing.
 *
 * @param count Items.
 * @returns Byte address, or 0 if no memory is left.
 */
export function copy(o: Objects, from: Address, count: number): Address {
  const { i32 } = o;
  const source = from >>> 2;
  const entries = i32[source + DK_NENTRIES];
  const isWhole = count >= Math.floor(entries * 2 / 3);
  const log = isWhole ? DictKeys.logSize(i32, source) : logForEntries(count);
  const keys = create(o, log, DictKeys.kind(i32, source));
  if (keys === 0) return 0;
  if (isWhole) Bytes.copy(o.m, keys, from, bytesOf(o, from));
  else fill(o, source, keys >>> 2);
  increfAll(o, keys >>> 2);
  return keys;
}

/** One more reference to all that a table refers to. */
function increfAll(o: Objects, keys: number): void {
  const { i32 } = o;
  const step = ENTRY_WORDS - DictKeys.kind(i32, keys);
  const end = DictKeys.keyAt(i32, keys, i32[keys + DK_NENTRIES]);
  for (let at = DictKeys.keyAt(i32, keys, 0); at < end; at += step) {
    if (i32[at] !== 0) o.incref(i32[at] >>> 0);
    if (i32[at + 1] !== 0) o.incref(i32[at + 1] >>> 0);
  }
}

/** Drops all references of a table that no dict names. */
export function drop(o: Objects, keys: Address): void {
  const { i32 } = o;
  const table = keys >>> 2;
  const step = ENTRY_WORDS - DictKeys.kind(i32, table);
  const end = DictKeys.keyAt(i32, table, i32[table + DK_NENTRIES]);
  for (let at = DictKeys.keyAt(i32, table, 0); at < end; at += step) {
    const key = i32[at] >>> 0;
    const value = i32[at + 1] >>> 0;
    if (key !== 0) o.decref(key);
    if (value !== 0) o.decref(value);
  }
}
