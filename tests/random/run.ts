/**
 * Random schedules of swarms: seeds one after the other, some schedules each.
 *
 * @module
 */

import { prepare } from "../checker/check.ts";
import { sample } from "../checker/random.ts";
import { explain } from "../checker/trace.ts";
import { featuresOf, swarm } from "./swarm.ts";

const HELP = `Runs random schedules of whole allocators.

    deno run -A tests/random/run.ts [options]

--from N       first seed (1)
--count N      seeds (1)
--schedules N  schedules of each seed (100)
--seconds N    no new seeds after so many seconds
--json         the result as JSON, for other programs

A seed draws a scenario; the n-th schedule of a scenario has seed n.
`;

/** What to run. */
export interface Order {
  readonly from: number;
  readonly count: number;
  readonly schedules: number;
  readonly seconds: number;
  /** True: what is found is not shortened and explained. */
  readonly isBrief?: boolean;
  /** Texts of files that replace those on disk. */
  readonly overrides?: ReadonlyMap<string, string>;
}

/** What was run. */
export interface Outcome {
  seeds: number;
  schedules: number;
  transitions: number;
  /** Schedules that were cut because they were too long. */
  cut: number;
  kills: number;
  seconds: number;
  /** What was found, with the command that replays it. */
  notes: string[];
}

/** Most transitions of a schedule. */
const STEPS = 4000;
/** Most seconds of one seed. */
const SEED_SECONDS = 2;

/** Runs seeds, up to the first that finds something. */
export async function run(order: Order): Promise<Outcome> {
  const start = performance.now();
  const sum: Outcome = {
    seeds: 0,
    schedules: 0,
    transitions: 0,
    cut: 0,
    kills: 0,
    seconds: 0,
    notes: [],
  };
  const seconds = (): number => (performance.now() - start) / 1000;
  for (let k = 0; k < order.count && seconds() < order.seconds; k++) {
    const seed = order.from + k;
    const note = await runSeed(seed, order, sum);
    if (note === "") continue;
    sum.notes.push(note);
    break;
  }
  sum.seconds = seconds();
  return sum;
}

/** Adds what a seed did to the sum; says what it found. */
async function runSeed(
  seed: number,
  order: Order,
  sum: Outcome,
): Promise<string> {
  const { overrides = new Map() } = order;
  const command = `deno run -A tests/random/run.ts --from ${seed} ` +
    `--schedules ${order.schedules}`;
  try {
    const m = await prepare(swarm(seed), { overrides });
    const { schedules } = order;
    const options = { seed: 1, schedules, seconds: SEED_SECONDS, steps: STEPS };
    const result = sample(m, options);
    sum.seeds++;
    sum.schedules += result.schedules;
    sum.transitions += result.transitions;
    sum.cut += result.cut;
    sum.kills += result.kills;
    if (!result.finding) return "";
    const features = JSON.stringify(featuresOf(seed));
    const text = order.isBrief
      ? result.finding.text
      : explain(m, result.finding);
    return `${features}, schedule ${result.seed}\n${text}\nto repeat: ${command}`;
  } catch (error) {
    return `seed ${seed}: ${error}\nto repeat: ${command}`;
  }
}

function option(args: readonly string[], name: string, other: number): number {
  const at = args.indexOf(name);
  return at < 0 ? other : Number(args[at + 1]);
}

async function main(args: readonly string[]): Promise<number> {
  if (args.includes("--help")) {
    console.log(HELP);
    return 0;
  }
  const outcome = await run({
    from: option(args, "--from", 1),
    count: option(args, "--count", 1),
    schedules: option(args, "--schedules", 100),
    seconds: option(args, "--seconds", Infinity),
  });
  if (args.includes("--json")) console.log(JSON.stringify(outcome));
  else {
    const { seeds, schedules, transitions, cut, kills, seconds } = outcome;
    for (const note of outcome.notes) console.log(note);
    console.log(
      `${seeds} seeds, ${schedules} schedules (${cut} cut), ` +
        `${transitions} transitions, ${kills} kills, ${seconds.toFixed(1)} s`,
    );
  }
  return outcome.notes.length > 0 ? 1 : 0;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
