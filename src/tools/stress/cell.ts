/**
 * One cell of a stress run: one build, one shape, one heap, several workers.
 *
 * ## Invariants
 *   C1  the main thread has no thread state while workers work
 *   C2  the heap is judged at the end only if all workers have ended and none
 *       has found anything: a broken heap proves nothing more
 *
 * ## Threads
 *   Main thread. The workers are told to leave through `X_STOP`.
 *
 * @module
 */

import * as AddressTable from "./address_table.ts";
import type { Canary } from "./canary.ts";
import { stepsOfLife } from "./churn.ts";
import {
  type Control,
  createControl,
  FAILED,
  RUN,
  TIME_UP,
  X_PEAK_LIVE,
} from "./control.ts";
import { type Finding, FindingError } from "./finding.ts";
import { Hand } from "./hand.ts";
import {
  attach,
  type Build,
  createHeap,
  type HeapHandle,
  type HeapStats,
  type MallocName,
} from "./heap.ts";
import type { KillCanary } from "./kill/canary.ts";
import type { Deaths } from "./kill/deaths.ts";
import { proveEmpty } from "./proof.ts";
import { employ } from "./staff.ts";
import type { CellShape, Task } from "./task.ts";
import { Watchdog } from "./watchdog.ts";
import { unexpected } from "./work.ts";
import * as WorkerRecord from "./worker_record.ts";

/** What one cell is to do. */
export interface CellOptions {
  /** Which build. */
  readonly build: Build;
  /** Which shape. */
  readonly shape: CellShape;
  /** Workers at a time. Count. */
  readonly workers: number;
  /** How long. Seconds; 0 if `ops` says it. */
  readonly seconds: number;
  /** Steps of each worker. Count; 0 if `seconds` says it. */
  readonly ops: number;
  /** Seed of the run. */
  readonly seed: number;
  /** Size of the heap. Bytes. */
  readonly maxBytes: number;
  /** How long nothing may happen before that is a finding. Seconds. */
  readonly timeout: number;
  /** Which allocator. */
  readonly malloc: MallocName;
  /** Frames to trace of each allocation, or 0. Count. */
  readonly trace: number;
  /** Planted bug, if any. */
  readonly canary: Canary | KillCanary | undefined;
}

/** What came of one cell. */
export interface CellResult {
  /** Which build. */
  readonly build: Build;
  /** Which shape. */
  readonly shape: CellShape;
  /** From the first worker's start to the last one's end. Seconds. */
  readonly seconds: number;
  /** Calls of the heap. Count. */
  readonly ops: number;
  /** Workers that ended. Count. */
  readonly lives: number;
  /** Thread states that they had. Count. */
  readonly threads: number;
  /** Blocks freed by another worker than the one that allocated them. Count. */
  readonly remoteFrees: number;
  /** Of these, frees into a pool that another thread held then. Count. */
  readonly remotePushes: number;
  /** Times a thread had to park for a lock. Count. */
  readonly lockWaits: number;
  /** Times a thread had to wait for the GIL. Count. */
  readonly gilWaits: number;
  /** Checks of the whole heap. Count. */
  readonly checks: number;
  /** Calls that had to be refused, and were. Count. */
  readonly probes: number;
  /** Requests that found no memory. Count. */
  readonly memoryErrors: number;
  /** Most bytes of the heap in use at one time. Bytes. */
  readonly footprintPeakBytes: number;
  /** Most bytes asked for and not yet freed at one time. Bytes. */
  readonly livePeakBytes: number;
  /** What was found. */
  readonly findings: readonly Finding[];
  /** What came of the workers that died, in a run that kills. */
  readonly deaths?: Deaths;
}

/** Hears how far a cell is. */
export type Observer = (share: number, ops: number) => void;

/** Time between two looks at the workers. Milliseconds. */
const LOOK_MS = 100;
/** How long the others may take to leave once something was found. Seconds. */
const LEAVE_SECONDS = 5;

/** The state of a cell on the main thread. */
class Cell {
  readonly options: CellOptions;
  readonly handle: HeapHandle;
  readonly control: Control;
  readonly addresses: SharedArrayBuffer;
  readonly findings: Finding[] = [];
  lives = 0;

  constructor(options: CellOptions) {
    const { build, maxBytes, workers, malloc, trace } = options;
    this.options = options;
    // Closed at once: only threads that work shall count.
    using heap = createHeap({
      build,
      maxBytes,
      malloc,
      tracemalloc: trace,
    });
    this.handle = heap.handle;
    this.control = createControl(workers);
    this.addresses = AddressTable.create(maxBytes);
  }

