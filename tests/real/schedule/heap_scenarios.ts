/**
 * Workers allocate and free in all domains, hand blocks to each other through
 * a mailbox, come and go.
 *
 * ## Threads
 *   The heap is the code under test. The first words of the side are letters,
 *   each the ticket of a block, exchanged atomically.
 *
 * @module
 */

import { Core } from "../../../src/domains/mod.ts";
import { SafePoint } from "../../../src/threads/mod.ts";
import { Random } from "../../../src/tools/stress/random.ts";
import {
  claimEmpty,
  createHeap,
  FREE_THREADED,
  GIL,
  Hand,
  Standing,
  tablesOf,
} from "./heap_stage.ts";
import type { Cue, Player, Scenario, Stage } from "./scenario.ts";

/** Letters of the mailbox. Count. */
const LETTERS = 3;
/** What each worker does. Count. */
const ACTS = 6;

/** Workers that stay: attach, act, detach. */
function standing(stage: Stage, cue: Cue): Player {
  const stand = new Standing(stage.buffer, cue.clock);
  const { core } = stand;
  return {
    begin: () => stand.begin(),
    run() {
      const random = new Random(cue.seed(), cue.me);
      const hand = new Hand(core, random);
      core.attach();
      for (let k = 0; k < ACTS; k++) {
        hand.act(stage.side, LETTERS);
        if (random.chance(20)) SafePoint.safePoint(core.m);
        if (random.chance(10)) reattach(core);
      }
      hand.giveAll();
      core.detach();
    },
    finish(isFull) {
      core.attach();
      new Hand(core, new Random(0)).giveMail(stage.side, LETTERS);
      if (isFull) claimEmpty(core);
      core.detach();
    },
  };
}

function reattach(core: Core.Core): void {
  core.detach();
  core.attach();
}

/** Workers that come and go: join, act, exit, and what they left is adopted. */
function passing(stage: Stage, cue: Cue): Player {
  return {
    begin() {},
    run() {
      const random = new Random(cue.seed(), cue.me);
      const lives = 1 + random.below(2);
      for (let life = 0; life < lives; life++) {
        liveOnce(stage, cue, random);
      }
    },
    finish(isFull) {
      const core = Core.join(stage.buffer, cue.clock);
      core.attach();
      new Hand(core, random0()).giveMail(stage.side, LETTERS);
      if (isFull) claimEmpty(core);
      core.close();
    },
  };
}

function random0(): Random {
  return new Random(0);
}

function liveOnce(stage: Stage, cue: Cue, random: Random): void {
  const core = Core.join(stage.buffer, cue.clock);
  const hand = new Hand(core, random);
  core.attach();
  for (let k = 0; k < ACTS / 2; k++) hand.act(stage.side, LETTERS);
  hand.giveAll();
  if (random.chance(30)) core.detach();
  core.close();
}

function scenario(
  name: string,
  build: number,
  workers: number,
  length: number,
  weight: number,
  open: (stage: Stage, cue: Cue) => Player,
): Scenario {
  return {
    name,
    workers,
    length,
    weight,
    create: () => createHeap(build),
    ranges: tablesOf,
    open,
  };
}

/** Scenarios of whole heaps. */
export const HEAPS: readonly Scenario[] = [
  scenario("heap, 2 workers", FREE_THREADED, 2, 150, 1, standing),
  scenario("heap, 3 workers", FREE_THREADED, 3, 250, 1, standing),
  scenario("heap under the GIL", GIL, 3, 300, 1, standing),
  scenario("exit and adopt", FREE_THREADED, 3, 500, 1, passing),
  scenario("exit under the GIL", GIL, 2, 400, 1, passing),
];
