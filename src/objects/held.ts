/**
 * Sections that the program knows of, and those that a stack overflow has left.
 *
 * The stack of a worker may run out at any call. Code that has begun a section
 * then never comes to its end: the object stays locked for all others. So each
 * worker notes how much of its stack of sections is the program's, and what
 * stands above that when the program makes its next call is ended first.
 *
 * ```text
 *   SECTION_DEPTH ─▶ ┌──────────────┐
 *                    │ left behind  │  ended by settle()
 *   o.held ────────▶ ├──────────────┤
 *                    │ the program's│  begin(), begin2()
 *                    └──────────────┘
 * ```
 *
 * ## Invariants
 *   L1  whenever a function of the program runs, `held` is SECTION_DEPTH, or what
 *       is above it was left behind
 *
 * ## Threads
 *   All is the worker's own. `held` is changed by plain stores between calls, so
 *   that the stack cannot run out between the stack of sections and it: what an
 *   overflow in here leaves is above `held` again. A section that was waiting to
 *   begin cannot be told from one that has: then it is as if the worker had died
 *   and come back, see {@linkcode Core.heal}.
 *
 * Differs: in C the stack of sections is on the thread's stack, and an overflow
 * of that ends the process.
 *
 * @module
 */

import * as ThreadState from "../layout/thread_state.ts";
import { CriticalSection, Sections } from "../threads/mod.ts";
import type { Objects } from "./objects.ts";

const { SECTION_DEPTH } = ThreadState;
const { NESTED, PENDING, SECOND, SUSPENDED } = Sections;

/** True if {@linkcode settle} has something to do. */
export function isOff(o: Objects): boolean {
  const { m } = o;
  return m.i32[m.thread + SECTION_DEPTH] !== o.held || m.isCut;
}

/**
 * Begins a section of the program. The caller notes `held` before, for
 * {@linkcode end}.
 *
 * @param at Mutex of the object. Word index.
 * @throws {RangeError} If the thread is in too many sections.
 */
export function begin(o: Objects, at: number): void {
  const { m } = o;
  CriticalSection.begin(m, at);
  o.held = m.i32[m.thread + SECTION_DEPTH];
}

/** The same with two mutexes. */
export function begin2(o: Objects, a: number, b: number): void {
  const { m } = o;
  CriticalSection.begin2(m, a, b);
  o.held = m.i32[m.thread + SECTION_DEPTH];
}

/**
 * Ends the program's uppermost section, and what is left above it. The caller
 * has set `held` to what it was before the section, in a statement of its own:
 * if the stack runs out here, the next call goes on.
 */
export function end(o: Objects): void {
  endAbove(o, o.held);
}

/** What `held` is without the uppermost section of the program. Words. */
export function below(o: Objects): number {
  const { held, m } = o;
  if (held === 0) return 0; // the GIL build, or the worker came back
  const last = m.i32[Sections.at(m, held - 1)];
  return (last & SECOND) === SECOND ? held - 2 : held - 1;
}

/** Ends what an overflow has left, before anything else is done. */
export function settle(o: Objects): void {
  if (o.m.isCut) o.core.heal();
  endAbove(o, o.held);
}

/** Ends sections until so many words of the stack are left. */
function endAbove(o: Objects, level: number): void {
  const { m } = o;
  if (m.thread === 0) return; // the program has closed the heap
  while (m.i32[m.thread + SECTION_DEPTH] > level) endLeft(o);
  clamp(o);
}

/** Makes sure that the program has no more sections than there are. */
export function clamp(o: Objects): void {
  const { m } = o;
  const depth = m.i32[m.thread + SECTION_DEPTH];
  if (o.held > depth) o.held = depth;
}

/** Ends the uppermost section, whatever state it was left in. */
function endLeft(o: Objects): void {
  const { i32, m } = o;
  const depth = Sections.depth(m);
  const last = i32[Sections.at(m, depth - 1)];
  const isPair = (last & SECOND) === SECOND;
  const start = isPair ? depth - 2 : depth - 1;
  const flags = i32[Sections.at(m, start)] & SECOND;
  if (flags === PENDING) {
    m.isCut = true;
    o.core.heal();
    return;
  }
  if (flags === SUSPENDED) { // has no mutex to give back
    i32[Sections.at(m, start)] = NESTED;
    i32[m.thread + SECTION_DEPTH] = start + 1;
  }
  CriticalSection.end(m);
}

/**
 * Calls a function of the program from inside of ours, where sections may be
 * open that are not left behind. What the function leaves is.
 *
 * @param run The function; what it throws is thrown on.
 * @param value What it is called with.
 */
export function callOut<T>(
  o: Objects,
  run: (value: T) => void,
  value: T,
): void {
  const before = o.held;
  const { m } = o;
  const level = m.i32[m.thread + SECTION_DEPTH];
  o.held = level;
  try {
    run(value);
  } finally {
    o.held = before;
    endAbove(o, level);
  }
}
