/**
 * Items that are moved within a list, read without the lock meanwhile, and
 * mended after a death: no item has fewer references than there are slots that
 * name it, and none is read when it is dead.
 *
 * The list is [x, y, x'] of worker 0, which puts z in front, takes the first
 * item out, or turns the order round, and may die. Readers get items. When
 * worker 0 is dead, the last worker mends the list, takes all items out, and
 * drops them. Of the dead one's work two objects may be lost at most: the one
 * that it had in hand, and one that was on the move.
 *
 * @module
 */

import type * as RecoveryModule from "../../src/recovery/mod.ts";
import type * as RefcountModule from "../../src/objects/refcount/mod.ts";
import type * as SharingModule from "../../src/objects/sharing/mod.ts";
import * as ListObject from "../../src/layout/list_object.ts";
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
  scratch,
  SPIN_ONCE,
  sync,
  threads,
  workers,
} from "./support.ts";

const REFCOUNT = "src/objects/refcount/mod.ts";
const SHARING = "src/objects/sharing/mod.ts";
const RECOVERY = "src/recovery/mod.ts";
const CELL = "tests/checker/fixtures/cell.ts";
/** Objects: three of the list, and one that is put in. Count. */
const OBJECTS = 4;
/** The one that is put in. */
const NEW = 3;
/** What an object has behind its header, and what it has when it is dead. */
const ALIVE = 7;
const DEAD = 8;

/** What worker 0 does. */
export type Move = "insert" | "remove" | "reverse";

/** Where things are. Word indices. */
class Place {
  readonly objects: number[] = [];
  list = 0;
  mutex = 0;
  array = 0;
  /** For each worker and object: how often it died there. */
  deaths = 0;
  /** Entries of queues, one for each worker and object. */
  entries = 0;

  set(world: World): void {
    this.list = scratch(world, 0);
    this.mutex = scratch(world, 1);
    this.array = scratch(world, 2);
    this.deaths = scratch(world, 3);
    for (let k = 0; k < OBJECTS; k++) this.objects[k] = scratch(world, 5 + k);
    this.entries = scratch(world, 5 + OBJECTS);
  }

  /** Which object has a word in its header, or -1. */
  objectAt(at: number): number {
    return this.objects.findIndex((op) =>
      at >= op && at < op + PyObject.SIZEOF
    );
  }

  /** How often an object has died. Count. */
  deathsOf(world: World, k: number): number {
    let count = 0;
    for (let worker = 0; worker < world.workers; worker++) {
      count += world.i32[this.deaths + worker * OBJECTS + k];
    }
    return count;
  }
}

function counts(lib: Library): typeof RefcountModule {
  return lib.module(REFCOUNT);
}

function sharing(lib: Library): typeof SharingModule {
  return lib.module(SHARING);
}

/** A worker drops a reference; who is dead is written to. */
function drop(
  lib: Library,
  world: World,
  place: Place,
  m: Context["m"],
  worker: number,
  op: number,
): void {
  const { Biased, Brc } = counts(lib);
  const k = place.objects.indexOf(op / 4);
  let result = Biased.decref(m, op);
  if (result === Biased.TO_QUEUE) {
    const entry = (place.entries + (worker * OBJECTS + k) * 16) * 4;
    result = Brc.hand(m, op, entry) === Brc.DIED ? Biased.DEAD : Biased.ALIVE;
  }
  if (result !== Biased.DEAD) return;
  const at = place.deaths + worker * OBJECTS + k;
  world.write(at, world.read(at) + 1);
  world.write(op / 4 + PyObject.SIZEOF, DEAD);
}

/** Worker 0 moves items in a section. */
function moving(world: World, place: Place, move: Move): Step<Context> {
  return step<Context>(move, (lib, { m }) => {
    const { CriticalSection } = threads(lib);
    const { ListItems } = sharing(lib);
    CriticalSection.begin(m, place.mutex);
    let op = 0;
    if (move === "insert") {
      ListItems.insert(m, place.list, 0, place.objects[NEW] * 4);
    } else if (move === "remove") op = ListItems.remove(m, place.list, 0);
    else ListItems.reverse(m, place.list);
    CriticalSection.end(m);
    if (op !== 0) drop(lib, world, place, m, 0, op);
  });
}

function attaching(): Step<Context> {
  return step<Context>("attach", (lib, { m }) => {
    threads(lib).ThreadStates.attach(m);
  });
}

function detaching(): Step<Context> {
  return step<Context>("detach", (lib, { m }) => {
    threads(lib).ThreadStates.detach(m);
  });
}

/** Looks at what worker 0 writes, so that it matters when that is. */
function looking(place: Place): Step<Context> {
  return step<Context>("look", (lib, { m }) => {
    sync(lib).Mutex.isLocked(m, place.mutex);
    sharing(lib).ListItems.tryGet(m, place.list, OBJECTS, false);
    for (let k = 1; k <= OBJECTS; k++) {
      lib.module(CELL).load(m.i32, place.array + k);
    }
    lib.module(CELL).load(m.i32, place.list + ListObject.OB_SIZE);
  });
}

/** A reader gets an item and looks at it. */
function reading(
  world: World,
  place: Place,
  worker: number,
  index: number,
): Step<Context> {
  return step<Context>(`attach, get ${index}`, (lib, { m }) => {
    const { ThreadStates } = threads(lib);
    ThreadStates.attach(m);
    const got = sharing(lib).ListItems.tryGet(m, place.list, index, false);
    if (got > 0) {
      const value = world.read(got / 4 + PyObject.SIZEOF);
      if (value !== ALIVE) throw new Error(`Got an object of ${value}`);
    }
    if (got !== 0) drop(lib, world, place, m, worker, Math.abs(got));
    ThreadStates.detach(m);
  });
}

