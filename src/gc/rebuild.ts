/**
 * Making the lists of the GIL build anew, after a worker has died with the GIL
 * and perhaps between two stores to them, or in a collection.
 *
 * Nothing is known but that a tracked object has a GC_NEXT other than 0. So all
 * that are found in the pages of OBJ go to the oldest generation; what was
 * frozen thaws. The head of a block is told from the header of an object
 * without one by its second word: there an object has its type, and GC_PREV is
 * never the address of a type, because types are no blocks of OBJ, and its
 * count has COLLECTING beside it.
 *
 * ## Threads
 *   Under the GIL. TORN is set by who takes the GIL of the dead over, and cleared
 *   here at the end: a worker that stops here leaves it to the next.
 *
 * @module
 */

import * as GcHead from "../layout/gc_head.ts";
import * as GcState from "../layout/gc_state.ts";
import * as Gil from "../layout/object_gil.ts";
import * as Layout from "../layout/memory_map.ts";
import { type Objects, Tracking } from "../objects/mod.ts";
import * as GcList from "./gc_list.ts";
import * as ObjPages from "./obj_pages.ts";
import { Types } from "./types.ts";

const STATE = Layout.OBJECTS;
const TORN = STATE + GcState.TORN;
const FIRST_LIST = STATE + GcState.GENERATIONS;
const END_OF_LISTS = STATE + GcState.X_THRESHOLDS;
const OLDEST = FIRST_LIST + (GcState.COUNT - 1) * GcState.HEAD;
const { GC_NEXT, GC_PREV } = GcHead;

/** Notes that the lists may be half changed. */
export function tear(o: Objects): void {
  o.i32[TORN] = 1;
}

/** True if the lists must be made anew before anybody uses them. */
export function isTorn(o: Objects): boolean {
  return !o.isBiased && o.i32[TORN] !== 0;
}

/** True if a tracked object stands behind a head. */
function isTracked(o: Objects, types: Types, head: number): boolean {
  const { i32 } = o;
  // That would be the type of an object without a head.
  if (types.has(i32[head + Gil.OB_TYPE] >>> 0)) return false;
  const type = i32[head + GcHead.SIZEOF + Gil.OB_TYPE] >>> 0;
  return types.hasGc(type) && i32[head + GC_NEXT] !== 0 &&
    (i32[head + GC_PREV] & ~GcHead.FINALIZED) !== 0;
}

/** Makes the lists anew. */
export function rebuild(o: Objects): void {
  const { i32, m } = o;
  const types = new Types(o);
  const shift = ObjPages.shiftOf(m);
  for (let list = FIRST_LIST; list < END_OF_LISTS; list += GcState.HEAD) {
    GcList.init(i32, list);
  }
  ObjPages.each(m, (_page, _pages, first, end, size) => {
    for (let block = first + shift; block < end + shift; block += size) {
      const head = block >>> 2;
      if (!isTracked(o, types, head)) continue;
      i32[head + GC_PREV] &= GcHead.FINALIZED;
      Tracking.link(i32, head, OLDEST);
    }
  });
  i32[TORN] = 0; // COMMIT
}
