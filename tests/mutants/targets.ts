/**
 * Which models judge a change of which file: small and fast ones first.
 *
 * @module
 */

import * as Header from "../../src/layout/header.ts";
import type { Model } from "../checker/model.ts";
import * as ExtraDeaths from "../models/extra_deaths.ts";
import * as Extra from "../models/extra_threads.ts";
import * as CriticalSection from "../models/critical_section.ts";
import * as Corners from "../models/corners.ts";
import * as Duels from "../models/duels.ts";
import * as Fatal from "../models/fatal.ts";
import * as Fences from "../models/fences.ts";
import { event } from "../models/event.ts";
import * as GcPauses from "../models/gc_pauses.ts";
import { gil, request } from "../models/gil.ts";
import { mutex, timedMutex } from "../models/mutex.ts";
import { qsbr } from "../models/qsbr.ts";
import * as Patience from "../models/patience.ts";
import { rawMutex, rawRecovering } from "../models/raw_mutex.ts";
import * as Remote from "../models/remote.ts";
import { suspension } from "../models/suspension.ts";
import * as Tracemalloc from "../models/tracemalloc.ts";
import { attachedStoppers, world } from "../models/world.ts";
import * as More from "../models/more_deaths.ts";
import { death, STRICT } from "./history.ts";
import { type Trial, trial } from "./judge.ts";
import { HEAPS, WAITS } from "./stories.ts";

/** Models by file. */
export interface Target {
  /** Path below the root. */
  readonly path: string;
  /** What judges its mutants. */
  readonly trials: readonly Trial[];
}

const FREE = Header.BUILD_FREE_THREADED;
const GIL = Header.BUILD_GIL;

const LOCK_DEATHS = [
  ...Fences.models,
  ...Fences.nightly,
  ExtraDeaths.lockOfTheDead(1, 2),
  ExtraDeaths.eventOfTheDead(2),
  ExtraDeaths.eventOfTheDead(undefined, 5),
];

const HEAP_DEATHS = [
  ExtraDeaths.drainOfTheDead(),
  ...[512, 32768, 40000].map((n) =>
    death(`malloc and free of ${n}, 1 killed (free`)
  ),
  death("malloc and free of 512, 1 killed (gil"),
];

/** A model in which who waits in a file looks once more before it sleeps. */
function spinning(model: Model, path = "src/sync/mutex.ts"): Model {
  const { constants } = model;
  const file = { ...constants?.[path], SPINS: 1 };
  return {
    ...model,
    name: `${model.name}, spinning`,
    constants: { ...constants, [path]: file },
  };
}

