/**
 * Weak references: who gets an object through one while it dies, while the weak
 * reference dies, while another is made.
 *
 * Worker 0 owns an object and a weak reference to it, with a callback. What dies
 * becomes another object at the same address at once, which the pages of OBJ
 * allow; a weak reference that dies is overwritten. Whoever got the object looks
 * at it: the other one has another number there. A worker that dies leaves a
 * locked stripe, and perhaps a list that is half changed: the next one mends it.
 *
 * @module
 */

import * as Header from "../../src/layout/header.ts";
import * as PageMap from "../../src/layout/page_map.ts";
import * as PyObject from "../../src/layout/object_free_threaded.ts";
import * as TypeObject from "../../src/layout/type_object.ts";
import * as WeakrefCall from "../../src/layout/weakref_call.ts";
import * as WeakrefObject from "../../src/layout/weakref_object.ts";
import * as WeakrefState from "../../src/layout/weakref_state.ts";
import type * as RecoveryModule from "../../src/recovery/mod.ts";
import type * as RefcountModule from "../../src/objects/refcount/mod.ts";
import type * as SharingModule from "../../src/objects/sharing/mod.ts";
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
  sync,
  threads,
  workers,
} from "./support.ts";

const REFCOUNT = "src/objects/refcount/mod.ts";
const SHARING = "src/objects/sharing/mod.ts";
const RECOVERY = "src/recovery/mod.ts";
const { SIZEOF } = PyObject;
/** What the object has behind its header, and what another one has there. */
const OBJECT = 7;
const OTHER = 8;
/** Where the object has the head of its list. Words. */
const HEAD = SIZEOF + 1;
/** Weak references, and their callbacks. Count. */
const REFS = 3;
/** Sleeps that only look whether an owner is gone have no end. */
const CONSTANTS = {
  ...NO_RESCUE,
  "src/threads/sections.ts": { LOOK_MS: Infinity },
  "src/layout/parking_bucket.ts": { NUM_BUCKETS: 1 },
};

/** What workers do, in order. */
export type Part =
  | "drop" // the caller's reference to the object
  | "get" // the object through the first weak reference
  | "drop first" // the caller's reference to the first weak reference
  | "drop second"
  | "make" // another weak reference, with a callback
  | "reuse"; // the one without a callback

/** Parts that need a reference to the object, to the first and the second. */
const NEEDS: Record<Part, number> = {
  "drop": 1,
  "get": 2,
  "drop first": 2,
  "drop second": 4,
  "make": 1,
  "reuse": 1,
};

/** A model at work: word indices. */
class Place {
  object = 0;
  type = 0;
  state = 0;
  /** Weak references: with a callback, without, and the one that is made. */
  refs: number[] = [];
  calls: number[] = [];
  /** What happened: words of each worker. */
  called = 0;
  made = 0;

  place(world: World): void {
    this.object = scratch(world, 0);
    this.type = scratch(world, 1);
    this.refs = [2, 3, 4].map((n) => scratch(world, n));
    this.calls = [5, 6, 7].map((n) => scratch(world, n));
    this.called = scratch(world, 8);
    this.made = scratch(world, 9);
    this.state = scratch(world, 16);
  }

  /** Callbacks that were called of a weak reference. Count. */
  callsOf(world: World, k: number): number {
    let count = 0;
    for (let worker = 0; worker < 4; worker++) {
      count += world.i32[this.called + worker * REFS + k];
    }
    return count;
  }
}

/** One worker in a step. */
class Actor {
  readonly place: Place;
  readonly world: World;
  readonly m: Context["m"];
  readonly worker: number;
  readonly biased: typeof RefcountModule.Biased;
  readonly links: typeof SharingModule.WeakrefLinks;

  constructor(
    place: Place,
    world: World,
    lib: Library,
    m: Context["m"],
    worker: number,
  ) {
    this.place = place;
    this.world = world;
    this.m = m;
    this.worker = worker;
    this.biased = (lib.module(REFCOUNT) as typeof RefcountModule).Biased;
    this.links = (lib.module(SHARING) as typeof SharingModule).WeakrefLinks;
  }

