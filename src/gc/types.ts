/**
 * Which addresses are those of types: what tells an object from other memory.
 *
 * ## Threads
 *   Types never die, and their objects never change. The list may grow while it
 *   is read; nobody has objects of a type that he does not know.
 *
 * @module
 */

import * as Layout from "../layout/memory_map.ts";
import * as ObjectsWords from "../layout/objects.ts";
import * as StaticObjects from "../layout/static_objects.ts";
import * as TypeObject from "../layout/type_object.ts";
import type { Address } from "../memory/mod.ts";
import { Kinds, type Objects } from "../objects/mod.ts";

const TYPES = Layout.OBJECTS + ObjectsWords.X_TYPES;

/** The types of a heap as they are now. */
export class Types {
  readonly #o: Objects;
  readonly #user = new Set<Address>();

  /** The types of a heap. */
  constructor(o: Objects) {
    this.#o = o;
    let type = Atomics.load(o.i32, TYPES) >>> 0;
    while (type !== 0) {
      this.#user.add(type);
      type = o.i32[o.fields(type) + TypeObject.TP_NEXT] >>> 0;
    }
  }

  /** True if the address is that of a type object. */
  has(type: Address): boolean {
    const offset = type - this.#o.statics;
    const isBuiltin = offset >= 0 &&
      offset < Kinds.KINDS * StaticObjects.TYPE_SIZE &&
      offset % StaticObjects.TYPE_SIZE === 0;
    return isBuiltin || this.#user.has(type);
  }

  /** True if it is that of a type that the collector looks after. */
  hasGc(type: Address): boolean {
    if (!this.has(type)) return false;
    const flags = this.#o.i32[this.#o.fields(type) + TypeObject.TP_FLAGS];
    return (flags & TypeObject.HAVE_GC) !== 0;
  }
}
