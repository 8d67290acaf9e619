/**
 * Mutants of all files with shared state: which ones are found.
 *
 * @module
 */

import { ROOT } from "../checker/check.ts";
import { Prng } from "../helpers/prng.ts";
import { reasonOf } from "./equivalent.ts";
import { judgeAll } from "./fleet.ts";
import { HISTORY } from "./history.ts";
import type { Verdict } from "./judge.ts";
import type { Order } from "./judge_main.ts";
import { keyOf, type Mutant, mutantsOf } from "./operators.ts";
import { TARGETS } from "./targets.ts";

const HELP = `Judges mutants of the files with shared state.

    deno run -A tests/mutants/run.ts [PATH] [options]

PATH         only files whose path contains this text
--count N    so many mutants of all, drawn (all of them)
--seed N     what is drawn (1)
--seconds N  no new mutants after so many seconds
--of FILE    only those that survived a run whose output is in this file
--listed     those that are listed as equivalent as well: none may be found
--history    the planted bugs instead
`;

/** A mutant and what became of it. */
export interface Judged {
  readonly mutant: Mutant;
  readonly verdict: Verdict;
  /** Why it is equivalent, if it is. */
  readonly reason: string | undefined;
}

/** What to judge. */
export interface Choice {
  /** Text that paths contain. */
  readonly only: string;
  /** How many, over all files. Count. */
  readonly count: number;
  readonly seed: number;
  readonly seconds: number;
  /** Whether to judge those that are listed as equivalent. */
  readonly listed: boolean;
  /** Keys of the only ones to judge, or absent for all. */
  readonly keys?: ReadonlySet<string>;
}

/** A mutant and its order. */
interface Candidate {
  readonly mutant: Mutant;
  readonly order: Order;
}

function candidatesOf(path: string, { listed, keys }: Choice): Candidate[] {
  const source = Deno.readTextFileSync(new URL(path, ROOT));
  return mutantsOf(path, source)
    .map((mutant, index) => ({ mutant, order: { path, index } }))
    .filter(({ mutant }) => listed || reasonOf(mutant) === undefined)
    .filter(({ mutant }) => keys?.has(keyOf(mutant)) ?? true);
}

/** Mutants of each file, in proportion, but some of each. */
export function draw(choice: Choice): Candidate[] {
  const random = new Prng(choice.seed);
  const files = TARGETS.filter(({ path }) => path.includes(choice.only))
    .map(({ path }) => candidatesOf(path, choice));
  const total = files.reduce((sum, list) => sum + list.length, 0);
  const drawn = files.flatMap((list) => {
    const share = Math.ceil(list.length * choice.count / total);
    random.shuffle(list);
    return list.slice(0, Math.max(share, 1));
  });
  random.shuffle(drawn);
  return drawn.slice(0, choice.count);
}

/** Judges mutants. */
export async function judgeMutants(
  choice: Choice,
  take: (judged: Judged) => void = () => {},
): Promise<Judged[]> {
  const drawn = draw(choice);
  const done: Judged[] = [];
  const orders = drawn.map(({ order }) => order);
  await judgeAll(orders, choice.seconds, (index, verdict) => {
    const { mutant } = drawn[index];
    const judged = { mutant, verdict, reason: reasonOf(mutant) };
    done.push(judged);
    take(judged);
  });
  return done;
}

/** One line about a survivor. */
export function lineOf({ mutant }: Judged): string {
  return `${mutant.path}:${mutant.line} ${
    keyOf(mutant).slice(
      mutant.path.length + 1,
    )
  }`;
}

/** Keys of the mutants that a run has printed as survivors. */
export function keysIn(output: string): ReadonlySet<string> {
  const keys = output.split("\n").map((line) =>
    /^\s*survived: (\S+?):\d+ (.*)$/.exec(line)
  );
  return new Set(
    keys.filter((found) => found !== null).map((found) =>
      `${found[1]} ${found[2]}`
    ),
  );
}

/** Found, and how many there are that are not equivalent. */
export function scoreOf(all: readonly Judged[]): [number, number] {
  const real = all.filter(({ reason }) => reason === undefined);
  const found = real.filter(({ verdict }) => verdict.kind !== "");
  return [found.length, real.length];
}

/** Those that are listed as equivalent and were found all the same. */
export function wronglyListed(all: readonly Judged[]): Judged[] {
  return all.filter(({ reason, verdict }) =>
    reason !== undefined && verdict.kind !== ""
  );
}

/** Judges the planted bugs; names of those that were not found. */
export async function judgeHistory(only: string): Promise<{
  missed: string[];
  count: number;
}> {
  const indices = HISTORY.map((_, index) => index)
    .filter((index) => HISTORY[index].name.includes(only));
  const missed: string[] = [];
  const orders = indices.map((index) => ({ path: "", index }));
  await judgeAll(orders, Infinity, (at, verdict) => {
    // What does not apply or hangs was not found by a model.
    const isFound = verdict.kind !== "" && verdict.model !== "a process";
    if (!isFound) missed.push(HISTORY[indices[at]].name);
  });
  return { missed, count: indices.length };
}

function textOption(args: readonly string[], name: string): string {
  const at = args.indexOf(name);
  return at < 0 ? "" : args[at + 1];
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
  const only = args[0]?.startsWith("--") ? "" : args[0] ?? "";
  if (args.includes("--history")) {
    const { missed, count } = await judgeHistory(only);
    for (const name of missed) console.log(`not found: ${name}`);
    console.log(`${count - missed.length} of ${count} found`);
    return missed.length > 0 ? 1 : 0;
  }
  const of = textOption(args, "--of");
  const all = await judgeMutants({
    only,
    ...(of === "" ? {} : { keys: keysIn(Deno.readTextFileSync(of)) }),
    count: option(args, "--count", Infinity),
    seed: option(args, "--seed", 1),
    seconds: option(args, "--seconds", Infinity),
    listed: args.includes("--listed"),
  }, (judged) => {
    const isLeft = judged.verdict.kind === "" && judged.reason === undefined;
    if (isLeft) console.log(`survived: ${lineOf(judged)}`);
  });
  for (const one of wronglyListed(all)) {
    console.log(`listed, but found: ${lineOf(one)}`);
  }
  for (const { path } of TARGETS) {
    const mine = all.filter(({ mutant }) => mutant.path === path);
    if (mine.length === 0) continue;
    const [found, real] = scoreOf(mine);
    const hung = mine.filter(({ verdict }) => verdict.kind === "endless");
    console.log(
      `${path.padEnd(32)} ${mine.length} mutants, ${found} of ${real} found, ` +
        `${mine.length - real} equivalent, ${hung.length} endless`,
    );
  }
  const [found, real] = scoreOf(all);
  console.log(`${found} of ${real} found`);
  return 0;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
