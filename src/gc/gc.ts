/**
 * The collector as one worker has it: the module `gc` of Python.
 *
 * Collections start by themselves at safe points, in the worker that has
 * allocated the object too many; and when an object cannot be allocated at all.
 *
 * ## Threads
 *   Belongs to one worker, needs its thread state attached. Callbacks, `garbage`
 *   and `debug` are this worker's; all else is the heap's.
 *
 * Source: CPython 3.13 Modules/gcmodule.c, Python/gc.c: gc_collect_main(),
 * _Py_RunGC(), PyGC_Collect(); Python/gc_free_threading.c.
 *
 * @module
 */

import * as GcState from "../layout/gc_state.ts";
import * as ThreadState from "../layout/thread_state.ts";
import type { Companion } from "../domains/core.ts";
import { Debug } from "../hooks/mod.ts";
import { type Address, Stack } from "../memory/mod.ts";
import {
  FreeLists,
  Held,
  type Objects,
  Tracking,
  Weakref,
} from "../objects/mod.ts";
import { Leave } from "../pools/mod.ts";
import { EvalBreaker, Qsbr } from "../threads/mod.ts";
import { FreeThreaded } from "./free_threaded.ts";
import { Generations } from "./generations.ts";
import * as Inspect from "./inspect.ts";
import { Turn } from "./pauses/mod.ts";
import * as Rebuild from "./rebuild.ts";
import * as Refusal from "./refusal.ts";
import * as Report from "./report.ts";
import * as Settings from "./settings.ts";

const OLDEST = GcState.COUNT - 1;
/** How long a world may take to stop. Milliseconds. */
const STOP_TIMEOUT_MS = 10000;
/** In place of a count: the world did not stop. */
const LATE = -1;
/** In place of a count: somebody is collecting, perhaps this worker. */
const BUSY = -2;

/** What callbacks are told of a collection. */
export interface Info {
  /** The generation. */
  readonly generation: number;
  /** Objects that were collected; 0 at the start. Count. */
  readonly collected: number;
  /** Objects that were not; 0 at the start. Count. */
  readonly uncollectable: number;
  /** Objects that were looked at; 0 at the start. Count. */
  readonly candidates: number;
  /** How long it took; 0 at the start. Seconds. */
  readonly duration: number;
}

/** What is known at the start. */
const NOTHING = {
  collected: 0,
  uncollectable: 0,
  candidates: 0,
  duration: 0,
} as const;

/** Called before and after each collection that this worker makes. */
export type Callback = (phase: "start" | "stop", info: Info) => void;

/** See the head of this file. */
export class Gc implements Companion {
  declare readonly o: Objects;
  /** Called before and after each collection. What they throw is printed. */
  readonly callbacks: Callback[] = [];
  /** Objects that were unreachable and kept; each with a reference. */
  readonly garbage: Address[] = [];
  /** Flags `DEBUG_STATS` and so on. Python: `gc.set_debug()`. */
  debug = 0;
  /** How long the others may take to reach a safe point. Milliseconds. */
  stopTimeoutMs = STOP_TIMEOUT_MS;
  readonly #free: FreeThreaded | null;
  readonly #generations: Generations | null;

  /** The collector for the worker of `o`, which has none yet. */
  constructor(o: Objects) {
    this.o = o;
    this.#free = o.isBiased ? new FreeThreaded(o) : null;
    this.#generations = o.isBiased ? null : new Generations(o);
    o.relieve = () => this.#relieve();
    o.core.accompany(this);
  }

  /** Mends the lists before anybody uses them. */
  attached(): void {
    if (Rebuild.isTorn(this.o)) Rebuild.rebuild(this.o);
  }

  /** Nothing is open. */
  detached(): void {}

  /** Hands over what was counted. */
  closing(): void {
    if (this.o.isBiased) Tracking.handOver(this.o);
  }

  /** A safe point: collects if it is time. C: _Py_RunGC(). */
  passed(): void {
    const { o } = this;
    this.attached();
    const at = o.m.thread + ThreadState.X_EVAL_BREAKER;
    const bits = o.i32[at]; // racy hint
    if ((bits & EvalBreaker.GC_SCHEDULED) !== 0) this.#scheduled();
    if (Settings.isPressed(o)) this.#pressed();
  }

  /** Collects because the heap holds too much, and gives pages back. */
  #pressed(): void {
    if (this.#collect(OLDEST) < 0) return;
    const { m, core } = this.o;
    const trim = () => core.allocators.withArenas(() => Leave.trim(m, true));
    trim();
    if (this.o.isBiased) {
      // What that put in quarantine is ripe if nobody else is attached.
      Qsbr.quiescentState(m);
      trim();
    }
    Settings.relax(this.o);
  }

