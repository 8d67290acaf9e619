/**
 * C01 to C08: what malloc, calloc, realloc and free promise in every domain,
 * both builds and both faces. PY_SSIZE_T_MAX is 2^53 − 1 here.
 *
 * Source: CPython 3.14 Doc/c-api/memory.rst; Lib/test/test_capi/test_mem.py,
 * test_pymem_alloc0.
 */

import { assert, assertEquals, assertNotEquals } from "@std/assert";
import {
  assertPainted,
  assertUnchanged,
  CELLS,
  eachCell,
  liveBlocks,
  offsetIn,
  paint,
  snapshot,
} from "../helpers/heap_fixture.ts";

const LIMIT = Number.MAX_SAFE_INTEGER;
const SIZES = [1, 16, 17, 512, 513, 4000, 32768, 32769, 200000, 1500000];

eachCell(CELLS, "C01: two malloc(0) are two blocks", (calls, heap, cell) => {
  const a = calls.malloc(0);
  const b = calls.malloc(0);
  assert(a !== 0 && b !== 0);
  assertNotEquals(a, b);
  assertEquals([a % 16, b % 16], [0, 0]);
  assertEquals(liveBlocks(heap, cell.domain), 2);
  calls.free(a);
  calls.free(b);
  assertEquals(liveBlocks(heap, cell.domain), 0);
});

eachCell(CELLS, "C02: calloc of nothing is a block", (calls) => {
  const blocks = [calls.calloc(0, 5), calls.calloc(5, 0), calls.calloc(0, 0)];
  assertEquals(new Set(blocks).size, 3);
  assert(!blocks.includes(0));
  blocks.forEach(calls.free);
});

eachCell(CELLS, "C03: a request beyond the limit gives NULL", (calls, heap) => {
  const block = calls.malloc(100);
  const before = snapshot(heap);
  for (const nbytes of [2 ** 63, 2 ** 63 - 1, 2 ** 53, LIMIT]) {
    assertEquals(calls.malloc(nbytes), 0, `malloc(${nbytes})`);
    assertEquals(calls.calloc(1, nbytes), 0, `calloc(1, ${nbytes})`);
    assertEquals(calls.calloc(nbytes, 1), 0, `calloc(${nbytes}, 1)`);
    assertUnchanged(heap, before, `requests of ${nbytes}`);
  }
  for (
    const [nelem, elsize] of [[2 ** 62, 4], [2 ** 51, 4], [2 ** 27, 2 ** 27]]
  ) {
    assertEquals(calls.calloc(nelem, elsize), 0, `calloc(${nelem}, ${elsize})`);
  }
  assertUnchanged(heap, before, "calloc that overflows");
  calls.free(block);
});

eachCell(CELLS, "C04: a request near the limit gives NULL", (calls, heap) => {
  const before = snapshot(heap);
  assertEquals(calls.malloc(2 ** 53 - 24), 0);
  assertEquals(calls.malloc(2 ** 53 - 25), 0);
  assertEquals(calls.malloc(heap.buffer.byteLength + 1), 0);
  assertEquals(calls.malloc(2 ** 32), 0);
  assertUnchanged(heap, before, "requests that no heap can serve");
});

eachCell(CELLS, "C05: realloc(NULL, n) is malloc(n)", (calls, heap, cell) => {
  const blocks = [0, ...SIZES].map((nbytes) => calls.realloc(0, nbytes));
  assert(!blocks.includes(0));
  assertEquals(new Set(blocks).size, blocks.length);
  assertEquals(liveBlocks(heap, cell.domain), blocks.length);
  blocks.forEach(calls.free);
});

eachCell(CELLS, "C06: realloc(p, 0) never frees", (calls, heap, cell) => {
  for (const nbytes of SIZES) {
    const block = calls.malloc(nbytes);
    const small = calls.realloc(block, 0);
    assertNotEquals(small, 0);
    assertEquals(liveBlocks(heap, cell.domain), 1, `after ${nbytes} bytes`);
    calls.free(small);
    assertEquals(liveBlocks(heap, cell.domain), 0);
  }
});

eachCell(CELLS, "C07: a failed realloc leaves the block", (calls, heap) => {
  for (const nbytes of SIZES) {
    const block = calls.malloc(nbytes);
    paint(heap, block, nbytes, nbytes);
    const before = snapshot(heap);
    const all = heap.buffer.byteLength;
    for (const wanted of [2 ** 63, 2 ** 53, LIMIT, all + 1]) {
      assertEquals(calls.realloc(block, wanted), 0, `${nbytes} to ${wanted}`);
      assertUnchanged(heap, before, `realloc of ${nbytes} to ${wanted}`);
    }
    assertPainted(heap, block, nbytes, nbytes);
    calls.free(block);
  }
});

eachCell(
  CELLS,
  "C07: so does one for which there is no room",
  (calls, heap) => {
    const block = calls.malloc(1000);
    paint(heap, block, 1000, 7);
    const hoard: number[] = [];
    for (let size = 1 << 22; size >= 1 << 14; size >>= 1) {
      for (let p = calls.malloc(size); p !== 0; p = calls.malloc(size)) {
        hoard.push(p);
      }
    }
    assertEquals(calls.realloc(block, 1 << 20), 0);
    assertPainted(heap, block, 1000, 7);
    hoard.forEach(calls.free);
    const moved = calls.realloc(block, 1 << 20);
    assertNotEquals(moved, 0);
    assertPainted(heap, moved, 1000, 7);
    calls.free(moved);
  },
);

eachCell(CELLS, "C08: free(NULL) is nothing", (calls, heap) => {
  const before = snapshot(heap);
  calls.free(0);
  calls.free(-0);
  assertUnchanged(heap, before, "free(NULL)");
});

eachCell(CELLS, "realloc keeps min(old, new) bytes", (calls, heap, cell) => {
  for (const from of SIZES) {
    for (const to of SIZES) {
      const block = calls.malloc(from);
      paint(heap, block, from, to);
      const moved = calls.realloc(block, to);
      assertEquals(moved % 16, 0);
      assertPainted(heap, moved, Math.min(from, to), to);
      calls.free(moved);
    }
  }
  assertEquals(liveBlocks(heap, cell.domain), 0);
});

eachCell(CELLS, "calloc zeroes what others have written", (calls, heap) => {
  for (const nbytes of SIZES) {
    const dirty = calls.malloc(nbytes);
    heap.u8.fill(0xee, dirty, dirty + nbytes);
    calls.free(dirty);
    const block = calls.calloc(nbytes, 1);
    const sum = heap.u8.subarray(block, block + nbytes).reduce((a, b) => a + b);
    assertEquals(sum, 0, `${nbytes} bytes`);
    calls.free(block);
  }
});

eachCell(CELLS, "live blocks of all sizes do not overlap", (calls, heap) => {
  const live: [number, number][] = [];
  for (let round = 0; round < 3; round++) {
    for (let nbytes = 0; nbytes <= 700; nbytes += 7) {
      live.push([calls.malloc(nbytes), nbytes]);
    }
    for (const nbytes of SIZES) live.push([calls.malloc(nbytes), nbytes]);
  }
  live.forEach(([block, nbytes], i) => paint(heap, block, nbytes, i));
  live.forEach(([block, nbytes], i) => assertPainted(heap, block, nbytes, i));
  for (const [block] of live) {
    assertEquals(block % 16, 0);
    assert(offsetIn(block) !== 0 || block >= 1 << 20, "in the first pages");
    calls.free(block);
  }
});
