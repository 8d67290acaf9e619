/**
 * Where a virtual worker is: an immutable record, so that going back is to
 * point to an earlier one.
 *
 * @module
 */

import type { Snapshot } from "./context.ts";
import { finish, mix1, mix2 } from "./hash.ts";
import type { Node } from "./log.ts";

/** Status: its next operation is known and may be done. */
export const READY = 0;
/** Status: asleep on a word. */
export const BLOCKED = 1;
/** Status: woken, and has not returned from its wait yet. */
export const WOKEN = 2;
/** Status: before a step that waits for a condition. */
export const GUARDED = 3;
/** Status: all steps are done. */
export const DONE = 4;
/** Status: killed. */
export const DEAD = 5;

/** Operations that are scheduling points, by number. */
export const OPS = [
  "load",
  "hint",
  "store",
  "add",
  "sub",
  "and",
  "or",
  "xor",
  "exchange",
  "compareExchange",
  "wait",
  "notify",
  "read",
  "write",
  "clock",
  "none",
] as const;
/** Numbers of operations. */
export const LOAD = 0;
/** Plain read marked as a hint. */
export const HINT = 1;
/** `Atomics.store`. */
export const STORE = 2;
/** `Atomics.add`. */
export const ADD = 3;
/** `Atomics.sub`. */
export const SUB = 4;
/** `Atomics.and`. */
export const AND = 5;
/** `Atomics.or`. */
export const OR = 6;
/** `Atomics.xor`. */
export const XOR = 7;
/** `Atomics.exchange`. */
export const EXCHANGE = 8;
/** `Atomics.compareExchange`. */
export const CAS = 9;
/** `Atomics.wait`. */
export const WAIT = 10;
/** `Atomics.notify`. */
export const NOTIFY = 11;
/** Plain read of a word that is racy by design. */
export const READ = 12;
/** Plain write of a word that is racy by design. */
export const WRITE = 13;
/** A look at the clock. */
export const CLOCK = 14;
/** No operation. */
export const NONE = 15;

/** New value of a word after an operation. */
export function changed(op: number, old: number, a: number, b: number): number {
  switch (op) {
    case STORE:
    case EXCHANGE:
    case WRITE:
      return a | 0;
    case ADD:
      return (old + a) | 0;
    case SUB:
      return (old - a) | 0;
    case AND:
      return old & a;
    case OR:
      return old | a;
    case XOR:
      return old ^ a;
    case CAS:
      return old === (a | 0) ? b | 0 : old;
    default:
      return old;
  }
}

/** An operation that a worker is about to do. */
export class Pending {
  /** Number in {@linkcode OPS}. */
  readonly op: number;
  /** Word, or -1. */
  readonly at: number;
  /** Words that it covers. Count. */
  readonly span: number;
  /** First operand. Of a wait: the value it wants to sleep on. */
  readonly a: number;
  /** Second operand. */
  readonly b: number;
  /** Place in the source. */
  readonly site: number;
  /** Whether it can be done without its code: a view of words. */
  readonly isSimple: boolean;
  /** Whether a wait ends by itself. */
  readonly isTimed: boolean;

  /** An operation with all its fields. */
  constructor(
    op: number,
    at: number,
    span: number,
    a: number,
    b: number,
    site: number,
    isSimple: boolean,
    isTimed: boolean = false,
  ) {
    this.op = op;
    this.at = at;
    this.span = span;
    this.a = a;
    this.b = b;
    this.site = site;
    this.isSimple = isSimple;
    this.isTimed = isTimed;
  }
}

/** No operation is pending. */
export const NOTHING: Pending = new Pending(
  NONE,
  -1,
  0,
  0,
  0,
  -1,
  false,
);

/**
 * Plain accesses of a worker to shared words since its last visible operation.
 * They could as well happen later: nothing orders them before what others do
 * until the worker does its next one.
 */
export class Segment {
  /** Words written, in order. */
  readonly at: readonly number[];
  /** Values that they had before. */
  readonly olds: readonly number[];
  /** Bits of the word that each write covers. */
  readonly masks: readonly number[];
  /** Places of the writes. */
  readonly sites: readonly number[];
  /** Words read. */
  readonly reads: readonly number[];
  /** Bits of the word that each read covers. */
  readonly readMasks: readonly number[];
  /** Places of the reads. */
  readonly readSites: readonly number[];
  /** Hash, first lane. */
  readonly h1: number;
  /** Hash, second lane. */
  readonly h2: number;

