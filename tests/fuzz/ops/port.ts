/**
 * What the interpreter of op bytes calls: two thread states of one heap in one
 * worker, of which one is attached; and versions of it that are broken on
 * purpose.
 *
 * ## Threads
 *   One real worker; `switch()` detaches one thread state and attaches the
 *   other, so that frees of the other's blocks are remote.
 *
 * @module
 */

import {
  attach,
  type Build,
  type CheckReport,
  createHeap,
  type Heap,
  type MemPtr,
  type ObjPtr,
  type RawPtr,
} from "../../../mod.ts";
import * as Layout from "../../../src/layout/memory_map.ts";
import * as RunBins from "../../../src/layout/run_bins.ts";

const USED_PAGES = Layout.RUNS + RunBins.USED_PAGES;

/** A heap and its two thread states. Domains are numbers: RAW, MEM, OBJ. */
export class Port {
  /** The thread states; the second one comes and goes. */
  readonly heaps: [Heap, Heap];
  /** The attached one. */
  heap: Heap;

  /** A fresh heap. */
  constructor(build: Build, maxBytes: number) {
    const heap = createHeap({ build, maxBytes });
    heap.threads.detach();
    const guest = attach(heap.handle);
    guest.threads.detach();
    heap.threads.attach();
    this.heaps = [heap, guest];
    this.heap = heap;
  }

  /** `malloc` of a domain. */
  malloc(domain: number, nbytes: number): number {
    if (domain === 0) return this.heap.raw.malloc(nbytes);
    return domain === 1
      ? this.heap.mem.malloc(nbytes)
      : this.heap.obj.malloc(nbytes);
  }

  /** `calloc(1, nbytes)` of a domain. */
  calloc(domain: number, nbytes: number): number {
    if (domain === 0) return this.heap.raw.calloc(1, nbytes);
    return domain === 1
      ? this.heap.mem.calloc(1, nbytes)
      : this.heap.obj.calloc(1, nbytes);
  }

  /** `realloc` of a domain. */
  realloc(domain: number, block: number, nbytes: number): number {
    if (domain === 0) return this.heap.raw.realloc(block as RawPtr, nbytes);
    return domain === 1
      ? this.heap.mem.realloc(block as MemPtr, nbytes)
      : this.heap.obj.realloc(block as ObjPtr, nbytes);
  }

  /** `free` of a domain. */
  free(domain: number, block: number): void {
    if (domain === 0) this.heap.raw.free(block as RawPtr);
    else if (domain === 1) this.heap.mem.free(block as MemPtr);
    else this.heap.obj.free(block as ObjPtr);
  }

  /** Room in a block of a domain. Bytes. */
  sizeOf(domain: number, block: number): number {
    if (domain === 0) return this.heap.raw.sizeOf(block as RawPtr);
    return domain === 1
      ? this.heap.mem.sizeOf(block as MemPtr)
      : this.heap.obj.sizeOf(block as ObjPtr);
  }

  /** Detaches one thread state, attaches the other. */
  switch(): void {
    this.heap.threads.detach();
    this.heap = this.heaps[this.heap === this.heaps[0] ? 1 : 0];
    this.heap.threads.attach();
  }

  /** The thread state that is not attached exits, and a new one takes its place. */
  replace(): void {
    const at = this.heap === this.heaps[0] ? 1 : 0;
    this.heap.threads.detach();
    this.heaps[at].close();
    this.heaps[at] = attach(this.heap.handle);
    this.heaps[at].threads.detach();
    this.heap.threads.attach();
  }

  /** The first thread state alone, the other one closed, all trimmed. */
  settle(): void {
    const [first, second] = this.heaps;
    this.heap.threads.detach();
    second.close();
    this.heap = first;
    first.threads.attach();
    first.threads.safePoint();
    first.trim();
  }

  /** The checker's report. */
  check(): CheckReport {
    return this.heap.check();
  }

  /** Closes what is open. */
  close(): void {
    for (const heap of this.heaps) {
      if (!heap.isClosed && heap.core.isAttached) heap.close();
    }
    for (const heap of this.heaps) heap.close();
  }
}

/** A port whose `realloc` spoils the block if it fails. For exhaust.ts. */
export class SpoilingPort extends Port {
  override realloc(domain: number, block: number, nbytes: number): number {
    try {
      return super.realloc(domain, block, nbytes);
    } catch (error) {
      this.heap.i32[block >>> 2] ^= 1;
      throw error;
    }
  }
}

/** A port that leaves a count wrong if a call is cut short. For stack.ts. */
export class HalfDonePort extends Port {
  override malloc(domain: number, nbytes: number): number {
    this.heap.i32[USED_PAGES] += 1;
    const block = super.malloc(domain, nbytes);
    this.heap.i32[USED_PAGES] -= 1;
    return block;
  }
}

/** Names of the bugs that can be planted. */
export const BUGS = [
  "double-hand-out",
  "overlap",
  "misaligned",
  "short-copy",
  "dirty-calloc",
  "lost-free",
  "lost-remote-free",
  "stray-write",
] as const;
/** Name of a bug. */
export type Bug = typeof BUGS[number];

/** A port with a bug that shows after some calls. */
export class BrokenPort extends Port {
  readonly #bug: Bug;
  #calls = 0;
  #last = 0;

  /** A fresh heap with a bug. */
  constructor(build: Build, maxBytes: number, bug: Bug) {
    super(build, maxBytes);
    this.#bug = bug;
  }

  /** True for one call in 50, after the first 50. */
  #strikes(): boolean {
    return ++this.#calls % 50 === 0;
  }

  override malloc(domain: number, nbytes: number): number {
    const block = super.malloc(domain, nbytes);
    if (nbytes < 64 || nbytes > 512 || !this.#strikes()) {
      if (nbytes >= 64 && nbytes <= 512) this.#last = block;
      return block;
    }
    switch (this.#bug) {
      case "double-hand-out":
        return this.#last === 0 ? block : this.#last;
      case "overlap":
        return block - 32;
      case "misaligned":
        return block + 4;
      case "stray-write":
        this.heap.i32[(block >>> 2) - 4] = 0x5a5a5a5a;
    }
    return block;
  }

  override calloc(domain: number, nbytes: number): number {
    const block = super.calloc(domain, nbytes);
    if (this.#bug === "dirty-calloc" && nbytes > 8) {
      this.heap.u8[block + (nbytes >> 1)] = 1;
    }
    return block;
  }

  override realloc(domain: number, block: number, nbytes: number): number {
    const moved = super.realloc(domain, block, nbytes);
    if (this.#bug === "short-copy" && moved !== block && nbytes > 8) {
      this.heap.i32[moved >>> 2] = 0;
    }
    return moved;
  }

  override free(domain: number, block: number): void {
    const isLost = this.#bug === "lost-free" && this.#strikes();
    const isRemote = this.#bug === "lost-remote-free" &&
      this.heap !== this.heaps[0];
    if (!isLost && !isRemote) super.free(domain, block);
  }
}
