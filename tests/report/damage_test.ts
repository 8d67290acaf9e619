/**
 * Reports of a heap whose tables are damaged at random: each of them ends, with
 * an answer or with a typed error, and changes nothing.
 */

import { assert, assertEquals } from "@std/assert";
import { createHeap, type Heap } from "../../mod.ts";
import * as ArenaObject from "../../src/layout/arena_object.ts";
import * as Layout from "../../src/layout/memory_map.ts";
import { BUILDS, DOMAINS, IDIOMATIC } from "../helpers/heap_fixture.ts";
import { Prng } from "../helpers/prng.ts";

const MAX_BYTES = 8 << 20;
const ROUNDS = 400;

/** A heap with blocks of all kinds in it. */
function used(heap: Heap, random: Prng): void {
  for (const domain of DOMAINS) {
    const calls = IDIOMATIC.calls(heap, domain);
    const blocks = Array.from(
      { length: 200 },
      () => calls.malloc(random.below(9) > 0 ? random.below(3000) : 40_000),
    );
    random.shuffle(blocks).splice(80).forEach(calls.free);
  }
}

/** Words that the reports go by: page map, records, arenas, links of blocks. */
function wordOf(heap: Heap, random: Prng): number {
  const { m } = heap.core;
  const [from, length] = random.pick([
    [Layout.PAGE_MAP, m.pages],
    [Layout.POOLS, m.pages * 8],
    [m.remotes, m.pages * 4],
    [Layout.ARENAS, (MAX_BYTES >>> Layout.ARENA_BITS) * ArenaObject.SIZEOF],
    [m.firstPage * 4096, (m.pages - m.firstPage) * 4096],
  ]);
  return from + random.below(length);
}

/** A value that might lead far, or nearly right. */
function valueFor(heap: Heap, word: number, random: Prng): number {
  const old = heap.i32[word];
  return random.pick([
    0,
    -1,
    0x7fffffff,
    old + 1,
    old - 1,
    old ^ (1 << random.below(32)),
    random.below(MAX_BYTES),
    heap.i32[wordOf(heap, random)],
  ]);
}

/** All reports. */
function reportAll(heap: Heap, random: Prng): void {
  assert(heap.usage().unusedBytes >= 0);
  assert(heap.approximateBlocks() >= 0);
  assert(heap.getAllocatedBlocks() >= 0);
  assert(heap.debugMallocStats().length < 20_000);
  assert(Deno.inspect(heap).length < 1000);
  assert(heap.leaks().toString().length > 0);
  for (let k = 0; k < 20; k++) {
    assert(heap.describe(random.below(MAX_BYTES)).toString().length > 0);
  }
}

for (const build of BUILDS) {
  for (const malloc of ["default", "hardened"] as const) {
    Deno.test(`reports of a damaged heap end (${build}, ${malloc})`, () => {
      using heap = createHeap({ build, malloc, maxBytes: MAX_BYTES });
      const random = new Prng(17);
      used(heap, random);
      const mark = heap.mark();
      for (let round = 0; round < ROUNDS; round++) {
        const words = [0, 1, 2].map(() => wordOf(heap, random));
        const old = words.map((word) => heap.i32[word]);
        for (const word of words) {
          heap.i32[word] = valueFor(heap, word, random);
        }
        reportAll(heap, random);
        words.forEach((word, k) => heap.i32[word] = old[k]);
      }
      assertEquals(heap.leaks(mark).blocks, 0);
      assertEquals(heap.check().findings, []);
    });
  }
}
