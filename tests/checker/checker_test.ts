import { assertEquals } from "@std/assert";
import { compare, MULTINOMIALS, schedules } from "./soundness.ts";

for (const [operations, count] of MULTINOMIALS) {
  Deno.test(`${operations.join(" + ")} operations have ${count} schedules`, async () => {
    assertEquals(await schedules(operations), count);
  });
}

Deno.test("random programs end as they do in every schedule, seed 1", async () => {
  const { differences, equal } = await compare(1, 150, true);
  assertEquals(differences, []);
  assertEquals(equal > 100, true, `only ${equal} compared`);
});

Deno.test("random programs without races end alike, seed 2", async () => {
  const { differences, equal } = await compare(2, 200, false);
  assertEquals(differences, []);
  assertEquals(equal > 30, true, `only ${equal} compared`);
});
