/**
 * Objects and collector of a worker's core, opened once, at the first use.
 *
 * Both faces of a heap ask here, so that they have the same.
 *
 * ## Threads
 *   Belongs to one worker; what is remembered can be opened again.
 *
 * @module
 */

import type { Core } from "../domains/core.ts";
import { type Objects, open } from "../objects/mod.ts";
import { Gc } from "./gc.ts";

/** What a core has once somebody has to do with objects. */
export interface Opened {
  /** Its objects. */
  readonly objects: Objects;
  /** Its collector. */
  readonly gc: Gc;
}

/** Collectors of this worker, each as long as its core has it. */
let collectors: WeakRef<Gc>[] = [];

/** The collector of a core, if it is open. */
function collectorOf(core: Core): Gc | undefined {
  for (const reference of collectors) {
    const gc = reference.deref();
    if (gc?.o.core === core) return gc;
  }
  return undefined;
}

/**
 * Objects and collector of a core, opened if they are not.
 *
 * @returns Always the same for a core; or null if no memory is left for the
 * objects that are there from the start, and nothing has changed.
 */
export function objectsOf(core: Core): Opened | null {
  const known = collectorOf(core);
  if (known !== undefined) return { objects: known.o, gc: known };
  const objects = open(core);
  if (objects === null) return null;
  const gc = new Gc(objects); // accompanies the core
  collectors = collectors.filter((other) => other.deref() !== undefined);
  collectors.push(new WeakRef(gc));
  return { objects, gc };
}
