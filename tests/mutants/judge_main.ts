/**
 * A process that judges changes: an order is a line of its input, the verdict
 * a line of its output. What hangs it is killed from outside.
 *
 * @module
 */

import { TextLineStream } from "./lines.ts";
import { loader, prepare } from "../checker/check.ts";
import { HISTORY, planted } from "./history.ts";
import { judge, trial, type Verdict } from "./judge.ts";
import { apply, mutantsOf } from "./operators.ts";
import { scenario } from "./scenario.ts";
import { trialsOf } from "./targets.ts";

/** What to judge: a mutant by its number in the file, or a planted bug. */
export interface Order {
  /** Path of the file, or `""` for a planted bug. */
  readonly path: string;
  /** Number of the mutant in its file, or of the planted bug. */
  readonly index: number;
}

/** Transitions that a model may take to find a planted bug. */
const HISTORY_LIMIT = 600_000;

function judged({ path, index }: Order): Promise<Verdict> {
  if (path === "") {
    const bug = HISTORY[index];
    const text = planted(bug, loader().textOf(bug.path));
    const trials = bug.models.map((model) => trial(model, HISTORY_LIMIT));
    return judge(new Map([[bug.path, text]]), trials);
  }
  const source = loader().textOf(path);
  const text = apply(source, mutantsOf(path, source)[index]);
  return judge(new Map([[path, text]]), trialsOf(path));
}

/** The code as it is: what the scenarios note is the measure. */
async function measure(): Promise<void> {
  await prepare(scenario("free-threaded"));
  await prepare(scenario("gil"));
}

async function main(): Promise<void> {
  await measure();
  console.log("ready");
  const lines = Deno.stdin.readable
    .pipeThrough(new TextDecoderStream())
    .pipeThrough(new TextLineStream());
  for await (const line of lines) {
    console.log(JSON.stringify(await judged(JSON.parse(line))));
  }
}

if (import.meta.main) await main();
