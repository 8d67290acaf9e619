/**
 * Measures one adapter in this process and prints nanoseconds an operation.
 *
 * ```sh
 * deno run -A bench/one.ts --adapter obmalloc_ft --workload W1,W2,W3,W4
 * ```
 *
 * `run.ts` starts it with one workload a process; with several, as above, it is
 * a fast look at a change, less exact, because each workload then meets what
 * the optimiser learnt from those before it.
 *
 * @module
 */

import { parseArgs } from "node:util";
import { openAdapter, SHARED, SINGLE } from "./adapter.ts";
import { SIZEOF } from "./control.ts";
import { medianOf, type Sampled } from "./result.ts";
import { choose } from "./subject.ts";
import { NO_CALLS, readRecorded } from "./trace_file.ts";

const HELP = `Usage: deno run -A bench/one.ts --adapter NAME [options]

  --adapter NAME     floor, free_list, free_list_lock, thi_ng, capi_ft,
                     capi_gil, obmalloc_ft, obmalloc_gil; the last two also
                     with _mem, _raw, _hardened, _debug, _traced
  --workload LIST    ${[...SINGLE, ...SHARED].join(",")}
  --trace FILE       replay the object calls of a .pmtr or .pmtr.gz file
  --samples N        samples of each workload (3)
  --json             one JSON object a workload instead of a line
`;

function print(adapter: string, result: Sampled): void {
  for (const [name, ns] of Object.entries(result.figures)) {
    const median = medianOf(ns).toFixed(2).padStart(9);
    const least = Math.min(...ns).toFixed(2);
    console.log(`${adapter}  ${name.padEnd(9)}${median} ns  (min ${least})`);
  }
  for (const finding of result.findings) console.log(`  FOUND ${finding}`);
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    args: Deno.args,
    options: {
      adapter: { type: "string", default: "obmalloc_ft" },
      workload: { type: "string", default: "" },
      trace: { type: "string" },
      samples: { type: "string", default: "3" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const samples = Number(values.samples);
  const adapter = await openAdapter(values.adapter);
  const control = new SharedArrayBuffer(4 * SIZEOF);
  const recorded = values.trace === undefined
    ? NO_CALLS
    : await readRecorded(values.trace);
  choose({ adapter, control, recorded });
  // The loops take the subject as a constant when they are loaded.
  const { measureReplay, measureWorkload } = await import("./measure.ts");
  const results: Sampled[] = [];
  const given = values.workload || (values.trace ? "" : "W1,W2,W3,W4");
  for (const name of given.split(",").filter((name) => name !== "")) {
    results.push(await measureWorkload(name, values.adapter, samples));
  }
  if (values.trace !== undefined) {
    results.push(measureReplay(samples));
  }
  results.at(-1)?.findings.push(...adapter.check());
  adapter.close();
  for (const result of results) {
    if (values.json) console.log(JSON.stringify(result));
    else print(values.adapter, result);
  }
  return results.some((result) => result.findings.length > 0) ? 1 : 0;
}

if (import.meta.main) Deno.exit(await main());
