/**
 * `None`.
 *
 * ## Threads
 *   Immortal; only read.
 *
 * Source: CPython 3.14 Objects/object.c, _Py_NoneStruct.
 *
 * @module
 */

import * as StaticObjects from "../layout/static_objects.ts";
import type { Address } from "../memory/mod.ts";
import * as Immortal from "./immortal.ts";
import type { Objects, Slots } from "./objects.ts";

/** Hash of None, the same in each process. */
const HASH = 0xfca86420 | 0;

/** The object. Byte address. C: `Py_None`. */
export function none(o: Objects): Address {
  return o.statics + StaticObjects.NONE;
}

/** Functions of the type. */
export const SLOTS: Slots = {
  dealloc: Immortal.dealloc,
  sizeOf: (o) => o.head * 4,
  hash: () => HASH,
  repr: () => "None",
};