  /** True if that was the last reference. */
  decref(at: number): boolean {
    const result = this.biased.decref(this.m, at * 4);
    if (result === this.biased.TO_QUEUE) throw new Error("nobody should queue");
    return result === this.biased.DEAD;
  }

  /** The object dies, and another one is made there. */
  dropObject(): void {
    const { place, world, m, links } = this;
    if (!this.decref(place.object)) return;
    const calls: number[] = [];
    links.clear(m, place.state, place.object * 4, calls);
    this.biased.init(m, place.object * 4);
    this.biased.setMaybeWeakref(m, place.object * 4);
    world.write(place.object + SIZEOF, OTHER);
    world.write(place.object + HEAD, 0);
    for (const call of calls) this.called(place.calls.indexOf(call));
  }

  /** A callback is called: the record's reference goes. */
  called(k: number): void {
    const { place, world } = this;
    const at = place.called + this.worker * REFS + k;
    world.write(at, world.read(at) + 1);
    const ref = world.read(place.calls[k] + WeakrefCall.WEAKREF) / 4;
    if (ref !== place.refs[k]) throw new Error("another weak reference");
    this.dropRef(k);
  }

  /** A weak reference dies, and its memory is used again. */
  dropRef(k: number): void {
    const { place, world, m, links } = this;
    const ref = place.refs[k];
    if (!this.decref(ref)) return;
    links.retire(m, place.state, ref * 4);
    for (let at = 0; at < WeakrefObject.SIZEOF; at++) {
      world.write(ref + SIZEOF + at, OTHER);
    }
  }

  /** Gets the object and looks at it. */
  get(): void {
    const { place, world, m, links } = this;
    const op = links.tryGet(m, place.refs[0] + SIZEOF);
    if (op === 0) return;
    if (op !== place.object * 4 && op !== -place.object * 4) {
      throw new Error("got what never was an object");
    }
    if (op < 0) {
      if (this.decref(place.object)) throw new Error("the other one died");
      return;
    }
    if (world.read(place.object + SIZEOF) !== OBJECT) {
      throw new Error("got another object");
    }
    this.dropObject();
  }

  /** Makes the third weak reference. */
  make(): void {
    const { place, world, m, links, biased } = this;
    const op = place.object * 4;
    const ref = place.refs[2] * 4;
    biased.init(m, ref);
    world.write(place.refs[2] + SIZEOF + WeakrefObject.CALL, place.calls[2]);
    links.prepare(m, op);
    links.prepare(m, ref);
    links.enter(m, place.state, op);
    links.insert(m, place.state, place.object + HEAD, op, ref);
    links.leave(m, place.state, op);
    world.write(place.made, 1);
    this.dropObject();
  }

  /** Takes the second one, if it is not dying. */
  reuse(): void {
    const { place, m, links } = this;
    const op = place.object * 4;
    links.enter(m, place.state, op);
    const ref = links.tryReuse(m, place.object + HEAD);
    links.leave(m, place.state, op);
    if (ref !== 0 && ref !== place.refs[1] * 4) throw new Error("another one");
    if (ref !== 0) this.dropRef(1);
    this.dropObject();
  }

  act(part: Part): void {
    if (part === "drop") this.dropObject();
    else if (part === "get") this.get();
    else if (part === "make") this.make();
    else if (part === "reuse") this.reuse();
    else this.dropRef(part === "drop first" ? 0 : 1);
  }
}

