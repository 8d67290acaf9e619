/**
 * Runs litmus shapes with real workers and counts their outcomes.
 *
 * ## Threads
 *   Between two batches nobody but this thread runs: it reads the results and
 *   clears the words of the rounds.
 *
 * @module
 */

import { createHeap } from "../../../mod.ts";
import { Fleet } from "../../helpers/workers.ts";
import type { Assignment, Layer, Row } from "../../verify/layer.ts";
import {
  type Batch,
  type Casting,
  firstRound,
  STRIDE,
} from "./litmus_worker.ts";
import { ROUND, type Shape, SHAPES } from "./shapes.ts";

const ENTRY = new URL("./litmus_worker.ts", import.meta.url);
/** Rounds of a batch. Count. */
const BATCH = 32768;
/** Size of the heap whose words are used. Bytes. */
const HEAP_BYTES = 16 * 1024 * 1024;
/** Time of one batch at most. Milliseconds. */
const BATCH_MS = 20000;

/** What was seen of a shape. */
export interface Tally {
  /** Rounds. Count. */
  rounds: number;
  /** How often each outcome was seen. */
  readonly outcomes: Map<string, number>;
  /** Rounds with racy outcomes. Count. */
  racy: number;
  /** Rounds with forbidden outcomes. Count. */
  forbidden: number;
  /** Time of the batches. Seconds. */
  seconds: number;
}

/** The words that the actors of a shape work with. */
class Set {
  readonly buffer: SharedArrayBuffer;
  readonly results: Int32Array<SharedArrayBuffer>[];
  readonly #shape: Shape;

  constructor(shape: Shape) {
    const heap = createHeap({ maxBytes: HEAP_BYTES });
    this.buffer = heap.buffer;
    heap.close();
    this.#shape = shape;
    this.results = shape.actors.map(() =>
      new Int32Array(new SharedArrayBuffer(BATCH * 4))
    );
  }

  clear(): void {
    const i32 = new Int32Array(this.buffer);
    const first = firstRound(i32);
    i32.fill(0, first, first + BATCH * ROUND);
  }

  /** Adds the outcomes of a batch. */
  count(tally: Tally): void {
    for (let round = 0; round < BATCH; round++) {
      const seen = this.results.map((results) => results[round]);
      const key = seen.join(" ");
      tally.outcomes.set(key, (tally.outcomes.get(key) ?? 0) + 1);
    }
    tally.rounds += BATCH;
  }

  /** Grades what was counted. */
  grade(tally: Tally): void {
    for (const [key, count] of tally.outcomes) {
      const grade = this.#shape.grade(...key.split(" ").map(Number));
      if (grade === "racy") tally.racy += count;
      if (grade === "forbidden") tally.forbidden += count;
    }
  }
}

/** Plays a shape for some batches with as many workers as it has actors. */
export async function play(shape: Shape, batches: number): Promise<Tally> {
  const set = new Set(shape);
  const actors = shape.actors.length;
  const tally: Tally = {
    rounds: 0,
    outcomes: new Map(),
    racy: 0,
    forbidden: 0,
    seconds: 0,
  };
  await using fleet = await Fleet.start(ENTRY, actors);
  await fleet.askAll("cast", (me): Casting => ({
    buffer: set.buffer,
    shape: shape.name,
    me,
    actors,
    results: set.results[me],
  }));
  for (let batch = 0; batch < batches; batch++) {
    const met = batch * Math.ceil(BATCH / STRIDE);
    set.clear();
    const start = performance.now();
    const rounds: Batch = { rounds: BATCH, met };
    await fleet.askAll("play", () => rounds, BATCH_MS);
    tally.seconds += (performance.now() - start) / 1000;
    set.count(tally);
  }
  set.grade(tally);
  return tally;
}

/** The outcomes of a tally, most frequent first. */
export function show({ outcomes }: Tally): string {
  return [...outcomes].sort(([, a], [, b]) => b - a)
    .map(([key, count]) => `(${key}): ${count}`).join(", ");
}

function rowOf({ name }: Shape, tally: Tally): Row {
  const isOk = tally.forbidden === 0;
  const racy = tally.racy > 0 ? `${tally.racy} racy` : "";
  const note = isOk ? racy : `forbidden outcomes: ${show(tally)}`;
  return {
    name,
    ok: isOk,
    runs: tally.rounds,
    unit: "rounds",
    seconds: tally.seconds,
    ...note !== "" && { note },
  };
}

async function run({ budget, only, report }: Assignment): Promise<void> {
  const batches = budget === "nightly" ? 1500 : 30;
  for (const shape of SHAPES) {
    if (!shape.name.includes(only)) continue;
    try {
      report(rowOf(shape, await play(shape, batches)));
    } catch (error) {
      const note = error instanceof Error ? error.message : String(error);
      report({ name: shape.name, ok: false, seconds: 0, note });
    }
  }
}

/** Litmus tests of Atomics, mutexes and events. */
export const litmusLayer: Layer = {
  name: "litmus",
  title: "Outcomes of a few accesses by two to four real workers",
  run,
};
