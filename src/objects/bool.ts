/**
 * `bool`: True and False, which are ints.
 *
 * ## Threads
 *   Both are immortal; only read.
 *
 * Source: CPython 3.14 Objects/boolobject.c.
 *
 * @module
 */

import * as StaticObjects from "../layout/static_objects.ts";
import type { Address } from "../memory/mod.ts";
import * as Immortal from "./immortal.ts";
import * as Long from "./long.ts";
import * as Numbers from "./numbers.ts";
import type { Objects, Slots } from "./objects.ts";

/** True or False. Byte address. C: `PyBool_FromLong()`. */
export function fromBoolean(o: Objects, value: boolean): Address {
  return o.statics + (value ? StaticObjects.TRUE : StaticObjects.FALSE);
}

/** Functions of the type. */
export const SLOTS: Slots = {
  dealloc: Immortal.dealloc,
  sizeOf: Long.sizeOf,
  hash: Long.hash,
  equals: Numbers.equals,
  compare: Numbers.compare,
  repr: (o, op) => Long.toNumber(o, op) === 0 ? "False" : "True",
};
