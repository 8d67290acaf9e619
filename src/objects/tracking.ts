/**
 * What the collector must know of objects: which there are, and how many more.
 *
 * In the GIL build the objects that it looks after are linked, the young ones
 * in the list of generation 0. In the free-threaded build a bit in each says so,
 * and the collector finds them by walking the pages of OBJ.
 *
 * ## Invariants
 *   K1  GIL build: GC_NEXT is not 0 ⇔ the object is in exactly one list
 *   K2  a block of OBJ that is free, or in a free list, is not tracked
 *   K3  who allocates objects for the collector schedules a collection in its
 *       own eval breaker, and runs none in the allocation
 *
 * ## Threads
 *   Lists, and in the GIL build the counts, belong to whoever holds the GIL. If
 *   that worker dies between two stores the lists are made anew from the pages,
 *   see `gc/rebuild.ts`; K1 then says what is in them. OB_GC_BITS are plain:
 *   an object's maker and who deallocates it are alone with it, and the
 *   collector changes them in a pause, or of objects that nobody else can
 *   reach. Counts of the free-threaded build are atomic and get what a thread
 *   has gathered; a thread that dies takes what it has not handed over along.
 *
 * Source: CPython 3.13 Python/gc.c: PyObject_GC_Track(), gc_alloc(),
 * PyObject_GC_Del(), _PyObject_GC_Link(); Python/gc_free_threading.c:
 * record_allocation(), gc_should_collect().
 *
 * @module
 */

import { show } from "../errors.ts";
import * as FreeThreaded from "../layout/object_free_threaded.ts";
import * as GcBits from "../layout/gc_bits.ts";
import * as GcHead from "../layout/gc_head.ts";
import * as GcState from "../layout/gc_state.ts";
import * as Layout from "../layout/memory_map.ts";
import * as TypeObject from "../layout/type_object.ts";
import type { Address } from "../memory/mod.ts";
import { EvalBreaker } from "../threads/mod.ts";
import type { Objects } from "./objects.ts";

// Hot: constants of this module fold, imported ones are read.
const { OB_GC_BITS } = FreeThreaded;
const { GC_PREV } = GcHead;
const { IS_TRACKED } = GcBits;
/** Words from a head to its object. */
const HEAD = GcHead.SIZEOF;
const STATE = Layout.OBJECTS;
/** List of generation 0. Word index. */
const YOUNG = STATE + GcState.GENERATIONS;
const THRESHOLDS = STATE + GcState.X_THRESHOLDS;
const COUNTS = STATE + GcState.COUNTS;
const DISABLED = STATE + GcState.X_DISABLED;
const TOTAL = STATE + GcState.X_LONG_LIVED_TOTAL;
const [DEFAULT_0, DEFAULT_1] = GcState.DEFAULTS;
/** Objects that a thread counts by itself. C: LOCAL_ALLOC_COUNT_THRESHOLD. */
const LOCAL_MAX = 512;
/** GC_PREV without the address. */
const FLAGS = GcHead.FINALIZED | GcHead.COLLECTING;

/** Whether the collector looks after objects of its type. C: `PyObject_IS_GC()`. */
export function isGc(o: Objects, op: Address): boolean {
  const flags = o.i32[o.fields(o.typeOf(op)) + TypeObject.TP_FLAGS];
  return (flags & TypeObject.HAVE_GC) !== 0;
}

/** Whether the collector knows of it. C: `PyObject_GC_IsTracked()`. */
export function isTracked(o: Objects, op: Address): boolean {
  if (!isGc(o, op)) return false;
  const at = op >>> 2;
  if (!o.isBiased) return o.i32[at - GcHead.SIZEOF] !== 0;
  return (o.i32[at + OB_GC_BITS] & GcBits.TRACKED) !== 0;
}

/** Whether its finalizer was run. C: `PyObject_GC_IsFinalized()`. */
export function isFinalized(o: Objects, op: Address): boolean {
  if (!isGc(o, op)) return false;
  const at = op >>> 2;
  return o.isBiased
    ? (o.i32[at + OB_GC_BITS] & GcBits.FINALIZED) !== 0
    : (o.i32[at - GcHead.SIZEOF + GC_PREV] & GcHead.FINALIZED) !== 0;
}

/** Notes that its finalizer was run. C: `_PyGC_SET_FINALIZED()`. */
export function setFinalized(o: Objects, op: Address): void {
  const at = op >>> 2;
  if (o.isBiased) o.i32[at + OB_GC_BITS] |= GcBits.MAGIC | GcBits.FINALIZED;
  else o.i32[at - GcHead.SIZEOF + GC_PREV] |= GcHead.FINALIZED;
}

/** Refuses to track an object. */
function refuse(o: Objects, op: Address): never {
  const why = isGc(o, op)
    ? "object already tracked by the garbage collector" // verbatim
    : `${o.describe(op)}, which the collector does not look after`;
  throw new TypeError(`Cannot track ${show(op)}: ${why}`);
}

/**
 * Has the collector look after an object whose fields are valid.
 * C: `PyObject_GC_Track()`.
 *
 * @throws {TypeError} If it does already, or the type is not for it.
 */
