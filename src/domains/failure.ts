/**
 * What the idiomatic face throws where the C face returns 0.
 *
 * @module
 */

import { MemoryError, show } from "../errors.ts";
import { isSize, PY_SSIZE_T_MAX } from "./sizes.ts";

/** Why a number is no size or count, or `""`. */
function faultOf(value: unknown): string {
  if (typeof value !== "number") return "the size must be a number";
  return isSize(value)
    ? ""
    : `the size must be an integer from 0 to ${PY_SSIZE_T_MAX}`;
}

/** Throws the error for an attempt that needs `sizes`. */
function fail(attempt: string, sizes: readonly unknown[]): never {
  for (const size of sizes) {
    const fault = faultOf(size);
    if (fault === "") continue;
    const text = `Cannot ${attempt}: ${fault}`;
    throw typeof size === "number" ? new RangeError(text) : new TypeError(text);
  }
  throw new MemoryError(`Cannot ${attempt}: no memory is left`);
}

/** A size as texts show it. */
function text(value: unknown): string {
  return typeof value === "number" ? String(value) : show(value);
}

/** A malloc returned 0. */
export function malloc(domain: string, nbytes: unknown): never {
  fail(`allocate ${text(nbytes)} bytes in the ${domain} domain`, [nbytes]);
}

/** Something that is no number was to be freed. */
export function free(domain: string, block: unknown): never {
  throw new TypeError(
    `Cannot free ${show(block)} in the ${domain} domain: it is no address`,
  );
}

/** A calloc returned 0. */
export function calloc(
  domain: string,
  nelem: unknown,
  elsize: unknown,
): never {
  fail(
    `allocate ${text(nelem)} times ${text(elsize)} bytes in the ${domain} ` +
      "domain",
    [nelem, elsize],
  );
}

/** A realloc returned 0. */
export function realloc(
  domain: string,
  block: unknown,
  nbytes: unknown,
): never {
  fail(
    `reallocate ${show(block)} to ${text(nbytes)} bytes in the ${domain} ` +
      "domain",
    [nbytes],
  );
}
