/**
 * Objects of the free-threaded build: biased counts, and queues of objects
 * whose owners must merge them.
 *
 * ## Invariants
 *   F1  X_OB_REF_SHARED of an object in a free list is 0
 *   F2  a worker owns objects ⇒ its queue is open
 *
 * ## Threads
 *   Counts: as `refcount/biased.ts`, whose steps for an owner are written out
 *   here for speed. Queues: as `refcount/brc.ts`. X_OB_REF_SHARED of a dead
 *   object is stored before the object is in a list: until then and afterwards
 *   readers fail at it, at MERGED or at 0. A worker that stops in a merge leaks
 *   the objects that died of it.
 *
 * Source: CPython 3.14 Objects/object.c, Python/brc.c;
 * Include/internal/pycore_object.h.
 *
 * @module
 */

import * as MergeEntry from "../layout/merge_entry.ts";
import * as PageMap from "../layout/page_map.ts";
import * as PyObject from "../layout/object_free_threaded.ts";
import * as ThreadState from "../layout/thread_state.ts";
import { type Address, threadsUsed } from "../memory/mod.ts";
import { EvalBreaker, Sections, Suspension, World } from "../threads/mod.ts";
import * as FreeLists from "./free_lists.ts";
import { Objects } from "./objects.ts";
import { Biased, Brc } from "./refcount/mod.ts";

// Hot: constants of this module fold, imported ones are read.
const { OB_TID, X_OB_MUTEX, OB_GC_BITS, OB_TYPE } = PyObject;
const { OB_REF_LOCAL, X_OB_REF_SHARED } = PyObject;
/** `tid` of a worker that is detached: no object has it. */
const NOBODY = -1;
/** Words of the stack of sections that a level of nesting may need. Count. */
const SECTIONS_A_LEVEL = 4;
/** How long a world may take to stop. Milliseconds. */
const STOP_TIMEOUT_MS = 10000;

/** A reference less of an object that may die of it, or is not ours. */
function decrefLast(o: Objects, op: Address): void {
  o.requireAttached("drop a reference");
  const result = Biased.decref(o.m, op);
  if (result === Biased.DEAD) o.dealloc(op);
  else if (result === Biased.TO_QUEUE) queue(o, op);
}

/** Has the owner of an object merge its count. C: `_Py_brc_queue_object()`. */
function queue(o: Objects, op: Address): void {
  const { m, core } = o;
  const slot = Brc.ownerSlot(m, op);
  const entry = core.raw.malloc(MergeEntry.NBYTES);
  if (entry === 0) return mergeStopped(o, op);
  const handed = Brc.hand(m, op, entry);
  if (handed === Brc.ENQUEUED) return helpDetached(o, slot);
  core.raw.free(entry as never);
  if (handed === Brc.DIED) o.dealloc(op);
}

/** Merges an object that there is no queue entry for: nobody runs meanwhile. */
function mergeStopped(o: Objects, op: Address): void {
  const { m } = o;
  const result = o.core.guard(() => {
    // Otherwise the object is lost: its count may be its owner's right now.
    if (!World.stop(m, STOP_TIMEOUT_MS)) return Biased.ALIVE;
    const merged = Biased.merge(m, op);
    World.start(m);
    return merged;
  });
  if (result === Biased.DEAD) o.dealloc(op);
}

/** Merges in place of an owner that is detached and cannot. */
function helpDetached(o: Objects, slot: number): void {
  if (slot === o.m.slot) return;
  for (const op of o.core.guard(() => mergeDetached(o, slot))) o.dealloc(op);
}

/** Merges the queue of a slot if its thread is detached, and stays so. */
function mergeDetached(o: Objects, slot: number): readonly Address[] {
  const { m } = o;
  if (!Suspension.suspendDetached(m, slot)) return [];
  const dead = mergeQueue(o, slot);
  Suspension.resume(m, slot);
  return dead;
}

/** Merges what is in a queue; returns the objects that died of it. */
function mergeQueue(o: Objects, slot: number): Address[] {
  const { m, core } = o;
  const dead: Address[] = [];
  let entry = Brc.take(m, slot);
  while (entry !== 0) {
    const op = Brc.objectOf(m, entry);
    core.raw.free(entry as never);
    if (Biased.merge(m, op) === Biased.DEAD) dead.push(op);
    entry = Brc.take(m, slot);
  }
  return dead;
}

