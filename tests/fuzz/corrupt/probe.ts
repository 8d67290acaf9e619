/**
 * Runs cases in a worker and watches over it; a process of its own, because a
 * worker that hangs cannot be stopped:
 *
 *     deno run -A tests/fuzz/corrupt/probe.ts MODE SEED FROM TO
 *
 * MODE is `check` or `calls`. Prints lines of JSON: what the worker said, and
 * `{"hang": number}` if a case does not end. Exit code 0, or 3 for a hang.
 *
 * ## Threads
 *   Reads two shared words that its worker writes.
 *
 * @module
 */

import type { Errand, Word } from "./prober.ts";

/** Time without a new case or call after which the worker hangs. Milliseconds. */
const STUCK_MS = 6000;
/** Time between two looks. Milliseconds. */
const LOOK_MS = 250;

function say(line: unknown): void {
  Deno.stdout.writeSync(new TextEncoder().encode(JSON.stringify(line) + "\n"));
}

/** Looks at the words; ends the process when they stand still for too long. */
function watch(words: Int32Array<SharedArrayBuffer>): void {
  let seen = "";
  let since = performance.now();
  setInterval(() => {
    const now = `${Atomics.load(words, 0)} ${Atomics.load(words, 1)}`;
    if (now !== seen) {
      seen = now;
      since = performance.now();
    } else if (performance.now() - since > STUCK_MS) {
      say({ hang: Atomics.load(words, 0), call: Atomics.load(words, 1) });
      Deno.exit(3);
    }
  }, LOOK_MS);
}

if (import.meta.main) {
  const [mode, seed, from, to] = Deno.args;
  const words = new Int32Array(new SharedArrayBuffer(16));
  const worker = new Worker(new URL("./prober.ts", import.meta.url), {
    type: "module",
  });
  worker.onmessage = (event: MessageEvent) => {
    const word = event.data as Word;
    say(word);
    if (word.isLast) Deno.exit(0);
  };
  worker.onerror = (event) => {
    say({ died: event.message, case: Atomics.load(words, 0) });
    Deno.exit(4);
  };
  worker.postMessage(
    {
      mode,
      seed: Number(seed),
      from: Number(from),
      to: Number(to),
      words,
    } satisfies Errand,
  );
  watch(words);
}
