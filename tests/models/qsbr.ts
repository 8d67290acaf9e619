/**
 * Reclamation: what readers without a lock may still look at is not used again.
 *
 * The writer takes an object out of sight, notes a goal, and overwrites the
 * object by plain writes once the goal is reached; readers read it by plain
 * reads. If both could happen at once, that were a race.
 *
 * @module
 */

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

/** Atomic accesses by the model itself. */
const CELL = "tests/checker/fixtures/cell.ts";

/** Readers that look so often, and a writer that polls so often. */
export function qsbr(
  readers: number,
  rounds: number,
  polls: number,
  bound?: number,
): Model {
  let pointer = 0;
  let object = 0;
  return model<Context>({
    name: `reclamation, ${readers} readers x ${rounds}, ${polls} polls` +
      (bound ? `, bound ${bound}` : ""),
    doors: [...DOORS, CELL],
    constants: SPIN_ONCE,
    ...(bound === undefined ? { progress: true } : { bound }),
    nameOf,
    setup(lib, world) {
      const contexts = workers(lib, world, readers + 1);
      pointer = scratch(world, 0);
      object = scratch(world, 1);
      world.i32[pointer] = object;
      world.i32[object] = 7;
      return contexts;
    },
    script(worker, world): Step<Context>[] {
      if (worker === readers) return writing(world, polls, pointer, object);
      return [reading(world, rounds, pointer)];
    },
    final(world) {
      const { n } = world.context(readers);
      const value = world.i32[object];
      return value === (n < 0 ? 8 : 7) ? "" : `the object is ${value}`;
    },
  });
}

function reading(world: World, rounds: number, pointer: number): Step<Context> {
  return step<Context>("attach, read, safe points, detach", (lib, context) => {
    const { SafePoint, ThreadStates } = threads(lib);
    const { m } = context;
    ThreadStates.attach(m);
    for (let k = 0; k < rounds; k++) {
      const at = load(lib, m, pointer);
      if (at !== 0 && world.read(at) !== 7) throw new Error("Read too late");
      SafePoint.safePoint(m);
    }
    ThreadStates.detach(m);
  });
}

function writing(
  world: World,
  polls: number,
  pointer: number,
  object: number,
): Step<Context>[] {
  const unlink = step<Context>("unlink, note the goal", (lib, context) => {
    store(lib, context.m, pointer, 0);
    context.n = threads(lib).Qsbr.advance(context.m);
  });
  const poll = step<Context>("poll, use again", (lib, context) => {
    if (context.n < 0) return;
    if (!threads(lib).Qsbr.poll(context.m, context.n)) return;
    world.write(object, 8);
    context.n = -1;
  });
  return [unlink, ...Array.from({ length: polls }, () => poll)];
}

type Lib = World["lib"];
type Memory = Context["m"];

function load(lib: Lib, m: Memory, at: number): number {
  return lib.module(CELL).load(m.i32, at);
}

function store(lib: Lib, m: Memory, at: number, value: number): void {
  lib.module(CELL).store(m.i32, at, value);
}

/** The models of this file. */
export const models: readonly Model[] = [
  qsbr(1, 2, 2),
  qsbr(2, 1, 1),
  qsbr(2, 2, 2),
  qsbr(3, 1, 1),
];
