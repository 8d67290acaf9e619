/**
 * What the torture of objects finds, and how a worker stops because of it.
 *
 * @module
 */

/**
 * What kind of fault it is.
 *
 * - `"recycled"`: an object is not the one that its place says
 * - `"wrong-count"`: an object has other references than those to be found
 * - `"lost-object"`: an object is left to which nobody refers
 * - `"not-empty"`: all was dropped, and yet the heap is not empty
 * - `"broken-invariant"`: the checker of the heap objects
 * - `"no-memory"`: an object could not be made although the heap is large
 * - `"error"`: a call threw what it must not throw
 * - `"hang"`: nothing happens any more
 * - `"lost-worker"`: a worker ended without a word
 */
export type FindingKind =
  | "recycled"
  | "wrong-count"
  | "lost-object"
  | "not-empty"
  | "broken-invariant"
  | "no-memory"
  | "error"
  | "hang"
  | "lost-worker";

/** One fault. */
export interface Finding {
  /** What kind of fault. */
  readonly kind: FindingKind;
  /** The fault in a sentence, with addresses. */
  readonly text: string;
  /** Number of the worker, or -1 for the main thread. */
  readonly worker: number;
  /** Steps that the worker had taken. Count. */
  readonly op: number;
}

/** Carries a finding out of the depths of a step. */
export class FindingError extends Error {
  /** Always `"FindingError"`. */
  override readonly name = "FindingError";
  /** What was found. */
  readonly finding: Finding;

  /** @param finding What was found. */
  constructor(finding: Finding) {
    super(finding.text);
    this.finding = finding;
  }
}

/** Thrown in the workers that found nothing, once another has. */
export class Interrupted extends Error {
  /** Always `"Interrupted"`. */
  override readonly name = "Interrupted";
}

/** A finding in words. */
export function describeFinding({ kind, text, worker, op }: Finding): string {
  const who = worker < 0 ? "main thread" : `worker ${worker}, step ${op}`;
  return `FOUND ${kind} (${who})\n    ${text}\n`;
}
