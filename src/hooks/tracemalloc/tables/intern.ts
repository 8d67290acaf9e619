/**
 * Interned records: names, tracebacks and keys, each of them once.
 *
 * ## Invariants
 *   I1  two records of the same tables differ in a word from KIND on
 *   I2  a record that hangs in a bucket does not change, but for X_TRACE
 *
 * ## Threads
 *   A record is written plainly while only its worker knows it, and then made
 *   the first of its bucket by compare-and-exchange. Until the tables are freed
 *   nothing leaves a bucket, so whoever fails to push has only to look at what
 *   came before it since. A worker that stops before it has pushed leaks its
 *   record.
 *
 * Source: CPython 3.14 Python/tracemalloc.c: tracemalloc_get_frame(),
 * traceback_new().
 * Differs: one table, which takes no lock and never shrinks.
 *
 * @module
 */

import * as TraceRecord from "../../../layout/trace_record.ts";
import * as TraceTables from "../../../layout/trace_tables.ts";
import { give, take, type Window } from "./window.ts";

const { NEXT, HASH, KIND, COUNT, ITEMS } = TraceRecord;
/** Prime of the FNV-1a hash. */
const PRIME = 16777619;
/** Start of the FNV-1a hash. */
const BASIS = -2128831035;

/** Hash of words. */
function hashOf(words: readonly number[]): number {
  let hash = BASIS;
  for (let k = 0; k < words.length; k++) {
    hash = Math.imul(hash ^ words[k], PRIME);
    hash ^= hash >>> 15;
  }
  return hash;
}

/** True if a record has these words from KIND on. */
function isEqual(
  i32: Int32Array<SharedArrayBuffer>,
  record: number,
  words: readonly number[],
): boolean {
  for (let k = 0; k < words.length; k++) {
    if (i32[record + KIND + k] !== words[k]) return false;
  }
  return true;
}

/** A record among those from `first` up to, not including, `end`; or 0. */
function search(
  i32: Int32Array<SharedArrayBuffer>,
  first: number,
  end: number,
  hash: number,
  words: readonly number[],
): number {
  let record = first;
  while (record !== end) {
    if (i32[record + HASH] === hash && isEqual(i32, record, words)) {
      return record;
    }
    record = i32[record + NEXT];
  }
  return 0;
}

/** Bytes of a record of so many words from KIND on. */
function sizeOf(words: number): number {
  return (KIND + words) * 4;
}

/** The bucket of a hash. Word index. */
function bucketOf(w: Window, tables: number, hash: number): number {
  return firstBucket(w, tables) + (hash & (TraceTables.NUM_BUCKETS - 1));
}

/** The first bucket. Word index. */
export function firstBucket(w: Window, tables: number): number {
  return tables + TraceTables.DIRECTORY + w.m.pages;
}

/** A record that nobody else knows yet, or 0. */
function make(
  w: Window,
  tables: number,
  hash: number,
  words: readonly number[],
): number {
  const i32 = w.m.i32;
  const record = take(w, tables, sizeOf(words.length));
  if (record === 0) return 0;
  i32[record + HASH] = hash;
  for (let k = 0; k < words.length; k++) i32[record + KIND + k] = words[k];
  return record;
}

/** Makes a record the first of its bucket, unless there is one like it. */
function push(
  w: Window,
  bucket: number,
  first: number,
  record: number,
  words: readonly number[],
): number {
  const i32 = w.m.i32;
  const hash = i32[record + HASH];
  let head = first;
  while (true) {
    i32[record + NEXT] = head;
    const seen = Atomics.compareExchange(i32, bucket, head, record); // COMMIT
    if (seen === head) return record;
    const found = search(i32, seen, head, hash, words);
    if (found !== 0) return found;
    head = seen;
    Atomics.pause();
  }
}

/**
 * The record with these words.
 *
 * @param w The window of a worker that is inside.
 * @param tables The tables. Word index.
 * @param words KIND, COUNT, and so many words.
 * @returns The record, or 0 if there is none. Word index.
 */
export function find(
  w: Window,
  tables: number,
  words: readonly number[],
): number {
  const i32 = w.m.i32;
  const hash = hashOf(words);
  const head = Atomics.load(i32, bucketOf(w, tables, hash));
  return search(i32, head, 0, hash, words);
}

/**
 * The record with these words, made if need be.
 *
 * @param w The window of a worker that is inside.
 * @param tables The tables. Word index.
 * @param words KIND, COUNT, and so many words.
 * @returns The record, or 0 if no memory is left. Word index.
 */
export function intern(
  w: Window,
  tables: number,
  words: readonly number[],
): number {
  const i32 = w.m.i32;
  const hash = hashOf(words);
  const bucket = bucketOf(w, tables, hash);
  const head = Atomics.load(i32, bucket);
  const known = search(i32, head, 0, hash, words);
  if (known !== 0) return known;
  const record = make(w, tables, hash, words);
  if (record === 0) return 0;
  const found = push(w, bucket, head, record, words);
  if (found !== record) give(w, tables, record, sizeOf(words.length));
  return found;
}

/**
 * Frees all records of a bucket.
 *
 * @param w The window of a worker who alone knows the tables.
 * @param tables The tables. Word index.
 * @param bucket The bucket. Word index.
 */
export function freeBucket(w: Window, tables: number, bucket: number): void {
  const i32 = w.m.i32;
  let record = Atomics.load(i32, bucket);
  while (record !== 0) {
    const next = i32[record + NEXT];
    give(w, tables, record, sizeOf(2 + i32[record + COUNT]));
    record = next;
  }
}

/** Words of a name, as {@linkcode intern} wants them. */
export function nameWords(name: string): number[] {
  const bytes = new TextEncoder().encode(name);
  const words = [TraceRecord.NAME, 1 + Math.ceil(bytes.length / 4)];
  words.push(bytes.length);
  for (let k = 0; k < bytes.length; k += 4) {
    words.push(
      bytes[k] | bytes[k + 1] << 8 | bytes[k + 2] << 16 | bytes[k + 3] << 24,
    );
  }
  return words;
}

/** The text of a name. The record is a word index. */
export function nameOf(w: Window, record: number): string {
  const i32 = w.m.i32;
  const bytes = new Uint8Array(i32[record + ITEMS]);
  for (let k = 0; k < bytes.length; k++) {
    bytes[k] = i32[record + ITEMS + 1 + (k >> 2)] >>> 8 * (k & 3);
  }
  return new TextDecoder().decode(bytes);
}
