/**
 * Runs many cases in processes of their own and sums up what was found.
 *
 * A process whose worker hangs ends; the next one goes on behind the case.
 *
 * ## Threads
 *   None of its own: `probe.ts` does the work.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { callOne } from "./call_case.ts";
import { caseOf, damage, textOf } from "./damage.ts";
import type { Word } from "./prober.ts";
import { regionsOf } from "./regions.ts";
import { load } from "./shapes.ts";

/** What became of a number of cases. */
export interface Sum {
  /** Cases that were run. Count. */
  cases: number;
  /** Calls or checks. Count. */
  calls: number;
  /** By build and region: damaged how often, found how often. */
  readonly regions: Map<string, [number, number]>;
  /** What must not happen: the case's number and a line. */
  readonly faults: [number, string][];
  /** Cases that did not end: number and a line. */
  readonly hangs: [number, string][];
}

/** A line of a probe. */
interface Line extends Partial<Word> {
  hang?: number;
  call?: number;
  died?: string;
  case?: number;
}

const PROBE = fileURLToPath(new URL("./probe.ts", import.meta.url));
/** Hangs after which a run gives up: each costs seconds. Count. */
const HANGS_MAX = 12;

class Found extends Error {}

/** What a case that hangs was doing. */
function describe(
  mode: string,
  seed: number,
  number: number,
  call: number,
): string {
  if (mode === "stack") return `stack case ${number}, depth ${call}: hangs`;
  if (mode.startsWith("canary")) return "the canary hangs";
  const each = caseOf(seed, number);
  const { m } = load(each.build, each.shape, seed).heap.core;
  const text = textOf(each, damage(m, regionsOf(m), each.random));
  if (mode !== "calls") return `${text}: the check does not end`;
  let left = call;
  let name = "";
  try {
    callOne(caseOf(seed, number), (call) => {
      name = call;
      if (--left <= 0) throw new Found();
    });
  } catch (error) {
    if (!(error instanceof Found)) throw error;
  }
  return `${text}: call ${call}, ${name}, does not end`;
}

function addWord(sum: Sum, word: Partial<Word>): void {
  sum.calls += word.calls ?? 0;
  sum.faults.push(...word.faults ?? []);
  for (const [key, [damaged, found]] of Object.entries(word.regions ?? {})) {
    const [a, b] = sum.regions.get(key) ?? [0, 0];
    sum.regions.set(key, [a + damaged, b + found]);
  }
}

/** One process. Returns the number of the next case. */
async function probe(
  sum: Sum,
  mode: string,
  seed: number,
  from: number,
  to: number,
): Promise<number> {
  const args = ["run", "--no-check", "-A", PROBE, mode];
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [...args, String(seed), String(from), String(to)],
  }).output();
  for (const text of new TextDecoder().decode(stdout).trim().split("\n")) {
    if (text === "") throw new Error(new TextDecoder().decode(stderr));
    const line = JSON.parse(text) as Line;
    addWord(sum, line);
    if (line.died !== undefined) {
      const at = line.case ?? from;
      sum.faults.push([at, `the worker died: ${line.died}`]);
      return at + 1;
    }
    if (line.hang !== undefined) {
      const call = line.call ?? 0;
      sum.hangs.push([line.hang, describe(mode, seed, line.hang, call)]);
      return line.hang + 1;
    }
  }
  return to;
}

/** The command that runs one case again. */
export function replayOf(mode: string, seed: number, number: number): string {
  return `deno run -A tests/fuzz/corrupt/probe.ts ${mode} ${seed} ${number} ` +
    `${number + 1}`;
}

/** Runs the cases `from` … `to` − 1. */
export async function runCases(
  mode: string,
  seed: number,
  from: number,
  to: number,
  hangsMax = HANGS_MAX,
): Promise<Sum> {
  const sum: Sum = {
    cases: 0,
    calls: 0,
    regions: new Map(),
    faults: [],
    hangs: [],
  };
  let next = from;
  while (next < to && sum.hangs.length < hangsMax) {
    next = await probe(sum, mode, seed, next, to);
  }
  sum.cases = next - from;
  return sum;
}

if (import.meta.main) {
  const [mode, seed, from, to, hangs] = Deno.args;
  const sum = await runCases(
    mode,
    Number(seed),
    Number(from),
    Number(to),
    Number(hangs ?? HANGS_MAX),
  );
  for (const [number, text] of [...sum.hangs, ...sum.faults]) {
    console.log(`${number}: ${text}`);
  }
  for (const [region, [damaged, found]] of [...sum.regions].sort()) {
    if (found < damaged) console.log(`${found} of ${damaged}: ${region}`);
  }
  console.log(`${sum.cases} cases, ${sum.calls} calls`);
}
