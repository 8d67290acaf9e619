/**
 * What generated code calls: the accesses to shared memory.
 *
 * Each hook first asks whether the worker is only running up to where it was;
 * then the log has the answer. Names are short because the transform writes
 * them: `r` read, `w` write, `s` step (`++`), `h` hint; `32` for words, `x` for
 * all other views.
 *
 * @module
 */

import { TIMEOUT } from "./actions.ts";
import { machine as M } from "./machine.ts";
import { access } from "./machine_world.ts";
import * as Sharing from "./sharing.ts";
import * as W from "./worker.ts";
import { Pending } from "./worker.ts";

type Words = Int32Array<SharedArrayBuffer>;
// deno-lint-ignore no-explicit-any
type View = any;
/** What the views of other types hold. */
// deno-lint-ignore no-explicit-any
type Value = any;

/** Word of an element, or -1 if it is outside of the view. */
function wordOf(view: Words, i: number): number {
  if (!(i >= 0 && i < view.length)) return -1;
  if (view.length === M.store.length) return i;
  return (view.byteOffset >> 2) + i;
}

function guard(at: number, isWrite: boolean): void {
  if (M.direct || M.model.guarded?.(at) !== true) return;
  const text = M.model.guard!(at, M.current, isWrite);
  if (text) M.fail("guard", `${text} (${nameOf(at)})`);
}

/** Name of a word in traces. */
export function nameOf(at: number): string {
  return M.model.nameOf?.(at) ?? `[${at}]`;
}

/** Notes a plain read of bits of a word. */
function seeRead(at: number, mask: number, site: number): void {
  if (M.direct) return;
  M.sharing.note(at, M.current, Sharing.PLAIN_READ);
  M.depend(at, M.store.words[at]);
  if (M.hasGuard) guard(at, false);
  if (M.hasSegments && M.sharing.uses[at] === Sharing.SHARED) {
    M.reads.push(at, mask, site);
  }
}

/** Notes a plain write of bits of a word. It is done already. */
function seeWrite(at: number, old: number, mask: number, site: number): void {
  if (M.direct) return;
  M.sharing.note(at, M.current, Sharing.PLAIN_WRITE);
  if (M.hasSegments && M.sharing.uses[at] === Sharing.SHARED) {
    M.writes.push(at, old, mask, site);
  }
}

/** Whether plain accesses to a word are scheduling points. */
function isRacy(at: number): boolean {
  return M.sharing.uses[at] >= Sharing.HINTED;
}

/** A scheduling point, if the others can see the operation. */
function point(pending: Pending): void {
  const { at, span } = pending;
  let isVisible = false;
  for (let k = 0; k < span; k++) {
    if (M.sharing.uses[at + k] !== Sharing.PRIVATE) isVisible = true;
  }
  if (isVisible) {
    M.point(pending);
    return;
  }
  M.passInvisible(at);
  for (let k = 0; k < span; k++) M.depend(at + k, M.store.words[at + k]);
}

/** What a plain write leaves as it was, or brings back if its worker dies. */
function dependOnOld(at: number, mask: number): void {
  if (mask !== -1 || M.model.kills) M.depend(at, M.store.words[at]);
}

/** Plain read of a word. */
export function __r32(view: Words, i: number, site: number): number {
  if (M.pos < M.end) return M.buffer[M.pos++].value as number;
  if (M.direct) return view[i];
  M.countAccess();
  const at = wordOf(view, i);
  if (at < 0) return view[i];
  if (isRacy(at)) M.point(new Pending(W.READ, at, 1, 0, 0, site, true));
  seeRead(at, -1, site);
  const value = M.store.words[at];
  if (M.events) M.trace(site, `${nameOf(at)} is ${value}`);
  return M.learn(value);
}

