/**
 * What a NULL means: no memory, or an argument that is no size at all.
 *
 * C's `size_t` has no room for NaN, fractions and texts; these are errors of
 * the program, whatever the state of the heap. A negative number is what it is
 * in C, a huge one, and so is an infinite one: no block is that large.
 *
 * Called after a request came back with 0, so that the fast path does not pay.
 * Values that are not even numbers may be refused by the domain before that.
 *
 * @module
 */

import { show } from "../errors.ts";
import { checkType, type Type } from "../types/type.ts";
import { PY_SSIZE_T_MAX } from "./pyport.ts";

/** True if C could have been given the value as a `size_t`. */
function isSizeT(value: unknown): boolean {
  return typeof value === "number" && Math.floor(value) === value;
}

/** A size as texts show it. */
function text(size: unknown): string {
  return typeof size === "number" ? String(size) : show(size);
}

/** Throws because a size or count is none. */
function refuse(attempt: string, what: string, value: unknown): never {
  const kind = typeof value === "number" ? "an integer" : "a number";
  throw new TypeError(`Cannot ${attempt}: the ${what} must be ${kind}`);
}

/** A malloc came back with 0. */
export function malloc(domain: string, size: unknown): 0 {
  if (isSizeT(size)) return 0;
  refuse(`allocate ${text(size)} bytes in the ${domain} domain`, "size", size);
}

/** A calloc came back with 0. */
export function calloc(domain: string, nelem: unknown, elsize: unknown): 0 {
  if (isSizeT(nelem) && isSizeT(elsize)) return 0;
  refuse(
    `allocate ${text(nelem)} times ${text(elsize)} bytes in the ${domain} ` +
      "domain",
    isSizeT(nelem) ? "size" : "count",
    isSizeT(nelem) ? elsize : nelem,
  );
}

/** A realloc came back with 0. */
export function realloc(domain: string, ptr: unknown, size: unknown): 0 {
  if (isSizeT(size)) return 0;
  refuse(
    `reallocate ${show(ptr)} to ${text(size)} bytes in the ${domain} domain`,
    "size",
    size,
  );
}

/**
 * Size of `n` items of a type.
 *
 * @param verb What is to be done with them, for texts.
 * @returns Bytes, or -1 if that is more than {@linkcode PY_SSIZE_T_MAX}.
 * @throws {TypeError} If `n` is no integer, or the type no descriptor.
 */
export function sizeOfItems(verb: string, type: Type, n: number): number {
  checkType(type, "the items of a block");
  if (!isSizeT(n)) {
    refuse(`${verb} ${text(n)} items of ${type.size} bytes`, "count", n);
  }
  return n < 0 || n > PY_SSIZE_T_MAX / type.size ? -1 : n * type.size;
}
