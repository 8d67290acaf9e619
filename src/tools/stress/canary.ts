/**
 * Planted bugs: each makes the heap look broken in one way that the stress run
 * must find, or nobody could trust a run that finds nothing.
 *
 * | canary | what the broken heap does | what must be found |
 * |---|---|---|
 * | `double-hand-out` | gives out an address that is in use | `double-hand-out` |
 * | `overlap` | gives out an address inside a block in use | `damaged` |
 * | `lost-remote-free` | forgets a free of another worker's block | `lost-block` |
 * | `missed-domain-check` | frees in the wrong domain | `missed-check` |
 * | `dirty-calloc` | leaves a byte of a calloc as it was | `not-zeroed` |
 * | `short-copy` | loses the last kept bytes in a realloc | `lost-bytes` |
 * | `stuck` | does not return from a malloc | `hang` |
 *
 * These are mistakes of a program, which a heap that looks for them (`--malloc
 * debug`, `hardened`) must name, an `error`; others find the damage, if any:
 *
 * | canary | what one worker does | who must name it |
 * |---|---|---|
 * | `overflow` | writes one byte beyond what it may use of a block | `debug` |
 * | `double-free` | frees a block twice | both |
 * | `interior-free` | frees an address inside of a block | both |
 * | `use-after-free` | writes into a block that it has freed | both |
 * | `foreign-free` | frees a block in another domain | both |
 *
 * ## Threads
 *   Each worker has a canary of its own; only worker 0 gets the one that is
 *   stuck, so that the others show that they wait for it, and the mistakes.
 *
 * @module
 */

import { type Calls, HeapCalls } from "./calls.ts";
import { type Heap, PointerError } from "./heap.ts";
import type { KillCanary } from "./kill/canary.ts";
import { DOMAINS } from "./sizes.ts";

/** Names of the mistakes. */
export const MISTAKES = [
  "overflow",
  "double-free",
  "interior-free",
  "use-after-free",
  "foreign-free",
] as const;

/** Names of the planted bugs. */
export const CANARIES = [
  "double-hand-out",
  "overlap",
  "lost-remote-free",
  "missed-domain-check",
  "dirty-calloc",
  "short-copy",
  "stuck",
  ...MISTAKES,
] as const;

/** Name of a planted bug. */
export type Canary = typeof CANARIES[number];

/** Calls that go well before the first that does not. Count. */
const PATIENCE = 100;

/** A counter that strikes after {@linkcode PATIENCE}, and again and again. */
class Fuse {
  #burnt = 0;

  strikes(): boolean {
    return ++this.#burnt > PATIENCE && this.#burnt % 16 === 0;
  }
}

/** Remembers the last block of each domain that this worker still has. */
class Remembering extends HeapCalls {
  protected readonly fuse: Fuse = new Fuse();
  protected readonly address: number[] = [0, 0, 0];
  protected readonly size: number[] = [0, 0, 0];

  override malloc(domain: number, size: number): number {
    const address = super.malloc(domain, size);
    this.address[domain] = address;
    this.size[domain] = size;
    return address;
  }

  override realloc(domain: number, address: number, size: number): number {
    this.#forget(domain, address);
    return super.realloc(domain, address, size);
  }

  override free(domain: number, address: number, remote: boolean): void {
    this.#forget(domain, address);
    super.free(domain, address, remote);
  }

  #forget(domain: number, address: number): void {
    if (this.address[domain] === address) this.address[domain] = 0;
  }
}

class DoubleHandOut extends Remembering {
  override malloc(domain: number, size: number): number {
    const live = this.address[domain];
    const fits = live !== 0 && this.size[domain] >= size;
    if (fits && this.fuse.strikes()) return live;
    return super.malloc(domain, size);
  }
}

class Overlap extends Remembering {
  /** Blocks that do not exist, which a broken heap would not know. */
  readonly #planted = new Set<number>();

  override malloc(domain: number, size: number): number {
    const live = this.address[domain];
    const fits = live !== 0 && this.size[domain] >= size + 32 && size > 0;
    if (!fits || !this.fuse.strikes()) return super.malloc(domain, size);
    this.#planted.add(live + 16);
    return live + 16;
  }

  override sizeOf(domain: number, address: number): number {
    if (this.#planted.has(address)) return this.size[domain] - 16;
    return super.sizeOf(domain, address);
  }
}

class LostRemoteFree extends HeapCalls {
  readonly #fuse = new Fuse();

  override free(domain: number, address: number, remote: boolean): void {
    if (remote && this.#fuse.strikes()) return;
    super.free(domain, address, remote);
  }
}

class MissedDomainCheck extends HeapCalls {
  override free(domain: number, address: number, remote: boolean): void {
    try {
      super.free(domain, address, remote);
    } catch (error) {
      if (!(error instanceof PointerError)) throw error;
      this.#freeWhereverItIs(domain, address, error);
    }
  }

