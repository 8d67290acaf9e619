/**
 * Who plays in stories of workers that stop, and how one of them is recovered.
 *
 * @module
 */

import * as ThreadState from "../../src/layout/thread_state.ts";
import { type HeapContext, recovery } from "../models/heap.ts";
import type { Block, Scene } from "./scene.ts";

/** Who is there: one recovers, one is detached all the time. */
export interface Cast {
  /** The scene. */
  readonly s: Scene;
  /** Who recovers the others. Detached unless it works. */
  readonly a: HeapContext;
  /** Who is detached, with pools of its own. */
  readonly d: HeapContext;
  /** Blocks that are live. */
  readonly live: Block[];
}

/** Lets a worker work, detached before and afterwards. */
export function work(s: Scene, c: HeapContext, run: () => void): void {
  s.turn(c, run);
  if (c.core.isAttached) c.core.detach();
}

/**
 * Recovers a worker that stopped, and notes what was found. `settle` is called
 * before the heap is checked.
 */
export function recover(
  { s, a }: Cast,
  victim: HeapContext,
  settle: () => void = () => {},
): void {
  const { Recovery } = recovery(s.lib);
  const { owner } = victim.m;
  // Else who declares it waits for its locks: nobody can sleep here.
  Recovery.condemn(a.m, owner);
  s.note("state", Recovery.declare(a.m, owner, ThreadState.DEAD));
  const found = Recovery.recover(a.m, owner);
  s.note("found", found.pools, found.lostBlocks, found.pages);
  s.note("again", Object.values(Recovery.recover(a.m, owner)));
  settle();
  s.audit();
}
