/**
 * A table of interned strings; the tables of a heap are a chain.
 *
 * ```text
 *   0        1      2 …
 *   ┌────────┬──────┬──────────────────────────┬─────────────┐
 *   │ X_NEXT │ SIZE │ X_SLOTS: SIZE of them …  │ WINDOW more │
 *   └────────┴──────┴──────────────────────────┴─────────────┘
 * ```
 *
 * A block of RAW. A string may stand in WINDOW slots, from the one that its
 * hash says, so that the last windows reach beyond SIZE. Each table is twice as
 * large as the one before it. Tables are never freed.
 *
 * @module
 */

/** The table that comes after this one, or 0. Word index, atomic. */
export const X_NEXT = 0;
/** Slots that a window may start at, a power of two. Count. */
export const SIZE = 1;
/** First slot: a str or 0. Byte address, atomic. */
export const X_SLOTS = 2;

/** Slots that a string may stand in. Count. */
export const WINDOW = 8;
/** SIZE of the first table. Count. */
export const FIRST_SIZE = 256;
