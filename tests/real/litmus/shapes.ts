/**
 * Litmus shapes: a few accesses of two to four workers, and which results are
 * possible.
 *
 * Each round has words of its own, a cache line each. An outcome is the list
 * of what the actors return. *Racy* outcomes are those that sequential
 * consistency rules out and plain accesses may show; *forbidden* ones must
 * never be seen.
 *
 * ## Threads
 *   The actors of one round run at the same time, each in its own worker. What
 *   is plain and what is atomic is the point of each shape.
 *
 * @module
 */

import type { Memory } from "../../../src/memory/mod.ts";
import { Mutex, PyEvent } from "../../../src/sync/mod.ts";

type Words = Int32Array<SharedArrayBuffer>;

/** What one worker does in a round; `x` is the round's first word. */
export type Actor = (i32: Words, x: number, m: Memory) => number;

/** What an outcome means. */
export type Grade = "fine" | "racy" | "forbidden";

/** See the head of this file. */
export interface Shape {
  /** As the table names it. */
  readonly name: string;
  /** One for each worker. */
  readonly actors: readonly Actor[];
  /** What it means if the actors return these numbers. */
  grade(...results: readonly number[]): Grade;
}

/** Distance of the words of a round. Words. */
export const LINE = 16;
/** Words of a round, a line each. Count. */
export const VARIABLES = 3;
/** Words of a round. Count. */
export const ROUND = VARIABLES * LINE;

const Y = LINE;
const LOCK = 2 * LINE;

/** Grades one outcome, all others are fine. */
function only(grade: Grade, ...bad: readonly number[]): Shape["grade"] {
  return (...results) =>
    results.every((result, i) => result === bad[i]) ? grade : "fine";
}

/** Two reads in one number. */
function pair(first: number, second: number): number {
  return first * 10 + second;
}

const plain: readonly Shape[] = [
  {
    name: "store buffering, plain",
    actors: [
      (i32, x) => {
        i32[x] = 1;
        return i32[x + Y];
      },
      (i32, x) => {
        i32[x + Y] = 1;
        return i32[x];
      },
    ],
    grade: only("racy", 0, 0),
  },
  {
    name: "message passing, plain",
    actors: [
      (i32, x) => {
        i32[x] = 1;
        i32[x + Y] = 1;
        return 0;
      },
      (i32, x) => pair(i32[x + Y], i32[x]),
    ],
    grade: only("racy", 0, 10),
  },
  {
    name: "two additions, plain",
    actors: [
      (i32, x) => i32[x]++,
      (i32, x) => i32[x]++,
    ],
    grade: only("racy", 0, 0),
  },
];

const atomic: readonly Shape[] = [
  {
    name: "store buffering, atomic",
    actors: [
      (i32, x) => {
        Atomics.store(i32, x, 1);
        return Atomics.load(i32, x + Y);
      },
      (i32, x) => {
        Atomics.store(i32, x + Y, 1);
        return Atomics.load(i32, x);
      },
    ],
    grade: only("forbidden", 0, 0),
  },
  {
    name: "message passing, atomic flag and plain data",
    actors: [
      (i32, x) => {
        i32[x] = 1;
        Atomics.store(i32, x + Y, 1);
        return 0;
      },
      (i32, x) => Atomics.load(i32, x + Y) === 1 ? pair(1, i32[x]) : 0,
    ],
    grade: only("forbidden", 0, 10),
  },
  {
    name: "load buffering, atomic",
    actors: [
      (i32, x) => {
        const seen = Atomics.load(i32, x + Y);
        Atomics.store(i32, x, 1);
        return seen;
      },
      (i32, x) => {
        const seen = Atomics.load(i32, x);
        Atomics.store(i32, x + Y, 1);
        return seen;
      },
    ],
    grade: only("forbidden", 1, 1),
  },
  {
    name: "two reads of one word, atomic",
    actors: [
      (i32, x) => {
        Atomics.store(i32, x, 1);
        return 0;
      },
      (i32, x) => pair(Atomics.load(i32, x), Atomics.load(i32, x)),
    ],
    grade: only("forbidden", 0, 10),
  },
  {
    name: "two additions, atomic",
    actors: [
      (i32, x) => Atomics.add(i32, x, 1),
      (i32, x) => Atomics.add(i32, x, 1),
    ],
    grade: (a, b) => a + b === 1 ? "fine" : "forbidden",
  },
  {
    name: "writes to reads, 3 workers, atomic",
    actors: [
      (i32, x) => {
        Atomics.store(i32, x, 1);
        return 0;
      },
      (i32, x) => {
        const seen = Atomics.load(i32, x);
        if (seen === 1) Atomics.store(i32, x + Y, 1);
        return seen;
      },
      (i32, x) => pair(Atomics.load(i32, x + Y), Atomics.load(i32, x)),
    ],
    grade: only("forbidden", 0, 1, 10),
  },
  {
    name: "independent reads of independent writes, 4 workers, atomic",
    actors: [
      (i32, x) => {
        Atomics.store(i32, x, 1);
        return 0;
      },
      (i32, x) => {
        Atomics.store(i32, x + Y, 1);
        return 0;
      },
      (i32, x) => pair(Atomics.load(i32, x), Atomics.load(i32, x + Y)),
      (i32, x) => pair(Atomics.load(i32, x + Y), Atomics.load(i32, x)),
    ],
    grade: only("forbidden", 0, 0, 10, 10),
  },
];

