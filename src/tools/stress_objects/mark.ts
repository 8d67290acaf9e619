/**
 * Marks: what an object is for, written into its value. An object whose memory
 * was given to another one is noticed, because that has another mark, or none.
 *
 * ```text
 *   29     24 23          8 7      0
 *   ┌────────┬─────────────┬────────┐
 *   │ place  │ serial      │ check  │  one digit of an int
 *   └────────┴─────────────┴────────┘
 * ```
 *
 * The mark is the value of an int of one digit, the upper bits of one of two
 * digits, a float, a text, or the first two items of a tuple.
 *
 * ## Threads
 *   The caller has a reference to each object.
 *
 * @module
 */

import { Float, Kinds, Long, Tuple, Unicode } from "../../objects/mod.ts";
import type { Objects } from "../../objects/mod.ts";
import { mix } from "../stress/random.ts";

/** Serials of a place. Count. */
export const SERIALS = 65536;
/** No mark. */
export const NONE = -1;

/** From a mark to an int of two digits. */
const FACTOR = 4194304;
/** What follows the mark in it. */
const REST = 42;
/** What follows the mark in a float. */
const FRACTION = 0.25;
/** A text is this, and the mark in digits; the second one has wide characters. */
const PREFIXES = ["mark ", "m\u{e4}rk\u{2014}"];

/** Ways to carry a mark, by number. Count. */
export const FORMS = 6;
/** Forms below this have no items. */
export const TUPLE_FORM = 5;

/** The mark of an object for a place. */
export function of(place: number, serial: number): number {
  const head = (place << 16) | serial;
  return (head << 8) | (mix(head) & 255);
}

/** What a mark says the object is for. */
export function placeOf(mark: number): number {
  return mark >>> 24;
}

/** Which of the objects of its place. */
export function serialOf(mark: number): number {
  return (mark >>> 8) & 65535;
}

/** The number if it is a mark. */
function checked(mark: number): number {
  const isMark = mark >= 1 << 24 && mark < 2 ** 30 && mark === (mark | 0) &&
    of(placeOf(mark), serialOf(mark)) === mark;
  return isMark ? mark : NONE;
}

/**
 * A new object with a mark.
 *
 * @param form Which of the {@linkcode FORMS}.
 * @param more What a tuple refers to as well.
 * @returns Byte address, or 0 if no memory is left.
 */
export function make(
  o: Objects,
  mark: number,
  form: number,
  more: readonly number[],
): number {
  switch (form) {
    case 0:
      return Long.fromNumber(o, mark);
    case 1:
      return Long.fromNumber(o, mark * FACTOR + REST);
    case 2:
      return Float.fromNumber(o, mark + FRACTION);
    case 3:
      return Unicode.fromString(o, PREFIXES[0] + mark);
    case 4:
      return Unicode.fromString(o, PREFIXES[1] + mark);
    default:
      return makeTuple(o, mark, more);
  }
}

function makeTuple(o: Objects, mark: number, more: readonly number[]): number {
  const first = Long.fromNumber(o, mark);
  const second = Float.fromNumber(o, mark + FRACTION);
  const isWhole = first !== 0 && second !== 0;
  const tuple = isWhole ? Tuple.fromArray(o, [first, second, ...more]) : 0;
  if (first !== 0) o.decref(first);
  if (second !== 0) o.decref(second);
  return tuple;
}

/** The mark of an object, or NONE. */
export function read(o: Objects, op: number): number {
  switch (o.kindOf(op)) {
    case Kinds.INT:
      return ofInt(Long.toNumber(o, op));
    case Kinds.FLOAT:
      return checked(Float.toNumber(o, op) - FRACTION);
    case Kinds.STR:
      return ofText(Unicode.toString(o, op));
    case Kinds.TUPLE:
      return ofTuple(o, op);
    default:
      return NONE;
  }
}

function ofInt(value: number): number {
  if (value < 2 ** 30) return checked(value);
  return value % FACTOR === REST ? checked(Math.floor(value / FACTOR)) : NONE;
}

function ofText(text: string): number {
  for (const prefix of PREFIXES) {
    if (text.startsWith(prefix)) {
      return checked(Number(text.slice(prefix.length)));
    }
  }
  return NONE;
}

function ofTuple(o: Objects, op: number): number {
  if (Tuple.length(o, op) < 2) return NONE;
  const [first, second] = [Tuple.item(o, op, 0), Tuple.item(o, op, 1)];
  if (first === 0 || second === 0) return NONE;
  if (o.kindOf(first) !== Kinds.INT || o.kindOf(second) !== Kinds.FLOAT) {
    return NONE;
  }
  const mark = ofInt(Long.toNumber(o, first));
  const isRight = Float.toNumber(o, second) === mark + FRACTION;
  return isRight ? mark : NONE;
}
