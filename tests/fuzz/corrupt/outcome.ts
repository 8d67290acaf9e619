/**
 * What a call on a damaged heap may do: return, or throw one of our errors.
 *
 * @module
 */

import {
  FatalError,
  HandleError,
  MemoryError,
  PointerError,
  ThreadStateError,
} from "../../../mod.ts";

const TYPED = [
  FatalError,
  HandleError,
  MemoryError,
  PointerError,
  ThreadStateError,
];

/** True if an error is one that the library documents. */
export function isTyped(error: unknown): boolean {
  return TYPED.some((type) => error instanceof type);
}

/** First line of a call stack that is in the library, or `""`. */
function placeOf(error: Error): string {
  const line = (error.stack ?? "").split("\n").find((each) =>
    each.includes("/src/")
  );
  return line === undefined ? "" : line.trim().replace(/^.*\/src\//, "src/")
    .replace(/:\d+\)?$/, "");
}

/** An error of no type of ours, with the place it came from. */
export function untyped(error: unknown): string {
  if (!(error instanceof Error)) return `threw ${String(error)}`;
  return `threw ${error.name}: ${error.message} at ${placeOf(error)}`;
}
