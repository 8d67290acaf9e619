/**
 * `PyGC_Head`: what stands before an object of the GIL build that the
 * collector looks after.
 *
 * ```text
 *   0         1         2
 *   ┌─────────┬─────────┬─ …
 *   │ GC_NEXT │ GC_PREV │ the object
 *   └─────────┴─────────┴─ …
 * ```
 *
 * The block starts here, and the object two words further. The free-threaded
 * build has none. Both words are plain and belong to whoever holds the GIL.
 *
 * Source: CPython 3.14 Include/internal/pycore_interp_structs.h, PyGC_Head.
 *
 * @module
 */

/** Next object of its list, or 0 if it is in none. C: _gc_next. */
export const GC_NEXT = 0;
/** Object before it in its list, and flags. C: _gc_prev. */
export const GC_PREV = 1;

/** Size of the head. Words. */
export const SIZEOF = 2;
