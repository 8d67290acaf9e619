/**
 * Owners that go away while others hand them objects to merge: no object stays
 * behind in a queue that nobody looks into, and none is merged twice.
 *
 * Worker 0 owns an object and has given each other worker one of its references.
 * It exits, having merged what it found in its queue, or dies. Then the last
 * worker may take its slot, or buries it. All that is left at the end is merged
 * by who has the slot then, or by nobody if there was nothing.
 *
 * @module
 */

import type * as RecoveryModule from "../../src/recovery/mod.ts";
import type * as ObjectsModule from "../../src/objects/refcount/mod.ts";
import * as Layout from "../../src/layout/memory_map.ts";
import * as PageMap from "../../src/layout/page_map.ts";
import * as PyObject from "../../src/layout/object_free_threaded.ts";
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
  NO_RESCUE,
  scratch,
  threads,
  workers,
} from "./support.ts";

const DOOR = "src/objects/refcount/mod.ts";
const RECOVERY = "src/recovery/mod.ts";
/** Slot of worker 0. */
const SLOT = PageMap.FIRST_SLOT;
const THREAD = Layout.THREADS + SLOT * ThreadState.SIZEOF;
/** Words of an entry of a queue. */
const STRIDE = 16;

function objects(lib: Library): typeof ObjectsModule {
  return lib.module(DOOR);
}

/** What becomes of the owner, and of its slot. */
export type End = "exits" | "exits, slot used again" | "killed";

/** What a model is like. */
export interface Shape {
  /** Workers that drop a reference, the owner left out. Count. */
  readonly droppers: number;
  /** Whether the owner has a reference of its own, which it drops first. */
  readonly hasOwn: boolean;
  readonly end: End;
  /** Each drops a reference of an object of its own. */
  readonly isEach?: boolean;
  /** Most preemptions. */
  readonly bound?: number;
}

/** Words of a model. Word indices. */
class Place {
  objects: readonly number[] = [];
  /** For each worker and object: how often it has died there. */
  deaths = 0;
  /** The entry of each worker. */
  entries = 0;
  /** 1 while the owner is about to lose what it has in hand if it dies. */
  inHand = 0;

  set(world: World, count: number): void {
    this.deaths = scratch(world, 0);
    this.inHand = scratch(world, 1);
    this.objects = [2, 3, 4].slice(0, count).map((n) => scratch(world, n));
    this.entries = scratch(world, 5);
  }

  /** Which object has a word, or -1. */
  objectAt(at: number): number {
    return this.objects.findIndex((op) =>
      at >= op && at < op + PyObject.SIZEOF
    );
  }

  /** Notes that an object has died in the hands of a worker. */
  die(world: World, worker: number, op: number): void {
    const at = this.deaths + worker * 3 + this.objectAt(op / 4);
    world.write(at, world.read(at) + 1);
  }

  /** How often an object has died. Count. */
  deathsOf(world: World, k: number): number {
    let count = 0;
    for (let worker = 0; worker < world.workers; worker++) {
      count += world.i32[this.deaths + worker * 3 + k];
    }
    return count;
  }
}

/** A worker drops a reference. */
function drop(
  lib: Library,
  world: World,
  place: Place,
  m: Context["m"],
  worker: number,
): void {
  const { Biased, Brc } = objects(lib);
  const k = Math.max(worker - 1, 0) % place.objects.length;
  const op = place.objects[k] * 4;
  let result = Biased.decref(m, op);
  if (result === Biased.TO_QUEUE) {
    const entry = (place.entries + worker * STRIDE) * 4;
    result = Brc.hand(m, op, entry) === Brc.DIED ? Biased.DEAD : Biased.ALIVE;
  }
  if (result === Biased.DEAD) place.die(world, worker, op);
}

/** Merges all that is in the queue of worker 0. */
function mergeAll(
  lib: Library,
  world: World,
  place: Place,
  m: Context["m"],
  worker: number,
): void {
  const { Biased, Brc } = objects(lib);
  for (let entry = Brc.take(m, SLOT); entry !== 0; entry = Brc.take(m, SLOT)) {
    const op = Brc.objectOf(m, entry);
    if (Biased.merge(m, op) === Biased.DEAD) place.die(world, worker, op);
  }
}

/** The owner drops its reference, merges, and goes. */
function owner(world: World, place: Place, shape: Shape): Step<Context>[] {
  const steps: Step<Context>[] = [];
  if (shape.hasOwn) {
    steps.push(step<Context>("drop", (lib, { m }) => {
      world.write(place.inHand, 1);
      drop(lib, world, place, m, 0);
      world.write(place.inHand, 0);
    }));
  }
  steps.push(step<Context>("merge, exit", (lib, { m }) => {
    const { Brc } = objects(lib);
    world.write(place.inHand, 1);
    do mergeAll(lib, world, place, m, 0); while (!Brc.close(m));
    world.write(place.inHand, 0);
    threads(lib).ThreadStates.release(m);
  }));
  return steps;
}

