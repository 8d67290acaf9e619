/**
 * The list of weak references to an object, and taking a reference through one.
 *
 * ```text
 *   object                 basic                     newest           oldest
 *   ┌─ … ─┬──────┐        ┌──────────┬──────┐       ┌──────┐         ┌──────┐
 *   │     │ head ├───────▶│ X_OBJECT │ NEXT ├──────▶│      ├──▶ … ──▶│      │
 *   └─ … ─┴──────┘◀───────┤ CALL = 0 │ PREV │◀──────┤ PREV │         │      │
 *                         └──────────┴──────┘       └──────┘         └──────┘
 * ```
 *
 * ## Invariants (tests/models/weakref.ts)
 *   W1  X_OBJECT is not 0 ⇒ it names an object that is no free memory; it
 *       becomes 0 once, and before the object's memory goes
 *   W2  the chain of NEXT from the head is whole at any time; that of PREV is
 *       as well, but for the list that BUSY of its stripe names
 *   W3  in the free-threaded build an object with weak references, and each of
 *       these, has a flag in X_OB_REF_SHARED: it dies by becoming MERGED only
 *
 * ## Threads
 *   The list is changed under the lock of the stripe. {@linkcode tryGet} takes
 *   none: from one safe point of its worker to the next, memory in which an
 *   object was stays an object's, and one that is dead or dying refuses; what
 *   was made there since is told by X_OBJECT, which is 0 by then. X_OBJECT is
 *   written last: the weak reference may be freed afterwards. A worker that
 *   stops leaves the stripe locked: who takes the lock over mends the list that
 *   BUSY names. Such a list is not empty before and after, so its object cannot
 *   have gone without the lock.
 *
 * Source: CPython 3.14 Objects/weakrefobject.c: insert_head(), insert_after(),
 * clear_weakref_lock_held(), try_reuse_basic_ref();
 * Include/internal/pycore_weakref.h: _PyWeakref_GET_REF().
 * Differs: no lock to take a reference.
 *
 * @module
 */

import * as Gil from "../../layout/object_gil.ts";
import * as Header from "../../layout/header.ts";
import * as PyObject from "../../layout/object_free_threaded.ts";
import * as TypeObject from "../../layout/type_object.ts";
import * as WeakrefCall from "../../layout/weakref_call.ts";
import * as WeakrefObject from "../../layout/weakref_object.ts";
import * as WeakrefState from "../../layout/weakref_state.ts";
import type { Address, Memory } from "../../memory/mod.ts";
import { Sections } from "../../threads/mod.ts";
import { Biased } from "../refcount/mod.ts";
import * as References from "./references.ts";

const { X_OBJECT, CALL, PREV, NEXT } = WeakrefObject;
const { STRIPES, LOCKS, BUSY } = WeakrefState;

/** First field of an object, behind its header. Word index. */
export function fieldsOf(m: Memory, op: Address): number {
  const isGil = m.build === Header.BUILD_GIL;
  return (op >>> 2) + (isGil ? Gil.SIZEOF : PyObject.SIZEOF);
}

/** Head of an object's list, or 0 if its type has none. Word index. */
export function headOf(m: Memory, op: Address): number {
  const isGil = m.build === Header.BUILD_GIL;
  const at = op >>> 2;
  const type = m.i32[at + (isGil ? Gil.OB_TYPE : PyObject.OB_TYPE)] >>> 0;
  const offset = m.i32[fieldsOf(m, type) + TypeObject.TP_WEAKLISTOFFSET];
  return offset === 0 ? 0 : at + offset;
}

/** Stripe of an object. */
function stripeOf(op: Address): number {
  return (op >>> 4) % STRIPES;
}

/**
 * Takes the lock of an object's stripe, and mends what a dead worker has left.
 *
 * @param state Record of `weakref_state.ts`. Word index.
 */
export function enter(m: Memory, state: number, op: Address): void {
  const stripe = state + stripeOf(op);
  if (m.build !== Header.BUILD_GIL) Sections.lock(m, stripe + LOCKS);
  if (m.i32[stripe + BUSY] !== 0) mend(m, stripe + BUSY);
}

