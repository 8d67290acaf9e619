/**
 * The stress run: torture by real workers, and a verdict that can be trusted.
 *
 *     deno task stress [--build gil|free-threaded|both] [--workers N]
 *         [--seconds S | --ops N] [--seed N]
 *         [--shape larson,xmalloc,mstress,churn|all] [--malloc NAME] [--trace N]
 *         [--max-bytes N] [--timeout S] [--canary NAME] [--kill] [--json]
 *
 * Each shape runs in each build on a heap of its own. Every live block carries
 * a pattern made of its own address, size, owner and serial over its whole
 * length, which is verified before each free and realloc. Blocks go from
 * worker to worker, and some workers end while others begin. At the end all
 * is freed and the heap is proved empty.
 *
 * With `--kill` workers die at random moments instead: they close themselves,
 * or an error is thrown, in the middle of a call, or they are terminated. They
 * are recovered, what they held is handed on, and others take their place. At
 * the end the heap is proved empty but for the calls that were under way.
 *
 * The exit code is 0 only if nothing was found. Else the finding, the seed and
 * the command that repeats it are printed.
 *
 * @module
 */

import {
  MALLOC_NAMES,
  type MallocName,
  wordsFor,
} from "../domains/allocator_names.ts";
import * as Header from "../layout/header.ts";
import { print, runTool, type Values } from "./args.ts";
import * as Args from "./args.ts";
import { CANARIES } from "./stress/canary.ts";
import { KILL_CANARIES } from "./stress/kill/canary.ts";
import { MAX_WORKERS } from "./stress/control.ts";
import { createProgress } from "./stress/progress.ts";
import * as Run from "./stress/run.ts";
import * as Summary from "./stress/summary.ts";
import { type ShapeName, SHAPES } from "./stress/task.ts";

/** Names of `--build`. */
const BUILDS = ["gil", "free-threaded", "both"] as const;

/** Smallest and largest heap. Bytes. */
const HEAP_BYTES = { min: 4194304, max: 4294967296 };

/** The shapes in a list such as "larson,churn", or all of them. */
function readShapes(given: string, name: string): readonly ShapeName[] {
  if (given === "all") return SHAPES;
  return given.split(",").map((word) => {
    const found = SHAPES.find((shape) => shape === word);
    if (found !== undefined) return found;
    throw new Args.UsageError(
      `Cannot set --${name} to "${given}": expected all, or some of ` +
        SHAPES.join(","),
    );
  });
}

const TOOL = {
  name: "stress",
  summary: "Torture the heap with real workers, then prove it whole and empty.",
  operands: [],
  options: {
    build: Args.choice(BUILDS, "both", "Which build to run"),
    shape: {
      placeholder: "LIST|all",
      help: `Which shapes to run, of ${SHAPES.join(",")}`,
      fallback: undefined,
      read: readShapes,
    } satisfies Args.Option<readonly ShapeName[] | undefined>,
    workers: Args.integer(
      { min: 1, max: MAX_WORKERS },
      Run.DEFAULT_WORKERS,
      "Workers at a time",
    ),
    seconds: Args.real(
      { min: 0.1, max: 1e6 },
      undefined,
      `Time for all of it (default ${Run.DEFAULT_SECONDS})`,
    ),
    ops: Args.integer(
      { min: 1, max: 1e9 },
      undefined,
      "Instead of time: steps of each worker in each build and shape; each " +
        "worker then makes the same choices again with the same seed",
    ),
    seed: Args.integer(
      { min: 0, max: 4294967295 },
      undefined,
      "All random choices follow from it (default: another one each time)",
    ),
    malloc: Args.choice(
      MALLOC_NAMES,
      "default",
      "Which allocator, as PYTHONMALLOC has it",
    ),
    trace: Args.integer(
      { min: 0, max: 65535 },
      0,
      "Trace all allocations, so many frames of each",
    ),
    "max-bytes": Args.integer(HEAP_BYTES, undefined, "Size of each heap"),
    timeout: Args.real(
      { min: 1, max: 3600 },
      undefined,
      `Seconds in which something must happen (default ${Run.DEFAULT_TIMEOUT})`,
    ),
    kill: Args.flag(
      "Instead of the shapes: workers die at work, are recovered and replaced",
    ),
    canary: Args.choice(
      [...CANARIES, ...KILL_CANARIES],
      undefined,
      `Plant a bug that must be found (with --kill: ${
        KILL_CANARIES.join(", ")
      })`,
    ),
    json: Args.flag("Print one JSON object"),
  },
};

/** What the user asked for. */
function optionsOf(values: Values<typeof TOOL.options>): Run.StressOptions {
  const { build, shape, workers, seconds, ops, timeout, canary, kill } = values;
  if (seconds !== undefined && ops !== undefined) {
    throw new Args.UsageError("Cannot use both --seconds and --ops");
  }
  if (kill && shape !== undefined) {
    throw new Args.UsageError("Cannot use both --kill and --shape");
  }
  if (!kill && KILL_CANARIES.some((name) => name === canary)) {
    throw new Args.UsageError(`Cannot plant ${canary} without --kill`);
  }
  const maxBytes = values["max-bytes"];
  return {
    builds: build === "both" ? Run.BUILDS : [build],
    shapes: shape ?? SHAPES,
    workers,
    seed: values.seed ?? crypto.getRandomValues(new Uint32Array(1))[0],
    canary,
    kill,
    malloc: mallocFor(values.malloc, values.build),
    trace: values.trace,
    ...(seconds === undefined ? {} : { seconds }),
    ...(ops === undefined ? {} : { ops }),
    ...(maxBytes === undefined ? {} : { maxBytes }),
    ...(timeout === undefined ? {} : { timeout }),
  };
}

/** The allocator, if all builds that are to run know it. */
function mallocFor(
  name: MallocName,
  build: typeof BUILDS[number],
): MallocName {
  if (build === "gil" || wordsFor(Header.BUILD_FREE_THREADED, name, false)) {
    return name;
  }
  throw new Args.UsageError(
    `Cannot set --malloc to "${name}": the free-threaded build has none`,
  );
}

/** How to start this tool again. */
function command(): string {
  const here = new URL(`file://${Deno.cwd()}/src/tools/stress.ts`).href;
  if (import.meta.url === here) return "deno task stress";
  return `deno run -A ${import.meta.filename ?? import.meta.url}`;
}

/** The stress tool; returns the exit code. */
async function main(
  { values }: Args.Arguments<typeof TOOL.options>,
): Promise<number> {
  const options = optionsOf(values);
  const bar = await createProgress();
  const observer = { progress: bar.update };
  const report = await Run.runStress({ ...options, observer });
  bar.stop();
  if (values.json) {
    print(JSON.stringify({ ...report, canary: options.canary }) + "\n");
  } else {
    print(Summary.table(report.cells));
    if (options.kill) print("\n" + Summary.deathTable(report.cells));
    print("\n" + Summary.verdict(report, command()));
    if (report.ok && options.canary !== undefined) {
      print(`The planted bug ${options.canary} was NOT found\n`);
    }
  }
  return report.ok ? Args.OK : Args.FAILED;
}

// Workers that hang do not end with the event loop: the exit is explicit.
if (import.meta.main) Deno.exit(await runTool(TOOL, main, Deno.args));
