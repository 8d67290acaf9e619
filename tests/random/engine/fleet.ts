/**
 * The fleet: virtual workers that run twins, one at a time, after a plan.
 *
 * A worker runs until it has used up what it was given, sleeps, spins, or ends.
 * Then the plan says who is next. Nothing is saved and nothing runs twice: a
 * worker that gave way stands where it stood. Who is killed is not gone on
 * with. An end that was reached before is not looked at again.
 *
 * ## Threads
 *   One real thread. Whatever the virtual workers share is in one buffer, and
 *   only who runs accesses it.
 *
 * @module
 */

import { mix1, mix2 } from "../../checker/hash.ts";
import type { Library } from "../../checker/loader.ts";
import type { World } from "../../checker/model.ts";
import { State } from "./fields.ts";
import { __r, __w, type Event, Found, GUARDED, SPINS, stage } from "./hooks.ts";
import * as Kind from "./kinds.ts";
import type { Plan, Profile } from "./plan.ts";
import * as Races from "./races.ts";
import type { Act, Routine, Scenario } from "./scenario.ts";

/** Status of a worker: it can go on. */
const READY = 0;
/** Status: asleep. */
const SLEEPING = 1;
/** Status: before a step that waits for a condition. */
const WAITING = 2;
/** Status: all steps are done. */
const DONE = 3;
/** Status: killed. */
const DEAD = 4;

/** Points of a schedule at most: what takes longer has no end. */
const MOST = 200_000;
/** Weight that is never used up. */
const FOREVER = 1 << 30;
/** Milliseconds that the clock jumps. */
const JUMP_MS = 1_000_000;

/** A virtual worker. */
interface Worker {
  routine: Routine<void>;
  status: number;
  /** Number of the step that it is in. */
  step: number;
  /** Word that it sleeps on. */
  at: number;
  /** When its sleep ends. Milliseconds. */
  deadline: number;
  /** When it fell asleep, among others. */
  order: number;
  /** Why it was woken. */
  reason: string;
  priority: number;
}

/** How a schedule went. */
export interface Ran {
  /** What is wrong, or `""`. */
  readonly text: string;
  /** Points that were passed. Count. */
  readonly points: number;
  /** Times that another worker went on. Count. */
  readonly switches: number;
  /** Whether worker 0 was killed. */
  readonly isKilled: boolean;
  /** Hash of the end. */
  readonly h1: number;
  /** Hash of the end, second lane. */
  readonly h2: number;
}

