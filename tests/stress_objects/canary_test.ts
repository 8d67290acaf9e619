/**
 * Planted bugs: a torture that does not find them finds nothing. Each runs as
 * its users would start it, and must end with exit code 1, the right kind of
 * finding, the seed, and the command that repeats it.
 */

import { assert, assertEquals } from "@std/assert";
import {
  CANARIES,
  type Canary,
  FREE_THREADED_ONLY,
} from "../../src/tools/stress_objects/canary.ts";
import type { FindingKind } from "../../src/tools/stress_objects/finding.ts";
import { BUILDS, type Report } from "../../src/tools/stress_objects/run.ts";
import { torture } from "./run_tool.ts";

/** Found while the workers work, whatever they meet first. */
const AT_ONCE = ["--seconds", "60"];
/** Found when all is counted. */
const AT_THE_END = ["--ops", "20000"];

/** How long a run takes, and one of what it must find; any if there is none. */
const EXPECTED: Record<Canary, [readonly string[], readonly FindingKind[]]> = {
  "no-wait": [AT_ONCE, []],
  "torn-decref": [AT_ONCE, []],
  "skipped-merge": [AT_THE_END, ["wrong-count", "lost-object"]],
  "double-drop": [AT_ONCE, []],
  "lost-drop": [AT_THE_END, ["wrong-count", "lost-object"]],
  "stuck": [AT_ONCE, ["hang"]],
};

for (const canary of CANARIES) {
  for (const build of BUILDS) {
    if (build === "gil" && FREE_THREADED_ONLY.includes(canary)) continue;
    Deno.test(`The torture of objects finds ${canary} in ${build}`, async () => {
      const [length, kinds] = EXPECTED[canary];
      const timeout = canary === "stuck" ? "3" : "30";
      const args = [
        "--build",
        build,
        "--workers",
        "4",
        "--seed",
        "5",
        ...length,
      ];
      args.push("--canary", canary, "--timeout", timeout, "--json");
      const { code, out, err } = await torture(args);
      assertEquals(code, 1, out + err);
      const report: Report = JSON.parse(out);
      const found = report.findings.map(({ kind }) => kind);
      assert(found.length > 0);
      if (kinds.length === 0) return;
      assert(found.some((kind) => kinds.includes(kind)), out);
    });
  }
}

Deno.test("the command that is printed finds the canary again", async () => {
  const args = ["--build", "gil", "--workers", "2", "--ops", "3000"];
  const first = await torture([...args, "--canary", "double-drop"]);
  assertEquals(first.code, 1, first.out + first.err);
  const line = first.out.trimEnd().split("\n").at(-1) ?? "";
  const start = line.indexOf("--build");
  assert(line.includes("deno run -A ") && start > 0, line);
  const again = await torture(line.slice(start).split(" "));
  assertEquals(again.code, 1, again.out + again.err);
});
