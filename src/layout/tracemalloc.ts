/**
 * `struct _tracemalloc_runtime_state`: whether allocations are traced.
 *
 * ```text
 *   0          1          2
 *   ┌──────────┬──────────┬─────────┬─ …  48 words
 *   │ X_TABLES │ X_EPOCHS │ X_LIMIT │
 *   └──────────┴──────────┴─────────┴─ …
 * ```
 *
 * All else is in the tables that `X_TABLES` leads to, `trace_tables.ts`. They
 * are made whole before that word is set, so starting is one store and stopping
 * is another.
 *
 * Source: CPython 3.14 Include/internal/pycore_tracemalloc.h.
 *
 * @module
 */

/** Tables of who traces, or 0: nobody does. Word index, atomic. */
export const X_TABLES = 0;
/** Tables made so far. Count, atomic, wraps; tells two of them apart. */
export const X_EPOCHS = 1;
/** Frames kept of a stack, of the last start. Count, atomic. C: max_nframe. */
export const X_LIMIT = 2;

/** Size of the record. Words. */
export const SIZEOF = 48;
