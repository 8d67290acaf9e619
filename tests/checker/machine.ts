/**
 * The machine: virtual workers over one memory, all in one thread.
 *
 * A worker that must let others run is suspended by an exception, and resumed
 * by running its step again while its log says what it saw. Between two
 * scheduling points it runs ahead over whatever is invisible to the others;
 * what that is, is learned (`sharing.ts`). Its plain accesses to words that
 * others use as well are remembered as a *segment*: there is a race if those of
 * two workers, or those of one and the next operation of another, conflict.
 *
 * A driver (`explore.ts`, `random.ts`) is asked at each new state what happens
 * next. If that is the worker that is running, it just goes on.
 *
 * @module
 */

import { Context, type Snapshot } from "./context.ts";
import {
  type Driver,
  type Event,
  RUN,
  type Sleeper,
  STOP,
  SUSPEND,
} from "./actions.ts";
import { MachineWorld } from "./machine_world.ts";
import type { Library } from "./loader.ts";
import { type Node, ROOT, withValue } from "./log.ts";
import type { Finding, Model, Step, World } from "./model.ts";
import { Sharing } from "./sharing.ts";
import { Store } from "./store.ts";
import * as W from "./worker.ts";
import { type Pending, Segment, WorkerState } from "./worker.ts";

/** Bits of `times` that say that a call is late. */
const LATE_BITS = 0x2aaaaaaa;
/** Depth from which calls share their bits. */
const DEEP = 14;
/** Bits of `times` of calls up to a depth. */
const TIMES = Array.from({ length: DEEP + 1 }, (_, d) => 2 ** (2 * d + 2) - 1);
/** Accesses of one worker without a scheduling point. Count. */
const ENDLESS = 100_000;

/** The result of an operation is not known yet. */
const UNKNOWN: unique symbol = Symbol("unknown");
/** Outcomes that are remembered of one state of a worker. Count. */
const MANY = 64;
/** States of workers that are kept from one schedule to the next. Count. */
const CROWDED = 200_000;
/** Invisible operations in a row after which a worker is said to spin. */
const SPINNING = 5_000;

const NOBODY: readonly Sleeper[] = [];

/** See the head of this file. */
export class Machine {
  // The model.
  model!: Model;
  lib!: Library;
  store!: Store;
  sharing!: Sharing;
  count = 0;
  scripts: Step[][] = [];
  contexts: Context[] = [];
  /** Words of each worker that are cleared between its steps. */
  cleared: (readonly number[])[] = [];
  initial: Snapshot[] = [];
  driver!: Driver;
  /** Whether plain accesses to shared words are remembered. */
  hasSegments = true;
  hasGuard = false;

  // The state.
  workers: WorkerState[] = [];
  sleepers: readonly Sleeper[] = NOBODY;
  ticksLeft = 0;
  killsLeft = 0;

  // The worker that runs.
  current: number = -1;
  step = 0;
  snapshot!: Snapshot;
  log: Node = ROOT;
  buffer: Node[] = [];
  pos = 0;
  end = 0;
  direct = true;
  /** True while a model looks at a state that is at rest. */
  isInspecting = false;
  replaying = false;
  unwinding = false;
  disturbed = false;
  grant = RUN;
  marks: Node[] = [];
  tags: number[] = [];
  /** What a call that is not repeated returned. */
  result: unknown;
  accesses = 0;
  /**
   * Bit 2 d: the call at depth d has looked at the clock. Bit 2 d + 1: a wait
   * timed out since, and it will see that when it looks again.
   */
  times = 0;
  writes: number[] = [];
  reads: number[] = [];

  // The search.
  next: number = STOP;
  booting = false;
  /** True if the search must start again, with what was learned. */
  isAbandoned = false;
  /** Whether what workers do is remembered: not for a trace. */
  remembers = true;
  interner = new W.Interner();
  /** Where the running worker was when it was granted its operation. */
  origin: WorkerState | undefined;
  /** Result of that operation, or {@linkcode UNKNOWN}. */
  outcome: unknown;
  /** Words that it has read since, with their values. */
  seen: number[] = [];
  events: Event[] | undefined;