  task(worker: number, life: number): Task {
    const { shape, seed, workers, ops, maxBytes } = this.options;
    const { canary, malloc, trace } = this.options;
    const what = { shape, seed, ops, maxBytes, canary, malloc, trace };
    return { ...what, worker, workers, life };
  }

  report(finding: Finding): void {
    this.findings.push(finding);
    this.control.raiseStop(FAILED);
  }
}

/** Employs workers with one number, one after the other, until all is done. */
async function career(cell: Cell, worker: number): Promise<void> {
  const { shape, ops } = cell.options;
  let left = ops === 0 ? Infinity : ops;
  for (let life = 0; left > 0 && (life === 0 || goesOn(cell)); life++) {
    const task = cell.task(worker, life);
    const { control: { buffer: control }, addresses, handle } = cell;
    const found = await employ({ task, handle, control, addresses });
    cell.lives++;
    if (found !== undefined) cell.report(found);
    left = shape === "churn" ? left - stepsOfLife(task) : 0;
  }
}

function goesOn(cell: Cell): boolean {
  return cell.control.stop === RUN;
}

/** Looks after the workers until they have ended or do nothing any more. */
function attend(cell: Cell, observe: Observer): Promise<void> {
  const { workers, seconds, ops, timeout } = cell.options;
  const { control } = cell;
  const watchdog = new Watchdog(control, timeout);
  const start = performance.now();
  let failedAt = Infinity;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  function look(): void {
    const now = performance.now();
    const elapsed = (now - start) / 1000;
    const done = control.total(WorkerRecord.OPS);
    observe(ops > 0 ? done / (ops * workers) : elapsed / seconds, done);
    if (seconds > 0 && elapsed >= seconds) control.raiseStop(TIME_UP);
    if (control.stop === FAILED) failedAt = Math.min(failedAt, now);
    const hang = watchdog.look(now);
    if (hang !== undefined) cell.report(hang);
    const isLate = now - failedAt > LEAVE_SECONDS * 1000;
    if (hang !== undefined || isLate) resolve();
  }
  const timer = setInterval(look, LOOK_MS);
  const all = Array.from({ length: workers }, (_, worker) => worker);
  Promise.all(all.map((worker) => career(cell, worker)))
    .then(() => resolve(), reject);
  return promise.finally(() => clearInterval(timer));
}

/** Judges the heap after all workers have ended. */
function judge(cell: Cell): HeapStats | undefined {
  if (cell.findings.length > 0) return undefined;
  const { control, options: { workers } } = cell;
  const task = { ...cell.task(workers, 0), canary: undefined };
  try {
    const heap = attach(cell.handle);
    proveEmpty(new Hand(heap, control, cell.addresses, task));
    const stats = heap.stats();
    heap.close();
    return stats;
  } catch (error) {
    cell.report(
      error instanceof FindingError
        ? error.finding
        : unexpected(error, control, task),
    );
    return undefined;
  }
}

function result(
  cell: Cell,
  stats: HeapStats | undefined,
  seconds: number,
): CellResult {
  const { control, options: { build, shape } } = cell;
  return {
    build,
    shape,
    seconds,
    ops: control.total(WorkerRecord.OPS),
    lives: cell.lives,
    threads: control.total(WorkerRecord.THREADS),
    remoteFrees: control.total(WorkerRecord.REMOTE_FREES),
    remotePushes: stats?.remoteFrees ?? 0,
    lockWaits: stats?.lockWaits ?? 0,
    gilWaits: stats?.gilWaits ?? 0,
    checks: control.total(WorkerRecord.CHECKS),
    probes: control.total(WorkerRecord.PROBES),
    memoryErrors: control.total(WorkerRecord.MEMORY_ERRORS),
    footprintPeakBytes: stats?.footprintPeakBytes ?? 0,
    livePeakBytes: Atomics.load(control.i32, X_PEAK_LIVE) * 16,
    findings: cell.findings,
  };
}

/**
 * Runs one cell.
 *
 * @param options What to do.
 * @param observe Hears how far it is, ten times a second.
 * @returns What came of it. If it found a hang, workers may still be at work.
 */
export async function runCell(
  options: CellOptions,
  observe: Observer,
): Promise<CellResult> {
  const cell = new Cell(options);
  const start = performance.now();
  await attend(cell, observe);
  const seconds = (performance.now() - start) / 1000;
  const stats = judge(cell);
  return result(cell, stats, seconds);
}
