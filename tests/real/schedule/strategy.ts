/**
 * Who runs next: random, by changing priorities (PCT), or every possibility
 * within a bound of preemptions (DFS).
 *
 * ## Invariants
 *   D1  a schedule depends on MODE, SEED, INDEX and, for DFS, on PATH only
 *   D2  who is chosen is RUNNABLE, or DOZING and thereby timed out
 *
 * ## Threads
 *   Called by the worker whose turn it is; see `words.ts`.
 *
 * @module
 */

import { mix } from "../../../src/tools/stress/random.ts";
import * as W from "./words.ts";

/** Of so many decisions, one may end the sleep of a worker that dozes. Count. */
const DOZE_ODDS = 16;
/** Averages of accesses between two decisions; one is drawn a schedule. */
const MEANS = [1, 2, 3, 5, 8, 16, 32, 64];
/** Priority of the worker that has the lowest at first. */
const FIRST_PRIORITY = 1000;

/** The next random number. 32 bits. */
function next(w: W.Words): number {
  let x = w[W.RNG];
  x ^= x << 13;
  x ^= x >>> 17;
  x ^= x << 5;
  return w[W.RNG] = x;
}

/** A random number, 0 ≤ result < `bound`. */
export function below(w: W.Words, bound: number): number {
  return (next(w) >>> 0) % bound;
}

/** Sets up the schedule whose number is INDEX. */
export function begin(w: W.Words): void {
  w[W.RNG] = mix(w[W.SEED] ^ mix(w[W.INDEX] + 1)) | 1;
  w[W.STEPS] = 0;
  w[W.HASH] = 0;
  if (w[W.TRACED] > 0) w[W.TRACED] = 0;
  w[W.ARRIVALS] = 0;
  w[W.NOW] = 0;
  w[W.POSITION] = 0;
  w[W.BUDGET] = w[W.BOUND];
  w[W.MEAN] = MEANS[below(w, MEANS.length)];
  w[W.LEFT] = 1 + below(w, 2 * w[W.MEAN]);
  if (w[W.MODE] === W.PCT) beginPct(w);
}

/** Draws priorities and the accesses at which they change. */
function beginPct(w: W.Words): void {
  const workers = w[W.WORKERS];
  w[W.LOWEST] = FIRST_PRIORITY;
  for (let i = 0; i < workers; i++) {
    w[W.wordsOf(i) + W.PRIORITY] = FIRST_PRIORITY + i;
  }
  for (let i = workers - 1; i > 0; i--) {
    const a = W.wordsOf(i) + W.PRIORITY;
    const b = W.wordsOf(below(w, i + 1)) + W.PRIORITY;
    const swapped = w[a];
    w[a] = w[b];
    w[b] = swapped;
  }
  for (let i = 0; i < w[W.BOUND] - 1; i++) {
    w[W.CHANGES + i] = 1 + below(w, w[W.LENGTH]);
  }
}

/** Who runs first. */
export function chooseFirst(w: W.Words): number {
  switch (w[W.MODE]) {
    case W.PCT:
      return highest(w, W.RUNNABLE);
    case W.DFS:
      return decide(w, w[W.WORKERS]);
    default:
      return below(w, w[W.WORKERS]);
  }
}

/**
 * Who runs next.
 *
 * @param me Whose turn it is.
 * @param yields True if that worker only waits for the others.
 * @returns Number of a worker, or -1 if nobody can run.
 */
export function choose(w: W.Words, me: number, yields: boolean): number {
  switch (w[W.MODE]) {
    case W.PCT:
      return choosePct(w, me, yields);
    case W.DFS:
      return chooseDfs(w, me, yields);
    default:
      return chooseRandom(w, me);
  }
}

function statusOf(w: W.Words, worker: number): number {
  return w[W.wordsOf(worker) + W.STATUS];
}

/** How many workers have the status. Count. */
function countOf(w: W.Words, status: number): number {
  let count = 0;
  for (let i = 0; i < w[W.WORKERS]; i++) {
    if (statusOf(w, i) === status) count++;
  }
  return count;
}

/** The n-th worker with the status. */
function nth(w: W.Words, status: number, n: number): number {
  let left = n;
  for (let i = 0; i < w[W.WORKERS]; i++) {
    if (statusOf(w, i) === status && left-- === 0) return i;
  }
  return -1;
}

