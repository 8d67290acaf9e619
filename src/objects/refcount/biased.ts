/**
 * Biased reference counts of the free-threaded build.
 *
 * The owner of an object counts its own references plainly, in OB_REF_LOCAL;
 * all others count in X_OB_REF_SHARED. The shared part may be negative: a
 * reference that the owner made may be dropped elsewhere. Once the two are
 * *merged*, the shared part is all, and nobody owns the object.
 *
 * ```text
 *   incref   owner           local + 1
 *            other           shared + 4
 *   decref   owner           local − 1; at 0 merge, and if shared is 0 it dies
 *            other           shared is 0: QUEUED, the queue has the reference
 *                            otherwise shared − 4; if that is MERGED it dies
 *   merge    owner, or who   shared + local, MERGED; nobody owns it; then the
 *            suspended it    queue's reference goes
 * ```
 *
 * ## Invariants (tests/models/refcount.ts)
 *   B1  references = local + (shared >> 2); an object dies when there are none
 *   B2  QUEUED ⇒ exactly one entry in a queue stands for the object
 *   B3  MERGED ⇒ OB_TID and OB_REF_LOCAL are 0, but for a moment in which the
 *       merger still has a reference
 *   B4  the shared part is 0 ⇒ nobody but the owner has had a reference and
 *       dropped it
 *
 * ## Threads
 *   OB_TID and OB_REF_LOCAL belong to the owner, or to who suspended it. Others
 *   read OB_TID plainly, a racy hint: it is their own only if they wrote it. Of
 *   an immortal object OB_REF_LOCAL never changes. X_OB_REF_SHARED is atomic. The
 *   owner, who drops its last reference, reads it plainly first: who has a
 *   reference has made the shared part other than 0 before the owner could drop
 *   its own, and by B4 a 0 says that there is nothing of others to wait for. A
 *   worker that stops in a merge leaves an object with a reference too many.
 *
 * Source: CPython 3.14 Include/internal/pycore_object.h, Objects/object.c:
 * _Py_DecRefShared(), _Py_MergeZeroLocalRefcount(),
 * _Py_ExplicitMergeRefcount(), _Py_TryIncRefShared().
 * Differs: a shared part that comes down to 0 becomes MAYBE_WEAKREF (B4); a
 * merge keeps the queue's reference until OB_TID and OB_REF_LOCAL
 * are 0, so that no worker's death can make the count too low.
 *
 * @module
 */

import * as PyObject from "../../layout/object_free_threaded.ts";
import type { Address, Memory } from "../../memory/mod.ts";

const { OB_TID, OB_REF_LOCAL, X_OB_REF_SHARED, IMMORTAL_LOCAL } = PyObject;
const { FLAG_MASK, MAYBE_WEAKREF, MERGED, QUEUED, SHARED_SHIFT } = PyObject;
/** One reference in X_OB_REF_SHARED. */
const ONE = 1 << SHARED_SHIFT;

/** decref(): the object lives on. */
export const ALIVE = 0;
/** decref(): that was the last reference; the caller deallocates the object. */
export const DEAD = 1;
/** decref(): the caller must enqueue the object for its owner. */
export const TO_QUEUE = 2;

/** Makes a new object the caller's, with one reference. */
export function init(m: Memory, op: Address): void {
  const i32 = m.i32;
  const at = op >>> 2;
  i32[at + OB_TID] = PyObject.tidOf(m.owner);
  i32[at + OB_REF_LOCAL] = 1;
  // Who looks at what was here before changes neither 0 nor MERGED.
  const shared = i32[at + X_OB_REF_SHARED]; // racy hint
  if (shared !== 0) Atomics.store(i32, at + X_OB_REF_SHARED, 0);
}

/** Makes an object immortal that nobody else knows of. */
export function setImmortal(m: Memory, op: Address): void {
  const at = op >>> 2;
  m.i32[at + OB_TID] = 0;
  m.i32[at + OB_REF_LOCAL] = IMMORTAL_LOCAL;
  Atomics.store(m.i32, at + X_OB_REF_SHARED, 0);
}

/** One more reference. C: `Py_INCREF()`. */
export function incref(m: Memory, op: Address): void {
  const i32 = m.i32;
  const at = op >>> 2;
  const local = i32[at + OB_REF_LOCAL]; // racy hint
  if (local === IMMORTAL_LOCAL) return;
  if (i32[at + OB_TID] === PyObject.tidOf(m.owner)) { // racy hint
    i32[at + OB_REF_LOCAL] = local + 1;
  } else {
    Atomics.add(i32, at + X_OB_REF_SHARED, ONE);
  }
}

/**
 * One reference less. C: `Py_DECREF()`.
 *
 * @returns {@linkcode ALIVE}, {@linkcode DEAD} or {@linkcode TO_QUEUE}.
 */
export function decref(m: Memory, op: Address): number {
  const i32 = m.i32;
  const at = op >>> 2;
  const local = i32[at + OB_REF_LOCAL]; // racy hint
  if (local === IMMORTAL_LOCAL) return ALIVE;
  if (i32[at + OB_TID] !== PyObject.tidOf(m.owner)) { // racy hint
    return decrefShared(m, at);
  }
  if (local !== 1) {
    i32[at + OB_REF_LOCAL] = local - 1;
    return ALIVE;
  }
  i32[at + OB_REF_LOCAL] = 0;
  return mergeZeroLocal(m, at);
}

