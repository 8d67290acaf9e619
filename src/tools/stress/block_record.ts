/**
 * A live block as the stress run knows it: one record in the control memory.
 *
 * ```text
 *   0       1         2      3       4        5        6
 *   ┌───────┬─────────┬──────┬───────┬────────┬────────┬───┐
 *   │X_STATE│ ADDRESS │ SIZE │ OWNER │ SERIAL │ DOMAIN │ – │
 *   └───────┴─────────┴──────┴───────┴────────┴────────┴───┘
 * ```
 *
 * ## Invariants
 *   B1  every live block stands in exactly one record, or in the hands of the
 *       one worker that is just moving it
 *   B2  `ADDRESS` is not 0 exactly while the record holds a block
 *
 * ## Threads
 *   Records of a worker's own table: plain, by that worker, until a barrier
 *   gives the table to another. Records of the shared slots: by who moved
 *   `X_STATE` from EMPTY or FULL to BUSY; the store that ends BUSY publishes
 *   the other words.
 *
 * @module
 */

import type { Words } from "./pattern.ts";

/** EMPTY, FULL or BUSY in a shared slot; not used in a table. Atomic. */
export const X_STATE = 0;
/** Of the block, or 0. Byte address. */
export const ADDRESS = 1;
/** What was asked for. Bytes. */
export const SIZE = 2;
/** Worker and life that allocated the block, see `hand.ts`. */
export const OWNER = 3;
/** Number of the allocation within that life. Count. */
export const SERIAL = 4;
/** Domain number. */
export const DOMAIN = 5;
/** Size of the record. Words. */
export const SIZEOF = 8;

/** State of a slot: no block. */
export const EMPTY = 0;
/** State of a slot: a block that anyone may take. */
export const FULL = 1;
/** State of a slot: somebody is at it; go elsewhere. */
export const BUSY = 2;

/** Writes all words of a record but the state. */
export function write(
  i32: Words,
  record: number,
  address: number,
  size: number,
  owner: number,
  serial: number,
  domain: number,
): void {
  i32[record + ADDRESS] = address;
  i32[record + SIZE] = size;
  i32[record + OWNER] = owner;
  i32[record + SERIAL] = serial;
  i32[record + DOMAIN] = domain;
}

/** Exchanges the blocks of two records, either of which may hold none. */
export function swap(i32: Words, one: number, other: number): void {
  for (let word = ADDRESS; word <= DOMAIN; word++) {
    const kept = i32[one + word];
    i32[one + word] = i32[other + word];
    i32[other + word] = kept;
  }
}

/**
 * Takes a shared slot, unless somebody else is at it.
 *
 * @param busy BUSY, or BUSY with the name of who takes it in higher bits.
 */
export function tryLock(i32: Words, slot: number, busy = BUSY): boolean {
  const state = Atomics.load(i32, slot + X_STATE);
  if (state !== EMPTY && state !== FULL) return false;
  return Atomics.compareExchange(i32, slot + X_STATE, state, busy) === state;
}

/** Gives a shared slot back, FULL or EMPTY by what stands in it. */
export function unlock(i32: Words, slot: number): void {
  const state = i32[slot + ADDRESS] === 0 ? EMPTY : FULL;
  Atomics.store(i32, slot + X_STATE, state);
}
