/**
 * Two bits for each 16 bytes of a sealed heap: what block starts there.
 *
 * ```text
 *   2 words for 512 bytes        64 words for a page
 *   ┌────────────┬────────────┬────────────┬────────────┬─ …
 *   │ LIVE       │ X_PENDING  │ LIVE       │ X_PENDING  │
 *   └────────────┴────────────┴────────────┴────────────┴─ …
 *   31           bit = address / 16 mod 32          0
 *   ┌──────────────── … ─────────────────────────────┐
 *   │ one for each place where a block may start     │
 *   └──────────────── … ─────────────────────────────┘
 * ```
 *
 * The table stands behind the remote records, in sealed heaps only, and takes
 * one byte of the heap for 64 others; what is not touched costs nothing. 512
 * bytes are of one page, hence of one pool: LIVE is written plainly, by who
 * holds the pool, or has allocated the large block that starts there.
 * X_PENDING is on the same line, and changed by whoever frees a block of
 * another holder.
 *
 * @module
 */

/** Bits of the live blocks. */
export const LIVE = 0;
/** Bits of the live blocks that somebody else has freed. Atomic. */
export const X_PENDING = 1;

/** Binary logarithm of the bytes that a pair of words is for. */
export const PAIR_SHIFT = 9;
/** Binary logarithm of the bytes that a bit is for. */
export const BIT_SHIFT = 4;
/** Size of the states of a page. Words. */
export const SIZEOF = 64;
/** Binary logarithm of {@linkcode SIZEOF}. */
export const SHIFT = 6;
