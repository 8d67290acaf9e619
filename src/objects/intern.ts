/**
 * The table of interned strings, of which all workers have the same.
 *
 * ## Invariants
 *   I1  no two strings of the tables are equal
 *   I2  a string stands in the first window with room that its adder has seen,
 *       in the chain's order; where another adder of an equal string has put it
 *       meanwhile, its adder's exchange fails
 *   I3  the tables have no references: in the GIL build a string leaves them
 *       when it dies, in the free-threaded build all of them are immortal
 *
 * ## Threads
 *   Slots and X_NEXT are atomic. Strings are added by compare-and-exchange and
 *   leave in the GIL build only, where one thread at a time is here: so in the
 *   free-threaded build a slot that is taken stays so, and equal strings meet
 *   at the same slot. A worker that stops between making a table and the
 *   exchange leaks the table; at any other line nothing is half done.
 *
 * Source: CPython 3.14 Objects/unicodeobject.c: intern_common(),
 * unicode_dealloc().
 * Differs: a chain of tables without a lock, instead of a dict and a mutex.
 *
 * @module
 */

import * as InternTable from "../layout/intern_table.ts";
import * as Layout from "../layout/memory_map.ts";
import * as ObjectsWords from "../layout/objects.ts";
import type { Address } from "../memory/mod.ts";
import type { Objects } from "./objects.ts";
import * as UnicodeData from "./unicode_data.ts";

const { X_NEXT, SIZE, X_SLOTS, WINDOW, FIRST_SIZE } = InternTable;
/** Word that names the first table. Word index. */
const FIRST = Layout.OBJECTS + ObjectsWords.X_INTERNED;

/** First slot of a string in a table. Word index. */
function windowOf(o: Objects, table: number, hash: number): number {
  // Strings that share a window should not share it in the next table.
  const turned = Math.imul(hash, 0x9e3779b1) >>> 7;
  return table + X_SLOTS + (turned & (o.i32[table + SIZE] - 1));
}

/**
 * Looks through all windows of a string.
 *
 * @param op The string.
 * @returns An equal string of the tables; or below 0, the negative word index
 * of a slot without a string; or 0 if there is none.
 */
function search(o: Objects, op: Address): number {
  const { i32 } = o;
  const hash = UnicodeData.hash(o, op);
  let vacant = 0;
  let table = Atomics.load(i32, FIRST);
  while (table !== 0) {
    const from = windowOf(o, table, hash);
    for (let slot = from; slot < from + WINDOW; slot++) {
      const other = Atomics.load(i32, slot) >>> 0;
      if (other === 0) vacant ||= slot;
      else if (UnicodeData.isEqual(o, op, other)) return other;
    }
    table = Atomics.load(i32, table + X_NEXT);
  }
  return -vacant;
}

/** Word that names the table to come, and its size. */
function end(o: Objects): { word: number; size: number } {
  const { i32 } = o;
  let word = FIRST;
  let size = FIRST_SIZE;
  let table = Atomics.load(i32, word);
  while (table !== 0) {
    word = table + X_NEXT;
    size = i32[table + SIZE] * 2;
    table = Atomics.load(i32, word);
  }
  return { word, size };
}

/** Adds a table to the chain. Returns false if no memory is left. */
function grow(o: Objects): boolean {
  const { i32, core } = o;
  const { word, size } = end(o);
  const block = core.raw.calloc(X_SLOTS + size + WINDOW, 4);
  if (block === 0) return false;
  const table = block >>> 2;
  i32[table + SIZE] = size;
  const found = Atomics.compareExchange(i32, word, 0, table); // COMMIT
  if (found !== 0) core.raw.free(block);
  return true;
}

/** The string of the tables that equals this one, or 0. */
export function find(o: Objects, op: Address): Address {
  return Math.max(search(o, op), 0);
}

/**
 * Adds a string, unless there is an equal one.
 *
 * @returns The string of the tables, or 0 if no memory is left.
 */
export function add(o: Objects, op: Address): Address {
  while (true) {
    const found = search(o, op);
    if (found > 0) return found;
    if (found === 0) {
      if (!grow(o)) return 0;
      continue;
    }
    if (Atomics.compareExchange(o.i32, -found, 0, op | 0) === 0) return op; // COMMIT
  }
}

/** Takes a dying string out. The caller holds the GIL. */
export function remove(o: Objects, op: Address): void {
  const { i32 } = o;
  const hash = UnicodeData.hash(o, op);
  let table = Atomics.load(i32, FIRST);
  while (table !== 0) {
    const from = windowOf(o, table, hash);
    for (let slot = from; slot < from + WINDOW; slot++) {
      if (Atomics.load(i32, slot) >>> 0 !== op) continue;
      Atomics.store(i32, slot, 0); // COMMIT
      return;
    }
    table = Atomics.load(i32, table + X_NEXT);
  }
}
