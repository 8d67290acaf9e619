/** A worker that allocates, keeps some blocks and frees the others. */

import { attach, type HeapHandle } from "../../mod.ts";
import { type Domain, IDIOMATIC } from "../helpers/heap_fixture.ts";
import { Prng } from "../helpers/prng.ts";
import { serve } from "../helpers/workers.ts";

/** What the worker is asked to do. */
export interface Order {
  /** The heap. */
  readonly handle: HeapHandle;
  /** Domain to allocate in. */
  readonly domain: Domain;
  /** Seed of its sizes. */
  readonly seed: number;
  /** Blocks to allocate. Count. */
  readonly count: number;
  /** Of these, how many to keep. Count. */
  readonly kept: number;
}

serve<Order>({
  /** Returns what it keeps. */
  work({ handle, domain, seed, count, kept }) {
    using heap = attach(handle);
    const random = new Prng(seed);
    const calls = IDIOMATIC.calls(heap, domain);
    const blocks: number[] = [];
    for (let k = 0; k < count; k++) {
      const nbytes = random.below(10) > 0 ? random.below(600) : 40_000;
      blocks.push(calls.malloc(nbytes));
      if (k % 50 === 0) heap.threads.safePoint();
    }
    random.shuffle(blocks);
    blocks.splice(kept).forEach(calls.free);
    return blocks;
  },
});
