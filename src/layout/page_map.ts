/**
 * The page map: one word for each 16 KiB page, "what is this address?".
 *
 * ```text
 *   31                         13 12          5 4      3 2      0
 *   ┌────────────────────────────┬─────────────┬────────┬────────┐
 *   │ incarnation (19)           │ slot (8)    │ domain │ kind   │
 *   └────────────────────────────┴─────────────┴────────┴────────┘
 *      └──────── holder: who has the pool locked ──────┘
 * ```
 *
 * For a pool this word *is* the lock: whoever is named as holder allocates
 * from the pool and frees into it with plain accesses; everybody else goes
 * through the remote record. One compare of this word therefore checks kind,
 * domain and holder at once.
 *
 * Written: under the lock of the arena set (pools, spans) or of the run
 * allocator (runs) only. A word that names a holder is changed by that holder
 * or, once it is suspended or gone, by who acts for it. Read plainly by all:
 * a live block pins its page, so a caller that owns a block reads a stable
 * kind and domain; only the holder may be stale (see `pools/remote.ts`).
 *
 * CPython has no such table; it answers the same question with a radix tree
 * (`arena_map_root`) and with the header inside the pool.
 *
 * @module
 */

/** Free or not yet used page, also the free pools of an arena. */
export const FREE = 0;
/** Pool of a size class of at most 512 bytes, in an arena. */
export const POOL = 1;
/** First page of a span: a pool of medium blocks. */
export const SPAN = 2;
/** Further page of a span or of a large block. `PoolRecord.HEAD` leads back. */
export const TAIL = 3;
/** First page of a large block. */
export const LARGE = 4;
/** The heap's own tables. */
export const METADATA = 5;
/** Like POOL, but of a block that MEM or OBJ got from the RAW engine (GIL build). */
export const VIA_RAW = 6;
/** First or last page of a free run. */
export const FREE_RUN = 7;

/** Bits that hold the kind. */
export const KIND_MASK = 7;
/** Position of the domain. */
export const DOMAIN_SHIFT = 3;
/** Bits of the domain after the shift. */
export const DOMAIN_MASK = 3;
/** Position of the holder. */
export const HOLDER_SHIFT = 5;
/** Bits of the slot within a holder. */
export const SLOT_MASK = 255;
/** Position of the incarnation within a holder. */
export const INCARNATION_SHIFT = 8;
/** Bits of the incarnation after the shift. */
export const INCARNATION_MASK = 524287;

/** Domain number, CPython: PYMEM_DOMAIN_RAW. */
export const RAW = 0;
/** Domain number, CPython: PYMEM_DOMAIN_MEM. */
export const MEM = 1;
/** Domain number, CPython: PYMEM_DOMAIN_OBJ. */
export const OBJ = 2;

/**
 * In place of a domain, with kind LARGE: pages that the holder has taken from
 * the run allocator and has not put to use yet.
 */
export const TAKEN = 3;

/** Holder of what an exited thread left behind. */
export const NOBODY = 0;
/** Holder of every MEM and OBJ pool in the GIL build. Slot number. */
export const GIL_HOLDER = 1;
/** First slot that a worker may have. Slot number. */
export const FIRST_SLOT = 2;
/** Slots in all. Count. */
export const SLOTS = 256;
