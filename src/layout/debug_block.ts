/**
 * A block of the debug hooks, around what the caller asked for.
 *
 * ```text
 *   base                                p                  p + N
 *   ┌──────────────────┬────┬───────────┬──────────────────┬──────────────┐
 *   │ N, big-endian    │ ID │ FD × 7    │ N bytes of data  │ FD × 8       │
 *   └──────────────────┴────┴───────────┴──────────────────┴──────────────┘
 *   0                  8    9           16                 16 + N         24 + N
 * ```
 *
 * Offsets are in words from the base as elsewhere; what is not a whole word is
 * in bytes and says so. Fresh data is filled with CD, all of a freed block with
 * DD, but for the link that the engine writes over its first word.
 *
 * Source: CPython 3.14 Objects/obmalloc.c, the comment on
 * _PyMem_DebugRawAlloc().
 *
 * @module
 */

/** Bits 32 to 63 of the size asked for, in big-endian order. */
export const SIZE_HIGH = 0;
/** Bits 0 to 31 of the size asked for, in big-endian order. */
export const SIZE_LOW = 1;
/** ID in the lowest byte, then the first three bytes of the fence. */
export const ID = 2;
/** The other four bytes of the leading fence. */
export const FENCE = 3;

/** From the base to the caller's data. Bytes. C: 2 * SST. */
export const HEADER = 16;
/** Bytes of the trailing fence. C: SST. */
export const TAIL = 8;
/** What a block has beyond the data. Bytes. C: PYMEM_DEBUG_EXTRA_BYTES. */
export const EXTRA = 24;

/** Fill of fresh data. Byte. C: PYMEM_CLEANBYTE. */
export const CLEANBYTE = 0xcd;
/** Fill of freed blocks. Byte. C: PYMEM_DEADBYTE. */
export const DEADBYTE = 0xdd;
/** Fill of fences. Byte. C: PYMEM_FORBIDDENBYTE. */
export const FORBIDDENBYTE = 0xfd;
