/**
 * `struct arena_object`, one for each MiB of the address space.
 *
 * ```text
 *   0         1              2            3             4           5           6           7
 *   ┌─────────┬──────────────┬────────────┬─────────────┬───────────┬───────────┬───────────┬───┐
 *   │ SET     │ POOL_ADDRESS │ NFREEPOOLS │ NTOTALPOOLS │ FREEPOOLS │ NEXTARENA │ PREVARENA │ – │
 *   └─────────┴──────────────┴────────────┴─────────────┴───────────┴───────────┴───────────┴───┘
 * ```
 *
 * CPython keeps a vector of these and numbers it by age; here the index is the
 * address itself, so `unused_arena_objects` does not exist. Plain words, under
 * the lock of the arena set that owns the arena.
 *
 * Source: CPython 3.14 Include/internal/pycore_obmalloc.h, struct arena_object.
 *
 * @module
 */

/** Arena set that owns this arena, or 0 where there is no arena. Word index. C: address != 0. */
export const SET = 0;
/** Next page to carve a pool from. Page number. */
export const POOL_ADDRESS = 1;
/** Free pools and pools never carved. Count. */
export const NFREEPOOLS = 2;
/** Pools of the arena. Count, always 64. */
export const NTOTALPOOLS = 3;
/** Free pools, linked through NEXTPOOL, or 0. Word index. */
export const FREEPOOLS = 4;
/** Next usable arena, or 0. Word index. */
export const NEXTARENA = 5;
/** Previous usable arena, or 0. Word index. */
export const PREVARENA = 6;

/** Size of the record. Words. */
export const SIZEOF = 8;
/** Binary logarithm of {@linkcode SIZEOF}. */
export const SHIFT = 3;
