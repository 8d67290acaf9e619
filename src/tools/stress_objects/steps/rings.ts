/**
 * Cycles that workers make together: each links a list of its own with one that
 * another worker has left. Only a collection can free them.
 *
 * ```text
 *   ring ──▶ [mark, older] ◀──▶ [mark, newer, …] ◀──▶ …
 * ```
 *
 * ## Threads
 *   A ring is a word that is exchanged atomically, as a slot.
 *
 * @module
 */

import { List } from "../../../objects/mod.ts";
import type { Actor } from "../actor.ts";
import * as Mark from "../mark.ts";
import * as Places from "../places.ts";

/** Share of the exchanges that break off a ring. Percent. */
const BREAK = 25;

/** A list of a marked object. */
function makeLink(actor: Actor): number {
  const { o, random } = actor;
  const mark = Mark.of(Places.RING, random.below(Mark.SERIALS));
  const item = Mark.make(o, mark, random.below(Mark.TUPLE_FORM), []);
  actor.requireMade(item, "an object");
  const list = List.fromArray(o, [item]);
  o.decref(item);
  return actor.requireMade(list, "a list");
}

/** Links a new list with the last one of a ring; at times it breaks off. */
export function link(actor: Actor): void {
  const { o, board, random } = actor;
  const word = board.ring(random.below(Places.RINGS));
  const mine = makeLink(actor);
  const theirs = Atomics.exchange(board.i32, word, 0) >>> 0;
  if (theirs !== 0) {
    const first = List.getItem(o, theirs, 0);
    actor.verify(first, Places.RING, "at the start of a list of a ring");
    o.decref(first);
    const isDone = List.append(o, mine, theirs) && List.append(o, theirs, mine);
    actor.requireMade(Number(isDone), "room in a list");
    o.decref(theirs);
  }
  // What it is linked with is garbage if nobody keeps this one.
  const isKept = !random.chance(BREAK);
  const before = isKept ? Atomics.exchange(board.i32, word, mine) >>> 0 : mine;
  if (before !== 0) o.decref(before);
}
