/**
 * Fuzzers, command models, differential tests, damaged heaps and hostile input
 * as a layer of the verification.
 *
 * ## Threads
 *   None of its own; what may hang runs in processes of its own.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { BUILDS } from "../helpers/heap_fixture.ts";
import type { Assignment, Layer, Row } from "../verify/layer.ts";
import { reasonOf } from "./corrupt/exempt.ts";
import { replayOf, runCases, type Sum } from "./corrupt/run.ts";
import { FACE_NAMES, runCommands } from "./commands/run.ts";
import { compare } from "./differential/oracle.ts";
import { compareStats } from "./differential/python.ts";
import { sweep } from "./ops/exhaust.ts";
import { fuzz } from "./ops/fuzz.ts";
import { BUGS } from "./ops/port.ts";
import { CASES } from "./ops/stack.ts";

/** How much each row does. */
interface Amounts {
  /** Op fuzzer: calls of each build with cheap checks. Count. */
  readonly calls: number;
  /** Op fuzzer: calls of each build that looks at every byte. Count. */
  readonly thorough: number;
  /** Exhaustion: step of the sweep. Pages. */
  readonly step: number;
  /** Command models: strings for each face and build. Count. */
  readonly strings: number;
  /** Scripts against CPython. Count. */
  readonly scripts: number;
  /** Damaged heaps that are checked. Count. */
  readonly checks: number;
  /** Damaged heaps that are called. Count. */
  readonly heaps: number;
  /** Cases of the stack sweep. Count. */
  readonly stack: number;
}

const PUSH: Amounts = {
  calls: 2e7,
  thorough: 5e5,
  step: 8,
  strings: 100,
  scripts: 8,
  checks: 600,
  heaps: 120,
  stack: 4,
};
const NIGHTLY: Amounts = {
  calls: 1e10,
  thorough: 2e7,
  step: 1,
  strings: 25000,
  scripts: 500,
  checks: 200000,
  heaps: 50000,
  stack: CASES,
};

/** What a row says, apart from name and time. */
type Said = Omit<Row, "name" | "seconds">;

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** Op bytes, cheap checks or thorough, in both builds. */
function ops(seed: number, calls: number, thorough: boolean): Said {
  let runs = 0;
  let ms = 0;
  for (const build of BUILDS) {
    const length = thorough ? 20000 : 1 << 20;
    const sum = fuzz({ build, thorough }, seed, calls, length);
    runs += sum.calls;
    ms += sum.ms;
    if (sum.note !== "") {
      return { ok: false, runs, unit: "calls", note: sum.note };
    }
  }
  const note = `${(runs / ms / 1000).toFixed(1)} M calls/s`;
  return { ok: true, runs, unit: "calls", note };
}

/** The planted bugs of the op fuzzer. */
function opsCanaries(seed: number): Said {
  let found = 0;
  let note = "";
  for (const bug of BUGS) {
    const sum = fuzz({ build: "gil", thorough: false, bug }, seed, 1e6, 20000);
    if (sum.note === "") note += `${bug} was not found; `;
    else found++;
  }
  const said: Said = {
    ok: found === BUGS.length,
    found: [found, BUGS.length],
  };
  return note === "" ? said : { ...said, note };
}

/** Heaps with 0, 1, 2, … free pages. */
function exhaustion(seed: number, step: number): Said {
  let runs = 0;
  let failures = 0;
  for (const build of BUILDS) {
    const result = sweep(build, seed, 150, step);
    runs += result.runs;
    failures += result.failures;
    const note = result.note;
    if (note !== "") return { ok: false, runs, unit: "heaps", note };
  }
  const note = `${failures} requests failed`;
  return { ok: true, runs, unit: "heaps", note };
}

/** Command models of both faces. */
function commands(seed: number, strings: number): Said {
  let runs = 0;
  for (const build of BUILDS) {
    for (const face of FACE_NAMES) {
      const result = runCommands(face, build, strings, seed);
      runs += result.runs;
      const { note } = result;
      if (note !== "") return { ok: false, runs, unit: "strings", note };
    }
  }
  return { ok: true, runs, unit: "strings" };
}

/** CPython's pymalloc, place by place. */
function places(seed: number, scripts: number): Said {
  const { calls, note, isCompared } = compare(seed, scripts, 20000);
  const said = { ok: note === "" || !isCompared, runs: calls, unit: "calls" };
  return note === "" ? said : { ...said, note };
}

