/**
 * Why a collection was not made, or not ended.
 *
 * ## Threads
 *   None: nothing is written.
 *
 * @module
 */

import { FatalError, show, ThreadStateError } from "../errors.ts";
import type { Address } from "../memory/mod.ts";
import type { Objects } from "../objects/mod.ts";

/** Throws because the world did not stop. */
export function lateThread(attempt: string, timeoutMs: number): never {
  throw new ThreadStateError(
    `Cannot ${attempt}: a thread reached no safe point for ${timeoutMs} ms`,
  );
}

/**
 * Throws because an object has fewer references than others have to it.
 * C: gc_decref(), "refcount is too small".
 */
export function fewReferences(o: Objects, op: Address): never {
  throw new FatalError(
    `Cannot collect: ${show(op)}: ${o.describe(op)}, and its refcount is too ` +
      "small",
  );
}
