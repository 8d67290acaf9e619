/**
 * Litmus shapes with real workers: nothing forbidden is seen, and the rounds
 * are close enough for plain store buffering to show.
 */

import { assert, assertEquals } from "@std/assert";
import { play, show } from "./litmus/litmus.ts";
import { CANARY, SHAPES } from "./litmus/shapes.ts";

/** How long the actors may miss each other. Milliseconds. */
const PATIENCE_MS = 90_000;

for (const shape of SHAPES) {
  Deno.test(`litmus: ${shape.name}`, async () => {
    const tally = await play(shape, 2);
    assertEquals(tally.forbidden, 0, show(tally));
  });
}

Deno.test("litmus: two actors see both orders", async () => {
  const [shape] = SHAPES.filter(({ name }) =>
    name.includes("two additions, a")
  );
  const { outcomes } = await play(shape, 8);
  assertEquals([...outcomes.keys()].sort(), ["0 1", "1 0"]);
});

Deno.test(`litmus: ${CANARY.name} is found`, async () => {
  let forbidden = 0;
  // On a busy machine the actors may miss each other for a while.
  const end = performance.now() + PATIENCE_MS;
  while (forbidden === 0 && performance.now() < end) {
    forbidden += (await play(CANARY, 4)).forbidden;
  }
  assert(forbidden > 0, "Both stale was never seen");
});
