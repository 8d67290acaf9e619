/**
 * Words and references that are read by threads without the lock.
 *
 * ## Threads
 *   A table is named by a word, and replaced as a whole. It is written under
 *   the mutex of its object, atomically in the free-threaded build; whoever
 *   has the mutex, or the GIL, reads it plainly. Old tables are freed when no
 *   reader can have them in view. A worker that stops has changed one word, or
 *   has not.
 *
 * Source: CPython 3.14 Include/internal/pycore_object.h: _Py_TryXGetRef(),
 * _Py_NewRefWithLock().
 * Differs: the table must be the same after the reference was taken. A slot of
 * an old table may name an object that others have made at the same address.
 *
 * @module
 */

import * as Header from "../../layout/header.ts";
import * as PyObject from "../../layout/object_free_threaded.ts";
import type { Address, Memory } from "../../memory/mod.ts";
import { Biased } from "../refcount/mod.ts";

/** Writes a word that others may read without the lock. */
export function write(m: Memory, at: number, value: number): void {
  if (m.build === Header.BUILD_GIL) m.i32[at] = value;
  else Atomics.store(m.i32, at, value);
}

/** True if the caller is the owner of an object. Free-threaded build only. */
export function isOwned(m: Memory, op: Address): boolean {
  const tid = m.i32[(op >>> 2) + PyObject.OB_TID]; // racy hint
  return tid === PyObject.tidOf(m.owner);
}

/**
 * A reference to what a slot of a table names, without the lock.
 *
 * @param at The slot. Word index.
 * @param word Word that names the table. Word index.
 * @param table What it named when the slot was looked up.
 * @returns Byte address; or 0 if it cannot be had without the lock; or below 0,
 * the negative address of an object: the same, and the caller drops a
 * reference.
 */
export function tryGet(
  m: Memory,
  at: number,
  word: number,
  table: number,
): Address {
  const { i32 } = m;
  const op = Atomics.load(i32, at) >>> 0;
  if (op === 0 || !Biased.tryIncref(m, op)) return 0;
  const isThere = Atomics.load(i32, at) >>> 0 === op &&
    Atomics.load(i32, word) === table;
  return isThere ? op : -op;
}

/**
 * A reference to an object of a table whose lock the caller has; from now on
 * others may take one without it.
 */
export function getLocked(m: Memory, op: Address): void {
  if (!isOwned(m, op)) Biased.setMaybeWeakref(m, op);
  Biased.incref(m, op);
}
