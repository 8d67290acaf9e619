/**
 * Delayed frees: what a thread puts off is given up once, by it or, after it
 * has gone, by another one, and not before its readers are through.
 *
 * Worker 0 takes objects out of sight and puts them off; it ends, or dies. The
 * last worker takes over what is left. Readers look at objects by plain reads;
 * who gives one up writes it, so each time that comes too early is a race.
 *
 * @module
 */

import type * as RecoveryModule from "../../src/recovery/mod.ts";
import type * as SharingModule from "../../src/objects/sharing/mod.ts";
import * as Layout from "../../src/layout/memory_map.ts";
import * as PageMap from "../../src/layout/page_map.ts";
import * as ThreadState from "../../src/layout/thread_state.ts";
import type { Library } from "../checker/loader.ts";
import {
  type Model,
  model,
  type Step,
  step,
  type World,
} from "../checker/model.ts";
import {
  type Context,
  DOORS,
  nameOf,
  scratch,
  SPIN_ONCE,
  threads,
  workers,
} from "./support.ts";

const SHARING = "src/objects/sharing/mod.ts";
const RECOVERY = "src/recovery/mod.ts";
const CELL = "tests/checker/fixtures/cell.ts";
/** Objects that are put off. Count. */
const OBJECTS = 2;

function delayed(lib: Library): typeof SharingModule.Delayed {
  return (lib.module(SHARING) as typeof SharingModule).Delayed;
}

/** Word that names object `k`, until it is taken out of sight. */
function pointer(world: World, k: number): number {
  return scratch(world, k);
}

/** Object `k`: a word that counts how often it was given up. */
function object(world: World, k: number): number {
  return scratch(world, OBJECTS + k);
}

/** Chunk of a worker. */
function chunk(world: World, worker: number): number {
  return scratch(world, 2 * OBJECTS + 2 * worker);
}

function attach(lib: Library, m: Context["m"]): void {
  threads(lib).ThreadStates.attach(m);
}

function putOff(world: World, k: number): Step<Context> {
  return step<Context>(`put off ${k}`, (lib, { m }) => {
    lib.module(CELL).store(m.i32, pointer(world, k), 0);
    delayed(lib).put(m, object(world, k) * 4, 100);
  });
}

/** Gives up what may be given up in all chunks of the caller's. */
function process(lib: Library, world: World, m: Context["m"]): void {
  const it = delayed(lib);
  if (!it.begin(m)) return;
  for (let at = it.next(m, 0); at !== 0; at = it.next(m, at)) {
    for (let item = it.take(m, at); item !== 0; item = it.take(m, at)) {
      world.write(item / 4, world.read(item / 4) + 1);
    }
  }
  it.end(m);
}

/** Puts objects off and ends, having looked what it may give up or not. */
function writer(world: World, isHasty: boolean): Step<Context>[] {
  return [
    step<Context>("attach", (lib, { m }) => attach(lib, m)),
    step<Context>("add a chunk", (lib, { m }) => {
      delayed(lib).add(m, chunk(world, 0) * 4);
    }),
    ...Array.from({ length: OBJECTS }, (_, k) => putOff(world, k)),
    step<Context>("exit", (lib, { m }) => {
      threads(lib).Qsbr.quiescentState(m);
      if (!isHasty) process(lib, world, m);
      delayed(lib).abandon(m);
      threads(lib).ThreadStates.release(m);
    }),
  ];
}

function reader(world: World): Step<Context>[] {
  return [step<Context>("attach, read, detach", (lib, { m }) => {
    attach(lib, m);
    for (let k = 0; k < OBJECTS; k++) {
      if (lib.module(CELL).load(m.i32, pointer(world, k)) === 0) continue;
      if (world.read(object(world, k)) !== 0) throw new Error("Read too late");
    }
    threads(lib).ThreadStates.detach(m);
  })];
}

/** Waits until the writer is gone; takes over what it left. */
function heir(world: World, isKilled: boolean): Step<Context>[] {
  return [step<Context>("take over", (lib, { m }) => {
    if (isKilled) condemn(lib, m);
    attach(lib, m);
    process(lib, world, m);
    threads(lib).SafePoint.safePoint(m);
    process(lib, world, m);
    threads(lib).ThreadStates.detach(m);
  }, {
    when: (it) => isKilled ? it.isDead(0) : it.isDone(0),
    optional: isKilled,
  })];
}

function condemn(lib: Library, m: Context["m"]): void {
  const { Recovery } = lib.module(RECOVERY) as typeof RecoveryModule;
  const slot = PageMap.FIRST_SLOT;
  const thread = Layout.THREADS + slot * ThreadState.SIZEOF;
  const incarnation = m.i32[thread + ThreadState.INCARNATION];
  Recovery.condemn(m, (incarnation << PageMap.INCARNATION_SHIFT) | slot);
}

/** A writer, readers, and an heir. */
export function queue(readers: number, kills: number, bound?: number): Model {
  const last = readers + 1;
  return model<Context>({
    name: `delayed frees, ${readers} readers` +
      (kills > 0 ? ", 1 killed" : "") +
      (bound === undefined ? "" : `, bound ${bound}`),
    doors: [...DOORS, SHARING, RECOVERY, CELL],
    constants: {
      ...SPIN_ONCE,
      "src/sync/mutex.ts": { SPINS: 0, PAUSES_PER_SPIN: 0, LOOK_MS: Infinity },
      "src/threads/sections.ts": { LOOK_MS: Infinity },
      "src/objects/sharing/delayed.ts": { DEFERRED_LIMIT: 1 },
    },
    ...(bound === undefined ? {} : { bound }),
    kills,
    killable: (worker) => worker === 0,
    nameOf,
    setup(lib, world) {
      const contexts = workers(lib, world, readers + 2);
      for (let k = 0; k < OBJECTS; k++) world.i32[pointer(world, k)] = 1;
      return contexts;
    },
    script(worker, world) {
      if (worker === 0) return writer(world, readers === 0);
      return worker === last ? heir(world, kills > 0) : reader(world);
    },
    final: (world) => fault(world, last),
  });
}

/** What is wrong at the end, or "". */
function fault(world: World, last: number): string {
  for (let k = 0; k < OBJECTS; k++) {
    const times = world.i32[object(world, k)];
    if (times > 1) return `object ${k} was given up ${times} times`;
    // The heir comes when the writer has ended; readers may be there still.
    const isAlone = last === 1 && !world.isDead(0);
    if (isAlone && times === 0) return `object ${k} was never given up`;
  }
  return "";
}

/** The models of this file. */
export const models: readonly Model[] = [
  queue(0, 0),
  queue(1, 0),
  queue(1, 1),
  queue(2, 0),
];
