/**
 * `PySetObject`: counts, the table in use, and a small one that is always there.
 *
 * ```text
 *   behind the header
 *   0      1      2       3                4             5 …          21
 *   ┌──────┬──────┬───────┬────────────────┬─────────────┬─────────────┐
 *   │ FILL │ USED │ TABLE │ HASH or FINGER │ WEAKREFLIST │ SMALL_TABLE │
 *   └──────┴──────┴───────┴────────────────┴─────────────┴─────────────┘
 * ```
 *
 * Of a `set` the words are plain and belong to whoever has its mutex, or the
 * GIL; USED is written atomically in the free-threaded build, because lengths
 * are read without the mutex. A `frozenset` is written before anybody else
 * knows of it, but for HASH, which all compute alike.
 *
 * FILL is below 0, the complement of what it will be, while the counts are on
 * their way to what the table says.
 *
 * Source: CPython 3.14 Include/cpython/setobject.h.
 * Differs: the mask stands in the table, so that one store replaces both; HASH
 * and FINGER share a word, because no object needs both.
 *
 * @module
 */

/** Entries that are not empty. Count. C: fill. */
export const FILL = 0;
/** Keys. Count. C: used. */
export const USED = 1;
/** The table in use, see `set_table.ts`. Word index. C: table, mask. */
export const TABLE = 2;
/** Of a frozenset: its hash, or -1 if nobody has asked for it. C: hash. */
export const HASH = 3;
/** Of a set: entry at which `pop()` begins to look. Index. C: finger. */
export const FINGER = 3;
/** First weak reference to it, or 0. Byte address. C: weakreflist. */
export const WEAKREFLIST = 4;
/** The table of {@linkcode SMALL_SIZE} entries. C: smalltable. */
export const SMALL_TABLE = 5;

/** Entries of the smallest table. Count. C: PySet_MINSIZE. */
export const SMALL_SIZE = 8;

/** Size behind the header. Words. */
export const SIZEOF = 22;
