/**
 * Races by vector clocks: two accesses to one word, one of them plain, one a
 * write, that nothing orders.
 *
 * Each worker has a clock, and knows of the others how far they were when it
 * last heard of them. An atomic operation that writes leaves in the word what
 * its worker knows; one that reads takes it. A race is then an access that is
 * later than what the other knows, even if the two are far apart in the
 * schedule that ran.
 *
 * Clocks go on from schedule to schedule, so that nothing has to be cleared:
 * what is older than the schedule is ordered before it.
 *
 * @module
 */

/** Workers at most. Count. */
const WIDTH = 8;
/** Clocks are started again from here. */
const FULL = 1 << 27;

/** Last accesses of words: `clock * 8 + worker`. */
let plainWrites = new Int32Array(0);
let atomicWrites = new Int32Array(0);
/** Last accesses of words by each worker: clocks. */
let plainReads = new Int32Array(0);
let atomicReads = new Int32Array(0);
/** Where the knowledge of words is, and the schedule that put it there. */
let places = new Int32Array(0);
let turns = new Int32Array(0);
let turn = 0;

/** What each worker knows of each. */
const known = new Int32Array(WIDTH * WIDTH);
/** Knowledge left in words. */
let left = new Int32Array(WIDTH * 1024);
let used = 0;
/** First clock of the schedule. */
let first = 1;

/** Word of the last race that was found, or -1. */
export let raceAt = -1;
/** The worker that was there before. */
export let raceBy = -1;

/** A schedule of a memory of so many words begins. */
export function begin(words: number): void {
  if (places.length < words) allocate(words);
  let last = first;
  for (let w = 0; w < WIDTH; w++) last = Math.max(last, known[w * WIDTH + w]);
  first = last + 1;
  if (first > FULL) forget();
  known.fill(first - 1);
  for (let w = 0; w < WIDTH; w++) known[w * WIDTH + w] = first;
  turn++;
  used = 0;
  raceAt = -1;
}

function allocate(words: number): void {
  plainWrites = new Int32Array(words);
  atomicWrites = new Int32Array(words);
  plainReads = new Int32Array(words * WIDTH);
  atomicReads = new Int32Array(words * WIDTH);
  places = new Int32Array(words);
  turns = new Int32Array(words);
}

function forget(): void {
  for (const one of [plainWrites, atomicWrites, plainReads, atomicReads]) {
    one.fill(0);
  }
  first = 1;
}

/** Whether a worker has not heard of an access. */
function isNews(worker: number, access: number): boolean {
  return (access >>> 3) > known[worker * WIDTH + (access & 7)];
}

/** Whether a worker has not heard of one of the last reads of a word. */
function isReadNews(
  worker: number,
  at: number,
  reads: Int32Array<ArrayBuffer>,
): boolean {
  for (let by = 0; by < WIDTH; by++) {
    if (reads[at * WIDTH + by] > known[worker * WIDTH + by]) {
      raceBy = by;
      return true;
    }
  }
  return false;
}

function race(at: number, access: number): void {
  if (raceAt >= 0) return;
  raceAt = at;
  if (access >= 0) raceBy = access & 7;
}

/** A plain read of a word. */
export function read(at: number, worker: number): void {
  if (isNews(worker, plainWrites[at])) race(at, plainWrites[at]);
  if (isNews(worker, atomicWrites[at])) race(at, atomicWrites[at]);
  plainReads[at * WIDTH + worker] = known[worker * WIDTH + worker];
}

/** A plain write of a word. */
export function write(at: number, worker: number): void {
  if (isNews(worker, plainWrites[at])) race(at, plainWrites[at]);
  if (isNews(worker, atomicWrites[at])) race(at, atomicWrites[at]);
  if (isReadNews(worker, at, plainReads)) race(at, -1);
  if (isReadNews(worker, at, atomicReads)) race(at, -1);
  plainWrites[at] = known[worker * WIDTH + worker] * 8 + worker;
}

/** An atomic read: takes what the last atomic write left. */
export function load(at: number, worker: number): void {
  if (isNews(worker, plainWrites[at])) race(at, plainWrites[at]);
  atomicReads[at * WIDTH + worker] = known[worker * WIDTH + worker];
  take(at, worker);
}

/** Takes what is left in a word. */
export function take(at: number, worker: number): void {
  if (turns[at] !== turn) return;
  const from = places[at];
  for (let k = 0; k < WIDTH; k++) {
    const it = worker * WIDTH + k;
    if (left[from + k] > known[it]) known[it] = left[from + k];
  }
}

/** An atomic write: leaves what its worker knows, and nothing else. */
export function store(at: number, worker: number): void {
  if (isNews(worker, plainWrites[at])) race(at, plainWrites[at]);
  if (isReadNews(worker, at, plainReads)) race(at, -1);
  atomicWrites[at] = known[worker * WIDTH + worker] * 8 + worker;
  leave(at, worker);
}

/** Leaves in a word what a worker knows, and nothing else. */
function leave(at: number, worker: number): void {
  const to = placeOf(at);
  for (let k = 0; k < WIDTH; k++) left[to + k] = known[worker * WIDTH + k];
  known[worker * WIDTH + worker]++;
}

/**
 * Adds what a worker knows to what is left in a word: a wake-up, or a plain
 * write of a word that races by design.
 */
export function add(at: number, worker: number): void {
  const to = placeOf(at);
  for (let k = 0; k < WIDTH; k++) {
    left[to + k] = Math.max(left[to + k], known[worker * WIDTH + k]);
  }
  known[worker * WIDTH + worker]++;
}

/** Where the knowledge of a word is. */
function placeOf(at: number): number {
  if (turns[at] === turn) return places[at];
  turns[at] = turn;
  places[at] = used;
  used += WIDTH;
  if (used > left.length) {
    const more = new Int32Array(left.length * 2);
    more.set(left);
    left = more;
  }
  left.fill(0, places[at], used);
  return places[at];
}

/** A worker hears of all that another has done. */
export function join(worker: number, other: number): void {
  for (let k = 0; k < WIDTH; k++) {
    const it = worker * WIDTH + k;
    known[it] = Math.max(known[it], known[other * WIDTH + k]);
  }
  known[other * WIDTH + other]++;
}
