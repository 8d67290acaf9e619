/**
 * What every function of a set begins with: the right kind of object, alone.
 *
 * ## Threads
 *   A `set` is changed and searched in a critical section with it, or under the
 *   GIL. A `frozenset` is only read once others know of it, so it needs none.
 *   Who begins mends what a worker that stopped has left, see `table.ts`.
 *
 * Source: CPython 3.14 Objects/setobject.c.
 *
 * @module
 */

import { show } from "../../errors.ts";
import * as PyObject from "../../layout/object_free_threaded.ts";
import * as SetObject from "../../layout/set_object.ts";
import type { Address } from "../../memory/mod.ts";
import { CriticalSection } from "../../threads/mod.ts";
import * as Kinds from "../kinds.ts";
import type { Objects } from "../objects.ts";
import * as Tracking from "../tracking.ts";
import * as Table from "./table.ts";

// Hot: constants of this module fold, imported ones are read.
const { FROZENSET, SET } = Kinds;
const { X_OB_MUTEX } = PyObject;
/** Hash of a frozenset that nobody has asked for. */
const UNKNOWN = -1;

/** True if it is a set that never changes. */
export function isFrozen(o: Objects, op: Address): boolean {
  return o.kindOf(op) === FROZENSET;
}

/** True if it is a set of either kind. C: `PyAnySet_Check()`. */
export function isAnySet(o: Objects, op: Address): boolean {
  const kind = o.kindOf(op);
  return kind === SET || kind === FROZENSET;
}

/** Refuses what is no set of either kind. */
export function requireAnySet(o: Objects, op: Address, attempt: string): void {
  if (op !== 0 && isAnySet(o, op)) return;
  throw new TypeError(`Cannot ${attempt} ${show(op)}: ${o.describe(op)}`);
}

/** An empty set of a kind, or 0 if no memory is left. */
export function make(o: Objects, kind: number): Address {
  const op = o.newGc(o.typeOfKind(kind), SetObject.SIZEOF * 4);
  if (op === 0) return 0;
  const set = o.fields(op);
  Table.init(o, set);
  o.i32[set + SetObject.WEAKREFLIST] = 0;
  // FINGER, if it is no frozenset.
  o.i32[set + SetObject.HASH] = kind === FROZENSET ? UNKNOWN : 0;
  Tracking.track(o, op);
  return op;
}

/** Begins a section with a set. Returns its fields. Word index. */
export function begin(o: Objects, op: Address): number {
  const set = o.fields(op);
  if (isFrozen(o, op)) return set;
  CriticalSection.begin(o.m, (op >>> 2) + X_OB_MUTEX);
  mendIfTorn(o, set);
  return set;
}

function mendIfTorn(o: Objects, set: number): void {
  if (Table.isTorn(o, set)) Table.mend(o, set);
}

/** Ends it. */
export function end(o: Objects, op: Address): void {
  if (!isFrozen(o, op)) CriticalSection.end(o.m);
}

/** Begins a section with two sets. */
export function begin2(o: Objects, a: Address, b: Address): void {
  if (isFrozen(o, a) && isFrozen(o, b)) return;
  const offset = X_OB_MUTEX;
  CriticalSection.begin2(o.m, (a >>> 2) + offset, (b >>> 2) + offset);
  mendIfTorn(o, o.fields(a));
  mendIfTorn(o, o.fields(b));
}

/** Ends it. */
export function end2(o: Objects, a: Address, b: Address): void {
  if (!isFrozen(o, a) || !isFrozen(o, b)) CriticalSection.end(o.m);
}
