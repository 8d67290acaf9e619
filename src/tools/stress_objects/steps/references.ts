/**
 * Steps with references alone: made, doubled, dropped, handed over.
 *
 * ## Threads
 *   A slot is exchanged atomically: whoever gets an object out of it has the
 *   reference.
 *
 * @module
 */

import type { Actor } from "../actor.ts";
import { ENTRIES, entryOf, placeAt, ROWS } from "../board.ts";
import * as Places from "../places.ts";

/** Makes an object in place of another one. */
export function make(actor: Actor): void {
  const entry = actor.random.below(ENTRIES);
  actor.put(entry, actor.make(placeAt(entry)));
}

/** Drops a reference. */
export function drop(actor: Actor): void {
  actor.put(actor.random.below(ENTRIES), 0);
}

/** Has one more reference to an object. */
export function double(actor: Actor): void {
  const entry = actor.random.below(ENTRIES);
  const op = actor.at(entry);
  if (op === 0) return;
  actor.o.incref(op);
  const row = actor.random.below(ROWS);
  actor.put(entryOf(placeAt(entry), row), op);
}

/** Takes a reference and drops it, without any other use. */
export function touch(actor: Actor): void {
  const op = actor.at(actor.random.below(ENTRIES));
  if (op === 0) return;
  actor.o.incref(op);
  actor.o.decref(op);
}

/** Gives an object to whoever comes, for the one that somebody has left. */
export function exchange(actor: Actor): void {
  const { board, random } = actor;
  const place = Places.FIRST_SLOT + random.below(Places.SLOTS);
  const entry = actor.entryFor(place);
  const word = actor.table + entry;
  const mine = board.i32[word];
  board.i32[word] = 0;
  const theirs = Atomics.exchange(board.i32, board.slot(place), mine) >>> 0;
  if (theirs !== 0) actor.receive(place, theirs);
}
