/**
 * Judges a change of the sources: is there a model that finds it?
 *
 * @module
 */

import { explore, idleIn, loader } from "../checker/check.ts";
import type { Library } from "../checker/loader.ts";
import { machine } from "../checker/machine.ts";
import type { Model } from "../checker/model.ts";

/** A model, and how long it may search. */
export interface Trial {
  /** The model. */
  readonly model: Model;
  /** Most transitions. Count. */
  readonly limit: number;
}

/** What became of a change. */
export interface Verdict {
  /** Name of the model that found it, or `""`. */
  readonly model: string;
  /** Kind of the finding; `error` too if the code did not even start. */
  readonly kind: string;
  /** What was found. */
  readonly text: string;
  /** Models that were tried. Count. */
  readonly tried: number;
  /** Models that were cut short by their limit. Count. */
  readonly cut: number;
  /** Seconds. */
  readonly seconds: number;
}

/** A trial of a model with so many transitions at most. */
export function trial(model: Model, limit = 120_000): Trial {
  return { model, limit };
}

/** The changed library, loaded once for all models with the same constants. */
class Libraries {
  readonly #overrides: ReadonlyMap<string, string>;
  readonly #doors: readonly string[];
  readonly #kept = new Map<string, Library>();

  constructor(
    overrides: ReadonlyMap<string, string>,
    trials: readonly Trial[],
  ) {
    this.#overrides = overrides;
    this.#doors = [...new Set(trials.flatMap(({ model }) => model.doors))];
  }

  /** The library for a model. */
  async of(model: Model): Promise<Library> {
    const { constants = {}, hasSections = false } = model;
    const key = JSON.stringify([constants, hasSections]);
    const kept = this.#kept.get(key);
    if (kept) return kept;
    const overrides = this.#overrides;
    const idle = idleIn(model);
    const library = loader().load({ idle, overrides, constants });
    try {
      await library.fetch(this.#doors);
    } finally {
      library.dispose();
    }
    this.#kept.set(key, library);
    return library;
  }
}

/**
 * Tries models in their order, up to the first that finds something. `begin`
 * is told of each.
 */
export async function judge(
  overrides: ReadonlyMap<string, string>,
  trials: readonly Trial[],
  begin: (model: Model) => void = () => {},
): Promise<Verdict> {
  const start = performance.now();
  let tried = 0;
  let cut = 0;
  const verdict = (model: string, kind: string, text: string): Verdict => {
    const seconds = (performance.now() - start) / 1000;
    return { model, kind, text, tried, cut, seconds };
  };
  const libraries = new Libraries(overrides, trials);
  for (const { model, limit } of trials) {
    tried++;
    begin(model);
    try {
      machine.prepare(model, await libraries.of(model));
      const result = explore(machine, { limit });
      const { finding } = result;
      if (finding) return verdict(model.name, finding.kind, finding.text);
      if (!result.isComplete) cut++;
    } catch (error) {
      return verdict(model.name, "error", String(error).slice(0, 200));
    }
  }
  return verdict("", "", "");
}
