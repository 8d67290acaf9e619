/**
 * The torture of objects in one build: one heap, several workers, a verdict.
 *
 * ## Invariants
 *   C1  the main thread is detached while workers work
 *   C2  the heap is judged only if all workers have ended and none has found
 *       anything: a broken heap proves nothing more
 *
 * ## Threads
 *   Main thread. The workers are told to leave through the board.
 *
 * @module
 */

import { Gc } from "../../gc/mod.ts";
import { Dict, List, open, Sets, Weakref } from "../../objects/mod.ts";
import type { Objects } from "../../objects/mod.ts";
import { type Build, createHeap } from "../stress/heap.ts";
import type { Order } from "./actor.ts";
import { audit, blocksOf, type Estate } from "./audit.ts";
import * as Board from "./board.ts";
import type { Canary } from "./canary.ts";
import { type Finding, FindingError } from "./finding.ts";
import * as Places from "./places.ts";
import { employ } from "./staff.ts";
import { nameOfStep } from "./work.ts";

/** What one cell is to do. */
export interface CellOptions {
  /** Which build. */
  readonly build: Build;
  /** Workers. Count. */
  readonly workers: number;
  /** How long. Seconds; 0 if `ops` says it. */
  readonly seconds: number;
  /** Steps of all workers together. Count; 0 if `seconds` says it. */
  readonly ops: number;
  /** Seed of the run. */
  readonly seed: number;
  /** Size of the heap. Bytes. */
  readonly maxBytes: number;
  /** How long nothing may happen before that is a finding. Seconds. */
  readonly timeout: number;
  /** Planted bug, if any. */
  readonly canary: Canary | undefined;
}

/** What came of one cell. */
export interface CellResult {
  /** Which build. */
  readonly build: Build;
  /** From the first worker's start to the last one's end. Seconds. */
  readonly seconds: number;
  /** Steps taken. Count. */
  readonly ops: number;
  /** Objects that workers took over from places that all share. Count. */
  readonly handed: number;
  /** Thread states that the workers had. Count. */
  readonly threads: number;
  /** Collections, those that started by themselves included. Count. */
  readonly collections: number;
  /** Objects that collections have found. Count. */
  readonly collected: number;
  /** Objects that were there at the end. Count. */
  readonly objects: number;
  /** What was found. */
  readonly findings: readonly Finding[];
}

/** Hears how far a cell is. */
export type Observer = (share: number, ops: number) => void;

/** Time between two looks at the workers. Milliseconds. */
const LOOK_MS = 100;
/** How long the others may take to leave once something was found. Seconds. */
const LEAVE_SECONDS = 5;

/** A finding of the main thread. */
function finding(kind: Finding["kind"], text: string): Finding {
  return { kind, text, worker: -1, op: 0 };
}

/** An object that must have been made. */
function made(op: number): number {
  if (op !== 0) return op;
  throw new FindingError(finding("no-memory", "Cannot make the containers"));
}

/** What all workers share. */
function makeContainers(o: Objects): Places.Containers {
  const times = (length: number, make: (o: Objects) => number) =>
    Array.from({ length }, () => made(make(o)));
  return {
    lists: times(Places.LISTS, List.create),
    dicts: times(Places.DICTS, Dict.create),
    sets: times(Places.SETS, Sets.create),
  };
}

/** Makes what the first weak reference of a heap leaves behind for all others. */
function prepareWeakrefs(o: Objects): void {
  const set = made(Sets.create(o));
  o.decref(made(Weakref.create(o, set)));
  o.decref(set);
}

/** A heap with objects and containers; the caller is attached. */
function found({ build, maxBytes, workers }: CellOptions): Estate {
  const heap = createHeap({ build, maxBytes });
  const o = open(heap.core);
  if (o === null) {
    throw new FindingError(finding("no-memory", "Cannot open the objects"));
  }
  const gc = new Gc(o);
  prepareWeakrefs(o);
  const before = blocksOf(heap);
  const containers = makeContainers(o);
  const board = Board.createBoard(workers);
  return { heap, o, gc, before, containers, board };
}

/** What each worker does, one line each. */
function describeWorkers(board: Board.Board): string[] {
  const { i32, workers } = board;
  return Array.from({ length: workers }, (_, worker) => {
    const record = board.record(worker);
    const step = nameOfStep(i32[record + Board.STEP]);
    return `worker ${worker} (step ${i32[record + Board.OPS]}): ${step}`;
  });
}

