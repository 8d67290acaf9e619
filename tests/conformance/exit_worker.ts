/** A worker that allocates and exits, for `exit_test.ts`. */

import { attach, type HeapHandle } from "../../mod.ts";
import { IDIOMATIC, paint } from "../helpers/heap_fixture.ts";
import { serve } from "../helpers/workers.ts";
import type { Domain } from "../helpers/heap_fixture.ts";

/** What the worker is asked to do. */
export interface Order {
  /** The heap. */
  readonly handle: HeapHandle;
  /** Domain to allocate in. */
  readonly domain: Domain;
  /** Sizes to allocate. Bytes. */
  readonly sizes: readonly number[];
}

serve<Order>({
  allocateAndExit({ handle, domain, sizes }) {
    using heap = attach(handle);
    const calls = IDIOMATIC.calls(heap, domain);
    return sizes.map((nbytes, i) => {
      const block = calls.malloc(nbytes);
      paint(heap, block, nbytes, i);
      return block;
    });
  },
});
