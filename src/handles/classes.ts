/**
 * Which handle is of which type.
 *
 * ## Threads
 *   None: nothing is written.
 *
 * @module
 */

import type { Core } from "../domains/core.ts";
import { MemoryError } from "../errors.ts";
import { objectsOf } from "../gc/mod.ts";
import type { Address } from "../memory/mod.ts";
import { Kinds } from "../objects/mod.ts";
import {
  PyBool,
  PyBytes,
  PyComplex,
  PyFloat,
  PyInt,
  PyNone,
  PyStr,
} from "./atoms.ts";
import { PyDict } from "./dict.ts";
import { PyList } from "./list.ts";
import { PyObject } from "./object.ts";
import { PyTuple } from "./sequence.ts";
import { PyFrozenSet, PySet } from "./set.ts";
import { Space } from "./space.ts";
import { PyInstance, PyType } from "./type.ts";
import { PyWeakref } from "./weakref.ts";

/** Makes a handle. */
type Class = new (space: Space, op: Address) => PyObject;

/** Classes by kind. */
const CLASSES: readonly (readonly [number, Class])[] = [
  [Kinds.USER, PyInstance],
  [Kinds.TYPE, PyType],
  [Kinds.NONE, PyNone],
  [Kinds.BOOL, PyBool],
  [Kinds.INT, PyInt],
  [Kinds.FLOAT, PyFloat],
  [Kinds.COMPLEX, PyComplex],
  [Kinds.STR, PyStr],
  [Kinds.BYTES, PyBytes],
  [Kinds.TUPLE, PyTuple],
  [Kinds.LIST, PyList],
  [Kinds.DICT, PyDict],
  [Kinds.SET, PySet],
  [Kinds.FROZENSET, PyFrozenSet],
  [Kinds.WEAKREF, PyWeakref],
];

const byKind = new Map(CLASSES);

/** A handle of the class for an object; it owns a reference. */
function wrap(space: Space, op: Address): PyObject {
  return new (byKind.get(space.o.kindOf(op)) ?? PyObject)(space, op);
}

/**
 * Handles for a core, and with them its objects and its collector.
 *
 * @throws {MemoryError} If no memory is left.
 */
export function openSpace(core: Core): Space {
  const opened = objectsOf(core);
  if (opened !== null) {
    return new Space(core, opened.objects, opened.gc, wrap);
  }
  throw new MemoryError("Cannot open the objects of a heap: no memory is left");
}
