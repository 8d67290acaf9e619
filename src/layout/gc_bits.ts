/**
 * OB_GC_BITS: what the collector knows of an object of the free-threaded build.
 *
 * ```text
 *   31                8 7        3        2             1           0
 *   ┌──────────────────┬─ … ─┬────────┬─────────────┬───────────┬─────────┐
 *   │ MAGIC            │     │ FROZEN │ UNREACHABLE │ FINALIZED │ TRACKED │
 *   └──────────────────┴─ … ─┴────────┴─────────────┴───────────┴─────────┘
 * ```
 *
 * The collector finds objects by walking pages. MAGIC keeps it from taking
 * memory that never was an object for one.
 *
 * Source: CPython 3.14 Include/internal/pycore_gc.h, _PyGC_BITS_TRACKED and so
 * on.
 *
 * @module
 */

/** The collector looks after it. C: _PyGC_BITS_TRACKED. */
export const TRACKED = 1;
/** Its finalizer was run, or is about to be. C: _PyGC_BITS_FINALIZED. */
export const FINALIZED = 2;
/** A collector has a reference to it. C: _PyGC_BITS_UNREACHABLE. */
export const UNREACHABLE = 4;
/** The collector leaves it alone. C: _PyGC_BITS_FROZEN. */
export const FROZEN = 8;

/** Upper bits of the word of an object that is or was tracked. */
export const MAGIC = 0x47c53a00;
/** Where these are. */
export const MAGIC_MASK = -256;
/** Bits that say whether an object is tracked. */
export const TRACKED_MASK = -255;
/** What these bits are if it is. */
export const IS_TRACKED = MAGIC | TRACKED;
