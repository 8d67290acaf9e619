/**
 * Where the items of a list or tuple stand, for loops that cannot afford a call
 * for each.
 *
 * ## Threads
 *   Reads only. The caller is alone with all objects.
 *
 * @module
 */

import * as ListArray from "../layout/list_array.ts";
import * as ListObject from "../layout/list_object.ts";
import * as TupleObject from "../layout/tuple_object.ts";
import type { Address } from "../memory/mod.ts";
import { Kinds, type Objects } from "../objects/mod.ts";

// Hot: constants of this module fold, imported ones are read.
const { OB_SIZE: TUPLE_SIZE, OB_ITEM: TUPLE_ITEM } = TupleObject;
const { OB_SIZE: LIST_SIZE, OB_ITEM: LIST_ITEM, ADDRESS } = ListObject;
const FIRST = ListArray.SIZEOF;

/** See the head of this file. */
export class Items {
  declare readonly i32: Int32Array<SharedArrayBuffer>;
  /** From an object to its type. Words. */
  declare readonly typeAt: number;
  /** From an object to its fields. Words. */
  declare readonly head: number;
  /** `list` and `tuple`. Byte addresses. */
  declare readonly list: Address;
  declare readonly tuple: Address;
  /** First item of the object that was looked up last. Word index. */
  from = 0;
  /** End of its items. Word index. */
  end = 0;

  /** For a worker. */
  constructor(o: Objects) {
    this.i32 = o.i32;
    this.typeAt = o.typeAt;
    this.head = o.head;
    this.list = o.typeOfKind(Kinds.LIST);
    this.tuple = o.typeOfKind(Kinds.TUPLE);
  }

  /**
   * Looks an object up.
   *
   * @returns False if it is of another type: its own function must be asked.
   */
  find(op: Address): boolean {
    const { i32 } = this;
    const type = i32[(op >>> 2) + this.typeAt] >>> 0;
    const at = (op >>> 2) + this.head;
    if (type === this.tuple) {
      this.from = at + TUPLE_ITEM;
      this.end = this.from + i32[at + TUPLE_SIZE];
      return true;
    }
    if (type !== this.list) return false;
    this.from = ((i32[at + LIST_ITEM] & ADDRESS) >>> 2) + FIRST;
    this.end = this.from + i32[at + LIST_SIZE];
    return true;
  }
}
