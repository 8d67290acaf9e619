/**
 * What one worker of the stress run tells the others and the watchdog.
 *
 * ```text
 *   0     1       2      3       4       5        6         7     8         9
 *   ┌─────┬───────┬──────┬───────┬───────┬────────┬─────────┬─────┬─────────┬───────┐
 *   │ OPS │ PHASE │ LIFE │ ROUND │ OP    │ DOMAIN │ ADDRESS │ SIZE│ NEW_SIZE│ IN_OP │
 *   ├─────┴───────┴┬─────┴───────┴┬──────┴────────┴┬────────┴─────┴─┬───────┴───────┤
 *   │ LIVE (f64)   │ REMOTE_FREES │ CHECKS         │ MEMORY_ERRORS  │ PROBES        │
 *   └──────────────┴──────────────┴────────────────┴────────────────┴───────────────┘
 *   10             12             13               14               15
 *   16: THREADS, then, for the run that kills: PENDING, DOOM, HELD, HEIR, ID,
 *   DIED_AT (f64)
 * ```
 *
 * ## Threads
 *   Written plainly by the worker whose record it is; with workers that come
 *   and go, by the one that now has the number. Read plainly by everybody:
 *   what they read may be old, and is only shown or added up. // racy hint
 *   DOOM, HELD, HEIR and ID are atomic: the main thread waits for them, and
 *   writes DOOM and HEIR.
 *
 * @module
 */

/** Calls of the heap so far, over all lives. Count. */
export const OPS = 0;
/** What it is doing: one of {@linkcode PHASES}. */
export const PHASE = 1;
/** How many workers had this number before. Count. */
export const LIFE = 2;
/** Round it is in. Count. */
export const ROUND = 3;
/** Last call: one of {@linkcode CALLS}. */
export const OP = 4;
/** Domain of the last call. */
export const DOMAIN = 5;
/** Block of the last call, or 0. Byte address. */
export const ADDRESS = 6;
/** Size of that block, or what is asked for. Bytes. */
export const SIZE = 7;
/** What a realloc asks for. Bytes. */
export const NEW_SIZE = 8;
/** 1 while the last call has not returned. */
export const IN_OP = 9;
/** Allocated less freed: of all workers together the live bytes. Bytes, f64. */
export const LIVE = 10;
/** Blocks freed that another worker allocated. Count. */
export const REMOTE_FREES = 12;
/** Checks of the whole heap. Count. */
export const CHECKS = 13;
/** Requests that the heap had no memory for. Count. */
export const MEMORY_ERRORS = 14;
/** Calls that had to be refused, and were. Count. */
export const PROBES = 15;
/** Thread states that it had so far. Count. */
export const THREADS = 16;
/** Block record that the last call is about, until that is true again, or 0. */
export const PENDING = 17;
/** Atomic accesses until the worker shall die, or 0 if it need not. Count. */
export const DOOM = 18;
/** Muster for which it stands still, detached, or 0. */
export const HELD = 19;
/** Worker whose table it shall free, plus 1, or 0. */
export const HEIR = 20;
/** What `heap.threads.id` is in it, or 0 while it is not yet at work. */
export const ID = 21;
/** When it died. Milliseconds since the epoch, f64. */
export const DIED_AT = 22;
/** Size of the record: workers write into lines of their own. Words. */
export const SIZEOF = 64;

/** Values of {@linkcode PHASE} by number. */
export const PHASES = [
  "starting",
  "working",
  "waiting at the barrier",
  "waiting for blocks",
  "waiting to attach",
  "checking the heap",
  "closing",
  "gone",
] as const;
/** Phase: not yet attached. */
export const STARTING = 0;
/** Phase: calling the heap. */
export const WORKING = 1;
/** Phase: detached, until all have finished their round. */
export const AT_BARRIER = 2;
/** Phase: detached, until somebody hands blocks over. */
export const AT_MAILBOX = 3;
/** Phase: in `attach()` or on the way back from detached. */
export const ATTACHING = 4;
/** Phase: stops the world and walks the heap. */
export const CHECKING = 5;
/** Phase: gives its thread state back. */
export const CLOSING = 6;
/** Phase: done; a worker with the same number may follow. */
export const GONE = 7;

/** Values of {@linkcode OP} by number. */
export const CALLS = [
  "nothing",
  "malloc",
  "calloc",
  "realloc",
  "free",
] as const;
/** Call: none yet. */
export const NOTHING = 0;
/** Call: malloc. */
export const MALLOC = 1;
/** Call: calloc. */
export const CALLOC = 2;
/** Call: realloc. */
export const REALLOC = 3;
/** Call: free. */
export const FREE = 4;
