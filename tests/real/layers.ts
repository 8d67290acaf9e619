/**
 * The layers of verification that run real workers.
 *
 * @module
 */

import type { Layer } from "../verify/layer.ts";
import { killLayer } from "./kills/layer.ts";
import { litmusLayer } from "./litmus/litmus.ts";
import { scheduleLayer } from "./schedule/layer.ts";
import { tsanLayer } from "./tsan/tsan.ts";

/** Schedules, races, litmus tests and kills. */
export const realLayers: Layer[] = [
  scheduleLayer,
  tsanLayer,
  litmusLayer,
  killLayer,
];
