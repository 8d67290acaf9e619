/**
 * References on their way from one worker to another.
 *
 * A worker puts a reference into an entry and posts number and generation of
 * the entry. Whoever takes it has the reference, and the next generation
 * begins: nobody else gets it, however often the message was copied. What is
 * never taken stays, also when who put it there has ended.
 *
 * ```text
 *   X_OWNER  0 ──claim──▶ owner ─────────────────────────▶ 0
 *   X_STATE  g            g ──fill──▶ g HELD ──take──▶ g+1
 * ```
 *
 * ## Invariants
 *   H1  X_OWNER is 0 ⇒ X_STATE is not HELD
 *   H2  X_STATE is HELD ⇒ one reference of the object X_OP is the entry's
 *   H3  a generation of an entry is HELD once, and taken once
 *
 * ## Threads
 *   All words are atomic, and nobody waits. An entry belongs to who has made
 *   X_OWNER its own, until X_STATE is HELD; then to who takes it away by
 *   compare-and-exchange. A worker that stops between two stores loses the one
 *   reference that it was moving. Its entry is claimed again when the worker
 *   that X_OWNER names is gone. Generations come again after 2^31 uses of an
 *   entry.
 *
 * For the collector the references of entries come from outside: counts are
 * higher than what it finds in objects, and so it keeps them.
 *
 * Differs: CPython has no such table; its threads share all references.
 *
 * @module
 */

import * as Layout from "../../layout/memory_map.ts";
import * as ObjectsWords from "../../layout/objects.ts";
import * as ShareTable from "../../layout/share_table.ts";
import type { Address, Memory } from "../../memory/mod.ts";
import { Sections } from "../../threads/mod.ts";

/** Word that names the first table. */
const FIRST = Layout.OBJECTS + ObjectsWords.X_SHARES;
const { X_NEXT, CAPACITY, ENTRIES, ENTRY } = ShareTable;
const { X_STATE, X_OWNER, X_OP, X_SECONDS, X_MS } = ShareTable;
const { HELD, GENERATION } = ShareTable;

/** Entries of all tables. Count. */
export function capacity(m: Memory): number {
  const { i32 } = m;
  let sum = 0;
  let table = Atomics.load(i32, FIRST);
  while (table !== 0) {
    sum += i32[table + CAPACITY];
    table = Atomics.load(i32, table + X_NEXT);
  }
  return sum;
}

/** An entry by its number. Word index, or 0 if there is none. */
export function entryAt(m: Memory, index: number): number {
  const { i32 } = m;
  let left = index;
  let table = Atomics.load(i32, FIRST);
  while (table !== 0) {
    const count = i32[table + CAPACITY];
    if (left < count) return table + ENTRIES + left * ENTRY;
    left -= count;
    table = Atomics.load(i32, table + X_NEXT);
  }
  return 0;
}

/** Size of a table. Bytes. */
export function bytesOf(count: number): number {
  return (ENTRIES + count * ENTRY) * 4;
}

/** Entries of the table to come. Count. */
export function nextCapacity(m: Memory): number {
  return Math.max(capacity(m), ShareTable.FIRST_CAPACITY);
}

/**
 * Adds a table behind the others.
 *
 * @param block A block of RAW, all 0.
 * @param count Its entries.
 * @returns False if another worker has added one meanwhile; the block is still
 * the caller's.
 */
export function add(m: Memory, block: Address, count: number): boolean {
  const { i32 } = m;
  i32[(block >>> 2) + CAPACITY] = count;
  let word = FIRST;
  let table = Atomics.load(i32, word);
  while (table !== 0) {
    word = table + X_NEXT;
    table = Atomics.load(i32, word);
  }
  return Atomics.compareExchange(i32, word, 0, block >>> 2) === 0; // COMMIT
}

/** Whether nobody will ever fill or release an entry that somebody claimed. */
function isLeft(m: Memory, entry: number, owner: number): boolean {
  // In this order: who is gone makes it HELD no more.
  return Sections.isGone(m, owner) &&
    (Atomics.load(m.i32, entry + X_STATE) & HELD) === 0;
}

/** Claims an entry. Returns false if it is in use. */
function tryClaim(m: Memory, entry: number): boolean {
  const { i32 } = m;
  const at = entry + X_OWNER;
  const owner = Atomics.load(i32, at);
  if (owner !== 0 && !isLeft(m, entry, owner)) return false;
  return Atomics.compareExchange(i32, at, owner, m.owner) === owner; // COMMIT
}

/**
 * Claims an entry that is not in use.
 *
 * @param from Where to look first. Number of an entry.
 * @returns Number of the entry, or -1 if all are in use.
 */
export function claim(m: Memory, from: number): number {
  const count = capacity(m);
  for (let k = 0; k < count; k++) {
    const index = (from + k) % count;
    if (tryClaim(m, entryAt(m, index))) return index;
  }
  return -1;
}

/** Generation of an entry, an even number that is not HELD. */
export function generationOf(m: Memory, entry: number): number {
  return Atomics.load(m.i32, entry + X_STATE) & ~HELD;
}

/**
 * Fills an entry that the caller has claimed.
 *
 * @param op Object; its reference goes into the entry.
 * @param now Time of the clock. Milliseconds.
 */
export function fill(
  m: Memory,
  entry: number,
  op: Address,
  now: number,
): void {
  const { i32 } = m;
  const generation = Atomics.load(i32, entry + X_STATE);
  Atomics.store(i32, entry + X_OP, op | 0);
  Atomics.store(i32, entry + X_SECONDS, Math.floor(now / 1000));
  Atomics.store(i32, entry + X_MS, Math.floor(now) % 1000);
  Atomics.store(i32, entry + X_STATE, generation | HELD); // COMMIT
}

/** Whether an entry holds the reference of a generation. */
export function isHeld(m: Memory, entry: number, generation: number): boolean {
  return Atomics.load(m.i32, entry + X_STATE) === (generation | HELD);
}

/**
 * Takes a reference out of an entry; it is the caller's.
 *
 * @returns Byte address, or 0 if the entry does not hold that generation.
 */
export function take(
  m: Memory,
  entry: number,
  generation: number,
): Address {
  const { i32 } = m;
  // What is read between two looks that find it HELD belongs to it.
  if (!isHeld(m, entry, generation)) return 0;
  const op = Atomics.load(i32, entry + X_OP) >>> 0;
  const owner = Atomics.load(i32, entry + X_OWNER);
  const next = (generation + GENERATION) | 0;
  const held = generation | HELD;
  const seen = Atomics.compareExchange(i32, entry + X_STATE, held, next); // COMMIT
  if (seen !== held) return 0;
  // Unless its owner is gone, and the entry was claimed again already.
  Atomics.compareExchange(i32, entry + X_OWNER, owner, 0);
  return op;
}

/** Owner value of who has filled an entry. */
export function ownerOf(m: Memory, entry: number): number {
  return Atomics.load(m.i32, entry + X_OWNER);
}

/** Object of an entry that is HELD. Byte address. */
export function objectOf(m: Memory, entry: number): Address {
  return Atomics.load(m.i32, entry + X_OP) >>> 0;
}

/** When an entry was filled. Milliseconds of the clock. */
export function timeOf(m: Memory, entry: number): number {
  const seconds = Atomics.load(m.i32, entry + X_SECONDS) >>> 0;
  return seconds * 1000 + Atomics.load(m.i32, entry + X_MS);
}
