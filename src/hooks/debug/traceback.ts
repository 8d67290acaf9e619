/**
 * The stack of the calling worker, as CPython prints one when it aborts.
 *
 * Frames of this library are left out: what called it is of interest.
 *
 * Source: CPython 3.14 Python/traceback.c: dump_traceback(), dump_frame().
 * Differs: a worker sees its own stack only, so the stacks of other threads are
 * not printed. V8 does not tell the code of a module from a function without a
 * name; both are `<anonymous>`.
 *
 * @module
 */

import * as Stack from "../tracemalloc/stack.ts";

/** Frames that are printed. Count. C: MAX_FRAME_DEPTH. */
const MAX_FRAME_DEPTH = 100;

/** The line of a frame. */
function lineOf({ filename, lineno, name }: Stack.Place): string {
  const named = name === "" ? "<anonymous>" : name;
  return `  File "${filename}", line ${lineno} in ${named}\n`;
}

/**
 * Text of the stack, the last call first.
 *
 * @param heading First line, without its end.
 * @param stack The stack; the caller's own if absent.
 * @returns Lines, each with its end.
 */
export function format(
  heading: string,
  stack: Stack.Stack = Stack.capture(MAX_FRAME_DEPTH + 1, format),
): string {
  if (stack === Stack.UNKNOWN) {
    return `${heading}\n  <no Python frame>\n`; // verbatim
  }
  const { places } = stack;
  const lines = places.slice(0, MAX_FRAME_DEPTH).map(lineOf);
  if (places.length > MAX_FRAME_DEPTH) lines.push("  ...\n");
  return `${heading}\n${lines.join("")}`;
}
