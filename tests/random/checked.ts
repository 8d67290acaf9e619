/**
 * The same scenarios under the model checker: far fewer schedules, but races
 * are found exactly, any plain write can be the last of a worker that dies, and
 * the engine is another one.
 *
 * @module
 */

import { prepare } from "../checker/check.ts";
import { sample } from "../checker/random.ts";
import { explain } from "../checker/trace.ts";
import { modelOf } from "./engine/scenario.ts";
import { nothing, type Order, type Outcome } from "./runner.ts";
import { featuresOf, swarm } from "./swarm.ts";

/** Most transitions of a schedule. */
const STEPS = 4000;
/** Most seconds of one seed. */
const SEED_SECONDS = 2;

/** Runs seeds, up to the first that finds something. */
export async function runChecked(order: Order): Promise<Outcome> {
  const start = performance.now();
  const sum = nothing();
  const seconds = (): number => (performance.now() - start) / 1000;
  for (let k = 0; k < order.count && seconds() < order.seconds; k++) {
    const left = order.seconds - seconds();
    await runSeed(order.from + k, order, Math.min(SEED_SECONDS, left), sum);
    if (sum.notes.length > 0) break;
  }
  sum.seconds = seconds();
  return sum;
}

/** Adds what a seed did to the sum. */
async function runSeed(
  seed: number,
  { schedules, overrides = new Map() }: Order,
  seconds: number,
  sum: Outcome,
): Promise<void> {
  const m = await prepare(modelOf(swarm(seed)), { overrides });
  const options = { seed: 1, schedules, seconds, steps: STEPS };
  const result = sample(m, options);
  sum.seeds++;
  sum.schedules += result.schedules;
  sum.points += result.transitions;
  sum.cut += result.cut;
  sum.kills += result.kills;
  if (!result.finding) return;
  sum.notes.push(
    `${JSON.stringify(featuresOf(seed))}, schedule ${result.seed}\n` +
      `${explain(m, result.finding)}\nto repeat: ` +
      `deno run -A tests/random/run.ts --checker --from ${seed}`,
  );
}
