/**
 * From failures of the object layer to the error indicator.
 *
 * The object layer throws where Python raises; functions of this folder return
 * 0 or -1 and set the indicator, with CPython's text where that is known.
 *
 * ## Threads
 *   The indicator belongs to one worker.
 *
 * @module
 */

import { MemoryError } from "../errors.ts";
import { OVERFLOW } from "../memory/mod.ts";
import { RecursionError, SystemError } from "./exceptions.ts";
import type { PyExceptionClass } from "./pyerrors.ts";
import { requireAttached } from "./runtime.ts";

/** Texts of the object layer, and CPython's in their place. */
const TEXTS: readonly [RegExp, string][] = [
  [
    /^Cannot hash .* of type (.*), which has no hash$/,
    "unhashable type: '$1'", // verbatim
  ],
  [
    /^Cannot compare an? '(.*)' with an? '(.*)': .*$/,
    "'{}' not supported between instances of '$1' and '$2'", // verbatim
  ],
];

/** Sets the indicator. Returns 0, the NULL of functions that return objects. */
export function raise(exc: PyExceptionClass, message: string): 0 {
  requireAttached("set the error indicator").raised = new exc(message);
  return 0;
}

/** Sets the indicator. Returns -1, as functions do that return an int. */
export function fail(exc: PyExceptionClass, message: string): -1 {
  raise(exc, message);
  return -1;
}

/** Sets the indicator to a MemoryError. Returns 0. C: `PyErr_NoMemory()`. */
export function noMemory(): 0 {
  return raise(MemoryError, "No memory is left");
}

/** A new object, or 0 with the indicator set if there was no memory for it. */
export function orNoMemory(op: number): number {
  return op === 0 ? noMemory() : op;
}

/** 0 for success; or -1 with the indicator set if there was no memory. */
export function statusOf(isDone: boolean): 0 | -1 {
  if (isDone) return 0;
  noMemory();
  return -1;
}

/** Refuses an object of a wrong type. Returns 0. C: `PyErr_BadInternalCall()`. */
export function badCall(): 0 {
  return raise(SystemError, "bad argument to internal function"); // verbatim
}

/**
 * Sets the indicator to what the object layer has thrown; mistakes and verdicts
 * are thrown on.
 *
 * @param operator What was asked for, if that was an order.
 * @returns 0.
 */
export function caught(error: unknown, operator = "<"): 0 {
  const { message } = error as Error;
  const kind = Object.getPrototypeOf(error)?.constructor;
  if (kind === MemoryError) return raise(MemoryError, message);
  if (!message.startsWith("Cannot ") || message === OVERFLOW) throw error;
  if (kind === RangeError) return raise(RecursionError, message);
  if (kind !== TypeError) throw error;
  for (const [pattern, text] of TEXTS) {
    if (!pattern.test(message)) continue;
    const known = message.replace(pattern, text).replace("{}", operator);
    return raise(TypeError, known);
  }
  return raise(TypeError, message);
}

/** The same for functions that return an int. Returns -1. */
export function caughtInt(error: unknown): -1 {
  caught(error);
  return -1;
}

/**
 * The same for an object that was to be a key.
 *
 * @param name Name of its type.
 * @param role What it was to be: `a dict key`.
 * @returns -1.
 */
export function caughtKey(error: unknown, name: string, role: string): -1 {
  caught(error);
  const tstate = requireAttached("set the error indicator");
  const message = tstate.raised?.message ?? "";
  if (!message.startsWith("unhashable type: ")) return -1;
  return fail(TypeError, `cannot use '${name}' as ${role} (${message})`); // verbatim
}
