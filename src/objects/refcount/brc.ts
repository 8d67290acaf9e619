/**
 * Queues of objects whose owner must merge their counts.
 *
 * A thread that drops a reference of somebody else's object cannot see whether
 * that was the last one. It gives the reference to the owner's queue, and asks
 * the owner by its eval breaker. An owner that is detached cannot answer: then
 * whoever has enqueued suspends it and merges in its place. For an owner that
 * is gone the caller merges at once.
 *
 * ```text
 *            open                        close: empty, its owner is leaving
 *   CLOSED ────────▶ open, for who owns ────────▶ CLOSED
 *     ▲              the slot               │
 *     │ the last entry is taken             │ its owner died, see recovery
 *     └──────────── CLOSED with entries ◀───┘
 * ```
 *
 * ## Invariants (tests/models/refcount_exits.ts)
 *   R1  an entry stands for one reference of its object
 *   R2  at any time one thread takes entries out of a queue: its owner, or who
 *       has suspended that, or the world; if it is CLOSED, who has MERGE_LOCK
 *   R3  CLOSED ⇒ who had the slot last counts no references of its own any more
 *
 * ## Threads
 *   X_TO_MERGE is atomic: entries are pushed by compare-and-exchange, never into
 *   a CLOSED queue. Because of R2 no entry can come back at the same place while
 *   one is taken out. Whoever finds the owner there, but its queue CLOSED, knows
 *   by R3 that the object is its own to merge. An entry that is put into the
 *   queue of the next worker in the slot is as good: that is not the owner, and
 *   who was is gone. A worker that stops with an entry in hand leaks it and its
 *   object.
 *
 * Source: CPython 3.14 Python/brc.c.
 * Differs: a list for each thread state instead of 257 buckets of chunks; a
 * queue is closed by a bit of its head, and not by the lock of its bucket.
 *
 * @module
 */

import * as Layout from "../../layout/memory_map.ts";
import * as MergeEntry from "../../layout/merge_entry.ts";
import * as ObjectsWords from "../../layout/objects.ts";
import * as PageMap from "../../layout/page_map.ts";
import * as PyObject from "../../layout/object_free_threaded.ts";
import * as ThreadState from "../../layout/thread_state.ts";
import type { Address, Memory } from "../../memory/mod.ts";
import { EvalBreaker, Sections } from "../../threads/mod.ts";
import * as Biased from "./biased.ts";

const { CLOSED } = ThreadState;
const LOCK = Layout.OBJECTS + ObjectsWords.MERGE_LOCK;

/** Head of the queue of a slot. Word index. */
function headOf(slot: number): number {
  return Layout.THREADS + slot * ThreadState.SIZEOF + ThreadState.X_TO_MERGE;
}

/** Slot of the owner of an object, or NOBODY if it is gone or there is none. */
export function ownerSlot(m: Memory, op: Address): number {
  const i32 = m.i32;
  const tid = i32[(op >>> 2) + PyObject.OB_TID]; // racy hint
  if (tid === 0) return PageMap.NOBODY;
  const owner = PyObject.ownerOf(tid);
  const slot = owner & PageMap.SLOT_MASK;
  const thread = Layout.THREADS + slot * ThreadState.SIZEOF;
  const incarnation = i32[thread + ThreadState.INCARNATION]; // racy hint
  const isThere = incarnation === owner >>> PageMap.INCARNATION_SHIFT &&
    Atomics.load(i32, thread + ThreadState.X_IN_USE) === ThreadState.IN_USE &&
    Atomics.load(i32, thread + ThreadState.X_FENCE) !== ThreadState.DEAD;
  return isThere ? slot : PageMap.NOBODY;
}

/** hand(): the entry is in a queue. */
export const ENQUEUED = 0;
/** hand(): merged at once; the object lives on, the entry was not used. */
export const LIVES = 1;
/** hand(): merged at once; the caller deallocates the object and the entry. */
export const DIED = 2;

