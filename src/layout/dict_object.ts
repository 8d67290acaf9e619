/**
 * `PyDictObject`: a count and a table of keys and values.
 *
 * ```text
 *   behind the header
 *   0         1
 *   ┌─────────┬─────────┐
 *   │ MA_USED │ MA_KEYS │  address of the table, with SHARED
 *   └─────────┴─────────┘
 * ```
 *
 * Plain words of whoever holds the GIL; in the free-threaded build of who has
 * the mutex of the object. There MA_KEYS is written and read atomically, because
 * others read it without the mutex. A dict without items has the table {@linkcode EMPTY_KEYS}, which all of
 * them share: words of the heap that are 0 for ever.
 *
 * Source: CPython 3.14 Include/cpython/dictobject.h.
 * Differs: no split tables, no watchers; whether the dict is shared stands here
 * and not in ob_gc_bits.
 *
 * @module
 */

/** Items, with {@linkcode BUSY}. Count. C: ma_used. */
export const MA_USED = 0;
/** The table, see `dict_keys.ts`. Byte address and flags. C: ma_keys. */
export const MA_KEYS = 1;

/** Size behind the header. Words. */
export const SIZEOF = 2;

/** Flag of MA_USED: the count is about to change. */
export const BUSY = 1 << 31;
/** Flag of MA_KEYS: others than the owner may read without the mutex. */
export const SHARED = 1;
/** What is no flag of MA_KEYS. */
export const ADDRESS = -16;
/** Table without entries: NULL_RINGS of `memory_map.ts`. Byte address. C: Py_EMPTY_KEYS. */
export const EMPTY_KEYS = 1024;
