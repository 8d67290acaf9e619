/**
 * `struct _gc_runtime_state`: what all workers know of the collector.
 *
 * ```text
 *   from Layout.OBJECTS
 *   16              22          24         30             33         36          45
 *   ┌───────────────┬───────────┬──────────┬──────────────┬──────────┬───────────┬─ …
 *   │ GENERATIONS×3 │ PERMANENT │ TEMP × 3 │ X_THRESHOLDS │ COUNTS   │ X_STATS   │
 *   │ list heads    │ list head │ heads    │ × 3          │ × 3      │ × 9       │
 *   └───────────────┴───────────┴──────────┴──────────────┴──────────┴───────────┴─ …
 *   45             46           47     48                  49
 *   ┌──────────────┬────────────┬──────┬───────────────────┬─────────────────────┬─ …
 *   │ X_COLLECTING │ X_DISABLED │ TORN │ X_LONG_LIVED_TOTAL│ X_LONG_LIVED_PENDING│
 *   └──────────────┴────────────┴──────┴───────────────────┴─────────────────────┴─ …
 *   50        51           52             55           58
 *   ┌─────────┬────────────┬──────────────┬────────────┐
 *   │ X_LIMIT │ X_PRESSURE │ X_CANDIDATES │ X_DURATION │
 *   │         │            │ × 3          │ × 3        │
 *   └─────────┴────────────┴──────────────┴────────────┘
 * ```
 *
 * All 0 in a heap in which nobody has collected: a list whose words are 0 is
 * empty, and thresholds are kept as the difference from {@linkcode DEFAULTS}.
 * List heads look like `gc_head.ts`; they and TORN belong to whoever holds the
 * GIL, and have no use in the free-threaded build. COUNTS are plain under the
 * GIL and atomic without; `X_` words are atomic in both builds.
 *
 * Source: CPython 3.13 Include/internal/pycore_gc.h, struct _gc_runtime_state.
 *
 * @module
 */

/** Heads of the lists of generations 0 to 2. Two words each. */
export const GENERATIONS = 16;
/** Head of the list of frozen objects. C: permanent_generation. */
export const PERMANENT = 22;
/** Heads of three lists that a collection needs for a while. Two words each. */
export const TEMP = 24;
/** Thresholds of the generations, less the default. Count, atomic. */
export const X_THRESHOLDS = 30;
/** What is compared with the thresholds. Count. */
export const COUNTS = 33;
/** Of each generation: collections, collected, uncollectable. Count, atomic. */
export const X_STATS = 36;
/** Owner id of who collects, or 0. Atomic. C: collecting. */
export const X_COLLECTING = 45;
/** 1 if nothing is collected without being asked for. Atomic. C: !enabled. */
export const X_DISABLED = 46;
/** 1 if a worker died with the GIL: the lists may be half changed. */
export const TORN = 47;
/** Objects that survived the last full collection. Count, atomic. */
export const X_LONG_LIVED_TOTAL = 48;
/** Objects that became old since. Count, atomic. */
export const X_LONG_LIVED_PENDING = 49;
/** Pages that the heap may hold before the collector is asked, or 0. Atomic. */
export const X_LIMIT = 50;
/** Pages at which it is asked next. Atomic. */
export const X_PRESSURE = 51;
/** Of each generation: objects that collections have looked at. Count, atomic. */
export const X_CANDIDATES = 52;
/** Of each generation: how long they took. Microseconds, atomic. */
export const X_DURATION = 55;

/** Generations. Count. C: NUM_GENERATIONS. */
export const COUNT = 3;
/** Size of a list head. Words. */
export const HEAD = 2;
/** Thresholds that a heap starts with. Count. */
export const DEFAULTS = [2000, 10, 10] as const;
