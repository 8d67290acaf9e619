/**
 * The race detector on real workers: a bad lock and a plain flag are found,
 * good locks and the heap raise no alarm.
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { detect, type Order, Transformed } from "./tsan/tsan.ts";

const library = new Transformed();
globalThis.addEventListener("unload", () => library[Symbol.dispose]());

function orderFor(script: Order["script"], order: Partial<Order> = {}): Order {
  return {
    script,
    build: "free-threaded",
    workers: 2,
    rounds: 2000,
    seed: 7,
    ...order,
  };
}

/** Races of a canary; the workers may miss each other for a while. */
async function racesOf(script: Order["script"]): Promise<string[]> {
  for (let tries = 0; tries < 30; tries++) {
    const races = await detect(orderFor(script), library);
    if (races.length > 0) return races;
  }
  return [];
}

for (const script of ["badLock", "plainFlag"] as const) {
  Deno.test(`races: the canary ${script} is found`, async () => {
    const races = await racesOf(script);
    assert(races.length > 0, "No race was seen");
    for (const race of races) assertMatch(race, /COUNTER\]/);
  });
}

for (const script of ["spinLock", "mutex"] as const) {
  Deno.test(`races: ${script} raises no alarm`, async () => {
    assertEquals(await detect(orderFor(script), library), []);
  });
}

for (const build of ["gil", "free-threaded"] as const) {
  Deno.test(`races: workers that come and go have none, ${build}`, async () => {
    const order = orderFor("churn", { build, workers: 3, rounds: 4 });
    assertEquals(await detect(order, library), []);
  });
}
