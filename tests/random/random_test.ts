import { assert, assertEquals, assertMatch } from "@std/assert";
import { loader } from "../checker/check.ts";
import { HISTORY, planted } from "../mutants/history.ts";
import { runChecked } from "./checked.ts";
import { Runner } from "./runner.ts";
import { featuresOf } from "./swarm.ts";

const BRIEF = { from: 1, count: 6, schedules: 150, points: 1e5, seconds: 60 };

Deno.test("random schedules of whole allocators find nothing", async () => {
  const outcome = await new Runner().run(BRIEF);
  assertEquals(outcome.notes, []);
  assertEquals(outcome.seeds, BRIEF.count);
  // None of these is a matter of luck: the seeds are fixed.
  for (const key of ["lost", "failed", "raced", "repeated", "ends"] as const) {
    assert(outcome[key] > 0, key);
  }
});

Deno.test("the checker runs the same scenarios", async () => {
  const order = { ...BRIEF, count: 2, schedules: 5, seconds: 10 };
  const outcome = await runChecked(order);
  assertEquals(outcome.notes, []);
  assert(outcome.schedules > 0);
});

/** Bugs of the past: within how many schedules, and as what, they are found. */
const CANARIES: readonly (readonly [string, number, RegExp])[] = [
  ["parking lot: compares before it locks the bucket", 400, /deadlock/],
  ["mutex: forgets that others are parked", 100, /deadlock/],
  ["raw mutex: taken again without WAITED", 400, /deadlock/],
  ["GIL: two take it at once", 5000, /FatalError/],
  [
    "exit: looks for remote frees before it gives the pool up",
    100,
    /final: N1/,
  ],
  ["exit: a pool is given up without the lock", 100, /race on arena set/],
  ["remote free: announced by nobody", 100, /final: N1/],
];

function plantedText(name: string): Map<string, string> {
  const bug = HISTORY.find((one) => one.name === name);
  assert(bug, name);
  return new Map([[bug.path, planted(bug, loader().textOf(bug.path))]]);
}

for (const [name, within, wanted] of CANARIES) {
  Deno.test(`random schedules find: ${name}`, async () => {
    const order = { ...BRIEF, count: 1000, schedules: 400, seconds: 120 };
    const runner = new Runner(plantedText(name));
    const { notes, schedules } = await runner.run(order);
    assertMatch(notes.join(), wanted, `${schedules} schedules`);
    assert(schedules <= within, `${schedules} schedules`);
  });
}

Deno.test("a finding is found again by its seed and number", async () => {
  const overrides = plantedText("raw mutex: taken again without WAITED");
  const { notes } = await new Runner(overrides).run(BRIEF);
  assertMatch(notes[0], /deadlock/);
  const [, seed, n] = notes[0].match(/--from (\d+) --show (\d+)/)!;
  const name = { seed: Number(seed), n: Number(n), failAt: 0 };
  const { ran, events } = await new Runner(overrides).show(name);
  assert(notes[0].includes(ran.text));
  assert(events.length > 0);
});

Deno.test("seeds draw all features", () => {
  const all = Array.from({ length: 200 }, (_, k) => featuresOf(k + 1));
  for (
    const name of [
      "stops",
      "trims",
      "exits",
      "detaches",
      "kills",
      "isFine",
    ] as const
  ) {
    assertEquals(new Set(all.map((one) => one[name])).size, 2, name);
  }
});
