/**
 * The report on a block whose allocation was traced: the first capture of
 * CPython, `PYTHONMALLOC=debug PYTHONTRACEMALLOC=10`.
 */

import { assertEquals } from "@std/assert";
import { BUILDS } from "../helpers/heap_fixture.ts";
import { ending, fatalOf, plain, withDebugHeap } from "./debug_heap.ts";

for (const build of BUILDS) {
  Deno.test(`hooks: overflow of a traced block (C23, ${build})`, () => {
    withDebugHeap(build, (heap) => {
      heap.tracemalloc.start(10);
      const p = heap.mem.malloc(16);
      heap.u8[p + 16] = 0x78;
      const error = fatalOf(() => heap.mem.free(p));
      heap.tracemalloc.stop();
      const report = error.report.replace(
        /^(Memory block allocated .*\n)( {2}File "[^"]+", line \d+\n)+$/m,
        "$1<places>\n",
      );
      assertEquals(
        plain(report),
        "Debug memory block at address p=<p>: API 'm'\n" +
          "    16 bytes originally requested\n" +
          "    The 7 pad bytes at p-7 are FORBIDDENBYTE, as expected.\n" +
          "    The 8 pad bytes at tail=<tail> are not all FORBIDDENBYTE " +
          "(0xfd):\n" +
          "        at tail+0: 0x78 *** OUCH\n" +
          [1, 2, 3, 4, 5, 6, 7].map((k) => `        at tail+${k}: 0xfd\n`)
            .join("") +
          "    Data at p: cd cd cd cd cd cd cd cd cd cd cd cd cd cd cd cd\n\n" +
          "Memory block allocated at (most recent call first):\n<places>\n\n" +
          ending(build, "_PyMem_DebugRawFree: bad trailing pad byte") +
          "\nAllocated by thread 2.\n",
      );
    });
  });
}