const MUTEX = [
  ...Patience.models,
  ...Corners.models,
  { ...mutex(2, 2), progress: true },
  { ...mutex(3, 1), progress: true },
  timedMutex(2),
  spinning(timedMutex(2)),
  timedMutex(3, 2),
];
const EVENT = [event(2, false), event(2, true), Extra.twoEvents(1)];
const GILS = [
  request(),
  gil(2, 1),
  spinning(gil(2, 2), "src/threads/gil.ts"),
  gil(2, 2),
  gil(3, 1, 2),
  ...STRICT,
  Extra.lockDetaching(2, GIL),
];
const WORLD = [
  { ...world({ mutators: 1, rounds: 1, stoppers: 1 }) },
  spinning(
    world({ mutators: 1, rounds: 1, stoppers: 1, bound: 2 }),
    "src/threads/world.ts",
  ),
  world({ mutators: 1, rounds: 1, stoppers: 1, timeoutMs: 10 }),
  attachedStoppers(2),
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
const LIMIT = 300_000;
const HEAP_LIMIT = 10_000;

function target(path: string, models: readonly Model[]): Target {
  const trials = models.map((model) => {
    const isHeap = model.doors.includes("src/domains/mod.ts");
    return trial(model, isHeap ? HEAP_LIMIT : LIMIT);
  });
  return { path, trials };
}

/** Models of everything that pools and pages do at once. */
const POOLS = [...Duels.models, ...REMOTE, ...SHARED];

/** Deaths in the heap, and who recovers them, and recovers those. */
const DEATHS = [...HEAP_DEATHS, ...More.models, ...More.nightly];

/** What judges files about pages and pools: one thread, two, and deaths. */
const HEAP = [...HEAPS, ...POOLS, ...DEATHS];

/** All files with shared state. */
export const TARGETS: readonly Target[] = [
  target("src/sync/mutex.ts", [...WAITS, ...MUTEX, ...HEAPS, ...LOCK_DEATHS]),
  target("src/sync/raw_mutex.ts", [
    rawMutex(2, 2),
    rawMutex(3, 1),
    spinning(rawMutex(2, 2), "src/sync/raw_mutex.ts"),
    rawRecovering(false),
    rawRecovering(true),
    ...WAITS,
    ...HEAPS,
    ...LOCK_DEATHS,
  ]),
  target("src/sync/parking_lot.ts", [
    ...WAITS,
    ...EVENT,
    ...MUTEX,
    ...HEAPS,
    ...LOCK_DEATHS,
  ]),
  target("src/sync/event.ts", [
    ...WAITS,
    ...EVENT,
    ...Patience.models,
    ...Corners.models,
  ]),
  target("src/sync/fatal.ts", [
    ...WAITS,
    ...Patience.models,
    ...Fatal.models,
  ]),
  target("src/sync/death.ts", [...WAITS, ...LOCK_DEATHS]),
  target("src/threads/eval_breaker.ts", [...WAITS, ...GILS, ...WORLD]),
  target("src/threads/safe_point.ts", [
    ...WAITS,
    qsbr(1, 2, 2),
    ...GILS,
    ...WORLD,
  ]),
  target("src/threads/suspension.ts", [
    ...WAITS,
    suspension(1, 2),
    suspension(2, 1),
    ...WORLD,
    ...Fences.models,
    ...HEAPS,
    ExtraDeaths.worldOfTheDead(),
  ]),
  target("src/threads/thread_state.ts", [
    ...WAITS,
    gil(2, 1),
    ...SLOTS,
    ...WORLD,
    ...Fences.models,
    ...CriticalSection.models,
    ...HEAPS,
  ]),
  target("src/threads/gil.ts", [...WAITS, ...GILS, ...HEAPS]),
  target("src/threads/qsbr.ts", [
    ...WAITS,
    qsbr(1, 2, 2),
    qsbr(2, 1, 1),
    Extra.twoReclaim(2, 3),
    ...HEAPS,
  ]),
  target("src/threads/world.ts", [
    ...WAITS,
    ...WORLD,
    ...HEAPS,
    ExtraDeaths.worldOfTheDead(),
  ]),
  target("src/threads/heap_lock.ts", [...HEAPS, ...SHARED]),
  target("src/threads/lock.ts", [
    ...WAITS,
    Extra.lockDetaching(2, FREE),
    Extra.lockDetaching(2, GIL),
  ]),
  target("src/raw/runs.ts", HEAP),
  target("src/raw/rebuild.ts", [...HEAPS, ...DEATHS]),
  target("src/raw/large.ts", HEAP),
  target("src/pools/remote.ts", HEAP),
  target("src/pools/leave.ts", HEAP),
  target("src/pools/supply.ts", HEAP),
  target("src/pools/acquire.ts", HEAP),
  target("src/pools/ring.ts", HEAP),
  target("src/pools/pool.ts", HEAP),
  target("src/pools/arena.ts", HEAP),
  target("src/pools/repair.ts", [...HEAPS, ...DEATHS]),
  target("src/recovery/fence.ts", [
    ...WAITS,
    ...HEAPS,
    ...LOCK_DEATHS,
    ExtraDeaths.worldOfTheDead(),
  ]),
  target("src/recovery/recover.ts", [
    ...WAITS,
    ...HEAPS,
    ...LOCK_DEATHS,
    ExtraDeaths.worldOfTheDead(),
    ...DEATHS,
  ]),
  target("src/hooks/debug/state.ts", Fatal.models),
  ...["inside", "intern", "session", "traces", "window"].map((name) =>
    target(`src/hooks/tracemalloc/tables/${name}.ts`, Tracemalloc.models)
  ),
  target("src/gc/pauses/hold.ts", GcPauses.models),
  target("src/gc/pauses/turn.ts", GcPauses.models),
];

/** Models that judge a file. */
export function trialsOf(path: string): readonly Trial[] {
  const found = TARGETS.find((one) => one.path === path);
  if (!found) throw new Error(`No models judge ${path}`);
  return found.trials;
}
