/**
 * What does a safe point cost, in every step or in every thousandth?
 *
 * A long loop has to pass safe points, or others never get the GIL and the
 * world cannot be stopped. 10,000 pairs of malloc and free an iteration.
 *
 * Not shown: a safe point at which somebody waits; that costs a hand-over.
 *
 * `Deno.bench` is what replaced `@std/bench`.
 *
 * @module
 */

import { createHeap } from "../mod.ts";

const STEPS = 10000;
const GROUP = "10,000 pairs of 48 bytes";

const heap = createHeap({ build: "gil" });
heap.obj.malloc(48); // stays live, so that no pool becomes empty

Deno.bench("no safe point", { group: GROUP, baseline: true }, () => {
  for (let i = 0; i < STEPS; i++) {
    heap.obj.free(heap.obj.malloc(48));
  }
});

Deno.bench("one every 1,000 steps", { group: GROUP }, () => {
  for (let i = 0; i < STEPS; i++) {
    heap.obj.free(heap.obj.malloc(48));
    if (i % 1000 === 0) heap.threads.safePoint();
  }
});

Deno.bench("one every step", { group: GROUP }, () => {
  for (let i = 0; i < STEPS; i++) {
    heap.obj.free(heap.obj.malloc(48));
    heap.threads.safePoint();
  }
});