/** Plain write of a word. */
export function __w32<T>(view: Words, i: number, value: T, site: number): T {
  if (M.direct) {
    changeDirect(view, i, () => view[i] = value as number);
    return value;
  }
  const at = wordOf(view, i);
  if (at < 0) return value;
  if (isRacy(at)) {
    if (M.pos < M.end) {
      M.pos++;
      return value;
    }
    const word = (value as number) | 0;
    M.point(new Pending(W.WRITE, at, 1, word, 0, site, true));
  } else if (M.replaying) return value;
  M.countAccess();
  if (M.hasGuard) guard(at, true);
  const old = M.store.words[at];
  const word = (value as number) | 0;
  if (!isRacy(at)) dependOnOld(at, -1);
  M.store.set(at, word);
  seeWrite(at, old, -1, site);
  if (isRacy(at)) M.learn(0);
  if (M.events) M.trace(site, `${nameOf(at)} = ${word}`);
  return value;
}

/** A change by a final check is undone afterwards: the memory must know. */
function changeDirect(view: View, i: number, change: () => Value): Value {
  const at = M.isInspecting ? wordOfAny(view, i) : -1;
  if (at < 0) return change();
  const olds = oldWords(at, spanOf(view));
  const value = change();
  noteWords(at, olds);
  return value;
}

/** `++` and `--` of a word. */
export function __s32(
  view: Words,
  i: number,
  by: number,
  isPostfix: boolean,
  site: number,
): number {
  if ((site & 1) !== 0) return stepUnused(view, i, by, site);
  const old = __r32(view, i, site);
  const value = old + by;
  __w32(view, i, value, site);
  return isPostfix ? old : value;
}

/** `++` of a word whose value is not used: the log need not know it. */
function stepUnused(view: Words, i: number, by: number, site: number): number {
  const at = M.direct ? -1 : wordOf(view, i);
  if (at < 0 || isRacy(at)) {
    // The value that is read counts here: its site must not say otherwise.
    return __w32(view, i, __r32(view, i, site & ~1) + by, site);
  }
  if (M.replaying) return 0;
  seeRead(at, -1, site);
  return __w32(view, i, M.store.words[at] + by, site);
}

/** Read of a word that may be old news: a scheduling point, and no race. */
export function __h32(view: Words, i: number, site: number): number {
  if (M.pos < M.end) return M.buffer[M.pos++].value as number;
  if (M.direct) return view[i];
  if (wordOf(view, i) < 0) return view[i];
  return atomic32(W.HINT, view, i, 0, 0, site);
}

// Views that are not of words.

/** First word of an element, or -1 if it is no element of the memory. */
function wordOfAny(view: View, i: number): number {
  if (!(i >= 0 && i < view.length) || view.buffer !== M.store.buffer) return -1;
  return (view.byteOffset + i * view.BYTES_PER_ELEMENT) >> 2;
}

function spanOf(view: View): number {
  return view.BYTES_PER_ELEMENT === 8 ? 2 : 1;
}

/** Bits of its word that an element covers. */
function maskOf(view: View, i: number): number {
  const bytes = view.BYTES_PER_ELEMENT;
  if (bytes >= 4) return -1;
  const shift = ((view.byteOffset + i * bytes) & 3) * 8;
  return (bytes === 1 ? 255 : 65535) << shift;
}

/** Plain read through any view. */
export function __rx(view: View, i: number, site: number): Value {
  if (M.pos < M.end) return M.buffer[M.pos++].value;
  if (M.direct) return view[i];
  const at = wordOfAny(view, i);
  if (at < 0) return view[i];
  M.countAccess();
  const span = spanOf(view);
  if (isRacy(at)) M.point(new Pending(W.READ, at, span, 0, 0, site, false));
  for (let k = 0; k < span; k++) seeRead(at + k, maskOf(view, i), site);
  if (M.events) M.trace(site, `${nameOf(at)} has ${view[i]}`);
  return M.learn(view[i]);
}

