/**
 * The stress run as a library: all cells, one after the other.
 *
 * @module
 */

import type { Canary } from "./canary.ts";
import { type CellResult, runCell } from "./cell.ts";
import { MAX_WORKERS } from "./control.ts";
import type { Finding } from "./finding.ts";
import type { Build, MallocName } from "./heap.ts";
import type { KillCanary } from "./kill/canary.ts";
import { runKillCell } from "./kill/cell.ts";
import { type CellShape, type ShapeName, SHAPES } from "./task.ts";

/** The two builds. */
export const BUILDS: readonly Build[] = ["gil", "free-threaded"];

/** Options of {@linkcode runStress}; those of the command line. */
export interface StressOptions {
  /** Builds to run; both if absent. */
  readonly builds?: readonly Build[];
  /** Shapes to run; all if absent. */
  readonly shapes?: readonly ShapeName[];
  /** Workers at a time, 1 to 64; 4 if absent. Count. */
  readonly workers?: number;
  /** How long all of it takes; 44 if absent and there is no `ops`. Seconds. */
  readonly seconds?: number;
  /** Instead of time: steps of each worker in each build and shape. Count. */
  readonly ops?: number;
  /** All random choices follow from it; 1 if absent. 32 bits. */
  readonly seed?: number;
  /** Which allocator; `"default"` if absent. */
  readonly malloc?: MallocName;
  /** Frames to trace of each allocation; 0, no tracing, if absent. Count. */
  readonly trace?: number;
  /** Size of each heap; 1 GiB if absent. Bytes. */
  readonly maxBytes?: number;
  /** How long nothing may happen; 60 if absent. Seconds. */
  readonly timeout?: number;
  /** Bug to plant. */
  readonly canary?: Canary | KillCanary | undefined;
  /**
   * Instead of the shapes: churn in which workers die at random moments, are
   * recovered and replaced. `ops` are then those of all lives with one number.
   */
  readonly kill?: boolean;
  /** Hears what happens. */
  readonly observer?: StressObserver;
}

/** Hears what happens in a stress run. */
export interface StressObserver {
  /** How far the run is: share of the whole, cell at work, calls in it. */
  progress?(share: number, cell: string, ops: number): void;
  /** A cell has ended. */
  finished?(result: CellResult): void;
}

/** What came of a stress run. */
export interface StressReport {
  /** True if nothing was found. */
  readonly ok: boolean;
  /** Seed of the run. */
  readonly seed: number;
  /** Workers at a time. Count. */
  readonly workers: number;
  /** What came of each cell; the last one may have failed. */
  readonly cells: readonly CellResult[];
  /** What was found. */
  readonly findings: readonly Finding[];
  /** Arguments of the command line that repeat the cell that failed, or "". */
  readonly replay: string;
}

/** Default of {@linkcode StressOptions.seconds}. */
export const DEFAULT_SECONDS = 44;
/** Default of {@linkcode StressOptions.workers}. */
export const DEFAULT_WORKERS = 4;
/** Default of {@linkcode StressOptions.maxBytes}. */
export const DEFAULT_MAX_BYTES = 1073741824;
/** Default of {@linkcode StressOptions.timeout}. */
export const DEFAULT_TIMEOUT = 60;

/** Arguments that repeat one cell. */
function replayArguments(
  { build, shape }: CellResult,
  options: StressOptions,
  seconds: number,
  seed: number,
): string {
  const { workers, ops = 0, maxBytes, timeout, canary, malloc } = options;
  const what = shape === "kill" ? "--kill" : `--shape ${shape}`;
  const words = [`--build ${build}`, what, `--seed ${seed}`];
  words.push(`--workers ${workers ?? DEFAULT_WORKERS}`);
  words.push(ops > 0 ? `--ops ${ops}` : `--seconds ${seconds}`);
  if (malloc !== undefined && malloc !== "default") {
    words.push(`--malloc ${malloc}`);
  }
  if (options.trace) words.push(`--trace ${options.trace}`);
  if (maxBytes !== undefined) words.push(`--max-bytes ${maxBytes}`);
  if (timeout !== undefined) words.push(`--timeout ${timeout}`);
  if (canary !== undefined) words.push(`--canary ${canary}`);
  return words.join(" ");
}

function requireRange(what: string, value: number, min: number, max: number) {
  if (value >= min && value <= max) return;
  throw new RangeError(
    `Cannot run with ${value} ${what}: expected ${min} to ${max}`,
  );
}

/**
 * Runs the stress: each shape in each build, on a heap of its own, with real
 * workers. Ends with the first cell that finds something.
 *
 * @param options What to run; everything may be left out.
 * @returns What was found, and figures.
 * @throws {RangeError} If a number is out of range.
 */
export async function runStress(
  options: StressOptions = {},
): Promise<StressReport> {
  const { builds = BUILDS, observer = {}, ops = 0 } = options;
  const shapes: readonly CellShape[] = options.kill
    ? ["kill"]
    : options.shapes ?? SHAPES;
  const { seed = 1, workers = DEFAULT_WORKERS, canary } = options;
  const { maxBytes = DEFAULT_MAX_BYTES, timeout = DEFAULT_TIMEOUT } = options;
  const { malloc = "default", trace = 0 } = options;
  requireRange("workers", workers, 1, MAX_WORKERS);
  const pairs = builds.flatMap((build) =>
    shapes.map((shape) => [build, shape] as const)
  );
  const budget = (options.seconds ?? DEFAULT_SECONDS) / pairs.length;
  const seconds = ops > 0 ? 0 : Math.round(budget * 100) / 100;
  const common = {
    workers,
    seconds,
    ops,
    seed,
    maxBytes,
    timeout,
    canary,
    malloc,
    trace,
  };
  const cells: CellResult[] = [];
  for (const [build, shape] of pairs) {
    const name = `${build} ${shape}`;
    const run = shape === "kill" ? runKillCell : runCell;
    const result = await run({ build, shape, ...common }, (share, done) => {
      const whole = (cells.length + Math.min(1, share)) / pairs.length;
      observer.progress?.(whole, name, done);
    });
    cells.push(result);
    observer.finished?.(result);
    if (result.findings.length === 0) continue;
    const replay = replayArguments(result, options, seconds, seed);
    const { findings } = result;
    return { ok: false, seed, workers, cells, findings, replay };
  }
  return { ok: true, seed, workers, cells, findings: [], replay: "" };
}
