/** A worker that allocates, frees blocks of others, stays or leaves. */

import { attach, type Heap, type HeapHandle, type MemPtr } from "../../mod.ts";
import { Prng } from "../helpers/prng.ts";
import { FIRST_FREE, isStopped, serve } from "../helpers/workers.ts";

/** What the worker is asked to do. */
export interface Order {
  /** The heap. */
  readonly handle: HeapHandle;
  /** Blocks of MEM to free. */
  readonly free: readonly number[];
  /** Blocks to allocate: of MEM by who leaves, of OBJ by who stays. Bytes. */
  readonly sizes: readonly number[];
}

let heap: Heap | undefined;

serve<Order>({
  /** Attaches, frees, and stays with a detached thread state. */
  join({ handle, free }) {
    heap = attach(handle);
    for (const block of free) heap.mem.free(block as MemPtr);
    heap.threads.detach();
  },
  /** Allocates in OBJ. */
  allocate({ sizes }) {
    heap!.threads.attach();
    const blocks = sizes.map((nbytes) => heap!.obj.malloc(nbytes));
    heap!.threads.detach();
    return blocks;
  },
  /** Exits. */
  part() {
    heap!.close();
  },
  /** Keeps as many blocks as it has sizes, others all the time, until told. */
  churn({ handle, sizes }, control) {
    using visitor = attach(handle);
    const random = new Prng(sizes.length);
    const blocks = sizes.map((nbytes) => visitor.mem.malloc(nbytes));
    Atomics.add(control, FIRST_FREE, 1);
    while (!isStopped(control)) {
      for (let k = 0; k < 50; k++) {
        const i = random.below(blocks.length);
        visitor.mem.free(blocks[i]);
        blocks[i] = visitor.mem.malloc(random.below(40_000));
      }
      visitor.threads.safePoint();
    }
    for (const block of blocks) visitor.mem.free(block);
  },
  /** Comes, allocates in MEM and exits. */
  leave({ handle, sizes }) {
    using visitor = attach(handle);
    return sizes.map((nbytes) => visitor.mem.malloc(nbytes));
  },
});