/** Merges what is in the queues of threads that are gone. */
function mergeLeft(o: Objects): void {
  const { m } = o;
  const used = threadsUsed(m);
  for (let slot = PageMap.FIRST_SLOT; slot < used; slot++) {
    if (!Brc.isClosed(m, slot) || !Brc.hasEntries(m, slot)) continue;
    for (const op of mergeQueue(o, slot)) o.dealloc(op);
  }
}

/** Opens the queue of a new thread state; its last thread may have left some. */
function openQueue(o: Objects): void {
  const { m } = o;
  while (!Brc.open(m)) {
    for (const op of mergeQueue(o, m.slot)) o.dealloc(op);
  }
}

/** Makes the stack of sections longer, if there is memory. */
function lengthen(o: Objects): void {
  const { m, core } = o;
  if (Sections.isLong(m)) return;
  const block = core.raw.malloc(ThreadState.SECTIONS_MORE * 4);
  if (block !== 0) Sections.extend(m, block);
}

/** See the head of this file. */
export class BiasedObjects extends Objects {
  override attached(): void {
    super.attached();
    if (Brc.isClosed(this.m, this.m.slot)) openQueue(this);
  }

  override detached(): void {
    super.detached();
    this.tid = NOBODY;
  }

  /** Merges what others ask for. */
  override passed(): void {
    const word = this.m.thread + ThreadState.X_EVAL_BREAKER;
    const bits = this.i32[word]; // racy hint
    if ((bits & EvalBreaker.EXPLICIT_MERGE) !== 0) this.mergeOwn();
  }

  /**
   * Leaves no object where nobody would look for it. From now on others merge
   * what this worker owns, so nothing of it may be counted here.
   */
  override closing(): void {
    const { m, core } = this;
    do this.mergeOwn(); while (!Brc.close(m));
    const block = Sections.shorten(m);
    if (block !== 0) core.raw.free(block as never);
    super.closing();
  }

  override init(op: Address, type: Address): Address {
    const { i32 } = this;
    const at = op >>> 2;
    i32[at + X_OB_MUTEX] = 0;
    i32[at + OB_GC_BITS] = 0;
    i32[at + OB_TYPE] = type | 0;
    Biased.init(this.m, op);
    return op;
  }

  override take(list: number): Address {
    const { i32 } = this;
    const op = FreeLists.pop(i32, this.lists + list);
    if (op === 0) return 0;
    const at = op >>> 2;
    i32[at + OB_TID] = this.tid;
    i32[at + OB_REF_LOCAL] = 1;
    return op;
  }

  override keep(list: number, max: number, op: Address): boolean {
    const { i32 } = this;
    // An object that died by its owner's last reference alone keeps its owner,
    // and the shared part is 0; otherwise that is MERGED.
    const at = op >>> 2;
    if (i32[at + OB_TID] === 0) Atomics.store(i32, at + X_OB_REF_SHARED, 0);
    return FreeLists.push(i32, this.lists + list, max, op);
  }

  override incref(op: Address): void {
    const { i32 } = this;
    const at = op >>> 2;
    if (i32[at + OB_TID] === this.tid) { // racy hint
      i32[at + OB_REF_LOCAL]++;
    } else Biased.incref(this.m, op);
  }

  override decref(op: Address): void {
    const { i32 } = this;
    const at = op >>> 2;
    if (i32[at + OB_TID] === this.tid) { // racy hint
      const local = i32[at + OB_REF_LOCAL];
      if (local !== 1) {
        i32[at + OB_REF_LOCAL] = local - 1;
        return;
      }
      if (i32[at + X_OB_REF_SHARED] === 0) { // racy hint
        i32[at + OB_REF_LOCAL] = 0;
        this.dealloc(op);
        return;
      }
    }
    decrefLast(this, op);
  }

  override refcnt(op: Address): number {
    return Biased.refcnt(this.m, op);
  }

  override isUnique(op: Address): boolean {
    const { i32 } = this;
    const at = op >>> 2;
    return i32[at + OB_TID] === this.tid && // racy hint
      i32[at + OB_REF_LOCAL] === 1 &&
      Atomics.load(i32, at + X_OB_REF_SHARED) === 0;
  }

  override setMortal(op: Address): void {
    Biased.init(this.m, op);
  }

  override setImmortal(op: Address): void {
    Biased.setImmortal(this.m, op);
  }

  override mergeOwn(): void {
    const { m } = this;
    EvalBreaker.clear(m, m.slot, EvalBreaker.EXPLICIT_MERGE);
    for (const op of mergeQueue(this, m.slot)) this.dealloc(op);
    mergeLeft(this);
  }

  protected override deepen(): void {
    if (Sections.isFull(this.m, SECTIONS_A_LEVEL)) lengthen(this);
  }
}
