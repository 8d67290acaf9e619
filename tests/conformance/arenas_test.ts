/**
 * C17 to C20: when an arena is given back, which arena is used next, and what
 * the figures of the report add up to.
 *
 * Source: CPython 3.14 Objects/obmalloc.c, allocate_from_new_pool(),
 * insert_to_freepool(), pymalloc_print_stats().
 */

import { assert, assertEquals, assertNotEquals } from "@std/assert";
import type { Heap } from "../../mod.ts";
import * as ArenaObject from "../../src/layout/arena_object.ts";
import * as ArenaSet from "../../src/layout/arena_set.ts";
import * as Layout from "../../src/layout/memory_map.ts";
import { countArenas } from "../../src/check/mod.ts";
import {
  type Calls,
  CELLS,
  classAt,
  eachCell,
  PYMALLOC_CELLS,
} from "../helpers/heap_fixture.ts";
import { Prng } from "../helpers/prng.ts";

/** Largest pymalloc block, and how many of them fill an arena: 64 pools. */
const SIZE = 512;
const PER_POOL = 31;
const PER_ARENA = 64 * PER_POOL;

function arenaAt(block: number): number {
  return block >>> Layout.ARENA_BITS;
}

function fillArenas(calls: Calls, count: number): number[][] {
  const blocks = new Map<number, number[]>();
  for (let i = 0; i < count * PER_ARENA; i++) {
    const block = calls.malloc(SIZE);
    const arena = arenaAt(block);
    if (!blocks.has(arena)) blocks.set(arena, []);
    blocks.get(arena)?.push(block);
  }
  assertEquals(blocks.size, count);
  return [...blocks.values()];
}

/** Arenas now, and arenas given back so far. */
function counts(heap: Heap): [number, number] {
  const { arenas, allocatedTotal } = countArenas(heap.core.m);
  return [arenas, allocatedTotal - arenas];
}

eachCell(PYMALLOC_CELLS, "C17: an empty arena is given back", (calls, heap) => {
  const [first, second, third] = fillArenas(calls, 3);
  assertEquals(counts(heap), [3, 0]);
  // The first to be empty is the last of the usable ones and stays.
  first.forEach(calls.free);
  assertEquals(counts(heap), [3, 0]);
  second.forEach(calls.free);
  assertEquals(counts(heap), [2, 1]);
  third.forEach(calls.free);
  assertEquals(counts(heap), [1, 2]);
  assertEquals(heap.stats().arenasHighwater, 3);
});

eachCell(PYMALLOC_CELLS, "C18: the only arena is kept", (calls, heap) => {
  for (let round = 0; round < 3; round++) {
    const [blocks] = fillArenas(calls, 1);
    blocks.forEach(calls.free);
    assertEquals(counts(heap), [1, 0]);
  }
  const block = calls.malloc(1);
  calls.free(block);
  assertEquals(counts(heap), [1, 0]);
});

/** Arena numbers of the usable arenas, in the order of the list. */
function usableArenas(heap: Heap): number[] {
  const { i32 } = heap;
  const arenas: number[] = [];
  let at = i32[Layout.ARENA_SET + ArenaSet.USABLE_ARENAS];
  for (; at !== 0; at = i32[at + ArenaObject.NEXTARENA]) {
    arenas.push((at - Layout.ARENAS) >> ArenaObject.SHIFT);
    assert(arenas.length <= 64, "the list is a ring");
  }
  return arenas;
}

function freePools(heap: Heap, arena: number): number {
  const object = Layout.ARENAS + (arena << ArenaObject.SHIFT);
  return heap.i32[object + ArenaObject.NFREEPOOLS];
}

eachCell(
  PYMALLOC_CELLS,
  "C19: usable arenas are in order, the fullest is used next",
  (calls, heap) => {
    const random = new Prng(19);
    let live = random.shuffle(fillArenas(calls, 4).flat());
    for (let round = 0; live.length > 0; round++) {
      const rest = live.slice(0, Math.floor(live.length * 0.8) - 10);
      live.slice(rest.length).forEach(calls.free);
      live = rest;
      const arenas = usableArenas(heap);
      const free = arenas.map((arena) => freePools(heap, arena));
      assertEquals(free, free.toSorted((a, b) => a - b), `round ${round}`);
      if (arenas.length === 0) continue;
      // No pool of this class exists yet, so one must come from an arena.
      const probe = calls.malloc(16 * (1 + round % 31));
      assertEquals(arenaAt(probe), arenas[0], `round ${round}`);
      assertNotEquals(classAt(heap, probe), 31);
      calls.free(probe);
    }
    assertEquals(counts(heap)[0], 1);
  },
);

eachCell(CELLS, "C20: the report adds up", (calls, heap) => {
  const random = new Prng(20);
  const live: number[] = [];
  for (let step = 0; step < 30000; step++) {
    if (live.length > 0 && random.below(5) < 2) {
      const i = random.below(live.length);
      calls.free(live[i]);
      live[i] = live[live.length - 1];
      live.pop();
    } else {
      live.push(calls.malloc(1 + random.below(512)));
    }
    if (step % 3000 === 0) assertSums(heap);
  }
  assertSums(heap);
  live.forEach(calls.free);
  assertSums(heap);
});

/** What the report's figures must fulfil, class by class and in sum. */
function assertSums(heap: Heap): void {
  for (const set of [Layout.ARENA_SET, Layout.RAW_ARENA_SET]) {
    const census = countArenas(heap.core.m, set);
    let bytes = census.freePools * 16384;
    for (let szidx = 0; szidx < 32; szidx++) {
      const size = 16 * (szidx + 1);
      const perPool = Math.floor((16384 - 48) / size);
      const blocks = census.blocks[szidx];
      const available = census.pools[szidx] * perPool - blocks;
      assert(available >= 0, `class ${szidx} has too many blocks`);
      const quantization = 16384 - 48 - perPool * size;
      bytes += (blocks + available) * size +
        census.pools[szidx] * (48 + quantization);
    }
    assertEquals(bytes, census.arenas * 1048576);
  }
}
