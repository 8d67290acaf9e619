/**
 * Changes of a dict that the caller has to itself.
 *
 * ## Threads
 *   The caller is in a section, see `section.ts`, and drops the references that
 *   it gets after it.
 *
 * Source: CPython 3.14 Objects/dictobject.c: insertdict(),
 * delitem_common(), dict_merge().
 * Differs: a merge that lacks memory is undone.
 *
 * @module
 */

import * as Keys from "../../layout/dict_keys.ts";
import * as DictObject from "../../layout/dict_object.ts";
import type { Address } from "../../memory/mod.ts";
import * as Kinds from "../kinds.ts";
import type { Objects } from "../objects.ts";
import { DictKeys } from "../sharing/mod.ts";
import type * as Items from "./items.ts";
import * as Lookup from "./lookup.ts";
import * as Table from "./table.ts";

const { MA_USED } = DictObject;
const { GENERAL, UNICODE } = Keys;

/** {@linkcode store}: no memory is left, and nothing has changed. */
export const NO_MEMORY = -1;

/** Kind of a table that a key needs. */
function kindFor(o: Objects, key: Address): number {
  return o.kindOf(key) === Kinds.STR ? UNICODE : GENERAL;
}

/**
 * Gives a key a value; both get one more reference. C: insertdict().
 *
 * @returns The value that it had, whose reference is the caller's; 0 if it had
 * none; or {@linkcode NO_MEMORY}.
 * @throws {RangeError} If keys are nested too deep; the section has ended.
 */
export function store(
  o: Objects,
  dict: number,
  key: Address,
  hash: number,
  value: Address,
): Address {
  return put(o, dict, Lookup.find(o, dict, key, hash), key, hash, value);
}

/**
 * The same where the key was looked up a moment ago.
 *
 * @param at What `Lookup.find()` returned. Word index.
 */
export function put(
  o: Objects,
  dict: number,
  at: number,
  key: Address,
  hash: number,
  value: Address,
): Address {
  const { m } = o;
  if (at === Lookup.ABSENT) {
    if (!Table.reserve(o, dict, kindFor(o, key))) return NO_MEMORY;
    o.incref(key);
    o.incref(value);
    DictKeys.insert(m, dict, hash, key, value);
    return 0;
  }
  o.incref(value);
  return DictKeys.set(m, dict, at, value);
}

/** Makes room for many items at once, as far as that is sure to be of use. */
function presize(o: Objects, dict: number, from: Items.Snapshot): boolean {
  const { i32, m } = o;
  const count = from.hashes.length;
  const used = i32[dict + MA_USED];
  if (used === 0 && from.isTight) {
    return Table.renew(o, dict, from.log, from.kind);
  }
  const log = DictKeys.logSize(i32, DictKeys.table(m, dict));
  if (DictKeys.capacityOf(log) >= count) return true;
  return Table.resize(o, dict, Table.logForEntries(used + count), from.kind);
}

/**
 * Gives all keys their values. C: dict_merge().
 *
 * @param from Items of another dict, at least one.
 * @param dropped Gets references that the caller drops.
 * @returns False, and the dict has the items that it had, if no memory is left.
 * @throws {RangeError} If keys are nested too deep; the section has ended.
 */
export function merge(
  o: Objects,
  dict: number,
  from: Items.Snapshot,
  dropped: Address[],
): boolean {
  if (!presize(o, dict, from)) return false;
  const { ops, hashes } = from;
  for (let k = 0; k < hashes.length; k++) {
    const value = store(o, dict, ops[2 * k], hashes[k], ops[2 * k + 1]);
    if (value === NO_MEMORY) {
      undo(o, dict, from, dropped);
      return false;
    }
    dropped.push(value);
  }
  return true;
}

/** Gives the first keys back what they had. */
function undo(
  o: Objects,
  dict: number,
  { ops, hashes }: Items.Snapshot,
  dropped: Address[],
): void {
  for (let k = dropped.length - 1; k >= 0; k--) {
    const before = dropped[k];
    const key = ops[2 * k];
    if (before === 0) {
      const at = Lookup.valueAt(o, dict, key, hashes[k]);
      if (at === 0) continue;
      dropped.push(o.i32[at - 1] >>> 0, o.i32[at] >>> 0);
      DictKeys.remove(o.m, dict, hashes[k], at - 1);
    } else {
      // Its entry is there, so that no memory is needed.
      dropped[k] = Math.max(store(o, dict, key, hashes[k], before), 0);
      dropped.push(before);
    }
  }
}
