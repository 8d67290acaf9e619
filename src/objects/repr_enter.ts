/**
 * Which containers a worker is printing, so that one that is in itself prints
 * as `[...]` or `{...}` there.
 *
 * ## Threads
 *   Each worker has its own, as each thread in C.
 *
 * Source: CPython 3.14 Objects/object.c: Py_ReprEnter(), Py_ReprLeave().
 *
 * @module
 */

import type { Address } from "../memory/mod.ts";
import type { Objects } from "./objects.ts";

/** A container that is being printed. */
interface Printed {
  readonly o: Objects;
  readonly op: Address;
  /** Nesting of what prints it. Count. */
  readonly depth: number;
}

/** All of this thread, the innermost last. */
const printing: Printed[] = [];

/**
 * Notes that a container is being printed; {@linkcode leave} must follow if the
 * result is true. C: `Py_ReprEnter()`, the other way round.
 *
 * @returns False if it is already.
 */
export function enter(o: Objects, op: Address): boolean {
  const { depth } = o;
  for (const other of printing) {
    // What prints it now is less deep: the rest a stack overflow has left.
    if (other.op === op && other.o === o && other.depth < depth) return false;
  }
  printing.push({ o, op, depth });
  return true;
}

/** The container that was entered last was printed. C: `Py_ReprLeave()`. */
export function leave(): void {
  printing.pop();
}
