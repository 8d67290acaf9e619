/**
 * Control: `MemPool` of `npm:@thi.ng/malloc`, what a JavaScript program could
 * take from a registry today, over a SharedArrayBuffer.
 *
 * Its `free` walks the list of live blocks, so that W3 and W4 are cut short.
 *
 * @module
 */

import type { Adapter, Allocator } from "../adapter.ts";

// Not a literal in `import()`, so that checking types needs no network.
const MALLOC_PACKAGE = "npm:@thi.ng/malloc@6.1.150";

interface MemPool {
  malloc(size: number): number;
  calloc(size: number): number;
  realloc(block: number, size: number): number;
  free(block: number): boolean;
}

interface MallocPackage {
  MemPool: new (options: { buf: SharedArrayBuffer; align: number }) => MemPool;
}

class Pool implements Allocator {
  readonly #pool: MemPool;

  constructor(pool: MemPool) {
    this.#pool = pool;
  }

  malloc(size: number): number {
    return this.#pool.malloc(size);
  }
  calloc(count: number, size: number): number {
    return this.#pool.calloc(count * size);
  }
  realloc(block: number, size: number): number {
    return this.#pool.realloc(block, size);
  }
  free(block: number): void {
    this.#pool.free(block);
  }
}

/** The control, over 256 MiB of its own. */
export async function open(_name: string): Promise<Adapter> {
  const { MemPool }: MallocPackage = await import(MALLOC_PACKAGE);
  const buf = new SharedArrayBuffer(1 << 28);
  return {
    allocator: new Pool(new MemPool({ buf, align: 16 })),
    words: new Int32Array(buf),
    handle: null,
    keeps: true,
    gil: false,
    slow: true,
    safePoint() {},
    leave() {},
    enter() {},
    check: () => [],
    close() {},
  };
}

/** Refuses: two threads would tear the lists. */
export function join(_name: string, _handle: unknown): Adapter {
  throw new TypeError("Cannot join a MemPool: it has no lock");
}
