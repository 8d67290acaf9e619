/**
 * Control: the least that an allocator over a SharedArrayBuffer can do.
 *
 * Segregated free lists whose heads lie in the buffer, 32 classes of 16 bytes
 * up to 512, above that four to a doubling, one class to a page (of 16 KiB, or
 * as many as a block needs). No check, no lock, no count, nothing given back.
 * Nobody should use it: it shows what checks and bookkeeping cost.
 *
 * Words of the buffer: 0 lock (for `free_list_lock.ts`), 1 next free page, from
 * `HEADS` one list head for each class, from `CLASSES` the class of each page.
 *
 * ## Threads
 *   One thread only, or one at a time under a lock of the caller.
 *
 * @module
 */

import type { Adapter, Allocator, Words } from "../adapter.ts";

/** Next page that was never used. Word index; page number. */
const NEXT_PAGE = 1;
/** Head of the free list of each class. Word index; byte addresses. */
const HEADS = 64;
/** Size class of each page. Word index. */
const CLASSES = 256;
/** Pages of 16 KiB. Count. */
const PAGES = 1 << 15;
/** First page of blocks. Page number. */
const FIRST = 16;

/** Class of a size over 512 bytes: 33 and up, four to a doubling. */
function largeClass(size: number): number {
  const top = 31 - Math.clz32(size - 1);
  return 33 + ((top - 9) << 2) + (((size - 1) >>> (top - 2)) & 3);
}

/** Bytes of the blocks of a class. */
function classSize(c: number): number {
  if (c <= 32) return c === 0 ? 16 : c << 4;
  const top = 9 + ((c - 33) >>> 2);
  return (4 + ((c - 33) & 3) + 1) << (top - 2);
}

/** See the head of this file. */
export class FreeList implements Allocator {
  /** The whole buffer. */
  readonly words: Words;

  /** An allocator over a buffer that `reserve` made. */
  constructor(buffer: SharedArrayBuffer) {
    this.words = new Int32Array(buffer);
  }

  malloc(size: number): number {
    const words = this.words;
    const c = size <= 512 ? (size + 15) >>> 4 : largeClass(size);
    const block = words[HEADS + c];
    if (block === 0) return this.#carve(c);
    words[HEADS + c] = words[block >>> 2];
    return block;
  }

  free(block: number): void {
    const words = this.words;
    const c = words[CLASSES + (block >>> 14)];
    words[block >>> 2] = words[HEADS + c];
    words[HEADS + c] = block;
  }

  calloc(count: number, size: number): number {
    const block = this.malloc(count * size);
    const end = (block + count * size + 3) >>> 2;
    for (let k = block >>> 2; k < end; k++) this.words[k] = 0;
    return block;
  }

  realloc(block: number, size: number): number {
    if (block === 0) return this.malloc(size);
    const words = this.words;
    const have = classSize(words[CLASSES + (block >>> 14)]);
    if (size <= have && size > have >>> 1) return block;
    const moved = this.malloc(size);
    const bytes = size < have ? size : have;
    if (bytes > 256) {
      const to = moved >>> 2;
      words.copyWithin(to, block >>> 2, (block + bytes + 3) >>> 2);
    } else {
      const distance = (moved - block) >> 2;
      const end = (block + bytes + 3) >>> 2;
      for (let k = block >>> 2; k < end; k++) words[k + distance] = words[k];
    }
    this.free(block);
    return moved;
  }

  #carve(c: number): number {
    const words = this.words;
    const size = classSize(c);
    const pages = (size + 16383) >>> 14;
    const page = words[NEXT_PAGE];
    if (page + pages > PAGES) {
      throw new RangeError("Cannot carve: no page left");
    }
    words[NEXT_PAGE] = page + pages;
    words[CLASSES + page] = c;
    const start = page << 14;
    const blocks = Math.floor((pages << 14) / size);
    let head = 0;
    for (let k = blocks - 1; k > 0; k--) {
      const p = start + k * size;
      words[CLASSES + (p >>> 14)] = c;
      words[p >>> 2] = head;
      head = p;
    }
    words[HEADS + c] = head;
    return start;
  }
}

/** An empty buffer for the lists. */
export function reserve(): SharedArrayBuffer {
  const buffer = new SharedArrayBuffer(PAGES << 14);
  new Int32Array(buffer)[NEXT_PAGE] = FIRST;
  return buffer;
}

/** The control, over 512 MiB of its own. */
export function open(_name: string): Adapter {
  const allocator = new FreeList(reserve());
  return {
    allocator,
    words: allocator.words,
    handle: null,
    keeps: true,
    gil: false,
    slow: false,
    safePoint() {},
    leave() {},
    enter() {},
    check: () => [],
    close() {},
  };
}

/** Refuses: two threads would tear the lists. */
export function join(_name: string, _handle: unknown): Adapter {
  throw new TypeError("Cannot join a free list: it has no lock");
}
