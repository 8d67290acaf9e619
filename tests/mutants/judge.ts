/**
 * Judges a change of the sources: is there a model that finds it?
 *
 * @module
 */

import { explore, prepare } from "../checker/check.ts";
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

/** Tries models in their order, up to the first that finds something. */
export async function judge(
  overrides: ReadonlyMap<string, string>,
  trials: readonly Trial[],
): Promise<Verdict> {
  const start = performance.now();
  let tried = 0;
  let cut = 0;
  const verdict = (model: string, kind: string, text: string): Verdict => {
    const seconds = (performance.now() - start) / 1000;
    return { model, kind, text, tried, cut, seconds };
  };
  for (const { model, limit } of trials) {
    tried++;
    try {
      const m = await prepare(model, { overrides });
      const result = explore(m, { limit });
      const { finding } = result;
      if (finding) return verdict(model.name, finding.kind, finding.text);
      if (!result.isComplete) cut++;
    } catch (error) {
      return verdict(model.name, "error", String(error).slice(0, 200));
    }
  }
  return verdict("", "", "");
}
