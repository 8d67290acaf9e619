/**
 * Bugs that CPython's collector and its neighbours had, and the model that would
 * have found each of them here.
 *
 * ```text
 *   gh-118843, gh-129732   the array of threads grew while a poller read it:
 *                          here slots do not move, but how many there are must
 *                          be read after the sequence that is the upper limit
 *   gh-142975              a frozen object whose last reference was in a merge
 *                          queue was neither deallocated nor let alone
 *   gh-145615              pages with free blocks that nobody finds again: three
 *                          bugs. Two are in tests/mutants/history.ts; the third,
 *                          a goal that is forgotten by who only looks at a page,
 *                          cannot be made: the walk of the collector writes
 *                          nothing
 * ```
 *
 * The second one is planted in a copy of the library by
 * `tests/gc/historic_test.ts`: the collector itself does not run under the
 * checker.
 *
 * @module
 */

import { type Model, model, step } from "../checker/model.ts";
import {
  type Context,
  DOORS,
  memory,
  nameOf,
  scratch,
  SPIN_ONCE,
  threads,
  workers,
} from "./support.ts";

/** Atomic accesses by the model itself. */
const CELL = "tests/checker/fixtures/cell.ts";

/** Context of a worker that may take its slot later. */
interface Late extends Context {
  m: Context["m"];
}

/**
 * Reclamation while another thread gets its slot, and reads: pollers must not
 * overlook it, whatever they poll for.
 */
export function newcomer(polls: number): Model {
  let pointer = 0;
  let object = 0;
  return model<Late>({
    name: `reclamation and a newcomer, ${polls} polls`,
    doors: [...DOORS, CELL],
    constants: SPIN_ONCE,
    nameOf,
    setup(lib, world) {
      const [first, third] = workers(lib, world, 2);
      pointer = scratch(world, 0);
      object = scratch(world, 1);
      world.i32[pointer] = object;
      world.i32[object] = 7;
      const { Create } = memory(lib);
      const m = Create.open(first.m.buffer, world.clock);
      return [first, third, { m, n: 0 }];
    },
    script(worker, world) {
      if (worker === 1) {
        return [step<Late>("poll for another one", (lib, { m }) => {
          const { Qsbr } = threads(lib);
          Qsbr.poll(m, Qsbr.sharedNext(m));
        })];
      }
      if (worker === 2) {
        return [step<Late>("reserve, attach, read", (lib, { m }) => {
          const { ThreadStates } = threads(lib);
          if (!ThreadStates.reserve(m)) throw new Error("No slot");
          ThreadStates.attach(m);
          const at = lib.module(CELL).load(m.i32, pointer);
          if (at !== 0 && world.read(at) !== 7) throw new Error("Too late");
          ThreadStates.detach(m);
        })];
      }
      const unlink = step<Late>("unlink, note the goal", (lib, context) => {
        const { m } = context;
        lib.module(CELL).store(m.i32, pointer, 0);
        context.n = threads(lib).Qsbr.advance(m);
      });
      const poll = step<Late>("poll, use again", (lib, context) => {
        if (context.n < 0) return;
        if (!threads(lib).Qsbr.poll(context.m, context.n)) return;
        world.write(object, 8);
        context.n = -1;
      });
      return [unlink, ...Array.from({ length: polls }, () => poll)];
    },
  });
}

/** The models of this file. */
export const models: readonly Model[] = [newcomer(1), newcomer(2)];
