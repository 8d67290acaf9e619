/**
 * Whether the stack has room for what must not be cut short: a collection, or
 * the recovery from an overflow.
 *
 * Neither recurses, so that it can be told before they begin. What a function
 * of the program needs beside that, it fails for by itself.
 *
 * ## Threads
 *   Each worker has its own stack.
 *
 * @module
 */

/** Room for that many bytes: many times of what they need. */
const STACK_BYTES = 32768;
/** Arguments of a call, which go over the stack. */
const FILLER: readonly number[] = Array.from(
  { length: STACK_BYTES / 8 },
  () => 0,
);

/** Nothing; its arguments are what matters. */
function take(..._: readonly number[]): void {}

/**
 * Makes sure that there is room; nothing has changed if there is not.
 *
 * @throws {RangeError} If the stack is almost used up.
 */
export function requireRoom(): void {
  take.apply(null, FILLER as number[]);
}
