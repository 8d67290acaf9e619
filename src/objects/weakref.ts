/**
 * `weakref.ReferenceType`: names an object, and does not keep it alive.
 *
 * Objects that can be named so have room for the head of a list: those of types
 * with a TP_WEAKLISTOFFSET. Before such an object's memory goes, its type's
 * `dealloc` calls {@linkcode clearAll}. From then on the weak references are
 * dead, and their callbacks are called, the newest first.
 *
 * ## Threads
 *   Lists: `sharing/weakref_links.ts`. Callbacks: `weakref/calls.ts`. HASH is written
 *   once, by whoever comes first. A worker that stops in {@linkcode create}
 *   leaks the weak reference, and a reference to it or to the object; one that
 *   stops in {@linkcode clearAll} leaks the object, which nobody can get from
 *   its weak references any more.
 *
 * Source: CPython 3.14 Objects/weakrefobject.c.
 * Differs: no proxies; callbacks are functions of a worker.
 *
 * @module
 */

import { show } from "../errors.ts";
import * as Layout from "../layout/memory_map.ts";
import * as ObjectsWords from "../layout/objects.ts";
import * as WeakrefObject from "../layout/weakref_object.ts";
import type { Address } from "../memory/mod.ts";
import * as Kinds from "./kinds.ts";
import type { Objects, Slots } from "./objects.ts";
import * as Protocol from "./protocol.ts";
import { References, WeakrefLinks as Links } from "./sharing/mod.ts";
import * as Tracking from "./tracking.ts";
import { type Callback, Calls, ensureState, stateOf } from "./weakref/calls.ts";

export type { Callback } from "./weakref/calls.ts";

const { WEAKREF } = Kinds;
const { CALL, HASH, SIZEOF } = WeakrefObject;
const STATE = Layout.OBJECTS + ObjectsWords.X_WEAKREFS;

/** Functions of the type, and the callbacks of one worker. */
interface WeakrefSlots extends Slots {
  readonly calls: Calls;
}

/** Opens weak references for a worker. */
export function open(o: Objects): void {
  const calls = new Calls(o);
  const slots: WeakrefSlots = { ...SLOTS, calls };
  o.setSlots(WEAKREF, slots);
  o.core.accompany(calls);
}

/** The callbacks of a worker. */
function callsOf(o: Objects): Calls {
  return (o.slots[WEAKREF] as WeakrefSlots).calls;
}

/**
 * Whether an object can have weak references.
 * C: `_PyType_SUPPORTS_WEAKREFS()`.
 */
export function isSupported({ m }: Objects, op: Address): boolean {
  return Links.headOf(m, op) !== 0;
}

/** Head of an object's list. Word index. */
function requireHead(o: Objects, op: Address): number {
  const head = op === 0 ? 0 : Links.headOf(o.m, op);
  if (head !== 0) return head;
  throw new TypeError(
    `Cannot make a weak reference to ${show(op)}: ${o.describe(op)}, whose ` +
      "objects have none",
  );
}

/**
 * A weak reference to an object. Without a callback there is one for each
 * object, as long as somebody has it. C: `PyWeakref_NewRef()`.
 *
 * @param op An object of a type that has them: see {@linkcode isSupported}.
 * @param callback Is called with the weak reference when the object has died,
 * if that is still there; in this worker, at a safe point if another one has
 * dropped the object. What it throws is printed.
 * @returns Byte address, or 0 if no memory is left; the reference is the caller's.
 * @throws {TypeError} If the type has no weak references.
 */
export function create(
  o: Objects,
  op: Address,
  callback?: Callback,
): Address {
  const { m } = o;
  o.requireAttached("make a weak reference");
  const head = requireHead(o, op);
  const state = ensureState(o);
  if (state === 0) return 0;
  if (callback === undefined) {
    Links.enter(m, state, op);
    const basic = Links.tryReuse(m, head);
    Links.leave(m, state, op);
    if (basic !== 0) return basic;
  }
  const ref = make(o, callback);
  return ref === 0 ? 0 : enlist(o, state, head, op, ref);
}

/** A weak reference to nothing yet, or 0. */
function make(o: Objects, callback?: Callback): Address {
  const { i32, m } = o;
  const ref = o.newGc(o.typeOfKind(WEAKREF), SIZEOF * 4);
  if (ref === 0) return 0;
  const at = o.fields(ref);
  for (let k = 0; k < SIZEOF; k++) References.write(m, at + k, 0);
  i32[at + HASH] = -1;
  if (callback === undefined) return ref;
  i32[at + CALL] = callsOf(o).add(callback);
  if (i32[at + CALL] !== 0) return ref;
  o.freeGc(ref);
  return 0;
}

/** Puts a weak reference into a list, or returns the one that is there. */
function enlist(
  o: Objects,
  state: number,
  head: number,
  op: Address,
  ref: Address,
): Address {
  const { i32, m } = o;
  const isBasic = i32[o.fields(ref) + CALL] === 0;
  Links.prepare(m, op);
  Links.prepare(m, ref);
  Links.enter(m, state, op);
  const basic = isBasic ? Links.tryReuse(m, head) : 0;
  if (basic === 0) Links.insert(m, state, head, op, ref);
  Links.leave(m, state, op);
  if (basic === 0) Tracking.track(o, ref);
  else o.freeGc(ref);
  return basic || ref;
}

/** First field of a weak reference. Word index. */
function requireRef(o: Objects, ref: Address, attempt: string): number {
  o.requireKind(ref, WEAKREF, attempt);
  return o.fields(ref);
}

/**
 * What a weak reference names; the reference is the caller's.
 * C: `PyWeakref_GetRef()`.
 *
 * @returns Byte address, or 0 if it is dead.
 * @throws {TypeError} If it is no weak reference.
 */
