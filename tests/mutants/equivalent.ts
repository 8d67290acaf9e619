/**
 * Mutants that change nothing that anybody could see, and why.
 *
 * The key is `keyOf` of the mutant: file, function, operator, texts. A key
 * that ends with `*` stands for all that begin so.
 *
 * @module
 */

import { keyOf, type Mutant } from "./operators.ts";

/** Reasons by key. */
export const EQUIVALENT: Readonly<Record<string, string>> = {
  "src/threads/thread_state.ts clear swap: *":
    "words of a slot that nobody else looks at yet",
  "src/threads/thread_state.ts init swap: *":
    "words of a heap that is not shared yet",
  "src/threads/gil.ts init swap: *": "words of a heap that is not shared yet",
  "src/threads/qsbr.ts init swap: *": "words of a heap that is not shared yet",
  "src/sync/raw_mutex.ts lockSlow constant: 0 => (0 + 1)":
    "one look less before the first sleep",
  "src/threads/gil.ts waitForSwitch constant: 0 => (0 + 1)":
    "one look less before the first sleep",
  "src/threads/gil.ts takeSpinning constant: 0 => (0 + 1)":
    "one look less before the first sleep",
  "src/sync/mutex.ts trySpin constant: 0 => (0 + 1)":
    "one look less before parking",
  "src/threads/suspension.ts waitWhileSuspended constant: 0 => (0 + 1)":
    "one look less before the first sleep",
  "src/threads/qsbr.ts scan condition: Atomics.load(i32, thread + ThreadState.X_FENCE) === 0 => true":
    "who was revoked only holds goals back a little longer",
  "src/raw/rebuild.ts rebuildLocked swap: used += length; page += length; => page += length; used += length;":
    "two sums that do not depend on each other",
  "src/threads/world.ts waitStopped constant: 0 => (0 + 1)":
    "one look less before the first sleep",
};

/** Why a mutant is equivalent, or undefined. */
export function reasonOf(mutant: Mutant): string | undefined {
  const key = keyOf(mutant);
  const exact = EQUIVALENT[key];
  if (exact !== undefined) return exact;
  const prefix = Object.keys(EQUIVALENT).find((one) =>
    one.endsWith("*") && key.startsWith(one.slice(0, -1))
  );
  return prefix === undefined ? undefined : EQUIVALENT[prefix];
}
