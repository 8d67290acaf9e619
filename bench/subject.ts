/**
 * What this process measures, named before the loops are loaded.
 *
 * The measured loops bind it to constants of their module, as a program has
 * `const heap = createHeap()` at its top, and as a C program has its allocator
 * from the linker and its arrays in static memory. The optimiser then folds the
 * receiver, its fields and the arrays into the loop. Given as parameters, they
 * would be checked and loaded anew at each call: 1 to 1.5 ns more a pair.
 *
 * Therefore `choose()` comes first, and modules that contain loops are loaded
 * after it, by a dynamic `import()`.
 *
 * ## Threads
 *   Each worker has modules of its own, hence a subject of its own.
 *
 * @module
 */

import type { Adapter } from "./adapter.ts";
import type { Recorded } from "./trace_file.ts";

/** See the head of this file. */
export interface Subject {
  /** The allocator. */
  readonly adapter: Adapter;
  /** Words that two threads meet at, see `control.ts`. */
  readonly control: SharedArrayBuffer;
  /** The calls that are replayed. */
  readonly recorded: Recorded;
}

let chosen: Subject | null = null;

/**
 * Says what is measured. Once, before the modules with loops are loaded.
 *
 * @throws {TypeError} If there is a subject already.
 */
export function choose(subject: Subject): void {
  if (chosen !== null) {
    throw new TypeError("Cannot choose a subject: there is one already");
  }
  chosen = subject;
}

/**
 * What is measured.
 *
 * @throws {TypeError} If nothing was chosen yet.
 */
export function subject(): Subject {
  if (chosen === null) {
    throw new TypeError("Cannot load the loops: no subject was chosen");
  }
  return chosen;
}
