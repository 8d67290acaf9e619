/**
 * What models share: heaps with workers that have thread states, and the
 * modules of the library with their types.
 *
 * @module
 */

import type * as MemoryModule from "../../src/memory/mod.ts";
import type * as SyncModule from "../../src/sync/mod.ts";
import type * as ThreadsModule from "../../src/threads/mod.ts";
import * as Header from "../../src/layout/header.ts";
import * as Layout from "../../src/layout/memory_map.ts";
import * as PageMap from "../../src/layout/page_map.ts";
import * as ThreadState from "../../src/layout/thread_state.ts";
import * as Waiter from "../../src/layout/waiter.ts";
import type { Constants, Library } from "../checker/loader.ts";
import type { World } from "../checker/model.ts";

/** Doors of the modules that locks and threads need. */
export const DOORS = [
  "src/memory/mod.ts",
  "src/sync/mod.ts",
  "src/threads/mod.ts",
] as const;

/** One look before each sleep: how often one looks is no part of a protocol. */
export const SPIN_ONCE: Constants = {
  "src/sync/mutex.ts": { SPINS: 0, PAUSES_PER_SPIN: 0 },
  "src/sync/raw_mutex.ts": { SPINS: 0 },
  "src/threads/gil.ts": { SPINS: 0 },
  "src/threads/suspension.ts": { SPINS: 0 },
  "src/threads/world.ts": { SPINS: 0 },
};

/**
 * As above, and sleeps that only look whether something went wrong have no
 * end: else they would make up for wake-ups that got lost.
 */
export const NO_RESCUE: Constants = {
  ...SPIN_ONCE,
  "src/sync/mutex.ts": { SPINS: 0, PAUSES_PER_SPIN: 0, LOOK_MS: Infinity },
  "src/threads/suspension.ts": { SPINS: 0, SLEEP_MS: Infinity },
};

/** Context of a worker: its window on the heap, and numbers of the model. */
export interface Context {
  /** The heap. */
  readonly m: MemoryModule.Memory;
  /** Whatever the model counts. */
  n: number;
}

/** `src/memory` under the checker. */
export function memory(lib: Library): typeof MemoryModule {
  return lib.module("src/memory/mod.ts");
}

/** `src/sync` under the checker. */
export function sync(lib: Library): typeof SyncModule {
  return lib.module("src/sync/mod.ts");
}

/** `src/threads` under the checker. */
export function threads(lib: Library): typeof ThreadsModule {
  return lib.module("src/threads/mod.ts");
}

/** A heap without pools, and so many workers with detached thread states. */
export function workers(
  lib: Library,
  world: World,
  count: number,
  build: number = Header.BUILD_FREE_THREADED,
): Context[] {
  const { Create } = memory(lib);
  const { ThreadStates, Gil, Qsbr } = threads(lib);
  const first = Create.create(build, Layout.MIN_BYTES, world.clock);
  world.use(first.buffer);
  ThreadStates.init(first);
  Gil.init(first);
  Qsbr.init(first);
  Create.publish(first);
  const contexts: Context[] = [];
  for (let k = 0; k < count; k++) {
    const m = k === 0 ? first : Create.open(first.buffer, world.clock);
    if (!ThreadStates.reserve(m)) throw new Error("All slots are in use");
    contexts.push({ m, n: 0 });
  }
  return contexts;
}

/** The n-th word that a model may use, each in a line of its own. */
export function scratch(world: World, n: number): number {
  return world.i32[Header.FIRST_PAGE] * (Layout.PAGE_SIZE / 4) + n * 16;
}

/** Name of a word of the heap's own records. */
export function nameOf(at: number): string | undefined {
  const threadWord = at - Layout.THREADS;
  if (threadWord >= 0 && threadWord < 256 * ThreadState.SIZEOF) {
    const slot = Math.floor(threadWord / ThreadState.SIZEOF);
    return `thread ${slot} ${fieldOf(threadWord % ThreadState.SIZEOF)}`;
  }
  const bucketWord = at - Layout.BUCKETS;
  if (bucketWord >= 0 && at < Layout.ARENAS) return `bucket +${bucketWord}`;
  if (at >= Layout.GIL && at < Layout.QSBR) return `gil +${at - Layout.GIL}`;
  if (at >= Layout.QSBR && at < Layout.WORLD) {
    return `qsbr +${at - Layout.QSBR}`;
  }
  if (at >= Layout.WORLD && at < Layout.RUNS) {
    return `world +${at - Layout.WORLD}`;
  }
  return at < 256 ? `header +${at}` : undefined;
}

function fieldOf(at: number): string {
  if (at >= ThreadState.WAITER && at < ThreadState.WAITER + 16) {
    const field = nameIn(Waiter, at - ThreadState.WAITER);
    return `waiter ${field}`;
  }
  return nameIn(ThreadState, at);
}

/** Names of words of a record, not of their values. */
const IS_FIELD =
  /^(X_|STAT_|INCARNATION|IN_USE|ADDR|NEXT|UNPARKED|TIME|WAITER|RINGS)/;

function nameIn(record: object, at: number): string {
  const found = Object.entries(record).find(([name, value]) =>
    value === at && IS_FIELD.test(name)
  );
  return found ? found[0] : `+${at}`;
}

/** Statistics of threads: no decision depends on them. */
export function isStatistic(at: number): boolean {
  const word = at - Layout.THREADS;
  if (word < 0 || word >= PageMap.SLOTS * ThreadState.SIZEOF) return false;
  const field = word % ThreadState.SIZEOF;
  return field >= ThreadState.STAT_REMOTE_FREES &&
    field <= ThreadState.STAT_GIL_WAITS;
}

/** The waiter record of a worker: nobody reads it while it does not wait. */
export function waiterWords(worker: number): number[] {
  const slot = PageMap.FIRST_SLOT + worker;
  const at = Layout.THREADS + slot * ThreadState.SIZEOF + ThreadState.WAITER;
  return [0, 1, 2, 3, 4, 5].map((k) => at + k);
}