/** Plain write through any view. */
export function __wx<T>(view: View, i: number, value: T, site: number): T {
  if (M.direct) {
    changeDirect(view, i, () => view[i] = value);
    return value;
  }
  const at = wordOfAny(view, i);
  if (at < 0) {
    view[i] = value;
    return value;
  }
  const span = spanOf(view);
  if (isRacy(at)) {
    if (M.pos < M.end) {
      M.pos++;
      return value;
    }
    M.point(new Pending(W.WRITE, at, span, 0, 0, site, false));
  } else if (M.replaying) return value;
  M.countAccess();
  if (M.hasGuard) guard(at, true);
  const olds = oldWords(at, span);
  if (!isRacy(at)) dependOnOld(at, maskOf(view, i));
  view[i] = value;
  noteWords(at, olds);
  for (let k = 0; k < span; k++) {
    seeWrite(at + k, olds[k], maskOf(view, i), site);
  }
  if (isRacy(at)) M.learn(0);
  if (M.events) M.trace(site, `${nameOf(at)} has ${value} now`);
  return value;
}

/** `++` and `--` through any view. */
export function __sx(
  view: View,
  i: number,
  by: number,
  isPostfix: boolean,
  site: number,
): Value {
  const old = __rx(view, i, site);
  const value = typeof old === "bigint" ? old + BigInt(by) : old + by;
  __wx(view, i, value, site);
  return isPostfix ? old : value;
}

/** Hint through any view. */
export function __hx(view: View, i: number, site: number): Value {
  if (M.pos < M.end) return M.buffer[M.pos++].value;
  if (M.direct || wordOfAny(view, i) < 0) return view[i];
  return atomicAny(W.HINT, view, i, 0, 0, site);
}

function oldWords(at: number, span: number): number[] {
  const olds: number[] = [];
  for (let k = 0; k < span; k++) olds.push(M.store.words[at + k]);
  return olds;
}

/** Tells the memory what was written behind its back. */
function noteWords(at: number, olds: readonly number[]): void {
  for (let k = 0; k < olds.length; k++) M.store.noteWrite(at + k, olds[k]);
}

/** `copyWithin` and `fill`: many plain accesses at once. */
export function __bulk(
  view: View,
  method: string,
  args: number[],
  site: number,
): Value {
  if (M.direct && !M.isInspecting) return view[method](...args);
  if (M.replaying) return view;
  if (method !== "copyWithin" && method !== "fill") {
    throw new Error(`.${method}() on shared memory is not known here`);
  }
  if (!M.direct) M.countAccess();
  const size = view.length;
  const from = method === "fill" ? args[1] ?? 0 : args[0];
  const to = method === "fill"
    ? args[2] ?? size
    : from + (args[2] ?? size) - args[1];
  if (method === "copyWithin") {
    const source = rangeOf(view, args[1], args[2] ?? size);
    for (let at = source[0]; at < source[1]; at++) seeRead(at, -1, site);
  }
  const [first, end] = rangeOf(view, from, to);
  const olds = oldWords(first, Math.max(end - first, 0));
  if (M.hasGuard) { for (let at = first; at < end; at++) guard(at, true); }
  for (let at = first; at < end; at++) dependOnOld(at, 0);
  view[method](...args);
  noteWords(first, olds);
  for (let at = first; at < end; at++) {
    seeWrite(at, olds[at - first], -1, site);
  }
  return view;
}

/** First word and the one behind the last of a range of elements. */
function rangeOf(view: View, from: number, to: number): [number, number] {
  const bytes = view.BYTES_PER_ELEMENT;
  const first = view.byteOffset + from * bytes;
  const end = view.byteOffset + Math.min(to, view.length) * bytes;
  return [first >> 2, (end + 3) >> 2];
}

// Atomic operations.

