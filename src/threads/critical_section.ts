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
import * as Sections from "./sections.ts";
import * as ThreadStates from "./thread_state.ts";

/** Takes mutexes, detached if that takes long, and begins a section. */
function lock(m: Memory, first: number, second: number): void {
  const { sections } = m;
  // Until it has begun no other section is to be taken up again.
  sections.push(0, 0);
  lockOne(m, first);
  lockOne(m, second);
  sections[sections.length - 2] = first;
  sections[sections.length - 1] = second;
}

/** Takes a mutex, detached if that takes long; 0 is none. */
function lockOne(m: Memory, at: number): void {
  if (Sections.tryLock(m, at)) return;
  ThreadStates.detach(m);
  Sections.lock(m, at);
  ThreadStates.attach(m);
}

/** True if the uppermost section has a mutex. */
function isUppermost(m: Memory, at: number): boolean {
  const { sections } = m;
  const top = sections.length - 2;
  return top >= 0 && (sections[top] === at || sections[top + 1] === at);
}

/**
 * Begins a section with one object. C: `Py_BEGIN_CRITICAL_SECTION()`.
 *
 * @param m The heap, of an attached worker.
 * @param at Mutex of the object. Word index.
 */
export function begin(m: Memory, at: number): void {
  if (m.build === Header.BUILD_GIL) return;
  if (isUppermost(m, at)) {
    m.sections.push(0, Sections.NESTED);
    return;
  }
  lock(m, at, 0);
}

/**
 * Begins a section with two objects. C: `Py_BEGIN_CRITICAL_SECTION2()`.
 *
 * @param m The heap, of an attached worker.
 * @param a Mutex of one object. Word index.
 * @param b Mutex of the other, or of the same. Word index.
 */
export function begin2(m: Memory, a: number, b: number): void {
  if (m.build === Header.BUILD_GIL) return;
  if (a === b) {
    begin(m, a);
    return;
  }
  if (isUppermost(m, a) && isUppermost(m, b)) {
    m.sections.push(0, Sections.NESTED);
    return;
  }
  lock(m, Math.min(a, b), Math.max(a, b));
}

/**
 * Ends the uppermost section, and takes the one below it up again if it was
 * suspended. C: `Py_END_CRITICAL_SECTION()`.
 *
 * @param m The heap, of an attached worker.
 */
export function end(m: Memory): void {
  if (m.build === Header.BUILD_GIL) return;
  const second = m.sections.pop()!;
  const first = m.sections.pop()!;
  if (second > Sections.NESTED) Sections.unlock(m, second);
  if (first > 0) Sections.unlock(m, first);
  if (m.sections.length === 0 || Sections.tryResume(m)) return;
  ThreadStates.detach(m);
  ThreadStates.attach(m);
}
