/**
 * All stories: what runs in one thread, and is compared with the code as it is.
 *
 * @module
 */

import type { Model } from "../checker/model.ts";
import { bigRuns } from "./big_runs.ts";
import { burials } from "./burials.ts";
import { pressure } from "./pressure.ts";
import { scenario } from "./scenario.ts";
import { waits } from "./waits.ts";

/** What waits looks like: for locks, events and threads. */
export const WAITS: readonly Model[] = [waits("free-threaded"), waits("gil")];

/** All else, quick ones first. */
export const HEAPS: readonly Model[] = [
  scenario("free-threaded"),
  scenario("gil"),
  scenario("hardened"),
  bigRuns(),
  pressure("free-threaded"),
  pressure("gil"),
  burials("free-threaded"),
  burials("gil"),
];

/** All stories. */
export const STORIES: readonly Model[] = [...WAITS, ...HEAPS];
