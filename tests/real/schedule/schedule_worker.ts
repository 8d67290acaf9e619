/**
 * A worker of a scheduled fleet. It patches `Atomics` first and imports the
 * modules under test after that, as they are.
 *
 * ## Threads
 *   See `turn.ts`. The worker that ends a schedule checks it, puts the memory
 *   back and starts the next one; the main thread takes no part.
 *
 * @module
 */

import { Image, type Ranges } from "./image.ts";
import { mix } from "../../../src/tools/stress/random.ts";
import type { Player, Stage } from "./scenario.ts";
import * as Strategy from "./strategy.ts";
import * as Turn from "./turn.ts";
import * as W from "./words.ts";

declare const self: DedicatedWorkerGlobalScope;

/** First message: opens the scenario. */
export interface Opening {
  /** Its name. */
  readonly scenario: string;
  /** Number of the worker. */
  readonly me: number;
  /** The words of the run. */
  readonly words: W.Words;
  /** Its memory. */
  readonly stage: Stage;
}

/** Second message: runs schedules until the last is done. */
export interface Start {
  /** What {@linkcode Image.copyOf} has made of the buffer. */
  readonly copy: SharedArrayBuffer;
  /** Ranges that are put back after each schedule. */
  readonly ranges: Ranges;
}

/** What a worker says: it is ready, all is over, or something was found. */
export type Report =
  | { readonly kind: "ready" | "over" }
  | { readonly kind: "found"; readonly text: string; readonly by: number };

let w: W.Words;
let me = 0;
let stage: Stage;
let player: Player;
let image: Image;

function report(message: Report): void {
  self.postMessage(message);
}

/** Seed of what scripts do: DFS goes through one script in all ways. */
function scriptSeed(): number {
  return w[W.MODE] === W.DFS
    ? mix(w[W.SEED])
    : mix(w[W.SEED] ^ mix(w[W.INDEX] + 0x5eed));
}

async function open(opening: Opening): Promise<void> {
  ({ me, words: w, stage } = opening);
  Turn.bind(w, me);
  Turn.patch();
  const { scenarioOf } = await import("./scenarios.ts");
  player = scenarioOf(opening.scenario).open(stage, {
    me,
    workers: w[W.WORKERS],
    clock: Turn.clock,
    seed: scriptSeed,
  });
  report({ kind: "ready" });
}

/** Plays this worker's part of one schedule. */
function playOnce(): void {
  player.begin();
  Turn.schedule(true);
  player.run();
  Turn.schedule(false);
  w[W.wordsOf(me) + W.STATUS] = W.FINISHED;
}

function areAllFinished(): boolean {
  for (let i = 0; i < w[W.WORKERS]; i++) {
    if (w[W.wordsOf(i) + W.STATUS] !== W.FINISHED) return false;
  }
  return true;
}

/** Checks what the schedule has led to and puts the memory back. */
function endSchedule(): void {
  w[W.wordsOf(me) + W.STATUS] = W.RUNNABLE;
  const every = w[W.CHECK_EVERY];
  Turn.schedule(true);
  player.finish(every > 0 && w[W.INDEX] % every === 0);
  Turn.schedule(false);
  w[W.RUN_HASH] = mix(w[W.RUN_HASH] ^ w[W.HASH]);
  w[W.TOTAL_STEPS] += w[W.STEPS];
  w[W.DONE]++;
  w[W.INDEX]++;
  image.restore();
  stage.side.fill(0);
}

/** Ends the run for all workers. */
function endRun(): void {
  w[W.OVER] = 1;
  for (let i = 0; i < w[W.WORKERS]; i++) {
    const at = W.wordsOf(i) + W.TURN;
    Atomics.store(w, at, 1);
    Atomics.notify(w, at);
  }
  const change = image.firstChange();
  if (change >= 0) throw new Error(`Word ${change} is not put back`);
  report({ kind: "over" });
}

/** Starts the next schedule, or ends the run. */
function goOn(): void {
  if (!Strategy.advance(w) || w[W.INDEX] === w[W.END]) {
    endRun();
    return;
  }
  begin();
}

/** Starts a schedule. */
function begin(): void {
  Strategy.begin(w);
  for (let i = 0; i < w[W.WORKERS]; i++) {
    w[W.wordsOf(i) + W.STATUS] = W.RUNNABLE;
  }
  Turn.handOver(Strategy.chooseFirst(w));
}

/** Plays schedules until the run is over. */
function play(): void {
  for (;;) {
    Turn.awaitTurn();
    if (w[W.OVER] === 1) return;
    playOnce();
    const next = Strategy.choose(w, me, false);
    if (next >= 0) {
      Turn.handOver(next);
      continue;
    }
    if (!areAllFinished()) throw Turn.stuck("nobody can go on");
    endSchedule();
    goOn();
  }
}

function start({ copy, ranges }: Start): void {
  image = new Image(stage.buffer, copy, ranges);
  try {
    // Worker 0 has the first turn.
    if (me === 0) begin();
    play();
  } catch (error) {
    Turn.schedule(false);
    const text = error instanceof Turn.Stuck
      ? error.message
      : error instanceof Error
      ? `${error.name}: ${error.message}\n${error.stack}`
      : String(error);
    report({ kind: "found", text, by: me });
  }
}

self.onmessage = async ({ data }: MessageEvent<Opening | Start>) => {
  if ("scenario" in data) await open(data);
  else start(data);
};
