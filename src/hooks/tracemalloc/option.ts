/**
 * How many frames: what `start()` and `PYTHONTRACEMALLOC` may be given.
 *
 * Source: CPython 3.14 Modules/_tracemalloc.c: _tracemalloc_start_impl();
 * Python/initconfig.c: config_init_tracemalloc().
 *
 * @module
 */

import { FatalError } from "../../errors.ts";

/** Most frames. Count. C: MAX_NFRAME. */
export const MAX_NFRAME = 65535;
/** Largest value of a C `int`. */
const INT_MAX = 2147483647;
const OUT_OF_RANGE = "the number of frames must be in range " + // verbatim
  `[1; ${MAX_NFRAME}]`;

/**
 * Makes sure that so many frames can be kept.
 *
 * @throws {TypeError} If it is no number.
 * @throws {RangeError} If it is out of range. Python: ValueError.
 */
export function checkNframe(nframe: unknown): asserts nframe is number {
  if (typeof nframe !== "number") {
    throw new TypeError(
      `Cannot start to trace with ${String(nframe)} frames: ` +
        "the number of frames must be a number",
    );
  }
  const isInRange = Number.isInteger(nframe) && nframe >= 1 &&
    nframe <= MAX_NFRAME;
  if (!isInRange) throw new RangeError(OUT_OF_RANGE);
}

/**
 * Frames that the environment asks for.
 *
 * @param value Value of `PYTHONTRACEMALLOC`.
 * @returns Frames to keep of a stack, or 0 if nothing is to be traced. Count.
 * @throws {FatalError} If it is no number, or one out of range.
 */
export function parseNframe(value: string): number {
  if (value === "") return 0;
  const number = /^[ \t\n\v\f\r]*[+-]?\d+$/.test(value) ? Number(value) : -1;
  if (number < 0 || number > INT_MAX) {
    throw new FatalError(
      "config_init_tracemalloc: PYTHONTRACEMALLOC: invalid number of frames", // verbatim
    );
  }
  if (number > MAX_NFRAME) {
    const verdict = "init_interp_main: can't start tracemalloc"; // verbatim
    throw new FatalError(`${verdict}\nValueError: ${OUT_OF_RANGE}`);
  }
  return Math.abs(number);
}
