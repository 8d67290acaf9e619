/**
 * Starts the torture of objects in a process of its own.
 *
 * @module
 */

import type { Outcome } from "../stress/run_stress.ts";
import { stress } from "../stress/run_stress.ts";

const TOOL = new URL("../../src/tools/objects_stress.ts", import.meta.url);
/** When a run is ended by force. Milliseconds. */
const TIMEOUT_MS = 180_000;

/** Runs the tool; its exit code and what it printed. */
export function torture(args: readonly string[]): Promise<Outcome> {
  return stress(args, TOOL, TIMEOUT_MS);
}