  #freeWhereverItIs(domain: number, address: number, error: Error): void {
    for (let other = 0; other < DOMAINS.length; other++) {
      if (other === domain) continue;
      try {
        return super.free(other, address, false);
      } catch {
        // Not of this domain either.
      }
    }
    throw error;
  }
}

class DirtyCalloc extends HeapCalls {
  readonly #fuse = new Fuse();

  override calloc(domain: number, elements: number, size: number): number {
    const address = super.calloc(domain, elements, size);
    const bytes = elements * size;
    const last = address + bytes - 1;
    if (bytes > 0 && this.#fuse.strikes()) this.heap.u8[last] = 0xcb;
    return address;
  }
}

class ShortCopy extends HeapCalls {
  readonly #fuse = new Fuse();

  override realloc(domain: number, address: number, size: number): number {
    const kept = Math.min(size, this.sizeOf(domain, address));
    const moved = super.realloc(domain, address, size);
    if (moved !== address && kept >= 4 && this.#fuse.strikes()) {
      this.heap.u8.fill(0, moved, moved + kept);
    }
    return moved;
  }
}

class Stuck extends HeapCalls {
  readonly #fuse = new Fuse();
  readonly #never = new Int32Array(new SharedArrayBuffer(4));

  override malloc(domain: number, size: number): number {
    if (this.#fuse.strikes()) this.#stay();
    return super.malloc(domain, size);
  }

  #stay(): never {
    while (true) Atomics.wait(this.#never, 0, 0, 1000);
  }
}

/** Makes a mistake now and then when it frees a block of its own. */
abstract class Mistaken extends HeapCalls {
  readonly #fuse = new Fuse();

  override free(domain: number, address: number, remote: boolean): void {
    if (remote || !this.#fuse.strikes()) {
      return super.free(domain, address, remote);
    }
    this.err(domain, address);
  }

  /** Frees the block, wrongly. */
  protected abstract err(domain: number, address: number): void;

  /** Frees the block as it should be. */
  protected release(domain: number, address: number): void {
    super.free(domain, address, false);
  }
}

class Overflow extends Mistaken {
  protected override err(domain: number, address: number): void {
    this.heap.u8[address + this.sizeOf(domain, address)] ^= 0x78;
    this.release(domain, address);
  }
}

class DoubleFree extends Mistaken {
  protected override err(domain: number, address: number): void {
    this.release(domain, address);
    this.release(domain, address);
  }
}

class InteriorFree extends Mistaken {
  protected override err(domain: number, address: number): void {
    const isLong = this.sizeOf(domain, address) >= 48;
    this.release(domain, isLong ? address + 32 : address);
  }
}

class UseAfterFree extends Mistaken {
  protected override err(domain: number, address: number): void {
    const isLong = this.sizeOf(domain, address) >= 64;
    this.release(domain, address);
    if (!isLong) return;
    // The link is there, and what no reader of reference counts may look at.
    this.heap.i32[address >>> 2] = 0x7a7a7a7a;
    this.heap.i32[(address >>> 2) + 8] = 0x7a7a7a7a;
  }
}

class ForeignFree extends Mistaken {
  protected override err(domain: number, address: number): void {
    this.release((domain + 1) % DOMAINS.length, address);
  }
}

/**
 * The calls of one worker, with a bug if one is to be planted.
 *
 * @param worker Number of the worker.
 */
export function plant(
  canary: Canary | KillCanary | undefined,
  heap: Heap,
  worker: number,
): Calls {
  switch (canary) {
    case "double-hand-out":
      return new DoubleHandOut(heap);
    case "overlap":
      return new Overlap(heap);
    case "lost-remote-free":
      return new LostRemoteFree(heap);
    case "missed-domain-check":
      return new MissedDomainCheck(heap);
    case "dirty-calloc":
      return new DirtyCalloc(heap);
    case "short-copy":
      return new ShortCopy(heap);
    case "stuck":
      return worker === 0 ? new Stuck(heap) : new HeapCalls(heap);
    case "overflow":
      return worker === 0 ? new Overflow(heap) : new HeapCalls(heap);
    case "double-free":
      return worker === 0 ? new DoubleFree(heap) : new HeapCalls(heap);
    case "interior-free":
      return worker === 0 ? new InteriorFree(heap) : new HeapCalls(heap);
    case "use-after-free":
      return worker === 0 ? new UseAfterFree(heap) : new HeapCalls(heap);
    case "foreign-free":
      return worker === 0 ? new ForeignFree(heap) : new HeapCalls(heap);
    default: // none, or one that the main thread plants
      return new HeapCalls(heap);
  }
}
