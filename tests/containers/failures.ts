/**
 * Lets the n-th allocation of a worker fail, for each n.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import type { Heap } from "../../mod.ts";
import { FreeLists, type Objects } from "../../src/objects/mod.ts";
import { failing } from "../helpers/failing.ts";

/**
 * Sweeps all failures of an attempt, which says whether it did what it should.
 *
 * @returns Allocations of the attempt. Count.
 */
export function sweep(
  heap: Heap,
  o: Objects,
  attempt: () => boolean,
): number {
  for (let n = 1;; n++) {
    FreeLists.clear(o);
    let isDone = false;
    const hasFailed = failing(heap, n, () => isDone = attempt());
    assertEquals(isDone, !hasFailed, `failure ${n}`);
    if (!hasFailed) return n - 1;
  }
}
