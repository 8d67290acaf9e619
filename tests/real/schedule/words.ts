/**
 * The state of a scheduled run, in shared words: whose turn it is, who sleeps
 * on what, and what the strategy needs.
 *
 * ## Threads
 *   All words belong to the worker whose turn it is, by plain accesses; TURN
 *   of a worker is atomic and hands them on.
 *
 * @module
 */

/** The words of a run. */
export type Words = Int32Array<SharedArrayBuffer>;

/** Workers. Count. */
export const WORKERS = 0;
/** {@linkcode RANDOM}, {@linkcode PCT} or {@linkcode DFS}. */
export const MODE = 1;
/** Seed of the run. */
export const SEED = 2;
/** Number of the schedule. */
export const INDEX = 3;
/** Number after that of the last schedule. */
export const END = 4;
/** 1 once the workers shall end. */
export const OVER = 5;
/** State of the random numbers. */
export const RNG = 6;
/** Random: accesses until the next decision. Count. */
export const LEFT = 7;
/** Random: accesses between two decisions, on average. Count. */
export const MEAN = 8;
/** Accesses of this schedule. Count. */
export const STEPS = 9;
/** Accesses after which a schedule counts as endless. Count. */
export const STEPS_MAX = 10;
/** Hash of all accesses of this schedule and of what they returned. */
export const HASH = 11;
/** Hash of the hashes of all schedules. */
export const RUN_HASH = 12;
/** Sleepers so far; orders them. Count. */
export const ARRIVALS = 13;
/** Virtual time. Milliseconds. */
export const NOW = 14;
/** Accesses of the run. Count, wraps. */
export const TOTAL_STEPS = 15;
/** Turns that went to another worker. Count. */
export const SWITCHES = 16;
/** Schedules that were run. Count. */
export const DONE = 17;
/** PCT: depth. DFS: preemptions of a schedule at most. Count. */
export const BOUND = 18;
/** DFS: decisions of this schedule so far. Count. */
export const POSITION = 19;
/** DFS: decisions that are given. Count. */
export const PREFIX = 20;
/** DFS: preemptions left. Count. */
export const BUDGET = 21;
/** DFS: 1 once all schedules within the bound were run. */
export const EXHAUSTED = 22;
/** PCT: lowest priority that somebody has. */
export const LOWEST = 23;
/** PCT: accesses of a schedule, about. Count. */
export const LENGTH = 24;
/** Schedules with a full check are those whose number this divides. */
export const CHECK_EVERY = 25;
/** Accesses in the trace, or -1 if there shall be none. Count. */
export const TRACED = 26;
/** PCT: first of BOUND − 1 accesses at which the priorities change. */
export const CHANGES = 32;
/** Most changes of a PCT schedule. Count. */
export const CHANGES_MAX = 16;

/** First word of worker 0. */
export const EACH = 64;
/** Words of a worker. Count. */
export const EACH_SIZEOF = 16;
/** 1 if it is the worker's turn. Atomic. */
export const TURN = 0;
/** {@linkcode RUNNABLE} and so on. */
export const STATUS = 1;
/** Word that it sleeps on. Word index. */
export const SLEEPS_ON = 2;
/** Place in the queue of sleepers. */
export const ARRIVAL = 3;
/** Virtual time at which it wakes. Milliseconds. */
export const DEADLINE = 4;
/** 1 if its sleep timed out. */
export const TIMED_OUT = 5;
/** PCT: priority. */
export const PRIORITY = 6;

/** STATUS: it can go on. */
export const RUNNABLE = 0;
/** STATUS: it sleeps until notified. */
export const ASLEEP = 1;
/** STATUS: it sleeps until notified or until its time is over. */
export const DOZING = 2;
/** STATUS: its part of the schedule is done. */
export const FINISHED = 3;

/** MODE: random choices. */
export const RANDOM = 0;
/** MODE: random priorities that change at BOUND − 1 random accesses. */
export const PCT = 1;
/** MODE: all schedules with at most BOUND preemptions, depth first. */
export const DFS = 2;

/** DFS: first of the decisions. */
export const PATH = 512;
/** DFS: most decisions of a schedule. Count. */
export const PATH_MAX = 4096;
/** DFS: first of the numbers of alternatives. */
export const WIDTHS: number = PATH + PATH_MAX;

/** First word of the trace. */
export const TRACE: number = WIDTHS + PATH_MAX;
/** Words of one access: worker, operation, word, value. Count. */
export const TRACE_SIZEOF = 4;
/** Most accesses of a trace. Count. */
export const TRACE_MAX = 8192;

/** Words in all. Count. */
export const SIZE: number = TRACE + TRACE_MAX * TRACE_SIZEOF;

/** Operations by number, as the trace has them. */
export const OPERATIONS = [
  "load",
  "store",
  "exchange",
  "compareExchange",
  "add",
  "sub",
  "and",
  "or",
  "xor",
  "notify",
  "wait",
  "woken",
  "pause",
] as const;

/** First word of a worker. Word index. */
export function wordsOf(worker: number): number {
  return EACH + worker * EACH_SIZEOF;
}
