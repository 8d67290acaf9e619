/**
 * Death from inside: after so many atomic accesses the worker closes itself, or
 * an error is thrown, wherever it is then.
 *
 * ## Threads
 *   Changes the `Atomics` of its own worker alone, and only in one that is
 *   about to die.
 *
 * @module
 */

/** Ways to die: `self.close()`, an error, `terminate()` from outside. */
export const WAYS = ["close", "throw", "terminate"] as const;

/** Name of a way to die. */
export type Way = typeof WAYS[number];

/** The atomic accesses that a death may take the place of. */
const ACCESSES = [
  "load",
  "store",
  "exchange",
  "compareExchange",
  "add",
  "sub",
  "and",
  "or",
  "notify",
] as const;

let end: (() => void) | undefined;
let isArmed = false;
let hasBegun = false;

/** Says how this worker comes to its end once it is told to. */
export function prepare(how: () => void): void {
  end = how;
}

/** True once the end has come. */
export function hasStruck(): boolean {
  return hasBegun;
}

/** Brings the end in the place of the `fuse`-th atomic access from now on. */
export function armOnce(fuse: number): void {
  if (isArmed || end === undefined) return;
  isArmed = true;
  let left = fuse;
  for (const name of ACCESSES) {
    const native = Atomics[name] as (...args: unknown[]) => unknown;
    Reflect.set(Atomics, name, (...args: unknown[]) => {
      if (--left === 0) strike();
      return native(...args);
    });
  }
}

function strike(): void {
  hasBegun = true;
  end?.();
}
