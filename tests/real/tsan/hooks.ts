/**
 * The hooks that transformed code calls, for runs in parallel: each access is
 * looked at in the shadow and then done.
 *
 * Names and arguments are those of the transform of the model checker.
 *
 * ## Threads
 *   See `shadow.ts`. An access of more than a word is looked at word by word.
 *
 * @module
 */

import * as Shadow from "./shadow.ts";

type Words = Int32Array<SharedArrayBuffer>;
/** A view of another type, and what it holds. */
type View = Float64Array<SharedArrayBuffer>;
type Value = number;

/** Views over the heap are watched, all others are not. */
let heap: SharedArrayBuffer | undefined;

/** Says which buffer is watched. */
export function watch(buffer: SharedArrayBuffer): void {
  heap = buffer;
}

/** First word of an element, or -1 if it is not watched. */
function wordOf(view: View, i: number): number {
  if (view.buffer !== heap || !(i >= 0 && i < view.length)) return -1;
  return (view.byteOffset + i * view.BYTES_PER_ELEMENT) >>> 2;
}

function isWatched(view: Words, i: number): boolean {
  return view.buffer === heap && i >= 0 && i < view.length;
}

/** Plain read of a word. */
export function __r32(view: Words, i: number, site: number): number {
  if (!isWatched(view, i)) return view[i];
  const base = Shadow.enter(i);
  Shadow.read(base, site);
  const value = view[i];
  Shadow.leave(base);
  return value;
}

/** Plain write of a word. */
export function __w32<T>(view: Words, i: number, value: T, site: number): T {
  const bits = value as number;
  if (!isWatched(view, i)) {
    view[i] = bits;
    return value;
  }
  const base = Shadow.enter(i);
  Shadow.write(base, site);
  view[i] = bits;
  Shadow.leave(base);
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
  const old = __r32(view, i, site);
  __w32(view, i, old + by, site);
  return isPostfix ? old : old + by;
}

/** Hint: may be old, is no race. */
export function __h32(view: Words, i: number): number {
  return view[i];
}

/** Looks at the words of an element. */
function look(
  view: View,
  i: number,
  site: number,
  note: (base: number, site: number) => void,
): void {
  const first = wordOf(view, i);
  if (first < 0) return;
  const words = Math.max(view.BYTES_PER_ELEMENT >> 2, 1);
  for (let k = 0; k < words; k++) {
    const base = Shadow.enter(first + k);
    note(base, site);
    Shadow.leave(base);
  }
}

/** Plain read through any view. */
export function __rx(view: View, i: number, site: number): Value {
  look(view, i, site, Shadow.read);
  return view[i];
}

/** Plain write through any view. */
export function __wx<T>(view: View, i: number, value: T, site: number): T {
  look(view, i, site, Shadow.write);
  view[i] = value as number;
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
  __wx(view, i, old + by, site);
  return isPostfix ? old : old + by;
}

/** Hint through any view. */
export function __hx(view: View, i: number): Value {
  return view[i];
}

/** `copyWithin` and `fill`. */
export function __bulk(
  view: View,
  method: "copyWithin" | "fill",
  args: [number, number, number],
  site: number,
): View {
  const isCopy = method === "copyWithin";
  const from = args[1] ?? 0;
  const count = (args[2] ?? view.length) - from;
  const target = isCopy ? args[0] : from;
  const step = Math.max(4 / view.BYTES_PER_ELEMENT, 1);
  for (let k = 0; k < count; k += step) {
    if (isCopy) look(view, from + k, site, Shadow.read);
    look(view, target + k, site, Shadow.write);
  }
  if (isCopy) return view.copyWithin(...args);
  return view.fill(...args);
}

/** A read-modify-write, or a store if it takes over nothing. */
function change(
  view: Words,
  i: number,
  site: number,
  run: () => number,
): number {
  if (!isWatched(view, i)) return run();
  const base = Shadow.enter(i);
  Shadow.acquire(base, site);
  const old = run();
  Shadow.release(base, site);
  Shadow.leave(base);
  return old;
}

/** `Atomics` for views of words. */
export const __A = {
  load(view: Words, i: number, site: number): number {
    if (!isWatched(view, i)) return Atomics.load(view, i);
    const base = Shadow.enter(i);
    Shadow.acquire(base, site);
    const value = Atomics.load(view, i);
    Shadow.leave(base);
    return value;
  },
  store(view: Words, i: number, a: number, site: number): number {
    if (!isWatched(view, i)) return Atomics.store(view, i, a);
    const base = Shadow.enter(i);
    Shadow.release(base, site);
    const value = Atomics.store(view, i, a);
    Shadow.leave(base);
    return value;
  },
  add: (view: Words, i: number, a: number, site: number): number =>
    change(view, i, site, () => Atomics.add(view, i, a)),
  sub: (view: Words, i: number, a: number, site: number): number =>
    change(view, i, site, () => Atomics.sub(view, i, a)),
  and: (view: Words, i: number, a: number, site: number): number =>
    change(view, i, site, () => Atomics.and(view, i, a)),
  or: (view: Words, i: number, a: number, site: number): number =>
    change(view, i, site, () => Atomics.or(view, i, a)),
  xor: (view: Words, i: number, a: number, site: number): number =>
    change(view, i, site, () => Atomics.xor(view, i, a)),
  exchange: (view: Words, i: number, a: number, site: number): number =>
    change(view, i, site, () => Atomics.exchange(view, i, a)),
  compareExchange(
    view: Words,
    i: number,
    a: number,
    b: number,
    site: number,
  ): number {
    if (!isWatched(view, i)) return Atomics.compareExchange(view, i, a, b);
    const base = Shadow.enter(i);
    Shadow.acquire(base, site);
    const old = Atomics.compareExchange(view, i, a, b);
    if (old === a) Shadow.release(base, site);
    Shadow.leave(base);
    return old;
  },
  wait(
    view: Words,
    i: number,
    value: number,
    timeout: number | undefined,
    site: number,
  ): string {
    const answer = Atomics.wait(view, i, value, timeout);
    __A.load(view, i, site);
    return answer;
  },
  notify(view: Words, i: number, count: number | undefined): number {
    return Atomics.notify(view, i, count);
  },
  pause(): void {
    Atomics.pause();
  },
};

/** `Atomics` for all other views: the library has none of these. */
export const __B = __A;

/** Merging of states is left out when the code is transformed. */
export function __enter(): boolean {
  return false;
}

/** See {@linkcode __enter}. */
export function __value(): undefined {
  return undefined;
}

/** See {@linkcode __enter}. */
export function __leave<T>(value: T): T {
  return value;
}

/** See {@linkcode __enter}. */
export function __it(): void {}

/** Calls that have begun: not counted here. */
export function __depth(): number {
  return 0;
}

/** Something was caught: nothing is suspended here. */
export function __caught(): void {}
