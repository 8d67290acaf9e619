/**
 * `object.h`, the part of types: those that a program defines, and objects of
 * any type.
 *
 * Functions cannot be shared between workers. So a type does not bring its
 * `tp_traverse`, `tp_clear` and `tp_dealloc`; from its members of type
 * `Py_T_OBJECT_EX` all workers see which fields are references. Only a finalizer
 * is a function, which each worker gives when it defines the type: a type of a
 * name is defined once in a heap, and who defines it again finds it.
 *
 * @example A type with a reference and a number
 * ```ts
 * import assert from "node:assert/strict";
 * import {
 *   Py_DECREF,
 *   Py_FinalizeEx,
 *   Py_Initialize,
 *   Py_RELATIVE_OFFSET,
 *   Py_T_INT,
 *   Py_T_OBJECT_EX,
 *   Py_TPFLAGS_DEFAULT,
 *   Py_TPFLAGS_HAVE_GC,
 *   Py_tp_members,
 *   PyGC_Collect,
 *   PyObject_GetTypeData,
 *   PyType_FromSpec,
 *   PyType_GenericNew,
 * } from "@obmalloc/obmalloc/capi";
 *
 * const heap = Py_Initialize({ maxBytes: 16 * 1024 * 1024 });
 * const flags = Py_RELATIVE_OFFSET;
 * const Node = PyType_FromSpec({
 *   name: "Node",
 *   basicsize: -8, // 8 bytes behind the header
 *   flags: Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
 *   slots: [{
 *     slot: Py_tp_members,
 *     pfunc: [
 *       { name: "next", type: Py_T_OBJECT_EX, offset: 0, flags },
 *       { name: "value", type: Py_T_INT, offset: 4, flags },
 *     ],
 *   }],
 * });
 * const op = PyType_GenericNew(Node);
 * const data = PyObject_GetTypeData(op, Node);
 * heap.i32[(data + 4) >>> 2] = 42;
 * heap.i32[data >>> 2] = op; // a cycle: the reference goes into the field
 * assert.equal(PyGC_Collect(), 1);
 * Py_FinalizeEx();
 * ```
 *
 * ## Threads
 *   As `objects/user_type.ts`. Fields are plain words: who changes those of an
 *   object that others know of locks them out.
 *
 * Source: CPython 3.14 Include/object.h, Include/descrobject.h;
 * Objects/typeobject.c.
 * Differs: types have no bases and never die. Of the slots there are
 * `Py_tp_members` and `Py_tp_finalize`; that items are references is said by
 * `itemRefs`, because traverse and clear are generated.
 *
 * @module
 */

import { show } from "../errors.ts";
import * as TypeObject from "../layout/type_object.ts";
import { type Objects, Tracking, UserType } from "../objects/mod.ts";
import { SystemError } from "./exceptions.ts";
import {
  flagsOf,
  objects,
  type PyObject,
  type PyTypeObject,
  requireObject,
  requireType,
} from "./objects.ts";
import * as NewObject from "./new_object.ts";
import { caught, noMemory, orNoMemory, raise } from "./raise.ts";

/** The collector looks after objects of the type. C: `Py_TPFLAGS_HAVE_GC`. */
export const Py_TPFLAGS_HAVE_GC: number = TypeObject.HAVE_GC;
/** The type was defined while the program ran. C: `Py_TPFLAGS_HEAPTYPE`. */
export const Py_TPFLAGS_HEAPTYPE: number = TypeObject.HEAPTYPE;
/** Nothing in particular. C: `Py_TPFLAGS_DEFAULT`. */
export const Py_TPFLAGS_DEFAULT = 0;
/** Objects can have weak references. C: `Py_TPFLAGS_MANAGED_WEAKREF`. */
export const Py_TPFLAGS_MANAGED_WEAKREF: number = 1 << 3;
/** Slot of a list of {@linkcode PyMemberDef}. C: `Py_tp_members`. */
export const Py_tp_members = 72;
/** Slot of a finalizer. C: `Py_tp_finalize`. */
export const Py_tp_finalize = 80;
/** Member: an int of 4 bytes. C: `Py_T_INT`. */
export const Py_T_INT = 1;
/** Member: 4 bytes. C: `Py_T_FLOAT`. */
export const Py_T_FLOAT = 3;
/** Member: 8 bytes. C: `Py_T_DOUBLE`. */
export const Py_T_DOUBLE = 4;
/** Member: 4 bytes without a sign. C: `Py_T_UINT`. */
export const Py_T_UINT = 11;
/** Member: a reference, or NULL; 4 bytes. C: `Py_T_OBJECT_EX`. */
export const Py_T_OBJECT_EX = 16;
/** Flag of a member: its offset counts from behind the header. C: the same. */
export const Py_RELATIVE_OFFSET = 8;

