/**
 * Lists of the GIL build: rings of heads, each with one that is no object's.
 *
 * Heads are named by word index here. A list whose words are 0 is empty, too.
 *
 * ## Threads
 *   Plain words of whoever holds the GIL, see `objects/tracking.ts`.
 *
 * Source: CPython 3.13 Python/gc.c: gc_list_move(), gc_list_merge() and so on.
 *
 * @module
 */

import * as GcHead from "../layout/gc_head.ts";
import { Tracking } from "../objects/mod.ts";

type Words = Int32Array<SharedArrayBuffer>;

const { GC_PREV } = GcHead;
const FLAGS = GcHead.FINALIZED | GcHead.COLLECTING;

/** Head behind another, whatever flags stand there. */
export function nextOf(i32: Words, head: number): number {
  return i32[head] >>> 2;
}

/** Head before another, if GC_PREV is no count now. */
export function prevOf(i32: Words, head: number): number {
  return i32[head + GC_PREV] >>> 2;
}

/** Sets what stands before a head, and keeps the flags. */
export function setPrev(i32: Words, head: number, prev: number): void {
  i32[head + GC_PREV] = (prev << 2) | (i32[head + GC_PREV] & FLAGS);
}

/** Makes a list empty. What was in it is the caller's concern. */
export function init(i32: Words, list: number): void {
  i32[list] = list << 2;
  i32[list + GC_PREV] = list << 2;
}

/** First head of a list, or the list itself if it is empty. */
export function first(i32: Words, list: number): number {
  return nextOf(i32, list) || list;
}

/** Whether a list has no objects. */
export function isEmpty(i32: Words, list: number): boolean {
  return first(i32, list) === list;
}

/** Objects of a list. Count. C: gc_list_size(). */
export function sizeOf(i32: Words, list: number): number {
  let count = 0;
  let head = first(i32, list);
  for (; head !== list; head = nextOf(i32, head)) count++;
  return count;
}

/**
 * Moves a head to the end of another list. Its GC_NEXT is never 0 meanwhile: it
 * stays tracked. C: gc_list_move().
 */
export function move(i32: Words, head: number, list: number): void {
  const prev = prevOf(i32, head);
  const next = nextOf(i32, head);
  i32[prev] = next << 2;
  setPrev(i32, next, prev);
  Tracking.link(i32, head, list);
}

/** Moves all of a list to the end of another. C: gc_list_merge(). */
export function merge(i32: Words, from: number, to: number): void {
  if (isEmpty(i32, from)) return;
  if (nextOf(i32, to) === 0) init(i32, to);
  const tail = prevOf(i32, to);
  const front = nextOf(i32, from);
  const back = prevOf(i32, from);
  i32[tail] = front << 2;
  setPrev(i32, front, tail);
  i32[back] = to << 2;
  i32[to + GC_PREV] = back << 2;
  init(i32, from);
}