/** Mends what worker 0 has left, takes all items out, and drops them. */
function heir(world: World, place: Place, worker: number): Step<Context> {
  return step<Context>("bury 0, mend, clear", (lib, { m }) => {
    const { Recovery, Estate } = lib.module(RECOVERY) as typeof RecoveryModule;
    const { CriticalSection, ThreadStates } = threads(lib);
    const { ListItems } = sharing(lib);
    const slot = PageMap.FIRST_SLOT;
    const thread = Layout.THREADS + slot * ThreadState.SIZEOF;
    const incarnation = m.i32[thread + ThreadState.INCARNATION];
    Recovery.condemn(m, (incarnation << PageMap.INCARNATION_SHIFT) | slot);
    Estate.leave(m, slot);
    ThreadStates.attach(m);
    for (let left = 1; left > 0;) {
      CriticalSection.begin(m, place.mutex);
      if (ListItems.isTorn(m, place.list)) ListItems.mend(m, place.list);
      left = world.read(place.list + ListObject.OB_SIZE);
      const op = left > 0 ? ListItems.remove(m, place.list, left - 1) : 0;
      CriticalSection.end(m);
      if (op !== 0) drop(lib, world, place, m, worker, op);
    }
    ThreadStates.detach(m);
  }, { when: (it) => it.isDead(0), optional: true });
}

/** The list [x, y, x'], shared, of worker 0, with room for one more. */
function setUp(
  lib: Library,
  world: World,
  place: Place,
  m: Context["m"],
): void {
  const { i32 } = world;
  const { Biased } = counts(lib);
  place.set(world);
  for (let k = 0; k < OBJECTS; k++) {
    Biased.init(m, place.objects[k] * 4);
    Biased.setMaybeWeakref(m, place.objects[k] * 4);
    i32[place.objects[k] + PyObject.SIZEOF] = ALIVE;
  }
  i32[place.array] = OBJECTS;
  for (let k = 0; k < NEW; k++) i32[place.array + 1 + k] = place.objects[k] * 4;
  i32[place.list + ListObject.OB_SIZE] = NEW;
  i32[place.list + ListObject.OB_ITEM] = place.array * 4 | ListObject.SHARED;
}

/** What is wrong at the end, or "". */
function fault(world: World, place: Place, move: Move, heir: number): string {
  let lost = 0;
  for (let k = 0; k < OBJECTS; k++) {
    const times = place.deathsOf(world, k);
    if (times > 1) return `object ${k} died ${times} times`;
    if (times === 0) lost++;
  }
  if (world.isDead(0)) {
    // z is still in the hands of a model that does not put it in.
    const most = move === "insert" ? 2 : 3;
    return world.isDone(heir) && lost > most ? `${lost} objects are lost` : "";
  }
  const wanted = move === "remove" ? OBJECTS - 1 : OBJECTS;
  return lost === wanted ? "" : `${OBJECTS - lost} objects have died`;
}

/** Readers against one that moves items, and perhaps dies. */
export function moves(
  readers: number,
  move: Move,
  more: { bound?: number; kills?: number } = {},
): Model {
  const { bound, kills = 0 } = more;
  const place = new Place();
  const last = readers + 1;
  let here: World | undefined;
  return model<Context>({
    name: `list, ${readers} readers, ${move}` +
      (kills > 0 ? ", killed, mended" : "") +
      (bound === undefined ? "" : `, bound ${bound}`),
    doors: [...DOORS, REFCOUNT, SHARING, RECOVERY, CELL],
    constants: {
      ...SPIN_ONCE,
      "src/sync/mutex.ts": { SPINS: 0, PAUSES_PER_SPIN: 0, LOOK_MS: Infinity },
      "src/threads/sections.ts": { LOOK_MS: Infinity },
    },
    hasSections: true,
    ...(bound === undefined ? {} : { bound }),
    kills,
    killable: (worker) => worker === 0,
    nameOf,
    setup(lib, world) {
      here = world;
      const contexts = workers(lib, world, last + (kills > 0 ? 1 : 0));
      setUp(lib, world, place, contexts[0].m);
      return contexts;
    },
    script(worker, world) {
      if (worker === 0) {
        return [attaching(), moving(world, place, move), detaching()];
      }
      return worker === last
        ? [looking(place), heir(world, place, worker)]
        : [reading(world, place, worker, worker - 1)];
    },
    guarded: (at) => place.objectAt(at) >= 0,
    // Readers may look at what is dead; who drops an item may not.
    guard(at, worker) {
      const k = place.objectAt(at);
      const isDead = here !== undefined && place.deathsOf(here, k) > 0;
      return isDead && worker === last ? `object ${k} is dead` : "";
    },
    racy: (at) =>
      place.objects.some((op) =>
        at === op + PyObject.OB_TID || at === op + PyObject.OB_REF_LOCAL
      ),
    final: (world) => fault(world, place, move, last),
  });
}

/** Models before a push. */
export const models: readonly Model[] = [
  moves(1, "insert"),
  moves(1, "remove"),
  moves(1, "reverse"),
  moves(2, "remove"),
  moves(0, "insert", { kills: 1 }),
  moves(0, "remove", { kills: 1 }),
  moves(0, "reverse", { kills: 1 }),
  moves(1, "insert", { kills: 1 }),
  moves(1, "remove", { kills: 1 }),
  moves(1, "reverse", { kills: 1 }),
];
