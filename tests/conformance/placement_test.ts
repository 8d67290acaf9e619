/**
 * C11 to C16: which pool a request goes to, where in the pool its block lies,
 * and when a realloc stays in place.
 *
 * Source: CPython 3.14 Objects/obmalloc.c, pymalloc_alloc(),
 * pymalloc_realloc().
 */

import { assert, assertEquals, assertNotEquals } from "@std/assert";
import * as PageMap from "../../src/layout/page_map.ts";
import {
  CELLS,
  classAt,
  domainAt,
  DOMAINS,
  eachCell,
  kindAt,
  offsetIn,
  pageAt,
  PYMALLOC_CELLS,
} from "../helpers/heap_fixture.ts";

/** CPython's blocks per pool of 16 KiB, for sizes 16, 32, … 512. */
// deno-fmt-ignore
const BLOCKS_PER_POOL = [
  1021, 510, 340, 255, 204, 170, 145, 127, 113, 102, 92, 85, 78, 72, 68, 63,
  60, 56, 53, 51, 48, 46, 44, 42, 40, 39, 37, 36, 35, 34, 32, 31,
];

/** What stays in place, CPython's figures: block size, smallest, largest. */
const IN_PLACE: readonly (readonly [number, number, number])[] = [
  [16, 13, 16],
  [32, 25, 32],
  [48, 37, 48],
  [64, 49, 64],
  [112, 85, 112],
  [128, 97, 128],
  [208, 157, 208],
  [256, 193, 256],
  [512, 385, 512],
];

eachCell(CELLS, "C11: sizes go to CPython's classes", (calls, heap, cell) => {
  const classes = [[1, 0], [16, 0], [17, 1], [32, 1], [33, 2], [512, 31]];
  for (const [nbytes, szidx] of classes) {
    const block = calls.malloc(nbytes);
    assertEquals(kindAt(heap, block), PageMap.POOL, `${nbytes} bytes`);
    assertEquals(classAt(heap, block), szidx, `${nbytes} bytes`);
    assertEquals(domainAt(heap, block), DOMAINS.indexOf(cell.domain));
    calls.free(block);
  }
});

eachCell(CELLS, "C11: 513 bytes are not for pymalloc", (calls, heap, cell) => {
  const block = calls.malloc(513);
  assertNotEquals(kindAt(heap, block), PageMap.POOL);
  // They are still of the domain that asked, whoever serves it.
  assertEquals(domainAt(heap, block), DOMAINS.indexOf(cell.domain));
  calls.free(block);
});

eachCell(PYMALLOC_CELLS, "C11: neither are 0 bytes", (calls, heap, cell) => {
  const block = calls.malloc(0);
  assertEquals(kindAt(heap, block), PageMap.VIA_RAW);
  assertEquals(domainAt(heap, block), DOMAINS.indexOf(cell.domain));
  calls.free(block);
});

eachCell(CELLS, "C12: a pool has CPython's number of blocks", (calls) => {
  for (const [szidx, count] of BLOCKS_PER_POOL.entries()) {
    const size = 16 * (szidx + 1);
    const blocks: number[] = [];
    for (let i = 0; i < count; i++) blocks.push(calls.malloc(size));
    const pages = new Set(blocks.map(pageAt));
    assertEquals(pages.size, 1, `${count} blocks of ${size} bytes`);
    assertEquals(new Set(blocks).size, count);
    const next = calls.malloc(size);
    assert(!pages.has(pageAt(next)), `${count} + 1 blocks of ${size} bytes`);
    blocks.forEach(calls.free);
    calls.free(next);
  }
});

eachCell(CELLS, "C13: blocks are carved from offset 48 on", (calls) => {
  for (let size = 16; size <= 512; size += 16) {
    const blocks = [calls.malloc(size), calls.malloc(size), calls.malloc(size)];
    assertEquals(blocks.map(offsetIn), [48, 48 + size, 48 + 2 * size]);
    assertEquals(new Set(blocks.map(pageAt)).size, 1);
  }
});

eachCell(CELLS, "C14: a pool gives back what it got last", (calls) => {
  for (const size of [16, 64, 200, 512]) {
    const a = calls.malloc(size);
    const b = calls.malloc(size);
    const c = calls.malloc(size);
    calls.malloc(size);
    [a, b, c].forEach(calls.free);
    const again = [calls.malloc(size), calls.malloc(size), calls.malloc(size)];
    assertEquals(again, [c, b, a]);
  }
});

eachCell(
  CELLS.filter((cell) => cell.build === "gil"),
  "C14: a full pool that gets a block is used first",
  (calls) => {
    const full: number[] = [];
    for (let i = 0; i < 31; i++) full.push(calls.malloc(512));
    const other = calls.malloc(512);
    assertNotEquals(pageAt(other), pageAt(full[0]));
    calls.free(full[10]);
    assertEquals(calls.malloc(512), full[10]);
  },
);

eachCell(
  CELLS.filter((cell) => cell.build === "free-threaded"),
  "a full pool that gets a block waits behind the others",
  (calls) => {
    const full: number[] = [];
    for (let i = 0; i < 31; i++) full.push(calls.malloc(512));
    const other = calls.malloc(512);
    calls.free(full[10]);
    for (let i = 1; i < 31; i++) {
      assertEquals(pageAt(calls.malloc(512)), pageAt(other));
    }
    assertEquals(calls.malloc(512), full[10]);
  },
);

eachCell(
  CELLS.filter((cell) => cell.domain !== "raw"),
  "C15: a block shrinks in place unless a quarter can be saved",
  (calls) => {
    for (const [size, smallest, largest] of IN_PLACE) {
      for (let nbytes = 1; nbytes <= 513; nbytes++) {
        const block = calls.malloc(size);
        const moved = calls.realloc(block, nbytes);
        const stays = nbytes >= smallest && nbytes <= largest;
        assertEquals(moved === block, stays, `${size} bytes to ${nbytes}`);
        calls.free(moved);
      }
    }
  },
);

eachCell(
  PYMALLOC_CELLS,
  "C16: what pymalloc did not serve stays with RAW",
  (calls, heap, cell) => {
    for (const nbytes of [0, 513, 1000, 100000]) {
      const block = calls.malloc(nbytes);
      const moved = calls.realloc(block, 10);
      assertNotEquals(moved, 0);
      assertEquals(kindAt(heap, moved), PageMap.VIA_RAW, `${nbytes} bytes`);
      assertEquals(domainAt(heap, moved), DOMAINS.indexOf(cell.domain));
      calls.free(moved);
    }
  },
);
