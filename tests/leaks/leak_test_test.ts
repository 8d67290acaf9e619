/** `withLeakCheck()` and `leakTest()`: they fail for a leak and only then. */

import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { createHeap } from "../../mod.ts";
import { LeakError, leakTest, withLeakCheck } from "../../src/tools/mod.ts";

const OPTIONS = { maxBytes: 16 << 20 };

Deno.test("withLeakCheck() returns what its function returns", async () => {
  using heap = createHeap(OPTIONS);
  heap.mem.malloc(48); // of before
  const text = withLeakCheck(heap, () => {
    heap.obj.free(heap.obj.malloc(48));
    return "done";
  });
  assertEquals(text, "done");
  assertEquals(await withLeakCheck(heap, () => Promise.resolve(7)), 7);
});

Deno.test("withLeakCheck() throws for a block that was left", async () => {
  using heap = createHeap(OPTIONS);
  const error = assertThrows(
    () => withLeakCheck(heap, () => heap.mem.malloc(48)),
    LeakError,
    "1 block left, 48 bytes:\n  1 block of 48 bytes in mem, held by thread 2",
  );
  assertEquals((error as LeakError).report.blocks, 1);
  await assertRejects(
    () => withLeakCheck(heap, () => Promise.resolve(heap.raw.malloc(48))),
    LeakError,
  );
});

Deno.test("leakTest() declares a test that fails for a leak", async () => {
  const tests: [string, (context: Deno.TestContext) => unknown][] = [];
  const { test } = Deno;
  const declare = (name: string, run: (t: Deno.TestContext) => unknown) => {
    tests.push([name, run]);
  };
  Object.assign(Deno, { test: declare });
  try {
    leakTest("clean", (heap) => heap.mem.free(heap.mem.malloc(48)), OPTIONS);
    leakTest("leaky", (heap) => void heap.mem.malloc(48), OPTIONS);
  } finally {
    Object.assign(Deno, { test });
  }
  assertEquals(tests.map(([name]) => name), ["clean", "leaky"]);
  const context = {} as Deno.TestContext;
  await tests[0][1](context);
  await assertRejects(async () => {
    await tests[1][1](context);
  }, LeakError);
});

leakTest("leakTest() runs as a test of Deno", async (heap, context) => {
  assertEquals(context.name, "leakTest() runs as a test of Deno");
  const block = heap.obj.malloc(100);
  await Promise.resolve();
  heap.obj.free(block);
}, OPTIONS);
