import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { openAdapter, SINGLE } from "./adapter.ts";
import { cpuTime, Stopwatch } from "./clock.ts";
import { SIZEOF } from "./control.ts";
import { choose } from "./subject.ts";
import { NO_CALLS } from "./trace_file.ts";

choose({
  adapter: await openAdapter("free_list"),
  control: new SharedArrayBuffer(4 * SIZEOF),
  recorded: NO_CALLS,
});
const { makeWorkload } = await import("./workloads.ts");

// The sums are those of the C program and of the study that the workloads come
// from: they prove that the loops walk the same trace here.
describe("makeWorkload()", () => {
  for (const name of SINGLE) {
    it(`gives the known sum of ${name}`, () => {
      const workload = makeWorkload(name);
      workload.prepare();
      const sum = workload.sample(new Stopwatch(cpuTime), 1000);
      workload.finish();
      assertEquals(sum, workload.expected);
    });
  }
});