  /**
   * A segment with all its accesses. With `isOrdered`, the order and the old
   * values of the writes count as part of the state: the worker may die.
   */
  constructor(
    writes: readonly number[],
    reads: readonly number[],
    isOrdered: boolean,
  ) {
    this.at = every(writes, 0, 4);
    this.olds = every(writes, 1, 4);
    this.masks = every(writes, 2, 4);
    this.sites = every(writes, 3, 4);
    this.reads = every(reads, 0, 3);
    this.readMasks = every(reads, 1, 3);
    this.readSites = every(reads, 2, 3);
    let h1 = 0x1b56c4e9;
    let h2 = 0x7f4a7c15;
    for (let k = 0; k < this.at.length; k++) {
      const value = isOrdered ? mix1(k, this.olds[k]) : 0;
      h1 = (h1 + mix1(mix1(this.masks[k], this.at[k]), value)) | 0;
      h2 = (h2 + mix2(mix2(this.masks[k], this.at[k]), value)) | 0;
    }
    for (let k = 0; k < this.reads.length; k++) {
      h1 = (h1 + mix1(~this.readMasks[k], this.reads[k])) | 0;
      h2 = (h2 + mix2(~this.readMasks[k], this.reads[k])) | 0;
    }
    this.h1 = h1;
    this.h2 = h2;
  }
}

function every(list: readonly number[], from: number, step: number): number[] {
  const picked: number[] = [];
  for (let k = from; k < list.length; k += step) picked.push(list[k]);
  return picked;
}

/**
 * What a worker did after an operation, up to its next one. It does the same
 * again if the operation has the same result and memory the same values.
 */
export interface Outcome {
  /** Result of the operation. */
  readonly result: unknown;
  /** Words that were read, each with its value. */
  readonly reads: readonly number[];
  /** Words that were written, each with its last value. */
  readonly writes: readonly number[];
  /** The worker afterwards. */
  readonly next: WorkerState;
}

/** See the head of this file. */
export class WorkerState {
  /** Number of the step, from 0. */
  readonly step: number;
  /** Its context at the start of the step. */
  readonly snapshot: Snapshot;
  /** What it learned since then. */
  readonly log: Node;
  /** `READY` and so on. */
  readonly status: number;
  /** What it is about to do. */
  readonly pending: Pending;
  /** What it did that others do not see yet. */
  readonly segment: Segment | null;
  /** Calls that have looked at the clock, and that have a time-out to see. */
  readonly times: number;
  /** What is known of what it does next. */
  outcomes: Outcome[] | undefined;
  /** Hash, first lane. */
  readonly h1: number;
  /** Hash, second lane. */
  readonly h2: number;

  /** A worker with all its fields. */
  constructor(
    index: number,
    step: number,
    snapshot: Snapshot,
    log: Node,
    status: number,
    pending: Pending,
    segment: Segment | null,
    times: number,
  ) {
    this.step = step;
    this.snapshot = snapshot;
    this.log = log;
    this.status = status;
    this.pending = pending;
    this.segment = segment;
    this.times = times;
    this.outcomes = undefined;
    const place = (index << 24) | (status << 20) | step;
    let h1 = mix1(mix1(0x428a2f98, place), snapshot.h1);
    let h2 = mix2(mix2(0x71374491, place), snapshot.h2);
    if (status !== DEAD) {
      h1 = mix1(h1, log.h1);
      h2 = mix2(h2, log.h2);
    }
    if (times !== 0) {
      h1 = mix1(h1, times);
      h2 = mix2(h2, times);
    }
    if (segment !== null) {
      h1 = mix1(h1, segment.h1);
      h2 = mix2(h2, segment.h2);
    }
    this.h1 = finish(h1);
    this.h2 = finish(h2);
  }

  /** The same worker with another status. */
  as(index: number, status: number): WorkerState {
    return new WorkerState(
      index,
      this.step,
      this.snapshot,
      this.log,
      status,
      this.pending,
      this.segment,
      this.times,
    );
  }

  /** The same worker, its plain accesses ordered before all that follows. */
  ordered(index: number): WorkerState {
    return new WorkerState(
      index,
      this.step,
      this.snapshot,
      this.log,
      this.status,
      this.pending,
      null,
      this.times,
    );
  }
}

/** One object for each state of a worker, so that what it does is known. */
export class Interner {
  #mask = (1 << 12) - 1;
  #slots: (WorkerState | undefined)[] = new Array(1 << 12);
  /** Number of states. */
  size = 0;

  /** The first state that was the same as this one. */
  intern(state: WorkerState): WorkerState {
    let at = state.h1 & this.#mask;
    for (;;) {
      const known = this.#slots[at];
      if (known === undefined) break;
      if (known.h1 === state.h1 && known.h2 === state.h2) return known;
      at = (at + 1) & this.#mask;
    }
    this.#slots[at] = state;
    if (++this.size * 2 > this.#mask) this.#grow();
    return state;
  }

  #grow(): void {
    const old = this.#slots;
    this.#mask = old.length * 2 - 1;
    this.#slots = new Array(old.length * 2);
    for (const state of old) {
      if (state === undefined) continue;
      let at = state.h1 & this.#mask;
      while (this.#slots[at] !== undefined) at = (at + 1) & this.#mask;
      this.#slots[at] = state;
    }
  }
}