/** See the head of this file. */
export class Fleet implements World {
  lib!: Library;
  /** The clock of the code under test. */
  readonly clock: { now(): number } = { now: () => this.#time };
  /** Ends that were looked at. Count. */
  looks = 0;
  #buffer = new SharedArrayBuffer(0);
  #words: Int32Array<SharedArrayBuffer> = new Int32Array(this.#buffer);
  #scenario!: Scenario;
  #scripts: (readonly Act[])[] = [];
  #contexts: readonly unknown[] = [];
  #states: State[] = [];
  #workers: Worker[] = [];
  #plan!: Plan;
  #time = 0;
  #sleeps = 0;
  /** Weight that was used up. */
  #used = 0;
  /** What was given to the worker that runs. */
  #given = 0;
  #killLeft = -1;
  #changes = 0;
  #text = "";
  #onSlice: ((worker: number) => void) | undefined;
  #isIgnored = (_at: number): boolean => false;
  readonly #ends = new Set<number>();

  /** Sets a scenario up, to be run from now on. */
  prepare(scenario: Scenario, lib: Library): void {
    this.lib = lib;
    this.#scenario = scenario;
    this.#time = 0;
    stage.isWatched = false;
    stage.events = undefined;
    const roots = scenario.setup(lib, this);
    this.#contexts = roots;
    this.#states = roots.map((root) => new State(root));
    this.#workers = roots.map(newWorker);
    this.#scripts = roots.map((_, k) => scenario.script(k, this));
    this.#ends.clear();
    stage.memory.use(this.#buffer);
    stage.sites = lib.sites;
    this.#isIgnored = (at) => scenario.ignored?.(at) === true;
    stage.isRacy = (at) => scenario.racy?.(at) === true;
    stage.sleep = (at, ms) => this.#sleep(at, ms);
    stage.notify = (at, most) => this.#notify(at, most);
  }

  // The world of the scenario.

  get i32(): Int32Array<SharedArrayBuffer> {
    return this.#words;
  }
  get workers(): number {
    return this.#contexts.length;
  }
  use(buffer: SharedArrayBuffer): void {
    this.#buffer = buffer;
    this.#words = new Int32Array(buffer);
  }
  context(worker: number): unknown {
    return this.#contexts[worker];
  }
  isDead(worker: number): boolean {
    return this.#workers[worker].status === DEAD;
  }
  isDone(worker: number): boolean {
    return this.#workers[worker].status === DONE;
  }
  stepOf(worker: number): number {
    return this.#workers[worker].step;
  }
  read(at: number): number {
    return __r(this.#words, at, -1);
  }
  write(at: number, value: number): void {
    __w(this.#words, at, value, -1);
  }

  // Schedules.

  /** Runs one schedule. */
  run(plan: Plan, events?: Event[]): Ran {
    this.#begin(plan, events);
    let last = -1;
    let switches = 0;
    while (this.#text === "") {
      const worker = this.#next();
      if (worker < 0) break;
      if (worker !== last) switches++;
      last = worker;
      this.#resume(worker, this.#workers[worker]);
      if (this.#text === "" && pointsPassed() > MOST) {
        this.#text = `endless: ${MOST} points, ${this.#stuckText()}`;
      }
    }
    const { h1, h2 } = this.#hash();
    if (this.#text === "") this.#text = this.#judge(h1, h2);
    const isKilled = this.isDead(0);
    const points = pointsPassed();
    return { text: this.#text, points, switches, isKilled, h1, h2 };
  }

  /** Points of each worker when all run one after the other. */
  profile(plan: Plan): { ran: Ran; profiles: Profile[] } {
    const profiles = this.#contexts.map(() => new Int32Array(Kind.COUNT));
    let before = new Int32Array(Kind.COUNT);
    this.#onSlice = (worker) => {
      profiles[worker].forEach((_, kind, profile) =>
        profile[kind] += stage.passed[kind] - before[kind]
      );
      before = stage.passed.slice();
    };
    const ran = this.run(plan);
    this.#onSlice = undefined;
    return { ran, profiles };
  }

  #begin(plan: Plan, events: Event[] | undefined): void {
    stage.memory.reset();
    for (const state of this.#states) state.reset();
    this.#plan = plan;
    this.#time = 0;
    this.#sleeps = 0;
    this.#used = 0;
    this.#changes = 0;
    this.#text = "";
    this.#killLeft = plan.killAfter;
    stage.weights.set(plan.weights);
    stage.passed.fill(0);
    stage.lost = 0;
    stage.chances = 0;
    stage.failAt = plan.failAt;
    stage.hasRaces = plan.hasRaces;
    stage.events = events;
    stage.isWatched = plan.hasRaces || events !== undefined;
    if (plan.hasRaces) Races.begin(stage.memory.words.length);
    const order = plan.random.shuffle(this.#scripts.map((_, k) => k + 1));
    for (let k = 0; k < order.length; k++) {
      const it = this.#workers[k];
      it.status = READY;
      it.step = 0;
      it.priority = order[k];
      it.routine = this.#bodyOf(it, this.#contexts[k], this.#scripts[k]);
    }
  }

  *#bodyOf(
    it: Worker,
    context: unknown,
    script: readonly Act[],
  ): Routine<void> {
    for (it.step = 0; it.step < script.length; it.step++) {
      const act = script[it.step];
      if (act.when) yield GUARDED;
      else {
        stage.passed[Kind.STEP]++;
        if ((stage.left -= stage.weights[Kind.STEP]) < 0) yield 0;
      }
      if (stage.events) this.#tell(act.name);
      yield* act.run(this.lib, context);
    }
  }

  #tell(text: string): void {
    stage.events?.push({ worker: stage.current, site: -1, text });
  }

  // Who is next.

  /** The worker that goes on, or -1. */
  #next(): number {
    this.#beOdd();
    const able = this.#able();
    if (able.length === 0) return this.#wakeFirst();
    if (!this.#plan.isPct) return this.#plan.random.pick(able);
    let best = able[0];
    for (const worker of able) {
      const { priority } = this.#workers[worker];
      if (priority > this.#workers[best].priority) best = worker;
    }
    return best;
  }

  #able(): number[] {
    const able: number[] = [];
    const workers = this.#workers;
    for (let k = 0; k < workers.length; k++) {
      const { status, step } = workers[k];
      if (status === READY) able.push(k);
      else if (status === WAITING && this.#scripts[k][step].when!(this)) {
        able.push(k);
      }
    }
    return able;
  }

  /** Nobody can move: the sleep that ends first ends. */
  #wakeFirst(): number {
    let first = -1;
    let deadline = Infinity;
    for (let k = 0; k < this.#workers.length; k++) {
      const it = this.#workers[k];
      if (it.status === SLEEPING && it.deadline < deadline) {
        first = k;
        deadline = it.deadline;
      }
    }
    if (first >= 0) this.#wake(first, "timed-out");
    return first;
  }

  /** What happens without a worker: time-outs, stray wake-ups, the clock. */
  #beOdd(): void {
    const { timeouts, strays, jumps, random } = this.#plan;
    if (timeouts > 0 && random.below(timeouts) === 0) {
      this.#wakeAny("timed-out");
    }
    if (strays > 0 && random.below(strays) === 0) {
      this.#wakeAny("ok");
    }
    if (jumps > 0 && random.below(jumps) === 0) this.#time += JUMP_MS;
  }

  /** Wakes somebody who sleeps, for a time-out one whose sleep has an end. */
  #wakeAny(reason: string): void {
    const asleep = this.#workers.flatMap((it, k) =>
      it.status === SLEEPING && (reason === "ok" || it.deadline < Infinity)
        ? [k]
        : []
    );
    if (asleep.length > 0) {
      this.#wake(this.#plan.random.pick(asleep), reason);
    }
  }