export function get(o: Objects, ref: Address): Address {
  o.requireAttached("look through a weak reference");
  const op = Links.tryGet(o.m, requireRef(o, ref, "look through"));
  if (op >= 0) return op;
  o.decref(-op);
  return 0;
}

/**
 * Whether what a weak reference names is dead. C: `PyWeakref_IsDead()`.
 *
 * @throws {TypeError} If it is no weak reference.
 */
export function isDead(o: Objects, ref: Address): boolean {
  const op = get(o, ref);
  if (op !== 0) o.decref(op);
  return op === 0;
}

/**
 * Weak references to an object. Count. C: `_PyWeakref_GetWeakrefCount()`,
 * Python: `weakref.getweakrefcount()`.
 *
 * @returns 0 if its type has none.
 */
export function count(o: Objects, op: Address): number {
  const { m } = o;
  const head = Links.headOf(m, op);
  const state = stateOf(m);
  if (head === 0 || state === 0) return 0;
  let found = 0;
  Links.enter(m, state, op);
  let ref = Links.firstOf(m, head);
  for (; ref !== 0; ref = Links.nextOf(m, ref)) found++;
  Links.leave(m, state, op);
  return found;
}

/**
 * Makes the weak references of an object dead, and has their callbacks called:
 * for `dealloc`, before anything of the object goes.
 * C: `PyObject_ClearWeakRefs()`.
 */
export function clearAll(o: Objects, op: Address): void {
  const state = o.i32[STATE]; // racy hint
  if (state === 0) return;
  const calls: number[] = [];
  Links.clear(o.m, state, op, calls);
  if (calls.length > 0) deliver(o, calls);
}

/** Has callbacks called. */
export function deliver(o: Objects, calls: readonly number[]): void {
  const own = callsOf(o);
  for (const call of calls) own.deliver(call);
}

/** Drops what waits for workers that are gone. */
export function sweep(o: Objects): void {
  if (stateOf(o.m) !== 0) callsOf(o).sweep();
}

/**
 * For the collector, alone with all objects: makes those weak references of an
 * object dead that have a callback which shall be called.
 *
 * @param isGarbage Whether a weak reference is to be collected as well.
 * @param calls Gets the callbacks.
 */
export function takeCalls(
  o: Objects,
  op: Address,
  isGarbage: (ref: Address) => boolean,
  calls: number[],
): void {
  const { m, i32 } = o;
  const head = Links.headOf(m, op);
  if (head === 0 || Links.isEmpty(m, head)) return;
  const state = stateOf(m);
  Links.enterStopped(m, state, op);
  let ref = Links.firstOf(m, head);
  while (ref !== 0) {
    const next = Links.nextOf(m, ref);
    if (i32[o.fields(ref) + CALL] !== 0 && !isGarbage(ref)) {
      const call = Links.removeForCall(m, state, head, op, ref);
      if (call !== 0) calls.push(call);
    }
    ref = next;
  }
}

/**
 * For the collector, alone with all objects: makes the weak references of an
 * object dead, and nothing is called. C: `_PyWeakref_ClearRef()` of each.
 */
export function clearQuietly(o: Objects, op: Address): void {
  const { m } = o;
  const head = Links.headOf(m, op);
  if (head === 0 || Links.isEmpty(m, head)) return;
  const state = stateOf(m);
  Links.enterStopped(m, state, op);
  let ref = Links.firstOf(m, head);
  for (; ref !== 0; ref = Links.firstOf(m, head)) {
    Links.remove(m, state, head, op, ref);
  }
}

/** Takes it out of its list, and frees it. C: weakref_dealloc(). */
function dealloc(o: Objects, ref: Address): void {
  Tracking.untrack(o, ref);
  Links.retire(o.m, stateOf(o.m), ref);
  const call = o.i32[o.fields(ref) + CALL];
  if (call !== 0) callsOf(o).deliver(call); // without a weak reference: forget
  o.freeGc(ref);
}

/** Hash of the object, which it keeps when that is dead. C: weakref_hash(). */
function hash(o: Objects, ref: Address): number {
  const at = o.fields(ref);
  const kept = o.isBiased ? Atomics.load(o.i32, at + HASH) : o.i32[at + HASH];
  if (kept !== -1) return kept;
  const op = get(o, ref);
  if (op === 0) {
    throw new TypeError(
      `Cannot hash ${show(ref)}: weak object has gone away`,
    );
  }
  try {
    const found = Protocol.hash(o, op);
    References.write(o.m, at + HASH, found);
    return found;
  } finally {
    o.decref(op);
  }
}

/** Whether two name equal objects, or are the same. C: weakref_richcompare(). */
function equals(o: Objects, ref: Address, other: Address): boolean {
  if (o.kindOf(other) !== WEAKREF) return false;
  const a = get(o, ref);
  const b = get(o, other);
  try {
    return a === 0 || b === 0 ? ref === other : Protocol.isSame(o, a, b);
  } finally {
    if (a !== 0) o.decref(a);
    if (b !== 0) o.decref(b);
  }
}

/** C: weakref_repr(). */
function repr(o: Objects, ref: Address): string {
  const op = get(o, ref);
  if (op === 0) return `<weakref at ${show(ref)}; dead>`;
  const name = o.nameOf(o.typeOf(op));
  o.decref(op);
  return `<weakref at ${show(ref)}; to '${name}' at ${show(op)}>`;
}

/** Functions of the type; see {@linkcode open}. */
export const SLOTS: Slots = {
  dealloc,
  sizeOf: (o) => (o.head + SIZEOF) * 4,
  hash,
  equals,
  repr,
};
