/**
 * The run allocator: free runs of pages in bins of like length.
 *
 * ```text
 *   0       16           17              18            32              64
 *   ┌─ … ───┬────────────┬───────────────┬─ … ─────────┬───────────────┬─ …
 *   │ LOCK  │ USED_PAGES │ PEAK_PAGES    │             │ BITMAP[8]     │ BINS[256]
 *   └───────┴────────────┴───────────────┴─ … ─────────┴───────────────┴─ …
 * ```
 *
 * `LOCK` is a mutex word on its own line; all else is plain, under the lock.
 *
 * @module
 */

/** Mutex word. */
export const LOCK = 0;
/** Pages handed out: arenas, spans, large blocks. Count. */
export const USED_PAGES = 16;
/** Most of them at one time. Count. */
export const PEAK_PAGES = 17;
/** One bit a bin: set when it is not empty. 8 words. */
export const BITMAP = 32;
/** Bins. Count. */
export const BIN_COUNT = 256;
/** First run of each bin, or 0. Word index of its pool record. 256 words. */
export const BINS = 64;
