/**
 * Which models judge a change of which file: small and fast ones first.
 *
 * @module
 */

import * as Header from "../../src/layout/header.ts";
import type { Model } from "../checker/model.ts";
import * as ExtraDeaths from "../models/extra_deaths.ts";
import * as Extra from "../models/extra_threads.ts";
import { event } from "../models/event.ts";
import { gil } from "../models/gil.ts";
import { mutex, timedMutex } from "../models/mutex.ts";
import { qsbr } from "../models/qsbr.ts";
import { rawMutex } from "../models/raw_mutex.ts";
import * as Remote from "../models/remote.ts";
import { suspension } from "../models/suspension.ts";
import { world } from "../models/world.ts";
import { death, STRICT } from "./history.ts";
import { type Trial, trial } from "./judge.ts";
import { scenario } from "./scenario.ts";

/** Models by file. */
export interface Target {
  /** Path below the root. */
  readonly path: string;
  /** What judges its mutants. */
  readonly trials: readonly Trial[];
}

const FREE = Header.BUILD_FREE_THREADED;
const GIL = Header.BUILD_GIL;

const SCENARIOS = [scenario("free-threaded"), scenario("gil")];

const LOCK_DEATHS = [
  ExtraDeaths.lockOfTheDead(1, 2),
  ExtraDeaths.eventOfTheDead(2),
];

const HEAP_DEATHS = [
  ExtraDeaths.drainOfTheDead(),
  ...[512, 32768, 40000].map((n) =>
    death(`malloc and free of ${n}, 1 killed (free`)
  ),
  death("malloc and free of 512, 1 killed (gil"),
];

const MUTEX = [mutex(2, 2), mutex(3, 1), timedMutex(2), timedMutex(3, 2)];
const EVENT = [event(2, false), event(2, true), Extra.twoEvents(1)];
const GILS = [gil(2, 1), gil(2, 2), ...STRICT, Extra.lockDetaching(2, GIL)];
const WORLD = [
  { ...world({ mutators: 1, rounds: 1, stoppers: 1 }) },
  world({ mutators: 1, rounds: 1, stoppers: 1, timeoutMs: 10 }),
  world({ mutators: 2, rounds: 1, stoppers: 1, bound: 2 }),
  world({ mutators: 1, rounds: 1, stoppers: 2, bound: 2 }),
  Extra.newcomers(1, 1, 3),
  Extra.helpAgainstExit(),
  Extra.newcomers(1, 1),
];
const SLOTS = [Extra.slots(2, 1, FREE), Extra.slots(2, 1, GIL)];
const REMOTE = [
  Remote.remoteFrees(2, 2, 2),
  Remote.exitAndAdopt(2, true),
  Remote.exitAndAdopt(2, false),
  Extra.help(),
  Extra.helpWithNews(),
  Remote.remoteFrees(3, 1, 1),
  Remote.rivals(),
  Remote.exitAndAdopt(3, true),
];
const SHARED = [
  Remote.acquireAndRelease(2),
  Remote.comeAndGo(2),
];

/** Transitions of one search: of a whole heap they cost ten times as much. */
const LIMIT = 150_000;
const HEAP_LIMIT = 10_000;

function target(path: string, models: readonly Model[]): Target {
  const trials = models.map((model) => {
    const isHeap = model.doors.includes("src/domains/mod.ts");
    return trial(model, isHeap ? HEAP_LIMIT : LIMIT);
  });
  return { path, trials };
}

/** All files with shared state. */
export const TARGETS: readonly Target[] = [
  target("src/sync/mutex.ts", [SCENARIOS[0], ...MUTEX, ...LOCK_DEATHS]),
  target("src/sync/raw_mutex.ts", [
    rawMutex(2, 2),
    rawMutex(3, 1),
    ...LOCK_DEATHS,
  ]),
  target("src/sync/parking_lot.ts", [...EVENT, ...MUTEX, ...LOCK_DEATHS]),
  target("src/sync/event.ts", [SCENARIOS[0], ...EVENT]),
  target("src/threads/suspension.ts", [
    SCENARIOS[0],
    suspension(1, 2),
    suspension(2, 1),
    ...WORLD,
    ExtraDeaths.worldOfTheDead(),
  ]),
  target("src/threads/thread_state.ts", [
    ...SCENARIOS,
    gil(2, 1),
    ...SLOTS,
    ...WORLD,
  ]),
  target("src/threads/gil.ts", [SCENARIOS[1], ...GILS]),
  target("src/threads/qsbr.ts", [
    SCENARIOS[0],
    qsbr(1, 2, 2),
    qsbr(2, 1, 1),
    Extra.twoReclaim(2, 3),
  ]),
  target("src/threads/world.ts", [SCENARIOS[0], ...WORLD]),
  target("src/threads/heap_lock.ts", [SCENARIOS[0], ...SHARED]),
  target("src/threads/lock.ts", [
    Extra.lockDetaching(2, FREE),
    Extra.lockDetaching(2, GIL),
  ]),
  target("src/raw/runs.ts", [...SCENARIOS, ...SHARED, ...HEAP_DEATHS]),
  target("src/raw/rebuild.ts", [...HEAP_DEATHS.slice(2)]),
  target("src/raw/large.ts", [...SCENARIOS, HEAP_DEATHS[3]]),
  target("src/pools/remote.ts", [...SCENARIOS, ...REMOTE, HEAP_DEATHS[0]]),
  target("src/pools/leave.ts", [...SCENARIOS, ...REMOTE, ...SHARED]),
  target("src/pools/supply.ts", [...SCENARIOS, ...REMOTE, ...SHARED]),
  target("src/pools/acquire.ts", [...SCENARIOS, ...REMOTE, ...SHARED]),
  target("src/pools/ring.ts", [...SCENARIOS, ...REMOTE]),
  target("src/pools/pool.ts", [...SCENARIOS, HEAP_DEATHS[1]]),
  target("src/pools/arena.ts", [...SCENARIOS, HEAP_DEATHS[1]]),
  target("src/pools/repair.ts", [...SCENARIOS, ...HEAP_DEATHS]),
  target("src/recovery/fence.ts", [
    SCENARIOS[0],
    ...LOCK_DEATHS,
    ExtraDeaths.worldOfTheDead(),
  ]),
  target("src/recovery/recover.ts", [
    ...SCENARIOS,
    ...LOCK_DEATHS,
    ExtraDeaths.worldOfTheDead(),
    ...HEAP_DEATHS,
  ]),
];

/** Models that judge a file. */
export function trialsOf(path: string): readonly Trial[] {
  const found = TARGETS.find((one) => one.path === path);
  if (!found) throw new Error(`No models judge ${path}`);
  return found.trials;
}
