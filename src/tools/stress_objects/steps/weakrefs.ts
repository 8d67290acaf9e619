/**
 * Steps with weak references to sets that others may drop at any time.
 *
 * ## Threads
 *   Both words of a pair are exchanged atomically; whoever has the weak
 *   reference has no reference to what it names.
 *
 * @module
 */

import { Sets, Weakref } from "../../../objects/mod.ts";
import type { Actor } from "../actor.ts";
import * as Mark from "../mark.ts";
import * as Places from "../places.ts";

/** Share of the weak references that have a callback. Percent. */
const CALLED_BACK = 25;

/** A set of a marked object. */
function makeTarget(actor: Actor): number {
  const { o, random } = actor;
  const mark = Mark.of(Places.WEAK, random.below(Mark.SERIALS));
  const key = Mark.make(o, mark, random.below(Mark.TUPLE_FORM), []);
  actor.requireMade(key, "an object");
  const make = random.chance(50) ? Sets.fromArray : Sets.createFrozen;
  const set = make(o, [key]);
  o.decref(key);
  return actor.requireMade(set, "a set");
}

/** Puts a reference in place of another one, which is dropped. */
function replace(actor: Actor, word: number, op: number): void {
  const before = Atomics.exchange(actor.board.i32, word, op) >>> 0;
  if (before !== 0) actor.o.decref(before);
}

/** Names a new set in place of another one, which dies. */
export function name(actor: Actor): void {
  const { o, board, random } = actor;
  const word = board.weak(random.below(Places.WEAKS));
  const set = makeTarget(actor);
  const callback = random.chance(CALLED_BACK) ? isDead(actor) : undefined;
  const ref = Weakref.create(o, set, callback);
  actor.requireMade(ref, "a weak reference");
  replace(actor, word, ref);
  replace(actor, word + 1, set);
}

/** What a callback claims: what is named is dead. */
function isDead(actor: Actor): (ref: number) => void {
  const { o } = actor;
  return (ref) => {
    if (Weakref.isDead(o, ref)) return;
    actor.trouble = `What 0x${ref.toString(16)} names lives in its callback`;
  };
}

/** Takes a weak reference, looks at what it names, puts it back. */
export function follow(actor: Actor): void {
  const { o, board, random } = actor;
  const word = board.weak(random.below(Places.WEAKS));
  const ref = Atomics.exchange(board.i32, word, 0) >>> 0;
  if (ref === 0) return;
  const set = Weakref.get(o, ref);
  if (set !== 0) {
    verifyTarget(actor, set);
    o.decref(set);
  }
  replace(actor, word, ref);
}

function verifyTarget(actor: Actor, set: number): void {
  const { o } = actor;
  const found = { key: 0 };
  if (Sets.next(o, set, 0, found) < 0) {
    actor.fail("recycled", `The set 0x${set.toString(16)} has lost its key`);
  }
  actor.verify(found.key, Places.WEAK, "in a set that is named weakly");
  o.decref(found.key);
}
