/**
 * Critical sections: who is in one has its objects to itself, also after it had
 * to wait for another, and nobody waits for ever.
 *
 * Each object has a counter that is changed by plain accesses inside of its
 * sections. A section is suspended while its thread waits for another one, so a
 * counter may change meanwhile, but never in between the two accesses.
 *
 * @module
 */

import type * as RecoveryModule from "../../src/recovery/mod.ts";
import * as Layout from "../../src/layout/memory_map.ts";
import * as PageMap from "../../src/layout/page_map.ts";
import * as ThreadState from "../../src/layout/thread_state.ts";
import type { Constants } from "../checker/loader.ts";
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

const RECOVERY = "src/recovery/mod.ts";

/** Who waits is woken, and does not look after the owner by the clock. */
const NO_LOOKS: Constants = {
  ...SPIN_ONCE,
  "src/sync/mutex.ts": { SPINS: 0, PAUSES_PER_SPIN: 0, LOOK_MS: Infinity },
  "src/threads/sections.ts": { LOOK_MS: Infinity },
};
/** Mutex of an object; its counter is in the next line. Word index. */
function mutex(world: World, object: number): number {
  return scratch(world, 2 * object);
}

function counter(world: World, object: number): number {
  return scratch(world, 2 * object + 1);
}

function count(world: World, object: number): void {
  const at = counter(world, object);
  world.write(at, world.read(at) + 1);
}

/** Changes of an object's counter by a worker. Count. */
type Counts = readonly [number, number];

/** A section of one object, with one of another inside. */
function nested(world: World, outer: number, inner: number): Step<Context> {
  return step<Context>(`${outer}, in it ${inner}`, (lib, { m }) => {
    const { CriticalSection } = threads(lib);
    CriticalSection.begin(m, mutex(world, outer));
    count(world, outer);
    CriticalSection.begin(m, mutex(world, inner));
    count(world, inner);
    CriticalSection.end(m);
    count(world, outer);
    CriticalSection.end(m);
  });
}

/** A section of two objects. */
function both(world: World, a: number, b: number): Step<Context> {
  return step<Context>(`${a} and ${b}`, (lib, { m }) => {
    const { CriticalSection } = threads(lib);
    CriticalSection.begin2(m, mutex(world, a), mutex(world, b));
    count(world, a);
    count(world, b);
    CriticalSection.end(m);
  });
}

/** A section of an object, left for a moment by detaching. */
function left(world: World, object: number): Step<Context> {
  return step<Context>(`${object}, detached in it`, (lib, { m }) => {
    const { CriticalSection, ThreadStates } = threads(lib);
    CriticalSection.begin(m, mutex(world, object));
    CriticalSection.begin(m, mutex(world, object));
    count(world, object);
    ThreadStates.detach(m);
    ThreadStates.attach(m);
    CriticalSection.end(m);
    count(world, object);
    CriticalSection.end(m);
  });
}

/** What a worker can do, by name. */
const PARTS = {
  "A(B)": (w: World) => nested(w, 0, 1),
  "B(A)": (w: World) => nested(w, 1, 0),
  "A+B": (w: World) => both(w, 0, 1),
  "B+A": (w: World) => both(w, 1, 0),
  "A-": (w: World) => left(w, 0),
} as const;

/** What each part counts. */
const COUNTS: Record<keyof typeof PARTS, Counts> = {
  "A(B)": [2, 1],
  "B(A)": [1, 2],
  "A+B": [1, 1],
  "B+A": [1, 1],
  "A-": [2, 0],
};

/** Attached workers that are in sections of two objects. */
export function sections(
  parts: readonly (keyof typeof PARTS)[],
  bound?: number,
): Model {
  return model<Context>({
    hasSections: true,
    name: `critical sections ${parts.join(" ")}` +
      (bound === undefined ? "" : `, bound ${bound}`),
    doors: DOORS,
    constants: NO_LOOKS,
    ...(bound === undefined ? { progress: true } : { bound }),
    nameOf,
    setup: (lib, world) => workers(lib, world, parts.length),
    script: (worker, world) => script(parts[worker], world),
    final: (world) => fault(world, parts, 0) || fault(world, parts, 1),
  });
}

/** Worker 0 dies in a section; worker 1 takes its mutexes over. */
export function deaths(part: keyof typeof PARTS): Model {
  return model<Context>({
    hasSections: true,
    name: `critical sections ${part}, killed, then A+B`,
    doors: [...DOORS, RECOVERY],
    constants: NO_LOOKS,
    kills: 1,
    killable: (worker) => worker === 0,
    nameOf,
    setup: (lib, world) => workers(lib, world, 2),
    script: (worker, world) =>
      worker === 0 ? script(part, world) : [lookStep(world), heirStep(world)],
    final(world) {
      if (!world.isDone(1)) return;
      const [a, b] = [0, 1].map((k) => world.i32[mutex(world, k)]);
      return a === 0 && b === 0 ? "" : "a mutex is taken";
    },
  });
}

