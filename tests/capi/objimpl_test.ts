/** `objimpl.h`: objects in memory of OBJ, and objects for the collector. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { FatalError, PointerError } from "../../mod.ts";
import { Debug } from "../../src/hooks/mod.ts";
import * as C from "../../src/capi/mod.ts";
import { Fatal } from "../../src/sync/mod.ts";
import { assertRaised, eachBuild } from "./fixture.ts";

const { NULL } = C;
const RELATIVE = C.Py_RELATIVE_OFFSET;

/** A type of objects with two words and no collector. */
function plainType(): number {
  return C.PyType_FromSpec({ name: "Plain", basicsize: -8, slots: [] });
}

/** A type of objects with a reference, for the collector. */
function nodeType(finalize?: (op: number) => void): number {
  const next = {
    name: "next",
    type: C.Py_T_OBJECT_EX,
    offset: 0,
    flags: RELATIVE,
  };
  const members = { slot: C.Py_tp_members, pfunc: [next] } as const;
  return C.PyType_FromSpec({
    name: finalize ? "FinalNode" : "Node",
    basicsize: -4,
    flags: C.Py_TPFLAGS_HAVE_GC,
    slots: finalize
      ? [members, { slot: C.Py_tp_finalize, pfunc: finalize }]
      : [members],
  });
}

/** Has a node refer to an object; the reference goes into the node. */
function setNext(words: Int32Array, op: number, next: number): void {
  words[C.PyObject_GetTypeData(op, C.Py_TYPE(op)) >>> 2] = next;
}

eachBuild("PyObject_Init() writes the header, and nothing else", (heap) => {
  const type = plainType();
  const block = C.PyObject_Malloc(64);
  heap.u8.fill(0xa5, block, block + 64);
  const op = C.PyObject_Init(block, type);
  assertEquals(op, block as number);
  assertEquals([C.Py_REFCNT(op), C.Py_TYPE(op)], [1, type]);
  const data = C.PyObject_GetTypeData(op, type);
  assertEquals(
    heap.u8.slice(data, block + 64),
    new Uint8Array(block + 64 - data).fill(0xa5),
  );
  C.Py_DECREF(op);
});

eachBuild("PyObject_Init() of NULL is no memory", () => {
  const type = plainType();
  const init = C.PyObject_Init(NULL, type);
  assertRaised(init, NULL, C.PyExc_MemoryError, "No memory is left");
  const initVar = C.PyObject_InitVar(NULL, C.PyTuple_Type(), 2);
  assertRaised(initVar, NULL, C.PyExc_MemoryError, "No memory is left");
});

eachBuild("no object is made in memory of another domain", (heap) => {
  const type = plainType();
  for (const malloc of [C.PyMem_Malloc, C.PyMem_RawMalloc]) {
    const block = malloc(64) as number;
    heap.u8.fill(0xa5, block, block + 64);
    assertThrows(
      () => C.PyObject_Init(block, type),
      PointerError,
      "objects live in blocks of the obj domain",
    );
    assertThrows(
      () => C.PyObject_InitVar(block, C.PyBytes_Type(), 3),
      PointerError,
      "objects live in blocks of the obj domain",
    );
    const bytes = heap.u8.slice(block, block + 64);
    assertEquals(bytes, new Uint8Array(64).fill(0xa5));
    if (malloc === C.PyMem_Malloc) C.PyMem_Free(block as never);
    else C.PyMem_RawFree(block as never);
  }
  const obj = C.PyObject_Malloc(64);
  for (const op of [obj + 8, 16, 2 ** 40, -16]) {
    assertThrows(() => C.PyObject_Init(op, type), PointerError);
  }
  assertThrows(() => C.PyObject_Init(obj, obj), PointerError, "no type object");
  C.PyObject_Free(obj);
});

eachBuild("no object is made in a block that is too small", () => {
  const type = C.PyType_FromSpec({ name: "Big", basicsize: -64, slots: [] });
  const block = C.PyObject_Malloc(64);
  assertThrows(
    () => C.PyObject_Init(block, type),
    PointerError,
    "has room for 64 bytes",
  );
  C.PyObject_Free(block);
});

