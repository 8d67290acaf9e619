/**
 * Random schedules of a model: for what is too large to search.
 *
 * Each schedule has a seed, and the seed draws how it goes about it: how often
 * the worker changes, whether priorities decide (PCT), whether sleepers wake
 * for no reason. With n workers, k transitions and a bug that takes d ordered
 * events, one schedule of PCT finds it with a probability of at least
 * 1 / (n k^(d-1)).
 *
 * @module
 */

import * as Moves from "./moves.ts";
import * as Repeat from "./repeat.ts";
import { Prng } from "../helpers/prng.ts";
import { type Fault, faultAtEnd, faultOf } from "./checks.ts";
import { type Driver, KILL, SPURIOUS, STOP } from "./actions.ts";
import type { Machine } from "./machine.ts";
import type { Finding } from "./model.ts";
import * as W from "./worker.ts";

/** How random schedules are drawn. */
export interface RandomOptions {
  /** First seed; the n-th schedule has this one plus n. */
  readonly seed: number;
  /** Most schedules. */
  readonly schedules: number;
  /** Most seconds. */
  readonly seconds?: number;
  /** Most transitions of a schedule. */
  readonly steps?: number;
  /** Events that must come in order for PCT. */
  readonly depth?: number;
  /** Whether sleepers may wake for no reason. */
  readonly spurious?: boolean;
}

/** What random schedules found. */
export interface Sampled {
  /** Schedules that ran. */
  readonly schedules: number;
  /** Transitions of all of them. */
  readonly transitions: number;
  /** Schedules that were cut because they were too long. */
  readonly cut: number;
  /** Workers that died. */
  readonly kills: number;
  /** Seconds. */
  readonly seconds: number;
  /** What is wrong. */
  readonly finding: Finding | undefined;
  /** Seed that found it. */
  readonly seed: number;
}

/** One schedule from a seed. */
class Sampler implements Driver {
  readonly path: number[] = [];
  finding: Finding | undefined;
  kills = 0;
  isCut = false;
  readonly #m: Machine;
  readonly #random: Prng;
  readonly #most: number;
  readonly #enabled: number[] = [];
  #running = 0;
  /** One in so many transitions changes the worker; 0: priorities decide. */
  readonly #turn: number;
  readonly #wakes: boolean;
  readonly #biased: boolean;
  readonly #priorities: number[] = [];
  readonly #changes = new Set<number>();

  constructor(
    m: Machine,
    seed: number,
    length: number,
    options: RandomOptions,
  ) {
    this.#m = m;
    this.#random = new Prng(seed);
    this.#most = options.steps ?? 50_000;
    this.#turn = this.#random.pick([0, 2, 4, 8, 16, 64]);
    this.#biased = this.#random.below(2) === 0;
    this.#wakes = options.spurious !== false && this.#random.below(4) === 0;
    for (let k = 0; k < m.count; k++) this.#priorities.push(k + 100);
    this.#random.shuffle(this.#priorities);
    for (let k = 1; k < (options.depth ?? 3); k++) {
      this.#changes.add(this.#random.below(length) + 1);
    }
  }

  found(kind: Finding["kind"], text: string): void {
    this.finding ??= { kind, text, schedule: this.path };
  }

  #fail(fault: Fault | undefined): boolean {
    if (fault) this.found(fault.kind, fault.text);
    return fault !== undefined;
  }

  advance(): number {
    const m = this.#m;
    for (;;) {
      if (this.finding || this.#fail(faultOf(m))) return STOP;
      Moves.enabled(m, this.#enabled, this.#running);
      if (Moves.isStuck(m, this.#enabled)) {
        this.#fail(faultAtEnd(m));
        return STOP;
      }
      this.isCut = this.path.length >= this.#most;
      if (this.isCut) return STOP;
      const action = this.#choose();
      this.path.push(action);
      if (Moves.isPure(m, action)) Moves.applyPure(m, action);
      else if (!Repeat.repeat(m, action)) return action;
    }
  }

  #choose(): number {
    const all = this.#enabled;
    const odd = all.filter((a) =>
      (a & 255) >= KILL || a >> 8 === this.#m.count
    );
    if (odd.length > 0 && this.#random.below(24) === 0) {
      const action = this.#random.pick(odd);
      if ((action & 255) >= KILL) this.kills++;
      return action;
    }
    if (this.#wakes && this.#random.below(64) === 0) {
      const { sleepers } = this.#m;
      const waking = sleepers.filter((one) =>
        Moves.canWake(this.#m, one.worker)
      );
      if (waking.length > 0) {
        return this.#random.pick(waking).worker << 8 | SPURIOUS;
      }
    }
    const moves = all.filter((a) => !odd.includes(a));
    const action = this.#turn === 0
      ? this.#byPriority(moves)
      : this.#drawn(moves);
    this.#running = action >> 8;
    return action;
  }

  #drawn(moves: readonly number[]): number {
    const first = moves[0];
    if (first >> 8 !== this.#running) return this.#random.pick(moves);
    const { op } = this.#m.workers[this.#running].pending;
    const turn = this.#biased && op === W.CAS ? 2 : this.#turn;
    return this.#random.below(turn) === 0 ? this.#random.pick(moves) : first;
  }

  #byPriority(moves: readonly number[]): number {
    if (this.#changes.has(this.path.length)) {
      this.#priorities[this.#running] = this.#changes.size -
        this.path.length / 1e6;
    }
    let best = moves[0];
    for (const action of moves) {
      const isHigher = this.#priorities[action >> 8] >
        this.#priorities[best >> 8];
      if (isHigher) best = action;
    }
    return best;
  }
}

/** One in so many schedules is run twice. */
const TWICE = 64;

/** Runs random schedules of the model that the machine is set up for. */
export function sample(m: Machine, options: RandomOptions): Sampled {
  const start = performance.now();
  const total = { schedules: 0, transitions: 0, cut: 0, kills: 0 };
  let length = 50;
  let finding: Finding | undefined;
  let seed = options.seed;
  while (total.schedules < options.schedules && !finding) {
    seed = options.seed + total.schedules;
    const sampler = run(m, seed, length, options);
    const isNews = m.sharing.learned.length > 0;
    if (isNews) continue; // once more, with what was learned
    if (total.schedules % TWICE === 0) {
      compare(m, sampler, seed, length, options);
    }
    total.schedules++;
    total.transitions += sampler.path.length;
    total.kills += sampler.kills;
    if (sampler.isCut) total.cut++;
    else length = Math.max(length, sampler.path.length);
    finding = sampler.finding;
    const seconds = (performance.now() - start) / 1000;
    if (seconds > (options.seconds ?? Infinity)) break;
  }
  const seconds = (performance.now() - start) / 1000;
  return { ...total, seconds, finding, seed };
}

function run(
  m: Machine,
  seed: number,
  length: number,
  options: RandomOptions,
): Sampler {
  const sampler = new Sampler(m, seed, length, options);
  m.run(sampler);
  return sampler;
}

/** The same seed must give the same schedule. */
function compare(
  m: Machine,
  first: Sampler,
  seed: number,
  length: number,
  options: RandomOptions,
): void {
  const [h1, h2] = [m.store.h1, m.store.h2];
  const second = run(m, seed, length, options);
  const isSame = String(first.path) === String(second.path) &&
    h1 === m.store.h1 && h2 === m.store.h2;
  if (!isSame) throw new Error(`Seed ${seed} does not repeat itself`);
}
