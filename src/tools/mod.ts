/**
 * The tools as a library: what the command-line tools do, as functions.
 *
 * @example A short stress run of one shape
 * ```ts
 * import assert from "node:assert/strict";
 * import { runStress } from "@obmalloc/obmalloc/tools";
 *
 * const report = await runStress({
 *   builds: ["free-threaded"],
 *   shapes: ["larson"],
 *   workers: 2,
 *   ops: 500,
 *   seed: 42,
 * });
 * assert.ok(report.ok);
 * ```
 *
 * @module
 */

export type { Build } from "../../mod.ts";
export type { Address, Clock, Memory } from "../memory/mod.ts";
export type { CheckReport } from "../check/mod.ts";
export { LeakError, leakTest, withLeakCheck } from "./leak_test.ts";
export type { Placed } from "./placement.ts";
export {
  type Build as ReplayBuild,
  differences,
  type Expected,
  parseExpected,
  type Replay,
  type ReplayOptions,
  type ReplayResult,
  replayTrace,
  timeRounds,
} from "./replay.ts";
export { debugMallocStats } from "../check/mod.ts";
export { withoutArenaMap } from "./report.ts";
export { CANARIES, type Canary } from "./stress/canary.ts";
export type { CellResult } from "./stress/cell.ts";
export type { Finding, FindingKind } from "./stress/finding.ts";
export {
  runStress,
  type StressObserver,
  type StressOptions,
  type StressReport,
} from "./stress/run.ts";
export { type ShapeName, SHAPES } from "./stress/task.ts";
export {
  encodeTrace,
  headOf,
  parseTrace,
  readTrace,
  type Requested,
  requestedBytes,
  selectDomains,
  type Trace,
  TraceError,
  TraceWriter,
  writeTrace,
} from "./trace.ts";
