/**
 * Steps with a shared list.
 *
 * @module
 */

import { List } from "../../../objects/mod.ts";
import type { Actor } from "../actor.ts";
import * as Places from "../places.ts";

/** Longer ones are cut. Items. */
const LENGTH_MAX = 48;

/** A list, and its place. */
interface Target {
  readonly list: number;
  readonly place: number;
}

function pick(actor: Actor): Target {
  const k = actor.random.below(Places.LISTS);
  return { list: actor.order.containers.lists[k], place: k + 1 };
}

/**
 * What a call returns, or `otherwise` if another worker has made the list
 * shorter.
 */
function unlessShorter<T>(otherwise: T, call: () => T): T {
  try {
    return call();
  } catch (error) {
    const isShorter = error instanceof RangeError &&
      /item -?\d+ of a list: its length is/.test(error.message);
    if (isShorter) return otherwise;
    throw error;
  }
}

/** Appends an object. */
export function append(actor: Actor): void {
  const { o } = actor;
  const { list, place } = pick(actor);
  const isDone = List.append(o, list, actor.borrow(place));
  actor.requireMade(Number(isDone), "room in a list");
  if (List.length(o, list) > LENGTH_MAX) List.clear(o, list);
}

/** Puts an object in. */
export function insert(actor: Actor): void {
  const { list, place } = pick(actor);
  const index = actor.random.below(LENGTH_MAX) - 8;
  const isDone = List.insert(actor.o, list, index, actor.borrow(place));
  actor.requireMade(Number(isDone), "room in a list");
}

/** Reads an item. */
export function get(actor: Actor): void {
  const { o, random } = actor;
  const { list, place } = pick(actor);
  const index = random.below(Math.max(List.length(o, list), 1));
  const item = unlessShorter(0, () => List.getItem(o, list, index));
  if (item !== 0) actor.receive(place, item);
}

/** Replaces an item. */
export function set(actor: Actor): void {
  const { o, random } = actor;
  const { list, place } = pick(actor);
  const item = actor.borrow(place);
  const index = random.below(Math.max(List.length(o, list), 1));
  o.incref(item);
  const isSet = unlessShorter(false, () => {
    List.setItem(o, list, index, item);
    return true;
  });
  if (!isSet) o.decref(item);
}

/** Takes an item out. */
export function pop(actor: Actor): void {
  const { o, random } = actor;
  const { list, place } = pick(actor);
  const length = List.length(o, list);
  const index = random.chance(70) ? -1 : random.below(Math.max(length, 1));
  const item = unlessShorter(0, () => List.pop(o, list, index));
  if (item !== 0) actor.receive(place, item);
}

/** Copies a part, looks at it, drops it; the copy is this worker's alone. */
export function slice(actor: Actor): void {
  const { o, random } = actor;
  const { list, place } = pick(actor);
  const low = random.below(LENGTH_MAX) - 8;
  const copy = List.slice(o, list, low, low + random.below(12));
  actor.requireMade(copy, "a copy of a list");
  for (let k = List.length(o, copy) - 1; k >= 0; k--) {
    const item = List.getItem(o, copy, k);
    actor.verify(item, place, "in a copy of its list");
    o.decref(item);
  }
  o.decref(copy);
}

/** Changes the list as a whole. */
export function rearrange(actor: Actor): void {
  const { list } = pick(actor);
  if (actor.random.chance(50)) List.reverse(actor.o, list);
  else if (actor.random.chance(30)) List.clear(actor.o, list);
}
