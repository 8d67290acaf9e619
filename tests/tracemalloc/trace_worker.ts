/**
 * The other workers of the tests of tracing.
 *
 * @module
 */

import { attach, type Heap, type HeapHandle } from "../../mod.ts";
import { Tracemalloc } from "../../src/hooks/tracemalloc/mod.ts";
import { Prng } from "../helpers/prng.ts";
import { type Control, isStopped, serve, signal } from "../helpers/workers.ts";

/** Argument of all tasks; each uses what it needs. */
export interface Job {
  /** The heap, of the first task. */
  readonly handle?: HeapHandle;
  /** Seed of what is drawn. */
  readonly seed?: number;
  /** How often. Count. */
  readonly ops?: number;
  /** Control word that is set to 1 once the task is under way. */
  readonly tell?: number;
  /** True to free one block behind the back of who traces. */
  readonly cheats?: boolean;
}

/** What {@linkcode work} did. */
export interface Work {
  /** Bytes that were not what had been written. */
  readonly damaged: number;
  /** Snapshots that were taken. Count. */
  readonly snapshots: number;
}

let heap: Heap;
let tracemalloc: Tracemalloc;

/** A block: its domain, address and size. */
type Held = readonly [domain: "raw" | "mem" | "obj", block: number, n: number];

function paint([, block, n]: Held): void {
  heap.u8[block] = n;
  heap.u8[block + n - 1] = n;
}

function isWhole([, block, n]: Held): boolean {
  return heap.u8[block] === (n & 255) && heap.u8[block + n - 1] === (n & 255);
}

function free([domain, block]: Held): void {
  heap[domain].free(block as never);
}

/** Allocates, resizes and frees blocks; frees all of them at the end. */
class Churn {
  readonly held: Held[] = [];
  damaged = 0;
  readonly #random: Prng;

  constructor(random: Prng) {
    this.#random = random;
  }

  #size(): number {
    const random = this.#random;
    const max = random.pick([64, 600, 5000, 60_000]);
    return 1 + random.below(max);
  }

  #keep(held: Held): void {
    paint(held);
    this.held.push(held);
  }

  step(): void {
    const random = this.#random;
    const { held } = this;
    if (held.length < 4 || (held.length < 40 && random.below(2) === 0)) {
      const domain = random.pick(["raw", "mem", "obj"] as const);
      const n = this.#size();
      const block = random.below(2) === 0
        ? heap[domain].malloc(n)
        : heap[domain].calloc(1, n);
      this.#keep([domain, block, n]);
      return;
    }
    const [it] = held.splice(random.below(held.length), 1);
    if (!isWhole(it)) this.damaged++;
    if (random.below(3) > 0) return free(it);
    const n = this.#size();
    const [domain, old] = it;
    this.#keep([domain, heap[domain].realloc(old as never, n), n]);
  }

  freeAll(): void {
    for (const it of this.held.splice(0)) {
      if (!isWhole(it)) this.damaged++;
      free(it);
    }
  }
}

/** Does something to the tracing of all; returns the snapshots it took. */
function meddle(random: Prng): number {
  switch (random.below(8)) {
    case 0:
      tracemalloc.start(1 + random.below(4));
      return 0;
    case 1:
      tracemalloc.stop();
      return 0;
    case 2:
      tracemalloc.clearTraces();
      return 0;
    case 3:
      tracemalloc.resetPeak();
      return 0;
    case 4:
      tracemalloc.track(5, random.below(4), 1 + random.below(9), meddle);
      return 0;
    case 5:
      tracemalloc.untrack(5, random.below(4));
      return 0;
    default:
      return takeSnapshot();
  }
}

/** Takes a snapshot, if anybody traces, and reads all of it. */
function takeSnapshot(): number {
  try {
    tracemalloc.takeSnapshot().statistics("traceback");
    return 1;
  } catch (error) {
    // Somebody has stopped.
    if (/must be tracing/.test((error as Error).message)) return 0;
    throw error;
  }
}

function join({ handle }: Job): number {
  heap = attach(handle!);
  tracemalloc = new Tracemalloc(heap.core);
  heap.threads.detach();
  return heap.threads.id;
}

/** Allocates and meddles, and has nothing at the end. */
function work({ seed, ops, cheats }: Job, control: Control): Work {
  heap.threads.attach();
  const random = new Prng(seed!);
  const churn = new Churn(random);
  let snapshots = 0;
  for (let k = 0; k < ops! && !isStopped(control); k++) {
    churn.step();
    if (random.below(10) === 0) snapshots += meddle(random);
    heap.threads.safePoint();
  }
  churn.freeAll();
  for (let k = 0; k < 4; k++) tracemalloc.untrack(5, k);
  if (cheats) cheat();
  heap.threads.detach();
  return { damaged: churn.damaged, snapshots };
}

/** Frees a traced block so that nobody who traces sees it. */
function cheat(): void {
  tracemalloc.start();
  const block = heap.mem.malloc(100);
  const base = heap.core.allocators.base(1);
  base.free(base.ctx, block);
}

/** Allocates in RAW, detached, until all tasks shall end. */
function churnRaw({ tell }: Job, control: Control): number {
  let count = 0;
  while (!isStopped(control)) {
    heap.raw.free(heap.raw.malloc(100));
    count++;
    if (count === 10) signal(control, tell!, 1);
  }
  return count;
}

/** Allocates one block of RAW, detached, and returns its traceback. */
function allocateRaw(): string {
  const block = heap.raw.malloc(100);
  const traceback = tracemalloc.getObjectTraceback(block);
  heap.raw.free(block);
  return String(traceback);
}

/** Tracks and untracks the same key, as fast as it can. */
function trackRace({ ops }: Job): number {
  let failures = 0;
  for (let k = 0; k < ops!; k++) {
    if (tracemalloc.track(123, 10, 1, trackRace) === -1) failures++;
    tracemalloc.untrack(123, 10);
  }
  return failures;
}

function leave(): void {
  heap.threads.attach();
  heap.close();
}

serve<Job>({
  join,
  work,
  churnRaw,
  allocateRaw,
  trackRace,
  leave,
});
