/**
 * Free lists: objects of common types that are kept for the next one.
 *
 * An object in a free list is still a block of the OBJ domain, and keeps the
 * shape of its header; the first word is the link.
 *
 * ```text
 *   list       objects       at most
 *   ────────   ───────────   ───────
 *   FLOATS                       100
 *   INTS       of one digit      100
 *   COMPLEXES                    100
 *   LISTS                         80
 *   DICTS                         80
 *   KEYS       of 8 slots         80
 *   TUPLES     one list for    2,000 each
 *              each length
 *              from 1 to 20
 * ```
 *
 * ## Threads
 *   In the GIL build there is one set of lists, that of who holds the GIL; in
 *   the free-threaded build each thread state has its own. Plain accesses. An
 *   object goes to the list of who frees it. A worker that stops between the
 *   stores of a push leaks one object; a length may be off by one. Thread exit
 *   clears the lists; those of a worker that dies before stay in its slot, for
 *   the next one there, or for a collection, which empties the lists of all.
 *
 * Source: CPython 3.14 Include/internal/pycore_freelist_state.h,
 * pycore_freelist.h.
 *
 * @module
 */

import * as Header from "../layout/header.ts";
import * as Layout from "../layout/memory_map.ts";
import * as PageMap from "../layout/page_map.ts";
import * as ThreadState from "../layout/thread_state.ts";
import { type Address, type Memory, threadsUsed } from "../memory/mod.ts";
import type { Objects } from "./objects.ts";

/** Floats. Offset in words, like the others. */
export const FLOATS = 0;
/** Ints of one digit. */
export const INTS = 2;
/** Complex numbers. */
export const COMPLEXES = 4;
/** Lists without items. */
export const LISTS = 6;
/** Dicts without keys. */
export const DICTS = 8;
/** Smallest tables of keys; blocks of MEM. */
export const KEYS = 10;
/** Tuples of length 1; those of length n are 2 (n - 1) words further. */
export const TUPLES = 12;
/** Longest tuple that has a free list. Items. C: PyTuple_MAXSAVESIZE. */
export const TUPLE_MAX = 20;
/** Words of all lists. */
export const SIZEOF = 12 + 2 * TUPLE_MAX;

/** Most objects in the list of floats, ints and complexes each. Count. */
export const NUMBERS_MAX = 100;
/** Most objects in the list of lists, dicts and keys each. Count. */
export const CONTAINERS_MAX = 80;
/** Most tuples of one length. Count. */
export const TUPLES_MAX = 2000;

/** The lists that the attached worker uses. Word index. */
export function listsOf(m: Memory): number {
  const slot = m.build === Header.BUILD_GIL ? PageMap.GIL_HOLDER : m.slot;
  return Layout.THREADS + slot * ThreadState.SIZEOF + ThreadState.FREE_LISTS;
}

/**
 * Takes an object out of a list.
 *
 * @param list Head of the list. Word index.
 * @returns Byte address, or 0 if there is none.
 */
export function pop(
  i32: Int32Array<SharedArrayBuffer>,
  list: number,
): Address {
  const op = i32[list];
  if (op === 0) return 0;
  i32[list] = i32[op >>> 2]; // COMMIT
  i32[list + 1] = i32[list + 1] - 1;
  return op >>> 0;
}

/**
 * Puts an object into a list.
 *
 * @param list Head of the list. Word index.
 * @param max Most objects in it. Count.
 * @returns False, and nothing happens, if the list is full.
 */
export function push(
  i32: Int32Array<SharedArrayBuffer>,
  list: number,
  max: number,
  op: Address,
): boolean {
  const length = i32[list + 1];
  if (length >= max || length < 0) return false;
  i32[op >>> 2] = i32[list];
  i32[list] = op | 0; // COMMIT
  i32[list + 1] = length + 1;
  return true;
}

/** Frees an object or block of a list. */
function free({ core, gcHead }: Objects, list: number, op: Address): void {
  if (list === KEYS) core.mem.free(op as never);
  else if (list < LISTS) core.obj.free(op as never);
  else core.obj.free((op - gcHead * 4) as never);
}

/**
 * Deallocates whatever is in the lists that a worker uses. C:
 * `_PyObject_ClearFreeLists()`, Objects/object.c.
 */
export function clear(o: Objects): void {
  const { i32, lists } = o;
  o.requireAttached("clear the free lists");
  for (let list = 0; list < SIZEOF; list += 2) {
    for (let op = pop(i32, lists + list); op !== 0;) {
      if (list === KEYS || list < LISTS) free(o, list, op);
      else o.freeGc(op);
      op = pop(i32, lists + list);
    }
    i32[lists + list + 1] = 0; // whatever the dead have left
  }
}

/**
 * Takes all objects out of the lists of all threads, and out of those that dead
 * ones have left. Free-threaded build; the caller has stopped the world.
 * C: `_PyGC_ClearAllFreeLists()`.
 *
 * @returns For {@linkcode freeTaken}, once the world runs again: a list and the
 * first object that was in it, again and again.
 */
export function takeAll(o: Objects): number[] {
  const { i32, m } = o;
  const taken: number[] = [];
  const used = threadsUsed(m);
  for (let slot = PageMap.FIRST_SLOT; slot < used; slot++) {
    const lists = Layout.THREADS + slot * ThreadState.SIZEOF +
      ThreadState.FREE_LISTS;
    for (let list = 0; list < SIZEOF; list += 2) {
      const first = i32[lists + list];
      if (first !== 0) taken.push(list, first);
      i32[lists + list] = 0; // COMMIT
      i32[lists + list + 1] = 0;
    }
  }
  return taken;
}

/** Frees what {@linkcode takeAll} has taken. */
export function freeTaken(o: Objects, taken: readonly number[]): void {
  for (let k = 0; k < taken.length; k += 2) {
    let op = taken[k + 1];
    while (op !== 0) {
      const next = o.i32[op >>> 2];
      free(o, taken[k], op >>> 0);
      op = next;
    }
  }
}