/** Does an atomic operation on a word; the worker is granted it first. */
function atomic32(
  op: number,
  view: Words,
  i: number,
  a: number,
  b: number,
  site: number,
): number {
  const at = wordOf(view, i);
  if (at < 0) throw new RangeError(`Atomic access to element ${i}`);
  point(new Pending(op, at, 1, a, b, site, true));
  if (op === W.HINT) M.sharing.noteHint(at);
  const isWrite = op >= W.STORE;
  const kind = isWrite ? Sharing.ATOMIC_WRITE : Sharing.ATOMIC_READ;
  M.sharing.note(at, M.current, kind);
  if (M.hasGuard) guard(at, isWrite);
  const old = M.store.words[at];
  if (isWrite) M.store.set(at, W.changed(op, old, a, b));
  if (M.events) traceAtomic(op, at, old, site);
  return learn(op === W.STORE ? a : old, site);
}

/** The result of an operation: not remembered if nobody looks at it. */
function learn<T>(value: T, site: number): T {
  return (site & 1) === 0 ? M.learn(value) : M.learn(0 as T);
}

function traceAtomic(op: number, at: number, old: number, site: number): void {
  const word = M.store.words[at];
  const values = word === old ? `is ${old}` : `${old} → ${word}`;
  M.trace(site, `${W.OPS[op]} ${nameOf(at)}: ${values}`);
}

/** The real operations by name. */
const REAL: Record<string, (view: View, i: number, ...args: Value[]) => Value> =
  Object.fromEntries(
    W.OPS.slice(0, 10).filter((name) => name !== "hint")
      .map((name) => [name, Reflect.get(Atomics, name)]),
  );

/** Does an atomic operation through any view. */
function atomicAny(
  op: number,
  view: View,
  i: number,
  a: Value,
  b: Value,
  site: number,
): Value {
  const at = wordOfAny(view, i);
  if (at < 0) throw new RangeError(`Atomic access to element ${i}`);
  const span = spanOf(view);
  const shown = op === W.CAS ? W.STORE : op;
  point(new Pending(shown, at, span, 0, 0, site, false));
  if (op === W.HINT) M.sharing.noteHint(at);
  const isWrite = op >= W.STORE;
  const kind = isWrite ? Sharing.ATOMIC_WRITE : Sharing.ATOMIC_READ;
  const olds = oldWords(at, span);
  for (let k = 0; k < span; k++) {
    M.sharing.note(at + k, M.current, kind);
    if (M.hasGuard) guard(at + k, isWrite);
  }
  const name = op === W.HINT ? "load" : W.OPS[op];
  const value = REAL[name](view, i, a, b);
  noteWords(at, olds);
  if (M.events) M.trace(site, `${name} ${nameOf(at)}: ${value}`);
  return learn(value, site);
}

function wait(
  view: Words,
  i: number,
  value: number,
  timeout: number | undefined,
  site: number,
): string {
  const at = wordOf(view, i);
  const ms = timeout === undefined || Number.isNaN(timeout)
    ? Infinity
    : timeout;
  const isTimed = ms !== Infinity;
  const pending = new Pending(
    W.WAIT,
    at,
    1,
    value,
    0,
    site,
    ms > 0,
    isTimed,
  );
  const isAsleep = M.replaying &&
    M.workers[M.current].status !== W.READY;
  M.point(pending);
  if (isAsleep) return wakeFrom(at, site);
  M.sharing.note(at, M.current, Sharing.ATOMIC_READ);
  if (M.hasGuard) guard(at, false);
  if (M.store.words[at] !== value) {
    if (M.events) M.trace(site, `wait ${nameOf(at)}: not equal`);
    return learn("not-equal", site);
  }
  if (ms <= 0) return learn("timed-out", site);
  if (M.events) M.trace(site, `wait ${nameOf(at)}: sleeps on ${value}`);
  M.sleep(pending);
  return wakeFrom(at, site);
}

/** Returns from a sleep, for the reason that was granted. */
function wakeFrom(at: number, site: number): string {
  const isTimeout = M.grant === TIMEOUT;
  if (M.workers[M.current].status === W.BLOCKED) M.wakeUp(M.current);
  const result = isTimeout ? "timed-out" : "ok";
  if (isTimeout) M.beLate();
  if (M.events) M.trace(site, `wait ${nameOf(at)}: ${result}`);
  return learn(result, site);
}

