/**
 * Measures objects in one build, in this process, and prints JSON: of each loop
 * the nanoseconds a turn of its fastest slice.
 *
 *     deno run -A bench/objects/one.ts gil|free-threaded [ROUNDS]
 *
 * @module
 */

import { collection, LOOPS, TURNS } from "./loops.ts";

const ROUNDS = Number(Deno.args[1] ?? 300);

/** Each round runs a slice of every loop. */
function measure(): Record<string, number> {
  const best: Record<string, number> = {};
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, run] of Object.entries(LOOPS)) {
      const start = performance.now();
      run(TURNS);
      const ns = (performance.now() - start) / TURNS * 1e6;
      best[name] = Math.min(best[name] ?? Infinity, ns);
    }
  }
  return best;
}

const best = measure();
best["a collection of 1,000,000, ms"] = collection();
console.log(JSON.stringify(best));
