/**
 * What the types of immortal objects have in common.
 *
 * ## Threads
 *   None: nothing is read or written.
 *
 * @module
 */

import { FatalError, show } from "../errors.ts";
import type { Address } from "../memory/mod.ts";
import type { Objects } from "./objects.ts";

/**
 * Refuses to deallocate what is immortal. C: `none_dealloc()` and its like,
 * which make the object immortal again.
 */
export function dealloc(o: Objects, op: Address): never {
  throw new FatalError(
    `Cannot deallocate ${show(op)}: ${o.describe(op)} and immortal`,
  );
}
