/**
 * Objects of the GIL build: a plain count of references.
 *
 * ## Threads
 *   Whoever holds the GIL. A worker that stops between two stores leaves a count
 *   that is off by one, or an object in no list.
 *
 * Source: CPython 3.14 Include/refcount.h.
 *
 * @module
 */

import * as Layout from "../layout/memory_map.ts";
import * as PyObject from "../layout/object_gil.ts";
import type { Address } from "../memory/mod.ts";
import * as FreeLists from "./free_lists.ts";
import { Objects } from "./objects.ts";

// Hot: constants of this module fold, imported ones are read.
const { NULL_RINGS } = Layout;
const { OB_REFCNT, OB_TYPE, IMMORTAL } = PyObject;

/** See the head of this file. */
export class GilObjects extends Objects {
  override init(op: Address, type: Address): Address {
    const at = op >>> 2;
    this.i32[at + OB_REFCNT] = 1;
    this.i32[at + OB_TYPE] = type | 0;
    return op;
  }

  override take(list: number): Address {
    const { i32 } = this;
    const op = FreeLists.pop(i32, this.lists + list);
    if (op !== 0) i32[(op >>> 2) + OB_REFCNT] = 1;
    return op;
  }

  override keep(list: number, max: number, op: Address): boolean {
    return FreeLists.push(this.i32, this.lists + list, max, op);
  }

  override incref(op: Address): void {
    const { i32 } = this;
    const at = (op >>> 2) + OB_REFCNT;
    const count = i32[at];
    if (count >= 0) i32[at] = count + 1;
  }

  override decref(op: Address): void {
    const { i32 } = this;
    const at = (op >>> 2) + OB_REFCNT;
    const count = i32[at];
    if (this.lists === NULL_RINGS) this.requireAttached("drop a reference");
    if (count < 0) return;
    i32[at] = count - 1;
    if (count === 1) this.dealloc(op);
  }

  override refcnt(op: Address): number {
    return this.i32[(op >>> 2) + OB_REFCNT] >>> 0;
  }

  override isUnique(op: Address): boolean {
    return this.i32[(op >>> 2) + OB_REFCNT] === 1;
  }

  override setMortal(op: Address): void {
    this.i32[(op >>> 2) + OB_REFCNT] = 1;
  }

  override setImmortal(op: Address): void {
    this.i32[(op >>> 2) + OB_REFCNT] = IMMORTAL;
  }
}
