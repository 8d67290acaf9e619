/**
 * Each allocation of each maker fails once: the maker returns NULL or -1 with a
 * MemoryError set, nothing is lost and nothing has changed.
 */

import { assert, assertEquals } from "@std/assert";
import type { Heap } from "../../mod.ts";
import * as C from "../../src/capi/mod.ts";
import { objectsOf } from "../../src/gc/open.ts";
import { FreeLists } from "../../src/objects/mod.ts";
import { failing } from "../helpers/failing.ts";
import { eachBuild } from "./fixture.ts";

const { NULL } = C;

/** Objects that attempts work with. */
interface Things {
  readonly list: number;
  readonly tuple: number;
  readonly dict: number;
  readonly set: number;
  readonly text: number;
  readonly bytes: number;
  readonly weak: number;
  readonly node: number;
  readonly plain: number;
  readonly buffer: number;
}

/** New objects. */
const MAKERS: Readonly<Record<string, (things: Things) => number>> = {
  PyLong_FromLong: () => C.PyLong_FromLong(1000),
  PyLong_FromLongLong: () => C.PyLong_FromLongLong(-(2n ** 62n)),
  PyLong_FromDouble: () => C.PyLong_FromDouble(1e20),
  PyLong_FromString: () => C.PyLong_FromString("1000", null, 10),
  PyFloat_FromDouble: () => C.PyFloat_FromDouble(1),
  PyComplex_FromDoubles: () => C.PyComplex_FromDoubles(1, 2),
  PyUnicode_FromString: () => C.PyUnicode_FromString("text"),
  PyUnicode_FromStringAndSize: ({ buffer }) =>
    C.PyUnicode_FromStringAndSize(buffer, 4),
  PyUnicode_FromOrdinal: () => C.PyUnicode_FromOrdinal(0x1f40d),
  PyUnicode_Concat: ({ text }) => C.PyUnicode_Concat(text, text),
  PyUnicode_Substring: ({ text }) => C.PyUnicode_Substring(text, 0, 2),
  PyBytes_FromStringAndSize: ({ buffer }) =>
    C.PyBytes_FromStringAndSize(buffer, 4),
  "PyBytes_FromStringAndSize of NULL": () =>
    C.PyBytes_FromStringAndSize(NULL, 1),
  PyBytes_FromString: () => C.PyBytes_FromString("text"),
  PyTuple_New: () => C.PyTuple_New(3),
  PyTuple_Pack: ({ text }) => C.PyTuple_Pack(1, text),
  PyTuple_GetSlice: ({ tuple }) => C.PyTuple_GetSlice(tuple, 0, 1),
  PyList_New: () => C.PyList_New(3),
  PyList_GetSlice: ({ list }) => C.PyList_GetSlice(list, 0, 2),
  PyList_AsTuple: ({ list }) => C.PyList_AsTuple(list),
  PyDict_New: () => C.PyDict_New(),
  PyDict_Copy: ({ dict }) => C.PyDict_Copy(dict),
  PyDict_Keys: ({ dict }) => C.PyDict_Keys(dict),
  PyDict_Items: ({ dict }) => C.PyDict_Items(dict),
  PySet_New: ({ list }) => C.PySet_New(list),
  "PySet_New of a str": ({ text }) => C.PySet_New(text),
  PyFrozenSet_New: ({ dict }) => C.PyFrozenSet_New(dict),
  PyWeakref_NewRef: ({ weak }) => C.PyWeakref_NewRef(weak, () => {}),
  PyObject_Repr: ({ list }) => C.PyObject_Repr(list),
  PyObject_Str: ({ dict }) => C.PyObject_Str(dict),
  PyObject_New: ({ plain }) => C.PyObject_New(plain),
  PyObject_NewVar: () => C.PyObject_NewVar(C.PyBytes_Type(), 9),
  PyObject_GC_New: ({ node }) => C.PyObject_GC_New(node),
  PyObject_GC_NewVar: () => C.PyObject_GC_NewVar(C.PyTuple_Type(), 9),
  PyType_GenericNew: ({ node }) => C.PyType_GenericNew(node),
};

/** Changes, which return -1 if they fail. */
const CHANGES: Readonly<Record<string, (things: Things) => number>> = {
  PyList_Append: ({ list, text }) => C.PyList_Append(list, text),
  PyList_Insert: ({ list, text }) => C.PyList_Insert(list, 0, text),
  PyList_Extend: ({ list, tuple }) => C.PyList_Extend(list, tuple),
  "PyList_Extend by a str": ({ list, text }) => C.PyList_Extend(list, text),
  PyList_SetSlice: ({ list }) => C.PyList_SetSlice(list, 1, 1, list),
  PyList_Sort: ({ list }) => C.PyList_Sort(list),
  PyDict_SetItem: ({ dict, text }) => C.PyDict_SetItem(dict, text, text),
  PyDict_SetItemString: ({ dict, text }) =>
    C.PyDict_SetItemString(dict, "another", text),
  PyDict_SetDefaultRef: ({ dict, text }) =>
    C.PyDict_SetDefaultRef(dict, text, text, null, ""),
  PyDict_Update: ({ dict }) => {
    const empty = C.PyDict_New();
    const status = empty === NULL ? -1 : C.PyDict_Update(empty, dict);
    C.Py_XDECREF(empty);
    return status;
  },
  PySet_Add: ({ set, text }) => C.PySet_Add(set, text),
};

