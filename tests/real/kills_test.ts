/**
 * Real deaths: each way to die in each build is recovered from; and what is
 * not recovered, leaked or damaged is noticed.
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { BUILDS, carryOut, WAYS } from "./kills/layer.ts";
import { hasNode, makeNodeFolder } from "./kills/node.ts";
import type { Canary } from "./kills/run.ts";

/** What each canary must be found as. */
const FINDINGS: Readonly<Record<Exclude<Canary, "">, RegExp>> = {
  forget: /not in time/,
  leak: /\d+ blocks leaked, \d+ under way/,
  damage: /is damaged/,
};

for (const how of WAYS) {
  for (const build of BUILDS) {
    Deno.test(`workers that die by ${how} are recovered, ${build}`, async () => {
      if (how === "node" && !hasNode()) {
        console.log("No node on the path: nobody died");
        return;
      }
      const folder = how === "node" ? makeNodeFolder() : "";
      const order = { how, build, deaths: 3, seed: 11 };
      const outcome = await carryOut(order, folder);
      if (folder !== "") Deno.removeSync(folder, { recursive: true });
      assertEquals(outcome.found, "");
      assertEquals(outcome.deaths, 3);
      assert(outcome.held > 0, "They held nothing");
      assert(outcome.survived > 1000, "The survivor did nothing");
      // Two from us, the survivor, two that die, and one to spare.
      assert(outcome.slotMax < 8, "Slots are not used again");
    });
  }
}

for (const [canary, finding] of Object.entries(FINDINGS)) {
  Deno.test(`kills: the canary "${canary}" is found`, async () => {
    const order = {
      how: "throw",
      build: "gil",
      deaths: 6,
      seed: 5,
      canary: canary as Canary,
    } as const;
    assertMatch((await carryOut(order, "")).found, finding);
  });
}
