/**
 * Plans: how one schedule goes about it, drawn from its seed.
 *
 * Two styles. *Runs*: a worker goes on for a while that is drawn anew each
 * time, then any other does. *Priorities* (PCT): the worker with the highest
 * priority that can move runs; at d − 1 points, drawn beforehand, the running
 * one becomes the last. With n workers, k points and a bug that takes d ordered
 * events, one schedule finds it with a probability of at least
 * 1 / (n k^(d-1)).
 *
 * Not all points count alike: one schedule gives way before plain accesses as
 * often as before atomic ones, another before compare-and-exchanges above all,
 * so that they fail.
 *
 * @module
 */

import { Prng } from "../../helpers/prng.ts";
import * as Kind from "./kinds.ts";

/** Weight of a point that counts fully. */
export const FULL = 1024;

/** Weights of points by kind; see `kinds.ts` for their order. */
const WEIGHTS: readonly (readonly number[])[] = [
  // Atomic operations; plain accesses hardly ever.
  [1024, 1024, 1024, 1024, 1024, 1024, 1, 1, 1024],
  // All alike.
  [1024, 1024, 1024, 1024, 1024, 1024, 1024, 1024, 1024],
  // Before what a compare-and-exchange would fail on.
  [512, 512, 4096, 8192, 2048, 2048, 16, 16, 1024],
  // Between steps, and a little inside.
  [512, 512, 512, 512, 512, 512, 32, 32, 16384],
  // Between what is written and what is published.
  [512, 2048, 2048, 2048, 1024, 2048, 32, 2048, 512],
];

/** Points of one worker by kind, when all run one after the other. */
export type Profile = Int32Array;

/** How one schedule goes about it. */
export interface Plan {
  /** What else is drawn while it runs. */
  readonly random: Prng;
  /** Whether priorities decide. */
  readonly isPct: boolean;
  /** Weights of points by kind. */
  readonly weights: readonly number[];
  /** Expected weight until the worker changes. */
  readonly mean: number;
  /** Weight after which priorities change, ascending. */
  readonly changes: readonly number[];
  /** Weight after which worker 0 dies; -1: it does not. */
  readonly killAfter: number;
  /** One in so many switches has a time-out that nobody waited for; 0: none. */
  readonly timeouts: number;
  /** One in so many switches has a wake-up for no reason; 0: none. */
  readonly strays: number;
  /** One in so many switches has a jump of the clock; 0: none. */
  readonly jumps: number;
  /** The call that fails, of those that can; 0: none. */
  readonly failAt: number;
  /** Whether races are looked for. */
  readonly hasRaces: boolean;
}

/** What a scenario lets happen. */
export interface Allowed {
  /** Whether worker 0 may die. */
  readonly kills: boolean;
  /** One in so many schedules looks for races. */
  readonly racesEvery: number;
}

function weightOf(profile: Profile, weights: readonly number[]): number {
  return weights.reduce((sum, weight, kind) => sum + weight * profile[kind], 0);
}

/** The plan of the n-th schedule of a scenario. */
export function planOf(
  scenario: number,
  n: number,
  profiles: readonly Profile[],
  allowed: Allowed,
): Plan {
  const random = new Prng(scenario, n);
  const flag = (of: number): boolean => random.below(of) === 0;
  const weights = random.pick(WEIGHTS);
  const lengths = profiles.map((one) => weightOf(one, weights));
  const length = lengths.reduce((sum, one) => sum + one, 0) + 1;
  const isPct = flag(2);
  const depth = 1 + random.below(4);
  const changes = Array.from(
    { length: depth },
    () => random.below(length),
  ).sort((a, b) => a - b);
  const mean = Math.ceil(length / random.pick([2, 4, 8, 16, 64]));
  return {
    random,
    isPct,
    weights,
    mean,
    changes,
    killAfter: allowed.kills && !flag(8) ? random.below(lengths[0] + 1) : -1,
    timeouts: flag(3) ? 8 : 0,
    strays: flag(8) ? 16 : 0,
    jumps: flag(4) ? 16 : 0,
    failAt: 0,
    hasRaces: n % allowed.racesEvery === 0,
  };
}

/** All workers one after the other, as far as they can. */
export function sequential(): Plan {
  return {
    random: new Prng(0),
    isPct: true,
    weights: new Array(Kind.COUNT).fill(FULL),
    mean: 1,
    changes: [],
    killAfter: -1,
    timeouts: 0,
    strays: 0,
    jumps: 0,
    failAt: 0,
    hasRaces: false,
  };
}
