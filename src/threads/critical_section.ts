/**
 * Critical sections: code that has an object, or two, to itself.
 *
 * They are no locks to rely on across calls: whenever the thread detaches, all
 * its sections are suspended, and another thread may change the object. In the
 * GIL build they do nothing, because the GIL has the same property.
 *
 * ## Threads
 *   See `sections.ts`. Begin and end are called by an attached thread, in pairs
 *   like brackets.
 *
 * Source: CPython 3.14 Python/critical_section.c:
 * _PyCriticalSection_BeginSlow(), _PyCriticalSection2_BeginSlow();
 * Include/internal/pycore_critical_section.h.
 *
 * @module
 */

import type { Memory } from "../memory/mod.ts";
import * as Header from "../layout/header.ts";
import * as ThreadState from "../layout/thread_state.ts";
import { Mutex } from "../sync/mod.ts";
import * as Sections from "./sections.ts";
import * as ThreadStates from "./thread_state.ts";

const { BUILD_GIL } = Header;
const { SECTION_DEPTH } = ThreadState;
const { NESTED, PENDING, SECOND } = Sections;

/** Refuses a section that the stack has no room for. */
function requireRoom(m: Memory, count: number): void {
  if (!Sections.isFull(m, count)) return;
  throw new RangeError(
    `Cannot begin a critical section: ${Sections.depth(m)} mutexes are all ` +
      "that a thread may have",
  );
}

/** Takes a mutex, detached if that takes long. */
function lockOne(m: Memory, at: number): void {
  if (Sections.tryLock(m, at)) return;
  ThreadStates.detach(m);
  Sections.lock(m, at);
  ThreadStates.attach(m);
}

/** True if the uppermost section has a mutex. */
function isUppermost(m: Memory, at: number): boolean {
  const depth = Sections.depth(m);
  if (depth === 0) return false;
  const last = m.i32[Sections.at(m, depth - 1)];
  if (last === at) return true;
  if ((last & SECOND) !== SECOND) return false;
  return (last & ~SECOND) === at || m.i32[Sections.at(m, depth - 2)] === at;
}

/** Begins a section inside of one that has its mutexes. */
function nest(m: Memory): void {
  requireRoom(m, 1);
  const depth = Sections.depth(m);
  m.i32[Sections.at(m, depth)] = NESTED;
  m.i32[m.thread + SECTION_DEPTH] = depth + 1;
}

/** Begins a section with a mutex that somebody has. */
function beginSlow(m: Memory, at: number, word: number): void {
  // Until it has begun no other section is to be taken up again.
  m.i32[m.thread + SECTION_DEPTH]++;
  lockOne(m, at);
  m.i32[word] = at;
}

/**
 * Begins a section with one object. C: `Py_BEGIN_CRITICAL_SECTION()`.
 *
 * @param m The heap, of an attached worker.
 * @param at Mutex of the object. Word index.
 * @throws {RangeError} If the thread is in too many sections.
 */
export function begin(m: Memory, at: number): void {
  if (m.build === BUILD_GIL) return;
  if (isUppermost(m, at)) {
    nest(m);
    return;
  }
  requireRoom(m, 1);
  const depth = Sections.depth(m);
  const word = Sections.at(m, depth);
  m.i32[word] = at | PENDING; // before the mutex, see E3
  if (!Mutex.tryLock(m, at)) {
    beginSlow(m, at, word);
    return;
  }
  m.i32[word] = at;
  m.i32[m.thread + SECTION_DEPTH] = depth + 1;
}

/** Begins a section with two mutexes, the first of them lower. */
function beginPair(m: Memory, first: number, second: number): void {
  requireRoom(m, 2);
  const depth = Sections.depth(m);
  const word = Sections.at(m, depth);
  m.i32[word] = first | PENDING; // before the mutexes, see E3
  m.i32[Sections.at(m, depth + 1)] = second | SECOND;
  m.i32[m.thread + SECTION_DEPTH] = depth + 2;
  lockOne(m, first);
  lockOne(m, second);
  m.i32[word] = first;
}

/**
 * Begins a section with two objects. C: `Py_BEGIN_CRITICAL_SECTION2()`.
 *
 * @param m The heap, of an attached worker.
 * @param a Mutex of one object. Word index.
 * @param b Mutex of the other, or of the same. Word index.
 * @throws {RangeError} If the thread is in too many sections.
 */
export function begin2(m: Memory, a: number, b: number): void {
  if (m.build === BUILD_GIL) return;
  if (a === b) {
    begin(m, a);
    return;
  }
  if (isUppermost(m, a) && isUppermost(m, b)) {
    nest(m);
    return;
  }
  beginPair(m, Math.min(a, b), Math.max(a, b));
}

/**
 * Ends the uppermost section, and takes the one below it up again if it was
 * suspended. C: `Py_END_CRITICAL_SECTION()`.
 *
 * @param m The heap, of an attached worker.
 */
export function end(m: Memory): void {
  if (m.build === BUILD_GIL) return;
  const depth = Sections.depth(m);
  // A worker that came back from a stack overflow has none any more.
  if (depth === 0) return;
  const left = endUppermost(m, depth - 1);
  m.i32[m.thread + SECTION_DEPTH] = left;
  if (left === 0 || Sections.tryResume(m)) return;
  ThreadStates.detach(m);
  ThreadStates.attach(m);
}

/** Gives the mutexes back of the section whose last word is `k`. */
function endUppermost(m: Memory, k: number): number {
  const last = m.i32[Sections.at(m, k)];
  if (last === NESTED) return k;
  if ((last & SECOND) !== SECOND) {
    Sections.unlock(m, last);
    return k;
  }
  Sections.unlock(m, last & ~SECOND);
  Sections.unlock(m, m.i32[Sections.at(m, k - 1)]);
  return k - 1;
}