/** A field. C: `PyMemberDef`, Include/descrobject.h. */
export interface PyMemberDef {
  /** Its name. */
  readonly name: string;
  /** `Py_T_OBJECT_EX` for a reference. */
  readonly type: number;
  /** Where it stands: from the start of the object, see `flags`. Bytes. */
  readonly offset: number;
  /** {@linkcode Py_RELATIVE_OFFSET} or 0. */
  readonly flags?: number;
}

/** A part of a type. C: `PyType_Slot`. */
export type PyType_Slot =
  | {
    /** {@linkcode Py_tp_members}. */
    readonly slot: typeof Py_tp_members;
    /** The fields. */
    readonly pfunc: readonly PyMemberDef[];
  }
  | {
    /** {@linkcode Py_tp_finalize}. */
    readonly slot: typeof Py_tp_finalize;
    /** Runs once before an object dies, with a reference to it. */
    readonly pfunc: (self: PyObject) => void;
  };

/** What a type is like. C: `PyType_Spec`. */
export interface PyType_Spec {
  /** Its name, of which there is one in a heap. */
  readonly name: string;
  /**
   * Size of an object; if it is 0 or below, how many bytes stand behind the
   * header, which is not of the same size in both builds. Bytes.
   */
  readonly basicsize: number;
  /**
   * Size of an item of a variable-sized object; then its first word behind the
   * header is `ob_size`. Bytes, a multiple of 4; 0 if absent.
   */
  readonly itemsize?: number;
  /** True if the items are references, or NULL. */
  readonly itemRefs?: boolean;
  /**
   * {@linkcode Py_TPFLAGS_HAVE_GC} and {@linkcode Py_TPFLAGS_MANAGED_WEAKREF},
   * or 0.
   */
  readonly flags?: number;
  /** Its parts. */
  readonly slots: readonly PyType_Slot[];
}

/** Shape of a spec, or why there is none. */
function shapeOf(o: Objects, spec: PyType_Spec): UserType.Shape | string {
  const head = o.head * 4;
  const { basicsize, itemsize = 0, itemRefs = false, slots, flags = 0 } = spec;
  const fields = basicsize > 0 ? basicsize - head : -basicsize;
  if (fields < 0 || fields % 4 !== 0) {
    return `basicsize ${basicsize} for type ${spec.name} is no size of an object`;
  }
  const refs: number[] = [];
  let finalize: UserType.Shape["finalize"];
  for (const part of slots) {
    if (part.slot === Py_tp_finalize) finalize = part.pfunc;
    else if (part.slot === Py_tp_members) {
      const members = part.pfunc.filter(({ type }) => type === Py_T_OBJECT_EX);
      refs.push(...members.map((member) => fieldOf(member, head)));
    } else return "invalid slot offset"; // verbatim
  }
  refs.sort((a, b) => a - b);
  const isGc = (flags & Py_TPFLAGS_HAVE_GC) !== 0;
  const weakrefs = (flags & Py_TPFLAGS_MANAGED_WEAKREF) !== 0;
  const items = { itemsize, itemRefs };
  const shape = { fields: fields / 4, refs, isGc, weakrefs, ...items };
  return finalize === undefined ? shape : { ...shape, finalize };
}

/** Field of a member. Words behind the header. */
function fieldOf({ offset, flags = 0 }: PyMemberDef, head: number): number {
  return (offset - ((flags & Py_RELATIVE_OFFSET) === 0 ? head : 0)) / 4;
}

