/**
 * `PyDictKeysObject`: the table of a dict. Lanes name entries, which stand in
 * the order in which they came.
 *
 * ```text
 *   0          1           2             3
 *   ┌──────────┬───────────┬─────────────┬─ … ───┬─ … ─────┐
 *   │ DK_SHAPE │ DK_USABLE │ DK_NENTRIES │ lanes │ entries │
 *   └──────────┴───────────┴─────────────┴─ … ───┴─ … ─────┘
 *
 *   DK_SHAPE   bits 0–4 log2 of the lanes, 8–9 log2 of the lanes of a word,
 *              16 kind
 *   lane       8 bits in a table of less than 256 lanes, 16 of less than 65,536,
 *              otherwise 32: EMPTY, DUMMY, or FIRST and the index of an entry
 *
 *   entry      ┌─────┬───────┐     ┌──────┬─────┬───────┐
 *    UNICODE   │ key │ value │     │ hash │ key │ value │   GENERAL
 *              └─────┴───────┘     └──────┴─────┴───────┘
 * ```
 *
 * A block of MEM. DK_SHAPE is written before the table is published, and never
 * again; DK_USABLE and DK_NENTRIES belong to who has the mutex of the dict.
 * Two thirds of the lanes have an entry. Those that were not used yet are 0; an
 * entry is used for one key, and never for another one.
 *
 * Source: CPython 3.14 Include/internal/pycore_dict.h, struct _dictkeysobject.
 * Differs: lanes are parts of words, and 0 is an empty one; no split tables, so
 * no count of references, version or mutex; an entry that popitem() has taken
 * is not used again, hence it is DK_USABLE that says where the next one comes.
 *
 * @module
 */

/** How the table is laid out, see above. */
export const DK_SHAPE = 0;
/** Entries that were not used yet. Count. C: dk_usable. */
export const DK_USABLE = 1;
/** Behind the last entry that may have a value. Index. C: dk_nentries. */
export const DK_NENTRIES = 2;
/** First word of lanes. C: dk_indices. */
export const DK_INDICES = 3;

/** From DK_SHAPE to log2 of the lanes of a word. */
export const LANES_SHIFT = 8;
/** From DK_SHAPE to the kind. */
export const KIND_SHIFT = 16;
/** Kind: keys of any type. C: DICT_KEYS_GENERAL. */
export const GENERAL = 0;
/** Kind: all keys are str, which have their hash themselves. C: DICT_KEYS_UNICODE. */
export const UNICODE = 1;

/** Lane that has never named an entry. C: DKIX_EMPTY. */
export const EMPTY = 0;
/** Lane that has named one. C: DKIX_DUMMY. */
export const DUMMY = 1;
/** Lane of the first entry. */
export const FIRST = 2;

/** Words of an entry of kind GENERAL; one of kind UNICODE has one less. */
export const ENTRY_WORDS = 3;
/** Binary logarithm of the fewest lanes of a table. C: PyDict_LOG_MINSIZE. */
export const LOG_MINSIZE = 3;
/** Of the most lanes; more do not fit into a heap. */
export const LOG_MAXSIZE = 28;
/** How fast the bits of a hash come into play. C: PERTURB_SHIFT. */
export const PERTURB_SHIFT = 5;
