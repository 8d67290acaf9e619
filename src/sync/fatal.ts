/**
 * Fatal errors: what C does with `Py_FatalError()` and an abort.
 *
 * A worker cannot abort the others, so it marks the heap, says why in words of
 * the heap, and wakes whoever sleeps; each sleeper looks at the mark when it
 * wakes and throws as well. Who is awake finds the mark when it follows changes
 * of shared state: in safe points, when it attaches, off the fast paths.
 *
 * ## Invariants
 *   F1  X_POISON goes from 0 to 1 once and never back
 *   F2  X_POISON is set before any sleeper is woken for it
 *   F3  X_LENGTH is 0 or that of a complete text, which nobody writes any more
 *   F4  of the workers that report errors, one writes the text
 *
 * ## Threads
 *   X_OWNER goes from 0 to an owner id by one compare-and-exchange; the text is
 *   plain and belongs to that worker until it stores X_LENGTH. X_POISON is
 *   atomic. The text stands before the mark, so that who sees the mark can say
 *   what happened; but if the worker stops before it has stored X_LENGTH, there
 *   is no text for ever, and the next worker with a fatal error marks the heap
 *   without one. Writing 1 to the semaphore of a thread that is not parked is
 *   harmless: parking sets it to 0 first, and then looks at the mark, which was
 *   set before the semaphore. A sleeper that the store overtakes finds the word
 *   unequal to what it wants to sleep on, so no wake-up is lost.
 *   Waits for the GIL and for the start of the world are timed, and look at the
 *   mark each time. A worker that stops between the mark and the wake-ups
 *   leaves a marked heap with sleepers in it.
 *
 * Source: CPython 3.14 Python/pylifecycle.c: fatal_error().
 *
 * @module
 */

import { type Memory, threadsUsed } from "../memory/mod.ts";
import { FatalError } from "../errors.ts";
import * as Allocators from "../layout/allocators.ts";
import * as Header from "../layout/header.ts";
import * as Map from "../layout/memory_map.ts";
import * as PageMap from "../layout/page_map.ts";
import * as ThreadState from "../layout/thread_state.ts";
import * as Verdict from "../layout/verdict.ts";
import * as Waiter from "../layout/waiter.ts";

/** X_OWNER of a worker without a thread state. */
const UNKNOWN = -1;

/**
 * Marks the heap, wakes all that are parked, and throws.
 *
 * C: `Py_FatalError()`.
 *
 * @param m The heap.
 * @param text What happened, in one line.
 * @throws {FatalError} Always.
 */
export function fatal(m: Memory, text: string): never {
  judge(m, text);
  poison(m);
  throw new FatalError(text);
}

/**
 * Leaves the text for the other workers, if none stands there yet.
 *
 * @param m The heap.
 * @param text What happened; what goes beyond 504 bytes of UTF-8 is left out.
 */
export function judge(m: Memory, text: string): void {
  const i32 = m.i32;
  const owner = m.owner === 0 ? UNKNOWN : m.owner;
  const before = Atomics.compareExchange(
    i32,
    Map.VERDICT + Verdict.X_OWNER,
    0,
    owner,
  );
  if (before !== 0) return;
  const bytes = new Uint8Array(Verdict.MAX_BYTES);
  const { written } = new TextEncoder().encodeInto(text, bytes);
  const words = new Int32Array(bytes.buffer);
  for (let k = 0; k * 4 < written; k++) {
    i32[Map.VERDICT + Verdict.TEXT + k] = words[k];
  }
  Atomics.store(i32, Map.VERDICT + Verdict.X_LENGTH, written + 1); // COMMIT
}

/**
 * What the first fatal error of the heap said.
 *
 * @param m The heap.
 * @returns The text, or `""` if there is none.
 */
export function verdict(m: Memory): string {
  const i32 = m.i32;
  const length = Atomics.load(i32, Map.VERDICT + Verdict.X_LENGTH) - 1;
  if (length < 0 || length > Verdict.MAX_BYTES) return "";
  const words = new Int32Array(Verdict.MAX_BYTES / 4);
  for (let k = 0; k * 4 < length; k++) {
    words[k] = i32[Map.VERDICT + Verdict.TEXT + k];
  }
  return new TextDecoder().decode(new Uint8Array(words.buffer, 0, length));
}

/**
 * Whether the verdict is this worker's own: it has thrown already.
 *
 * @param m The heap.
 * @returns True if this worker reported the first fatal error.
 */
export function isOwn(m: Memory): boolean {
  const owner = Atomics.load(m.i32, Map.VERDICT + Verdict.X_OWNER);
  return owner !== 0 && owner === m.owner;
}

/**
 * Marks the heap as unusable and wakes all that are parked.
 *
 * @param m The heap.
 */
export function poison(m: Memory): void {
  const i32 = m.i32;
  Atomics.store(i32, Map.HEADER + Header.X_POISON, 1); // COMMIT
  Atomics.add(i32, Map.ALLOCATORS + Allocators.X_CHANGES, 1);
  const used = threadsUsed(m);
  for (let slot = PageMap.FIRST_SLOT; slot < used; slot++) {
    const thread = Map.THREADS + slot * ThreadState.SIZEOF;
    const sema = thread + ThreadState.WAITER + Waiter.X_SEMA;
    Atomics.store(i32, sema, 1);
    Atomics.notify(i32, sema);
    Atomics.notify(i32, thread + ThreadState.X_STATE);
  }
}

/**
 * Whether a fatal error was reported.
 *
 * @param m The heap.
 * @returns True once the heap is marked.
 */
export function isPoisoned(m: Memory): boolean {
  return Atomics.load(m.i32, Map.HEADER + Header.X_POISON) !== 0;
}

/**
 * Throws if another worker reported a fatal error. For those who just woke.
 *
 * @param m The heap.
 * @throws {FatalError} If the heap is marked.
 */
export function check(m: Memory): void {
  if (!isPoisoned(m)) return;
  const text = verdict(m);
  const owner = Atomics.load(m.i32, Map.VERDICT + Verdict.X_OWNER);
  const who = text === "" || owner === UNKNOWN
    ? "another worker"
    : `thread ${owner & PageMap.SLOT_MASK}`;
  throw new FatalError(
    `Cannot go on: ${who} reported a fatal error` +
      (text === "" ? "" : `: ${text}`),
  );
}
