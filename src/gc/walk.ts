/**
 * All objects of the free-threaded build that the collector looks after, found
 * in the pages of OBJ.
 *
 * ## Threads
 *   Reads only. The caller has stopped the world.
 *
 * Source: CPython 3.14 Python/gc_free_threading.c: gc_visit_heaps(), op_from_block().
 *
 * @module
 */

import * as GcBits from "../layout/gc_bits.ts";
import * as PyObject from "../layout/object_free_threaded.ts";
import type { Address } from "../memory/mod.ts";
import type { Objects } from "../objects/mod.ts";
import * as ObjPages from "./obj_pages.ts";
import { Types } from "./types.ts";

const { OB_GC_BITS, OB_TYPE } = PyObject;
const { MAGIC, MAGIC_MASK, TRACKED } = GcBits;

/** Is called with an object and its OB_GC_BITS. */
export type VisitObject = (op: Address, bits: number) => void;

/**
 * Visits all tracked objects, in the order of their addresses.
 *
 * @param onPages Is called before, with the pages that objects may start in.
 */
export function eachTracked(
  o: Objects,
  visit: VisitObject,
  onPages: (page: number, pages: number) => void = () => {},
): void {
  eachKnown(o, (op, bits) => {
    if ((bits & TRACKED) !== 0) visit(op, bits);
  }, onPages);
}

/** The same, and objects that were tracked and are not any more. */
export function eachKnown(
  o: Objects,
  visit: VisitObject,
  onPages: (page: number, pages: number) => void,
): void {
  const { i32, m } = o;
  const types = new Types(o);
  const shift = ObjPages.shiftOf(m);
  let known = 0;
  ObjPages.each(m, (page, pages, first, end, size) => {
    onPages(page, pages);
    for (let op = first + shift; op < end + shift; op += size) {
      const bits = i32[(op >>> 2) + OB_GC_BITS];
      if ((bits & MAGIC_MASK) !== MAGIC) continue;
      const type = i32[(op >>> 2) + OB_TYPE] >>> 0;
      if (type !== known && !types.hasGc(type)) continue;
      known = type;
      visit(op, bits);
    }
  });
}
