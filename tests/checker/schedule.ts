/**
 * Schedules: lists of actions, their text, their repetition, their shortening.
 *
 * ```text
 *   0*3 1 2t 0 1k0 c     worker 0 three times, worker 1, time-out of worker 2,
 *                        worker 0, worker 1 dies, the clock jumps
 * ```
 *
 * @module
 */

import * as Moves from "./moves.ts";
import * as Repeat from "./repeat.ts";
import { type Fault, faultAtEnd, faultOf } from "./checks.ts";
import {
  type Driver,
  type Event,
  KILL,
  RUN,
  SPURIOUS,
  STOP,
  TIMEOUT,
} from "./actions.ts";
import type { Machine } from "./machine.ts";
import type { Finding } from "./model.ts";

/** Text of one action. */
function tokenOf(action: number, workers: number): string {
  const worker = action >> 8;
  const kind = action & 255;
  if (worker === workers) return "c";
  if (kind === RUN) return `${worker}`;
  if (kind === TIMEOUT) return `${worker}t`;
  if (kind === SPURIOUS) return `${worker}s`;
  return `${worker}k${kind - KILL}`;
}

function actionOf(token: string, workers: number): number {
  if (token === "c") return workers << 8;
  const match = /^(\d)(?:(t)|(s)|k(\d+))?$/.exec(token);
  if (!match) throw new Error(`"${token}" is no part of a schedule`);
  const worker = Number(match[1]) << 8;
  if (match[2]) return worker | TIMEOUT;
  if (match[3]) return worker | SPURIOUS;
  return worker | (match[4] === undefined ? RUN : KILL + Number(match[4]));
}

/** Text of a schedule of a model with so many workers. */
export function format(schedule: readonly number[], workers: number): string {
  const parts: string[] = [];
  for (let k = 0; k < schedule.length;) {
    let end = k;
    while (end < schedule.length && schedule[end] === schedule[k]) end++;
    const token = tokenOf(schedule[k], workers);
    parts.push(end - k > 1 ? `${token}*${end - k}` : token);
    k = end;
  }
  return parts.join(" ");
}

/** A schedule from its text. */
export function parse(text: string, workers: number): number[] {
  const schedule: number[] = [];
  for (const part of text.trim().split(/\s+/).filter((one) => one !== "")) {
    const [token, times] = part.split("*");
    const action = actionOf(token, workers);
    for (let k = 0; k < Number(times ?? 1); k++) schedule.push(action);
  }
  return schedule;
}

/** What a repetition showed. */
export interface Replayed {
  /** What was found, if anything. */
  readonly finding: Finding | undefined;
  /** The actions that were really done. */
  readonly path: readonly number[];
}

/** Actions after the end of a schedule, at most. */
const REST = 20_000;

/** Does what a schedule says. */
class Replayer implements Driver {
  readonly path: number[] = [];
  finding: Finding | undefined;
  readonly #m: Machine;
  readonly #schedule: readonly number[];
  readonly #isExact: boolean;
  #next = 0;
  readonly #enabled: number[] = [];

  constructor(m: Machine, schedule: readonly number[], isExact: boolean) {
    this.#m = m;
    this.#schedule = schedule;
    this.#isExact = isExact;
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
      Moves.enabled(
        m,
        this.#enabled,
        this.path.length ? this.path.at(-1)! >> 8 : 0,
      );
      if (Moves.isStuck(m, this.#enabled) && this.#fail(faultAtEnd(m))) {
        return STOP;
      }
      const action = this.#choose();
      if (action === STOP) return STOP;
      this.path.push(action);
      if (Moves.isPure(m, action)) Moves.applyPure(m, action);
      else if (!Repeat.repeat(m, action)) return action;
    }
  }

  #choose(): number {
    while (this.#next < this.#schedule.length) {
      const action = this.#schedule[this.#next++];
      if (this.#isPossible(action)) return action;
      if (this.#isExact) throw new Error("The schedule is of another program");
    }
    const isOver = this.#isExact || this.path.length > REST;
    if (isOver || Moves.isStuck(this.#m, this.#enabled)) return STOP;
    return this.#enabled[0];
  }

  #isPossible(action: number): boolean {
    if (this.#enabled.includes(action)) return true;
    return (action & 255) === SPURIOUS &&
      this.#enabled.length > 0 && Moves.canWake(this.#m, action >> 8);
  }
}

/** Repeats a schedule; not exactly, if parts of it were left out. */
export function replay(
  m: Machine,
  schedule: readonly number[],
  isExact = true,
): Replayed {
  const replayer = new Replayer(m, schedule, isExact);
  m.run(replayer);
  return { finding: replayer.finding, path: replayer.path };
}

/** Repeats a schedule and notes all that happens. */
export function traced(m: Machine, schedule: readonly number[]): Event[] {
  const events: Event[] = [];
  m.events = events;
  m.remembers = false;
  try {
    replay(m, schedule);
  } finally {
    m.events = undefined;
    m.remembers = true;
  }
  return events;
}

/** Kills and jumps, changes of worker, length: smaller is better. */
function weight(path: readonly number[], workers: number): number {
  let odd = 0;
  let turns = 0;
  path.forEach((action, k) => {
    if ((action & 255) !== RUN || action >> 8 === workers) odd++;
    if (k > 0 && action >> 8 !== path[k - 1] >> 8) turns++;
  });
  return odd * 1e8 + turns * 1e5 + path.length;
}

/** Repetitions that shortening may take. Count. */
const PATIENCE = 3000;

/** A shorter schedule that finds the same kind of thing. */
export function shrink(m: Machine, finding: Finding): Finding {
  if (finding.kind === "livelock") return finding;
  let best = finding;
  let left = PATIENCE;
  const attempt = (schedule: readonly number[]): boolean => {
    left--;
    const result = replay(m, schedule, false).finding;
    const isBetter = result?.kind === finding.kind &&
      weight(result.schedule, m.count) < weight(best.schedule, m.count);
    if (isBetter) best = result;
    return isBetter;
  };
  for (let goesOn = true; goesOn && left > 0;) {
    goesOn = false;
    const blocks = blocksOf(best.schedule);
    for (let size = blocks.length >> 1; size > 0 && !goesOn; size >>= 1) {
      for (let k = 0; k + size <= blocks.length && left > 0; k++) {
        const rest = [...blocks.slice(0, k), ...blocks.slice(k + size)];
        if (attempt(rest.flat())) {
          goesOn = true;
          break;
        }
      }
    }
    for (let k = 0; k + 1 < blocks.length && !goesOn && left > 0; k++) {
      const swapped = [...blocks];
      [swapped[k], swapped[k + 1]] = [swapped[k + 1], swapped[k]];
      goesOn = attempt(swapped.flat());
    }
  }
  return best;
}

/** Runs of actions of the same worker. */
function blocksOf(schedule: readonly number[]): number[][] {
  const blocks: number[][] = [];
  for (const action of schedule) {
    const last = blocks.at(-1);
    if (last && last[0] >> 8 === action >> 8) last.push(action);
    else blocks.push([action]);
  }
  return blocks;
}
