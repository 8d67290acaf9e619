/**
 * Does a shared dict scale? Words are counted in one dict by one worker and by
 * two, under the GIL and without.
 *
 *     deno run -A bench/objects/words.ts [--rounds N] [--words N]
 *
 * Each worker counts its share of a text by `update()` of the public face, and
 * passes a safe point every 500 words. Wall time of the counting, without the
 * start of the workers; the text is the same, so one worker counts all of it.
 * Rounds go by turns through all four; the fastest of each counts.
 *
 * @module
 */

import { parseArgs } from "node:util";
import { type Build, createHeap } from "../../mod.ts";
import { Prng } from "../../tests/helpers/prng.ts";
import type { Order } from "./words_worker.ts";

/** Different words. Count. */
const VOCABULARY = 2000;

/** A text of so many words, for each worker. */
function textsOf(words: number, workers: number): string[] {
  const random = new Prng(7);
  const share = words / workers;
  return Array.from({ length: workers }, () => {
    // The product of two draws: some words come often, as in a real text.
    const draw = () => random.below(VOCABULARY) * random.below(VOCABULARY);
    const pick = () => `word${Math.floor(draw() / VOCABULARY)}`;
    return Array.from({ length: share }, pick).join(" ");
  });
}

/** Counts with so many workers. Milliseconds. */
async function measure(
  build: Build,
  workers: number,
  words: number,
): Promise<number> {
  using heap = createHeap({ build, maxBytes: 256 * 1024 * 1024 });
  using dict = heap.from({});
  const start = new Int32Array(new SharedArrayBuffer(8));
  const done = textsOf(words, workers).map((text) => {
    const url = new URL("words_worker.ts", import.meta.url);
    const worker = new Worker(url, { type: "module" });
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    worker.onmessage = () => resolve();
    worker.onerror = (event) => reject(event.error ?? event.message);
    const token = heap.share(dict);
    const { handle } = heap;
    worker.postMessage({ handle, token, text, start } satisfies Order);
    return promise;
  });
  heap.threads.detach();
  const ready = () => Atomics.load(start, 1);
  for (let seen = ready(); seen < workers; seen = ready()) {
    await Atomics.waitAsync(start, 1, seen).value;
  }
  const from = performance.now();
  Atomics.store(start, 0, 1);
  Atomics.notify(start, 0);
  await Promise.all(done);
  const ms = performance.now() - from;
  heap.threads.attach();
  let sum = 0;
  for (const value of dict.values()) sum += value as number;
  if (sum !== words) throw new Error(`${sum} words were counted of ${words}`);
  return ms;
}

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    words: { type: "string", default: "400000" },
  },
});
const words = Number(values.words);
const best = new Map<string, number>();
for (let round = 0; round < Number(values.rounds); round++) {
  for (const build of ["gil", "free-threaded"] as const) {
    for (const workers of [1, 2]) {
      const name = `${build}, ${workers} worker${workers > 1 ? "s" : ""}`;
      const ms = await measure(build, workers, words);
      best.set(name, Math.min(best.get(name) ?? Infinity, ms));
    }
  }
}
for (const [name, ms] of best) {
  const ns = (ms * 1e6 / words).toFixed(0).padStart(7);
  console.log(
    `${name.padEnd(28)}${ms.toFixed(0).padStart(6)} ms${ns} ns a word`,
  );
}
const ratio = best.get("gil, 2 workers")! /
  best.get("free-threaded, 2 workers")!;
console.log(
  `free-threaded with two workers: ${ratio.toFixed(2)} times the GIL's`,
);
