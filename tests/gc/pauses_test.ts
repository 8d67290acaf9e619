/** The models of the collector: mistakes are found, and nothing else. */

import { assertEquals, assertNotEquals } from "@std/assert";
import { explore, prepare } from "../checker/check.ts";
import { canaries, models } from "../models/gc_pauses.ts";

for (const model of models) {
  Deno.test(model.name, async () => {
    const { finding, isComplete } = explore(await prepare(model));
    assertEquals([finding?.text, isComplete], [undefined, true]);
  });
}

for (const model of canaries) {
  Deno.test(`${model.name} is found`, async () => {
    const { finding } = explore(await prepare(model));
    assertNotEquals(finding, undefined);
  });
}
