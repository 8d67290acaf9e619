/**
 * C46: a thread that exits leaves its blocks. They stay allocated, the heap
 * walk sees them, anybody may free them, and what is free in its pools serves
 * others.
 *
 * Source: CPython 3.14 Python/pystate.c, tstate_delete_common(); mimalloc 2.1
 * segment.c, abandoned segments.
 */

import { assert, assertEquals } from "@std/assert";
import { attach, createHeap } from "../../mod.ts";
import type { Build, Heap } from "../../mod.ts";
import {
  assertPainted,
  assertSound,
  BUILDS,
  type Domain,
  DOMAINS,
  IDIOMATIC,
  liveBlocks,
  pageAt,
  paint,
} from "../helpers/heap_fixture.ts";
import { Fleet } from "../helpers/workers.ts";
import type { Order } from "./exit_worker.ts";

const WORKER = new URL("./exit_worker.ts", import.meta.url);
const MAX_BYTES = 32 * 1024 * 1024;
const SIZES = [0, 1, 16, 48, 48, 48, 512, 513, 4000, 32768, 32769, 200000];

for (const build of BUILDS) {
  Deno.test(`C46: blocks of a worker that is gone live on (${build})`, async () => {
    using heap = createHeap({ build, maxBytes: MAX_BYTES });
    await using fleet = await Fleet.start(WORKER, 1);
    for (const domain of DOMAINS) {
      const order: Order = { handle: heap.handle, domain, sizes: SIZES };
      // The worker needs the GIL, which an awaiting test must not hold.
      heap.threads.detach();
      const blocks = await fleet.ask<number[]>(0, "allocateAndExit", order);
      heap.threads.attach();
      assertInherited(heap, domain, blocks);
    }
    assertSound(heap);
  });

  for (const domain of DOMAINS) {
    Deno.test(`C46: what was free serves others (${domain}, ${build})`, () => {
      adopt(build, domain);
    });
  }
}

/** The blocks are live and intact, and this worker can free them. */
function assertInherited(heap: Heap, domain: Domain, blocks: number[]): void {
  const calls = IDIOMATIC.calls(heap, domain);
  assertEquals(heap.stats().threads, 1);
  assertEquals(liveBlocks(heap, domain), SIZES.length);
  blocks.forEach((block, i) => assertPainted(heap, block, SIZES[i], i));
  assertSound(heap);
  const moved = calls.realloc(blocks[5], 100);
  assertPainted(heap, moved, 48, 5);
  blocks[5] = moved;
  blocks.forEach(calls.free);
  assertEquals(liveBlocks(heap, domain), 0);
}

/** A second thread state exits and leaves a pool that is half used. */
function adopt(build: Build, domain: Domain): void {
  using heap = createHeap({ build, maxBytes: MAX_BYTES });
  heap.threads.detach();
  const left: number[] = [];
  {
    using other = attach(heap.handle);
    const calls = IDIOMATIC.calls(other, domain);
    for (let i = 0; i < 340; i++) left.push(calls.malloc(48));
    for (let i = 1; i < 340; i += 2) calls.free(left[i]);
    for (let i = 0; i < 340; i += 2) paint(other, left[i], 48, i);
  }
  heap.threads.attach();
  const calls = IDIOMATIC.calls(heap, domain);
  const pages = new Set(left.map(pageAt));
  const fresh: number[] = [];
  for (let i = 0; i < 170; i++) fresh.push(calls.malloc(48));
  assert(
    fresh.every((block) => pages.has(pageAt(block))),
    "the pool of the thread that is gone is not used",
  );
  for (let i = 0; i < 340; i += 2) assertPainted(heap, left[i], 48, i);
  assertEquals(liveBlocks(heap, domain), 340);
  for (let i = 0; i < 340; i += 2) calls.free(left[i]);
  fresh.forEach(calls.free);
  assertEquals(liveBlocks(heap, domain), 0);
  assertSound(heap);
}
