/**
 * Locks, events, the GIL, and stopping the world.
 *
 * ## Threads
 *   The heap and the locks are the code under test. Words of the side are
 *   plain where the lock or the world under test protects them.
 *
 * @module
 */

import * as Header from "../../../src/layout/header.ts";
import * as Layout from "../../../src/layout/memory_map.ts";
import { Mutex, PyEvent } from "../../../src/sync/mod.ts";
import { SafePoint, World } from "../../../src/threads/mod.ts";
import { Random } from "../../../src/tools/stress/random.ts";
import {
  createHeap,
  FREE_THREADED,
  GIL,
  Standing,
  tablesOf,
} from "./heap_stage.ts";
import {
  claim,
  type Cue,
  type Player,
  type Scenario,
  type Stage,
  type Words,
} from "./scenario.ts";

/** Side: what a lock protects. */
const COUNTER = 0;
/** Side: how often it was taken. */
const TAKEN = 1;
/** Side: who is inside, one word a worker. */
const INSIDE = 8;

/** Words of the stage that are no part of the heap. */
function scratchOf(buffer: SharedArrayBuffer): number {
  return new Int32Array(buffer)[Header.FIRST_PAGE] * (Layout.PAGE_SIZE / 4);
}

/** A player whose worker has a thread state. */
function player(
  stage: Stage,
  cue: Cue,
  run: (stand: Standing, random: Random) => void,
  finish: () => void,
): Player {
  const stand = new Standing(stage.buffer, cue.clock);
  return {
    begin: () => stand.begin(),
    run: () => run(stand, new Random(cue.seed(), cue.me)),
    finish,
  };
}

/** Adds to a plain word in a way that another worker can come into. */
function increment(side: Words): void {
  const seen = side[COUNTER];
  Atomics.add(side, TAKEN, 1); // here the turn may pass
  side[COUNTER] = seen + 1;
}

function claimCounted(side: Words): void {
  claim(
    side[COUNTER] === side[TAKEN],
    `${side[COUNTER]} of ${side[TAKEN]} updates under the lock`,
  );
}

function mutex(stage: Stage, cue: Cue): Player {
  const at = scratchOf(stage.buffer);
  return player(stage, cue, ({ core }, random) => {
    for (let round = 0; round < 2; round++) {
      const isTimed = random.chance(20);
      if (!isTimed) Mutex.lock(core.m, at);
      else if (!Mutex.lockTimed(core.m, at, random.below(3))) continue;
      increment(stage.side);
      Mutex.unlock(core.m, at);
    }
  }, () => {
    claimCounted(stage.side);
    claim(new Int32Array(stage.buffer)[at] === 0, "The mutex is still locked");
  });
}

function event(stage: Stage, cue: Cue): Player {
  const at = scratchOf(stage.buffer) + 16;
  return player(stage, cue, ({ core }, random) => {
    if (cue.me === 0) {
      stage.side[COUNTER] = 7;
      PyEvent.notify(core.m, at);
      return;
    }
    const timeoutMs = random.chance(25) ? 1 : Infinity;
    const isSet = PyEvent.wait(core.m, at, timeoutMs);
    claim(isSet || timeoutMs === 1, "wait() for ever came back without it");
    claim(
      !isSet || stage.side[COUNTER] === 7,
      "The event came before its data",
    );
  }, () => {
    new Int32Array(stage.buffer)[at] = 0;
  });
}

/** Workers are attached one at a time, if there is a GIL. */
function gil(stage: Stage, cue: Cue): Player {
  return player(stage, cue, ({ core }, random) => {
    for (let round = 0; round < 2; round++) {
      core.attach();
      for (let k = random.below(3); k >= 0; k--) {
        increment(stage.side);
        SafePoint.safePoint(core.m);
      }
      core.detach();
    }
  }, () => claimCounted(stage.side));
}

function mutate({ core }: Standing, random: Random, inside: Words, me: number) {
  for (let round = 0; round < 2; round++) {
    core.attach();
    Atomics.store(inside, INSIDE + me, 1);
    core.mem.free(core.mem.malloc(16));
    Atomics.store(inside, INSIDE + me, 0);
    if (random.chance(70)) SafePoint.safePoint(core.m);
    core.detach();
  }
}

function stopTheWorld({ core }: Standing, random: Random, stage: Stage): void {
  const isAttached = random.chance(50);
  if (isAttached) core.attach();
  if (World.stop(core.m, random.chance(20) ? 1 : Infinity)) {
    for (let look = 0; look < 2; look++) {
      for (let other = 0; other < 4; other++) {
        claim(
          Atomics.load(stage.side, INSIDE + other) === 0,
          `Worker ${other} runs while the world stands still`,
        );
      }
    }
    World.start(core.m);
  }
  if (isAttached) core.detach();
}

/** The last `stoppers` workers stop the world, the others work. */
function world(stoppers: number): (stage: Stage, cue: Cue) => Player {
  return (stage, cue) =>
    player(stage, cue, (stand, random) => {
      if (cue.me < cue.workers - stoppers) {
        mutate(stand, random, stage.side, cue.me);
      } else stopTheWorld(stand, random, stage);
    }, () => {});
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
    ranges(buffer) {
      const scratch = scratchOf(buffer);
      return [...tablesOf(buffer), [scratch, scratch + 64]];
    },
    open,
  };
}

/** Scenarios of locks and threads. */
export const THREADS: readonly Scenario[] = [
  scenario("mutex", FREE_THREADED, 3, 200, 6, mutex),
  scenario("event", FREE_THREADED, 3, 60, 6, event),
  scenario("GIL", GIL, 3, 200, 3, gil),
  scenario("stop the world, 1 of 3", FREE_THREADED, 3, 200, 2, world(1)),
  scenario("stop the world, 2 of 3", FREE_THREADED, 3, 200, 2, world(2)),
];