/** A living Python, block by block. */
async function python(seed: number): Promise<Said> {
  const { note, isCompared, classes } = await compareStats(seed, 100000);
  const said = {
    ok: note === "" || !isCompared,
    runs: classes,
    unit: "classes",
  };
  return note === "" ? said : { ...said, note };
}

/** The row of a sum: the first thing that must not be, and how many. */
function saidOf(sum: Sum, mode: string, seed: number): Said {
  const bad = [...sum.hangs, ...sum.faults].sort((a, b) => a[0] - b[0]);
  const said = { ok: bad.length === 0, runs: sum.calls, unit: "calls" };
  if (bad.length === 0) return said;
  const [number, text] = bad[0];
  const note = `${sum.hangs.length} hangs, ${sum.faults.length} faults; ` +
    `${text}; ${replayOf(mode, seed, number)}`;
  return { ...said, note };
}

/** Damaged heaps that are checked: each damage that must be found is. */
async function checks(seed: number, count: number): Promise<Said> {
  const sum = await runCases("check", seed, 0, count);
  const said = saidOf(sum, "check", seed);
  if (!said.ok) return said;
  let damaged = 0;
  let found = 0;
  const missed: string[] = [];
  for (const [region, [a, b]] of [...sum.regions].sort()) {
    if (reasonOf(region) !== "") continue;
    damaged += a;
    found += b;
    if (b < a) missed.push(`${region} ${b} of ${a}`);
  }
  const row: Said = {
    ok: missed.length === 0,
    runs: sum.cases,
    unit: "heaps",
    found: [found, damaged],
  };
  return missed.length === 0 ? row : {
    ...row,
    note: `not found, seed ${seed}: ${missed.join(", ")}`,
  };
}

/** Damaged heaps that are called, or calls without stack. */
async function calls(
  mode: string,
  seed: number,
  from: number,
  count: number,
): Promise<Said> {
  const sum = await runCases(mode, seed, from, from + count);
  return saidOf(sum, mode, seed);
}

/** The tests of hostile input, in a process of their own. */
async function security(): Promise<Said> {
  const { success, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["test", "-A", "--no-check", "tests/security"],
    cwd: ROOT,
    env: { NO_COLOR: "1" },
    stderr: "null",
  }).output();
  const text = new TextDecoder().decode(stdout);
  const sum = /(\d+) passed \| (\d+) failed/.exec(text);
  const runs = Number(sum?.[1] ?? 0) + Number(sum?.[2] ?? 0);
  const said = { ok: success, runs, unit: "tests" };
  return success
    ? said
    : { ...said, note: `${sum?.[2]} failed; deno test -A tests/security` };
}

/** The rows in their order. */
function rowsOf(
  { budget, seed }: Assignment,
): [string, () => Said | Promise<Said>][] {
  const n = budget === "push" ? PUSH : NIGHTLY;
  const from = n.stack < CASES ? seed * n.stack % (CASES - n.stack) : 0;
  return [
    ["ops, volume", () => ops(seed, n.calls, false)],
    ["ops, every byte", () => ops(seed, n.thorough, true)],
    ["ops, planted bugs", () => opsCanaries(seed)],
    ["exhaustion", () => exhaustion(seed, n.step)],
    ["stack overflow", () => calls("stack", seed, from, n.stack)],
    ["commands", () => commands(seed, n.strings)],
    ["differential, places", () => places(seed, n.scripts)],
    ["differential, Python", () => python(seed)],
    ["corrupt, check", () => checks(seed, n.checks)],
    ["corrupt, calls", () => calls("calls", seed, 0, n.heaps)],
    ["security", security],
  ];
}

/** What a row says, or that it broke. */
async function said(run: () => Said | Promise<Said>): Promise<Said> {
  try {
    return await run();
  } catch (error) {
    return {
      ok: false,
      note: error instanceof Error ? `${error.stack}` : `${error}`,
    };
  }
}

/** Fuzzers, models and hostile input. */
export const fuzzLayers: Layer[] = [{
  name: "fuzz",
  title: "Random programs, models, CPython, damaged heaps, hostile input",
  async run(assignment) {
    for (const [name, run] of rowsOf(assignment)) {
      if (!name.includes(assignment.only)) continue;
      const start = performance.now();
      const row = await said(run);
      const seconds = (performance.now() - start) / 1000;
      assignment.report({ name, seconds, ...row });
    }
  },
}];

if (import.meta.main) {
  const [budget, seed, only] = Deno.args;
  await fuzzLayers[0].run({
    budget: budget === "nightly" ? "nightly" : "push",
    seed: Number(seed ?? 1),
    only: only ?? "",
    report: (row) => console.log(JSON.stringify(row)),
  });
}