function notify(
  view: Words,
  i: number,
  count: number | undefined,
  site: number,
): number {
  const at = wordOf(view, i);
  const most = count ?? Infinity;
  point(new Pending(W.NOTIFY, at, 1, most, 0, site, true));
  M.sharing.note(at, M.current, Sharing.ATOMIC_WRITE);
  const woken = M.notify(at, most);
  if (M.events) M.trace(site, `notify ${nameOf(at)}: ${woken} woken`);
  return learn(woken, site);
}

/** `Atomics` for views of words. */
export const __A = {
  load(view: Words, i: number, site: number): number {
    if (M.pos < M.end) return M.buffer[M.pos++].value as number;
    if (M.direct) return Atomics.load(view, i);
    return atomic32(W.LOAD, view, i, 0, 0, site);
  },
  store(view: Words, i: number, a: number, site: number): number {
    return changing(W.STORE, view, i, a, 0, site);
  },
  add(view: Words, i: number, a: number, site: number): number {
    return changing(3, view, i, a, 0, site);
  },
  sub(view: Words, i: number, a: number, site: number): number {
    return changing(4, view, i, a, 0, site);
  },
  and(view: Words, i: number, a: number, site: number): number {
    return changing(5, view, i, a, 0, site);
  },
  or(view: Words, i: number, a: number, site: number): number {
    return changing(6, view, i, a, 0, site);
  },
  xor(view: Words, i: number, a: number, site: number): number {
    return changing(7, view, i, a, 0, site);
  },
  exchange(view: Words, i: number, a: number, site: number): number {
    return changing(8, view, i, a, 0, site);
  },
  compareExchange(
    view: Words,
    i: number,
    a: number,
    b: number,
    site: number,
  ): number {
    return changing(W.CAS, view, i, a, b, site);
  },
  wait(
    view: Words,
    i: number,
    value: number,
    timeout: number | undefined,
    site: number,
  ): string {
    if (M.pos < M.end) return M.buffer[M.pos++].value as string;
    if (M.direct) throw new Error("A setup or final check must not sleep");
    return wait(view, i, value, timeout, site);
  },
  notify(
    view: Words,
    i: number,
    count: number | undefined,
    site: number,
  ): number {
    if (M.pos < M.end) return M.buffer[M.pos++].value as number;
    if (M.direct) return 0;
    return notify(view, i, count, site);
  },
  pause(): void {},
};

function changing(
  op: number,
  view: Words,
  i: number,
  a: number,
  b: number,
  site: number,
): number {
  if (M.pos < M.end) return M.buffer[M.pos++].value as number;
  if (M.direct) {
    return changeDirect(view, i, () => REAL[W.OPS[op]](view, i, a, b));
  }
  return atomic32(op, view, i, a, b, site);
}

/** One operation of {@linkcode __B}, with as many operands. */
function anyOp(op: number): (view: View, i: number, ...rest: Value[]) => Value {
  return (view, i, ...rest) => {
    if (M.pos < M.end) return M.buffer[M.pos++].value;
    const site = rest.pop();
    if (M.direct) {
      return changeDirect(view, i, () => REAL[W.OPS[op]](view, i, ...rest));
    }
    return atomicAny(op, view, i, rest[0], rest[1], site);
  };
}

/** `Atomics` for all other views, which nobody sleeps on. */
export const __B: Record<string, ReturnType<typeof anyOp>> = Object
  .fromEntries(W.OPS.slice(0, 10).map((name, op) => [name, anyOp(op)]));

export { __caught, __depth, __enter, __it, __leave, __value } from "./merge.ts";

access.read = (view, at, site) => __r32(view as Words, at, site);
access.write = (view, at, value, site) => {
  __w32(view as Words, at, value, site);
};