/** What changes may change, as text. */
function describe({ list, dict, set }: Things): string {
  return [list, dict, set].map((op) => {
    const repr = C.PyObject_Repr(op);
    const text = C.PyUnicode_AsUTF8(repr);
    C.Py_DECREF(repr);
    return text;
  }).join();
}

/** A list of ints in an array that is full. */
function fullList(): number {
  const list = C.PyList_New(4);
  for (let k = 0; k < 4; k++) {
    C.PyList_SetItem(list, k, C.PyLong_FromLong(2000 - k));
  }
  return list;
}

function makeThings(heap: Heap): Things {
  const text = C.PyUnicode_FromString("text é");
  const dict = C.PyDict_New();
  for (const key of ["a", "b", "c", "d", "e"]) {
    C.PyDict_SetItemString(dict, key, C.Py_None());
  }
  const bytes = C.PyBytes_FromString("0123456789abc");
  const set = C.PySet_New(bytes);
  const buffer = C.PyMem_Malloc(16);
  heap.u8.set([116, 101, 120, 116], buffer);
  return {
    list: fullList(),
    tuple: C.PyTuple_Pack(3, text, text, text),
    dict,
    set,
    text,
    bytes,
    buffer,
    weak: C.PyType_GenericNew(C.PyType_FromSpec({
      name: "Weak",
      basicsize: 0,
      flags: C.Py_TPFLAGS_MANAGED_WEAKREF,
      slots: [],
    })),
    node: C.PyType_FromSpec({
      name: "Node",
      basicsize: -8,
      flags: C.Py_TPFLAGS_HAVE_GC,
      slots: [],
    }),
    plain: C.PyType_FromSpec({ name: "Plain", basicsize: -8, slots: [] }),
  };
}

function drop(things: Things): void {
  const { list, tuple, dict, set, text, bytes, weak, buffer } = things;
  [list, tuple, dict, set, text, bytes, weak].forEach(C.Py_DECREF);
  C.PyMem_Free(buffer as never);
}

/** Claims that a MemoryError is set, and fetches it. */
function assertNoMemory(name: string): void {
  assertEquals(C.PyErr_Occurred(), C.PyExc_MemoryError, name);
  C.PyErr_Clear();
}

eachBuild("makers return NULL with a MemoryError", (heap) => {
  const { objects } = objectsOf(heap.core)!;
  for (const [name, make] of Object.entries(MAKERS)) {
    const things = makeThings(heap);
    for (let n = 1;; n++) {
      FreeLists.clear(objects);
      let op = NULL;
      const hasFailed = failing(heap, n, () => op = make(things));
      assertEquals(op === NULL, hasFailed, `${name}, failure ${n}`);
      if (hasFailed) assertNoMemory(name);
      else if (C.PyObject_GC_IsTracked(op) || !C.PyObject_IS_GC(op)) {
        C.Py_DECREF(op);
      } else C.PyObject_GC_Del(op);
      if (!hasFailed) {
        assert(n > 1, `${name} allocates nothing`);
        break;
      }
    }
    drop(things);
  }
});

eachBuild(
  "changes return -1 with a MemoryError, and change nothing",
  (heap) => {
    const { objects } = objectsOf(heap.core)!;
    for (const [name, change] of Object.entries(CHANGES)) {
      const things = makeThings(heap);
      const before = describe(things);
      for (let n = 1;; n++) {
        FreeLists.clear(objects);
        let status = 0;
        const hasFailed = failing(heap, n, () => status = change(things));
        assertEquals(status === -1, hasFailed, `${name}, failure ${n}`);
        if (!hasFailed) break;
        assertNoMemory(name);
        assertEquals(describe(things), before, `${name}, failure ${n}`);
      }
      drop(things);
    }
  },
);

eachBuild("what fails in place leaves NULL", (heap) => {
  const { objects } = objectsOf(heap.core)!;
  FreeLists.clear(objects);
  const bytes = C.PyBytes_FromString("text");
  const self = { op: C.Py_NewRef(bytes), tuple: C.PyTuple_New(2) };
  failing(heap, 1, () => C.PyBytes_Concat(self, "op", bytes));
  assertNoMemory("PyBytes_Concat");
  failing(heap, 1, () => C._PyTuple_Resize(self, "tuple", 100));
  assertNoMemory("_PyTuple_Resize");
  assertEquals(self, { op: NULL, tuple: NULL });
  C.Py_DECREF(bytes);
});
