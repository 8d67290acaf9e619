/**
 * What containers hold, at one moment.
 *
 * ## Threads
 *   Items are read in one critical section of the container, or under the GIL:
 *   all of one moment. A worker that stops in between leaks references.
 *
 * @module
 */

import type { Address } from "../memory/mod.ts";
import { Dict, Kinds, List, Sets, Tuple } from "../objects/mod.ts";
import { inSection } from "./handle.ts";
import type { Space } from "./space.ts";

/** Adds the items of a list. */
function addList(space: Space, op: Address, found: Address[]): void {
  const { o } = space;
  const length = List.length(o, op);
  for (let k = 0; k < length; k++) found.push(List.getItem(o, op, k));
}

/** Adds the items of a tuple; a slot that was never filled is left out. */
function addTuple(space: Space, op: Address, found: Address[]): void {
  const { o } = space;
  const length = Tuple.length(o, op);
  for (let k = 0; k < length; k++) {
    const item = Tuple.item(o, op, k);
    if (item === 0) continue;
    o.incref(item);
    found.push(item);
  }
}

/** Adds keys and values of a dict by turns. */
function addDict(space: Space, op: Address, found: Address[]): void {
  const { o } = space;
  const entry = new Dict.Entry();
  let at = Dict.next(o, op, 0, entry);
  while (at >= 0) {
    found.push(entry.key, entry.value);
    at = Dict.next(o, op, at, entry);
  }
}

/** Adds the items of a set. */
function addSet(space: Space, op: Address, found: Address[]): void {
  const { o } = space;
  const entry = { key: 0 };
  let at = Sets.next(o, op, 0, entry);
  while (at >= 0) {
    found.push(entry.key);
    at = Sets.next(o, op, at, entry);
  }
}

/** Adds what a container holds. */
function add(space: Space, op: Address, found: Address[]): void {
  switch (space.o.kindOf(op)) {
    case Kinds.LIST:
      return addList(space, op, found);
    case Kinds.TUPLE:
      return addTuple(space, op, found);
    case Kinds.DICT:
      return addDict(space, op, found);
    default:
      return addSet(space, op, found);
  }
}

/**
 * What a container holds; of a dict keys and values by turns.
 *
 * @returns Addresses; the references are the caller's.
 */
export function itemsOf(space: Space, op: Address): Address[] {
  const found: Address[] = [];
  inSection(space, op, () => add(space, op, found));
  return found;
}
