/**
 * Lists that are read without a lock: a reader gets an item that was in the
 * list, alive, or nothing; never memory that has another use by then.
 *
 * A worker that owns an item grows the array of a list, takes the item out and
 * drops it. An object that dies is made another one at the same address at
 * once, which the pages of OBJ allow; the old array is overwritten when its goal
 * is reached. Readers look at what they got by plain reads: one of a dead
 * object would be a race, or see what the other object has.
 *
 * @module
 */

import type * as RefcountModule from "../../src/objects/refcount/mod.ts";
import type * as SharingModule from "../../src/objects/sharing/mod.ts";
import * as ListObject from "../../src/layout/list_object.ts";
import * as PyObject from "../../src/layout/object_free_threaded.ts";
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

const REFCOUNT = "src/objects/refcount/mod.ts";
const SHARING = "src/objects/sharing/mod.ts";
/** What an item has behind its header, and what another object has there. */
const ITEM = 7;
const OTHER = 8;
/** Each block that is put off has a sequence of its own. */
const CONSTANTS = {
  ...SPIN_ONCE,
  "src/objects/sharing/delayed.ts": { DEFERRED_LIMIT: 0 },
};

function counts(lib: Library): typeof RefcountModule {
  return lib.module(REFCOUNT);
}

function sharing(lib: Library): typeof SharingModule {
  return lib.module(SHARING);
}

/** Where things are. Word indices. */
interface Place {
  /** Fields of the list. */
  list: number;
  item: number;
  before: number;
  after: number;
  chunk: number;
}

/** Makes an item, or another object at its place, that others may try to get. */
function make(
  lib: Library,
  world: World,
  m: Context["m"],
  at: number,
  value: number,
): void {
  const { Biased } = counts(lib);
  Biased.init(m, at * 4);
  Biased.setMaybeWeakref(m, at * 4);
  world.write(at + PyObject.SIZEOF, value);
}

/** Drops a reference; what dies becomes another object. */
function drop(
  lib: Library,
  world: World,
  m: Context["m"],
  op: number,
): void {
  const { Biased } = counts(lib);
  if (Biased.decref(m, op) === Biased.DEAD) {
    make(lib, world, m, op / 4, OTHER);
  }
}

/** Attached, a reader looks at an item of the list. */
function reading(world: World, place: Place, rounds: number): Step<Context> {
  return step<Context>("attach, get, detach", (lib, { m }) => {
    const { SafePoint, ThreadStates } = threads(lib);
    ThreadStates.attach(m);
    for (let k = 0; k < rounds; k++) {
      const got = sharing(lib).ListItems.tryGet(m, place.list, 0, false);
      if (got > 0) {
        const value = world.read(got / 4 + PyObject.SIZEOF);
        if (value !== ITEM) throw new Error(`Got an object of ${value}`);
      }
      if (got !== 0) drop(lib, world, m, Math.abs(got));
      SafePoint.safePoint(m);
    }
    ThreadStates.detach(m);
  });
}

/** Another array; the old one is put off. */
function growing(world: World, place: Place): Step<Context> {
  return step<Context>("grow", (lib, { m }) => {
    const { Delayed, ListItems } = sharing(lib);
    world.write(place.after, 2);
    world.write(place.after + 2, 0);
    ListItems.replace(m, place.list, place.after * 4, 1);
    Delayed.put(m, place.before * 4, 16);
  });
}

/** The item goes. */
function popping(world: World, place: Place): Step<Context> {
  return step<Context>("pop", (lib, { m }) => {
    drop(lib, world, m, sharing(lib).ListItems.remove(m, place.list, 0));
  });
}

/** What was put off is used again, if it may be. */
function processing(world: World, place: Place): Step<Context> {
  return step<Context>("process", (lib, { m }) => {
    if (sharing(lib).Delayed.take(m, place.chunk) === 0) return;
    for (let k = 0; k < 3; k++) world.write(place.before + k, OTHER);
  });
}

function attaching(): Step<Context> {
  return step<Context>("attach", (lib, { m }) => {
    threads(lib).ThreadStates.attach(m);
  });
}

function passing(): Step<Context> {
  return step<Context>("safe point", (lib, { m }) => {
    threads(lib).SafePoint.safePoint(m);
  });
}

/** The list [item], shared, in an array of one slot; the writer's chunk. */
function setUp(
  lib: Library,
  world: World,
  place: Place,
  m: Context["m"],
): void {
  const { i32 } = world;
  place.list = scratch(world, 0);
  place.item = scratch(world, 1);
  place.before = scratch(world, 2);
  place.after = scratch(world, 3);
  place.chunk = scratch(world, 4);
  make(lib, world, m, place.item, ITEM);
  sharing(lib).Delayed.add(m, place.chunk * 4);
  i32[place.before] = 1;
  i32[place.before + 1] = place.item * 4;
  i32[place.list + ListObject.OB_SIZE] = 1;
  i32[place.list + ListObject.OB_ITEM] = place.before * 4 | ListObject.SHARED;
}

/** What the writer does, in order. */
type Part = "grow" | "pop" | "process";

/** Readers against a writer. */
export function reads(
  readers: number,
  rounds: number,
  parts: readonly Part[],
  more: { bound?: number; kills?: number } = {},
): Model {
  const { bound, kills = 0 } = more;
  const place: Place = { list: 0, item: 0, before: 0, after: 0, chunk: 0 };
  return model<Context>({
    name: `list, ${readers} readers x ${rounds}, ${parts.join(", ")}` +
      (kills > 0 ? ", 1 killed" : "") +
      (bound === undefined ? "" : `, bound ${bound}`),
    doors: [...DOORS, REFCOUNT, SHARING],
    constants: CONSTANTS,
    ...(bound === undefined ? {} : { bound }),
    kills,
    nameOf,
    setup(lib, world) {
      const contexts = workers(lib, world, readers + 1);
      setUp(lib, world, place, contexts[0].m);
      return contexts;
    },
    script(worker, world) {
      if (worker > 0) return [reading(world, place, rounds)];
      const steps = {
        grow: growing(world, place),
        pop: popping(world, place),
        process: processing(world, place),
      };
      return [attaching(), ...parts.map((part) => steps[part]), passing()];
    },
    racy: (at) =>
      at === place.item + PyObject.OB_TID ||
      at === place.item + PyObject.OB_REF_LOCAL,
  });
}

/** Models before a push. */
export const models: readonly Model[] = [
  reads(1, 2, ["pop"]),
  reads(1, 2, ["grow", "pop"]),
  reads(1, 2, ["grow", "process", "pop"]),
  reads(2, 1, ["grow", "pop", "process"]),
  reads(2, 1, ["grow", "pop", "process"], { kills: 1, bound: 2 }),
];

/** Models over night. */
export const nightly: readonly Model[] = [
  reads(2, 2, ["grow", "pop", "process"]),
];
