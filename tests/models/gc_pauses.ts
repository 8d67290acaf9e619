/**
 * The collector of the free-threaded build: two pauses, a finalizer between
 * them, and threads that use and drop objects meanwhile.
 *
 * Two objects refer to each other. Worker 1 owns both and has a reference to the
 * first. It takes one to the second, drops that to the first, and so on, until
 * both are garbage. Worker 0 collects, and may die; then worker 3 recovers it.
 * Worker 2 collects when the others are done. Both objects must have died then, once,
 * and nobody may have touched them afterwards. If worker 0 was killed between
 * the two stores that hold an object or give it up, that one is lost.
 *
 * There may be a weak reference to the first object, through which worker 1 looks
 * at it when it has dropped everything: it gets an object that is whole, and that
 * is not collected while it has it, or none.
 *
 * @module
 */

import * as GcBits from "../../src/layout/gc_bits.ts";
import * as Header from "../../src/layout/header.ts";
import * as Layout from "../../src/layout/memory_map.ts";
import * as PyObject from "../../src/layout/object_free_threaded.ts";
import * as ThreadState from "../../src/layout/thread_state.ts";
import type * as PausesModule from "../../src/gc/pauses/mod.ts";
import type * as CountsModule from "../../src/objects/refcount/mod.ts";
import type * as SharingModule from "../../src/objects/sharing/mod.ts";
import * as TypeObject from "../../src/layout/type_object.ts";
import type { Library } from "../checker/loader.ts";
import {
  type Model,
  model,
  type Step,
  step,
  type World,
} from "../checker/model.ts";
import {
  DOORS,
  type HeapContext,
  heapOf,
  ignored,
  isGone,
  nameOf,
  racy,
  recovery,
} from "./heap.ts";
import { NO_RESCUE, scratch, SPIN_ONCE, threads } from "./support.ts";

const PAUSES = "src/gc/pauses/mod.ts";
const COUNTS = "src/objects/refcount/mod.ts";
const SHARING = "src/objects/sharing/mod.ts";
const { OB_GC_BITS, OB_TID, OB_REF_LOCAL, SIZEOF } = PyObject;
/** Word of an object that refers to the other one, or is 0. */
const NEXT = SIZEOF;
/** Head of its list of weak references. */
const HEAD = SIZEOF + 1;
/** Words of an object. */
const WORDS = SIZEOF + 2;
/** Both objects, as bits. */
const BOTH = 3;

/** Mistakes that the models must find. */
export type Bug =
  | "no pause"
  | "no second look"
  | "held twice"
  | "weak for too long"
  | "bit after drop";

/** What a model is like. */
export interface Shape {
  /** Whether the finalizer of the first object brings it back. */
  readonly resurrects: boolean;
  /** Whether there is a weak reference to the first object. */
  readonly isNamed?: boolean;
  /** Whether worker 0 may die. */
  readonly dies: boolean;
  /** Most preemptions. */
  readonly bound?: number;
  /** What is done wrong. */
  readonly bug?: Bug;
}

/** A model at work: its words, and what its steps need. */
class Scene {
  readonly shape: Shape;
  /** The two objects. Word indices. */
  objects: [number, number] = [0, 0];
  /** Where finalizers leave a reference to the first object, for each worker. */
  slots = 0;
  /** For each worker and object: how often it died there. */
  deaths = 0;
  /** The weak reference, its type's object, and what all share. */
  ref = 0;
  type = 0;
  state = 0;

  constructor(shape: Shape) {
    this.shape = shape;
  }

  place(world: World): void {
    this.objects = [scratch(world, 0), scratch(world, 1)];
    this.slots = scratch(world, 2);
    this.deaths = scratch(world, 3);
    this.ref = scratch(world, 4);
    this.type = scratch(world, 5);
    this.state = scratch(world, 16);
  }

  /** Deaths of an object. Count. */
  deathsOf(world: World, k: number): number {
    let count = 0;
    for (let worker = 0; worker < 3; worker++) {
      count += world.i32[this.deaths + 2 * worker + k];
    }
    return count;
  }

