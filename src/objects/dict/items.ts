/**
 * All items of a dict at once: their references are taken in one section.
 *
 * ## Threads
 *   As `section.ts`. What comes out is a moment of the dict, whatever others do
 *   to it. A worker that stops has references too many.
 *
 * Source: CPython 3.14 Objects/dictobject.c: dict_keys(), dict_values(),
 * dict_items(), dict_merge(), _PyDict_Next().
 *
 * @module
 */

import * as Keys from "../../layout/dict_keys.ts";
import type { Address } from "../../memory/mod.ts";
import * as List from "../list.ts";
import type { Objects } from "../objects.ts";
import { DictKeys } from "../sharing/mod.ts";
import * as Tuple from "../tuple.ts";
import * as Lookup from "./lookup.ts";
import { begin, end } from "./section.ts";
import * as Table from "./table.ts";

const { DK_NENTRIES, LOG_MINSIZE } = Keys;

/** An item of a dict. */
export class Entry {
  /** Its key; the reference is the caller's. */
  key: Address = 0;
  /** Its value; the same. */
  value: Address = 0;
  /** Hash of the key. */
  hash = 0;
}

/** Index of the next item from an index on, or -1. */
function nextIndex(o: Objects, keys: number, from: number): number {
  const { i32 } = o;
  const count = i32[keys + DK_NENTRIES];
  let k = from;
  while (k < count && i32[DictKeys.keyAt(i32, keys, k) + 1] === 0) k++;
  return k < count ? k : -1;
}

/**
 * The next item, in the order in which keys came. C: `PyDict_Next()`.
 *
 * @param position 0, or what the last call returned.
 * @param entry Gets the item, with references for the caller.
 * @returns Position behind it, or -1 if there is none.
 */
export function next(
  o: Objects,
  op: Address,
  position: number,
  entry: Entry,
): number {
  const dict = begin(o, op);
  const keys = DictKeys.table(o.m, dict);
  const index = nextIndex(o, keys, position);
  if (index >= 0) {
    const at = DictKeys.keyAt(o.i32, keys, index);
    entry.hash = Table.hashAt(o, keys, at);
    entry.key = Lookup.take(o, at);
    entry.value = Lookup.take(o, at + 1);
  }
  end(o);
  return index < 0 ? -1 : index + 1;
}

/** Index of the last item, or -1. */
export function lastIndex(o: Objects, keys: number): number {
  const { i32 } = o;
  let k = i32[keys + DK_NENTRIES] - 1;
  while (k >= 0 && i32[DictKeys.keyAt(i32, keys, k) + 1] === 0) k--;
  return k;
}

/** All items of a dict as they were at one moment. */
export class Snapshot {
  /** Keys and values in turn, with a reference each for the caller. */
  readonly ops: Address[] = [];
  /** Hashes of the keys. */
  readonly hashes: number[] = [];
  /** Kind of the table. */
  kind = 0;
  /** Binary logarithm of its lanes. */
  log = 0;
  /** True if no item was taken out, and no smaller table has room for them. */
  isTight = false;

  /** Of a dict, in a section. */
  constructor(o: Objects, op: Address) {
    const dict = begin(o, op);
    const keys = DictKeys.table(o.m, dict);
    this.kind = DictKeys.kind(o.i32, keys);
    this.log = DictKeys.logSize(o.i32, keys);
    this.#takeAll(o, keys);
    const used = this.hashes.length;
    this.isTight = used === o.i32[keys + DK_NENTRIES] &&
      (this.log <= LOG_MINSIZE || DictKeys.capacityOf(this.log - 1) < used);
    end(o);
  }

  #takeAll(o: Objects, keys: number): void {
    const { i32 } = o;
    let k = nextIndex(o, keys, 0);
    while (k >= 0) {
      const at = DictKeys.keyAt(i32, keys, k);
      const key = i32[at] >>> 0;
      const value = i32[at + 1] >>> 0;
      o.incref(key);
      o.incref(value);
      this.ops.push(key, value);
      this.hashes.push(Table.hashAt(o, keys, at));
      k = nextIndex(o, keys, k + 1);
    }
  }
}

/** Drops a reference of each. */
export function dropAll(o: Objects, ops: readonly Address[]): void {
  for (const op of ops) if (op !== 0) o.decref(op);
}

/** A list of every second one, or 0 if no memory is left. */
function listOf(o: Objects, op: Address, first: number): Address {
  const { ops } = new Snapshot(o, op);
  const list = List.fromArray(o, ops.filter((_, k) => (k & 1) === first));
  dropAll(o, ops);
  return list;
}

/** A list of the keys, or 0 if no memory is left. */
export function keys(o: Objects, op: Address): Address {
  return listOf(o, op, 0);
}

/** A list of the values, or 0 if no memory is left. */
export function values(o: Objects, op: Address): Address {
  return listOf(o, op, 1);
}

/** A list of a tuple for each item, or 0 if no memory is left. */
export function items(o: Objects, op: Address): Address {
  const { ops } = new Snapshot(o, op);
  const pairs: Address[] = [];
  let pair = 1;
  for (let k = 0; k < ops.length && pair !== 0; k += 2) {
    pair = Tuple.pair(o, ops[k], ops[k + 1]);
    if (pair !== 0) pairs.push(pair);
  }
  const list = pair === 0 ? 0 : List.fromArray(o, pairs);
  dropAll(o, pairs);
  dropAll(o, ops);
  return list;
}
