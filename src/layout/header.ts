/**
 * The heap header: what a worker reads first.
 *
 * ```text
 *   0        16      17        18      19      20       21          22        24        25
 *   ┌────────┬───────┬─────────┬───────┬───────┬────────┬───────────┬─────────┬─────────┬───────┬─ …
 *   │ NULL   │ MAGIC │ VERSION │ BUILD │ PAGES │REMOTES │FIRST_PAGE │ HEAP_ID │X_POISON │X_READY│
 *   │ record │       │         │       │       │        │           │ 2 words │         │       │
 *   └────────┴───────┴─────────┴───────┴───────┴────────┴───────────┴─────────┴─────────┴───────┴─ …
 *   26: X_THREADS_USED   27: X_DEATHS   32: THREADS_LOCK, 48: RECOVERY_LOCK, mutex words on lines of their own
 *   64: allocators.ts   80: tracemalloc.ts   128: verdict.ts
 * ```
 *
 * Words 0–15 are 0 for ever: a record index of 0 means "none", and whoever
 * reads through it finds an empty pool. Words 16–23 are written once, before
 * `X_READY`; all may read them plainly. `X_` words are atomic.
 *
 * @module
 */

/** Equal to {@linkcode MAGIC_VALUE} in every heap. */
export const MAGIC = 16;
/** Layout version: {@linkcode VERSION_VALUE}. */
export const VERSION = 17;
/** {@linkcode BUILD_FREE_THREADED} or {@linkcode BUILD_GIL}. */
export const BUILD = 18;
/** Pages of the heap, metadata included. Count. */
export const PAGES = 19;
/** Remote records, `remote_record.ts`. Word index. */
export const REMOTES = 20;
/** First page that may be handed out. Page number. */
export const FIRST_PAGE = 21;
/** Random-looking id that tells two heaps apart; two words. */
export const HEAP_ID = 22;
/** Not 0 once a fatal error was reported. Atomic. */
export const X_POISON = 24;
/** 1 once the heap may be attached to. Atomic. */
export const X_READY = 25;
/** Thread states ever used are those below this slot. Count, atomic, grows only. */
export const X_THREADS_USED = 26;
/** Workers that died and were recovered, in a sealed heap. Count, atomic. */
export const X_DEATHS = 27;
/** Mutex word: reserving and releasing of thread states. */
export const THREADS_LOCK = 32;
/** Mutex word: recovery of dead workers. */
export const RECOVERY_LOCK = 48;

/** "obma" in little-endian. */
export const MAGIC_VALUE = 0x616d626f;
/** Changes whenever two versions of this library could not share a heap. */
export const VERSION_VALUE = 3;
/** Value of {@linkcode BUILD}: per-thread pools. */
export const BUILD_FREE_THREADED = 1;
/** Value of {@linkcode BUILD}: one global lock holds all MEM and OBJ pools. */
export const BUILD_GIL = 2;
