/**
 * The `_debugmallocstats` text: of a workload small enough to count by hand,
 * and the sums that hold for every text.
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { createHeap } from "../../mod.ts";
import * as Report from "../../src/check/mod.ts";
import { withoutArenaMap } from "../../src/tools/mod.ts";

/** Three blocks of 16, 32 of 512 (two pools) and one freed again of 48. */
const EXPECTED = `Small block threshold = 512, in 32 size classes.

class   size   num pools   blocks in use  avail blocks
-----   ----   ---------   -------------  ------------
    0     16           1               3          1018
   31    512           2              32            30

# arenas allocated total           =                    1
# arenas reclaimed                 =                    0
# arenas highwater mark            =                    1
# arenas allocated current         =                    1
1 arenas * 1048576 bytes/arena     =            1,048,576

# bytes in allocated blocks        =               16,432
# bytes in available blocks        =               31,648
61 unused pools * 16384 bytes      =              999,424
# bytes lost to pool headers       =                  144
# bytes lost to quantization       =                  928
# bytes lost to arena alignment    =                    0
Total                              =            1,048,576

arena map counts
# arena map mid nodes              =                    1
# arena map bot nodes              =                    1

# bytes lost to arena map root     =            1,048,576
# bytes lost to arena map mid      =            2,097,152
# bytes lost to arena map bot      =            1,048,576
Total                              =            4,194,304
`;

/** The number that a line of a report gives. */
function figure(report: string, label: string): number {
  const line = report.split("\n").find((each) => each.includes(label)) ?? "";
  return Number(line.replace(/^.*=/, "").replaceAll(",", "").trim());
}

Deno.test("debugMallocStats() prints what can be counted by hand", () => {
  using heap = createHeap({ build: "gil", maxBytes: 1 << 30 });
  for (let k = 0; k < 3; k++) heap.obj.malloc(16);
  for (let k = 0; k < 32; k++) heap.obj.malloc(500);
  heap.obj.free(heap.obj.malloc(48));
  assertEquals(Report.debugMallocStats(heap.core.m), EXPECTED);
});

Deno.test("debugMallocStats() of an empty heap has no class lines", () => {
  using heap = createHeap({ build: "gil" });
  const report = Report.debugMallocStats(heap.core.m);
  assertMatch(report, /------------\n\n# arenas allocated total {11}= +0\n/);
  assertMatch(report, /^0 arenas \* 1048576 bytes\/arena {5}= +0$/m);
});

for (const build of ["gil", "free-threaded"] as const) {
  Deno.test(`debugMallocStats() adds up in the ${build} build`, () => {
    using heap = createHeap({ build });
    for (let k = 0; k < 9000; k++) {
      const block = heap.mem.malloc(k % 512 + 1);
      const other = heap.obj.malloc(k * 7 % 512 + 1);
      if (k % 3 === 0) heap.mem.free(block);
      if (k % 5 === 0) heap.obj.free(other);
    }
    const report = Report.debugMallocStats(heap.core.m);
    const parts = [
      "# bytes in allocated blocks",
      "# bytes in available blocks",
      "unused pools",
      "# bytes lost to pool headers",
      "# bytes lost to quantization",
      "# bytes lost to arena alignment",
    ].map((label) => figure(report, label));
    const total = figure(report, "bytes/arena");
    assert(total > 1 << 20, report);
    assertEquals(parts.reduce((sum, part) => sum + part, 0), total, report);
  });
}

Deno.test("countArenas() counts the blocks of every class", () => {
  using heap = createHeap({ build: "gil" });
  const blocks = Array.from({ length: 100 }, () => heap.mem.malloc(64));
  heap.obj.malloc(64);
  heap.mem.free(blocks[7]);
  const census = Report.countArenas(heap.core.m);
  assertEquals(census.blocks[3], 100);
  assertEquals(census.pools[3], 2);
  assertEquals(census.freePools, 62);
});

Deno.test("printone() pads the label to 35 columns, the value to 21", () => {
  const line = "# bytes                            =           12,345,678\n";
  assertEquals(Report.printone("# bytes", 12345678), line);
  assertEquals(Report.printone("x".repeat(40), 1).indexOf("="), 40);
});

Deno.test("grouped() puts a comma before each group of three digits", () => {
  const texts = [0, 12, 123, 1234, 123456, 1234567].map(Report.grouped);
  assertEquals(texts, ["0", "12", "123", "1,234", "123,456", "1,234,567"]);
});

Deno.test("withoutArenaMap() blanks six figures and no other", () => {
  const blanked = withoutArenaMap(EXPECTED).split("\n");
  const changed = EXPECTED.split("\n").flatMap((line, index) =>
    line === blanked[index] ? [] : [line.replace(/ *=.*/, "")]
  );
  assertEquals(changed, [
    "# arena map mid nodes",
    "# arena map bot nodes",
    "# bytes lost to arena map root",
    "# bytes lost to arena map mid",
    "# bytes lost to arena map bot",
    "Total",
  ]);
});
