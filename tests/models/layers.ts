/**
 * The exhaustive models as layers of the verification.
 *
 * @module
 */

import { explore, prepare } from "../checker/check.ts";
import type { Model } from "../checker/model.ts";
import { compareAll, MULTINOMIALS, schedules } from "../checker/soundness.ts";
import { explain } from "../checker/trace.ts";
import type { Assignment, Layer, Row } from "../verify/layer.ts";
import { MODELS, NIGHTLY } from "./all.ts";

/** Most transitions of a search overnight: some models have no known end. */
const NIGHTLY_LIMIT = 60_000_000;

/** Searches a model; before a push it must come to an end. */
async function search(model: Model, isNightly: boolean): Promise<Row> {
  const machine = await prepare(model);
  const options = isNightly ? { limit: NIGHTLY_LIMIT } : {};
  const result = explore(machine, options);
  const { finding, states, seconds, isComplete } = result;
  const bound = model.bound === undefined
    ? "every order"
    : `at most ${model.bound} preemptions`;
  return {
    name: model.name,
    ok: finding === undefined && (isComplete || isNightly),
    states,
    runs: result.transitions,
    unit: "transitions",
    seconds,
    note: finding !== undefined
      ? explain(machine, finding)
      : isComplete
      ? bound
      : "not searched to the end",
  };
}

/** Numbers of schedules that the checker counts, against the multinomials. */
async function countSchedules(report: Assignment["report"]): Promise<void> {
  for (const [operations, expected] of MULTINOMIALS) {
    const start = performance.now();
    const count = await schedules(operations);
    report({
      name: `schedules of ${operations.join(" + ")} operations`,
      ok: count === expected,
      runs: count,
      seconds: (performance.now() - start) / 1000,
      note: count === expected ? "" : `must be ${expected}`,
    });
  }
}

/** Searches all models of a kind that are asked for. */
async function searchAll(
  { budget, only, report }: Assignment,
  isKind: (model: Model) => boolean,
): Promise<void> {
  const chosen = budget === "nightly" ? [...MODELS, ...NIGHTLY] : MODELS;
  for (const model of chosen) {
    if (!isKind(model) || !model.name.includes(only)) continue;
    const isNightly = NIGHTLY.includes(model);
    report(await search(model, isNightly));
  }
}

function hasKills(model: Model): boolean {
  return (model.kills ?? 0) > 0;
}

/** Batches of programs whose ends the checker is compared on. Count. */
const BATCHES = { push: 2, nightly: 30 } as const;

/** See the head of this file. */
export const modelLayers: Layer[] = [
  {
    name: "checker",
    title: "The model checker against brute force, on random programs",
    async run({ budget, seed, report }) {
      for (const racy of [true, false]) {
        const start = performance.now();
        const result = await compareAll(seed, BATCHES[budget], racy);
        report({
          name: racy ? "random programs" : "random programs without races",
          ok: result.differences.length === 0 && result.equal > 0,
          runs: result.equal,
          unit: "programs",
          seconds: (performance.now() - start) / 1000,
          note: result.differences.join("; "),
        });
      }
      await countSchedules(report);
    },
  },
  {
    name: "models",
    title: "Every protocol, in every order of its accesses",
    run: (assignment) => searchAll(assignment, (it) => !hasKills(it)),
  },
  {
    name: "deaths",
    title: "A death before every access, recovery included",
    run: (assignment) => searchAll(assignment, hasKills),
  },
];
