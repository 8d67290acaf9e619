/**
 * `deno task replay` as its users meet it: exit codes, the JSON object, the
 * messages, from any working folder.
 */

import { assert, assertEquals, assertMatch } from "@std/assert";

const TOOL = `${import.meta.dirname}/../../src/tools/replay.ts`;
const FOLDER = `${import.meta.dirname}/../traces`;
const TRACE = `${FOLDER}/reallocs.pmtr.gz`;
const EXPECTED = `${FOLDER}/reallocs.obj.json`;

interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

function replay(...args: string[]): Outcome {
  const { code, stdout, stderr } = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", TOOL, ...args],
    cwd: Deno.env.get("TMPDIR") ?? "/",
    env: { NO_COLOR: "1" },
  }).outputSync();
  const decoder = new TextDecoder();
  return { code, out: decoder.decode(stdout), err: decoder.decode(stderr) };
}

Deno.test("replay --json prints one object with the keys promised", () => {
  const { code, out, err } = replay(TRACE, "--domain=obj", "--json");
  assertEquals([code, err], [0, ""]);
  const result: Record<string, unknown> = JSON.parse(out);
  const promised = [
    "trace",
    "domains",
    "ops",
    "ns_per_op",
    "placement_hash",
    "arenas_created",
    "arenas_peak",
    "peak_requested_bytes",
    "live_requested_bytes",
    "footprint_peak_bytes",
    "report",
  ];
  assertEquals(promised.filter((key) => !(key in result)), []);
  assertEquals(result.trace, "reallocs.pmtr");
  assertEquals(result.domains, 4);
  assertEquals(result.rounds, 3);
  assert(Number(result.ns_per_op) > 0);
});

Deno.test("replay --expect takes the domain of the expected file", () => {
  const { code, out } = replay(TRACE, "--expect", EXPECTED, "--rounds=0");
  assertEquals(code, 0);
  assertMatch(out, /domains obj\n/);
  assertMatch(out, /Small block threshold = 512, in 32 size classes\./);
  assert(out.endsWith("\nas expected\n"));
});

Deno.test("replay --expect exits with 1 if something differs", () => {
  const path = Deno.makeTempFileSync({ suffix: ".json" });
  try {
    const text = Deno.readTextFileSync(EXPECTED);
    Deno.writeTextFileSync(path, text.replace(/"ops": ?\d+/, '"ops": 7'));
    const args = ["--expect", path, "--rounds=0", "--json"];
    const { code, out, err } = replay(TRACE, ...args);
    assertEquals(code, 1);
    assertMatch(err, /difference: ops: expected 7, got 4758/);
    const { differences } = JSON.parse(out);
    assertEquals(differences, ["ops: expected 7, got 4758"]);
  } finally {
    Deno.removeSync(path);
  }
});

Deno.test("replay answers a file that is no trace with exit code 1", () => {
  const { code, out, err } = replay(EXPECTED);
  assertEquals([code, out], [1, ""]);
  assertMatch(err, /^replay: Cannot read trace "reallocs.obj.json": magic /);
  const missing = replay(`${FOLDER}/no_such.pmtr`);
  assertEquals(missing.code, 1);
  assertMatch(missing.err, /no_such\.pmtr/);
});

Deno.test("replay answers misuse with exit code 2 and no stack trace", () => {
  for (const args of [[], [TRACE, "--domain=x"], [TRACE, "--rounds=-1"]]) {
    const { code, out, err } = replay(...args);
    assertEquals([code, out], [2, ""]);
    assertMatch(err, /^replay: Cannot .*\nTry: deno task replay --help\n$/);
  }
  const { code, err } = replay(TRACE, "--expect=/no/such/file", "--json");
  assertEquals(code, 2);
  assertMatch(err, /\/no\/such\/file/);
});

Deno.test("replay --help says what it takes", () => {
  const { code, out } = replay("--help");
  assertEquals(code, 0);
  assertMatch(out, /Usage: deno task replay FILE \[OPTIONS\]/);
});
