/**
 * No allocator: what the loops of the benchmark cost by themselves.
 *
 * The "address" is the size and a base for each thread, so that the loop has
 * something to write to, which it shares with no other thread.
 *
 * @module
 */

import type { Adapter, Allocator } from "../adapter.ts";

class Floor implements Allocator {
  readonly #base: number;

  constructor(base: number) {
    this.#base = base;
  }

  malloc(size: number): number {
    return this.#base + size;
  }
  calloc(count: number, size: number): number {
    return this.#base + count * size;
  }
  realloc(_block: number, size: number): number {
    return this.#base + size;
  }
  free(_block: number): void {}
}

/** The floor, over 256 KiB of its own. */
export function open(name: string): Adapter {
  return join(name, new SharedArrayBuffer(1 << 18));
}

/** The floor, over the memory of another thread. */
export function join(_name: string, handle: unknown): Adapter {
  if (!(handle instanceof SharedArrayBuffer)) {
    throw new TypeError("Cannot join the floor: the handle is no buffer");
  }
  const words = new Int32Array(handle);
  return {
    allocator: new Floor(Atomics.add(words, 0, 1 << 16) + 64),
    words,
    handle,
    keeps: false,
    gil: false,
    slow: false,
    safePoint() {},
    leave() {},
    enter() {},
    check: () => [],
    close() {},
  };
}