  /** Collects what is due. */
  #scheduled(): void {
    const { o } = this;
    EvalBreaker.clear(o.m, o.m.slot, EvalBreaker.GC_SCHEDULED);
    const generation = o.isBiased
      ? (Tracking.shouldCollect(o) ? 0 : -1)
      : Settings.due(o);
    // If a thread is late, the next allocation too many asks again.
    if (generation >= 0) this.#collect(generation);
  }

  /**
   * Collects because an object cannot be allocated, once its turn has come.
   * Returns false if it does not.
   */
  #relieve(): boolean {
    const { m } = this.o;
    if (!Settings.isEnabled(this.o)) return false;
    const end = m.clock.now() + this.stopTimeoutMs;
    let found = this.#collect(OLDEST);
    while (found === BUSY) {
      if (Turn.isOurs(m) || m.clock.now() >= end) return false;
      Turn.nap(m);
      found = this.#collect(OLDEST);
    }
    return found !== LATE;
  }

  /** A collection, unless somebody makes one. A count, or LATE or BUSY. */
  #collect(generation: number): number {
    Stack.requireRoom();
    return this.o.core.guard(() => this.#takeTurn(generation));
  }

  #takeTurn(generation: number): number {
    const { o } = this;
    const { m } = o;
    this.attached();
    const turn = Turn.take(m);
    if (turn === Turn.TAKEN) return BUSY;
    try {
      if (turn === Turn.INHERITED) this.#generations?.inherit();
      return this.#collectInTurn(generation);
    } catch (error) {
      // Whatever it was, nobody knows how far the lists are, and the next object
      // that dies leaves one.
      this.#generations?.inherit();
      throw error;
    } finally {
      Turn.giveBack(m);
    }
  }

  #collectInTurn(generation: number): number {
    const { o } = this;
    const start = o.m.clock.now();
    this.#tell("start", { generation, ...NOTHING });
    Report.start(o, this.debug, generation);
    const found = o.isBiased ? this.#findFree() : this.#findGil(generation);
    if (found === LATE) return LATE;
    if (generation === OLDEST || o.isBiased) FreeLists.clear(o);
    Weakref.sweep(o);
    const seconds = (o.m.clock.now() - start) / 1000;
    const { candidates } = (this.#free ?? this.#generations)!;
    Report.done(this.debug, found, 0, seconds);
    Settings.note(o, generation, found, candidates, seconds);
    this.#tell("stop", {
      generation,
      collected: found,
      uncollectable: 0,
      candidates,
      duration: seconds,
    });
    return found;
  }

  /** The free-threaded build: finds the garbage and disposes of it. */
  #findFree(): number {
    const free = this.#free!;
    const found = free.find(this.stopTimeoutMs, this.debug);
    if (found === null) return LATE;
    for (const op of found) {
      // The stack ran out in a finalizer: the next collection goes on.
      if (!Turn.isOurs(this.o.m)) break;
      if (this.#savesAll) {
        free.keep(op);
        this.garbage.push(op);
      } else free.dispose(op);
    }
    // Otherwise each collection would put the next one off by what it freed.
    this.o.netAllocated += found.length;
    return found.length;
  }

  /** The GIL build: the same of a generation. */
  #findGil(generation: number): number {
    const generations = this.#generations!;
    const found = generations.find(generation, this.debug);
    for (let op = generations.next(); op !== 0; op = generations.next()) {
      if (this.#savesAll) {
        generations.keep(op);
        this.garbage.push(op);
      } else generations.dispose(op);
    }
    return found;
  }

  get #savesAll(): boolean {
    return (this.debug & Report.SAVEALL) !== 0;
  }

  #tell(phase: "start" | "stop", info: Info): void {
    for (const callback of this.callbacks) {
      try {
        Held.callOut(this.o, (told) => callback(phase, told), info);
      } catch (error) {
        Debug.Stderr.write(
          `Exception ignored in a callback of the collector: ${error}\n`,
        );
      }
    }
  }

  /**
   * Collects a generation and all younger ones; in the free-threaded build
   * there is one, the whole heap. Python: `gc.collect()`.
   *
   * @returns Objects that were unreachable. 0 if somebody is collecting. Count.
   * @throws {RangeError} If it is no generation.
   * @throws {ThreadStateError} If no thread state is attached, or another thread
   * reached no safe point in time; what was found by then is collected next time.
   * @throws {FatalError} If an object has fewer references than others have to it.
   */
  collect(generation: number = OLDEST): number {
    requireGeneration("collect", generation);
    this.o.requireAttached("collect");
    const found = this.#collect(generation);
    if (found === LATE) Refusal.lateThread("collect", this.stopTimeoutMs);
    return Math.max(found, 0);
  }

  /** Lets collections start by themselves. Python: `gc.enable()`. */
  enable(): void {
    Settings.enable(this.o, true);
  }

  /** The opposite, in all workers. Python: `gc.disable()`. */
  disable(): void {
    Settings.enable(this.o, false);
  }

  /** Whether collections start by themselves. Python: `gc.isenabled()`. */
  get isEnabled(): boolean {
    return Settings.isEnabled(this.o);
  }

  /** Python: `gc.get_threshold()`. */
  getThreshold(): Settings.Triple {
    return Settings.thresholds(this.o);
  }

  /**
   * Sets thresholds; with a first one of 0 no collection starts by itself, and
   * in the free-threaded build with a second one of 0 their number of objects
   * need not be a quarter of the old ones. Python: `gc.set_threshold()`.
   *
   * @throws {RangeError} If they are no counts, or none or more than three.
   */
  setThreshold(...thresholds: number[]): void {
    Settings.setThresholds(this.o, thresholds);
  }

  /** What is compared with the thresholds. Python: `gc.get_count()`. */
  getCount(): Settings.Triple {
    return Settings.counts(this.o);
  }

  /** What was done so far, by generation. Python: `gc.get_stats()`. */
  getStats(): Settings.GenerationStats[] {
    return Settings.stats(this.o);
  }

  /**
   * How many bytes of pages the heap may hold before a collection is made at
   * the next safe point of any worker, 0 for no limit. If that frees too
   * little, the next one comes when the heap holds a quarter more.
   */
  get memoryLimit(): number {
    return Settings.limit(this.o);
  }

  /**
   * Sets the limit.
   *
   * @throws {RangeError} If it is no integer from 0 to 4294967296.
   */
  set memoryLimit(bytes: number) {
    Settings.setLimit(this.o, bytes);
  }

  /** Whether the collector looks after an object. Python: `gc.is_tracked()`. */
  isTracked(op: Address): boolean {
    return Tracking.isTracked(this.o, op);
  }

  /** Whether its finalizer was run. Python: `gc.is_finalized()`. */
  isFinalized(op: Address): boolean {
    return Tracking.isFinalized(this.o, op);
  }

  /**
   * Objects that the collector looks after. Python: `gc.get_objects()`.
   *
   * @param generation Of the GIL build; all if absent.
   * @returns Addresses; each object has one more reference.
   * @throws {RangeError} If it is no generation.
   */
  getObjects(generation?: number): Address[] {
    if (generation !== undefined) {
      requireGeneration("list the objects", generation);
    }
    return this.#stopped(
      "list the objects",
      () => Inspect.objects(this.o, generation ?? -1),
    );
  }

  /** Tracked objects that refer to any of these; as above. Python: `gc.get_referrers()`. */
  getReferrers(...ops: Address[]): Address[] {
    const { o } = this;
    return this.#stopped("list referrers", () => Inspect.referrers(o, ops));
  }

  /** What these refer to; as above. Python: `gc.get_referents()`. */
  getReferents(...ops: Address[]): Address[] {
    const { o } = this;
    return this.#stopped("list referents", () => Inspect.referents(o, ops));
  }

  /** Has the collector leave all objects of now alone. Python: `gc.freeze()`. */
  freeze(): void {
    this.#stopped("freeze", () => Inspect.freeze(this.o));
  }

  /** The opposite. Python: `gc.unfreeze()`. */
  unfreeze(): void {
    this.#stopped("unfreeze", () => Inspect.unfreeze(this.o));
  }

  /** Frozen objects. Count. Python: `gc.get_freeze_count()`. */
  getFreezeCount(): number {
    return this.#stopped("count", () => Inspect.frozen(this.o));
  }

  #stopped<T>(attempt: string, run: () => T): T {
    const { o } = this;
    o.requireAttached(attempt);
    Stack.requireRoom();
    return o.core.guard(() => {
      this.attached();
      return Inspect.stopped(o, attempt, this.stopTimeoutMs, run);
    });
  }
}

/** Refuses what is no generation. */
function requireGeneration(attempt: string, generation: number): void {
  if (generation >>> 0 === generation && generation <= OLDEST) return;
  throw new RangeError(
    `Cannot ${attempt}: there is no generation ${generation}, only 0 ` +
      `to ${OLDEST}`,
  );
}
