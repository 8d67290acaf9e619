/**
 * Runs one scenario under one strategy in this process, and prints what came
 * out as one line of JSON. A fleet that is stuck ends with the process.
 *
 * ```sh
 * deno run -A tests/real/schedule/run.ts --scenario mutex --mode random \
 *   --seed 1 --from 0 --count 1000
 * ```
 *
 * `--trace` prints the accesses of the last schedule, one column a worker.
 * `--path 0,1,2` takes the decisions of a DFS schedule as they are given.
 *
 * ## Threads
 *   Sets the words of the run up before any worker runs; later reads them when
 *   the run is over.
 *
 * @module
 */

import { parseArgs } from "node:util";
import { Image } from "./image.ts";
import type { Scenario, Stage } from "./scenario.ts";
import type { Opening, Report, Start } from "./schedule_worker.ts";
import { scenarioOf } from "./scenarios.ts";
import * as W from "./words.ts";

/** Modes by name. */
export const MODES = { random: W.RANDOM, pct: W.PCT, dfs: W.DFS } as const;
/** Name of a mode. */
export type Mode = keyof typeof MODES;

/** What is asked for. */
export interface Order {
  /** Name of the scenario. */
  readonly scenario: string;
  /** How schedules are chosen. */
  readonly mode: Mode;
  /** Seed of the run. */
  readonly seed: number;
  /** Number of the first schedule. */
  readonly from: number;
  /** Schedules. Count. */
  readonly count: number;
  /** Depth of PCT, preemptions of DFS. Count. */
  readonly bound: number;
  /** DFS: decisions to start with. */
  readonly path: readonly number[];
  /** Whether to print the last schedule. */
  readonly trace: boolean;
}

/** What came out. */
export interface Outcome {
  /** What was found, or `""`. */
  found: string;
  /** Schedules that were run to their end. Count. */
  schedules: number;
  /** Number of the schedule in which something was found. */
  index: number;
  /** Accesses. Count. */
  steps: number;
  /** Turns that went to another worker. Count. */
  switches: number;
  /** Hash of all accesses of all schedules. */
  hash: number;
  /** DFS: whether all schedules within the bound were run. */
  exhausted: boolean;
  /** DFS: decisions of the schedule in which something was found. */
  path: number[];
  /** Time of the schedules. Seconds. */
  seconds: number;
}

/** Accesses after which a schedule counts as endless. Count. */
const STEPS_MAX = 200000;
/** Of so many schedules, one is checked in full. Count. */
const CHECK_EVERY = 256;

function setUp(order: Order, scenario: Scenario): W.Words {
  const w: W.Words = new Int32Array(new SharedArrayBuffer(W.SIZE * 4));
  w[W.WORKERS] = scenario.workers;
  w[W.MODE] = MODES[order.mode];
  w[W.SEED] = order.seed;
  w[W.INDEX] = order.from;
  w[W.END] = order.from + order.count;
  w[W.STEPS_MAX] = STEPS_MAX;
  w[W.BOUND] = order.bound;
  w[W.LENGTH] = scenario.length;
  w[W.CHECK_EVERY] = CHECK_EVERY;
  w[W.TRACED] = order.trace ? 0 : -1;
  w[W.PREFIX] = order.path.length;
  order.path.forEach((taken, i) => w[W.PATH + i] = taken);
  w[W.wordsOf(0) + W.TURN] = 1;
  return w;
}

/** Sends a message to a worker and waits for what it says. */
function ask(worker: Worker, message: Opening | Start): Promise<Report> {
  const { promise, resolve, reject } = Promise.withResolvers<Report>();
  worker.onmessage = ({ data }) => resolve(data);
  worker.onerror = (event) => {
    event.preventDefault();
    reject(new Error(`A worker died: ${event.message}`));
  };
  worker.postMessage(message);
  return promise;
}

/** Runs the schedules of an order. The fleet stays if something was found. */
export async function runSchedules(order: Order): Promise<Outcome> {
  const scenario = scenarioOf(order.scenario);
  const words = setUp(order, scenario);
  const stage: Stage = {
    buffer: scenario.create(),
    side: new Int32Array(new SharedArrayBuffer(256)),
  };
  const entry = new URL("./schedule_worker.ts", import.meta.url);
  const fleet: Worker[] = [];
  for (let me = 0; me < scenario.workers; me++) {
    const worker = new Worker(entry, { type: "module" });
    fleet.push(worker);
    await ask(worker, { scenario: order.scenario, me, words, stage });
  }
  const ranges = scenario.ranges(stage.buffer);
  const copy = Image.copyOf(stage.buffer, ranges);
  const start = performance.now();
  const said = await Promise.race(
    fleet.map((worker) => ask(worker, { copy, ranges })),
  );
  const seconds = (performance.now() - start) / 1000;
  if (order.trace) console.log(drawTrace(words));
  return outcomeOf(words, said, seconds);
}

function outcomeOf(w: W.Words, said: Report, seconds: number): Outcome {
  const found = said.kind === "found"
    ? `by worker ${said.by}: ${said.text}`
    : "";
  return {
    found,
    schedules: w[W.DONE],
    index: w[W.INDEX],
    steps: w[W.TOTAL_STEPS],
    switches: w[W.SWITCHES],
    hash: w[W.RUN_HASH],
    exhausted: w[W.EXHAUSTED] === 1,
    path: Array.from(w.slice(W.PATH, W.PATH + w[W.POSITION])),
    seconds,
  };
}

/** The accesses of the trace, one column a worker. */
function drawTrace(w: W.Words): string {
  const lines: string[] = [];
  for (let k = 0; k < w[W.TRACED]; k++) {
    const [by, op, at, value] = w.slice(W.TRACE + k * W.TRACE_SIZEOF);
    const text = `${W.OPERATIONS[op]} ${at}: ${value}`;
    lines.push(" ".repeat(by * 34) + text);
  }
  return lines.join("\n");
}

function orderOf(args: string[]): Order {
  const { values } = parseArgs({
    args,
    options: {
      scenario: { type: "string", default: "" },
      mode: { type: "string", default: "random" },
      seed: { type: "string", default: "1" },
      from: { type: "string", default: "0" },
      count: { type: "string", default: "1000" },
      bound: { type: "string", default: "3" },
      path: { type: "string", default: "" },
      trace: { type: "boolean", default: false },
    },
  });
  if (!(values.mode in MODES)) throw new RangeError(`No mode "${values.mode}"`);
  return {
    scenario: values.scenario,
    mode: values.mode as Mode,
    seed: Number(values.seed) | 0,
    from: Number(values.from),
    count: Number(values.count),
    bound: Number(values.bound),
    path: values.path === "" ? [] : values.path.split(",").map(Number),
    trace: values.trace,
  };
}

if (import.meta.main) {
  console.log(JSON.stringify(await runSchedules(orderOf(Deno.args))));
  Deno.exit(0); // a fleet that is stuck would keep us
}