/** Notices that nothing happens any more. */
class Watch {
  readonly #board: Board.Board;
  readonly #patienceMs: number;
  #seen = -1;
  #since = 0;

  constructor(board: Board.Board, patience: number) {
    this.#board = board;
    this.#patienceMs = patience * 1000;
  }

  /** The finding that everything stands still, or undefined. */
  look(now: number): Finding | undefined {
    const seen = this.#board.total(Board.OPS) + this.#board.total(Board.LIVES);
    if (seen !== this.#seen) this.#since = now;
    this.#seen = seen;
    if (now - this.#since < this.#patienceMs) return undefined;
    const head = `Nothing has happened for ${this.#patienceMs / 1000} seconds:`;
    const lines = [head, ...describeWorkers(this.#board)];
    return finding("hang", lines.join("\n    "));
  }
}

/** Lets the workers work; what was found. */
async function attend(
  options: CellOptions,
  estate: Estate,
  observe: Observer,
): Promise<Finding[]> {
  const { workers, seconds, ops, timeout } = options;
  const { board } = estate;
  const findings: Finding[] = [];
  const watch = new Watch(board, timeout);
  const start = performance.now();
  const { promise: given, resolve: giveUp } = Promise.withResolvers<void>();
  let failedAt = Infinity;
  function report(what: Finding): void {
    findings.push(what);
    board.raiseStop(Board.FAILED);
  }
  function look(): void {
    const now = performance.now();
    const elapsed = (now - start) / 1000;
    const done = board.total(Board.OPS);
    observe(ops > 0 ? done / ops : elapsed / seconds, done);
    if (seconds > 0 && elapsed >= seconds) board.raiseStop(Board.TIME_UP);
    if (board.stop === Board.FAILED) failedAt = Math.min(failedAt, now);
    const hang = failedAt === Infinity ? watch.look(now) : undefined;
    if (hang !== undefined) report(hang);
    if (now - failedAt > LEAVE_SECONDS * 1000) giveUp();
  }
  const timer = setInterval(look, LOOK_MS);
  const all = Array.from({ length: workers }, async (_, worker) => {
    const what = await employ(orderFor(options, estate, worker));
    if (what !== undefined) report(what);
  });
  await Promise.race([given, Promise.all(all)]);
  clearInterval(timer);
  return findings;
}

function orderFor(
  { workers, ops, seed, canary }: CellOptions,
  { heap, board, containers }: Estate,
  worker: number,
): Order {
  const { handle } = heap;
  const share = Math.floor(ops / workers) + (worker < ops % workers ? 1 : 0);
  const what = { workers, ops: share, seed, canary, worker, containers };
  return { handle, board: board.buffer, ...what };
}

/** Judges what the workers have left. Objects that were there. Count. */
function judge(estate: Estate, findings: Finding[]): number {
  if (findings.length > 0) return 0;
  try {
    estate.heap.threads.attach();
    return audit(estate);
  } catch (error) {
    const text = error instanceof Error ? error.stack : undefined;
    findings.push(
      error instanceof FindingError
        ? error.finding
        : finding("error", text ?? String(error)),
    );
    return 0;
  }
}

/**
 * Runs one cell.
 *
 * @param options What to do.
 * @param observe Hears how far it is, ten times a second.
 * @returns What came of it. If something was found workers may be at work.
 */
export async function runCell(
  options: CellOptions,
  observe: Observer,
): Promise<CellResult> {
  const estate = found(options);
  const { gc, board } = estate;
  estate.heap.threads.detach();
  const start = performance.now();
  const findings = await attend(options, estate, observe);
  const seconds = (performance.now() - start) / 1000;
  const objects = judge(estate, findings);
  const isWell = findings.length === 0;
  const stats = isWell ? gc.getStats() : [];
  return {
    build: options.build,
    seconds,
    ops: board.total(Board.OPS),
    handed: board.total(Board.HANDED),
    threads: board.total(Board.LIVES),
    collections: stats.reduce((sum, each) => sum + each.collections, 0),
    collected: stats.reduce((sum, each) => sum + each.collected, 0),
    objects,
    findings,
  };
}
