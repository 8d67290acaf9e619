/**
 * Heaps with debug hooks for tests, and their reports as texts to compare.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { type Build, createHeap, FatalError, type Heap } from "../../mod.ts";
import { Debug } from "../../src/hooks/mod.ts";
import { assertSound } from "../helpers/heap_fixture.ts";

/** Size of the heaps. Bytes. */
export const MAX_BYTES = 16 * 1024 * 1024;

/** Runs a test on a fresh heap with debug hooks, then checks and closes it. */
export function withDebugHeap(
  build: Build,
  test: (heap: Heap) => void,
): void {
  using heap = createHeap({ build, malloc: "debug", maxBytes: MAX_BYTES });
  test(heap);
  if (!heap.isClosed) assertSound(heap);
}

/** What is written to stderr while something runs. */
export function captured(run: () => void): string {
  let text = "";
  const before = Debug.Stderr.redirect((part) => text += part);
  try {
    run();
  } finally {
    Debug.Stderr.redirect(before);
  }
  return text;
}

/** The fatal error that something ends with; its report was written. */
export function fatalOf(run: () => unknown): FatalError {
  let error: unknown;
  const written = captured(() => {
    try {
      run();
    } catch (thrown) {
      error = thrown;
    }
  });
  assert(error instanceof FatalError, `threw ${error}`);
  assertEquals(written, error.report);
  return error;
}

/**
 * A report as it can be compared: places in the heap, threads and frames
 * replaced by names. Frames are replaced as one.
 */
export function plain(report: string): string {
  return report
    .replace(/p=0x[0-9a-f]+/, "p=<p>")
    .replace(/tail=0x[0-9a-f]+/, "tail=<tail>")
    .replace(/Current thread 0x[0-9a-f]{16}/, "Current thread <id>")
    .replace(/( {2}File "[^"]+", line \d+ in .+\n)+$/m, "<frames>\n");
}

/** How a report ends, before what we add to CPython's. */
export function ending(build: Build, message: string): string {
  const heading = build === "gil" ? "Current thread <id>" : "Stack";
  return `Fatal Python error: ${message}\n` +
    "Python runtime state: initialized\n\n" +
    `${heading} (most recent call first):\n<frames>\n`;
}

/** What a report says while nothing is traced. */
export const UNTRACED =
  "\nEnable tracemalloc to get the memory block allocation traceback\n\n";

/** Bytes of the heap in hexadecimal. */
export function hex(heap: Heap, from: number, count: number): string {
  return Array.from(
    heap.u8.subarray(from, from + count),
    (byte) => byte.toString(16).padStart(2, "0"),
  ).join(" ");
}
