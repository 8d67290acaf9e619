/**
 * What all workers must know of the objects of a heap.
 *
 * ```text
 *   0           1         2            3          4            5 …
 *   ┌───────────┬─────────┬────────────┬──────────┬────────────┬─ …  64 words
 *   │ X_STATICS │ X_TYPES │ X_INTERNED │ X_SHARES │ X_WEAKREFS │ the collector's, see gc_state.ts
 *   └───────────┴─────────┴────────────┴──────────┴────────────┴─ …
 * ```
 *
 * Source: CPython 3.14 Include/internal/pycore_interp_structs.h, struct
 * _Py_static_objects, and the like.
 *
 * @module
 */

/** Objects that are there from the start, or 0. Byte address, atomic. */
export const X_STATICS = 0;
/** The type that a program has defined last, or 0. Byte address, atomic. */
export const X_TYPES = 1;
/** Table of interned strings, or 0. Byte address, atomic. */
export const X_INTERNED = 2;
/** First table of references on their way, see `share_table.ts`, or 0. Word index, atomic. */
export const X_SHARES = 3;
/** What is shared of weak references, `weakref_state.ts`, or 0. Word index, atomic. */
export const X_WEAKREFS = 4;
/** Mutex word: the list of chunks. */
export const DELAYED_LOCK = 8;
/** First chunk, see `mem_work_chunk.ts`, or 0. Word index. */
export const DELAYED_CHUNKS = 9;
/** Mutex word: queues of objects to merge whose threads are gone. */
export const MERGE_LOCK = 11;

/** Size of the record. Words. */
export const SIZEOF = 64;
