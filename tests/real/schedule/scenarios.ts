/**
 * All scenarios by name.
 *
 * @module
 */

import { CANARIES } from "./canaries.ts";
import { HEAPS } from "./heap_scenarios.ts";
import type { Scenario } from "./scenario.ts";
import { THREADS } from "./thread_scenarios.ts";

/** All scenarios; those of weight 0 are planted bugs. */
export const SCENARIOS: readonly Scenario[] = [
  ...CANARIES,
  ...THREADS,
  ...HEAPS,
];

/**
 * The scenario of a name.
 *
 * @throws {RangeError} If there is none.
 */
export function scenarioOf(name: string): Scenario {
  const found = SCENARIOS.find((scenario) => scenario.name === name);
  if (!found) throw new RangeError(`No scenario is called "${name}"`);
  return found;
}