for (const malloc of ["debug", "hardened", "malloc"] as const) {
  Deno.test(`the domain is known with ${malloc}, too`, () => {
    const heap = C.Py_Initialize({
      build: malloc === "malloc" ? "gil" : "free-threaded",
      malloc,
      maxBytes: 16 * 1024 * 1024,
    });
    const type = plainType();
    const op = C.PyObject_Init(C.PyObject_Malloc(64), type);
    C.Py_DECREF(op);
    const other = C.PyMem_Malloc(64);
    assertThrows(() => C.PyObject_Init(other, type), PointerError);
    C.PyMem_Free(other);
    assert(!heap.isClosed);
    C.Py_FinalizeEx();
  });
}

eachBuild("PyObject_New() and NewVar() make objects", () => {
  const type = plainType();
  const op = C.PyObject_New(type);
  assertEquals([C.Py_REFCNT(op), C.Py_TYPE(op)], [1, type]);
  assertEquals(C.PyObject_IS_GC(op), 0);
  C.Py_DECREF(op);
  const bytes = C.PyObject_NewVar(C.PyBytes_Type(), 5);
  assertEquals(C.Py_SIZE(bytes), 5);
  C.Py_DECREF(bytes);
  const negative = C.PyObject_NewVar(C.PyBytes_Type(), -1);
  const text = "bad argument to internal function";
  assertRaised(negative, NULL, C.PyExc_SystemError, text);
  const huge = C.PyObject_NewVar(C.PyBytes_Type(), 2 ** 50);
  assertRaised(huge, NULL, C.PyExc_MemoryError, "No memory is left");
});

eachBuild(
  "objects of a program's type have items: made, resized, tracked",
  () => {
    const type = C.PyType_FromSpec({
      name: "Row",
      basicsize: -4, // ob_size
      itemsize: 4,
      itemRefs: true,
      flags: C.Py_TPFLAGS_DEFAULT | C.Py_TPFLAGS_HAVE_GC,
      slots: [],
    });
    const op = C.PyObject_GC_NewVar(type, 2);
    assertEquals([C.Py_SIZE(op), C.Py_TYPE(op)], [2, type]);
    const longer = C.PyObject_GC_Resize(op, 40);
    assertEquals(C.Py_SIZE(longer), 40);
    C.PyObject_GC_Track(longer);
    C.Py_DECREF(longer);
    const generic = C.PyType_GenericAlloc(type, 3);
    assertEquals([C.Py_SIZE(generic), C.PyObject_GC_IsTracked(generic)], [
      3,
      1,
    ]);
    C.Py_DECREF(generic);
    const spec = { name: "Bad", basicsize: 0, itemsize: 4, slots: [] };
    const text =
      'Cannot define the type "Bad" with items of 4 bytes behind 0 ' +
      "fields: it needs a field for their number, and a multiple of 4";
    assertRaised(C.PyType_FromSpec(spec), NULL, C.PyExc_SystemError, text);
  },
);

eachBuild("a type that is not for a call is refused", () => {
  const plain = plainType();
  const node = nodeType();
  assertThrows(
    () => C.PyObject_New(node),
    TypeError,
    "the type Node has Py_TPFLAGS_HAVE_GC, which wants PyObject_GC_New()",
  );
  assertThrows(
    () => C.PyObject_GC_New(plain),
    TypeError,
    "the type Plain has no Py_TPFLAGS_HAVE_GC",
  );
  for (
    const call of [
      () => C.PyObject_NewVar(plain, 3),
      () => C.PyObject_GC_NewVar(node, 3),
      () => C.PyType_GenericAlloc(plain, 3),
      () => C.PyObject_InitVar(C.Py_None(), plain, 3),
    ]
  ) assertThrows(call, TypeError, "have no ob_size");
  const op = C.PyObject_New(plain);
  for (
    const call of [
      C.PyObject_GC_Track,
      C.PyObject_GC_UnTrack,
      C.PyObject_GC_Del,
      (op: number) => C.PyObject_GC_Resize(op, 3),
    ]
  ) assertThrows(() => call(op), TypeError, "which has no Py_TPFLAGS_HAVE_GC");
  C.PyObject_Del(op as never);
});