  /** The world as models see it. */
  readonly world: World = new MachineWorld(this);

  /** Sets a model up. */
  prepare(model: Model, lib: Library): void {
    this.model = model;
    this.lib = lib;
    this.direct = true;
    this.events = undefined;
    this.hasSegments = model.races !== false || (model.kills ?? 0) > 0;
    this.hasGuard = model.guard !== undefined;
    this.ticksLeft = model.ticks ?? 0;
    const roots = model.setup(lib, this.world);
    const { ignored } = model;
    if (ignored) this.store.ignore((at) => ignored.call(model, at));
    this.count = roots.length;
    if (this.count > 8) throw new Error("A model has 8 workers at most");
    this.contexts = roots.map((root) => new Context(root));
    this.initial = this.contexts.map((one) => one.save());
    const { guarded } = model;
    if (guarded) this.sharing.guard((at) => guarded.call(model, at));
    this.interner = new W.Interner();
    this.cleared = roots.map((_, k) => model.clearedAtRest?.(k) ?? []);
    this.scripts = roots.map((_, k) => model.script(k, this.world));
  }

  /** Declares the memory. */
  use(buffer: SharedArrayBuffer): void {
    this.store = new Store(buffer);
    this.sharing = new Sharing(this.store.length);
  }

  /** Goes to the start, with what was learned of sharing. */
  boot(driver: Driver): void {
    this.driver = driver;
    this.store.rewind(0, 0, 0);
    if (this.sharing.learned.length > 0 || this.interner.size > CROWDED) {
      this.interner = new W.Interner();
    }
    this.sharing.apply(this.model);
    this.direct = false;
    this.sleepers = NOBODY;
    this.ticksLeft = this.model.ticks ?? 0;
    this.killsLeft = this.model.kills ?? 0;
    this.workers = this.initial.map((snapshot, k) =>
      this.#fresh(k, 0, snapshot)
    );
    this.isAbandoned = false;
    this.booting = true;
    for (let k = 0; k < this.count && !this.isAbandoned; k++) {
      if (!this.#isGuarded(k, 0)) this.execute(k << 8);
    }
    this.booting = false;
  }

  /** Runs until the driver has enough. */
  run(driver: Driver): void {
    this.next = STOP;
    this.boot(driver);
    if (this.isAbandoned) return;
    if (this.next === STOP) this.next = driver.advance();
    while (this.next !== STOP) this.execute(this.next);
    this.direct = true;
  }

  #fresh(worker: number, step: number, snapshot: Snapshot): WorkerState {
    const status = step < this.scripts[worker].length ? W.GUARDED : W.DONE;
    return this.interner.intern(
      new WorkerState(
        worker,
        step,
        snapshot,
        ROOT,
        status,
        W.NOTHING,
        null,
        0,
      ),
    );
  }

