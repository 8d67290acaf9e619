/**
 * `struct _qsbr_shared`: quiescent-state based reclamation.
 *
 * ```text
 *   0          …  16
 *   ┌──────────┬─ ┬──────────┐
 *   │ X_WR_SEQ │  │ X_RD_SEQ │
 *   └──────────┴─ ┴──────────┘
 * ```
 *
 * Sequences are odd, start at 1, advance by 2 and wrap at 32 bits; a is before
 * b if the signed difference a − b is negative. 0 means offline.
 *
 * Source: CPython 3.14 Include/internal/pycore_qsbr.h, Python/qsbr.c.
 * Differs: 32 bits instead of 64, as in FreeBSD's original.
 *
 * @module
 */

/** Current write sequence. Atomic. */
export const X_WR_SEQ = 0;
/** Every attached thread has seen this sequence. Atomic. */
export const X_RD_SEQ = 16;

/** Sequence of a thread that is not attached. */
export const OFFLINE = 0;
/** First sequence. */
export const INITIAL = 1;
/** Step. */
export const INCR = 2;