/** Gives the lock back. */
export function leave(m: Memory, state: number, op: Address): void {
  if (m.build === Header.BUILD_GIL) return;
  Sections.unlock(m, state + stripeOf(op) + LOCKS);
}

/** The same as {@linkcode enter} while the world stands still: no lock. */
export function enterStopped(m: Memory, state: number, op: Address): void {
  const busy = state + stripeOf(op) + BUSY;
  if (m.i32[busy] !== 0) mend(m, busy);
}

/** Makes the backward links of a list anew. */
function mend(m: Memory, busy: number): void {
  const { i32 } = m;
  let before = 0;
  let ref = i32[i32[busy]];
  while (ref !== 0) {
    const at = fieldsOf(m, ref >>> 0);
    i32[at + PREV] = before;
    before = ref;
    ref = i32[at + NEXT];
  }
  i32[busy] = 0; // COMMIT
}

/** Backward link of a weak reference, while BUSY names its list. */
function setPrev(m: Memory, ref: Address, before: Address): void {
  if (ref !== 0) m.i32[fieldsOf(m, ref) + PREV] = before | 0;
}

/**
 * Puts a weak reference into the list of an object, whose stripe the caller has:
 * one with a callback behind the basic one, if there is one, others in front.
 *
 * @param head Head of the list. Word index.
 * @param ref Nobody else knows of it. Byte address.
 */
export function insert(
  m: Memory,
  state: number,
  head: number,
  op: Address,
  ref: Address,
): void {
  const { i32 } = m;
  const at = fieldsOf(m, ref);
  const first = i32[head] >>> 0;
  const isSecond = i32[at + CALL] !== 0 && first !== 0 &&
    i32[fieldsOf(m, first) + CALL] === 0;
  const before = isSecond ? first : 0;
  const link = isSecond ? fieldsOf(m, first) + NEXT : head;
  const next = i32[link] >>> 0;
  i32[at + PREV] = before | 0;
  i32[at + NEXT] = next | 0;
  References.write(m, at + X_OBJECT, op | 0);
  change(m, state + stripeOf(op) + BUSY, head, link, ref, next, ref);
}

/** Has a link name another weak reference, and the one behind name `before`. */
function change(
  m: Memory,
  busy: number,
  head: number,
  link: number,
  to: Address,
  next: Address,
  before: Address,
): void {
  if (next !== 0) m.i32[busy] = head;
  References.write(m, link, to | 0); // COMMIT
  setPrev(m, next, before);
  if (next !== 0) m.i32[busy] = 0;
}

/** Takes a weak reference out of a list; X_OBJECT stays. */
function unlink(m: Memory, busy: number, head: number, ref: Address): void {
  const { i32 } = m;
  const at = fieldsOf(m, ref);
  const isFirst = i32[head] >>> 0 === ref;
  const before = isFirst ? 0 : i32[at + PREV] >>> 0;
  const next = i32[at + NEXT] >>> 0;
  const link = before === 0 ? head : fieldsOf(m, before) + NEXT;
  // Otherwise somebody has died who had taken it out.
  if (i32[link] >>> 0 === ref) change(m, busy, head, link, next, next, before);
}

/**
 * Takes a weak reference out of the list of an object, whose stripe the caller
 * has. It is dead then, and the caller may free it.
 */
export function remove(
  m: Memory,
  state: number,
  head: number,
  op: Address,
  ref: Address,
): void {
  unlink(m, state + stripeOf(op) + BUSY, head, ref);
  References.write(m, fieldsOf(m, ref) + X_OBJECT, 0); // COMMIT
}

/**
 * The same for one that is alive, whose callback shall be called: the record
 * gets a reference to it.
 *
 * @returns The record, or 0 if it has none or is dying. Word index.
 */
