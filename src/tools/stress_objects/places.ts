/**
 * The places in which objects live, by number. An object is made for one of
 * them and goes into no other, so that a place knows what it must find.
 *
 * @module
 */

/** Shared lists. Count. */
export const LISTS = 6;
/** Shared dicts. Count. */
export const DICTS = 4;
/** Shared sets. Count. */
export const SETS = 4;
/** Shared slots, which hold an object each. Count. */
export const SLOTS = 24;

/** First list; places are counted from 1, so that no mark is a small int. */
export const FIRST_LIST = 1;
/** First dict. */
export const FIRST_DICT = FIRST_LIST + LISTS;
/** First set. */
export const FIRST_SET = FIRST_DICT + DICTS;
/** First slot. */
export const FIRST_SLOT = FIRST_SET + SETS;
/** Place of the first objects of rings, see `steps/rings.ts`. */
export const RING = FIRST_SLOT + SLOTS;
/** Place of keys of sets that are named weakly, see `steps/weakrefs.ts`. */
export const WEAK = RING + 1;

/** Slots of rings. Count. */
export const RINGS = 4;
/** Pairs of a weak reference and what keeps an object alive. Count. */
export const WEAKS = 4;

/** Addresses of the containers that all workers share. */
export interface Containers {
  /** Lists. */
  readonly lists: readonly number[];
  /** Dicts. */
  readonly dicts: readonly number[];
  /** Sets. */
  readonly sets: readonly number[];
}

/** All of them. */
export function allOf({ lists, dicts, sets }: Containers): number[] {
  return [...lists, ...dicts, ...sets];
}

/** A place in words. */
export function nameOf(place: number): string {
  if (place >= WEAK) return "a weak reference";
  if (place >= RING) return "a ring";
  if (place >= FIRST_SLOT) return `slot ${place - FIRST_SLOT}`;
  if (place >= FIRST_SET) return `set ${place - FIRST_SET}`;
  if (place >= FIRST_DICT) return `dict ${place - FIRST_DICT}`;
  return `list ${place - FIRST_LIST}`;
}