/** Ends the sleep of a worker: its time is over. */
function timeOut(w: W.Words, worker: number): number {
  if (worker < 0) return worker;
  const at = W.wordsOf(worker);
  w[at + W.STATUS] = W.RUNNABLE;
  w[at + W.TIMED_OUT] = 1;
  w[W.NOW] = Math.max(w[W.NOW], w[at + W.DEADLINE]);
  return worker;
}

function chooseRandom(w: W.Words, me: number): number {
  if (statusOf(w, me) === W.RUNNABLE && --w[W.LEFT] > 0) return me;
  w[W.LEFT] = 1 + below(w, 2 * w[W.MEAN]);
  const runnable = countOf(w, W.RUNNABLE);
  const dozing = countOf(w, W.DOZING);
  if (dozing > 0 && (runnable === 0 || below(w, DOZE_ODDS) === 0)) {
    return timeOut(w, nth(w, W.DOZING, below(w, dozing)));
  }
  if (runnable === 0) return -1;
  return nth(w, W.RUNNABLE, below(w, runnable));
}

function choosePct(w: W.Words, me: number, yields: boolean): number {
  const mine = W.wordsOf(me);
  let falls = yields;
  for (let i = 0; i < w[W.BOUND] - 1; i++) {
    if (w[W.CHANGES + i] === w[W.STEPS]) falls = true;
  }
  if (falls) w[mine + W.PRIORITY] = --w[W.LOWEST];
  const best = highest(w, W.RUNNABLE);
  return best < 0 ? timeOut(w, earliest(w)) : best;
}

/** Who has the highest priority of those with the status, or -1. */
function highest(w: W.Words, status: number): number {
  let best = -1;
  let priority = -Infinity;
  for (let i = 0; i < w[W.WORKERS]; i++) {
    const at = W.wordsOf(i);
    if (w[at + W.STATUS] !== status || w[at + W.PRIORITY] < priority) continue;
    best = i;
    priority = w[at + W.PRIORITY];
  }
  return best;
}

/** Whose time is over first of those that doze, or -1. */
function earliest(w: W.Words): number {
  let first = -1;
  let deadline = Infinity;
  for (let i = 0; i < w[W.WORKERS]; i++) {
    const at = W.wordsOf(i);
    if (w[at + W.STATUS] !== W.DOZING || w[at + W.DEADLINE] >= deadline) {
      continue;
    }
    first = i;
    deadline = w[at + W.DEADLINE];
  }
  return first;
}

function chooseDfs(w: W.Words, me: number, yields: boolean): number {
  const stays = statusOf(w, me) === W.RUNNABLE && !yields;
  if (stays && w[W.BUDGET] === 0) return me;
  const runnable = countOf(w, W.RUNNABLE);
  if (runnable === 0) return timeOut(w, earliest(w));
  // Who only waits for the others lets the next one run: no decision.
  if (yields) return after(w, me, 0);
  const taken = decide(w, runnable);
  if (!stays) return after(w, me, taken);
  if (taken === 0) return me;
  w[W.BUDGET]--;
  return after(w, me, taken - 1);
}

/** The runnable worker that comes `skip` runnable ones after the next. */
function after(w: W.Words, me: number, skip: number): number {
  const workers = w[W.WORKERS];
  let left = skip;
  for (let i = 1; i <= workers; i++) {
    const other = (me + i) % workers;
    if (statusOf(w, other) === W.RUNNABLE && left-- === 0) return other;
  }
  return -1;
}

/** Takes the decision that is given, or the first, and notes it. */
function decide(w: W.Words, width: number): number {
  const at = w[W.POSITION];
  if (width === 1 || at === W.PATH_MAX) return 0;
  if (at >= w[W.PREFIX]) w[W.PATH + at] = 0;
  w[W.WIDTHS + at] = width;
  w[W.POSITION] = at + 1;
  return w[W.PATH + at];
}

/** DFS: makes the next path the one to take; false if there is none. */
export function advance(w: W.Words): boolean {
  if (w[W.MODE] !== W.DFS) return true;
  for (let at = w[W.POSITION] - 1; at >= 0; at--) {
    if (w[W.PATH + at] + 1 >= w[W.WIDTHS + at]) continue;
    w[W.PATH + at]++;
    w[W.PREFIX] = at + 1;
    return true;
  }
  w[W.EXHAUSTED] = 1;
  return false;
}
