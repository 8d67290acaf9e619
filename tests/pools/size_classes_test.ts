/**
 * S1, S2: size classes against the table of CPython (facts of pymalloc) and
 * against plain arithmetic, for every size and every offset there is.
 */

import { assert, assertEquals } from "@std/assert";
import { SizeClasses } from "../../src/pools/mod.ts";

/** Blocks of a 16 KiB pool with a 48-byte header, for 16, 32, … 512 bytes. */
const NUMBLOCKS = [
  [1021, 510, 340, 255, 204, 170, 145, 127],
  [113, 102, 92, 85, 78, 72, 68, 63],
  [60, 56, 53, 51, 48, 46, 44, 42],
  [40, 39, 37, 36, 35, 34, 32, 31],
].flat();

Deno.test("SizeClasses.capacity() is CPython's for small classes", () => {
  const counts = NUMBLOCKS.map((_, szidx) => SizeClasses.capacity(szidx));
  assertEquals(counts, NUMBLOCKS);
});

Deno.test("SizeClasses.classOf() is the first class that holds n (S1)", () => {
  for (let n = 1; n <= SizeClasses.MEDIUM_REQUEST_THRESHOLD; n++) {
    const szidx = SizeClasses.classOf(n);
    assert(SizeClasses.blockSize(szidx) >= n);
    if (szidx > 0) assert(SizeClasses.blockSize(szidx - 1) < n);
  }
  const last = SizeClasses.classOf(SizeClasses.MEDIUM_REQUEST_THRESHOLD);
  assertEquals(last, SizeClasses.CLASSES - 1);
});

Deno.test("SizeClasses: every pool has 8 blocks and wastes little (S2)", () => {
  for (let szidx = 0; szidx < SizeClasses.CLASSES; szidx++) {
    const size = SizeClasses.blockSize(szidx);
    const bytes = SizeClasses.pagesOf(szidx) * 16384;
    assert(SizeClasses.capacity(szidx) >= 8);
    assertEquals(size % 16, 0);
    assert(bytes - SizeClasses.capacity(szidx) * size < bytes / 8);
  }
});

Deno.test("SizeClasses.isBlockStart() is exact", () => {
  for (let szidx = 0; szidx < SizeClasses.CLASSES; szidx++) {
    const size = SizeClasses.blockSize(szidx);
    const first = SizeClasses.firstOffset(szidx);
    assert(!SizeClasses.isBlockStart(szidx, first - 16));
    for (let units = 0; units < 1024; units++) {
      const isStart = (16 * units) % size === 0;
      const offset = first + 16 * units;
      assertEquals(SizeClasses.isBlockStart(szidx, offset), isStart);
    }
  }
});
