/**
 * What do the checks of a malloc and free pair cost?
 *
 * 1,000 pairs of 48 bytes an iteration, by an allocator that checks nothing, by
 * this library in both builds, and by the unchecked one under a lock, as shared
 * allocators are first written. The loops are written out, because one loop for
 * all would be compiled for all.
 *
 * Not shown: other sizes, other workers, memory that is not in the cache;
 * `deno task bench` measures those, each in a process of its own.
 *
 * `Deno.bench` is what replaced `@std/bench`.
 *
 * @module
 */

import { createHeap } from "../mod.ts";
import { openAdapter } from "./adapter.ts";

const PAIRS = 1000;
const GROUP = "1,000 pairs of 48 bytes";

const unchecked = (await openAdapter("free_list")).allocator;
const locked = (await openAdapter("free_list_lock")).allocator;
const freeThreaded = createHeap({ build: "free-threaded" });
const gil = createHeap({ build: "gil" });
// A live block each, so that no pool becomes empty.
freeThreaded.obj.malloc(48);
gil.obj.malloc(48);

Deno.bench("nothing: the loop", { group: GROUP }, () => {
  let sum = 0;
  for (let i = 0; i < PAIRS; i++) sum ^= i;
  if (sum < 0) throw new Error("Cannot be");
});

Deno.bench("free list, no check", { group: GROUP, baseline: true }, () => {
  for (let i = 0; i < PAIRS; i++) {
    const block = unchecked.malloc(48);
    unchecked.free(block);
  }
});

Deno.bench("heap.obj, free-threaded", { group: GROUP }, () => {
  for (let i = 0; i < PAIRS; i++) {
    const block = freeThreaded.obj.malloc(48);
    freeThreaded.obj.free(block);
  }
});

Deno.bench("heap.obj, GIL", { group: GROUP }, () => {
  for (let i = 0; i < PAIRS; i++) {
    const block = gil.obj.malloc(48);
    gil.obj.free(block);
  }
});

Deno.bench("free list, a lock per call", { group: GROUP }, () => {
  for (let i = 0; i < PAIRS; i++) {
    const block = locked.malloc(48);
    locked.free(block);
  }
});
