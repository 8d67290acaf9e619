/**
 * Fatal errors of the debug hooks: report, verdict, exception.
 *
 * ## Threads
 *   As `sync/fatal.ts`. The heap is marked before anything is written, so that
 *   a worker that stops inside leaves at most the report unwritten.
 *
 * Source: CPython 3.14 Python/pylifecycle.c: fatal_error().
 *
 * @module
 */

import { FatalError } from "../../errors.ts";
import * as Header from "../../layout/header.ts";
import type { Memory } from "../../memory/mod.ts";
import { Fatal } from "../../sync/mod.ts";
import * as Stderr from "./stderr.ts";
import * as Traceback from "./traceback.ts";

/** First line of the stack. C: write_thread_id(), dump_traceback(). */
function headingOf(m: Memory): string {
  if (m.build === Header.BUILD_FREE_THREADED) {
    return "Stack (most recent call first):"; // verbatim
  }
  const id = m.owner.toString(16).padStart(16, "0");
  return `Current thread 0x${id} (most recent call first):`; // verbatim
}

/**
 * What C writes to stderr when it is about to abort.
 *
 * @param m The heap.
 * @param text Function and message.
 * @returns Lines, each with its end.
 */
export function textOf(m: Memory, text: string): string {
  return `Fatal Python error: ${text}\n` + // verbatim
    "Python runtime state: initialized\n\n" + // verbatim
    Traceback.format(headingOf(m));
}

/**
 * Reports a fatal error: marks the heap, writes the report, and throws.
 *
 * C: `_Py_FatalErrorFormat()`.
 *
 * @param m The heap.
 * @param text Function and message, in one line.
 * @param before What is to be written first: lines, each with its end.
 * @param after What is to be written last.
 * @throws {FatalError} Always.
 */
export function fatal(
  m: Memory,
  text: string,
  before = "",
  after = "",
): never {
  Fatal.judge(m, text);
  Fatal.poison(m);
  const report = before + textOf(m, text) + (after === "" ? "" : `\n${after}`);
  Stderr.write(report);
  throw new FatalError(text, report);
}
