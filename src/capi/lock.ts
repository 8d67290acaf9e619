/**
 * `lock.h`: a mutex of 4 bytes in memory of the heap.
 *
 * A mutex is a field of a struct, or a block of its own. Zero bytes are an
 * unlocked mutex, so `calloc` makes it ready. Who waits for one is detached
 * meanwhile.
 *
 * @example A counter that several workers may use
 * ```ts
 * import assert from "node:assert/strict";
 * import {
 *   i32,
 *   NULL,
 *   Py_FinalizeEx,
 *   Py_Initialize,
 *   PyMem_RawCalloc,
 *   PyMem_RawFree,
 *   PyMutex,
 *   PyMutex_Lock,
 *   PyMutex_Unlock,
 *   struct,
 * } from "@obmalloc/obmalloc/capi";
 *
 * const Counter = struct({ mutex: PyMutex, value: i32 });
 *
 * const heap = Py_Initialize({ maxBytes: 16 * 1024 * 1024 });
 * const { value } = Counter.view(heap);
 * const counter = PyMem_RawCalloc(1, Counter.size);
 * assert.notEqual(counter, NULL);
 *
 * PyMutex_Lock(counter + Counter.offsets.mutex);
 * value.set(counter, value.get(counter) + 1);
 * PyMutex_Unlock(counter + Counter.offsets.mutex);
 *
 * assert.equal(value.get(counter), 1);
 * PyMem_RawFree(counter);
 * Py_FinalizeEx();
 * ```
 *
 * ## Threads
 *   The word is atomic and described in `sync/mutex.ts`. A worker that stops
 *   while it has the lock leaves a word that names it.
 *
 * Source: CPython 3.14 Include/cpython/lock.h; Python/lock.c.
 * Differs: 4 bytes instead of 1, because the word also names its owner.
 *
 * @module
 */

import { Describe } from "../domains/mod.ts";
import { PointerError, show } from "../errors.ts";
import * as Layout from "../layout/memory_map.ts";
import * as PageMap from "../layout/page_map.ts";
import type { Memory } from "../memory/mod.ts";
import { Mutex } from "../sync/mod.ts";
import { Lock } from "../threads/mod.ts";
import { struct, type StructType } from "../types/struct.ts";
import { u32 } from "../types/scalars.ts";
import { requireRuntime } from "./runtime.ts";

/** Descriptor of a mutex. Its bits are nobody's business. C: `PyMutex`. */
export const PyMutex: StructType<{ readonly _bits: typeof u32 }> = struct({
  _bits: u32,
});

/**
 * Takes a mutex, however long it takes; the thread state is detached while it
 * waits. Who has the mutex already waits for ever.
 *
 * C: `PyMutex_Lock()`, Python/lock.c.
 *
 * @param m Byte address of the mutex, a multiple of 4.
 * @throws {PointerError} If no mutex can be there.
 * @throws {TypeError} If `m` is no number.
 * @throws {ThreadStateError} If the worker has no runtime.
 */
export function PyMutex_Lock(m: number): void {
  const memory = memoryFor("lock", m);
  Lock.lockDetaching(memory, m >>> 2);
}

/**
 * Gives a mutex back, or on to a worker that has waited for too long. Any
 * worker may do it, not only the one that took it.
 *
 * C: `PyMutex_Unlock()`, Python/lock.c.
 *
 * @param m Byte address of the mutex, a multiple of 4.
 * @throws {FatalError} If it is not locked; the heap is unusable then.
 * @throws {PointerError} If no mutex can be there.
 * @throws {TypeError} If `m` is no number.
 * @throws {ThreadStateError} If the worker has no runtime.
 */
export function PyMutex_Unlock(m: number): void {
  const memory = memoryFor("unlock", m);
  Mutex.unlock(memory, m >>> 2);
}

/**
 * Whether somebody has a mutex: old news when it arrives, for debugging.
 *
 * C: `PyMutex_IsLocked()`, Python/lock.c.
 *
 * @param m Byte address of the mutex, a multiple of 4.
 * @returns 1 if it is locked, else 0.
 * @throws {PointerError} If no mutex can be there.
 * @throws {TypeError} If `m` is no number.
 * @throws {ThreadStateError} If the worker has no runtime.
 */
export function PyMutex_IsLocked(m: number): 0 | 1 {
  const memory = memoryFor("look at", m);
  return Mutex.isLocked(memory, m >>> 2) ? 1 : 0;
}

/** The heap of the runtime, if a mutex can be at the address. */
function memoryFor(verb: string, address: number): Memory {
  const { m } = requireRuntime(`${verb} a mutex`).interp.core;
  const isUsable = Describe.isAddress(m, address) && address % 4 === 0 &&
    isAllocatable(m.i32[Layout.PAGE_MAP + (address >>> Layout.PAGE_BITS)]);
  if (!isUsable) refuse(m, verb, address);
  return m;
}

/** Whether a page with this word in the page map is one that has blocks. */
function isAllocatable(key: number): boolean {
  const kind = key & PageMap.KIND_MASK;
  return kind !== PageMap.METADATA && kind !== PageMap.FREE &&
    kind !== PageMap.FREE_RUN;
}

function refuse(m: Memory, verb: string, address: unknown): never {
  const isMisaligned = typeof address === "number" && address % 4 !== 0 &&
    Describe.isAddress(m, address);
  const text = `Cannot ${verb} the mutex at ${show(address)}: ` +
    (isMisaligned ? "not a multiple of 4" : Describe.describe(m, address));
  throw typeof address === "number"
    ? new PointerError(text)
    : new TypeError(text);
}
