import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { ADAPTERS, openAdapter, SINGLE } from "./adapter.ts";
import { cpuTime, Stopwatch } from "./clock.ts";
import { makeWorkload } from "./workloads.ts";

// The sums are those of the C program and of the study that the workloads come
// from: they prove that the loops walk the same trace here.
describe("makeWorkload()", () => {
  for (const name of SINGLE) {
    const adapter = ADAPTERS.get("floor")?.includes(name)
      ? "floor"
      : "free_list";
    it(`gives the known sum of ${name} on ${adapter}`, async () => {
      const workload = makeWorkload(name, await openAdapter(adapter));
      workload.prepare();
      const sum = workload.sample(new Stopwatch(cpuTime), 1000);
      workload.finish();
      assertEquals(sum, workload.expected);
    });
  }
});