/** References of each worker to what its parts need; worker 0 owns all. */
function setUp(
  place: Place,
  world: World,
  lib: Library,
  contexts: readonly Context[],
  parts: readonly (readonly Part[])[],
): void {
  const { i32 } = world;
  place.place(world);
  const actors = contexts.map(({ m }, k) => new Actor(place, world, lib, m, k));
  const { m, biased, links } = actors[0];
  const at = place.type + SIZEOF + TypeObject.TP_WEAKLISTOFFSET;
  i32[at] = HEAD;
  for (const each of [place.object, ...place.refs.slice(0, 2)]) {
    biased.init(m, each * 4);
    biased.setMaybeWeakref(m, each * 4);
  }
  i32[place.object + PyObject.OB_TYPE] = place.type * 4;
  i32[place.object + SIZEOF] = OBJECT;
  i32[place.refs[0] + SIZEOF + WeakrefObject.CALL] = place.calls[0];
  for (const k of [1, 0]) {
    const op = place.object * 4;
    links.insert(m, place.state, op / 4 + HEAD, op, place.refs[k] * 4);
  }
  [place.object, ...place.refs.slice(0, 2)].forEach((each, k) => {
    const users = parts.map((own) =>
      own.some((part) => (NEEDS[part] & 1 << k) !== 0)
    );
    users.forEach((isUser, worker) => {
      const { m } = contexts[worker];
      if (isUser && worker > 0) biased.incref(m, each * 4);
    });
    // Nobody owns it then.
    if (!users[0] && users.includes(true)) biased.decref(m, each * 4);
  });
}

/** What is wrong with the list of a living object, or nothing. */
function faultOf(world: World, place: Place): string {
  const { i32 } = world;
  const stripe = ((place.object * 4) >>> 4) % WeakrefState.STRIPES;
  if (i32[place.state + WeakrefState.BUSY + stripe] !== 0) return "is torn";
  let before = 0;
  let ref = i32[place.object + HEAD];
  for (let k = 0; ref !== 0; k++) {
    const at = ref / 4 + SIZEOF;
    if (k > REFS) return "has no end";
    if (!place.refs.includes(ref / 4)) return "has what is none";
    if (i32[at + WeakrefObject.PREV] !== before) return "has a wrong link back";
    if (i32[at + WeakrefObject.X_OBJECT] !== place.object * 4) return "is dead";
    before = ref;
    ref = i32[at + WeakrefObject.NEXT];
  }
  return "";
}

/** What a model is like. */
interface Shape {
  /** Of each worker. */
  readonly parts: readonly (readonly Part[])[];
  readonly bound?: number;
  /** Worker 0 may die; the last one does its parts then, and not otherwise. */
  readonly dies?: boolean;
}

/** A step of an attached worker. */
function acting(
  place: Place,
  world: World,
  worker: number,
  part: Part,
): Step<Context> {
  return step<Context>(part, (lib, { m }) => {
    const { ThreadStates } = threads(lib);
    ThreadStates.attach(m);
    new Actor(place, world, lib, m, worker).act(part);
    ThreadStates.detach(m);
  });
}

/** Looks whether the stripe is locked, so that it matters when it is. */
function looking(place: Place): Step<Context> {
  return step<Context>("look", (lib, { m }) => {
    const stripe = ((place.object * 4) >>> 4) % WeakrefState.STRIPES;
    sync(lib).Mutex.isLocked(m, place.state + WeakrefState.LOCKS + stripe);
  });
}

/** What a worker does once worker 0 has died, and is known to be dead. */
function inheriting(
  place: Place,
  world: World,
  worker: number,
  parts: readonly Part[],
): Step<Context> {
  return step<Context>(`condemn; ${parts.join(", ")}`, (lib, { m }) => {
    const { Recovery } = lib.module(RECOVERY) as typeof RecoveryModule;
    Recovery.condemn(m, 1 << PageMap.INCARNATION_SHIFT | PageMap.FIRST_SLOT);
    const { ThreadStates } = threads(lib);
    ThreadStates.attach(m);
    const actor = new Actor(place, world, lib, m, worker);
    for (const part of parts) actor.act(part);
    // Whoever comes next finds the list whole.
    if (world.read(place.object + SIZEOF) === OBJECT) {
      actor.links.enter(m, place.state, place.object * 4);
      actor.links.leave(m, place.state, place.object * 4);
    }
    ThreadStates.detach(m);
  }, { when: () => world.isDead(0), optional: true });
}