/** Takes the slot of the owner, and leaves it. */
function successor(world: World, place: Place, last: number): Step<Context> {
  return step<Context>("another one in the slot", (lib, { m }) => {
    const { Brc } = objects(lib);
    const { ThreadStates } = threads(lib);
    if (!ThreadStates.reserve(m)) throw new Error("All slots are in use");
    do mergeAll(lib, world, place, m, last); while (!Brc.open(m));
    do mergeAll(lib, world, place, m, last); while (!Brc.close(m));
    ThreadStates.release(m);
  }, { when: () => world.i32[THREAD + ThreadState.X_IN_USE] === 0 });
}

/** Buries the owner, and merges what it has left. */
function heir(world: World, place: Place, last: number): Step<Context> {
  return step<Context>("bury, merge", (lib, { m }) => {
    const { Recovery, Estate } = lib.module(RECOVERY) as typeof RecoveryModule;
    const incarnation = m.i32[THREAD + ThreadState.INCARNATION];
    Recovery.condemn(m, (incarnation << PageMap.INCARNATION_SHIFT) | SLOT);
    Estate.leave(m, SLOT);
    mergeAll(lib, world, place, m, last);
  }, { when: (it) => it.isDead(0), optional: true });
}

/** What is wrong at the end, or "". */
function fault(world: World, place: Place): string {
  // What the dead had in their hands is lost.
  let mayLose = world.isDead(0) ? world.i32[place.inHand] : 0;
  for (let k = 0; k < place.objects.length; k++) {
    const deaths = place.deathsOf(world, k);
    if (deaths === 1) continue;
    if (deaths > 1 || --mayLose < 0) return `object ${k} died ${deaths} times`;
  }
  return "";
}

/** An owner that goes, and others that drop what it has given them. */
export function exits(shape: Shape): Model {
  const { droppers, hasOwn, end, isEach = false, bound } = shape;
  const place = new Place();
  const last = end === "exits" ? droppers : droppers + 1;
  let here: World | undefined;
  return model<Context>({
    name: `owner ${end}, ${droppers} droppers` +
      (hasOwn ? ", one of its own" : "") +
      (isEach ? ", an object each" : "") +
      (bound === undefined ? "" : `, bound ${bound}`),
    doors: [...DOORS, DOOR, RECOVERY],
    constants: {
      ...NO_RESCUE,
      "src/threads/sections.ts": { LOOK_MS: Infinity },
    },
    ...(bound === undefined ? {} : { bound }),
    ...(end === "killed" ? { kills: 1 } : {}),
    killable: (worker) => worker === 0,
    nameOf,
    setup(lib, world) {
      here = world;
      const contexts = workers(lib, world, last + 1);
      if (end === "exits, slot used again") {
        threads(lib).ThreadStates.release(contexts[last].m);
      }
      place.set(world, isEach ? droppers : 1);
      const { Biased } = objects(lib);
      for (const at of place.objects) Biased.init(contexts[0].m, at * 4);
      for (let k = hasOwn ? 0 : 1; k < droppers && !isEach; k++) {
        Biased.incref(contexts[0].m, place.objects[0] * 4);
      }
      return contexts;
    },
    script(worker, world) {
      if (worker === 0) return owner(world, place, shape);
      if (worker > droppers) {
        return end === "killed"
          ? [heir(world, place, last)]
          : [successor(world, place, last)];
      }
      return [step<Context>("drop", (lib, { m }) => {
        drop(lib, world, place, m, worker);
      })];
    },
    guarded: (at) => place.objectAt(at) >= 0,
    guard(at) {
      const k = place.objectAt(at);
      const isDead = here !== undefined && place.deathsOf(here, k) > 0;
      return isDead ? `object ${k} is dead` : "";
    },
    racy: (at) =>
      place.objects.some((op) =>
        at === op + PyObject.OB_TID || at === op + PyObject.OB_REF_LOCAL
      ),
    final: (world) => fault(world, place),
  });
}

/** Models before a push. */
export const models: readonly Model[] = [
  exits({ droppers: 1, hasOwn: true, end: "exits" }),
  exits({ droppers: 2, hasOwn: false, end: "exits" }),
  exits({ droppers: 2, hasOwn: true, end: "exits" }),
  exits({ droppers: 2, hasOwn: false, end: "exits", isEach: true }),
  exits({ droppers: 1, hasOwn: true, end: "exits, slot used again" }),
  exits({ droppers: 2, hasOwn: false, end: "exits, slot used again" }),
  exits({ droppers: 1, hasOwn: true, end: "killed" }),
  exits({ droppers: 2, hasOwn: false, end: "killed" }),
  exits({ droppers: 2, hasOwn: false, end: "killed", isEach: true, bound: 2 }),
];

/** Models over night. */
export const nightly: readonly Model[] = [
  exits({
    droppers: 2,
    hasOwn: false,
    end: "exits, slot used again",
    isEach: true,
  }),
  exits({ droppers: 2, hasOwn: false, end: "killed", isEach: true }),
  exits({ droppers: 3, hasOwn: true, end: "exits", isEach: true }),
];
