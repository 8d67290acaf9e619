/**
 * Steps with a shared dict. A value is found under the key of its serial.
 *
 * @module
 */

import { Dict, Long, Unicode } from "../../../objects/mod.ts";
import type { Actor } from "../actor.ts";
import * as Mark from "../mark.ts";
import * as Places from "../places.ts";

/** From a serial to an int that is not there from the start. */
const KEYS = 1000;

/** A dict, and its place. */
interface Target {
  readonly dict: number;
  readonly place: number;
}

function pick(actor: Actor): Target {
  const k = actor.random.below(Places.DICTS);
  const dict = actor.order.containers.dicts[k];
  return { dict, place: Places.FIRST_DICT + k };
}

/** A new key, equal to all those of this serial in this dict. */
function keyOf(actor: Actor, place: number, serial: number): number {
  // Two of the dicts have texts as keys.
  const key = place % 2 === 0
    ? Long.fromNumber(actor.o, KEYS + serial)
    : Unicode.fromString(actor.o, `key ${serial}`);
  return actor.requireMade(key, "a key");
}

/** Serial of a key. */
function serialOf(actor: Actor, key: number, place: number): number {
  return place % 2 === 0
    ? Long.toNumber(actor.o, key) - KEYS
    : Number(Unicode.toString(actor.o, key).slice(4));
}

/** Claims that a value is in its place. */
function verify(actor: Actor, value: number, place: number, serial: number) {
  const mark = actor.verify(value, place, "in its dict");
  if (Mark.serialOf(mark) === serial) return;
  actor.fail(
    "recycled",
    `The value 0x${value.toString(16)} under key ${serial} of ` +
      `${Places.nameOf(place)} is that of key ${Mark.serialOf(mark)}`,
  );
}

/** Runs something with a new key, which is dropped. */
function withKey<T>(
  actor: Actor,
  place: number,
  serial: number,
  run: (key: number) => T,
): T {
  const key = keyOf(actor, place, serial);
  const result = run(key);
  actor.o.decref(key);
  return result;
}

/** Puts a value in. */
export function set(actor: Actor): void {
  const { o } = actor;
  const { dict, place } = pick(actor);
  const value = actor.borrow(place);
  const serial = Mark.serialOf(Mark.read(o, value));
  withKey(actor, place, serial, (key) => {
    const isDone = Dict.setItem(o, dict, key, value);
    actor.requireMade(Number(isDone), "room in a dict");
  });
}

/** Puts a value in unless there is one. */
export function setDefault(actor: Actor): void {
  const { o } = actor;
  const { dict, place } = pick(actor);
  const value = actor.borrow(place);
  const serial = Mark.serialOf(Mark.read(o, value));
  withKey(actor, place, serial, (key) => {
    const found = Dict.setDefault(o, dict, key, value);
    actor.requireMade(found, "room in a dict");
    verify(actor, found, place, serial);
    actor.receive(place, found);
  });
}

/** Reads a value. */
export function get(actor: Actor): void {
  const { dict, place } = pick(actor);
  const serial = actor.random.below(64);
  withKey(actor, place, serial, (key) => {
    const value = Dict.getItem(actor.o, dict, key);
    if (value === 0) return;
    verify(actor, value, place, serial);
    actor.receive(place, value);
  });
}

/** Takes a value out. */
export function pop(actor: Actor): void {
  const { o, random } = actor;
  const { dict, place } = pick(actor);
  const serial = random.below(64);
  withKey(actor, place, serial, (key) => {
    if (random.chance(50)) {
      Dict.delItem(o, dict, key);
      return;
    }
    const value = Dict.pop(o, dict, key);
    if (value === 0) return;
    verify(actor, value, place, serial);
    actor.receive(place, value);
  });
}

/** Goes through some items. */
export function iterate(actor: Actor): void {
  const { o, random } = actor;
  const { dict, place } = pick(actor);
  const entry = new Dict.Entry();
  let at = random.below(40);
  for (let count = 8; count > 0; count--) {
    at = Dict.next(o, dict, at, entry);
    if (at < 0) break;
    verify(actor, entry.value, place, serialOf(actor, entry.key, place));
    o.decref(entry.key);
    o.decref(entry.value);
  }
}

/** Copies, empties, or lists a dict. */
export function whole(actor: Actor): void {
  const { o, random } = actor;
  const { dict } = pick(actor);
  if (random.chance(10)) return Dict.clear(o, dict);
  const make = [Dict.copy, Dict.keys, Dict.values, Dict.items][random.below(4)];
  o.decref(actor.requireMade(make(o, dict), "a copy of a dict"));
}
