/**
 * Fatal errors: what C does with `Py_FatalError()` and an abort.
 *
 * A worker cannot abort the others, so it marks the heap and wakes whoever
 * sleeps; each sleeper looks at the mark when it wakes and throws as well.
 *
 * ## Invariants
 *   F1  X_POISON goes from 0 to 1 once and never back
 *   F2  X_POISON is set before any sleeper is woken for it
 *
 * ## Threads
 *   X_POISON is atomic. Writing 1 to the semaphore of a thread that is not
 *   parked is harmless: parking sets it to 0 first. A sleeper that the store
 *   overtakes finds the word unequal to what it wants to sleep on, so no
 *   wake-up is lost. Waits for the GIL and for the start of the world are
 *   timed, and look at the mark each time. A worker that stops between the
 *   mark and the wake-ups leaves a marked heap with sleepers in it.
 *
 * Source: CPython 3.14 Python/pylifecycle.c: fatal_error().
 *
 * @module
 */

import { type Memory, threadsUsed } from "../memory/mod.ts";
import { FatalError } from "../errors.ts";
import * as Header from "../layout/header.ts";
import * as Map from "../layout/memory_map.ts";
import * as PageMap from "../layout/page_map.ts";
import * as ThreadState from "../layout/thread_state.ts";
import * as Waiter from "../layout/waiter.ts";

/**
 * Marks the heap, wakes all that are parked, and throws.
 *
 * C: `Py_FatalError()`.
 *
 * @param m The heap.
 * @param text What happened.
 * @throws {FatalError} Always.
 */
export function fatal(m: Memory, text: string): never {
  poison(m);
  throw new FatalError(text);
}

/**
 * Marks the heap as unusable and wakes all that are parked.
 *
 * @param m The heap.
 */
export function poison(m: Memory): void {
  const i32 = m.i32;
  Atomics.store(i32, Map.HEADER + Header.X_POISON, 1); // COMMIT
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
  if (isPoisoned(m)) {
    throw new FatalError(
      "Cannot go on: another worker reported a fatal error",
    );
  }
}