/**
 * Worker 0 dies in a section; others wait for its mutexes, and look after its
 * owner never: they are set free by the last worker, which recovers it.
 */
export function estates(
  part: keyof typeof PARTS,
  waiters: readonly (keyof typeof PARTS)[],
  bound?: number,
): Model {
  const last = waiters.length + 1;
  return model<Context>({
    hasSections: true,
    name: `critical sections ${part}, killed, recovered while ` +
      `${waiters.join(" ")} wait` +
      (bound === undefined ? "" : `, bound ${bound}`),
    doors: [...DOORS, RECOVERY],
    constants: {
      ...NO_LOOKS,
      "src/layout/parking_bucket.ts": { NUM_BUCKETS: 1 },
    },
    ...(bound === undefined ? {} : { bound }),
    kills: 1,
    killable: (worker) => worker === 0,
    nameOf,
    setup: (lib, world) => workers(lib, world, waiters.length + 2),
    script(worker, world) {
      if (worker === last) return [recoverStep()];
      return script(worker === 0 ? part : waiters[worker - 1], world);
    },
    final(world) {
      const [a, b] = [0, 1].map((k) => world.i32[mutex(world, k)]);
      return a === 0 && b === 0 ? "" : "a mutex is taken";
    },
  });
}

/** What a recovery does for those who wait for mutexes of the dead. */
function recoverStep(): Step<Context> {
  return step<Context>("recover 0", (lib, { m }) => {
    const { Recovery, Estate } = lib.module(RECOVERY) as typeof RecoveryModule;
    condemn(Recovery, m);
    Recovery.setFree(m);
    Estate.leave(m, PageMap.FIRST_SLOT);
  }, { when: (it) => it.isDead(0), optional: true });
}

/** Notes that worker 0 is dead. */
function condemn(
  recovery: typeof RecoveryModule.Recovery,
  m: Context["m"],
): void {
  const slot = PageMap.FIRST_SLOT;
  const thread = Layout.THREADS + slot * ThreadState.SIZEOF;
  const incarnation = m.i32[thread + ThreadState.INCARNATION];
  recovery.condemn(m, (incarnation << PageMap.INCARNATION_SHIFT) | slot);
}

/** Looks whether mutexes are taken, so that it matters when they are. */
function lookStep(world: World): Step<Context> {
  return step<Context>("look", (lib, { m }) => {
    sync(lib).Mutex.isLocked(m, mutex(world, 0));
    sync(lib).Mutex.isLocked(m, mutex(world, 1));
  });
}

/** A section of both objects, once worker 0 is known to be dead. */
function heirStep(world: World): Step<Context> {
  const { run } = both(world, 0, 1);
  return step<Context>("condemn 0; A+B", (lib, context) => {
    const { m } = context;
    const { Recovery } = lib.module(RECOVERY) as typeof RecoveryModule;
    condemn(Recovery, m);
    threads(lib).ThreadStates.attach(m);
    run(lib, context);
    threads(lib).ThreadStates.detach(m);
  }, { when: (it) => it.isDead(0), optional: true });
}

function script(part: keyof typeof PARTS, world: World): Step<Context>[] {
  return [attachStep(), PARTS[part](world), detachStep()];
}

/** What is wrong with an object at the end, or "". */
function fault(
  world: World,
  parts: readonly (keyof typeof PARTS)[],
  object: number,
): string {
  const wanted = parts.reduce((n, part) => n + COUNTS[part][object], 0);
  const found = world.i32[counter(world, object)];
  if (found !== wanted) return `object ${object} counts ${found}`;
  return world.i32[mutex(world, object)] === 0 ? "" : "a mutex is taken";
}

function attachStep(): Step<Context> {
  return step<Context>("attach", (lib, { m }) => {
    threads(lib).ThreadStates.attach(m);
  });
}

function detachStep(): Step<Context> {
  return step<Context>("detach", (lib, { m }) => {
    threads(lib).ThreadStates.detach(m);
  });
}

/** The models of this file. */
export const models: readonly Model[] = [
  sections(["A(B)", "B(A)"]),
  sections(["A(B)", "B+A"]),
  sections(["A+B", "B+A"]),
  sections(["A-", "A(B)"]),
  sections(["A+B", "B+A", "A+B"]),
  sections(["A(B)", "B(A)", "A+B"], 3),
  deaths("A+B"),
  deaths("A(B)"),
  deaths("A-"),
  estates("A+B", ["B+A"]),
  estates("A(B)", ["A+B"]),
  estates("A-", ["A+B"]),
];

/** Models over night. */
export const nightly: readonly Model[] = [
  estates("A+B", ["B+A", "A+B"], 2),
  estates("A(B)", ["B(A)", "A+B"], 2),
];
