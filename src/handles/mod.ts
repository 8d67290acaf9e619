/**
 * Handles: objects of Python as JavaScript has them.
 *
 * @module
 */

export {
  PyBool,
  PyBytes,
  PyComplex,
  PyFloat,
  PyInt,
  PyNone,
  PyStr,
} from "./atoms.ts";
export { openSpace } from "./classes.ts";
export { PyDict } from "./dict.ts";
export { toObject } from "./from.ts";
export { Handle, inSection, mutexOf, operand } from "./handle.ts";
export { PyList } from "./list.ts";
export { PyObject } from "./object.ts";
export { PySequence, PyTuple } from "./sequence.ts";
export { PyAnySet, PyFrozenSet, PySet, type SetLike } from "./set.ts";
export * as Sharing from "./shares.ts";
export type { Share, ShareToken, UnshareOptions } from "./shares.ts";
export { type Forgotten, requireOpen, Space } from "./space.ts";
export { toJS, type ToJSOptions } from "./to_js.ts";
export {
  defineType,
  type FieldType,
  type FieldValue,
  type FieldValues,
  PyInstance,
  PyType,
  type TypeFields,
  type TypeOptions,
} from "./type.ts";
export { makeWeakref, PyWeakref } from "./weakref.ts";
