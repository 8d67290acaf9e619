/**
 * Random schedules of whole allocators, as a layer of the verification.
 *
 * ## Threads
 *   None of its own: two processes that run seeds.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import type { Assignment, Layer } from "../verify/layer.ts";
import { summaryOf } from "./run.ts";
import { nothing, type Outcome } from "./runner.ts";

const MAIN = fileURLToPath(new URL("./run.ts", import.meta.url));

/** Processes at a time. Count. */
const SIZE = 2;
/** Distance of the first seeds of two processes. */
const APART = 10_000_000;
/** How much longer than it should a process may take. Milliseconds. */
const GRACE_MS = 60_000;

/** One row: an engine, and how long each process has. */
interface Part {
  readonly name: string;
  /** Options of `run.ts`. */
  readonly args: readonly string[];
  /** Seconds of each process; before a push these are of 192 in all. */
  readonly seconds: { readonly push: number; readonly nightly: number };
}

const PARTS: readonly Part[] = [
  {
    name: "whole allocators, swarm",
    args: [],
    seconds: { push: 180, nightly: 5 * 3600 },
  },
  {
    name: "the same under the checker",
    args: ["--checker", "--schedules", "100"],
    seconds: { push: 12, nightly: 900 },
  },
];

/** Runs seeds in a process of their own. */
async function outcomeOf(
  from: number,
  seconds: number,
  options: readonly string[],
): Promise<Outcome> {
  const args = ["--from", `${from}`, "--count", `${APART}`, ...options];
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", MAIN, ...args, "--json"]
      .concat("--seconds", `${seconds}`),
    stdout: "piped",
    stderr: "piped",
    signal: AbortSignal.timeout(seconds * 1000 + GRACE_MS),
  });
  const { stdout, stderr } = await child.output();
  const text = new TextDecoder().decode(stdout).trim();
  if (text !== "") return JSON.parse(text);
  const error = new TextDecoder().decode(stderr).slice(-1000);
  const note = `a process ended without a result (it may hang): ${error}\n` +
    `to repeat: deno run -A tests/random/run.ts ${args.join(" ")}`;
  return { ...nothing(), notes: [note] };
}

/** Time of each process for a part of the layer. Seconds. */
function timeOf(part: Part, { budget, seconds }: Assignment): number {
  const own = part.seconds[budget];
  if (budget === "nightly" || seconds === undefined) return own;
  const all = PARTS.reduce((sum, one) => sum + one.seconds.push, 0);
  return Math.ceil(seconds * own / all);
}

/** The sum of all counts. Seconds are those of the slowest. */
function sumOf(outcomes: readonly Outcome[]): Outcome {
  return outcomes.reduce((sum, one) => {
    const total: Outcome = { ...sum, notes: [...sum.notes, ...one.notes] };
    for (const key of Object.keys(sum) as (keyof Outcome)[]) {
      if (key !== "notes") total[key] = sum[key] + one[key];
    }
    total.seconds = Math.max(sum.seconds, one.seconds);
    return total;
  }, nothing());
}

async function run(assignment: Assignment): Promise<void> {
  const { seed, only, report } = assignment;
  for (const part of PARTS) {
    const { name, args } = part;
    if (!name.includes(only)) continue;
    const start = performance.now();
    const firsts = Array.from(
      { length: SIZE },
      (_, k) => 1 + seed * 100_000 + k * APART,
    );
    const sum = sumOf(
      await Promise.all(
        firsts.map((from) => outcomeOf(from, timeOf(part, assignment), args)),
      ),
    );
    report({
      name,
      ok: sum.notes.length === 0,
      runs: sum.schedules,
      unit: "schedules",
      kills: sum.kills,
      seconds: (performance.now() - start) / 1000,
      note: sum.notes.join("\n") || summaryOf(sum),
    });
  }
}

/** Random schedules. */
export const randomLayers: Layer[] = [{
  name: "random",
  title: "Whole allocators with drawn features under random and PCT schedules",
  share: 0.6,
  run,
}];
