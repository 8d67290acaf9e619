/**
 * Planted bugs: a stress run that does not find them finds nothing. Each runs
 * as its users would start it, and must end with exit code 1, the right kind
 * of finding, the seed, and a command that finds it again.
 */

import { assert, assertEquals } from "@std/assert";
import { CANARIES, MISTAKES } from "../../src/tools/stress/canary.ts";
import { BUILDS } from "../../src/tools/stress/run.ts";
import { stress } from "./run_stress.ts";

/** What the run must find, by the name of the canary. */
const EXPECTED: Readonly<Record<string, string>> = {
  "double-hand-out": "double-hand-out",
  "overlap": "damaged",
  "lost-remote-free": "lost-block",
  "missed-domain-check": "missed-check",
  "dirty-calloc": "not-zeroed",
  "short-copy": "lost-bytes",
  "stuck": "hang",
};

/** Kinds of all findings of a run with `--json`. */
function kindsOf(out: string): string[] {
  const report: { findings: { kind: string }[] } = JSON.parse(out);
  return report.findings.map(({ kind }) => kind);
}

for (const canary of Object.keys(EXPECTED)) {
  for (const build of BUILDS) {
    Deno.test(`stress finds the canary ${canary} in ${build}`, async () => {
      const args = ["--build", build, "--shape", "larson", "--seed", "5"];
      args.push("--workers", "3", "--ops", "4000", "--timeout", "2");
      args.push("--canary", canary, "--json");
      const { code, out, err } = await stress(args);
      assertEquals(code, 1, out + err);
      const kinds = kindsOf(out);
      assert(kinds.includes(EXPECTED[canary]), kinds.join(", "));
    });
  }
}

/**
 * What a wary heap must say of a mistake: with debug hooks, and hardened; null
 * where it need not know. Overflows are for the hooks: they have fences.
 */
const VERDICTS: Readonly<
  Record<string, [debug: RegExp, hardened: RegExp | null]>
> = {
  "overflow": [/_PyMem_Debug\w+: bad trailing pad byte/, null],
  "double-free": [
    /bad ID: Allocated using API '\\xdd', verified using API '[rmo]'/,
    /thread \d+ has freed it already|its page is free/,
  ],
  "interior-free": [
    /bad ID: Allocated using API '[^rmo]+', verified using API '[rmo]'/,
    /no block starts there/,
  ],
  "use-after-free": [
    /bad dead byte: block was written to while free/,
    /something wrote into a freed block of page \d+/,
  ],
  "foreign-free": [
    /bad ID: Allocated using API '([rmo])', verified using API '(?!\1)[rmo]'/,
    /it is a block of the \w+ domain/,
  ],
};

Deno.test("all canaries have tests", () => {
  assertEquals(
    [...Object.keys(EXPECTED), ...Object.keys(VERDICTS)],
    [...CANARIES],
  );
  assertEquals(Object.keys(VERDICTS), [...MISTAKES]);
});

for (const canary of MISTAKES) {
  for (const [k, malloc] of (["debug", "hardened"] as const).entries()) {
    const verdict = VERDICTS[canary][k];
    for (const build of verdict === null ? [] : BUILDS) {
      Deno.test(`stress --malloc ${malloc} names ${canary} in ${build}`, async () => {
        const args = ["--build", build, "--shape", "larson", "--seed", "5"];
        args.push("--workers", "3", "--ops", "4000", "--malloc", malloc);
        const { code, out, err } = await stress([...args, "--canary", canary]);
        assertEquals(code, 1, out + err);
        assert(verdict?.test(out), out + err);
      });
    }
  }
}

Deno.test("a lost free is found by the proof of emptiness too", async () => {
  const args = ["--build", "free-threaded", "--shape", "churn", "--seed", "5"];
  args.push("--workers", "2", "--ops", "4000", "--json");
  const { code, out } = await stress([...args, "--canary", "lost-remote-free"]);
  assertEquals([code, kindsOf(out)], [1, ["lost-block"]]);
});

Deno.test("the command that is printed finds the canary again", async () => {
  const args = ["--build", "gil", "--shape", "mstress", "--seed", "77"];
  args.push("--workers", "2", "--ops", "3000", "--canary", "dirty-calloc");
  const first = await stress(args);
  assertEquals(first.code, 1, first.out + first.err);
  const line = first.out.trimEnd().split("\n").at(-1) ?? "";
  const start = line.indexOf("--build");
  assert(line.includes("deno run -A ") && start > 0, line);
  const again = await stress(line.slice(start).split(" "));
  assertEquals(again.code, 1, again.out + again.err);
  assert(again.out.includes("FOUND not-zeroed"), again.out);
});
