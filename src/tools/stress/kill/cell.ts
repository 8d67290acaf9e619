/**
 * One cell of the run that kills: one build, one heap, workers that die and are
 * replaced.
 *
 * Deaths come in waves of one or two. Once all of a wave are recovered, the
 * others stand still for a muster: what the dead left is settled, the heap is
 * checked and compared with the records, what they held goes to the main
 * thread, to a survivor or to a successor.
 *
 * ## Invariants
 *   K5  nobody is recovered but by `heap.reap()`, which knows of a death by the
 *       certificate of the dead alone
 *   K6  all waits of this thread end, by what they wait for, by a finding, or
 *       by the time-out, which is a finding
 *
 * ## Threads
 *   Main thread; attached only in musters and at the end.
 *
 * @module
 */

import * as AddressTable from "../address_table.ts";
import type { CellOptions, CellResult, Observer } from "../cell.ts";
import {
  type Control,
  createControl,
  FAILED,
  TIME_UP,
  X_HOLD,
  X_PEAK_LIVE,
} from "../control.ts";
import {
  type Finding,
  FindingError,
  type FindingKind,
  Interrupted,
} from "../finding.ts";
import { Hand } from "../hand.ts";
import { createHeap, type Heap, type RevokeReport } from "../heap.ts";
import { Random } from "../random.ts";
import { numberOf, type Task } from "../task.ts";
import { describeWorkers } from "../watchdog.ts";
import { unexpected } from "../work.ts";
import * as WorkerRecord from "../worker_record.ts";
import * as Canary from "./canary.ts";
import { type Deaths, noDeaths } from "./deaths.ts";
import { Estate } from "./estate.ts";
import { Member, WAYS_HERE } from "./staff.ts";
import { hasEnded, now } from "./work.ts";

/** Switch interval of the GIL build: short, so that deaths find it anywhere. */
const SWITCH_SECONDS = 0.0005;
/** Calls of all workers between two waves, at most. Count. */
const PAUSE_MAX = 4000;
/** Atomic accesses, or calls, until who is doomed dies, at most. Count. */
const FUSE_MAX = 3000;
/** Longest wait for the calls of who is to be killed. Milliseconds. */
const KILL_MS = 20;
/** Longest wait for the deaths of a wave, before who is dead is reaped. */
const DEATHS_MS = 200;
/** Time between two reports to the observer. Milliseconds. */
const LOOK_MS = 100;

/** A moment for messages; others are not held up by it. */
function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1));
}

/** The state of a cell on the main thread. */
class KillCell {
  readonly options: CellOptions;
  readonly heap: Heap;
  readonly control: Control;
  readonly addresses: SharedArrayBuffer;
  readonly findings: Finding[] = [];
  readonly deaths: Deaths = noDeaths();
  readonly members: Member[] = [];
  readonly random: Random;
  readonly hand: Hand;
  readonly estate: Estate;
  readonly #start = performance.now();
  #lives = 0;
  #musters = 0;

  constructor(options: CellOptions) {
    const { build, maxBytes, workers, seed, shape } = options;
    const { malloc, trace } = options;
    const switchInterval = SWITCH_SECONDS;
    this.options = options;
    this.control = createControl(workers);
    this.addresses = AddressTable.create(maxBytes);
    this.random = new Random(seed, numberOf(shape), workers, 3);
    this.heap = createHeap({
      build,
      maxBytes,
      switchInterval,
      malloc,
      tracemalloc: trace,
    });
    const task = { ...this.task(workers, 0), canary: undefined };
    this.hand = new Hand(this.heap, this.control, this.addresses, task);
    this.estate = new Estate(this.hand, this.deaths);
    this.heap.threads.detach();
  }

  /** Workers that were started. Count. */
  get lives(): number {
    return this.#lives;
  }

