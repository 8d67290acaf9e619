/**
 * The hot path: a str in a table of strs, in one piece of straight code.
 *
 * Most lookups are of this kind, and nearly all of them find the very object
 * in the first lane. What is not of this kind goes the general way, which is
 * that of `lookup.ts`.
 *
 * ## Threads
 *   The caller has the dict to itself. Strings are compared by their
 *   characters, so that nobody's code runs.
 *
 * Source: CPython 3.14 Objects/dictobject.c:
 * unicodekeys_lookup_unicode(), compare_unicode_unicode().
 *
 * @module
 */

import * as Keys from "../../layout/dict_keys.ts";
import * as DictObject from "../../layout/dict_object.ts";
import * as StaticObjects from "../../layout/static_objects.ts";
import * as UnicodeObject from "../../layout/unicode_object.ts";
import type { Address } from "../../memory/mod.ts";
import * as Kinds from "../kinds.ts";
import type { Objects } from "../objects.ts";
import * as UnicodeData from "../unicode_data.ts";

// Hot: constants of this module fold, imported ones are read.
const { MA_KEYS, ADDRESS } = DictObject;
const { DK_SHAPE, DK_INDICES, LANES_SHIFT, KIND_SHIFT, UNICODE } = Keys;
const { EMPTY, FIRST, PERTURB_SHIFT } = Keys;
const { HASH } = UnicodeObject;
/** From the block of static objects to the type of strs. Bytes. */
const STR_TYPE = Kinds.STR << StaticObjects.TYPE_BITS;
/** Hash of a str that nobody has asked for it. */
const UNKNOWN = -1;

/** {@linkcode find}: there is no such key. */
export const ABSENT = 0;
/** {@linkcode find}: this is not the way. */
export const OTHER = -1;

/**
 * The entry of a str in a dict that the caller has to itself.
 *
 * @param dict Its fields. Word index.
 * @returns The key in the entry: word index, the value follows, and may be 0.
 * Or {@linkcode ABSENT}; or {@linkcode OTHER} if the key is no str whose hash is
 * known, or some keys of the dict are none.
 */
export function find(o: Objects, dict: number, key: Address): number {
  const { i32, head } = o;
  const keys = (i32[dict + MA_KEYS] & ADDRESS) >>> 2;
  const shape = i32[keys + DK_SHAPE];
  if (i32[(key >>> 2) + o.typeAt] !== ((o.statics + STR_TYPE) | 0)) {
    return OTHER;
  }
  const hash = i32[(key >>> 2) + head + HASH]; // racy hint
  if (shape >>> KIND_SHIFT !== UNICODE || hash === UNKNOWN) return OTHER;
  const lanes = (shape >>> LANES_SHIFT) & 3;
  const mask = (1 << (shape & 31)) - 1;
  const first = keys + DK_INDICES;
  const entries = first + ((mask + 1) >>> lanes);
  const parts = (1 << lanes) - 1;
  const shift = 5 - lanes;
  const most = 0xffffffff >>> (32 - (1 << shift));
  let perturb = hash >>> 0;
  let at = hash & mask;
  while (true) {
    const word = i32[first + (at >>> lanes)];
    const lane = (word >>> ((at & parts) << shift)) & most;
    if (lane >= FIRST) {
      const entry = entries + ((lane - FIRST) << 1);
      const other = i32[entry];
      if (other === (key | 0)) return entry;
      if (
        other !== 0 && i32[(other >>> 2) + head + HASH] === hash &&
        UnicodeData.isEqual(o, key, other >>> 0)
      ) {
        return entry;
      }
    } else if (lane === EMPTY) return ABSENT;
    perturb >>>= PERTURB_SHIFT;
    at = ((at << 2) + at + perturb + 1) & mask;
  }
}