  /** Which object has a word: 0 or 1, or -1. */
  objectAt(at: number): number {
    return this.objects.findIndex((from) => at >= from && at < from + WORDS);
  }
}

/** One worker in a step. */
class Actor {
  readonly scene: Scene;
  readonly world: World;
  readonly m: HeapContext["m"];
  readonly worker: number;
  readonly pauses: typeof PausesModule;
  readonly counts: typeof CountsModule;
  readonly links: typeof SharingModule.WeakrefLinks;
  readonly threads: ReturnType<typeof threads>;

  constructor(
    scene: Scene,
    world: World,
    lib: Library,
    { m }: HeapContext,
    worker: number,
  ) {
    this.scene = scene;
    this.world = world;
    this.m = m;
    this.worker = worker;
    this.pauses = lib.module(PAUSES);
    this.counts = lib.module(COUNTS);
    const sharing: typeof SharingModule = lib.module(SHARING);
    this.links = sharing.WeakrefLinks;
    this.threads = threads(lib);
  }

  op(k: number): number {
    return this.scene.objects[k] * 4;
  }

  /** What an object refers to: 0 or 1, or -1. */
  next(k: number): number {
    return this.world.read(this.scene.objects[k] + NEXT) - 1;
  }

  incref(k: number): void {
    this.counts.Biased.incref(this.m, this.op(k));
  }

  /** Drops a reference; what dies drops what it refers to. */
  decref(k: number): void {
    const { Biased } = this.counts;
    const result = Biased.decref(this.m, this.op(k));
    if (result === Biased.TO_QUEUE) throw new Error("nobody should queue");
    if (result === Biased.DEAD) this.dealloc(k);
  }

  dealloc(k: number): void {
    const { world, scene } = this;
    world.write(scene.objects[k] + OB_GC_BITS, 0);
    if (scene.shape.isNamed && k === 0) {
      this.links.clear(this.m, scene.state, this.op(0), []);
    }
    const next = this.clear(k);
    const at = scene.deaths + 2 * this.worker + k;
    world.write(at, world.read(at) + 1);
    if (next >= 0) this.decref(next);
  }

  /** Has an object refer to nothing. Returns what it did refer to. */
  clear(k: number): number {
    const next = this.next(k);
    this.world.write(this.scene.objects[k] + NEXT, 0);
    return next;
  }

  /** Objects of a set that cannot be reached from outside of it. Bits. */
  unreachable(candidates: number): number {
    const refs = [0, 0];
    // The second one first: the order in which worker 1 changes them.
    for (let k = 1; k >= 0; k--) {
      if ((candidates & 1 << k) === 0) continue;
      refs[k] = this.pauses.Hold.othersOf(this.m, this.op(k));
    }
    const next = [0, 1].map((k) =>
      (candidates & 1 << k) === 0 ? -1 : this.next(k)
    );
    for (const target of next) if (target >= 0) refs[target]--;
    let reachable = 0;
    for (let round = 0; round < 2; round++) {
      for (let k = 0; k < 2; k++) {
        const isRoot = (candidates & 1 << k) !== 0 && refs[k] > 0;
        const from = 1 - k;
        const isNext = (reachable & 1 << from) !== 0 && next[from] === k;
        if (isRoot || isNext) reachable |= 1 << k;
      }
    }
    return candidates & ~reachable;
  }

  /** Objects that the collector looks at. Bits. */
  tracked(): number {
    let found = 0;
    for (let k = 0; k < 2; k++) {
      const at = this.scene.objects[k] + OB_GC_BITS;
      // The walk reads these bits of whatever stands there.
      const bits = this.world.read(at);
      if ((bits & GcBits.TRACKED_MASK) === GcBits.IS_TRACKED) found |= 1 << k;
    }
    return found;
  }

  stop(): void {
    if (this.scene.shape.bug === "no pause") return;
    this.threads.World.stop(this.m, Infinity);
  }

  start(): void {
    if (this.scene.shape.bug === "no pause") return;
    this.threads.World.start(this.m);
  }