/**
 * Defines a type, or finds the one that was defined in the heap.
 *
 * C: `PyType_FromSpec()`, Objects/typeobject.c.
 *
 * @param spec What it is like.
 * @returns Byte address of the type object; or 0 with an exception set: a
 * MemoryError, a SystemError if there can be no such type, a TypeError if the
 * type of that name is another one.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PyType_FromSpec(spec: PyType_Spec): PyTypeObject {
  const o = objects();
  const shape = shapeOf(o, spec);
  if (typeof shape === "string") return raise(SystemError, shape);
  try {
    return orNoMemory(UserType.define(o, spec.name, shape));
  } catch (error) {
    if (!(error instanceof RangeError)) return caught(error);
    return raise(SystemError, error.message);
  }
}

/**
 * A new object of a type, all 0 behind its header; the collector looks after it
 * if the type is for that.
 *
 * C: `PyType_GenericAlloc()`, Objects/typeobject.c. There is room for one item
 * more.
 *
 * @param type Type object.
 * @param nitems Items of a variable-sized object, else 0. Count.
 * @returns Byte address; or 0 with a MemoryError set.
 * @throws {PointerError} If it is no type object.
 * @throws {TypeError} If `nitems` is no count, or the type has no items.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PyType_GenericAlloc(
  type: PyTypeObject,
  nitems = 0,
): PyObject {
  const o = objects();
  requireType(o, type, "make an object of");
  const isVar = NewObject.itemSize(o, type) !== 0;
  if (!isVar && nitems !== 0) NewObject.refuseItems(o, type);
  const size = NewObject.sizeOf(o, type, isVar ? nitems + 1 : 0);
  const op = NewObject.create(o, type, size);
  if (op === 0) return noMemory();
  if (isVar) NewObject.setSize(o, op, nitems);
  if (Tracking.isGc(o, op)) Tracking.track(o, op);
  return op;
}

/**
 * The same without items.
 *
 * C: `PyType_GenericNew()`, Objects/typeobject.c.
 */
export function PyType_GenericNew(type: PyTypeObject): PyObject {
  return PyType_GenericAlloc(type, 0);
}

/**
 * Where the fields of an object stand that its type has defined.
 *
 * C: `PyObject_GetTypeData()`, Objects/typeobject.c.
 *
 * @param op Object.
 * @param type Its type.
 * @returns Byte address, a multiple of 8.
 * @throws {PointerError} If it is no object.
 * @throws {TypeError} If it is of another type.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PyObject_GetTypeData(
  op: PyObject,
  type: PyTypeObject,
): number {
  const o = objects();
  requireObject(o, op, "get the data of");
  if (o.typeOf(op) === type) return o.fields(op) * 4;
  throw new TypeError(
    `Cannot get the data of ${show(op)}: ${o.describe(op)}, and not of ` +
      show(type),
  );
}

/**
 * Flags of a type.
 *
 * C: `PyType_GetFlags()`, Objects/typeobject.c.
 *
 * @param type Type object.
 * @returns {@linkcode Py_TPFLAGS_HAVE_GC} and so on.
 * @throws {PointerError} If it is no type object.
 * @throws {ThreadStateError} If no thread state is attached.
 */
export function PyType_GetFlags(type: PyTypeObject): number {
  const o = objects();
  requireType(o, type, "get the flags of");
  return flagsOf(o, type) & (Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_HEAPTYPE);
}

/**
 * Whether a type has all flags of a set.
 *
 * C: `PyType_HasFeature()`, Include/object.h.
 *
 * @returns 1 if it has, else 0.
 */
export function PyType_HasFeature(type: PyTypeObject, flag: number): 0 | 1 {
  return (PyType_GetFlags(type) & flag) === flag ? 1 : 0;
}

/** Whether the collector looks after objects of a type. C: `PyType_IS_GC()`. */
export function PyType_IS_GC(type: PyTypeObject): 0 | 1 {
  return PyType_HasFeature(type, Py_TPFLAGS_HAVE_GC);
}