eachBuild("an object of the collector: new, tracked, untracked, gone", () => {
  const op = C.PyObject_GC_New(nodeType());
  const states = () => [
    C.PyObject_IS_GC(op),
    C.PyObject_GC_IsTracked(op),
    C.PyObject_GC_IsFinalized(op),
  ];
  assertEquals(states(), [1, 0, 0]);
  C.PyObject_GC_Track(op);
  assertEquals(states(), [1, 1, 0]);
  C.PyObject_GC_UnTrack(op);
  C.PyObject_GC_UnTrack(op);
  assertEquals(states(), [1, 0, 0]);
  C.PyObject_GC_Del(op);
});

eachBuild("extra data is zeroed and stays behind the fields", (heap) => {
  const type = nodeType();
  const op = C.PyUnstable_Object_GC_NewWithExtraData(type, 40);
  const data = C.PyObject_GetTypeData(op, type);
  assertEquals(heap.u8.slice(data, data + 44), new Uint8Array(44));
  heap.u8.fill(7, data + 4, data + 44);
  C.PyObject_GC_Track(op);
  C.PyGC_Enable();
  assertEquals(C.PyGC_Collect(), 0);
  C.Py_DECREF(op);
  for (const size of [-1, 0.5, NaN]) {
    assertThrows(
      () => C.PyUnstable_Object_GC_NewWithExtraData(type, size),
      TypeError,
      "extra bytes",
    );
  }
});

eachBuild("PyObject_GC_NewVar() and Resize()", () => {
  let op = C.PyObject_GC_NewVar(C.PyTuple_Type(), 2);
  assertEquals([C.PyTuple_Size(op), C.PyObject_GC_IsTracked(op)], [2, 0]);
  C.PyTuple_SetItem(op, 1, C.PyLong_FromLong(1000));
  op = C.PyObject_GC_Resize(op, 300);
  assertEquals(C.PyTuple_Size(op), 300);
  assertEquals(C.PyLong_AsLong(C.PyTuple_GetItem(op, 1)), 1000);
  for (const k of [0, 2, 299]) assertEquals(C.PyTuple_GetItem(op, k), NULL);
  const huge = C.PyObject_GC_Resize(op, 2 ** 40);
  assertRaised(huge, NULL, C.PyExc_MemoryError, "No memory is left");
  assertEquals(C.PyTuple_Size(op), 300);
  C.PyObject_GC_Track(op);
  assertThrows(
    () => C.PyObject_GC_Resize(op, 3),
    TypeError,
    "the garbage collector tracks it",
  );
  C.Py_DECREF(op);
  const negative = C.PyObject_GC_NewVar(C.PyTuple_Type(), -1);
  const text = "bad argument to internal function";
  assertRaised(negative, NULL, C.PyExc_SystemError, text);
});

Deno.test("tracking twice is fatal, with CPython's text", () => {
  for (const build of ["gil", "free-threaded"] as const) {
    const heap = C.Py_Initialize({ build, maxBytes: 8 * 1024 * 1024 });
    const op = C.PyList_New(0);
    const before = Debug.Stderr.redirect(() => {});
    const error = assertThrows(
      () => C.PyObject_GC_Track(op),
      FatalError,
      "object already tracked by the garbage collector",
    );
    Debug.Stderr.redirect(before);
    assert(error.report.includes("\nobject type name: list\n"), error.report);
    assertEquals(Fatal.verdict(heap.core.m), error.message);
    C.Py_FinalizeEx();
  }
});

