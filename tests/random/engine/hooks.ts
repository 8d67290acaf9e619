/**
 * What twins call: the accesses to shared memory, and the points before them.
 *
 * Names are short because the transform writes them: `p` point, `r` read, `w`
 * write, `h` hint, `x` for views that are not of words. Who runs, and how far,
 * is in {@linkcode stage}; a point costs a subtraction.
 *
 * ## Threads
 *   One real thread: plain accesses do for atomic ones.
 *
 * @module
 */

import type { Site } from "../../checker/transform.ts";
import * as Kind from "./kinds.ts";
import { Memory } from "./memory.ts";
import * as Races from "./races.ts";

/** Word view. */
type Words = Int32Array<SharedArrayBuffer>;
// deno-lint-ignore no-explicit-any
type View = any;
// deno-lint-ignore no-explicit-any
type Value = any;

/** A line of a trace. */
export interface Event {
  /** Worker. */
  readonly worker: number;
  /** Place in the source. */
  readonly site: number;
  /** What happened. */
  readonly text: string;
}

/** What is wrong, thrown through the worker that met it. */
export class Found extends Error {
  override name = "Found";
}

/** The schedule that runs. There is one at a time. */
export const stage = {
  /** The memory. */
  memory: new Memory(),
  /** The worker that runs. */
  current: 0,
  /** What is left until the running worker gives way. */
  left: 0,
  /** What a point of each kind takes of it. */
  weights: new Int32Array(Kind.COUNT).fill(1),
  /** Points of each kind that were passed. Counts. */
  passed: new Int32Array(Kind.COUNT),
  /** True if races are looked for, or a trace is written. */
  isWatched: false,
  /** True if races are looked for. */
  hasRaces: false,
  /** Words whose plain accesses race by design. */
  isRacy: (_at: number): boolean => false,
  /** Places in the source. */
  sites: [] as readonly Site[],
  /** The trace, if there is one. */
  events: undefined as Event[] | undefined,
  /** Compare-and-exchange that found another value. Count. */
  lost: 0,
  /** Calls that can be made to fail, so far. Count. */
  chances: 0,
  /** The call that fails, from 1; 0 for none. */
  failAt: 0,
  /** Takes a worker that falls asleep. */
  sleep(_at: number, _ms: number): void {},
  /** Wakes sleepers of a word; returns how many there were. */
  notify(_at: number, _most: number): number {
    return 0;
  },
  /** Why the running worker was woken. */
  reason: "ok",
};

const memory = stage.memory;

/** What a worker says when it gives way: it fell asleep. */
export const ASLEEP = 1;
/** What a worker says when it gives way: it spins. */
export const SPINS = 2;
/** What a worker says when it gives way: its step waits for a condition. */
export const GUARDED = 3;

/** Whether the running worker gives way here. */
export function __p(kind: number): boolean {
  stage.passed[kind]++;
  return (stage.left -= stage.weights[kind]) < 0;
}

/** Weight beyond what was given after which a loop is said to have no end. */
const ENDLESS = -(2 ** 28);

/** A point where nobody gives way: the next one will do. Returns the place. */
export function __q(kind: number, site: number): number {
  stage.passed[kind]++;
  stage.left -= stage.weights[kind];
  if (stage.left < ENDLESS) throw new Found("a loop has no end");
  return site;
}

/** Whether a call fails that can be made to. */
export function __fail(): boolean {
  return ++stage.chances === stage.failAt;
}

/** Stands for a function that has no twin. */
export function __unseen(): never {
  throw new Error("A scenario has got to code that has no twins");
}

function tell(site: number, text: string): void {
  stage.events?.push({ worker: stage.current, site, text });
}

/** Ends the schedule if there was a race. */
function judge(site: number): void {
  if (Races.raceAt < 0) return;
  const where = stage.sites[site];
  throw new Found(
    `race on word ${Races.raceAt}: worker ${stage.current} at ` +
      `${where?.path}:${where?.line}, worker ${Races.raceBy} before`,
  );
}

function watchRead(at: number, site: number): void {
  if (stage.hasRaces) {
    // What races by design is taken to be in one order, as by the checker.
    if (stage.isRacy(at)) Races.take(at, stage.current);
    else Races.read(at, stage.current);
    judge(site);
  }
  if (stage.events) tell(site, `[${at}] is ${memory.words[at]}`);
}

