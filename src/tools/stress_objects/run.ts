/**
 * The torture of objects as a library: both builds, one after the other.
 *
 * @module
 */

import type { Build } from "../stress/heap.ts";
import type { Canary } from "./canary.ts";
import { type CellResult, runCell } from "./cell.ts";
import type { Finding } from "./finding.ts";

/** The two builds. */
export const BUILDS: readonly Build[] = ["gil", "free-threaded"];
/** Most workers. Count. */
export const MAX_WORKERS = 64;
/** Default of {@linkcode Options.workers}. */
export const DEFAULT_WORKERS = 4;
/** Default of {@linkcode Options.seconds}. */
export const DEFAULT_SECONDS = 20;
/** Default of {@linkcode Options.maxBytes}. */
export const DEFAULT_MAX_BYTES = 268435456;
/** Default of {@linkcode Options.timeout}. */
export const DEFAULT_TIMEOUT = 60;

/** Options of {@linkcode runObjectsStress}; those of the command line. */
export interface Options {
  /** Builds to run; both if absent. */
  readonly builds?: readonly Build[];
  /** Workers; 4 if absent. Count. */
  readonly workers?: number;
  /** How long all of it takes; 20 if absent and there is no `ops`. Seconds. */
  readonly seconds?: number;
  /** Instead of time: steps of all workers together in each build. Count. */
  readonly ops?: number;
  /** All random choices follow from it; 1 if absent. 32 bits. */
  readonly seed?: number;
  /** Size of each heap; 256 MiB if absent. Bytes. */
  readonly maxBytes?: number;
  /** How long nothing may happen; 60 if absent. Seconds. */
  readonly timeout?: number;
  /** Bug to plant. */
  readonly canary?: Canary | undefined;
  /** Hears how far the run is: share of the whole, build at work, steps. */
  readonly progress?: (share: number, build: string, ops: number) => void;
}

/** What came of a run. */
export interface Report {
  /** True if nothing was found. */
  readonly ok: boolean;
  /** Seed of the run. */
  readonly seed: number;
  /** Workers. Count. */
  readonly workers: number;
  /** What came of each build; the last one may have failed. */
  readonly cells: readonly CellResult[];
  /** What was found. */
  readonly findings: readonly Finding[];
  /** Arguments of the command line that repeat what failed, or "". */
  readonly replay: string;
}

/** Arguments that repeat a build. */
function replayArguments(
  build: Build,
  options: Options,
  seconds: number,
): string {
  const { workers = DEFAULT_WORKERS, seed = 1, ops = 0, canary } = options;
  const { maxBytes, timeout } = options;
  const words = [`--build ${build} --seed ${seed} --workers ${workers}`];
  words.push(ops > 0 ? `--ops ${ops}` : `--seconds ${seconds}`);
  if (maxBytes !== undefined) words.push(`--max-bytes ${maxBytes}`);
  if (timeout !== undefined) words.push(`--timeout ${timeout}`);
  if (canary !== undefined) words.push(`--canary ${canary}`);
  return words.join(" ");
}

/**
 * Tortures objects: real workers take random steps with objects that they
 * share. Ends with the first build that finds something.
 *
 * @param options What to run; everything may be left out.
 * @returns What was found, and figures.
 * @throws {RangeError} If there cannot be so many workers.
 */
export async function runObjectsStress(
  options: Options = {},
): Promise<Report> {
  const { builds = BUILDS, seed = 1, workers = DEFAULT_WORKERS } = options;
  const { maxBytes = DEFAULT_MAX_BYTES, timeout = DEFAULT_TIMEOUT } = options;
  const { ops = 0, canary, progress } = options;
  if (!(workers >= 1 && workers <= MAX_WORKERS)) {
    throw new RangeError(
      `Cannot run with ${workers} workers: expected 1 to ${MAX_WORKERS}`,
    );
  }
  const budget = (options.seconds ?? DEFAULT_SECONDS) / builds.length;
  const seconds = ops > 0 ? 0 : budget;
  const common = { workers, seconds, ops, seed, maxBytes, timeout, canary };
  const cells: CellResult[] = [];
  for (const build of builds) {
    const result = await runCell({ build, ...common }, (share, done) => {
      const whole = (cells.length + Math.min(1, share)) / builds.length;
      progress?.(whole, build, done);
    });
    cells.push(result);
    const { findings } = result;
    if (findings.length === 0) continue;
    const replay = replayArguments(build, options, seconds);
    return { ok: false, seed, workers, cells, findings, replay };
  }
  return { ok: true, seed, workers, cells, findings: [], replay: "" };
}