eachBuild(
  "PyGC_*(): a cycle is collected if collections are enabled",
  (heap) => {
    assertEquals(C.PyGC_IsEnabled(), 0);
    assertEquals([C.PyGC_Enable(), C.PyGC_Enable()], [0, 1]);
    assertEquals([C.PyGC_Disable(), C.PyGC_Disable()], [1, 0]);
    const op = C.PyType_GenericNew(nodeType());
    setNext(heap.i32, op, op);
    assertEquals(C.PyGC_Collect(), 0);
    C.PyErr_SetNone(C.PyExc_ValueError);
    C.PyGC_Enable();
    assertEquals(C.PyGC_Collect(), 1);
    assertRaised(0, 0, C.PyExc_ValueError, "");
  },
);

eachBuild("a finalizer runs once, and may resurrect", (heap) => {
  const seen: number[] = [];
  const type = nodeType((op) => {
    seen.push(op);
    C.Py_INCREF(op);
  });
  const op = C.PyType_GenericNew(type);
  setNext(heap.i32, op, op);
  C.PyGC_Enable();
  assertEquals(C.PyGC_Collect(), 0);
  assertEquals([seen, C.PyObject_GC_IsFinalized(op)], [[op], 1]);
  C.PyObject_CallFinalizer(op);
  assertEquals(seen, [op]);
  C.Py_DECREF(op);
  assertEquals(C.PyGC_Collect(), 1);

  const other = C.PyType_GenericNew(type);
  C.PyObject_CallFinalizer(other);
  assertEquals(seen, [op, other]);
  assertThrows(
    () => C.PyObject_CallFinalizerFromDealloc(other),
    TypeError,
    "it has 2 references",
  );
  for (let k = 0; k < 2; k++) C.Py_DECREF(other);

  const last = C.PyType_GenericNew(type);
  assertEquals(C.PyObject_CallFinalizerFromDealloc(last), -1);
  assertEquals([seen.length, C.Py_REFCNT(last)], [3, 2]);
  C.Py_DECREF(last);
  assertEquals(C.PyObject_CallFinalizerFromDealloc(last), 0);
  assertEquals(seen.length, 3);
  C.Py_DECREF(last);
});

eachBuild("PyUnstable_GC_VisitObjects() sees what is tracked", () => {
  const lists = [C.PyList_New(0), C.PyList_New(0), C.PyList_New(0)];
  const untracked = C.PyObject_GC_New(nodeType());
  C.PyGC_Enable();
  const seen: number[] = [];
  C.PyUnstable_GC_VisitObjects((op, arg) => {
    assertEquals([arg, C.PyGC_IsEnabled()], ["arg", 0]);
    seen.push(op);
    return 1;
  }, "arg");
  assertEquals(seen.toSorted(), lists.toSorted());
  assertEquals(C.PyGC_IsEnabled(), 1);
  let calls = 0;
  C.PyUnstable_GC_VisitObjects(() => (calls++, 0), null);
  assertEquals(calls, 1);
  assertThrows(
    () =>
      C.PyUnstable_GC_VisitObjects(() => {
        throw new Error("stop");
      }, null),
    Error,
    "stop",
  );
  assertEquals(lists.map(C.Py_REFCNT), [1, 1, 1]);
  lists.forEach(C.Py_DECREF);
  C.PyObject_GC_Del(untracked);
});

Deno.test("PyObject_GC_Del() of a tracked object is reported (debug)", () => {
  C.Py_Initialize({ malloc: "debug", maxBytes: 8 * 1024 * 1024 });
  const op = C.PyType_GenericNew(nodeType());
  let text = "";
  const before = Debug.Stderr.redirect((part) => text += part);
  C.PyObject_GC_Del(op);
  Debug.Stderr.redirect(before);
  assertEquals(
    text,
    "gc: Object of type Node is not untracked before destruction\n",
  );
  C.PyGC_Enable();
  assertEquals(C.PyGC_Collect(), 0);
  C.Py_FinalizeEx();
});

eachBuild("the soft-deprecated names are the same functions", () => {
  assertEquals(C.PyObject_NEW, C.PyObject_New);
  assertEquals(C.PyObject_NEW_VAR, C.PyObject_NewVar);
  assertEquals(C.PyObject_INIT, C.PyObject_Init);
  assertEquals(C.PyObject_INIT_VAR, C.PyObject_InitVar);
});
