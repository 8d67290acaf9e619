/**
 * Checks models and prints a line for each; for people.
 *
 * @module
 */

import { explore, prepare } from "../checker/check.ts";
import type { Model } from "../checker/model.ts";
import { sample } from "../checker/random.ts";
import { parse, replay } from "../checker/schedule.ts";
import { explain } from "../checker/trace.ts";
import { MODELS, NIGHTLY } from "./all.ts";

const HELP = `Checks the models of the protocols.

    deno run -A tests/models/run.ts [NAME] [options]

NAME                only models whose name contains this text
--nightly           the large ones as well
--random SCHEDULES  random schedules instead of a search
--seed N            first seed of random schedules (1)
--replay SCHEDULE   one schedule of one model
`;

/** Value of an option, or undefined. */
function option(args: readonly string[], name: string): string | undefined {
  const at = args.indexOf(name);
  return at < 0 ? undefined : args[at + 1];
}

async function run(model: Model, args: readonly string[]): Promise<boolean> {
  const m = await prepare(model);
  const schedule = option(args, "--replay");
  if (schedule !== undefined) {
    const { finding } = replay(m, parse(schedule, m.count));
    console.log(finding ? explain(m, finding) : `${model.name}: nothing found`);
    return finding === undefined;
  }
  const schedules = option(args, "--random");
  if (schedules === undefined) {
    const result = explore(m);
    const figures =
      `${result.states} states, ${result.transitions} transitions`;
    line(model, result.finding === undefined, figures, result.seconds);
    if (result.finding) console.log(explain(m, result.finding));
    return result.finding === undefined;
  }
  const seed = Number(option(args, "--seed") ?? 1);
  const result = sample(m, { seed, schedules: Number(schedules) });
  const figures = `${result.schedules} schedules, ` +
    `${result.transitions} transitions, ${result.kills} kills`;
  line(model, result.finding === undefined, figures, result.seconds);
  if (result.finding) {
    console.log(`seed ${result.seed}\n${explain(m, result.finding)}`);
  }
  return result.finding === undefined;
}

function line(
  model: Model,
  ok: boolean,
  figures: string,
  seconds: number,
): void {
  const verdict = ok ? "ok  " : "FAIL";
  const time = `${seconds.toFixed(1)} s`;
  console.log(`${verdict} ${model.name.padEnd(56)} ${figures}, ${time}`);
}

async function main(args: readonly string[]): Promise<number> {
  if (args.includes("--help")) {
    console.log(HELP);
    return 0;
  }
  const name = args[0]?.startsWith("--") ? "" : args[0] ?? "";
  const all = args.includes("--nightly") ? [...MODELS, ...NIGHTLY] : MODELS;
  const chosen = all.filter((model) => model.name.includes(name));
  let failures = 0;
  for (const model of chosen) if (!await run(model, args)) failures++;
  if (chosen.length === 0) console.error(`No model is called "${name}"`);
  return failures > 0 || chosen.length === 0 ? 1 : 0;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
