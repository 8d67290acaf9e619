/**
 * Runs seeds: many schedules of each, some of them twice, and some again and
 * again with one more allocation of pages that fails.
 *
 * @module
 */

import type { Library } from "../checker/loader.ts";
import type { Site } from "../checker/transform.ts";
import { Fleet, type Ran } from "./engine/fleet.ts";
import { type Event, stage } from "./engine/hooks.ts";
import { Twins } from "./engine/load.ts";
import {
  type Allowed,
  type Plan,
  planOf,
  type Profile,
  sequential,
} from "./engine/plan.ts";
import type { Scenario } from "./engine/scenario.ts";
import { constantsOf, type Features, featuresOf, scenarioOf } from "./swarm.ts";

/** What to run. */
export interface Order {
  /** First seed. */
  readonly from: number;
  /** Seeds. Count. */
  readonly count: number;
  /** Schedules of each seed at most. Count. */
  readonly schedules: number;
  /** Points of each seed at most, so that short scenarios run more often. */
  readonly points: number;
  /** No new schedules after so many seconds. */
  readonly seconds: number;
  /** Texts of files that replace those on disk. */
  readonly overrides?: ReadonlyMap<string, string>;
}

/** What was run. All but `notes` and `seconds` are counts. */
export interface Outcome {
  seeds: number;
  schedules: number;
  /** Accesses that a worker could have been left before. */
  points: number;
  /** Times that another worker went on. */
  switches: number;
  /** Compare-and-exchanges that found another value. */
  lost: number;
  /** Schedules under the checker that were cut because they were too long. */
  cut: number;
  kills: number;
  /** Schedules in which races were looked for. */
  raced: number;
  /** Schedules that ran twice, and ended alike. */
  repeated: number;
  /** Schedules with an allocation of pages that failed. */
  failed: number;
  /** Ends that the checker of the heap looked at. */
  ends: number;
  seconds: number;
  /** What was found, with the command that replays it. */
  notes: string[];
}

/** Functions that can be made to fail: who takes pages. */
const FAILING = { "src/raw/runs.ts": ["alloc", "allocArena"] };
/** One in so many schedules looks for races. */
const RACES_EVERY = 16;
/** One in so many schedules runs twice. */
const TWICE_EVERY = 64;
/** One in so many schedules runs again with failures. */
const FAIL_EVERY = 50;
/** Schedules between two looks at the clock. Count. */
const PATIENCE = 32;

/** A count of nothing. */
export function nothing(): Outcome {
  return {
    seeds: 0,
    schedules: 0,
    points: 0,
    switches: 0,
    lost: 0,
    cut: 0,
    kills: 0,
    raced: 0,
    repeated: 0,
    failed: 0,
    ends: 0,
    seconds: 0,
    notes: [],
  };
}

/** One schedule: its scenario, its number, and the allocation that fails. */
export interface Name {
  readonly seed: number;
  readonly n: number;
  /** 0 for none. */
  readonly failAt: number;
}

/** The command that shows one schedule. */
export function commandOf({ seed, n, failAt }: Name): string {
  const more = failAt > 0 ? ` --fail ${failAt}` : "";
  return `deno run -A tests/random/run.ts --from ${seed} --show ${n}${more}`;
}

/** See the head of this file. */
export class Runner {
  readonly #twins: Twins;
  readonly #libraries = new Map<string, Library>();
  readonly #fleet = new Fleet();
  #sum = nothing();
  #profiles: Profile[] = [];
  #allowed: Allowed = { kills: false, racesEvery: RACES_EVERY };

  /** A runner for the library, or one with other texts. */
  constructor(overrides: ReadonlyMap<string, string> = new Map()) {
    this.#twins = new Twins(overrides);
  }

  /** Places in the source, of the last library that ran. */
  get sites(): readonly Site[] {
    return stage.sites;
  }

  /** Runs seeds up to the first that finds something. */
  async run(order: Order): Promise<Outcome> {
    const start = performance.now();
    this.#sum = nothing();
    const isOver = (): boolean =>
      this.#sum.notes.length > 0 ||
      performance.now() - start >= order.seconds * 1000;
    for (let k = 0; k < order.count && !isOver(); k++) {
      const seed = order.from + k;
      await this.#prepare(seed);
      if (this.#sum.notes.length === 0) {
        this.#runSeed(seed, order, isOver);
      }
    }
    this.#sum.seconds = (performance.now() - start) / 1000;
    this.#sum.ends = this.#fleet.looks;
    return this.#sum;
  }