  // Sleep.

  #sleep(at: number, ms: number): void {
    const it = this.#workers[stage.current];
    it.status = SLEEPING;
    it.at = at;
    it.deadline = this.#time + ms;
    it.order = this.#sleeps++;
  }

  /** Wakes a worker; what others do first is up to the plan. */
  #wake(worker: number, reason: string): void {
    const it = this.#workers[worker];
    it.status = READY;
    it.reason = reason;
    if (reason === "timed-out" && it.deadline > this.#time) {
      this.#time = it.deadline;
    }
  }

  #notify(at: number, most: number): number {
    let woken = 0;
    for (; woken < most; woken++) {
      let first = -1;
      for (let k = 0; k < this.#workers.length; k++) {
        const it = this.#workers[k];
        if (it.status !== SLEEPING || it.at !== at) continue;
        if (first < 0 || it.order < this.#workers[first].order) first = k;
      }
      if (first < 0) break;
      this.#wake(first, "ok");
      this.#giveWayTo(this.#workers[first]);
    }
    return woken;
  }

  /** Who has a higher priority goes on at once. */
  #giveWayTo(it: Worker): void {
    const { isPct } = this.#plan;
    if (!isPct || it.priority < this.#workers[stage.current].priority) return;
    this.#given -= stage.left;
    stage.left = 0;
  }

  // One worker.

  #resume(worker: number, it: Worker): void {
    if (this.#killLeft === 0 && worker === 0) return this.#kill(it);
    stage.current = worker;
    stage.reason = it.reason;
    stage.left = this.#given = this.#share(worker);
    if (it.status === WAITING) this.#meet(worker);
    it.status = READY;
    try {
      const { value, done } = it.routine.next();
      if (done) it.status = DONE;
      else if (value === GUARDED) it.status = WAITING;
      this.#account(worker, it, value);
    } catch (error) {
      this.#text = error instanceof Found
        ? this.#named(error.message)
        : `error in "${this.#stepName(worker)}": ${error}`;
    }
  }

  #account(worker: number, it: Worker, value: number | void): void {
    const used = this.#given - Math.max(stage.left, 0);
    this.#used += used;
    this.#onSlice?.(worker);
    const { changes, isPct } = this.#plan;
    const isDue = this.#used >= (changes[this.#changes] ?? Infinity);
    if (isDue) this.#changes++;
    if (isPct && (isDue || value === SPINS)) it.priority = -this.#used;
    if (worker !== 0 || this.#killLeft < 0) return;
    this.#killLeft = Math.max(0, this.#killLeft - used);
    // The dead can be asleep as well.
    if (this.#killLeft === 0 && value !== undefined) this.#kill(it);
  }

  /** Weight that a worker may use before it gives way. */
  #share(worker: number): number {
    const { isPct, mean, changes, random } = this.#plan;
    let share = FOREVER;
    if (isPct) {
      const next = changes[this.#changes];
      if (next !== undefined) share = Math.max(next - this.#used, 0);
    } else {
      // Geometric, as if each unit of weight drew for itself.
      const part = (random.next() + 1) / 2 ** 32;
      share = Math.floor(-Math.log(part) * mean);
    }
    if (worker === 0 && this.#killLeft > 0) {
      share = Math.min(share, this.#killLeft);
    }
    return share;
  }

  #kill(it: Worker): void {
    if (it.status === DONE) return;
    it.status = DEAD;
    this.#killLeft = -1;
    if (stage.events) {
      stage.events.push({ worker: 0, site: -1, text: "killed" });
    }
  }

  /** A condition was met: what others did is ordered before what follows. */
  #meet(worker: number): void {
    if (!this.#plan.hasRaces) return;
    this.#workers.forEach((it, k) => {
      const isAtRest = it.status !== READY && it.status !== SLEEPING;
      if (k !== worker && isAtRest) Races.join(worker, k);
    });
  }

  // The end.

  /** What is wrong at an end with this hash, or `""`. */
  #judge(h1: number, h2: number): string {
    const isOver = this.#workers.every((it, k) =>
      it.status === DONE || it.status === DEAD ||
      (it.status === WAITING &&
        this.#scripts[k][it.step].optional === true)
    );
    if (!isOver) return `deadlock: ${this.#stuckText()}`;
    const end = (h1 >>> 0) * 2 ** 21 + (h2 >>> 11);
    if (this.#ends.has(end)) return "";
    this.looks++;
    this.#ends.add(end);
    const text = this.#scenario.final?.(this);
    return text ? `final: ${text}` : "";
  }

  #stuckText(): string {
    return this.#workers.flatMap((it, k) => {
      if (it.status === DONE || it.status === DEAD) return [];
      const what = it.status === SLEEPING
        ? `sleeps on ${this.#nameOf(it.at)}`
        : "waits";
      return [`worker ${k} ${what} in "${this.#stepName(k)}"`];
    }).join("; ");
  }

  #stepName(worker: number): string {
    const { step } = this.#workers[worker];
    return this.#scripts[worker][step]?.name ?? "the end";
  }

  #nameOf(at: number): string {
    return this.#scenario.nameOf?.(at) ?? `[${at}]`;
  }

  #named(text: string): string {
    return text.replace(/word (\d+)/, (_, at) => this.#nameOf(Number(at)));
  }

  /** Hash of the memory, of what the scenario adds, and of who is dead. */
  #hash(): { h1: number; h2: number } {
    const more = mix1(this.#scenario.digest(this), this.isDead(0) ? 1 : 0);
    const h1 = mix1(stage.memory.digest(this.#isIgnored), more);
    return { h1, h2: mix2(stage.memory.h2, more) };
  }
}

function newWorker(): Worker {
  return {
    routine: NOTHING,
    status: READY,
    step: 0,
    at: -1,
    deadline: 0,
    order: 0,
    reason: "ok",
    priority: 0,
  };
}

const NOTHING: Routine<void> = (function* () {})();

/** Points that were passed, of all kinds. Count. */
function pointsPassed(): number {
  let sum = 0;
  for (let kind = 0; kind < Kind.COUNT; kind++) sum += stage.passed[kind];
  return sum;
}
