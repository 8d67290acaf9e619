/**
 * `struct pool_header`, one for each page, in a table beside the heap.
 *
 * ```text
 *   0           1       2       3            4                5          6          7
 *   ┌───────────┬───────┬───────┬────────────┬────────────────┬──────────┬──────────┬────────┐
 *   │ FREEBLOCK │ COUNT │ SZIDX │ NEXTOFFSET │ MAXNEXTOFFSET  │ NEXTPOOL │ PREVPOOL │ DRAIN  │
 *   └───────────┴───────┴───────┴────────────┴────────────────┴──────────┴──────────┴────────┘
 *   runs       NBYTES            HEAD         LENGTH           NEXT       PREV
 * ```
 *
 * All words are i32 and plain. Of a pool they belong to its holder; of a pool
 * in no one's hands, and of runs, to who has the lock of the arena set or of
 * the run allocator. The 48 bytes that CPython's header takes inside the pool
 * stay unused there, so that block offsets and counts are CPython's.
 *
 * Source: CPython 3.14 Include/internal/pycore_obmalloc.h, struct pool_header.
 *
 * @module
 */

/** Most recently freed block, or 0. Byte address. */
export const FREEBLOCK = 0;
/** Blocks handed out and not yet given back to the pool. Count. C: ref.count. */
export const COUNT = 1;
/** Size class, see `pools/size_classes.ts`. Index. */
export const SZIDX = 2;
/** Where the next never-used block starts. Bytes from the start of the pool. */
export const NEXTOFFSET = 3;
/** Largest usable value of NEXTOFFSET. Bytes from the start of the pool. */
export const MAXNEXTOFFSET = 4;
/** Next pool of the ring, or of the list of free pools. Word index. */
export const NEXTPOOL = 5;
/** Previous pool of the ring. Word index. */
export const PREVPOOL = 6;

/** Remote stack that is being taken into the free list, or 0. Like X_REMOTE. */
export const DRAIN = 7;

/** Of a large block: bytes that the caller asked for, as u32. */
export const NBYTES = 1;
/** Of a TAIL page: the first page of its span or block. Page number. */
export const HEAD = 3;
/** Of a span, a large block or a free run: its pages. Count. */
export const LENGTH = 4;

/** Size of the record. Words. */
export const SIZEOF = 8;
/** Binary logarithm of {@linkcode SIZEOF}. */
export const SHIFT = 3;
/** Unused start of a pool. Bytes. C: POOL_OVERHEAD. */
export const POOL_OVERHEAD = 48;
