/**
 * What a model is: workers with scripts of steps over the code under test, and
 * what must hold.
 *
 * @module
 */

import type { Constants, Library } from "./loader.ts";

/** What a model sees of the whole. Reads of memory are invisible to it all. */
export interface World {
  /** The words of the memory; a model must not write to them. */
  readonly i32: Int32Array<SharedArrayBuffer>;
  /** The library. */
  readonly lib: Library;
  /** The clock to give to the code under test. */
  readonly clock: { now(): number };
  /** Number of workers. */
  readonly workers: number;
  /** Declares the memory. For `setup`, before all else. */
  use(buffer: SharedArrayBuffer): void;
  /** Context of a worker; between its steps only, hence in `final`. */
  // deno-lint-ignore no-explicit-any
  context(worker: number): any;
  /** Whether a worker was killed. */
  isDead(worker: number): boolean;
  /** Whether a worker has done all its steps. */
  isDone(worker: number): boolean;
  /** Number of the step that a worker is in, from 0. */
  stepOf(worker: number): number;
  /** Plain read of a word by the running step, seen by the checker. */
  read(at: number): number;
  /** Plain write of a word by the running step, seen by the checker. */
  write(at: number, value: number): void;
}

/** One step of a worker: it runs to its end, with all others in between. */
// deno-lint-ignore no-explicit-any
export interface Step<C = any> {
  /** Name, for traces. */
  readonly name: string;
  /** What it does. No state of JavaScript but the context. */
  run(lib: Library, context: C): void;
  /** The step waits until this is true. */
  readonly when?: (world: World) => boolean;
  /** The script may end before this step, if nothing else can move. */
  readonly optional?: boolean;
}

/** A model. */
// deno-lint-ignore no-explicit-any
export interface Model<C = any> {
  /** Name, e.g. `mutex 3 x 3`. */
  readonly name: string;
  /** Modules of the library that it uses, by path. */
  readonly doors: readonly string[];
  /** Other values for constants: counts of spins, usually. */
  readonly constants?: Constants;
  /** Jumps of the clock, of 1,000 s each. Count. */
  readonly ticks?: number;
  /** False: plain accesses are glued to the operation before them. */
  readonly races?: boolean;
  /** Workers that may die. Count. */
  readonly kills?: number;
  /** Which workers may die; all, if absent. */
  killable?(worker: number): boolean;
  /** True: who dies while asleep takes no wake-up from others. */
  readonly deadLeaveWaitList?: boolean;
  /** Most preemptions of a schedule; no bound if absent. */
  readonly bound?: number;
  /** True: from each state the end must be reachable. */
  readonly progress?: boolean;
  /** Names of errors that may end a step. */
  readonly expects?: readonly string[];
  /** Makes the memory and the contexts of the workers. */
  setup(lib: Library, world: World): C[];
  /** Script of a worker. */
  script(worker: number, world: World): Step<C>[];
  /** Says what is wrong after each transition, or nothing. */
  invariant?(world: World): string | void;
  /** Says what is wrong at the end, or nothing. */
  final?(world: World): string | void;
  /** Words that `guard` looks at: each access to them is visible. */
  guarded?(at: number): boolean;
  /** Says why a worker must not access a word now, or nothing. */
  guard?(at: number, worker: number, isWrite: boolean): string | void;
  /** True if threads are in critical sections, whose stack is no shared word. */
  readonly hasSections?: boolean;
  /** Words that are read plainly while others write, by design. */
  racy?(at: number): boolean;
  /**
   * Words that no decision depends on, statistics: they are no part of the
   * state.
   */
  ignored?(at: number): boolean;
  /**
   * Words of a worker that nobody reads between two of its steps before they
   * are written again: they are cleared then, so that what is left in them
   * does not make states differ.
   */
  clearedAtRest?(worker: number): readonly number[];
  /** Name of a word for traces. */
  nameOf?(at: number): string | undefined;
}

/** A model, with the type of its contexts inferred. */
export function model<C>(it: Model<C>): Model<C> {
  return it;
}

/** A step. */
export function step<C>(
  name: string,
  run: (lib: Library, context: C) => void,
  more: Pick<Step<C>, "when" | "optional"> = {},
): Step<C> {
  return { name, run, ...more };
}

/** What was found. */
export interface Finding {
  /** Kind of the check that failed. */
  readonly kind:
    | "race"
    | "deadlock"
    | "livelock"
    | "invariant"
    | "final"
    | "guard"
    | "error"
    | "endless";
  /** What happened. */
  readonly text: string;
  /** How to get there: see `schedule.ts`. */
  readonly schedule: readonly number[];
}
