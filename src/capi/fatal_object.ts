/**
 * Claims about objects that C checks in every build, and ends the process for.
 *
 * ## Threads
 *   As `sync/fatal.ts`: all workers of the heap stop with the same verdict.
 *
 * Source: CPython 3.14 Objects/object.c: _PyObject_AssertFailed(),
 * _PyObject_Dump().
 *
 * @module
 */

import { FatalError } from "../errors.ts";
import { Debug } from "../hooks/mod.ts";
import { type Objects, Protocol } from "../objects/mod.ts";
import { Fatal } from "../sync/mod.ts";
import type { PyObject } from "./objects.ts";

/** An address as C prints it. */
function pointer(address: number): string {
  return `0x${address.toString(16)}`;
}

/** What C prints of an object. C: `_PyObject_Dump()`. */
function dump(o: Objects, op: PyObject): string {
  const type = o.typeOf(op);
  return `object address  : ${pointer(op)}\n` + // verbatim
    `object refcount : ${o.refcnt(op)}\n` + // verbatim
    `object type     : ${pointer(type)}\n` + // verbatim
    `object type name: ${o.nameOf(type)}\n` + // verbatim
    `object repr     : ${Protocol.repr(o, op)}\n`; // verbatim
}

/**
 * Reports a claim about an object that does not hold; marks the heap.
 *
 * C: `_PyObject_AssertFailed()`.
 *
 * @param caller Function that has found it.
 * @param message What does not hold.
 * @throws {FatalError} Always.
 */
export function assertFailed(
  o: Objects,
  op: PyObject,
  caller: string,
  message: string,
): never {
  const report = `${caller}: Assertion failed: ${message}\n\n` + // verbatim
    `${dump(o, op)}\n` +
    "Fatal Python error: _PyObject_AssertFailed: _PyObject_AssertFailed\n"; // verbatim
  const text = `${caller}: ${message}`;
  Fatal.judge(o.m, text);
  Fatal.poison(o.m);
  Debug.Stderr.write(report);
  throw new FatalError(text, report);
}
