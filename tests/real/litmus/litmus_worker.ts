/**
 * One actor of a litmus shape, in a real worker.
 *
 * ## Threads
 *   Actors of a round meet every few rounds at a progress word each, so that
 *   they stay close. Results are words of their own, read by the main thread
 *   after the batch.
 *
 * @module
 */

import { Core } from "../../../src/domains/mod.ts";
import * as Header from "../../../src/layout/header.ts";
import * as Layout from "../../../src/layout/memory_map.ts";
import { type Control, FIRST_FREE, serve } from "../../helpers/workers.ts";
import { ROUND, shapeOf } from "./shapes.ts";
import type { Actor } from "./shapes.ts";

/** What an actor is given once. */
export interface Casting {
  /** The heap whose words are used. */
  readonly buffer: SharedArrayBuffer;
  /** Name of the shape. */
  readonly shape: string;
  /** Which of its actors. */
  readonly me: number;
  /** Actors of the shape. Count. */
  readonly actors: number;
  /** Results of this actor, one for each round. */
  readonly results: Int32Array<SharedArrayBuffer>;
}

/** A batch: rounds from 0, and how often the actors have met before. */
export interface Batch {
  /** Rounds. Count. */
  readonly rounds: number;
  /** Meetings before this batch. Count. */
  readonly met: number;
}

/** Rounds between two meetings. Count. */
export const STRIDE = 512;
/** Looks at the others before sleeping. Count. */
const SPINS = 3000;

let core: Core.Core;
let casting: Casting;
let act: Actor;

/** Waits until all actors are at a meeting. */
function meet(control: Control, meeting: number): void {
  const mine = FIRST_FREE + casting.me;
  Atomics.store(control, mine, meeting);
  Atomics.notify(control, mine);
  for (let other = 0; other < casting.actors; other++) {
    const at = FIRST_FREE + other;
    let spins = 0;
    let seen = Atomics.load(control, at);
    while (((seen - meeting) | 0) < 0) {
      if (spins++ < SPINS) Atomics.pause();
      else Atomics.wait(control, at, seen, 100);
      seen = Atomics.load(control, at);
    }
  }
}

/** First word of the rounds: what the heap has not handed out. Word index. */
export function firstRound(i32: Int32Array<SharedArrayBuffer>): number {
  return i32[Header.FIRST_PAGE] * (Layout.PAGE_SIZE / 4);
}

serve<Casting | Batch>({
  cast(argument) {
    casting = argument as Casting;
    act = shapeOf(casting.shape).actors[casting.me];
    core = Core.join(casting.buffer, { now: () => performance.now() });
  },

  play(argument, control) {
    const { rounds, met } = argument as Batch;
    const { m } = core;
    const { i32 } = m;
    const { results } = casting;
    const first = firstRound(i32);
    let meeting = met;
    for (let round = 0; round < rounds; round++) {
      if (round % STRIDE === 0) meet(control, ++meeting);
      results[round] = act(i32, first + round * ROUND, m);
    }
  },
});
