/**
 * How the collector of the free-threaded build keeps what it has found
 * unreachable, between its two pauses and until it is cleared.
 *
 * It has one reference to each such object, and the object says so by a bit. A
 * collector that dies leaves both; the next one does not count that reference,
 * and takes it over if it finds the object unreachable again. So nothing that
 * a dead collector has touched is lost, and nothing is dropped twice.
 *
 * ```text
 *   hold        first pause   the object is nobody's; reference, then bit
 *   letGo       second pause  bit, then reference: it was resurrected
 *   giveUp      afterwards    bit; the caller then drops the reference
 * ```
 *
 * ## Invariants (tests/models/gc_pauses.ts)
 *   H1  UNREACHABLE is set ⇒ one reference of the object is a collector's
 *
 * ## Threads
 *   The caller collects; there is one collector. In a pause no other thread is
 *   attached. After the second one, nobody else can reach the object. A worker
 *   that stops between the two stores of any function leaks one object.
 *
 * Source: CPython 3.14 Python/gc_free_threading.c: worklist_push(),
 * gc_set_unreachable(), scan_heap_visitor(), clear_unreachable().
 * Differs: lists and counts of a collection are the collector's own memory, and
 * not in OB_TID: a death leaves nothing there that had to be restored.
 *
 * @module
 */

import * as GcBits from "../../layout/gc_bits.ts";
import * as PyObject from "../../layout/object_free_threaded.ts";
import type { Address, Memory } from "../../memory/mod.ts";
import { Biased } from "../../objects/refcount/mod.ts";

const { OB_GC_BITS, X_OB_REF_SHARED, SHARED_SHIFT } = PyObject;
/** One reference in X_OB_REF_SHARED. */
const ONE = 1 << SHARED_SHIFT;

/** True if a collector has a reference to the object. */
export function isHeld(m: Memory, op: Address): boolean {
  return (m.i32[(op >>> 2) + OB_GC_BITS] & GcBits.UNREACHABLE) !== 0;
}

/** References that are not a collector's. Count. In a pause. */
export function othersOf(m: Memory, op: Address): number {
  return Biased.refcnt(m, op) - (isHeld(m, op) ? 1 : 0);
}

/**
 * Takes a reference, unless an earlier collector has left one. In a pause.
 *
 * @param more Further bits for the object, `GcBits.FINALIZED` or 0.
 */
export function hold(m: Memory, op: Address, more: number): void {
  const { i32 } = m;
  const at = op >>> 2;
  const bits = i32[at + OB_GC_BITS];
  if ((bits & GcBits.UNREACHABLE) === 0) {
    Biased.disown(m, op);
    Atomics.add(i32, at + X_OB_REF_SHARED, ONE);
  }
  i32[at + OB_GC_BITS] = bits | more | GcBits.UNREACHABLE; // COMMIT
}

/** Drops the reference to an object that others have, too. In a pause. */
export function letGo(m: Memory, op: Address): void {
  giveUp(m, op);
  Atomics.sub(m.i32, (op >>> 2) + X_OB_REF_SHARED, ONE);
}

/** The reference is no collector's any more: the caller drops it. */
export function giveUp(m: Memory, op: Address): void {
  m.i32[(op >>> 2) + OB_GC_BITS] &= ~GcBits.UNREACHABLE; // COMMIT
}
