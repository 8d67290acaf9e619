import { assertEquals } from "@std/assert";
import { loader } from "../checker/check.ts";
import { run } from "./run.ts";
import { featuresOf } from "./swarm.ts";

/** A change of a file, by text that must be there. */
function broken(path: string, before: string, after: string) {
  const text = loader().textOf(path);
  assertEquals(text.split(before).length, 2, `${path} has not: ${before}`);
  return new Map([[path, text.replace(before, after)]]);
}

Deno.test("random schedules of whole allocators find nothing", async () => {
  const outcome = await run({ from: 1, count: 3, schedules: 5, seconds: 4 });
  assertEquals(outcome.notes, []);
});

const CANARIES = [
  {
    name: "a remote free that nobody announces",
    path: "src/pools/remote.ts",
    before: "if (head === 0) announce(m, page);",
    after: "",
  },
  {
    name: "a pool with free blocks in no ring",
    path: "src/pools/remote.ts",
    before: "if (wasFull) Ring.insertUsed(m, ring, pool);",
    after: "",
  },
];

for (const { name, path, before, after } of CANARIES) {
  Deno.test(`random schedules find ${name}`, async () => {
    const overrides = broken(path, before, after);
    const outcome = await run({
      from: 1,
      count: 20,
      schedules: 5,
      seconds: 20,
      isBrief: true,
      overrides,
    });
    assertEquals(outcome.notes.length, 1);
  });
}

Deno.test("seeds draw all features", () => {
  const all = Array.from({ length: 100 }, (_, k) => featuresOf(k + 1));
  for (
    const name of ["stops", "trims", "exits", "detaches", "kills"] as const
  ) {
    assertEquals(new Set(all.map((one) => one[name])).size, 2, name);
  }
});