export function track(o: Objects, op: Address): void {
  if (!isGc(o, op)) refuse(o, op);
  const { i32 } = o;
  const at = op >>> 2;
  if (o.isBiased) {
    const bits = i32[at + OB_GC_BITS];
    if ((bits & GcBits.TRACKED) !== 0) refuse(o, op);
    i32[at + OB_GC_BITS] = (bits & ~GcBits.TRACKED_MASK) | GcBits.IS_TRACKED;
  } else {
    const head = at - GcHead.SIZEOF;
    if (i32[head] !== 0) refuse(o, op);
    link(i32, head, YOUNG);
  }
}

/**
 * The same for an object that was just made, of a type that is for it, and
 * without a finalizer. C: `_PyObject_GC_TRACK()`.
 */
export function trackNew(o: Objects, op: Address): void {
  const { i32 } = o;
  const at = op >>> 2;
  if (o.isBiased) i32[at + OB_GC_BITS] = IS_TRACKED;
  else link(i32, at - HEAD, YOUNG);
}

/**
 * Has the collector forget an object that is about to die, of a type that is
 * for it, and without a finalizer. C: `_PyObject_GC_UNTRACK()`.
 */
export function forget(o: Objects, op: Address): void {
  const { i32 } = o;
  const at = op >>> 2;
  if (o.isBiased) i32[at + OB_GC_BITS] = 0;
  else if (i32[at - HEAD] !== 0) unlink(i32, at - HEAD);
}

/**
 * Has the collector forget an object; twice is once. C:
 * `PyObject_GC_UnTrack()`.
 */
export function untrack(o: Objects, op: Address): void {
  if (!isGc(o, op)) return;
  const { i32 } = o;
  if (o.isBiased) i32[(op >>> 2) + OB_GC_BITS] &= ~GcBits.TRACKED;
  else {
    const head = (op >>> 2) - GcHead.SIZEOF;
    if (i32[head] !== 0) unlink(i32, head);
  }
}

/** Puts a head at the end of a list. Word indices. C: gc_list_append(). */
export function link(
  i32: Int32Array<SharedArrayBuffer>,
  head: number,
  list: number,
): void {
  const last = (i32[list + GC_PREV] >>> 2) || list;
  i32[head + GC_PREV] = (last << 2) | (i32[head + GC_PREV] & FLAGS);
  i32[head] = list << 2;
  i32[last] = head << 2;
  i32[list + GC_PREV] = head << 2;
}

/** Takes a head out of its list. Word index. C: _PyObject_GC_UNTRACK(). */
export function unlink(
  i32: Int32Array<SharedArrayBuffer>,
  head: number,
): void {
  const next = i32[head] >>> 2;
  const prev = i32[head + GC_PREV] >>> 2;
  i32[prev] = next << 2;
  i32[next + GC_PREV] = (prev << 2) | (i32[next + GC_PREV] & FLAGS);
  i32[head] = 0;
  i32[head + GC_PREV] &= GcHead.FINALIZED;
}

/** Counts an object that was allocated for the collector. */
export function allocated(o: Objects): void {
  const { i32 } = o;
  if (o.isBiased) {
    if (++o.netAllocated >= LOCAL_MAX) handOver(o);
    return;
  }
  const count = i32[COUNTS] + 1;
  i32[COUNTS] = count;
  if (count > DEFAULT_0 + i32[THRESHOLDS]) schedule(o);
}

/** Forgets an object whose memory goes back, and counts it. */
export function freed(o: Objects, op: Address): void {
  const { i32 } = o;
  const at = op >>> 2;
  if (o.isBiased) {
    i32[at + OB_GC_BITS] = 0;
    if (--o.netAllocated <= -LOCAL_MAX) handOver(o);
    return;
  }
  const head = at - GcHead.SIZEOF;
  if (i32[head] !== 0) unlink(i32, head);
  i32[head + GC_PREV] = 0;
  if (i32[COUNTS] > 0) i32[COUNTS]--;
}

/** Free-threaded build: adds what this thread has counted to what all have. */
export function handOver(o: Objects): void {
  const { i32, netAllocated } = o;
  o.netAllocated = 0;
  Atomics.add(i32, COUNTS, netAllocated);
  if (netAllocated > 0) schedule(o);
}

/** Asks this worker to collect at its next safe point, if there is reason to. */
function schedule(o: Objects): void {
  const { m } = o;
  const isDue = o.isBiased ? shouldCollect(o) : isEnabled(o);
  if (isDue) EvalBreaker.set(m, m.slot, EvalBreaker.GC_SCHEDULED);
}

/** True if collections may start by themselves. */
function isEnabled({ i32 }: Objects): boolean {
  return Atomics.load(i32, DISABLED) === 0 &&
    Atomics.load(i32, THRESHOLDS) !== -DEFAULT_0;
}

/**
 * Whether a collection of the free-threaded build is due. Where the live
 * objects are many, so must be the new ones. C: gc_should_collect().
 */
export function shouldCollect(o: Objects): boolean {
  const { i32 } = o;
  const count = Atomics.load(i32, COUNTS);
  if (!isEnabled(o)) return false;
  if (count <= DEFAULT_0 + Atomics.load(i32, THRESHOLDS)) return false;
  const isPlain = Atomics.load(i32, THRESHOLDS + 1) === -DEFAULT_1;
  return isPlain || count > Atomics.load(i32, TOTAL) >> 2;
}