  /** The first pause. Returns what is held, and bit 2: the finalizer wants to run. */
  first(): number {
    const { Hold } = this.pauses;
    this.stop();
    const candidates = this.tracked();
    const found = this.unreachable(candidates);
    let result = found;
    for (let k = 0; k < 2; k++) {
      const op = this.op(k);
      if ((found & 1 << k) !== 0) {
        const bits = this.world.read(this.scene.objects[k] + OB_GC_BITS);
        const isWanting = k === 0 && this.scene.shape.resurrects &&
          (bits & GcBits.FINALIZED) === 0;
        if (this.scene.shape.bug === "held twice") Hold.giveUp(this.m, op);
        Hold.hold(this.m, op, isWanting ? GcBits.FINALIZED : 0);
        if (isWanting) result |= 4;
      } else if ((candidates & 1 << k) !== 0 && Hold.isHeld(this.m, op)) {
        Hold.letGo(this.m, op);
      }
    }
    if ((result & 4) === 0) this.endPause(found);
    else this.start();
    return result;
  }

  /** Clears weak references to what is garbage, and ends the last pause. */
  endPause(garbage: number): void {
    const { links, m, scene } = this;
    const isLate = scene.shape.bug === "weak for too long";
    if (isLate) this.start();
    if (scene.shape.isNamed && (garbage & 1) !== 0) {
      const head = scene.objects[0] + HEAD;
      links.enterStopped(m, scene.state, this.op(0));
      const ref = links.firstOf(m, head);
      if (ref !== 0) links.remove(m, scene.state, head, this.op(0), ref);
    }
    if (!isLate) this.start();
  }

  /** Looks at the first object through its weak reference. */
  look(): void {
    const op = this.links.tryGet(this.m, this.scene.ref + SIZEOF);
    if (op === 0) return;
    if (op !== this.op(0)) throw new Error("got what is no object");
    if (this.next(0) < 0) throw new Error("got what is cleared");
    this.decref(0);
  }

  /** Gives the first object to whoever looks into the slot. */
  finalize(): void {
    this.incref(0);
    this.world.write(this.scene.slots + this.worker, 1);
  }

  /** The second pause. Returns what is still held. */
  second(held: number): number {
    this.stop();
    const garbage = this.unreachable(held);
    for (let k = 0; k < 2; k++) {
      if ((held & ~garbage & 1 << k) === 0) continue;
      this.pauses.Hold.letGo(this.m, this.op(k));
    }
    this.endPause(garbage);
    return garbage;
  }

  dispose(k: number): void {
    const { Hold } = this.pauses;
    const next = this.clear(k);
    if (next >= 0) this.decref(next);
    const isLate = this.scene.shape.bug === "bit after drop";
    if (!isLate) Hold.giveUp(this.m, this.op(k));
    this.decref(k);
    if (isLate) Hold.giveUp(this.m, this.op(k));
  }

  collect(): void {
    const { Turn } = this.pauses;
    if (Turn.take(this.m) === Turn.TAKEN) return;
    const found = this.first();
    let garbage = found & BOTH;
    if ((found & 4) !== 0) {
      this.finalize();
      if (this.scene.shape.bug !== "no second look") {
        garbage = this.second(garbage);
      }
    }
    for (let k = 0; k < 2; k++) if ((garbage & 1 << k) !== 0) this.dispose(k);
    Turn.giveBack(this.m);
  }

  /** Drops the reference that a finalizer of a worker has left, if it has. */
  dropSlot(worker: number): void {
    const slot = this.scene.slots + worker;
    if (this.world.read(slot) === 0) return;
    this.world.write(slot, 0);
    if (this.next(0) < 0) throw new Error("what was brought back is cleared");
    this.decref(0);
  }
}

/** A step of an attached worker. */
function attached(
  scene: Scene,
  world: World,
  worker: number,
  name: string,
  act: (actor: Actor) => void,
  more: Pick<Step, "when" | "optional"> = {},
): Step<HeapContext> {
  return step<HeapContext>(name, (lib, context) => {
    const actor = new Actor(scene, world, lib, context, worker);
    actor.threads.ThreadStates.attach(context.m);
    act(actor);
    actor.threads.ThreadStates.detach(context.m);
  }, more);
}

