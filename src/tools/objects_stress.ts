/**
 * The torture of objects: real workers, and a verdict that can be trusted.
 *
 *     deno task stress:objects [--build gil|free-threaded|both] [--workers N]
 *         [--seconds S | --ops N] [--seed N] [--max-bytes N] [--timeout S]
 *         [--canary NAME] [--json]
 *
 * The workers take random steps with objects that all of them share: they count
 * references and hand them over, change lists, dicts and sets, link lists into
 * cycles, collect, and go on with new thread states. Every object carries a
 * mark of the place that it was made for, which is verified whenever it is
 * found there. At the end each object must have the references that can be
 * found, and when they are dropped the heap must be as it was.
 *
 * The exit code is 0 only if nothing was found. Else the finding, the seed and
 * the command that repeats it are printed. Workers interleave as the machine
 * likes, so a race may take more than one attempt.
 *
 * @module
 */

import { print, runTool, type Values } from "./args.ts";
import * as Args from "./args.ts";
import { createProgress } from "./stress/progress.ts";
import { CANARIES, FREE_THREADED_ONLY } from "./stress_objects/canary.ts";
import type { CellResult } from "./stress_objects/cell.ts";
import { describeFinding } from "./stress_objects/finding.ts";
import * as Run from "./stress_objects/run.ts";

/** Names of `--build`. */
const BUILDS = ["gil", "free-threaded", "both"] as const;
/** Smallest and largest heap. Bytes. */
const HEAP_BYTES = { min: 8388608, max: 4294967296 };

const TOOL = {
  name: "stress:objects",
  summary: "Torture objects with real workers, then prove each count right.",
  operands: [],
  options: {
    build: Args.choice(BUILDS, "both", "Which build to run"),
    workers: Args.integer(
      { min: 1, max: Run.MAX_WORKERS },
      Run.DEFAULT_WORKERS,
      "Workers",
    ),
    seconds: Args.real(
      { min: 0.1, max: 1e6 },
      undefined,
      `Time for all of it (default ${Run.DEFAULT_SECONDS})`,
    ),
    ops: Args.integer(
      { min: 1, max: 1e12 },
      undefined,
      "Instead of time: steps of all workers together in each build",
    ),
    seed: Args.integer(
      { min: 0, max: 4294967295 },
      undefined,
      "All random choices follow from it (default: another one each time)",
    ),
    "max-bytes": Args.integer(
      HEAP_BYTES,
      Run.DEFAULT_MAX_BYTES,
      "Size of each heap",
    ),
    timeout: Args.real(
      { min: 1, max: 3600 },
      Run.DEFAULT_TIMEOUT,
      "Seconds in which something must happen",
    ),
    canary: Args.choice(
      CANARIES,
      undefined,
      "Plant a bug that must be found",
    ),
    json: Args.flag("Print one JSON object"),
  },
};

/** What the user asked for. */
function optionsOf(values: Values<typeof TOOL.options>): Run.Options {
  const { build, workers, seconds, ops, timeout, canary } = values;
  if (seconds !== undefined && ops !== undefined) {
    throw new Args.UsageError("Cannot use both --seconds and --ops");
  }
  if (canary !== undefined && build !== "free-threaded") {
    if (FREE_THREADED_ONLY.includes(canary)) {
      throw new Args.UsageError(
        `Cannot plant ${canary} without --build free-threaded`,
      );
    }
  }
  return {
    builds: build === "both" ? Run.BUILDS : [build],
    workers,
    timeout,
    canary,
    maxBytes: values["max-bytes"],
    seed: values.seed ?? crypto.getRandomValues(new Uint32Array(1))[0],
    ...(seconds === undefined ? {} : { seconds }),
    ...(ops === undefined ? {} : { ops }),
  };
}

/** A number with commas between groups of three digits. */
function grouped(value: number): string {
  return Math.round(value).toString().replace(/\B(?=(\d{3})+$)/g, ",");
}

/** A build in a line. */
function describeCell(cell: CellResult): string {
  const { build, ops, seconds, handed, threads, collections } = cell;
  return `${build}: ${grouped(ops)} steps in ${seconds.toFixed(1)} s ` +
    `(${grouped(ops / seconds)} a second), ${grouped(handed)} objects handed ` +
    `over, ${grouped(threads)} thread states, ${grouped(collections)} ` +
    `collections of ${grouped(cell.collected)} objects, ` +
    `${grouped(cell.objects)} objects at the end\n`;
}

/** How to start this tool again. */
function command(): string {
  const here = new URL(`file://${Deno.cwd()}/src/tools/objects_stress.ts`);
  if (import.meta.url === here.href) return "deno task stress:objects";
  return `deno run -A ${import.meta.filename ?? import.meta.url}`;
}

/** The verdict in words. */
function verdict(report: Run.Report): string {
  const { ok, seed, workers, findings, replay } = report;
  if (ok) {
    return `Nothing found: ${workers} workers, seed ${seed}; all counts are ` +
      "right, all was dropped, the heaps are empty\n";
  }
  return findings.map(describeFinding).join("") +
    `Seed ${seed}; to repeat:\n    ${command()} ${replay}\n`;
}

/** The tool; returns the exit code. */
async function main(
  { values }: Args.Arguments<typeof TOOL.options>,
): Promise<number> {
  const options = optionsOf(values);
  const bar = await createProgress();
  const report = await Run.runObjectsStress({
    ...options,
    progress: bar.update,
  });
  bar.stop();
  if (values.json) {
    print(JSON.stringify({ ...report, canary: options.canary }) + "\n");
  } else {
    print(report.cells.map(describeCell).join("") + verdict(report));
    if (report.ok && options.canary !== undefined) {
      print(`The planted bug ${options.canary} was NOT found\n`);
    }
  }
  return report.ok ? Args.OK : Args.FAILED;
}

// Workers that hang do not end with the event loop: the exit is explicit.
if (import.meta.main) Deno.exit(await runTool(TOOL, main, Deno.args));
