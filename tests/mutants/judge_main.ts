/**
 * A process that judges changes: an order is a line of its input, the verdict
 * a line of its output. What hangs it is killed from outside.
 *
 * @module
 */

import { TextLineStream } from "./lines.ts";
import { loader } from "../checker/check.ts";
import type { Model } from "../checker/model.ts";
import { HISTORY, planted } from "./history.ts";
import { judge, trial, type Verdict } from "./judge.ts";
import { apply, mutantsOf } from "./operators.ts";
import { STORIES } from "./stories.ts";
import { trialsOf } from "./targets.ts";

/** What to judge: a mutant by its number in the file, or a planted bug. */
export interface Order {
  /** Path of the file, or `""` for a planted bug. */
  readonly path: string;
  /** Number of the mutant in its file, or of the planted bug. */
  readonly index: number;
}

/** How a line begins that says which model is tried now. */
export const BEGIN = "try ";

/** Transitions that a model may take to find a planted bug. */
const HISTORY_LIMIT = 600_000;

/** Tells that a model has its turn: the time for an answer begins again. */
function tell(model: Model): void {
  console.log(`${BEGIN}${model.name}`);
}

function judged({ path, index }: Order): Promise<Verdict> {
  if (path === "") {
    const bug = HISTORY[index];
    const text = planted(bug, loader().textOf(bug.path));
    const trials = bug.models.map((model) => trial(model, HISTORY_LIMIT));
    return judge(new Map([[bug.path, text]]), trials, tell);
  }
  const source = loader().textOf(path);
  const text = apply(source, mutantsOf(path, source)[index]);
  return judge(new Map([[path, text]]), trialsOf(path), tell);
}

/** The code as it is: what the stories note is the measure. */
async function measure(): Promise<void> {
  const trials = STORIES.map((model) => trial(model));
  const { kind, text } = await judge(new Map(), trials);
  if (kind !== "") throw new Error(`The code as it is: ${text}`);
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