  /** Seconds since the start. */
  get seconds(): number {
    return (performance.now() - this.#start) / 1000;
  }

  /** Calls of the heap so far. Count. */
  get ops(): number {
    return this.control.total(WorkerRecord.OPS);
  }

  /** How much of the run is done; 1 or more at its end. */
  get share(): number {
    const { ops, seconds, workers } = this.options;
    return ops > 0 ? this.ops / (ops * workers) : this.seconds / seconds;
  }

  task(worker: number, life: number): Task {
    const { shape, seed, workers, ops, maxBytes } = this.options;
    const { canary, malloc, trace } = this.options;
    const what = { shape, seed, ops, maxBytes, canary, malloc, trace };
    return { ...what, worker, workers, life };
  }

  fail(kind: FindingKind, text: string): never {
    const finding = { kind, text, worker: -1, life: 0, round: 0, op: 0 };
    throw new FindingError(finding);
  }

  /** Waits until something holds, see K6. */
  async until(
    holds: () => boolean,
    what: string,
    kind: FindingKind = "hang",
  ): Promise<void> {
    const end = performance.now() + this.options.timeout * 1000;
    while (!holds()) {
      this.requireWorkers();
      if (performance.now() > end) {
        const lines = [
          `${what}: not in time`,
          ...describeWorkers(this.control),
        ];
        this.fail(kind, lines.join("\n    "));
      }
      await turn();
    }
  }

  /** Nobody has found anything, and nobody has died who should not. */
  requireWorkers(): void {
    for (const { finding, fault, isDoomed, worker, order } of this.members) {
      if (finding !== undefined) throw new FindingError(finding);
      if (fault === "" || isDoomed) continue;
      const text = `A worker ended without a word: ${fault}`;
      const { life } = order.task;
      const kind = "lost-worker";
      throw new FindingError({ kind, text, worker, life, round: 0, op: 0 });
    }
    if (this.control.stop === FAILED && this.members.every((m) => m.isDone)) {
      throw new Interrupted("The run failed");
    }
  }

  /** Starts a worker with a number and waits until it is at work. */
  async employ(worker: number, life: number): Promise<void> {
    const { control: { buffer: control }, addresses } = this;
    const way = WAYS_HERE[this.random.below(WAYS_HERE.length)];
    const task = this.task(worker, life);
    const { handle } = this.heap;
    const order = { task, handle, control, addresses, way };
    const member = new Member(order, this.control);
    this.members[worker] = member;
    this.#lives++;
    await this.until(() => member.id !== 0, `Worker ${worker} starts`);
  }

  /** Does `work` attached, while all workers but the dead stand still. */
  async muster(dead: readonly Member[], work: () => void): Promise<void> {
    const { control: { i32 }, heap } = this;
    const number = ++this.#musters;
    Atomics.store(i32, X_HOLD, number);
    const living = this.members.filter((member) => !dead.includes(member));
    await this.until(
      () =>
        living.every(({ record }) =>
          Atomics.load(i32, record + WorkerRecord.HELD) === number
        ),
      "All workers stand still",
    );
    heap.threads.attach();
    work();
    heap.threads.detach();
    Atomics.store(i32, X_HOLD, 0);
    Atomics.notify(i32, X_HOLD);
  }
}

/** One or two workers that are to die; one remains, if there is another. */
function choose(cell: KillCell): Member[] {
  const { members, random } = cell;
  const count = members.length > 2 && random.chance(30) ? 2 : 1;
  const first = random.below(members.length);
  const chosen = [members[first]];
  if (count === 2) chosen.push(members[(first + 1) % members.length]);
  for (const member of chosen) member.isDoomed = true;
  return chosen;
}

/** Has a worker die. It may be stuck behind another one that died. */
async function strike(cell: KillCell, member: Member): Promise<void> {
  const fuse = cell.random.logarithmic(1, FUSE_MAX);
  if (member.order.way !== "terminate") return member.doom(fuse);
  const target = member.ops + fuse;
  const end = performance.now() + KILL_MS;
  while (member.ops < target && performance.now() < end) await turn();
  await member.kill();
}

/** Waits until all of a wave are dead, or stuck behind one that is. */
async function awaitDeaths(ids: readonly number[]): Promise<void> {
  const end = performance.now() + DEATHS_MS;
  for (const id of ids) {
    while (!await hasEnded(id) && performance.now() < end) await turn();
  }
}

/** Reaps until all of a wave are recovered. */
async function recover(cell: KillCell, dead: readonly Member[]): Promise<void> {
  const { heap, options: { canary } } = cell;
  const left = new Map(dead.map((member) => [member.id, member]));
  const ids = [...left.keys()];
  await awaitDeaths(ids);
  const end = performance.now() + cell.options.timeout * 1000;
  while (left.size > 0) {
    for (const report of await Canary.reap(canary, heap, ids)) {
      const member = left.get(report.id);
      if (member === undefined) continue;
      note(cell, member, report);
      left.delete(report.id);
    }
    cell.requireWorkers();
    if (left.size > 0 && performance.now() > end) lament(cell, left.values());
    await turn();
  }
}

function lament(cell: KillCell, left: Iterable<Member>): never {
  const whose = [...left].map(({ worker, order }) =>
    `${worker} (${order.way})`
  );
  const text = `Of the workers that died, these are not recovered: ` +
    whose.join(", ");
  const lines = [text, ...describeWorkers(cell.control)];
  cell.fail("not-recovered", lines.join("\n    "));
}

/** Keeps account of a recovery. */
function note(cell: KillCell, member: Member, report: RevokeReport): void {
  const { deaths, control } = cell;
  const { way } = member.order;
  const { isRecovered, lostBlocks } = report;
  if (!isRecovered || lostBlocks > 1) {
    const text = `Worker ${member.worker} (${way}) was reaped: recovered ` +
      `${isRecovered}, ${lostBlocks} blocks lost`;
    cell.fail("not-recovered", text);
  }
  const at = member.record + WorkerRecord.DIED_AT;
  const took = now() - control.f64[at >> 1];
  deaths.byWay[way]++;
  deaths.hadGil += report.hadGil ? 1 : 0;
  deaths.poolsLeft += report.pools;
  deaths.longestMs = Math.max(deaths.longestMs, took);
}

/** The survivor that is to free a table, or undefined if it is not one. */
function chooseHeir(cell: KillCell, dead: readonly Member[]) {
  const living = cell.members.filter((member) => !dead.includes(member));
  return living[cell.random.below(living.length)];
}

/** Gives the blocks of a dead worker to whoever gets them. At a muster. */
function bequeath(
  cell: KillCell,
  { worker }: Member,
  heir: Member | undefined,
): void {
  const { estate, deaths, random, control, options } = cell;
  const share = random.below(3);
  if (options.canary === "forgotten-blocks") return estate.forgetAll(worker);
  if (share === 0) return estate.freeAll(worker);
  deaths.handedOn += estate.countOf(worker);
  const at = heir === undefined ? 0 : heir.record + WorkerRecord.HEIR;
  const isFree = heir !== undefined && Atomics.load(control.i32, at) === 0;
  // Else its successor finds the table as it is.
  if (share === 1 && isFree) Atomics.store(control.i32, at, worker + 1);
}

/** Lets one or two workers die, and all that follows from it. */
async function wave(cell: KillCell): Promise<void> {
  const { control, members } = cell;
  const dead = choose(cell);
  const heir = chooseHeir(cell, dead);
  const strikes = dead.map((member) => strike(cell, member));
  await Promise.all([...strikes, recover(cell, dead)]);
  await cell.muster(dead, () => {
    for (const { worker } of dead) cell.estate.settle(worker);
    cell.estate.audit();
    for (const member of dead) bequeath(cell, member, heir);
    cell.estate.audit();
  });
  await cell.until(
    () =>
      members.every(({ record }) =>
        Atomics.load(control.i32, record + WorkerRecord.HEIR) === 0
      ),
    "The heir frees what it got",
  );
  for (const { worker, order } of dead) {
    await cell.employ(worker, order.task.life + 1);
  }
}

/** Waves until the run is over, and one at least. */
async function runWaves(cell: KillCell): Promise<void> {
  do {
    const target = cell.ops + cell.random.logarithmic(50, PAUSE_MAX);
    await cell.until(
      () => cell.ops >= target || cell.share >= 1,
      "The survivors go on",
    );
    await wave(cell);
  } while (cell.share < 1);
}

/** Ends all workers and proves the heap empty. */
async function close(cell: KillCell): Promise<CellResult> {
  const { control, heap, members, estate, deaths } = cell;
  control.raiseStop(TIME_UP);
  await cell.until(() => members.every((m) => m.isDone), "The workers end");
  cell.requireWorkers();
  heap.threads.attach();
  estate.proveEmpty();
  deaths.poolsAdopted = heap.stats().poolsAdopted;
  const done = result(cell);
  heap.close();
  return done;
}

function result(cell: KillCell): CellResult {
  const { control, options: { build, shape }, heap, seconds, deaths } = cell;
  const stats = heap.stats();
  return {
    build,
    shape,
    seconds,
    ops: cell.ops,
    lives: cell.lives,
    threads: control.total(WorkerRecord.THREADS),
    remoteFrees: control.total(WorkerRecord.REMOTE_FREES),
    remotePushes: stats.remoteFrees,
    lockWaits: stats.lockWaits,
    gilWaits: stats.gilWaits,
    checks: control.total(WorkerRecord.CHECKS),
    probes: control.total(WorkerRecord.PROBES),
    memoryErrors: control.total(WorkerRecord.MEMORY_ERRORS),
    footprintPeakBytes: stats.footprintPeakBytes,
    livePeakBytes: Atomics.load(control.i32, X_PEAK_LIVE) * 16,
    findings: cell.findings,
    deaths,
  };
}

/** What an error says. */
function judge(cell: KillCell, error: unknown): void {
  const { control, options: { workers }, members, findings } = cell;
  control.raiseStop(FAILED);
  const heard = members.flatMap(({ finding }) => finding ?? []);
  if (error instanceof FindingError) findings.push(error.finding);
  else if (heard.length > 0) findings.push(...heard);
  else findings.push(unexpected(error, control, cell.task(workers, 0)));
}

/**
 * Runs one cell in which workers die.
 *
 * @param options What to do.
 * @param observe Hears how far it is, ten times a second.
 * @returns What came of it. If it found anything, workers may still be at work.
 */
export async function runKillCell(
  options: CellOptions,
  observe: Observer,
): Promise<CellResult> {
  const cell = new KillCell(options);
  const timer = setInterval(() => observe(cell.share, cell.ops), LOOK_MS);
  try {
    const numbers = Array.from({ length: options.workers }, (_, n) => n);
    // In order: the ways in which they will die are drawn one by one.
    await Promise.all(numbers.map((worker) => cell.employ(worker, 0)));
    await runWaves(cell);
    return await close(cell);
  } catch (error) {
    judge(cell, error);
    return result(cell);
  } finally {
    clearInterval(timer);
  }
}