/** Worker 1: goes from one object to the other, and drops both. */
function use(actor: Actor): void {
  const next = actor.next(0);
  actor.incref(next);
  actor.decref(0);
  actor.threads.SafePoint.safePoint(actor.m);
  actor.decref(next);
}

function recoverStep(world: World): Step<HeapContext> {
  return step<HeapContext>("recover 0", (lib, { m }) => {
    const { Recovery } = recovery(lib);
    const thread = Layout.THREADS + 2 * ThreadState.SIZEOF;
    const owner = (world.i32[thread + ThreadState.INCARNATION] << 8) | 2;
    Recovery.declare(m, owner, ThreadState.DEAD);
    Recovery.recover(m, owner);
  }, { when: () => world.isDead(0) && !isGone(world, 0), optional: true });
}

function scriptOf(
  scene: Scene,
  world: World,
  worker: number,
): Step<HeapContext>[] {
  if (worker === 0) {
    return [attached(scene, world, 0, "collect", (actor) => actor.collect())];
  }
  const isOver = () => world.isDone(0) || world.isDead(0);
  if (worker === 1) {
    const drop = attached(scene, world, 1, "drop the slot", (actor) => {
      actor.dropSlot(0);
    }, { when: () => world.i32[scene.slots] !== 0 || isOver() });
    const steps = [attached(scene, world, 1, "use and drop", use)];
    if (scene.shape.isNamed) {
      steps.push(attached(scene, world, 1, "look", (actor) => actor.look()));
    }
    return scene.shape.resurrects ? [...steps, drop] : steps;
  }
  if (worker === 3) return [recoverStep(world)];
  const isBuried = () => world.isDone(0) || isGone(world, 0);
  return [
    attached(scene, world, 2, "collect the rest", (actor) => {
      actor.collect();
      actor.dropSlot(2);
      actor.collect();
    }, { when: () => world.isDone(1) && isOver() && isBuried() }),
  ];
}

/** What is wrong at the end, or nothing. */
function verdictOf(scene: Scene, world: World): string {
  const deaths = [0, 1].map((k) => scene.deathsOf(world, k));
  if (deaths.every((count) => count === 1)) return "";
  if (deaths.some((count) => count > 1) || !world.isDead(0)) {
    return `the objects died ${deaths.join(" and ")} times`;
  }
  return isExplained(scene, world, deaths) ? "" : "objects are lost";
}

/** True if the dead worker has taken one reference, or half dropped one object. */
function isExplained(
  scene: Scene,
  world: World,
  deaths: readonly number[],
): boolean {
  let extra = 0;
  for (let k = 0; k < 2; k++) {
    if (deaths[k] > 0) continue;
    const at = scene.objects[k];
    const local = world.i32[at + OB_REF_LOCAL];
    const shared = world.i32[at + PyObject.X_OB_REF_SHARED] >> 2;
    const isHeld = world.i32[at + OB_GC_BITS] & GcBits.UNREACHABLE ? 1 : 0;
    const other = 1 - k;
    const isNamed = deaths[other] === 0 &&
      world.i32[scene.objects[other] + NEXT] === k + 1;
    extra += local + shared - isHeld - (isNamed ? 1 : 0);
    // Who was deallocating it has untracked it first.
    if (world.i32[at + OB_GC_BITS] === 0) extra++;
  }
  return extra === 1;
}

/** Makes the weak reference. */
function nameFirst(
  lib: Library,
  world: World,
  scene: Scene,
  m: HeapContext["m"],
): void {
  const { WeakrefLinks } = lib.module(SHARING) as typeof SharingModule;
  const { Biased } = lib.module(COUNTS) as typeof CountsModule;
  const [first] = scene.objects;
  world.i32[scene.type + SIZEOF + TypeObject.TP_WEAKLISTOFFSET] = HEAD;
  world.i32[first + PyObject.OB_TYPE] = scene.type * 4;
  Biased.init(m, scene.ref * 4);
  WeakrefLinks.prepare(m, first * 4);
  WeakrefLinks.insert(m, scene.state, first + HEAD, first * 4, scene.ref * 4);
}

