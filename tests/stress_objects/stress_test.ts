/**
 * Short runs of the torture of objects that must end well. Long runs are the
 * task `stress:objects`.
 *
 * The verdict of a run includes that each count is right, and that the heap is
 * as it was once all is dropped.
 */

import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  BUILDS,
  runObjectsStress,
} from "../../src/tools/stress_objects/run.ts";

for (const build of BUILDS) {
  for (const seed of [1, 2]) {
    Deno.test(`runObjectsStress() finds nothing in ${build}, seed ${seed}`, async () => {
      const ops = 40_000;
      const options = { builds: [build], workers: 4, ops, seed };
      const report = await runObjectsStress(options);
      const texts = report.findings.map(({ kind, text }) => `${kind}: ${text}`);
      assertEquals(texts, [], `deno task stress:objects ${report.replay}`);
      const [cell] = report.cells;
      assertEquals(cell.ops, ops);
      assert(cell.handed > ops / 10, "no object changed hands");
      assert(cell.threads > 4, "no worker had another thread state");
      assert(cell.collections > 2 && cell.collected > 0, "nothing collected");
      assert(cell.objects > 100, "nothing was left to judge");
    });
  }
}

Deno.test("runObjectsStress() does with one worker", async () => {
  const report = await runObjectsStress({ workers: 1, ops: 5000, seed: 3 });
  assertEquals([report.findings, report.cells.length], [[], BUILDS.length]);
});

Deno.test("runObjectsStress() runs for as long as it is told", async () => {
  const report = await runObjectsStress({ workers: 2, seconds: 1 });
  assertEquals(report.findings, []);
  for (const { seconds } of report.cells) assert(seconds >= 0.5);
});

Deno.test("runObjectsStress() refuses a number of workers it cannot have", async () => {
  await assertRejects(
    () => runObjectsStress({ workers: 0 }),
    RangeError,
    "Cannot run with 0 workers: expected 1 to 64",
  );
});
