/**
 * What a scenario is: a model of the checker whose steps can be left at any
 * point, so that both engines run the same one.
 *
 * @module
 */

import type { Library } from "../../checker/loader.ts";
import type { Model, Step, World } from "../../checker/model.ts";
import { TWIN } from "./twin.ts";

/** What can be left at any point, and gone on with. */
export type Routine<T> = Generator<number, T, unknown>;

/** A step that can be left. */
// deno-lint-ignore no-explicit-any
export interface Act<C = any> extends Pick<Step<C>, "when" | "optional"> {
  /** Name, for traces. */
  readonly name: string;
  /** What it does. No state of JavaScript but the context. */
  run(lib: Library, context: C): Routine<void>;
}

/** A model whose scripts can be left. */
// deno-lint-ignore no-explicit-any
export interface Scenario<C = any> extends Omit<Model<C>, "script"> {
  /** The seed that drew it. */
  readonly seed: number;
  /** Script of a worker. */
  script(worker: number, world: World): readonly Act<C>[];
  /** Hash of what tells two ends apart and is not in the memory. */
  digest(world: World): number;
}

// deno-lint-ignore no-explicit-any
type Method = (...args: any[]) => unknown;

/** Names of twins: to put one together takes longer than to look it up. */
const twinNames = new Map<string, string>();

function twinNameOf(name: string): string {
  let twin = twinNames.get(name);
  if (twin === undefined) twinNames.set(name, twin = name + TWIN);
  return twin;
}

/**
 * Calls a method, or a function of a namespace: its twin where there is one, so
 * that the caller can be left inside.
 */
export function* call<T extends object, K extends keyof T & string>(
  on: T,
  name: K,
  ...args: T[K] extends Method ? Parameters<T[K]> : never
): Routine<T[K] extends Method ? ReturnType<T[K]> : never> {
  const twin: unknown = Reflect.get(on, twinNameOf(name));
  if (typeof twin === "function") {
    return yield* Reflect.apply(twin, on, args);
  }
  return Reflect.apply(on[name] as Method, on, args) as never;
}

/** The scenario for the checker, which runs a step in one go. */
export function modelOf<C>(scenario: Scenario<C>): Model<C> {
  const script = (worker: number, world: World): Step<C>[] =>
    scenario.script(worker, world).map((act) => ({
      ...act,
      run: (lib, context) => finish(act.run(lib, context)),
    }));
  return { ...scenario, script };
}

/** Runs what never gives way, because it has no twins. */
function finish(routine: Routine<void>): void {
  if (!routine.next().done) throw new Error("A step without twins gave way");
}
