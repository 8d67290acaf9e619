/**
 * Size classes: which blocks a pool has.
 *
 * Classes 0 to 31 are pymalloc's: multiples of 16 up to 512 bytes, in pools of
 * one page, blocks from offset 48. Classes 32 to 55 are medium: four to a
 * doubling up to 32 KiB, in spans of one to 16 pages, blocks from offset 0.
 *
 * ## Invariants (tests/pools/size_classes_test.ts)
 *   S1  the class of n is the first whose blocks hold n bytes
 *   S2  every pool has 8 blocks or more
 *
 * Source: CPython 3.14 Include/internal/pycore_obmalloc.h, INDEX2SIZE,
 * NUMBLOCKS. Medium classes: as mimalloc 2.1 page-queue.c, mi_bin.
 *
 * @module
 */

import * as Layout from "../layout/memory_map.ts";
import * as PoolRecord from "../layout/pool_record.ts";

/** Largest small request. Bytes. C: SMALL_REQUEST_THRESHOLD. */
export const SMALL_REQUEST_THRESHOLD = 512;
/** Largest medium request; above are large blocks. Bytes. */
export const MEDIUM_REQUEST_THRESHOLD = 32768;
/** Small classes. Count. C: NB_SMALL_SIZE_CLASSES. */
export const SMALL_CLASSES = 32;
/** Small and medium classes. Count. */
export const CLASSES = 56;

/** Class of a request of 1 to 32,768 bytes. Index. */
export function classOf(nbytes: number): number {
  const n = nbytes - 1;
  if (n < SMALL_REQUEST_THRESHOLD) return n >> 4;
  const e = 31 - Math.clz32(n);
  return SMALL_CLASSES + ((e - 9) << 2) + ((n >> (e - 2)) & 3);
}

/** Size of the blocks of a class. Bytes. */
export function blockSize(szidx: number): number {
  if (szidx < SMALL_CLASSES) return (szidx + 1) << 4;
  const k = szidx - SMALL_CLASSES;
  return (5 + (k & 3)) << ((k >> 2) + 7);
}

/** Pages of a pool or span of a class. Count. */
export function pagesOf(szidx: number): number {
  const doubling = (szidx - SMALL_CLASSES) >> 2;
  return doubling > 1 ? 1 << (doubling - 1) : 1;
}

/** Offset of the first block of a class in its pool. Bytes. */
export function firstOffset(szidx: number): number {
  return szidx < SMALL_CLASSES ? PoolRecord.POOL_OVERHEAD : 0;
}

/** Largest offset at which a block of a class may start. Bytes. */
export function maxOffset(szidx: number): number {
  return pagesOf(szidx) * Layout.PAGE_SIZE - blockSize(szidx);
}

/** Blocks of a pool of a class. Count. C: NUMBLOCKS. */
export function capacity(szidx: number): number {
  const space = pagesOf(szidx) * Layout.PAGE_SIZE - firstOffset(szidx);
  return Math.floor(space / blockSize(szidx));
}

/** True if a block of the class starts `offset` bytes into its pool. */
export function isBlockStart(szidx: number, offset: number): boolean {
  const distance = offset - firstOffset(szidx);
  return distance >= 0 && distance % blockSize(szidx) === 0;
}
