/**
 * What a stress run finds, and how a worker stops because of it.
 *
 * @module
 */

/**
 * What kind of fault it is.
 *
 * - `"double-hand-out"`: the heap gave out an address that is in use
 * - `"damaged"`: a live block does not carry its pattern any more
 * - `"lost-bytes"`: a realloc did not keep what it must keep
 * - `"not-zeroed"`: calloc gave out a block that is not all 0
 * - `"bad-block"`: an address that no block can have, or too few usable bytes
 * - `"missed-check"`: a call that must be refused was not
 * - `"lost-block"`: the heap counts other blocks than are alive
 * - `"not-empty"`: all was freed, and yet the heap is not empty
 * - `"broken-invariant"`: the checker of the heap objects
 * - `"no-memory"`: a request failed although most of the heap is free
 * - `"error"`: a call threw what it must not throw
 * - `"hang"`: nothing happens any more
 * - `"lost-worker"`: a worker ended without a word
 * - `"not-recovered"`: a worker died, and the heap did not recover it
 */
export type FindingKind =
  | "double-hand-out"
  | "damaged"
  | "lost-bytes"
  | "not-zeroed"
  | "bad-block"
  | "missed-check"
  | "lost-block"
  | "not-empty"
  | "broken-invariant"
  | "no-memory"
  | "error"
  | "hang"
  | "lost-worker"
  | "not-recovered";

/** One fault. */
export interface Finding {
  /** What kind of fault. */
  readonly kind: FindingKind;
  /** The fault in a sentence, with addresses. */
  readonly text: string;
  /** Number of the worker, or -1 for the main thread. */
  readonly worker: number;
  /** How many workers had this number before. Count. */
  readonly life: number;
  /** Round in which it was found. Count. */
  readonly round: number;
  /** Calls of the heap that the worker had made. Count. */
  readonly op: number;
}

/** Carries a finding out of the depths of a shape. */
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
