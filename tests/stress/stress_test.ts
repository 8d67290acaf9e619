/**
 * Short stress runs that must end well: each shape in each build, with real
 * workers. Long runs are the task `stress`.
 *
 * The verdict of a run includes the check of the heap, and the proof that it
 * is empty at the end.
 */

import {
  assert,
  assertEquals,
  assertNotEquals,
  assertRejects,
} from "@std/assert";
import { BUILDS, runStress } from "../../src/tools/stress/run.ts";
import { SHAPES } from "../../src/tools/stress/task.ts";

const OPS = 4000;
/** Long enough for a machine that compiles the workers first. Seconds. */
const TIMEOUT = 60;

for (const build of BUILDS) {
  for (const shape of SHAPES) {
    Deno.test(`runStress() finds nothing in ${build} ${shape}`, async () => {
      const report = await runStress({
        builds: [build],
        shapes: [shape],
        workers: 3,
        ops: OPS,
        seed: 20260101,
        timeout: TIMEOUT,
      });
      const texts = report.findings.map(({ kind, text }) => `${kind}: ${text}`);
      assertEquals(texts, [], `deno task stress ${report.replay}`);
      assert(report.ok);
      const [cell] = report.cells;
      assert(cell.ops > OPS, "the workers did nothing");
      assert(cell.remoteFrees > 0, "no block changed hands");
      assert(cell.probes > 0, "nothing was refused");
      assert(cell.checks > 0, "the heap was never checked");
      assert(cell.livePeakBytes > 0 && cell.footprintPeakBytes > 0);
      if (shape === "churn") assert(cell.lives > 3, "no worker came and went");
    });
  }
}

Deno.test("runStress() makes the same choices for the same seed", async () => {
  const options = { shapes: ["larson"], workers: 3, ops: 1500 } as const;
  async function opsOf(seed: number): Promise<number[]> {
    const report = await runStress({ ...options, seed, timeout: TIMEOUT });
    return report.cells.map(({ ops }) => ops);
  }
  const [gil, freeThreaded] = await opsOf(1);
  assertEquals(freeThreaded, gil);
  assertEquals(await opsOf(1), [gil, gil]);
  assertNotEquals(await opsOf(2), [gil, gil]);
});

Deno.test("runStress() does with one worker", async () => {
  const report = await runStress({ workers: 1, ops: 300, timeout: TIMEOUT });
  assertEquals(report.findings, []);
  assertEquals(report.cells.length, BUILDS.length * SHAPES.length);
});

Deno.test("runStress() finds nothing in a heap that is too small", async () => {
  const report = await runStress({
    shapes: ["larson", "mstress"],
    workers: 2,
    ops: 4000,
    seed: 3,
    maxBytes: 12582912,
    timeout: TIMEOUT,
  });
  assertEquals(report.findings, []);
  for (const { memoryErrors } of report.cells) {
    assert(memoryErrors > 0, "the heap was not exhausted");
  }
});

Deno.test("runStress() refuses a number of workers it cannot have", async () => {
  await assertRejects(
    () => runStress({ workers: 65 }),
    RangeError,
    "Cannot run with 65 workers: expected 1 to 64",
  );
});
