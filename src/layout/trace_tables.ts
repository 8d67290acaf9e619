/**
 * Tables of traces: a RAW block, from start to stop.
 *
 * ```text
 *   0       1       16         18       20         32          32 + pages
 *   ┌───────┬───────┬──────────┬────────┬─────────┬───────────┬───────────────────┐
 *   │ EPOCH │ LIMIT │ X_TRACED │ X_PEAK │ X_BYTES │ DIRECTORY │ buckets           │
 *   │       │       │ 2 words  │ 2 words│ 2 words │ 1 × pages │ 1 × NUM_BUCKETS   │
 *   └───────┴───────┴──────────┴────────┴─────────┴───────────┴───────────────────┘
 *
 *   directory ──▶ array of a page: 1024 traces of 64 bits, one for each 16 bytes
 *   bucket ──▶ interned record ──▶ … , see trace_record.ts
 *
 *   62                                      35 34                                 0
 *   ┌─────────────────────────────────────────┬────────────────────────────────────┐
 *   │ traceback: its address, divided by 16   │ size in bytes                      │
 *   └─────────────────────────────────────────┴────────────────────────────────────┘
 * ```
 *
 * A trace is 0 if there is none. Because traceback and size are one value, a
 * trace appears and vanishes at once, whoever looks. EPOCH and LIMIT are
 * written before the tables are published.
 *
 * @module
 */

/** Which tables these are. Count. */
export const EPOCH = 0;
/** Frames kept of a stack. Count. */
export const LIMIT = 1;
/** Bytes of all traces. 64 bits, atomic. C: traced_memory. */
export const X_TRACED = 16;
/** Most of them at one time. 64 bits, atomic. C: peak_traced_memory. */
export const X_PEAK = 18;
/** Bytes of these tables and of what hangs on them. 64 bits, atomic. */
export const X_BYTES = 20;
/** For each page of the heap its array of traces, or 0. Word index, atomic. */
export const DIRECTORY = 32;

/** Buckets of interned records. Count, a power of 2. */
export const NUM_BUCKETS = 4096;
/** Traces of a page. Count. */
export const PAGE_TRACES = 1024;
/** Bytes of memory that one trace is for, binary logarithm. */
export const GRANULE_BITS = 4;
/** Bits of the size within a trace. */
export const SIZE_BITS = 35;
/** No trace has a size from here on. Bytes. */
export const SIZE_LIMIT = 34359738368;