function watchWrite(at: number, value: Value, site: number): void {
  if (stage.hasRaces) {
    if (stage.isRacy(at)) Races.add(at, stage.current);
    else Races.write(at, stage.current);
    judge(site);
  }
  if (stage.events) tell(site, `[${at}] = ${value}`);
}

/** Plain read of a word. */
export function __r(view: Words, i: number, site: number): number {
  if (stage.isWatched && i >= 0 && i < view.length) watchRead(i, site);
  return view[i];
}

/** Plain read of a word that may be old news. */
export function __h(view: Words, i: number, site: number): number {
  if (stage.events) tell(site, `[${i}] is ${view[i]}`);
  return view[i];
}

/** Plain write of a word. */
export function __w<T>(view: Words, i: number, value: T, site: number): T {
  if (!(i >= 0 && i < view.length)) return value;
  if (stage.isWatched) watchWrite(i, value, site);
  memory.note(i);
  view[i] = value as number;
  return value;
}

/** First word of an element. */
function wordOf(view: View, i: number): number {
  return (view.byteOffset + i * view.BYTES_PER_ELEMENT) >> 2;
}

/** Whether an index is that of an element of the memory. */
function isElement(view: View, i: number): boolean {
  return i >= 0 && i < view.length && view.buffer === memory.words.buffer;
}

/** Plain read through any view. */
export function __rx(view: View, i: number, site: number): Value {
  if (stage.isWatched && isElement(view, i)) {
    const at = wordOf(view, i);
    watchRead(at, site);
    if (view.BYTES_PER_ELEMENT === 8) watchRead(at + 1, site);
  }
  return view[i];
}

/** Plain write through any view. */
export function __wx<T>(view: View, i: number, value: T, site: number): T {
  if (isElement(view, i)) noteElement(view, i, value, site);
  view[i] = value;
  return value;
}

function noteElement(view: View, i: number, value: Value, site: number): void {
  const at = wordOf(view, i);
  const end = at + (view.BYTES_PER_ELEMENT === 8 ? 2 : 1);
  for (let word = at; word < end; word++) {
    if (stage.isWatched) watchWrite(word, value, site);
    memory.note(word);
  }
}

/** `fill` and `copyWithin`. */
export function __bulk(
  view: View,
  method: string,
  args: number[],
  site: number,
): Value {
  if (method !== "copyWithin" && method !== "fill") {
    throw new Error(`.${method}() on shared memory is not known here`);
  }
  const size = view.length;
  const isFill = method === "fill";
  const from = isFill ? args[1] ?? 0 : args[0];
  const to = isFill ? args[2] ?? size : from + (args[2] ?? size) - args[1];
  const end = wordOf(view, Math.min(to, size)) +
    (to * view.BYTES_PER_ELEMENT & 3 ? 1 : 0);
  const shift = isFill ? 0 : wordOf(view, args[1]) - wordOf(view, from);
  if (stage.isWatched) {
    for (let at = wordOf(view, from); at < end; at++) {
      if (shift !== 0) watchRead(at + shift, site);
      watchWrite(at, method, site);
    }
  }
  memory.noteRange(wordOf(view, from), end);
  return view[method](...args);
}

// Atomic operations.

function watchLoad(at: number, site: number): void {
  if (stage.hasRaces) {
    Races.load(at, stage.current);
    judge(site);
  }
}

function watchStore(at: number, site: number): void {
  if (stage.hasRaces) {
    Races.store(at, stage.current);
    judge(site);
  }
}

/** An operation that reads and writes: what it found is on its way out. */
function change(
  view: Words,
  i: number,
  value: number,
  old: number,
  name: string,
  site: number,
): number {
  if (stage.isWatched) {
    watchLoad(i, site);
    watchStore(i, site);
    if (stage.events) tell(site, `${name} [${i}]: ${old} → ${value | 0}`);
  }
  memory.note(i);
  view[i] = value;
  return old;
}

function requireWord(view: Words, i: number): void {
  if (i >= 0 && i < view.length) return;
  throw new RangeError(`Atomic access to element ${i}`);
}