/**
 * Gives the reference of an object that is QUEUED to its owner's queue, or
 * merges the object if the owner is gone.
 *
 * @param entry Block of RAW for an entry. Byte address.
 * @returns {@linkcode ENQUEUED}, {@linkcode LIVES} or {@linkcode DIED}.
 */
export function hand(m: Memory, op: Address, entry: Address): number {
  const slot = ownerSlot(m, op);
  if (slot !== PageMap.NOBODY && enqueue(m, slot, entry, op)) return ENQUEUED;
  return Biased.merge(m, op) === Biased.DEAD ? DIED : LIVES;
}

/** Puts an object into the queue of a slot. False if that is CLOSED. */
function enqueue(
  m: Memory,
  slot: number,
  entry: Address,
  op: Address,
): boolean {
  const i32 = m.i32;
  const at = entry >>> 2;
  const head = headOf(slot);
  i32[at + MergeEntry.OBJECT] = op | 0;
  let before = Atomics.load(i32, head);
  while ((before & CLOSED) === 0) {
    i32[at + MergeEntry.NEXT] = before;
    const found = Atomics.compareExchange(i32, head, before, at);
    if (found === before) { // COMMIT
      EvalBreaker.set(m, slot, EvalBreaker.EXPLICIT_MERGE);
      return true;
    }
    before = found;
  }
  return false;
}

/** True if a slot has objects to merge. */
export function hasEntries(m: Memory, slot: number): boolean {
  return (Atomics.load(m.i32, headOf(slot)) & ~CLOSED) !== 0;
}

/** True if nobody puts objects into the queue of a slot. */
export function isClosed(m: Memory, slot: number): boolean {
  return (Atomics.load(m.i32, headOf(slot)) & CLOSED) !== 0;
}

/**
 * Opens the queue of the caller, who has a new thread state, unless the last
 * one that had it has left objects there. Before it makes any objects.
 *
 * @returns False if there are entries to take out first.
 */
export function open(m: Memory): boolean {
  const head = headOf(m.slot);
  const found = Atomics.compareExchange(m.i32, head, CLOSED, 0); // COMMIT
  return (found & ~CLOSED) === 0;
}

/**
 * Closes the queue of the caller if it is empty: from now on others merge its
 * objects, and it must not count any references.
 *
 * @returns False if there are entries to take out first.
 */
export function close(m: Memory): boolean {
  const head = headOf(m.slot);
  const found = Atomics.compareExchange(m.i32, head, 0, CLOSED); // COMMIT
  return (found & ~CLOSED) === 0;
}

/**
 * Takes an entry out of a queue, see R2.
 *
 * @returns Its block, which the caller frees, or 0. Byte address.
 */
export function take(m: Memory, slot: number): Address {
  const seen = Atomics.load(m.i32, headOf(slot));
  if ((seen & ~CLOSED) === 0) return 0;
  if ((seen & CLOSED) === 0) return pop(m, slot);
  Sections.lock(m, LOCK);
  const entry = pop(m, slot);
  Sections.unlock(m, LOCK);
  return entry;
}

/** Takes the first entry out; nobody else takes one. */
function pop(m: Memory, slot: number): Address {
  const i32 = m.i32;
  const head = headOf(slot);
  let seen = Atomics.load(i32, head);
  while ((seen & ~CLOSED) !== 0) {
    const next = i32[(seen & ~CLOSED) + MergeEntry.NEXT];
    const left = next | (seen & CLOSED);
    const found = Atomics.compareExchange(i32, head, seen, left);
    if (found === seen) break; // COMMIT
    seen = found;
  }
  return ((seen & ~CLOSED) << 2) >>> 0;
}

/** Object of an entry that was taken out. Byte address. */
export function objectOf(m: Memory, entry: Address): Address {
  return m.i32[(entry >>> 2) + MergeEntry.OBJECT] >>> 0;
}
