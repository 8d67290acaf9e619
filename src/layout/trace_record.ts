/**
 * Interned record: a name, a traceback, or a key that is no block of the heap.
 *
 * ```text
 *   0      1      2         4      5       6
 *   ┌──────┬──────┬─────────┬──────┬───────┬─ … ──────────────────┐
 *   │ NEXT │ HASH │ X_TRACE │ KIND │ COUNT │ COUNT words          │
 *   └──────┴──────┴─────────┴──────┴───────┴─ … ──────────────────┘
 *   NAME        bytes of UTF-8 │ these bytes, four to a word
 *   TRACEBACK   frames of the stack │ owner of the worker │ name, line, function │ …
 *   KEY         domain │ low and high half of the pointer
 * ```
 *
 * Names and functions in a traceback are addresses divided by 16. All words but
 * X_TRACE are written before the record is published, and never after.
 *
 * Source: CPython 3.14 Python/tracemalloc.c, struct tracemalloc_traceback.
 *
 * @module
 */

/** Next record of the bucket, or 0. Word index. */
export const NEXT = 0;
/** Hash of the words from KIND on. */
export const HASH = 1;
/** Of a KEY: its trace, as in `trace_tables.ts`. 64 bits, atomic. */
export const X_TRACE = 2;
/** {@linkcode NAME}, {@linkcode TRACEBACK} or {@linkcode KEY}. */
export const KIND = 4;
/** Words that follow. Count. */
export const COUNT = 5;
/** The first of them. */
export const ITEMS = 6;

/** KIND: a file name or the name of a function. */
export const NAME = 1;
/** KIND: a traceback, the most recent frame first. */
export const TRACEBACK = 2;
/** KIND: a domain and a pointer. */
export const KEY = 3;

/** Item of a TRACEBACK: frames that the stack had. Count. */
export const TOTAL_NFRAME = 0;
/** Item of a TRACEBACK: owner value of the worker. */
export const OWNER = 1;
/** Item of a TRACEBACK: first frame. */
export const FRAMES = 2;
/** Items of a frame: file name, line, function. Count. */
export const FRAME_ITEMS = 3;
