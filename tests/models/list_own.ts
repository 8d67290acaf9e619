/**
 * A list that its owner reads without the lock and without atomic accesses, and
 * that another worker is the first one to share: what the owner gets is alive.
 *
 * Worker 0 owns the list [x] and the item. It reads, looks at what it got, and
 * drops it; then it merges what is in its queue. Worker 1 takes x out and drops
 * it. At the end x must have died once.
 *
 * @module
 */

import type * as RefcountModule from "../../src/objects/refcount/mod.ts";
import type * as SharingModule from "../../src/objects/sharing/mod.ts";
import * as Layout from "../../src/layout/memory_map.ts";
import * as ListObject from "../../src/layout/list_object.ts";
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

const REFCOUNT = "src/objects/refcount/mod.ts";
const SHARING = "src/objects/sharing/mod.ts";
/** Slot of the owner. */
const OWNER = PageMap.FIRST_SLOT;
/** Head of its queue. Word index. */
const QUEUE = Layout.THREADS + OWNER * ThreadState.SIZEOF +
  ThreadState.X_TO_MERGE;
/** What x has behind its header, and what it has when it is dead. */
const ALIVE = 7;
const DEAD = 8;

/** Where things are. Word indices. */
interface Place {
  item: number;
  list: number;
  array: number;
  mutex: number;
  /** How often x has died, for each worker. */
  deaths: number;
  entries: number;
}

function counts(lib: Library): typeof RefcountModule {
  return lib.module(REFCOUNT);
}

function sharing(lib: Library): typeof SharingModule {
  return lib.module(SHARING);
}

function die(world: World, place: Place, worker: number): void {
  const at = place.deaths + worker;
  world.write(at, world.read(at) + 1);
  world.write(place.item + PyObject.SIZEOF, DEAD);
}

/** A worker drops a reference to x. */
function drop(
  lib: Library,
  world: World,
  place: Place,
  m: Context["m"],
  worker: number,
): void {
  const { Biased, Brc } = counts(lib);
  const op = place.item * 4;
  let result = Biased.decref(m, op);
  if (result === Biased.TO_QUEUE) {
    const entry = (place.entries + worker * 16) * 4;
    result = Brc.hand(m, op, entry) === Brc.DIED ? Biased.DEAD : Biased.ALIVE;
  }
  if (result === Biased.DEAD) die(world, place, worker);
}

/** The owner gets x if it can. */
function reading(world: World, place: Place): Step<Context> {
  return step<Context>("get", (lib, { m }) => {
    const tid = PyObject.tidOf(m.owner);
    const got = sharing(lib).ListItems.tryOwn(m, place.list, 0, tid);
    if (got === 0) return;
    const value = world.read(got / 4 + PyObject.SIZEOF);
    if (value !== ALIVE) throw new Error(`Got an object of ${value}`);
    drop(lib, world, place, m, 0);
  });
}

/** The owner merges what others have put into its queue. */
function merging(world: World, place: Place): Step<Context> {
  return step<Context>("merge", (lib, { m }) => {
    const { Biased, Brc } = counts(lib);
    const entry = Brc.take(m, OWNER);
    if (entry === 0) return;
    const op = Brc.objectOf(m, entry);
    if (Biased.merge(m, op) === Biased.DEAD) die(world, place, 0);
  }, { when: () => world.i32[QUEUE] !== 0, optional: true });
}

/** Another one takes x out and drops it. */
function taking(world: World, place: Place): Step<Context> {
  return step<Context>("attach, remove, drop", (lib, { m }) => {
    const { CriticalSection, ThreadStates } = threads(lib);
    const { ListItems } = sharing(lib);
    ThreadStates.attach(m);
    CriticalSection.begin(m, place.mutex);
    ListItems.share(m, place.list);
    ListItems.remove(m, place.list, 0);
    CriticalSection.end(m);
    drop(lib, world, place, m, 1);
    ThreadStates.detach(m);
  });
}

/** The list [x], not shared yet. */
function setUp(world: World, place: Place): void {
  const { i32 } = world;
  place.item = scratch(world, 0);
  place.list = scratch(world, 1);
  place.array = scratch(world, 2);
  place.mutex = scratch(world, 3);
  place.deaths = scratch(world, 4);
  place.entries = scratch(world, 5);
  i32[place.item + PyObject.SIZEOF] = ALIVE;
  i32[place.array] = 1;
  i32[place.array + 1] = place.item * 4;
  i32[place.list + ListObject.OB_SIZE] = 1;
  i32[place.list + ListObject.OB_ITEM] = place.array * 4;
}

/**
 * An owner that reads so often, and another one that takes the item out; the
 * item is the owner's, or the other one's.
 */
export function owns(rounds: number, isForeign = false): Model {
  const place: Place = {
    item: 0,
    list: 0,
    array: 0,
    mutex: 0,
    deaths: 0,
    entries: 0,
  };
  return model<Context>({
    hasSections: true,
    name: `list, its owner reads ${rounds} times, another one shares it` +
      (isForeign ? ", whose item it is" : ""),
    doors: [...DOORS, REFCOUNT, SHARING],
    constants: NO_RESCUE,
    nameOf,
    setup(lib, world) {
      const contexts = workers(lib, world, 2);
      setUp(world, place);
      const { m } = contexts[isForeign ? 1 : 0];
      counts(lib).Biased.init(m, place.item * 4);
      return contexts;
    },
    script(worker, world) {
      if (worker === 1) return [taking(world, place)];
      const reads = Array.from({ length: rounds }, () => reading(world, place));
      return [...reads, merging(world, place)];
    },
    racy: (at) =>
      at === place.item + PyObject.OB_TID ||
      at === place.item + PyObject.OB_REF_LOCAL,
    final(world) {
      const times = world.i32[place.deaths] + world.i32[place.deaths + 1];
      return times === 1 ? "" : `x died ${times} times`;
    },
  });
}

/** Models before a push. */
export const models: readonly Model[] = [owns(1), owns(2), owns(1, true)];
