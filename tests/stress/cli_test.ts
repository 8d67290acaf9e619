/**
 * `deno task stress` as its users meet it: exit codes, the table, the JSON
 * object, messages, and that it runs from a URL.
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { stress } from "./run_stress.ts";

const ROOT = new URL("../../", import.meta.url);
const SHORT = ["--workers", "2", "--ops", "300", "--seed", "9"];

Deno.test("stress prints a table of all builds and shapes", async () => {
  const { code, out, err } = await stress(SHORT);
  assertEquals([code, err], [0, ""], out);
  const lines = out.split("\n");
  assertMatch(lines[0], /build +shape +ops\/s +remote frees +lock waits/);
  assertMatch(lines[0], /peak footprint +peak live/);
  assertMatch(out, /gil +larson.*\n.*gil +xmalloc/);
  assertMatch(out, /free-threaded +churn/);
  assertMatch(out, /Nothing found: 2 workers, seed 9; all freed/);
});

Deno.test("stress --json prints one object", async () => {
  const { code, out } = await stress([...SHORT, "--shape", "larson", "--json"]);
  assertEquals(code, 0, out);
  const report = JSON.parse(out);
  assertEquals([report.ok, report.seed, report.findings], [true, 9, []]);
  const cells: { build: string; shape: string }[] = report.cells;
  assertEquals(
    cells.map(({ build, shape }) => `${build} ${shape}`),
    ["gil larson", "free-threaded larson"],
  );
});

Deno.test("stress runs for as long as it is told", async () => {
  const args = ["--seconds", "0.6", "--workers", "2", "--shape"];
  const { code, out } = await stress([...args, "xmalloc,churn", "--json"]);
  assertEquals(code, 0, out);
  const report: { cells: { seconds: number }[] } = JSON.parse(out);
  assertEquals(report.cells.length, 4);
  for (const { seconds } of report.cells) assert(seconds >= 0.15);
});

Deno.test("stress answers misuse with exit code 2 and no stack", async () => {
  const cases = [
    [["--malloc", "jemalloc"], /expected one of default, debug, malloc/],
    [["--malloc", "pymalloc"], /the free-threaded build has none/],
    [["--trace", "65536"], /expected a number from 0 to 65535/],
    [["--shape", "larson,sort"], /expected all, or some of larson,xmalloc/],
    [["--ops", "1", "--seconds", "1"], /both --seconds and --ops/],
    [["--workers", "0"], /--workers to "0": expected a number from 1 to 64/],
    [["--canary", "dead-parrot"], /expected one of double-hand-out/],
  ] as const;
  for (const [args, message] of cases) {
    const { code, out, err } = await stress(args);
    assertEquals([code, out], [2, ""]);
    assertMatch(err, message);
    assertMatch(err, /^stress: .*\nTry: deno task stress --help\n$/);
  }
});

Deno.test("stress runs from a URL", async () => {
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    async ({ url }) => {
      const file = new URL(`.${new URL(url).pathname}`, ROOT);
      const headers = { "content-type": "application/typescript" };
      return new Response(await Deno.readTextFile(file), { headers });
    },
  );
  try {
    const { port } = server.addr;
    const tool = new URL(`http://127.0.0.1:${port}/src/tools/stress.ts`);
    const { code, out, err } = await stress([...SHORT, "--build", "gil"], tool);
    assertEquals(code, 0, out + err);
    assertMatch(out, /Nothing found/);
  } finally {
    await server.shutdown();
  }
});