  #isGuarded(worker: number, step: number): boolean {
    const it = this.scripts[worker][step];
    return it === undefined || it.when !== undefined || it.optional === true;
  }

  /** Runs the code of a worker until another one is to run. */
  execute(action: number): void {
    const worker = action >> 8;
    const state = this.workers[worker];
    this.current = worker;
    this.#grant(action);
    this.step = state.step;
    this.snapshot = state.snapshot;
    this.contexts[worker].load(state.snapshot);
    this.#rewindTo(state);
    if (state.status === W.GUARDED) this.orderBefore(worker);
    while (this.#runStep()) {
      if (!this.#isGuarded(worker, this.step)) continue;
      const status = this.step < this.scripts[worker].length
        ? W.GUARDED
        : W.DONE;
      this.settle(status, W.NOTHING);
      if (this.booting) return;
      if (this.isAbandoned) return;
      this.next = this.driver.advance();
      if (!this.#goesOn() || status === W.DONE) return;
    }
  }

  /** A condition was met: what others did before is ordered before this. */
  orderBefore(worker: number): void {
    const it = this.scripts[worker][this.workers[worker].step];
    if (it.when === undefined) return;
    for (let k = 0; k < this.count; k++) {
      const { status, segment } = this.workers[k];
      const isAtRest = status === W.GUARDED || status === W.DONE;
      if (isAtRest && segment !== null) {
        this.workers[k] = this.interner.intern(this.workers[k].ordered(k));
      }
    }
  }

  /** Makes the log of a worker what the hooks read from. */
  #rewindTo(state: WorkerState): void {
    this.marks.length = 0;
    this.tags.length = 0;
    this.unwinding = false;
    this.disturbed = false;
    this.accesses = 0;
    this.writes.length = 0;
    this.reads.length = 0;
    this.log = state.log;
    this.times = state.times;
    this.pos = 0;
    this.end = state.log.length;
    this.replaying = state.status !== W.GUARDED;
    const buffer = this.buffer;
    let k = this.end;
    for (let at = state.log; k > 0; at = at.prev!) buffer[--k] = at;
  }

  /** Runs the current step. Returns true if it ended. */
  #runStep(): boolean {
    const it = this.scripts[this.current][this.step];
    try {
      it.run(this.lib, this.contexts[this.current].root);
    } catch (error) {
      if (error === SUSPEND) return false;
      if (!this.#isExpected(error)) {
        this.driver.found("error", describe(error));
        this.next = STOP;
        return false;
      }
    }
    if (this.unwinding) return false;
    if (this.replaying) throw new Error(`Step "${it.name}" is not repeatable`);
    for (const at of this.cleared[this.current]) this.store.set(at, 0);
    this.step++;
    this.times = 0;
    this.log = ROOT;
    this.marks.length = 0;
    this.tags.length = 0;
    this.pos = this.end = 0;
    this.snapshot = this.contexts[this.current].save(this.snapshot);
    return true;
  }

  #isExpected(error: unknown): boolean {
    const name = error instanceof Error ? error.name : "";
    return this.model.expects?.includes(name) ?? false;
  }

  /** Whether what the driver chose is to go on from here. */
  #goesOn(): boolean {
    const action = this.next;
    if (action < 0 || action >> 8 !== this.current || this.disturbed) {
      return false;
    }
    if (this.workers[this.current] !== this.here) return false;
    this.#grant(action);
    return true;
  }

  /** The running worker does what it was about to do. */
  #grant(action: number): void {
    this.grant = action & 255;
    this.accesses = 0;
    this.origin = this.workers[this.current];
    this.outcome = this.origin.status === W.GUARDED ? 0 : UNKNOWN;
    this.seen.length = 0;
    this.store.track(this.origin.status === W.GUARDED);
  }

  /** The running worker where it is. */
  here: WorkerState | undefined;

  /** Ends a run-ahead: the worker is in a new place. */
  settle(status: number, pending: Pending): void {
    const state = new WorkerState(
      this.current,
      this.step,
      this.snapshot,
      this.log,
      status,
      pending,
      this.#takeSegment(),
      this.times & TIMES[Math.min(this.marks.length, DEEP)],
    );
    this.here = this.interner.intern(state);
    this.workers[this.current] = this.here;
    if (this.remembers && this.outcome !== UNKNOWN) this.#remember(this.here);
    this.outcome = UNKNOWN;
  }

  #remember(next: WorkerState): void {
    const known = this.origin!.outcomes ??= [];
    if (known.length >= MANY) return;
    known.push({
      result: this.outcome,
      reads: this.seen.slice(),
      writes: this.store.tracked(),
      next,
    });
  }

  /** Notes that what the running worker does depends on a word. */
  depend(at: number, value: number): void {
    if (!this.store.wasTracked(at)) this.seen.push(at, value);
  }

  #takeSegment(): Segment | null {
    if (this.writes.length === 0 && this.reads.length === 0) return null;
    const isOrdered = (this.model.kills ?? 0) > 0;
    const segment = new Segment(this.writes, this.reads, isOrdered);
    this.writes.length = 0;
    this.reads.length = 0;
    return segment;
  }

  /** A scheduling point. Returns when the worker may go on. */
  point(pending: Pending): void {
    if (this.replaying) {
      this.replaying = false;
      return;
    }
    if (this.unwinding) throw SUSPEND;
    this.settle(W.READY, pending);
    this.#yield();
  }

  /** Falls asleep. Returns when woken, with `grant` as the reason. */
  sleep(pending: Pending): void {
    this.settle(W.BLOCKED, pending);
    const sleeper = { worker: this.current, at: pending.at };
    this.sleepers = [...this.sleepers, sleeper];
    this.#yield();
  }

  #yield(): void {
    if (!this.booting) {
      this.next = this.driver.advance();
      if (this.#goesOn()) return;
    }
    this.suspend();
  }

  /** Unwinds the stack of the running worker. */
  suspend(): never {
    this.unwinding = true;
    this.pos = this.end = 0;
    throw SUSPEND;
  }

  /** Reports what is wrong with the running worker, and ends the search. */
  fail(kind: Finding["kind"], text: string): never {
    this.driver.found(kind, text);
    this.next = STOP;
    this.suspend();
  }

  /** Adds the result of an access to the log. */
  learn<T>(value: T): T {
    if (this.outcome === UNKNOWN) {
      this.outcome = value;
      this.store.track(true);
    }
    this.log = withValue(this.log, value);
    return value;
  }

  /** Counts an access, so that a loop without end is found. */
  countAccess(): void {
    if (this.unwinding) throw SUSPEND;
    if (++this.accesses > ENDLESS) {
      this.fail("endless", `${ENDLESS} accesses without a scheduling point`);
    }
  }

  /** An operation on a word that nobody else seems to change. */
  passInvisible(at: number): void {
    this.countAccess();
    if (this.accesses < SPINNING) return;
    this.sharing.force(at);
    this.isAbandoned = true;
    this.next = STOP;
    this.suspend();
  }

  /** The running call looks at the clock. Returns whether it is late. */
  look(): boolean {
    const bits = 3 << (2 * Math.min(this.marks.length, DEEP));
    const isLate = (this.times & bits & LATE_BITS) !== 0;
    this.times = (this.times & ~(bits & LATE_BITS)) | (bits & ~LATE_BITS);
    return isLate;
  }

  /** A wait timed out: all calls that have looked at the clock are late. */
  beLate(): void {
    this.times |= (this.times & ~LATE_BITS) << 1;
  }

  /** A call begins. */
  forgetTimes(): void {
    this.times &= TIMES[Math.min(this.marks.length, DEEP)];
  }

  /** Adds a line to the trace. */
  trace(site: number, text: string): void {
    this.events?.push({ worker: this.current, site, text });
  }

  /**
   * Lets a model look at the state with the library itself. Whatever that
   * changes is undone.
   */
  inspect(look: (world: World) => string | void): string | void {
    const { changes, h1, h2 } = this.store;
    this.contexts.forEach((one, k) => one.load(this.workers[k].snapshot));
    this.disturbed = true;
    this.direct = this.isInspecting = true;
    const { pos, end } = this;
    this.pos = this.end = 0;
    try {
      return look(this.world);
    } catch (error) {
      return describe(error);
    } finally {
      this.pos = pos;
      this.end = end;
      this.direct = this.isInspecting = false;
      this.store.rewind(changes, h1, h2);
    }
  }

  /** Wakes so many sleepers of a word. Returns how many there were. */
  notify(at: number, count: number): number {
    let woken = 0;
    for (const sleeper of this.sleepers) {
      if (sleeper.at !== at || woken >= count) continue;
      woken++;
      const state = this.workers[sleeper.worker];
      this.wakeUp(sleeper.worker);
      if (state.status === W.BLOCKED) {
        const awake = state.as(sleeper.worker, W.WOKEN);
        this.workers[sleeper.worker] = this.interner.intern(awake);
      }
    }
    return woken;
  }

  /** Takes a worker off the list of sleepers. */
  wakeUp(worker: number): void {
    this.sleepers = this.sleepers.filter((one) => one.worker !== worker);
  }
}

function describe(error: unknown): string {
  return error instanceof Error
    ? `${error.name}: ${error.message}`
    : String(error);
}

/** The one machine. The hooks of generated code lead here. */
export const machine: Machine = new Machine();