/** See the head of this file. */
export function weakrefs({ parts, bound, dies = false }: Shape): Model {
  const place = new Place();
  const last = parts.length - 1;
  return model<Context>({
    name: `weakref: ${parts.map((own) => own.join(", ")).join(" | ")}` +
      (dies ? ", 0 killed" : "") +
      (bound === undefined ? "" : `, bound ${bound}`),
    doors: [...DOORS, REFCOUNT, SHARING, RECOVERY],
    constants: CONSTANTS,
    ...(bound === undefined ? {} : { bound }),
    ...(dies ? { kills: 1, killable: (worker: number) => worker === 0 } : {}),
    nameOf,
    setup(lib, world) {
      const contexts = workers(
        lib,
        world,
        parts.length,
        Header.BUILD_FREE_THREADED,
      );
      setUp(place, world, lib, contexts, parts);
      return contexts;
    },
    script(worker, world) {
      const own = parts[worker];
      return dies && worker === last
        ? [looking(place), inheriting(place, world, worker, own)]
        : own.map((part) => acting(place, world, worker, part));
    },
    racy: (at) =>
      [place.object, ...place.refs].some((from) =>
        at === from + PyObject.OB_TID || at === from + PyObject.OB_REF_LOCAL
      ),
    final: (world) => verdictOf(world, place, parts, dies),
  });
}

/** What is wrong at the end, or nothing. */
function verdictOf(
  world: World,
  place: Place,
  parts: readonly (readonly Part[])[],
  dies: boolean,
): string {
  const isAlive = world.i32[place.object + SIZEOF] === OBJECT;
  const fault = isAlive ? faultOf(world, place) : "";
  // Who died has perhaps the stripe; nobody needed it since.
  if (fault !== "" && !(dies && fault === "is torn")) {
    return `the list ${fault}`;
  }
  const calls = [0, 1, 2].map((k) => place.callsOf(world, k));
  if (calls.some((count) => count > 1) || calls[1] > 0) {
    return `callbacks were called ${calls.join(", ")} times`;
  }
  // Counters are a worker's own: of one that died they may be ahead.
  if (dies) return "";
  if (isAlive && calls.some((count) => count > 0)) return "called too early";
  const all = parts.flat();
  if (isAlive) return "the object is still there";
  const isFirstThere = !all.includes("drop first");
  if (isFirstThere && calls[0] !== 1) return "the callback was not called";
  if (world.i32[place.made] === 1 && calls[2] !== 1) {
    return "the callback of the new one was not called";
  }
  return "";
}

/** Models before a push. */
export const models: readonly Model[] = [
  weakrefs({ parts: [["drop"], ["get"]] }),
  weakrefs({ parts: [["drop"], ["get", "get"]] }),
  weakrefs({ parts: [["drop"], ["get"], ["get"]], bound: 2 }),
  weakrefs({ parts: [["drop first"], ["drop"]] }),
  weakrefs({ parts: [["drop"], ["drop first"]] }),
  weakrefs({ parts: [["drop", "drop first"], ["get", "drop first"]] }),
  weakrefs({ parts: [["drop"], ["drop first"], ["drop second"]], bound: 2 }),
  weakrefs({ parts: [["drop"], ["make"]] }),
  weakrefs({ parts: [["drop second"], ["reuse"], ["drop"]], bound: 2 }),
  weakrefs({ parts: [["drop"], ["make"], ["get"]], bound: 2 }),
  weakrefs({ parts: [["drop"], ["get", "drop first"]], dies: true }),
  weakrefs({ parts: [["drop first"], ["make"]], dies: true }),
  weakrefs({ parts: [["drop second"], ["drop first", "drop"]], dies: true }),
  weakrefs({ parts: [["make"], ["drop second", "drop"]], dies: true }),
  weakrefs({ parts: [["make"], ["drop first"]], dies: true }),
  weakrefs({ parts: [["make"], ["drop first", "drop"]], dies: true }),
];

/** Models over night. */
export const nightly: readonly Model[] = [
  weakrefs({ parts: [["drop"], ["get", "get"], ["get"]], bound: 4 }),
  weakrefs({ parts: [["drop"], ["make"], ["get"]], bound: 4 }),
  weakrefs({
    parts: [["drop"], ["drop first"], ["get"]],
    dies: true,
    bound: 3,
  }),
];
