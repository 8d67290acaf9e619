/**
 * Mutants and bugs of the past, as layers of the verification.
 *
 * ## Threads
 *   None of its own: two processes that judge changes.
 *
 * @module
 */

import type { Assignment, Layer } from "../verify/layer.ts";
import { HISTORY } from "./history.ts";
import {
  type Judged,
  judgeHistory,
  judgeMutants,
  lineOf,
  scoreOf,
  wronglyListed,
} from "./run.ts";
import { TARGETS } from "./targets.ts";

/** Mutants before a push at most, and the time for them if none is given. */
const PUSH = { count: 300, seconds: 75, listed: false };
/** Overnight: all of them, and that no listed one is found. */
const NIGHTLY = { count: Infinity, seconds: Infinity, listed: true };
/** Least share of the mutants that are not equivalent that must be found. */
const SHARE = 0.85;
/** The same in a draw: so much less that chance alone seldom fails it. */
const DRAWN_SHARE = 0.8;

function noteOf(all: readonly Judged[]): string {
  const left = all.filter(({ verdict, reason }) =>
    verdict.kind === "" && reason === undefined
  );
  const same = all.length - scoreOf(all)[1];
  const hung = all.filter(({ verdict }) => verdict.kind === "endless").length;
  const lines = [
    ...left.map((one) => `\n  survived: ${lineOf(one)}`),
    ...wronglyListed(all).map((one) => `\n  listed, but found: ${lineOf(one)}`),
  ];
  return `${all.length} mutants, ${same} equivalent, ${hung} endless` +
    lines.join("");
}

/** Rows overnight: one for each file, and one for all of them. */
function reportFiles(
  all: readonly Judged[],
  report: Assignment["report"],
): void {
  for (const { path } of TARGETS) {
    const mine = all.filter(({ mutant }) => mutant.path === path);
    if (mine.length === 0) continue;
    report({
      name: `mutants of ${path}`,
      ok: wronglyListed(mine).length === 0,
      found: scoreOf(mine),
      seconds: mine.reduce((sum, { verdict }) => sum + verdict.seconds, 0),
      note: noteOf(mine),
    });
  }
  const [found, real] = scoreOf(all);
  report({
    name: "mutants of all files",
    ok: found >= real * SHARE,
    runs: all.length,
    unit: "mutants",
    seconds: 0,
    note: `${found} of ${real} found\n  ${noteOf(all)}`,
  });
}

async function runMutants(assignment: Assignment): Promise<void> {
  const { budget, seed, only, report, seconds = PUSH.seconds } = assignment;
  const start = performance.now();
  const limits = budget === "push" ? { ...PUSH, seconds } : NIGHTLY;
  const wanted = "mutants of all files".includes(only) ? "" : only;
  const all = await judgeMutants({ ...limits, seed, only: wanted });
  if (all.length === 0) return;
  if (budget === "nightly") return reportFiles(all, report);
  const [found, real] = scoreOf(all);
  report({
    name: "mutants of all files, drawn",
    ok: found >= real * DRAWN_SHARE,
    runs: all.length,
    unit: "mutants",
    found: [found, real],
    seconds: (performance.now() - start) / 1000,
    note: `${noteOf(all)}\n  to repeat: deno run -A tests/mutants/run.ts ` +
      `--count ${limits.count} --seed ${seed}`,
  });
}

async function runHistory({ only, report }: Assignment): Promise<void> {
  const name = "planted bugs";
  const wanted = name.includes(only) ? "" : only;
  if (!HISTORY.some((bug) => bug.name.includes(wanted))) return;
  const start = performance.now();
  const { missed, count } = await judgeHistory(wanted);
  report({
    name,
    ok: missed.length === 0,
    found: [count - missed.length, count],
    seconds: (performance.now() - start) / 1000,
    note: missed.map((bug) => `not found: ${bug}`).join("; "),
  });
}

/** Mutants, and bugs of the past. */
export const mutantLayers: Layer[] = [
  {
    name: "history",
    title: "Bugs of the past, planted again, are found by the models",
    run: runHistory,
  },
  {
    name: "mutants",
    title: "Small changes of all files with shared state are found",
    share: 0.4,
    run: runMutants,
  },
];
