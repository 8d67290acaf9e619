/**
 * A worker under the race detector: binds the shadow, imports the transformed
 * modules, runs a script.
 *
 * ## Threads
 *   See `shadow.ts`.
 *
 * @module
 */

import { FIRST_FREE, rendezvous, serve } from "../../helpers/workers.ts";
import * as Layout from "../../../src/layout/memory_map.ts";
import { watch } from "./hooks.ts";
import type { Job } from "./scripts.ts";
import * as Shadow from "./shadow.ts";

/** What a worker is given once. */
export interface Setting {
  /** The transformed scripts. */
  readonly scripts: string;
  /** The heap. */
  readonly buffer: SharedArrayBuffer;
  /** The shadow. */
  readonly shadow: Int32Array<SharedArrayBuffer>;
  /** Number of the worker. */
  readonly me: number;
}

/** Script, and the job that it gets. */
export interface Call {
  readonly script: string;
  readonly job: Omit<Job, "clock" | "buffer">;
}

/** Races that are reported of one worker at most. Count. */
const RACES_MAX = 50;

let heap: SharedArrayBuffer;
let scripts: Record<string, (job: Job) => void> = {};
const races: Shadow.Race[] = [];
const seen = new Set<string>();

/** Words that are read plainly by all and written by the holder, by design. */
function isExempt(at: number): boolean {
  return at >= Layout.PAGE_MAP && at < Layout.POOLS;
}

function note(race: Shadow.Race): void {
  const key = `${race.kind} ${race.site} ${race.other}`;
  if (seen.has(key) || races.length >= RACES_MAX) return;
  seen.add(key);
  races.push(race);
}

let module: Promise<typeof scripts> | undefined;

serve<Setting | Call>({
  bind(argument) {
    const { buffer, shadow, me, scripts: url } = argument as Setting;
    heap = buffer;
    watch(buffer);
    Shadow.bind(shadow, me, isExempt, note);
    module = import(url);
    module.then((loaded) => scripts = loaded);
  },

  /** Whether the scripts are there: they load between two messages. */
  isReady() {
    return "churn" in scripts;
  },

  run(argument, control) {
    const { script, job } = argument as Call;
    rendezvous(control, FIRST_FREE, job.workers);
    const clock = {
      now: () => performance.timeOrigin + performance.now(),
    };
    // The very object that is watched: each message brings a new one.
    scripts[script]({ ...job, clock, buffer: heap });
    return races;
  },
});