/** See the head of this file. */
export function pauses(shape: Shape): Model {
  const { resurrects, isNamed = false, dies, bound, bug } = shape;
  const scene = new Scene(shape);
  let here: World | undefined;
  return model<HeapContext>({
    name: "gc: two pauses" + (resurrects ? ", resurrection" : "") +
      (isNamed ? ", weak reference" : "") +
      (dies ? ", 1 killed" : "") + (bug ? `, bug: ${bug}` : "") +
      (bound === undefined ? "" : `, bound ${bound}`),
    doors: [...DOORS, COUNTS, SHARING, PAUSES],
    constants: {
      // Who dies between a resume and its wake-up costs a sleep of SLEEP_MS.
      ...(dies ? SPIN_ONCE : NO_RESCUE),
      "src/layout/parking_bucket.ts": { NUM_BUCKETS: 1 },
    },
    ...(bound === undefined ? {} : { bound }),
    ...(dies ? { kills: 1, killable: (worker: number) => worker === 0 } : {}),
    nameOf: (at) => {
      const k = scene.objectAt(at);
      return k < 0 ? nameOf(at) : `object ${k} +${at - scene.objects[k]}`;
    },
    ignored,
    setup(lib, world) {
      here = world;
      const contexts = heapOf(
        lib,
        world,
        dies ? 4 : 3,
        Header.BUILD_FREE_THREADED,
      );
      scene.place(world);
      const { Biased } = lib.module(COUNTS) as typeof CountsModule;
      const { m } = contexts[1];
      scene.objects.forEach((at, k) => {
        Biased.init(m, at * 4);
        m.i32[at + OB_GC_BITS] = GcBits.IS_TRACKED;
        m.i32[at + NEXT] = 2 - k;
      });
      Biased.incref(m, scene.objects[0] * 4);
      if (isNamed) nameFirst(lib, world, scene, m);
      return contexts;
    },
    script: (worker, world) => scriptOf(scene, world, worker),
    guarded: (at) => scene.objectAt(at) >= 0,
    guard(at, _worker, isWrite) {
      const k = scene.objectAt(at);
      if (here === undefined || scene.deathsOf(here, k) === 0) return "";
      return at === scene.objects[k] + OB_GC_BITS && !isWrite
        ? "" // the walk looks at what was freed
        : `object ${k} is dead`;
    },
    racy: (at) =>
      racy(at) || at === scene.slots ||
      scene.objects.some((from) =>
        at === from + OB_TID || at === from + OB_REF_LOCAL
      ),
    final: (world) => verdictOf(scene, world),
  });
}

/** Models before a push. */
export const models: readonly Model[] = [
  pauses({ resurrects: false, dies: false, bound: 3 }),
  pauses({ resurrects: true, dies: false, bound: 3 }),
  pauses({ resurrects: false, isNamed: true, dies: false, bound: 4 }),
  pauses({ resurrects: true, isNamed: true, dies: false, bound: 4 }),
  pauses({ resurrects: false, dies: true, bound: 1 }),
  pauses({ resurrects: true, dies: true, bound: 1 }),
  pauses({ resurrects: true, isNamed: true, dies: true, bound: 1 }),
];

/** Further ones, that take longer. */
export const nightly: readonly Model[] = [
  pauses({ resurrects: false, dies: true, bound: 2 }),
  pauses({ resurrects: true, dies: true, bound: 2 }),
  pauses({ resurrects: true, isNamed: true, dies: true, bound: 2 }),
];

/** Models whose mistakes must be found. */
export const canaries: readonly Model[] = [
  pauses({ resurrects: false, dies: false, bound: 2, bug: "no pause" }),
  pauses({ resurrects: true, dies: false, bound: 0, bug: "no second look" }),
  pauses({ resurrects: false, dies: true, bound: 1, bug: "held twice" }),
  pauses({ resurrects: false, dies: false, bound: 0, bug: "bit after drop" }),
  pauses({
    resurrects: false,
    isNamed: true,
    dies: false,
    bound: 4,
    bug: "weak for too long",
  }),
];
