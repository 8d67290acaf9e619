/**
 * Addresses of 2 GiB and above, which do not fit an i32 as they are.
 *
 * A block of RAW takes the lower half of a heap of 4 GiB, so that everything
 * else lands in the upper half; then two thread states of one worker allocate,
 * resize and free in all domains, small to large, with a stamp in each block.
 */

import { assert, assertEquals } from "@std/assert";
import { attach, createHeap, type Heap } from "../../mod.ts";
import { Prng } from "../helpers/prng.ts";

const SEED = 20261122;
const STEPS = 60000;
const HALF = 2 ** 31;

interface Live {
  domain: "raw" | "mem" | "obj";
  block: number;
  stamp: number;
}

/** A size: mostly small, some medium, some large. */
function sizeFrom(random: Prng): number {
  const limit = [600, 600, 600, 40000, 300000][random.below(5)];
  return 4 + random.below(limit);
}

/** One random step with a heap that is attached. */
function step(heap: Heap, random: Prng, live: Live[], stamp: number): void {
  const { i32, core } = heap;
  if (live.length > 500 || (live.length > 0 && random.below(2) === 0)) {
    const at = random.below(live.length);
    const { domain, block, stamp: expected } = live[at];
    assertEquals(i32[block >>> 2], expected, `seed ${SEED}`);
    if (random.below(4) === 0) {
      const moved = core[domain].realloc(block as never, sizeFrom(random));
      assertEquals(i32[moved >>> 2], expected, `seed ${SEED}`);
      live[at].block = moved;
    } else {
      core[domain].free(block as never);
      live[at] = live[live.length - 1];
      live.pop();
    }
    return;
  }
  const domain = (["raw", "mem", "obj"] as const)[random.below(3)];
  const block = core[domain].malloc(sizeFrom(random));
  assert(block >= HALF, `0x${block.toString(16)} is below 2 GiB`);
  i32[block >>> 2] = stamp;
  live.push({ domain, block, stamp });
}

for (const build of ["free-threaded", "gil"] as const) {
  Deno.test(`all of it works above 2 GiB (${build})`, () => {
    const heap = createHeap({ build, maxBytes: 2 ** 32 });
    const lower = heap.raw.malloc(HALF - 1024 * 1024);
    const other = heap.threads.detached(() => {
      const second = attach(heap.handle);
      second.threads.detach();
      return second;
    });
    const random = new Prng(SEED);
    const live: Live[] = [];
    for (let k = 0; k < STEPS; k++) {
      if (random.below(50) !== 0) {
        step(heap, random, live, k);
        continue;
      }
      heap.threads.detached(() => {
        other.threads.attach();
        step(other, random, live, k);
        other.threads.detach();
      });
    }
    assertEquals(heap.check().findings, []);
    for (const { domain, block } of live) {
      heap.core[domain].free(block as never);
    }
    heap.raw.free(lower);
    heap.threads.detached(() => other.close());
    heap.trim();
    assertEquals(heap.check().findings, []);
    assertEquals(heap.stats().footprintBytes, 0);
    heap.close();
  });
}
