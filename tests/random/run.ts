/**
 * Random schedules of swarms, for people and for the layer.
 *
 * @module
 */

import { runChecked } from "./checked.ts";
import { type Order, type Outcome, Runner } from "./runner.ts";
import { featuresOf, scenarioOf } from "./swarm.ts";
import { lines } from "./trace.ts";

const HELP = `Runs random schedules of whole allocators.

    deno run -A tests/random/run.ts [options]

--from N       first seed (1)
--count N      seeds (1)
--schedules N  schedules of each seed at most (4000)
--points N     points of each seed at most (400000)
--seconds N    ends after so many seconds
--show N       the N-th schedule of the first seed, access by access
--fail N       with --show: the N-th allocation of pages fails
--checker      under the model checker: slow and exact
--json         the result as JSON, for other programs

A seed draws a scenario; seed and number draw a schedule of it.
`;

function option(args: readonly string[], name: string, other: number): number {
  const at = args.indexOf(name);
  return at < 0 ? other : Number(args[at + 1]);
}

/** Runs one schedule and prints it. Returns true if it ended well. */
async function show(args: readonly string[], seed: number): Promise<boolean> {
  const n = option(args, "--show", 0);
  const failAt = option(args, "--fail", 0);
  const runner = new Runner();
  const { ran, events } = await runner.show({ seed, n, failAt });
  const { nameOf } = scenarioOf(featuresOf(seed));
  for (const line of lines(events, runner.sites, nameOf!)) console.log(line);
  console.log(JSON.stringify(featuresOf(seed)));
  console.log(ran.text === "" ? "nothing found" : ran.text);
  return ran.text === "";
}

/** What was run, in a line. */
export function summaryOf(it: Outcome): string {
  const each = (count: number): string =>
    (count / Math.max(it.schedules, 1)).toFixed(1);
  return `${it.seeds} seeds, ${it.schedules} schedules, each ` +
    `${each(it.points)} points, ${each(it.switches)} switches, ` +
    `${each(it.lost)} lost compare-and-exchanges; ${it.cut} cut, ` +
    `${it.kills} kills, ${it.failed} with a failed allocation, ` +
    `${it.raced} with a look for races, ${it.repeated} twice, ` +
    `${it.ends} ends checked`;
}

async function main(args: readonly string[]): Promise<number> {
  if (args.includes("--help")) {
    console.log(HELP);
    return 0;
  }
  const from = option(args, "--from", 1);
  if (args.includes("--show")) return await show(args, from) ? 0 : 1;
  const order: Order = {
    from,
    count: option(args, "--count", 1),
    schedules: option(args, "--schedules", 4000),
    points: option(args, "--points", 400_000),
    seconds: option(args, "--seconds", Infinity),
  };
  const outcome = args.includes("--checker")
    ? await runChecked(order)
    : await new Runner().run(order);
  if (args.includes("--json")) console.log(JSON.stringify(outcome));
  else {
    for (const note of outcome.notes) console.log(note);
    console.log(`${summaryOf(outcome)}, ${outcome.seconds.toFixed(1)} s`);
  }
  return outcome.notes.length > 0 ? 1 : 0;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
