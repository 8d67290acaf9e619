/**
 * Measures workloads on the subject: prepares, warms up, samples, frees.
 *
 * Load this module after `choose()` of `subject.ts`.
 *
 * @module
 */

import { SHARED } from "./adapter.ts";
import { cpuTime, NoiseMeter, Stopwatch, wallTime } from "./clock.ts";
import { ReplayWorkload } from "./replay.ts";
import type { Sampled } from "./result.ts";
import { measureShared } from "./shared.ts";
import { makeWorkload, type Workload } from "./workloads.ts";

/**
 * More untimed samples of a short workload are taken for so long: the optimiser
 * needs many calls of a loop before it leaves its code alone. Nanoseconds.
 */
const WARM_UP = 3e8;

/** Prepares, warms up, samples, and frees; CPU time of one thread. */
function measure(name: string, workload: Workload, samples: number): Sampled {
  workload.prepare();
  const sums = [workload.sample(new Stopwatch(cpuTime), 1000)];
  const warm = wallTime() + WARM_UP;
  while (workload.restarts && wallTime() < warm) {
    workload.sample(new Stopwatch(cpuTime), 1000);
  }
  const noise = new NoiseMeter();
  const ns: number[] = [];
  for (let k = 0; k < samples; k++) {
    const watch = new Stopwatch(cpuTime);
    sums.push(workload.sample(watch, 10000));
    ns.push(watch.total / workload.ops);
  }
  const others = noise.cores();
  workload.finish();
  const findings = sums[0] === workload.expected
    ? []
    : [`${name}: sum ${sums[0]}, expected ${workload.expected}`];
  return { figures: { [name]: ns }, sums, others, findings };
}

/** Measures the workload of that name; `adapter` is the subject's name. */
export async function measureWorkload(
  name: string,
  adapter: string,
  samples: number,
): Promise<Sampled> {
  return SHARED.includes(name)
    ? await measureShared(name, adapter, samples)
    : measure(name, makeWorkload(name), samples);
}

/** Measures the replay of the recorded calls of the subject. */
export function measureReplay(samples: number): Sampled {
  const replay = new ReplayWorkload();
  return measure(replay.name, replay, samples);
}