  /** Runs one schedule and says what happened in it. */
  async show(name: Name): Promise<{ ran: Ran; events: Event[] }> {
    await this.#prepare(name.seed);
    const events: Event[] = [];
    const ran = this.#fleet.run(this.#planOf(name), events);
    return { ran, events };
  }

  /** Sets a scenario up and learns how long it is. */
  async #prepare(seed: number): Promise<Scenario> {
    const features = featuresOf(seed);
    const scenario = scenarioOf(features);
    this.#fleet.prepare(scenario, await this.#libraryFor(features, scenario));
    const { ran, profiles } = this.#fleet.profile(sequential());
    this.#profiles = profiles;
    this.#allowed = { kills: features.kills, racesEvery: RACES_EVERY };
    if (ran.text !== "") {
      this.#sum.notes.push(`seed ${seed}, one after the other: ${ran.text}`);
    }
    return scenario;
  }

  async #libraryFor(f: Features, { doors }: Scenario): Promise<Library> {
    const key = `${f.kills} ${f.isFine}`;
    let library = this.#libraries.get(key);
    if (!library) {
      const { isFine } = f;
      const form = { constants: constantsOf(f), failing: FAILING, isFine };
      library = await this.#twins.load(doors, form);
      this.#libraries.set(key, library);
    }
    return library;
  }

  #planOf({ seed, n, failAt }: Name): Plan {
    const plan = planOf(seed, n, this.#profiles, this.#allowed);
    return failAt > 0 ? { ...plan, failAt } : plan;
  }

  #runSeed(seed: number, order: Order, isOver: () => boolean): void {
    const end = this.#sum.points + order.points;
    this.#sum.seeds++;
    for (let n = 0; n < order.schedules && this.#sum.points < end; n++) {
      if (n % PATIENCE === 0 && isOver()) break;
      const ran = this.#runOne({ seed, n, failAt: 0 });
      if (this.#sum.notes.length > 0) return;
      if (n % TWICE_EVERY === 0) this.#runTwice({ seed, n, failAt: 0 }, ran);
      if (n % FAIL_EVERY === 0) this.#runFailing(seed, n);
      if (this.#sum.notes.length > 0) return;
    }
    stage.memory.reset();
    const at = stage.memory.difference();
    if (at >= 0) {
      this.#sum.notes.push(`seed ${seed}: word ${at} did not go back`);
    }
  }

  /** One schedule, counted. */
  #runOne(name: Name): Ran {
    const plan = this.#planOf(name);
    const ran = this.#fleet.run(plan);
    const sum = this.#sum;
    sum.schedules++;
    sum.points += ran.points;
    sum.switches += ran.switches;
    sum.lost += stage.lost;
    if (plan.hasRaces) sum.raced++;
    if (ran.isKilled) sum.kills++;
    if (name.failAt > 0) sum.failed++;
    if (ran.text !== "") this.#note(name, ran);
    return ran;
  }

  #note(name: Name, ran: Ran): void {
    const features = JSON.stringify(featuresOf(name.seed));
    this.#sum.notes.push(
      `${features}\nschedule ${name.n}: ${ran.text}\n` +
        `to repeat: ${commandOf(name)}`,
    );
  }

  /** The same schedule must end in the same way, however it got there. */
  #runTwice(name: Name, first: Ran): void {
    const second = this.#fleet.run(this.#planOf(name));
    this.#sum.repeated++;
    if (
      first.h1 === second.h1 && first.h2 === second.h2 &&
      first.points === second.points && first.switches === second.switches
    ) return;
    this.#sum.notes.push(
      `seed ${name.seed}, schedule ${name.n} does not repeat itself`,
    );
  }

  /** The n-th allocation of pages fails, for n = 1, 2, … as many as there are. */
  #runFailing(seed: number, n: number): void {
    for (let failAt = 1;; failAt++) {
      this.#runOne({ seed, n, failAt });
      if (this.#sum.notes.length > 0 || stage.chances < failAt) return;
    }
  }
}
