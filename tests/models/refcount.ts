/**
 * Biased reference counts: an object dies when its last reference goes, once,
 * and nobody counts on it afterwards.
 *
 * Worker 0 owns the object and has given each other worker one of its
 * references. All take more, drop what they have, and the owner merges what
 * others have put into its queue.
 *
 * @module
 */

import type * as ObjectsModule from "../../src/objects/refcount/mod.ts";
import * as PyObject from "../../src/layout/object_free_threaded.ts";
import * as ThreadState from "../../src/layout/thread_state.ts";
import * as Layout from "../../src/layout/memory_map.ts";
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
  workers,
} from "./support.ts";

const DOOR = "src/objects/refcount/mod.ts";
/** Slot of worker 0. */
const OWNER_SLOT = 2;
/** Head of its queue. Word index. */
const QUEUE = Layout.THREADS + OWNER_SLOT * ThreadState.SIZEOF +
  ThreadState.X_TO_MERGE;

/** `src/objects` under the checker. */
function objects(lib: Library): typeof ObjectsModule {
  return lib.module(DOOR);
}

/** What a model is like. */
export interface Shape {
  /** Workers, the owner included. Count. */
  readonly count: number;
  /** References that each takes beside the one it has. Count. */
  readonly extra: number;
  /** Whether the owner has a reference of its own. */
  readonly hasOwn: boolean;
  /** Whether the others have taken theirs themselves. */
  readonly isShared?: boolean;
  /** Most preemptions. */
  readonly bound?: number;
}

/** Where things are in the scratch area. Word indices. */
interface Place {
  object: number;
  /** One word for each worker: how often the object has died there. */
  deaths: number;
  /** The first queue entry of each worker; `STRIDE` words each. */
  entries: number;
}

/** Words of an entry. */
const STRIDE = 16;

/** A step that drops a reference. */
function drop(
  world: World,
  place: Place,
  worker: number,
  entry: number,
): Step<Context> {
  return step<Context>("decref", (lib, context) => {
    const { Biased, Brc } = objects(lib);
    const op = place.object * 4;
    const result = Biased.decref(context.m, op);
    if (result === Biased.DEAD) world.write(place.deaths + worker, 1);
    if (result !== Biased.TO_QUEUE) return;
    const at = (place.entries + entry * STRIDE) * 4;
    const handed = Brc.hand(context.m, op, at);
    if (handed === Brc.DIED) world.write(place.deaths + worker, 1);
  });
}

/** A step that takes a reference. */
function take(place: Place): Step<Context> {
  return step<Context>("incref", (lib, { m }) => {
    objects(lib).Biased.incref(m, place.object * 4);
  });
}

/** A step of the owner: merges what is in its queue. */
function mergeStep(world: World, place: Place): Step<Context> {
  return step<Context>("merge", (lib, { m }) => {
    const { Biased, Brc } = objects(lib);
    const entry = Brc.take(m, OWNER_SLOT);
    if (entry === 0) return;
    const op = Brc.objectOf(m, entry);
    const result = Biased.merge(m, op);
    if (result === Biased.DEAD) world.write(place.deaths, 1);
  }, { when: () => world.i32[QUEUE] !== 0, optional: true });
}

/** What a worker does. */
function part(
  shape: Shape,
  place: Place,
  worker: number,
  world: World,
): Step<Context>[] {
  const { extra, hasOwn } = shape;
  const drops = extra + (worker > 0 || hasOwn ? 1 : 0);
  const steps: Step<Context>[] = [];
  for (let k = 0; k < extra; k++) steps.push(take(place));
  for (let k = 0; k < drops; k++) {
    steps.push(drop(world, place, worker, worker * (extra + 1) + k));
  }
  // An object is in a queue at most once before it is merged.
  return worker === 0 ? [...steps, mergeStep(world, place)] : steps;
}

/** How often the object has died. Count. */
function deathsOf(world: World, place: Place): number {
  let deaths = 0;
  for (let worker = 0; worker < world.workers; worker++) {
    deaths += world.i32[place.deaths + worker];
  }
  return deaths;
}

/** All take and drop references of one object. */
export function references(shape: Shape): Model {
  const { count, extra, hasOwn, isShared = false, bound } = shape;
  const place: Place = { object: 0, deaths: 0, entries: 0 };
  let here: World | undefined;
  return model<Context>({
    name: `biased counts, ${count} workers, ${extra} more each, owner ` +
      `${hasOwn ? "with" : "without"} one of its own` +
      (isShared ? ", others with theirs" : "") +
      (bound === undefined ? "" : `, bound ${bound}`),
    doors: [...DOORS, DOOR],
    constants: SPIN_ONCE,
    ...(bound === undefined ? {} : { bound }),
    nameOf,
    setup(lib, world) {
      here = world;
      const contexts = workers(lib, world, count);
      place.object = scratch(world, 0);
      place.deaths = scratch(world, 1);
      place.entries = scratch(world, 2);
      const { Biased } = objects(lib);
      const op = place.object * 4;
      Biased.init(contexts[0].m, op);
      for (let k = hasOwn ? 1 : 2; k < count; k++) {
        Biased.incref(contexts[isShared ? k : 0].m, op);
      }
      return contexts;
    },
    script: (worker, world) => part(shape, place, worker, world),
    guarded: (at) => at >= place.object && at < place.object + PyObject.SIZEOF,
    guard: () =>
      here !== undefined && deathsOf(here, place) > 0
        ? "the object is dead"
        : "",
    racy: (at) =>
      at === place.object + PyObject.OB_TID ||
      at === place.object + PyObject.OB_REF_LOCAL,
    final(world) {
      const deaths = deathsOf(world, place);
      return deaths === 1 ? "" : `the object died ${deaths} times`;
    },
  });
}

/** Models before a push. */
export const models: readonly Model[] = [
  references({ count: 2, extra: 1, hasOwn: true }),
  references({ count: 2, extra: 2, hasOwn: false }),
  references({ count: 3, extra: 1, hasOwn: true }),
  references({ count: 3, extra: 1, hasOwn: false }),
  references({ count: 2, extra: 1, hasOwn: true, isShared: true }),
  references({ count: 3, extra: 0, hasOwn: true, isShared: true }),
  references({ count: 3, extra: 1, hasOwn: true, isShared: true }),
];