export function removeForCall(
  m: Memory,
  state: number,
  head: number,
  op: Address,
  ref: Address,
): number {
  const { i32 } = m;
  const at = fieldsOf(m, ref);
  const call = i32[at + CALL];
  const isWanted = call !== 0 && tryIncref(m, ref);
  if (isWanted) {
    i32[call + WeakrefCall.WEAKREF] = ref | 0;
    i32[at + CALL] = 0;
  }
  remove(m, state, head, op, ref);
  return isWanted ? call : 0;
}

/**
 * Makes all weak references of a dying object dead.
 *
 * @param calls Gets the records of callbacks that shall be called.
 */
export function clear(
  m: Memory,
  state: number,
  op: Address,
  calls: number[],
): void {
  const head = headOf(m, op);
  if (head === 0 || isEmpty(m, head)) return;
  enter(m, state, op);
  let ref = firstOf(m, head);
  while (ref !== 0) {
    const call = removeForCall(m, state, head, op, ref);
    if (call !== 0) calls.push(call);
    ref = firstOf(m, head);
  }
  leave(m, state, op);
}

/** Takes a dying weak reference out of its list, if it is in one. */
export function retire(m: Memory, state: number, ref: Address): void {
  const at = fieldsOf(m, ref);
  const op = objectOf(m, at);
  if (op === 0) return;
  enter(m, state, op);
  // If it was not cleared meanwhile the object is still there.
  if (objectOf(m, at) === op) remove(m, state, headOf(m, op), op, ref);
  leave(m, state, op);
}

/** Whether a list has nothing. Who removes the last one may be at it. */
export function isEmpty(m: Memory, head: number): boolean {
  const isGil = m.build === Header.BUILD_GIL;
  return (isGil ? m.i32[head] : Atomics.load(m.i32, head)) === 0;
}

/** First weak reference of a list, or 0. Byte address. */
export function firstOf(m: Memory, head: number): Address {
  return m.i32[head] >>> 0;
}

/** The one behind another, or 0. Byte address. */
export function nextOf(m: Memory, ref: Address): Address {
  return m.i32[fieldsOf(m, ref) + NEXT] >>> 0;
}

/** A reference to an object that may be dying. */
function tryIncref(m: Memory, op: Address): boolean {
  if (m.build !== Header.BUILD_GIL) return Biased.tryIncref(m, op);
  const count = m.i32[op >>> 2];
  if (count > 0) m.i32[op >>> 2] = count + 1;
  return count !== 0;
}

/**
 * A reference to the weak reference without a callback that an object has
 * already. The caller has the stripe.
 *
 * @returns Byte address, or 0 if there is none.
 */
export function tryReuse(m: Memory, head: number): Address {
  const ref = m.i32[head] >>> 0;
  if (ref === 0 || m.i32[fieldsOf(m, ref) + CALL] !== 0) return 0;
  return tryIncref(m, ref) ? ref : 0;
}

/**
 * Lets others take references through a weak reference to an object that the
 * caller has one to.
 */
export function prepare(m: Memory, op: Address): void {
  if (m.build !== Header.BUILD_GIL) Biased.setMaybeWeakref(m, op);
}

/**
 * A reference to what a weak reference names.
 *
 * @param at First field of the weak reference. Word index.
 * @returns Byte address; or 0 if it is dead; or below 0, the negative address
 * of another object: it is dead, and the caller drops a reference to that.
 */
export function tryGet(m: Memory, at: number): Address {
  const { i32 } = m;
  if (m.build === Header.BUILD_GIL) {
    const op = i32[at + X_OBJECT] >>> 0;
    return op !== 0 && tryIncref(m, op) ? op : 0;
  }
  const op = Atomics.load(i32, at + X_OBJECT) >>> 0;
  if (op === 0 || !Biased.tryIncref(m, op)) return 0;
  return Atomics.load(i32, at + X_OBJECT) >>> 0 === op ? op : -op;
}

/** What a weak reference names, or 0; it may be dead. Byte address. */
export function objectOf(m: Memory, at: number): Address {
  return m.build === Header.BUILD_GIL
    ? m.i32[at + X_OBJECT] >>> 0
    : Atomics.load(m.i32, at + X_OBJECT) >>> 0;
}
