/**
 * `stress --kill`: workers die in every way that there is and are recovered,
 * in both builds; and a recovery that forgets something is found.
 *
 * Each run has a process of its own with a time after which it is ended: who
 * is stuck in it holds nobody else up.
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { KILL_CANARIES } from "../../src/tools/stress/kill/canary.ts";
import { BUILDS } from "../../src/tools/stress/run.ts";
import { stress } from "./run_stress.ts";

/** Workers at a time: two deaths of three at once leave one survivor. */
const COMMON = ["--kill", "--workers", "3", "--json"];
/** Longest run. Milliseconds. */
const TIMEOUT_MS = 60000;

/** What each canary must be found as. */
const EXPECTED: Readonly<Record<string, string>> = {
  "forgotten-reap": "not-recovered",
  "forgotten-pools": "broken-invariant",
  "forgotten-blocks": "lost-block",
};

/** A run with `--json`, as far as it is looked at here. */
interface Report {
  readonly findings: readonly { kind: string; text: string }[];
  readonly replay: string;
  readonly cells: readonly {
    build: string;
    lives: number;
    deaths: {
      byWay: Record<string, number>;
      poolsLeft: number;
      handedOn: number;
      freed: number;
      underWay: number;
      leaked: number;
      longestMs: number;
    };
  }[];
}

/** Runs the tool; exit code and report. */
async function kill(args: readonly string[]): Promise<[number, Report]> {
  const all = [...COMMON, ...args];
  const { code, out, err } = await stress(all, undefined, TIMEOUT_MS);
  assert(out.startsWith("{"), `deno task stress ${all.join(" ")}: ${err}`);
  return [code, JSON.parse(out)];
}

Deno.test("stress --kill recovers from all deaths in both builds", async () => {
  const args = ["--seconds", "2", "--seed", "20260801", "--timeout", "20"];
  const [code, { findings, cells, replay }] = await kill(args);
  assertEquals(findings, [], `deno task stress ${replay}`);
  assertEquals(code, 0);
  assertEquals(cells.map(({ build }) => build), [...BUILDS]);
  let held = 0;
  let pools = 0;
  for (const { deaths, lives, build } of cells) {
    const { byWay, leaked, underWay, handedOn, freed } = deaths;
    const died = Object.values(byWay).reduce((sum, count) => sum + count, 0);
    assert(died > 0, `Nobody died in ${build}`);
    assertEquals(lives, 3 + died, "each of the dead has a successor");
    assert(leaked <= 2 * underWay, `${leaked} leaked, ${underWay} under way`);
    held += handedOn + freed;
    pools += deaths.poolsLeft;
    assert(deaths.longestMs > 0 && deaths.longestMs < 20000);
  }
  assert(held > 0, "They held nothing");
  assert(pools > 0, "They left no pools");
});

for (const canary of KILL_CANARIES) {
  for (const build of BUILDS) {
    Deno.test(`stress --kill finds ${canary} in ${build}`, async () => {
      const args = ["--build", build, "--seed", "5", "--seconds", "20"];
      // What does nothing is found by the time-out, and not before.
      const timeout = canary === "forgotten-reap" ? "2" : "20";
      args.push("--timeout", timeout, "--canary", canary);
      const [code, { findings, replay }] = await kill(args);
      const kinds = findings.map(({ kind }) => kind);
      assertEquals([code, kinds], [1, [EXPECTED[canary]]], replay);
      assertMatch(replay, /--kill --seed 5 .*--canary forgotten-/);
    });
  }
}

Deno.test("stress refuses what --kill does not go with", async () => {
  const cases = [
    [["--kill", "--shape", "larson"], /both --kill and --shape/],
    [["--canary", "forgotten-reap"], /plant forgotten-reap without --kill/],
  ] as const;
  for (const [args, message] of cases) {
    const { code, out, err } = await stress(args);
    assertEquals([code, out], [2, ""]);
    assertMatch(err, message);
  }
});

Deno.test("stress --kill prints a table of the deaths", async () => {
  const args = ["--kill", "--workers", "2", "--ops", "2000", "--seed", "3"];
  const { code, out, err } = await stress(args, undefined, TIMEOUT_MS);
  assertEquals(code, 0, out + err);
  assertMatch(out, /build +deaths +closed +thrown +terminated/);
  assertMatch(out, /pools adopted +blocks handed on.*longest recovery/);
  assertMatch(out, /the heaps are empty but for \d+ blocks of calls/);
});
