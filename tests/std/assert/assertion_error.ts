/**
 * The error of a failed assertion.
 *
 * @module
 */

/** Thrown by every function of this package whose claim does not hold. */
export class AssertionError extends Error {
  /** Always `"AssertionError"`. */
  override readonly name = "AssertionError";
}
