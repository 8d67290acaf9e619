/**
 * Callbacks of weak references: functions of the worker that made the reference.
 *
 * A function cannot be shared. Who clears a weak reference of its own calls the
 * function at once; that of another worker is called at that worker's next safe
 * point. If the worker is gone, so is the function, and nothing is called.
 *
 * ## Invariants
 *   J1  a record is in one place: with its weak reference, in one queue, or in
 *       the hands of one worker
 *   J2  WEAKREF of a record that is on its way has a reference of the record's
 *
 * ## Threads
 *   X_CALLS is atomic: records are pushed by compare-and-exchange, and taken out
 *   all at once, by the slot's worker, or by whoever finds that the slot has
 *   none. A worker that stops with records in its hands leaks them and their
 *   weak references; what it has not taken, the next one drops.
 *
 * Source: CPython 3.14 Objects/weakrefobject.c: handle_callback().
 * Differs: a callback may be called later, and by another worker than the one
 * that has dropped the object.
 *
 * @module
 */

import { show } from "../../errors.ts";
import * as Layout from "../../layout/memory_map.ts";
import * as ObjectsWords from "../../layout/objects.ts";
import * as PageMap from "../../layout/page_map.ts";
import * as ThreadState from "../../layout/thread_state.ts";
import * as WeakrefCall from "../../layout/weakref_call.ts";
import * as WeakrefState from "../../layout/weakref_state.ts";
import type { Companion } from "../../domains/core.ts";
import { Debug } from "../../hooks/mod.ts";
import { type Address, type Memory, threadsUsed } from "../../memory/mod.ts";
import { Sections } from "../../threads/mod.ts";
import * as Held from "../held.ts";
import type { Objects } from "../objects.ts";

const STATE = Layout.OBJECTS + ObjectsWords.X_WEAKREFS;
const { NEXT, WEAKREF, OWNER } = WeakrefCall;

/** Called with a weak reference whose object is dead. */
export type Callback = (ref: Address) => void;

/** The record of all weak references, or 0 if there are none. Word index. */
export function stateOf(m: Memory): number {
  return Atomics.load(m.i32, STATE);
}

/** The same, made if there is none; 0 if no memory is left. */
export function ensureState({ core, i32 }: Objects): number {
  const seen = Atomics.load(i32, STATE);
  if (seen !== 0) return seen;
  const block = core.raw.calloc(1, WeakrefState.SIZEOF * 4);
  if (block === 0) return 0;
  const found = Atomics.compareExchange(i32, STATE, 0, block >>> 2); // COMMIT
  if (found === 0) return block >>> 2;
  core.raw.free(block);
  return found;
}

/** Puts a record into the queue of its worker's slot. */
function push(m: Memory, queue: number, call: number): void {
  const { i32 } = m;
  let before = Atomics.load(i32, queue);
  while (true) {
    i32[call + NEXT] = before;
    const found = Atomics.compareExchange(i32, queue, before, call);
    if (found === before) return; // COMMIT
    before = found;
  }
}

/** Takes all records out of a queue, in the order in which they came. */
function takeAll(m: Memory, queue: number): number[] {
  const calls: number[] = [];
  let call = Atomics.exchange(m.i32, queue, 0); // COMMIT
  for (; call !== 0; call = m.i32[call + NEXT]) calls.push(call);
  return calls.reverse();
}

/** Callbacks of one worker. */
export class Calls implements Companion {
  declare readonly o: Objects;
  /** Functions by the word index of their records. */
  readonly #functions: Callback[] = [];

  /** None yet. */
  constructor(o: Objects) {
    this.o = o;
  }

  /**
   * A record for a function of this worker.
   *
   * @returns Word index, or 0 if no memory is left.
   */
  add(callback: Callback): number {
    const { core, i32, m } = this.o;
    const call = core.raw.malloc(WeakrefCall.NBYTES) >>> 2;
    if (call === 0) return 0;
    i32[call + WEAKREF] = 0;
    i32[call + OWNER] = m.owner;
    this.#functions[call] = callback;
    return call;
  }

  /** Has a record arrive, now if its function is this worker's. */
  deliver(call: number): void {
    const { i32, m } = this.o;
    const owner = i32[call + OWNER];
    if (owner === m.owner || Sections.isGone(m, owner)) {
      return this.#arrive(call);
    }
    const slot = owner & PageMap.SLOT_MASK;
    push(m, stateOf(m) + WeakrefState.X_CALLS + slot, call);
  }

  /** Calls the function of a record if it is here, and frees the record. */
  #arrive(call: number): void {
    const { o } = this;
    const ref = o.i32[call + WEAKREF] >>> 0;
    const isOurs = o.i32[call + OWNER] === o.m.owner;
    const callback = isOurs ? this.#functions[call] : undefined;
    if (isOurs) delete this.#functions[call];
    o.core.raw.free((call * 4) as never);
    if (ref === 0) return;
    if (callback !== undefined) run(o, callback, ref);
    o.decref(ref);
  }

  /** Has what is in the queue of a slot arrive. */
  #drain(slot: number): void {
    const { m } = this.o;
    const state = stateOf(m);
    if (state === 0) return;
    const queue = state + WeakrefState.X_CALLS + slot;
    if (Atomics.load(m.i32, queue) === 0) return;
    for (const call of takeAll(m, queue)) this.deliver(call);
  }

  /** Drops what waits for workers that are gone. */
  sweep(): void {
    const { m } = this.o;
    const used = threadsUsed(m);
    for (let slot = PageMap.FIRST_SLOT; slot < used; slot++) {
      const thread = Layout.THREADS + slot * ThreadState.SIZEOF;
      const inUse = Atomics.load(m.i32, thread + ThreadState.X_IN_USE);
      if (inUse === ThreadState.FREE) this.#drain(slot);
    }
  }

  /** Nothing: a safe point follows. */
  attached(): void {}

  /** Nothing is open. */
  detached(): void {}

  /** Calls what others have sent. */
  passed(): void {
    const { i32, m } = this.o;
    const state = i32[STATE]; // racy hint
    if (state === 0) return;
    const first = i32[state + WeakrefState.X_CALLS + m.slot]; // racy hint
    if (first !== 0) this.#drain(m.slot);
  }

  /** The same for the last time. */
  closing(): void {
    this.#drain(this.o.m.slot);
  }
}

/** Calls a function. What it throws is printed. */
function run(o: Objects, callback: Callback, ref: Address): void {
  try {
    Held.callOut(o, callback, ref);
  } catch (error) {
    Debug.Stderr.write(
      `Exception ignored in the callback of <weakref at ${show(ref)}>: ` +
        `${error}\n`,
    );
  }
}
