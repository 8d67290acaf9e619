/**
 * Where everything stands in the buffer.
 *
 * ```text
 *   word 0        256         320    352    384      512     1024   3072      8192     40960
 *   ┌────────────┬───────────┬──────┬──────┬───────┬───────┬──────┬─────────┬────────┬─────────┐
 *   │ header     │ null rings│ GIL  │ QSBR │ world │ runs  │arena │ parking │ arena  │ thread  │
 *   │            │ (all zero)│      │      │       │       │sets  │ buckets │ objects│ states  │
 *   └────────────┴───────────┴──────┴──────┴───────┴───────┴──────┴─────────┴────────┴─────────┘
 *   word 172032  237568           499712
 *   ┌───────────┬────────────────┬──────────────────┬──────────────────┬─────── … ──────────┐
 *   │ news      │ page map       │ pool records     │ remote records   │ pages to hand out  │
 *   │           │ 1 word × 2^18  │ 8 words × pages  │ 4 words × pages  │ from FIRST_PAGE on │
 *   └───────────┴────────────────┴──────────────────┴──────────────────┴─────── … ──────────┘
 * ```
 *
 * In a sealed heap the states of its blocks, `block_states.ts`, 64 words ×
 * pages, stand behind the remote records.
 *
 * Two units live here, and no third. Blocks are named by *byte address*, as in
 * C. Records of the heap's own are named by *word index*, the index into the
 * `Int32Array` over the buffer, because `i32[record + FIELD]` is one machine
 * instruction where `i32[(record + FIELD) >>> 2]` is three. Hence every offset
 * in this folder is in words of 4 bytes, and the pictures count words.
 *
 * All positions but the last two are constants, so that a look-up never
 * depends on a load. The page map covers all of 4 GiB whatever the size of the
 * heap: any number below 2^32 can be looked up without a bounds check, and
 * pages beyond the heap read as `FREE`. Untouched parts of it cost nothing.
 *
 * @module
 */

/** Size of a page of the heap. Bytes. CPython: POOL_SIZE. */
export const PAGE_SIZE = 16384;
/** Binary logarithm of {@linkcode PAGE_SIZE}. CPython: POOL_BITS. */
export const PAGE_BITS = 14;
/** Size of an arena, which is aligned to it. Bytes. CPython: ARENA_SIZE. */
export const ARENA_SIZE = 1048576;
/** Binary logarithm of {@linkcode ARENA_SIZE}. CPython: ARENA_BITS. */
export const ARENA_BITS = 20;
/** Pages of an arena. Count. CPython: MAX_POOLS_IN_ARENA. */
export const PAGES_PER_ARENA = 64;
/** Largest heap that a 32-bit address reaches. Bytes. */
export const MAX_BYTES = 4294967296;
/** Smallest heap: the tables of this map and two arenas. Bytes. */
export const MIN_BYTES = 4194304;

/** The heap header, `header.ts`. Word index. */
export const HEADER = 0;
/** Allocators, `allocators.ts`. Word index. */
export const ALLOCATORS = 64;
/** Allocation tracing, `tracemalloc.ts`. Word index. */
export const TRACEMALLOC = 80;
/** Text of the fatal error, `verdict.ts`. Word index. */
export const VERDICT = 128;
/** Ring heads that are 0 for ever: the rings of who is not attached. Word index. */
export const NULL_RINGS = 256;
/** The GIL, `gil.ts`. Word index. */
export const GIL = 320;
/** Reclamation sequences, `qsbr.ts`. Word index. */
export const QSBR = 352;
/** Stop-the-world state, `world.ts`. Word index. */
export const WORLD = 384;
/** Objects, `objects.ts`. Word index. */
export const OBJECTS = 416;
/** The run allocator, `run_bins.ts`. Word index. */
export const RUNS = 512;
/** Arena set of pymalloc, `arena_set.ts`. Word index. */
export const ARENA_SET = 1024;
/** Arena set of the RAW engine in the GIL build. Word index. */
export const RAW_ARENA_SET = 2048;
/** Buckets of the parking lot, `parking_bucket.ts`. Word index. */
export const BUCKETS = 3072;
/** Arena objects, one for each MiB of address, `arena_object.ts`. Word index. */
export const ARENAS = 8192;
/** Thread states, `thread_state.ts`. Word index. */
export const THREADS = 40960;
/** News of remote frees, `news.ts`. Word index. */
export const NEWS = 172032;
/** The page map, `page_map.ts`. Word index. */
export const PAGE_MAP = 237568;
/** Pool records, `pool_record.ts`; the remote records follow. Word index. */
export const POOLS = 499712;