/** Adds 1 to two words, under the round's mutex. Returns their difference. */
function addBoth(i32: Words, x: number, m: Memory): number {
  Mutex.lock(m, x + LOCK);
  const first = i32[x];
  i32[x] = first + 1;
  const second = i32[x + Y];
  i32[x + Y] = second + 1;
  Mutex.unlock(m, x + LOCK);
  return pair(first, second);
}

function tryBoth(i32: Words, x: number, m: Memory): number {
  if (!Mutex.tryLock(m, x + LOCK)) return -1;
  const both = pair(i32[x], i32[x + Y]);
  i32[x] = 1;
  i32[x + Y] = 1;
  Mutex.unlock(m, x + LOCK);
  return both;
}

const primitives: readonly Shape[] = [
  {
    name: "two additions, under a mutex",
    actors: [addBoth, addBoth],
    grade: (a, b) => a + b === 11 && a * b === 0 ? "fine" : "forbidden",
  },
  {
    name: "two writers, under a mutex that is tried",
    actors: [tryBoth, tryBoth],
    // -1: the other had it.
    grade: (a, b) =>
      (a === 0 && (b === 11 || b === -1)) ||
        (b === 0 && (a === 11 || a === -1))
        ? "fine"
        : "forbidden",
  },
  {
    name: "message passing, by an event",
    actors: [
      (i32, x, m) => {
        i32[x] = 1;
        PyEvent.notify(m, x + LOCK);
        return 0;
      },
      (i32, x, m) => PyEvent.isSet(m, x + LOCK) ? pair(1, i32[x]) : 0,
    ],
    grade: only("forbidden", 0, 10),
  },
  {
    name: "store buffering, by two events",
    actors: [
      (_, x, m) => {
        PyEvent.notify(m, x + Y);
        return PyEvent.isSet(m, x + LOCK) ? 1 : 0;
      },
      (_, x, m) => {
        PyEvent.notify(m, x + LOCK);
        return PyEvent.isSet(m, x + Y) ? 1 : 0;
      },
    ],
    grade: only("forbidden", 0, 0),
  },
];

/** Plain store buffering, graded as if it were forbidden: must be found. */
export const CANARY: Shape = {
  name: "canary: store buffering, plain",
  actors: plain[0].actors,
  grade: only("forbidden", 0, 0),
};

/** All shapes that must show nothing forbidden. */
export const SHAPES: readonly Shape[] = [...plain, ...atomic, ...primitives];

/**
 * The shape of a name.
 *
 * @throws {RangeError} If there is none.
 */
export function shapeOf(name: string): Shape {
  const found = [...SHAPES, CANARY].find((shape) => shape.name === name);
  if (!found) throw new RangeError(`No shape is called "${name}"`);
  return found;
}
