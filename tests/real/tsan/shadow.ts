/**
 * Who accessed each word last, and what that is ordered with: happens-before,
 * kept for real workers that run in parallel.
 *
 * ```text
 *   32 words for each word of the heap
 *   0     1      2     3       4     5 … 8        9 … 12        13 … 16
 *   ┌─────┬──────┬─────┬───────┬─────┬────────────┬─────────────┬────────────┐
 *   │lock │write │site │atomic │site │read clocks │sync clocks  │read sites  │
 *   │     │epoch │     │epoch  │     │of 4 workers│of 4 workers │of 4 workers│
 *   └─────┴──────┴─────┴───────┴─────┴────────────┴─────────────┴────────────┘
 *     epoch = worker << 28 | its clock
 * ```
 *
 * A plain access races with the last write, or a plain write with the last read
 * of some worker, if nothing orders the two. An atomic operation takes over the
 * clocks that the word was stored with (acquire); one that stores leaves its
 * worker's clocks (release). What is reported happened; what is never run at
 * the same time may be missed.
 *
 * ## Threads
 *   The shadow of a word is under its lock, which is also held during the
 *   access itself, so that shadow and word agree.
 *
 * @module
 */

type Words = Int32Array<SharedArrayBuffer>;

/** Words of shadow for a word. Count, binary logarithm. */
export const SHIFT = 5;
/** Workers at most. Count. */
export const WORKERS = 4;

const WRITE = 1;
const WRITE_SITE = 2;
const ATOMIC = 3;
const ATOMIC_SITE = 4;
const READS = 5;
const SYNC = 9;
const READ_SITES = 13;
/** Bits of a clock within an epoch. */
const CLOCK_BITS = 28;
const CLOCK_MASK = (1 << CLOCK_BITS) - 1;

/** Two accesses that nothing orders. */
export interface Race {
  /** What they are, e.g. `write after read`. */
  readonly kind: string;
  /** Word index. */
  readonly at: number;
  /** Place of this worker's access. */
  readonly site: number;
  /** Place of the other one. */
  readonly other: number;
  /** Worker of the other one. */
  readonly by: number;
}

let shadow: Words = new Int32Array(new SharedArrayBuffer(4));
let me = 0;
/** What this worker knows of the clocks of all. */
const clocks = new Int32Array(WORKERS);
let isExempt: (at: number) => boolean = () => false;
let onRace: (race: Race) => void = () => {};

/** Gives this worker its shadow, its number, and who to tell. */
export function bind(
  words: Words,
  worker: number,
  exempt: (at: number) => boolean,
  tell: (race: Race) => void,
): void {
  shadow = words;
  me = worker;
  clocks.fill(0);
  clocks[me] = 1;
  isExempt = exempt;
  onRace = tell;
}

/** Takes the lock of a word. Returns its shadow. Word index. */
export function enter(at: number): number {
  const base = at << SHIFT;
  let spins = 0;
  while (Atomics.compareExchange(shadow, base, 0, 1) !== 0) {
    if (++spins % 1000 !== 0) Atomics.pause();
    else Atomics.wait(shadow, base, 1, 0.05);
  }
  return base;
}

/** Gives the lock of a word back. */
export function leave(base: number): void {
  Atomics.store(shadow, base, 0);
}

/** Whether an epoch is not ordered before this worker's next access. */
function isLoose(epoch: number): boolean {
  const worker = epoch >>> CLOCK_BITS;
  return (epoch & CLOCK_MASK) > clocks[worker];
}

function report(
  kind: string,
  base: number,
  site: number,
  other: number,
  by: number,
): void {
  const at = base >> SHIFT;
  if (!isExempt(at)) onRace({ kind, at, site, other, by });
}

function checkEpoch(
  kind: string,
  base: number,
  field: number,
  site: number,
): void {
  const epoch = shadow[base + field];
  if (epoch === 0 || !isLoose(epoch)) return;
  report(kind, base, site, shadow[base + field + 1], epoch >>> CLOCK_BITS);
}

function checkReads(kind: string, base: number, site: number): void {
  for (let worker = 0; worker < WORKERS; worker++) {
    if (shadow[base + READS + worker] <= clocks[worker]) continue;
    report(kind, base, site, shadow[base + READ_SITES + worker], worker);
  }
}

function epochNow(): number {
  return (me << CLOCK_BITS) | clocks[me];
}

/** A plain read. The caller has the lock. */
export function read(base: number, site: number): void {
  checkEpoch("read after write", base, WRITE, site);
  checkEpoch("read after atomic write", base, ATOMIC, site);
  shadow[base + READS + me] = clocks[me];
  shadow[base + READ_SITES + me] = site;
}

/** A plain write. The caller has the lock. */
export function write(base: number, site: number): void {
  checkEpoch("write after write", base, WRITE, site);
  checkEpoch("write after atomic write", base, ATOMIC, site);
  checkReads("write after read", base, site);
  shadow[base + WRITE] = epochNow();
  shadow[base + WRITE_SITE] = site;
}

/** What an atomic operation takes over. The caller has the lock. */
export function acquire(base: number, site: number): void {
  for (let worker = 0; worker < WORKERS; worker++) {
    const clock = shadow[base + SYNC + worker];
    if (clock > clocks[worker]) clocks[worker] = clock;
  }
  checkEpoch("atomic access after write", base, WRITE, site);
}

/** What an atomic operation that stores leaves. The caller has the lock. */
export function release(base: number, site: number): void {
  checkReads("atomic write after read", base, site);
  for (let worker = 0; worker < WORKERS; worker++) {
    shadow[base + SYNC + worker] = clocks[worker];
  }
  shadow[base + ATOMIC] = epochNow();
  shadow[base + ATOMIC_SITE] = site;
  clocks[me]++;
}
