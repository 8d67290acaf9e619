/**
 * The end of a run: every object has the references that can be found, and when
 * they are dropped the heap is as it was.
 *
 * ## Invariants
 *   A1  what is reachable from containers, slots, rings and tables has as many
 *       references as are found on the way, no more and no less
 *   A2  no other object is there
 *   A3  once all is dropped and collected the heap has the blocks that it had
 *       before the first container
 *
 * ## Threads
 *   Main thread, attached, after all workers have ended.
 *
 * @module
 */

import * as StaticObjects from "../../layout/static_objects.ts";
import type { Gc } from "../../gc/mod.ts";
import { FreeLists, MemDelayed, type Objects } from "../../objects/mod.ts";
import { attach, checkHeap, type Heap } from "../stress/heap.ts";
import type { Board } from "./board.ts";
import { placeAt } from "./board.ts";
import { FindingError, type FindingKind } from "./finding.ts";
import * as Mark from "./mark.ts";
import * as Places from "./places.ts";

/** Names of the domains. */
const DOMAINS = ["raw", "mem", "obj"];
/** Safe points until nothing waits for readers any more. Count. */
const PASSES = 4;
/** Faults that are named. Count. */
const NAMED = 5;

/** What the audit looks at. */
export interface Estate {
  /** The heap. */
  readonly heap: Heap;
  /** The main thread's objects. */
  readonly o: Objects;
  /** The main thread's collector. */
  readonly gc: Gc;
  /** What the workers have left. */
  readonly board: Board;
  /** The containers; a reference of the main thread to each. */
  readonly containers: Places.Containers;
  /** Live blocks before there were containers, by domain. Count. */
  readonly before: readonly number[];
}

function fail(kind: FindingKind, text: string): never {
  throw new FindingError({ kind, text, worker: -1, op: 0 });
}

/**
 * Judges what the workers have left, drops it, closes the heap, and claims that
 * nothing remains.
 *
 * @returns Objects that were there. Count.
 * @throws {FindingError} If anything is wrong.
 */
export function audit(estate: Estate): number {
  settle(estate);
  verifyMarks(estate);
  const count = verifyCounts(estate);
  release(estate);
  settle(estate);
  estate.heap.close();
  requireSame(estate);
  return count;
}

/** Collects, and gives up what waits for readers. */
function settle({ heap, o, gc }: Estate): void {
  gc.collect();
  for (let pass = 0; pass < PASSES; pass++) {
    heap.threads.safePoint();
    MemDelayed.process(o);
  }
  gc.collect();
  FreeLists.clear(o);
  for (let pass = 0; pass < PASSES; pass++) {
    heap.threads.safePoint();
    heap.trim();
  }
}

/** Live blocks of a heap that is whole, by domain. Count. */
export function blocksOf(heap: Heap): readonly number[] {
  const { findings, blocks } = checkHeap(heap);
  if (findings.length > 0) fail("broken-invariant", findings.join("\n    "));
  return blocks;
}

/** Claims that slots and tables have objects of their places. */
function verifyMarks({ o, board }: Estate): void {
  for (let k = 0; k < Places.SLOTS; k++) {
    const place = Places.FIRST_SLOT + k;
    verifyMark(o, board.i32[board.slot(place)] >>> 0, place);
  }
  const end = board.table(board.workers);
  for (let at = board.table(0); at < end; at++) {
    verifyMark(o, board.i32[at] >>> 0, placeAt(at - board.table(0)));
  }
}

function verifyMark(o: Objects, op: number, place: number): void {
  if (op === 0) return;
  const mark = Mark.read(o, op);
  if (mark !== Mark.NONE && Mark.placeOf(mark) === place) return;
  const what = `The object ${describe(o, op)} at the end of the run`;
  fail("recycled", `${what} was not made for ${Places.nameOf(place)}`);
}

function describe(o: Objects, op: number): string {
  return `0x${op.toString(16)} (${o.describe(op)})`;
}

/** References of the main thread and of the workers. */
function roots({ board, containers }: Estate): number[] {
  const [from, end] = board.references;
  const held = Array.from(board.i32.subarray(from, end), (word) => word >>> 0);
  return [...Places.allOf(containers), ...held.filter((op) => op !== 0)];
}

/** Counts references to whatever is reachable; the objects there from the start are left out. */
function countReferences(estate: Estate): Map<number, number> {
  const { o } = estate;
  const counts = new Map<number, number>();
  const left: number[] = [];
  function visit(op: number): void {
    const offset = op - o.statics;
    if (offset >= 0 && offset < StaticObjects.SIZEOF) return;
    const count = counts.get(op) ?? 0;
    counts.set(op, count + 1);
    if (count === 0) left.push(op);
  }
  for (const op of roots(estate)) visit(op);
  for (let op = left.pop(); op !== undefined; op = left.pop()) {
    o.slotsOf(op)?.traverse?.(o, op, visit);
  }
  return counts;
}

/** A1 and A2. Returns the number of objects. */
function verifyCounts(estate: Estate): number {
  const { o, heap, before } = estate;
  const counts = countReferences(estate);
  const wrong: string[] = [];
  for (const [op, count] of counts) {
    const refcnt = o.refcnt(op);
    if (refcnt === count) continue;
    wrong.push(`${describe(o, op)} has ${refcnt}, ${count} are found`);
  }
  if (wrong.length > 0) {
    const list = wrong.slice(0, NAMED).join("; ");
    fail("wrong-count", `${wrong.length} counts are wrong: ${list}`);
  }
  const [, , obj] = blocksOf(heap);
  const found = obj - before[2];
  if (found !== counts.size) {
    fail(
      "lost-object",
      `${counts.size} objects are in use, ${found} are there`,
    );
  }
  return counts.size;
}

/** Drops all references. */
function release(estate: Estate): void {
  const { o, board } = estate;
  const held = roots(estate);
  const [from, end] = board.references;
  board.i32.fill(0, from, end);
  for (const op of held) o.decref(op);
}

/** A3. Seen from a thread state that has done nothing yet. */
function requireSame({ heap: { handle }, before }: Estate): void {
  using heap = attach(handle);
  const after = blocksOf(heap);
  const other = after.flatMap((count, k) =>
    count === before[k]
      ? []
      : [`${count} blocks of ${DOMAINS[k]} where ${before[k]} were`]
  );
  if (other.length === 0) return;
  fail("not-empty", `All was dropped, and yet there are ${other.join(", ")}`);
}
