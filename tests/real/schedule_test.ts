/**
 * Real workers under a deterministic schedule: planted bugs are found and
 * repeat from their seed, what is right passes, in all three modes.
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { carryOut, orderFor, replayOf } from "./schedule/fleet.ts";
import type { Mode } from "./schedule/run.ts";
import { SCENARIOS } from "./schedule/scenarios.ts";

const MODES: readonly Mode[] = ["random", "pct", "dfs"];

/** What each planted bug must be found as. */
const FINDINGS: Readonly<Record<string, RegExp>> = {
  "canary: test-then-set lock": /\d of 6 updates/,
  "canary: lost update": /\d of 6 updates/,
  "canary: ABA": /Node \d popped twice/,
  "canary: lost wake-up": /nobody can go on: .*worker 1 sleeps on word 0/,
};

Deno.test("every canary of the schedules has its finding", () => {
  const planted = SCENARIOS.filter(({ weight }) => weight === 0);
  assertEquals(planted.map(({ name }) => name), Object.keys(FINDINGS));
});

for (const [name, finding] of Object.entries(FINDINGS)) {
  for (const mode of MODES) {
    Deno.test(`schedules find ${name} by ${mode}, and again`, async () => {
      const order = orderFor(name, { mode, count: 20000 });
      const outcome = await carryOut(order);
      assertMatch(outcome.found, finding);
      const again = await carryOut(replayOf(order, outcome));
      assertEquals(again.found, outcome.found);
      assertEquals(again.schedules, 0);
    });
  }
}

for (const { name, weight } of SCENARIOS) {
  if (weight === 0) continue;
  Deno.test(`schedules of ${name} pass, and repeat from their seed`, async () => {
    const order = orderFor(name, { seed: 3, count: 300 });
    const orders = [order, order, { ...order, seed: 4 }];
    const [a, b, other] = await Promise.all(orders.map(carryOut));
    assertEquals(a.found, "");
    assertEquals(a.schedules, 300);
    assertEquals([a.hash, a.steps], [b.hash, b.steps]);
    assert(a.switches > 300);
    assert(other.hash !== a.hash, "The seed makes no difference");
  });
}

Deno.test("a depth-first run ends when all schedules were run", async () => {
  const order = orderFor("mutex", { mode: "dfs", bound: 1, count: 20000 });
  const { found, exhausted, schedules } = await carryOut(order);
  assertEquals(found, "");
  assert(exhausted && schedules > 50, `${schedules} schedules`);
});
