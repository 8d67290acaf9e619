/**
 * The table of a set: entries of a key and its hash.
 *
 * ```text
 *   0      1     2      3     4
 *   ┌──────┬─────┬──────┬─────┬──────┬─ …
 *   │ MASK │ KEY │ HASH │ KEY │ HASH │ …
 *   └──────┴─────┴──────┴─────┴──────┴─ …
 * ```
 *
 * Stands in the set itself, or is a block of MEM. Belongs to who has the mutex
 * of the set, or the GIL. An entry exists if its KEY is not 0, so the HASH is
 * written before it.
 *
 * Source: CPython 3.14 Include/cpython/setobject.h, setentry.
 * Differs: a dummy is told by its key alone, and is no object.
 *
 * @module
 */

/** Entries less one; their number is a power of two. Count. */
export const MASK = 0;
/** First entry. */
export const ENTRIES = 1;

/** Byte address of an object, or 0, or {@linkcode DUMMY}. Of an entry. */
export const KEY = 0;
/** Hash of the key. Of an entry. */
export const HASH = 1;
/** Size of an entry. Words. */
export const ENTRY_SIZE = 2;

/** Instead of a key that was taken out; no address of an object. */
export const DUMMY = 1;