/** One reference of the shared part less. C: `_Py_DecRefShared()`. */
function decrefShared(m: Memory, at: number): number {
  const i32 = m.i32;
  let shared = Atomics.load(i32, at + X_OB_REF_SHARED);
  while (true) {
    const isFirst = shared === 0 || shared === MAYBE_WEAKREF;
    const less = shared - ONE;
    const next = isFirst ? QUEUED : less === 0 ? MAYBE_WEAKREF : less;
    const found = Atomics.compareExchange(
      i32,
      at + X_OB_REF_SHARED,
      shared,
      next,
    );
    if (found === shared) {
      if (isFirst) return TO_QUEUE;
      return next === MERGED ? DEAD : ALIVE;
    }
    shared = found;
  }
}

/** The owner has dropped its last one. C: `_Py_MergeZeroLocalRefcount()`. */
function mergeZeroLocal(m: Memory, at: number): number {
  const i32 = m.i32;
  if (i32[at + X_OB_REF_SHARED] === 0) return DEAD; // racy hint, see B4
  let shared = Atomics.load(i32, at + X_OB_REF_SHARED);
  // Before others may take the shared part for the whole.
  i32[at + OB_TID] = 0;
  while (true) {
    const next = (shared & ~FLAG_MASK) | MERGED;
    const found = Atomics.compareExchange(
      i32,
      at + X_OB_REF_SHARED,
      shared,
      next,
    );
    // Of a queued object the queue has the last reference.
    if (found === shared) return next === MERGED ? DEAD : ALIVE;
    shared = found;
  }
}

/**
 * Adds the local part to the shared one: the object is nobody's. The caller is
 * the owner, or has suspended it, or knows it to be gone, and has a reference.
 */
export function disown(m: Memory, op: Address): void {
  const i32 = m.i32;
  const at = op >>> 2;
  if (i32[at + OB_TID] === 0) return;
  const local = i32[at + OB_REF_LOCAL];
  if (local === IMMORTAL_LOCAL) return;
  let shared = Atomics.load(i32, at + X_OB_REF_SHARED);
  while (true) {
    const next = ((shared & ~FLAG_MASK) + (local << SHARED_SHIFT)) | MERGED;
    const found = Atomics.compareExchange(
      i32,
      at + X_OB_REF_SHARED,
      shared,
      next,
    );
    if (found === shared) break;
    shared = found;
  }
  i32[at + OB_REF_LOCAL] = 0;
  i32[at + OB_TID] = 0;
}

/**
 * Merges an object out of a queue, whose reference goes with it.
 * C: `_Py_ExplicitMergeRefcount()`, with -1.
 *
 * @returns {@linkcode ALIVE} or {@linkcode DEAD}.
 */
export function merge(m: Memory, op: Address): number {
  disown(m, op);
  const i32 = m.i32;
  const at = op >>> 2;
  // Somebody may have made it immortal meanwhile.
  if (i32[at + OB_REF_LOCAL] === IMMORTAL_LOCAL) return ALIVE;
  const before = Atomics.sub(i32, at + X_OB_REF_SHARED, ONE);
  return before - ONE === MERGED ? DEAD : ALIVE;
}

/**
 * A reference to an object that may be dying. C: `_Py_TryIncrefShared()` and
 * its fast path.
 *
 * @returns False if it cannot be had.
 */
export function tryIncref(m: Memory, op: Address): boolean {
  const i32 = m.i32;
  const at = op >>> 2;
  const local = i32[at + OB_REF_LOCAL]; // racy hint
  if (local === IMMORTAL_LOCAL) return true;
  if (i32[at + OB_TID] === PyObject.tidOf(m.owner)) { // racy hint
    i32[at + OB_REF_LOCAL] = local + 1;
    return true;
  }
  let shared = Atomics.load(i32, at + X_OB_REF_SHARED);
  while (shared !== 0 && shared !== MERGED) {
    const found = Atomics.compareExchange(
      i32,
      at + X_OB_REF_SHARED,
      shared,
      shared + ONE,
    );
    if (found === shared) return true;
    shared = found;
  }
  return false;
}

/**
 * Lets others try to take a reference from now on: the owner asks the shared
 * part before the object dies. C: `_PyObject_SetMaybeWeakref()`.
 */
export function setMaybeWeakref(m: Memory, op: Address): void {
  const i32 = m.i32;
  const at = op >>> 2;
  if (i32[at + OB_REF_LOCAL] === IMMORTAL_LOCAL) return; // racy hint
  let shared = Atomics.load(i32, at + X_OB_REF_SHARED);
  while ((shared & FLAG_MASK) === 0) {
    const found = Atomics.compareExchange(
      i32,
      at + X_OB_REF_SHARED,
      shared,
      shared | MAYBE_WEAKREF,
    );
    if (found === shared) return;
    shared = found;
  }
}

/** References of an object, as far as they can be told. Count. */
export function refcnt(m: Memory, op: Address): number {
  const i32 = m.i32;
  const at = op >>> 2;
  const local = i32[at + OB_REF_LOCAL] >>> 0; // racy hint
  if (local === 0xffffffff) return local;
  return local + (Atomics.load(i32, at + X_OB_REF_SHARED) >> SHARED_SHIFT);
}
