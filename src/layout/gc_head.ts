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
 * build has none. Both words are plain and belong to whoever holds the GIL. The
 * heads of the lists in `gc_state.ts` have the same shape.
 *
 * Source: CPython 3.13 Include/internal/pycore_gc.h, PyGC_Head.
 *
 * @module
 */

/**
 * Head of the next object of its list, or 0 if it is in none. Byte address, and
 * {@linkcode UNREACHABLE}. C: _gc_next.
 */
export const GC_NEXT = 0;
/**
 * Head of the object before it, byte address; while COLLECTING the references
 * that are not accounted for yet, times 4; and flags. C: _gc_prev.
 */
export const GC_PREV = 1;

/** Size of the head. Words. */
export const SIZEOF = 2;

/** Flag of GC_PREV: the finalizer was run. C: _PyGC_PREV_MASK_FINALIZED. */
export const FINALIZED = 1;
/** Flag of GC_PREV: above it is a count. C: _PyGC_PREV_MASK_COLLECTING. */
export const COLLECTING = 2;
/** From a count to its place in GC_PREV. C: _PyGC_PREV_SHIFT. */
export const REFS_SHIFT = 2;
/** Flag of GC_NEXT: perhaps unreachable. C: NEXT_MASK_UNREACHABLE. */
export const UNREACHABLE = 1;
