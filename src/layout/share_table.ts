/**
 * References on their way from one worker to another: a list of tables.
 *
 * ```text
 *   a table, a block of RAW
 *   0        1          2 …
 *   ┌────────┬──────────┬─────────┬─────────┬─ …
 *   │ X_NEXT │ CAPACITY │ entry 0 │ entry 1 │
 *   └────────┴──────────┴─────────┴─────────┴─ …
 *   an entry
 *   0         1         2      3           4
 *   ┌─────────┬─────────┬──────┬───────────┬────────┐
 *   │ X_STATE │ X_OWNER │ X_OP │ X_SECONDS │ X_MS   │
 *   └─────────┴─────────┴──────┴───────────┴────────┘
 * ```
 *
 * Entries of all tables are numbered in one row, those of the first table
 * first. Tables are never freed. Who may write what: `objects/sharing/shares.ts`.
 *
 * @module
 */

/** The next table, or 0. Word index, atomic. */
export const X_NEXT = 0;
/** Entries of this table. Count, written before the table is in the list. */
export const CAPACITY = 1;
/** The first entry. */
export const ENTRIES = 2;

/** Bit 0: {@linkcode HELD}. Bits 1–31: generation. Atomic. */
export const X_STATE = 0;
/** Owner value of who has put the reference there, 0 if nobody. Atomic. */
export const X_OWNER = 1;
/** The object. Byte address, atomic. */
export const X_OP = 2;
/** When it was put there: whole seconds of the clock. Atomic. */
export const X_SECONDS = 3;
/** The same: milliseconds of that second. Atomic. */
export const X_MS = 4;

/** Size of an entry. Words. */
export const ENTRY = 5;
/** Bit of X_STATE: a reference is there. */
export const HELD = 1;
/** From one generation of an entry to the next one. */
export const GENERATION = 2;

/** Entries of the first table; each further one has twice as many. Count. */
export const FIRST_CAPACITY = 64;
