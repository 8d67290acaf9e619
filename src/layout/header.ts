/**
 * The heap header: what a worker reads first.
 *
 * ```text
 *   0       1         2       3       4       5        6          7         8        9
 *   ┌───────┬─────────┬───────┬───────┬───────┬────────┬──────────┬─────────┬────────┬────────┐
 *   │ MAGIC │ VERSION │ BUILD │ PAGES │REMOTES│FIRST_  │ HEAP_ID  │X_POISON │X_READY │X_THREADS
 *   │       │         │       │       │       │PAGE    │ (2 words)│         │        │ _USED  │
 *   └───────┴─────────┴───────┴───────┴───────┴────────┴──────────┴─────────┴────────┴────────┘
 *   16: THREADS_LOCK, a mutex word on its own 64-byte line
 * ```
 *
 * Words 0–7 are written once, before `X_READY`; all may read them plainly.
 * `X_` words are atomic.
 *
 * @module
 */

/** Equal to {@linkcode MAGIC_VALUE} in every heap. */
export const MAGIC = 0;
/** Layout version: {@linkcode VERSION_VALUE}. */
export const VERSION = 1;
/** {@linkcode BUILD_FREE_THREADED} or {@linkcode BUILD_GIL}. */
export const BUILD = 2;
/** Pages of the heap, metadata included. Count. */
export const PAGES = 3;
/** Remote records, `remote_record.ts`. Word index. */
export const REMOTES = 4;
/** First page that may be handed out. Page number. */
export const FIRST_PAGE = 5;
/** Random-looking id that tells two heaps apart; two words. */
export const HEAP_ID = 6;
/** Not 0 once a fatal error was reported. Atomic. */
export const X_POISON = 8;
/** 1 once the heap may be attached to. Atomic. */
export const X_READY = 9;
/** Thread states ever used are those below this slot. Count, atomic, grows only. */
export const X_THREADS_USED = 10;
/** Mutex word: reserving and releasing of thread states. */
export const THREADS_LOCK = 16;

/** "obma" in little-endian. */
export const MAGIC_VALUE = 0x616d626f;
/** Changes whenever two versions of this library could not share a heap. */
export const VERSION_VALUE = 1;
/** Value of {@linkcode BUILD}: per-thread pools. */
export const BUILD_FREE_THREADED = 1;
/** Value of {@linkcode BUILD}: one global lock holds all MEM and OBJ pools. */
export const BUILD_GIL = 2;
