/**
 * One damaged heap and one check: it must end, throw nothing but our errors,
 * and find the damage if an invariant speaks of the word.
 *
 * ## Threads
 *   A heap of one real worker; the damage is undone after the check, and a
 *   heap that a check has changed is thrown away.
 *
 * @module
 */

import { checkHeap } from "../../../mod.ts";
import type { Memory } from "../../../src/memory/mod.ts";
import { type Case, type Damage, damage, repair } from "./damage.ts";
import { isTyped, untyped } from "./outcome.ts";
import { type Regions, regionsOf } from "./regions.ts";
import { load, type Loaded } from "./shapes.ts";

/** What became of a case. */
export interface CheckOutcome {
  /** The damage. */
  readonly done: Damage;
  /** What must not happen, or `""`. */
  readonly fault: string;
  /** True if the check had findings, or refused with a typed error. */
  readonly isFound: boolean;
}

/** A heap that is used for many cases. */
interface Bench {
  readonly loaded: Loaded;
  readonly regions: Regions;
}

/** Heaps by build and shape. */
const benches = new Map<string, Bench>();

function benchOf({ build, shape, seed }: Case): Bench {
  const key = `${build} ${shape} ${seed}`;
  let bench = benches.get(key);
  if (bench === undefined) {
    const loaded = load(build, shape, seed);
    bench = { loaded, regions: regionsOf(loaded.heap.core.m) };
    benches.set(key, bench);
  }
  return bench;
}

/** Throws the heaps away. */
export function forget(): void {
  benches.clear();
}

/** True if a check leaves nothing behind that the repair would miss. */
function isClean(m: Memory, done: Damage): boolean {
  return done.records[0] >= 0 || m.i32[done.word] === done.after;
}

/** Damages a heap, checks it, and mends it. `began` hears of the damage. */
export function checkOne(
  each: Case,
  began: (done: Damage) => void = () => {},
): CheckOutcome {
  const { loaded, regions } = benchOf(each);
  const { m } = loaded.heap.core;
  const done = damage(m, regions, each.random);
  began(done);
  let fault = "";
  let isFound = true;
  let isWhole = true;
  try {
    isFound = !checkHeap(loaded.heap).ok;
  } catch (error) {
    isWhole = false;
    if (!isTyped(error)) fault = `checkHeap() ${untyped(error)}`;
  }
  if (isWhole && isClean(m, done)) repair(m, done);
  else benches.delete(`${each.build} ${each.shape} ${each.seed}`);
  return { done, fault, isFound };
}
