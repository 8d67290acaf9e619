/**
 * Control: the free list of `free_list.ts` with one lock around each call, as
 * an allocator shared by workers would first be written.
 *
 * ## Threads
 *   Word 0 of the buffer is the lock: 0 free, 1 held. Who waits spins.
 *
 * @module
 */

import type { Adapter, Allocator, Words } from "../adapter.ts";
import { FreeList, reserve } from "./free_list.ts";

class LockedFreeList implements Allocator {
  readonly words: Words;
  readonly #list: FreeList;

  constructor(list: FreeList) {
    this.#list = list;
    this.words = list.words;
  }

  malloc(size: number): number {
    this.#lock();
    const block = this.#list.malloc(size);
    Atomics.store(this.words, 0, 0);
    return block;
  }

  calloc(count: number, size: number): number {
    this.#lock();
    const block = this.#list.calloc(count, size);
    Atomics.store(this.words, 0, 0);
    return block;
  }

  realloc(block: number, size: number): number {
    this.#lock();
    const moved = this.#list.realloc(block, size);
    Atomics.store(this.words, 0, 0);
    return moved;
  }

  free(block: number): void {
    this.#lock();
    this.#list.free(block);
    Atomics.store(this.words, 0, 0);
  }

  #lock(): void {
    while (Atomics.compareExchange(this.words, 0, 0, 1) !== 0) Atomics.pause();
  }
}

/** The control, over 512 MiB of its own. */
export function open(name: string): Adapter {
  return join(name, reserve());
}

/** The control, over the memory of another thread. */
export function join(_name: string, handle: unknown): Adapter {
  if (!(handle instanceof SharedArrayBuffer)) {
    throw new TypeError("Cannot join a free list: the handle is no buffer");
  }
  const allocator = new LockedFreeList(new FreeList(handle));
  return {
    allocator,
    words: allocator.words,
    handle,
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
