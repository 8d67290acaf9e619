/**
 * Steps with a shared set.
 *
 * @module
 */

import { Sets } from "../../../objects/mod.ts";
import type { Actor } from "../actor.ts";
import * as Places from "../places.ts";

/** A set, and its place. */
interface Target {
  readonly set: number;
  readonly place: number;
}

function pick(actor: Actor): Target {
  const k = actor.random.below(Places.SETS);
  const set = actor.order.containers.sets[k];
  return { set, place: Places.FIRST_SET + k };
}

/** Adds an object; one that equals it may be there. */
export function add(actor: Actor): void {
  const { set, place } = pick(actor);
  const isDone = Sets.add(actor.o, set, actor.borrow(place));
  actor.requireMade(Number(isDone), "room in a set");
}

/** Asks for an object, or takes it out. */
export function discard(actor: Actor): void {
  const { set, place } = pick(actor);
  const key = actor.borrow(place);
  if (actor.random.chance(50)) Sets.contains(actor.o, set, key);
  else Sets.discard(actor.o, set, key);
}

/** Takes any object out. */
export function pop(actor: Actor): void {
  const { set, place } = pick(actor);
  const key = Sets.pop(actor.o, set);
  if (key !== 0) actor.receive(place, key);
}

/** Goes through some objects. */
export function iterate(actor: Actor): void {
  const { o, random } = actor;
  const { set, place } = pick(actor);
  const found = { key: 0 };
  let at = random.below(64);
  for (let count = 8; count > 0; count--) {
    at = Sets.next(o, set, at, found);
    if (at < 0) break;
    actor.verify(found.key, place, "in its set");
    o.decref(found.key);
  }
}

/** Makes a set of two others, one of which may be changed or emptied. */
export function combine(actor: Actor): void {
  const { o, random } = actor;
  const { set, place } = pick(actor);
  if (random.chance(10)) return Sets.clear(o, set);
  const copy = actor.requireMade(Sets.copy(o, set), "a copy of a set");
  const run = [
    Sets.union,
    Sets.intersection,
    Sets.difference,
    Sets.symmetricDifference,
  ][random.below(4)];
  const made = actor.requireMade(run(o, set, copy), "a set");
  const found = { key: 0 };
  if (Sets.next(o, made, 0, found) >= 0) {
    actor.verify(found.key, place, "in a set made of its set");
    o.decref(found.key);
  }
  o.decref(copy);
  o.decref(made);
}