/** `Atomics` for views of words. One thread runs them all: plain will do. */
export const __A = {
  load(view: Words, i: number, site: number): number {
    requireWord(view, i);
    if (stage.isWatched) {
      watchLoad(i, site);
      if (stage.events) tell(site, `load [${i}]: ${view[i]}`);
    }
    return view[i];
  },
  store(view: Words, i: number, a: number, site: number): number {
    requireWord(view, i);
    if (stage.isWatched) {
      watchStore(i, site);
      if (stage.events) tell(site, `store [${i}]: ${view[i]} → ${a | 0}`);
    }
    memory.note(i);
    view[i] = a;
    return a;
  },
  add(view: Words, i: number, a: number, site: number): number {
    requireWord(view, i);
    return change(view, i, view[i] + a, view[i], "add", site);
  },
  sub(view: Words, i: number, a: number, site: number): number {
    requireWord(view, i);
    return change(view, i, view[i] - a, view[i], "sub", site);
  },
  and(view: Words, i: number, a: number, site: number): number {
    requireWord(view, i);
    return change(view, i, view[i] & a, view[i], "and", site);
  },
  or(view: Words, i: number, a: number, site: number): number {
    requireWord(view, i);
    return change(view, i, view[i] | a, view[i], "or", site);
  },
  xor(view: Words, i: number, a: number, site: number): number {
    requireWord(view, i);
    return change(view, i, view[i] ^ a, view[i], "xor", site);
  },
  exchange(view: Words, i: number, a: number, site: number): number {
    requireWord(view, i);
    return change(view, i, a, view[i], "exchange", site);
  },
  compareExchange(
    view: Words,
    i: number,
    a: number,
    b: number,
    site: number,
  ): number {
    requireWord(view, i);
    const old = view[i];
    if (old === (a | 0)) {
      return change(view, i, b, old, "compareExchange", site);
    }
    stage.lost++;
    if (stage.isWatched) {
      watchLoad(i, site);
      if (stage.events) tell(site, `compareExchange [${i}]: is ${old}`);
    }
    return old;
  },
  notify(
    view: Words,
    i: number,
    most: number | undefined,
    site: number,
  ): number {
    requireWord(view, i);
    if (stage.hasRaces) Races.add(i, stage.current);
    const woken = stage.notify(i, most ?? Infinity);
    if (stage.events) tell(site, `notify [${i}]: ${woken} woken`);
    return woken;
  },
};

/** `Atomics.wait`. Gives way while it sleeps. */
export function* __wait(
  view: Words,
  i: number,
  value: number,
  timeout: number | undefined,
  site: number,
): Generator<number, string, unknown> {
  requireWord(view, i);
  if (stage.isWatched) watchLoad(i, site);
  if (view[i] !== (value | 0)) {
    if (stage.events) tell(site, `wait [${i}]: not equal`);
    return "not-equal";
  }
  const ms = timeout === undefined || Number.isNaN(timeout)
    ? Infinity
    : timeout;
  if (ms <= 0) return "timed-out";
  if (stage.events) tell(site, `wait [${i}]: sleeps`);
  stage.sleep(i, ms);
  yield ASLEEP;
  const { reason } = stage;
  if (stage.hasRaces && reason === "ok") Races.take(i, stage.current);
  if (stage.events) tell(site, `wait [${i}]: ${reason}`);
  return reason;
}

/** An operation on an element of another view: seen as one of its words. */
function anyOp(
  name: string,
): (view: View, i: number, ...rest: Value[]) => Value {
  const real = Reflect.get(Atomics, name);
  return (view, i, ...rest) => {
    const site = rest.pop();
    const at = wordOf(view, i);
    const span = view.BYTES_PER_ELEMENT === 8 ? 2 : 1;
    for (let word = at; word < at + span; word++) {
      if (stage.isWatched) watchLoad(word, site);
      if (name === "load") continue;
      if (stage.isWatched) watchStore(word, site);
      memory.note(word);
    }
    return real(view, i, ...rest);
  };
}

/** `Atomics` for views of other types, which nobody sleeps on. */
export const __B: Record<string, ReturnType<typeof anyOp>> = Object.fromEntries(
  Object.keys(__A).filter((name) => name !== "notify")
    .map((name) => [name, anyOp(name)]),
);
