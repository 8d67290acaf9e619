/**
 * Arena set: the arenas that one group of pools comes from, under one lock.
 *
 * ```text
 *   0       16               17          18        19           20
 *   ┌─ … ───┬────────────────┬───────────┬─────────┬────────────┬─────────────┬─ …
 *   │ LOCK  │ USABLE_ARENAS  │ CURRENT   │ TOTAL   │ HIGHWATER  │QUARANTINED  │
 *   └───────┴────────────────┴───────────┴─────────┴────────────┴─────────────┴─ …
 *   32  NFP2LASTA[65]      128  ABANDONED[5 × 64]      512  QUARANTINE[64]  576  TAILS[64]
 * ```
 *
 * `LOCK` is a mutex word on its own line; all else is plain and belongs to who
 * has the lock. ABANDONED and QUARANTINE are rings like those of a thread
 * state, indexed the same way (`thread_state.ts`).
 *
 * The GIL build has two sets, so that what RAW does cannot move a block of MEM
 * or OBJ; the free-threaded build puts everything into the first.
 *
 * Source: CPython 3.14 Include/internal/pycore_obmalloc.h, struct _obmalloc_mgmt.
 *
 * @module
 */

/** Mutex word. */
export const LOCK = 0;
/** Arenas with free pools, fewest first, or 0. Word index. */
export const USABLE_ARENAS = 16;
/** Arenas now allocated. Count. C: narenas_currently_allocated. */
export const CURRENT = 17;
/** Arenas ever allocated. Count. C: ntimes_arena_allocated. */
export const TOTAL = 18;
/** Most arenas at one time. Count. C: narenas_highwater. */
export const HIGHWATER = 19;
/** Empty pools that wait for QSBR. Count. */
export const QUARANTINED = 20;
/** Pools in the ABANDONED rings. Count. */
export const ABANDONED_COUNT = 21;
/** Last usable arena with n free pools, or 0. 65 words. C: nfp2lasta. */
export const NFP2LASTA = 32;
/** Rings of pools that exited threads left, 5 sets of 64 classes. */
export const ABANDONED = 128;
/** Rings of empty OBJ pools that wait for QSBR, oldest first, 64 classes. */
export const QUARANTINE = 512;
/** Last pool of each of these rings that is not empty. Word index, 64 words. */
export const TAILS = 576;
/** Size of the record. Words. */
export const SIZEOF = 1024;
