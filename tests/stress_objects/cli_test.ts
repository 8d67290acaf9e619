/**
 * `deno task stress:objects` as its users meet it: exit codes, texts, the JSON
 * object, messages.
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import type { Report } from "../../src/tools/stress_objects/run.ts";
import { torture } from "./run_tool.ts";

const SHORT = ["--workers", "2", "--ops", "2000", "--seed", "9"];

Deno.test("stress:objects prints a line for each build", async () => {
  const { code, out, err } = await torture(SHORT);
  assertEquals([code, err], [0, ""], out);
  assertMatch(out, /^gil: 2,000 steps in .* objects at the end\n/);
  assertMatch(out, /\nfree-threaded: 2,000 steps/);
  assertMatch(out, /Nothing found: 2 workers, seed 9; all counts are right/);
});

Deno.test("stress:objects --json prints one object", async () => {
  const args = [...SHORT, "--build", "free-threaded", "--json"];
  const { code, out } = await torture(args);
  assertEquals(code, 0, out);
  const report: Report = JSON.parse(out);
  assertEquals([report.ok, report.seed, report.findings], [true, 9, []]);
  assertEquals(report.cells.map(({ build }) => build), ["free-threaded"]);
  assert(report.cells[0].handed > 0);
});

Deno.test("stress:objects answers misuse with exit code 2 and no stack", async () => {
  const cases = [
    [["--ops", "1", "--seconds", "1"], /both --seconds and --ops/],
    [["--workers", "0"], /--workers to "0": expected a number from 1 to 64/],
    [["--canary", "dead-parrot"], /expected one of no-wait, torn-decref/],
    [["--canary", "no-wait"], /no-wait without --build free-threaded/],
  ] as const;
  for (const [args, message] of cases) {
    const { code, out, err } = await torture(args);
    assertEquals([code, out], [2, ""]);
    assertMatch(err, message);
    assertMatch(
      err,
      /^stress:objects: .*\nTry: deno task stress:objects --help\n$/,
    );
  }
});
