/** `refcount.h` and `cpython/object.h`: references of the C face. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  createHeap,
  MemoryError,
  PointerError,
  ThreadStateError,
} from "../../mod.ts";
import * as C from "../../src/capi/mod.ts";
import { objectsOf } from "../../src/gc/open.ts";
import { failing } from "../helpers/failing.ts";
import { eachBuild, withRuntime } from "./fixture.ts";

const { NULL } = C;

eachBuild("references are counted, and the last one ends the object", () => {
  const op = C.PyFloat_FromDouble(1.5);
  assertEquals(C.Py_REFCNT(op), 1);
  C.Py_INCREF(op);
  assertEquals(C.Py_NewRef(op), op);
  C.Py_XINCREF(op);
  C.Py_IncRef(op);
  assertEquals(C.Py_XNewRef(op), op);
  assertEquals(C.Py_REFCNT(op), 6);
  for (const drop of [C.Py_XDECREF, C.Py_DecRef, C.Py_DECREF]) drop(op);
  assertEquals(C.Py_REFCNT(op), 3);
  for (let k = 0; k < 3; k++) C.Py_DECREF(op);
});

eachBuild("NULL is left alone by those with an X", () => {
  C.Py_XINCREF(NULL);
  C.Py_XDECREF(NULL);
  C.Py_IncRef(NULL);
  C.Py_DecRef(NULL);
  assertEquals(C.Py_XNewRef(NULL), NULL);
});

eachBuild("Py_CLEAR() and Py_SETREF() assign before they drop", (heap) => {
  const [a, b] = [C.PyFloat_FromDouble(1), C.PyFloat_FromDouble(2)];
  const self = { child: C.Py_NewRef(a), none: NULL };
  C.Py_SETREF(self, "child", C.Py_NewRef(b));
  assertEquals([self.child, C.Py_REFCNT(a), C.Py_REFCNT(b)], [b, 1, 2]);
  C.Py_CLEAR(self, "child");
  C.Py_CLEAR(self, "none");
  assertEquals([self.child, C.Py_REFCNT(b)], [NULL, 1]);
  C.Py_XSETREF(self, "none", a);
  C.Py_XSETREF(self, "none", NULL);
  assertEquals(self.none, NULL);

  const words = C.PyMem_Malloc(8);
  heap.i32[words >>> 2] = b;
  C.Py_CLEAR(heap.i32, words >>> 2);
  assertEquals(heap.i32[words >>> 2], 0);
  C.PyMem_Free(words);
});

eachBuild("Py_CLEAR() of a finalizer that looks sees NULL", () => {
  const self = { child: NULL };
  let seen = -1;
  const type = C.PyType_FromSpec({
    name: "Watched",
    basicsize: 0,
    slots: [{ slot: C.Py_tp_finalize, pfunc: () => seen = self.child }],
  });
  self.child = C.PyObject_New(type);
  C.Py_CLEAR(self, "child");
  assertEquals(seen, NULL);
});

eachBuild("what is no object is refused, and nothing happens", () => {
  const block = C.PyMem_Malloc(64);
  const self = { child: block as number };
  for (const op of [NULL, 4, 12, -8, block, block + 4, 2 ** 33, NaN, 0.5]) {
    for (
      const call of [
        C.Py_REFCNT,
        C.Py_INCREF,
        C.Py_DECREF,
        C.Py_NewRef,
        C.Py_TYPE,
        C.PyObject_Hash,
        C.PyUnstable_IsImmortal,
      ]
    ) assertThrows(() => call(op), PointerError, "Cannot ");
  }
  assertThrows(() => C.Py_CLEAR(self, "child"), PointerError);
  assertThrows(() => C.Py_SETREF(self, "child", NULL), PointerError);
  assertEquals(self.child, block);
  for (const op of ["16", undefined, null, 8n, {}]) {
    // The compiler would not let it through; JavaScript does.
    assertThrows(() => C.Py_INCREF(op as number), TypeError);
  }
  C.PyMem_Free(block);
});

eachBuild("Py_SET_REFCNT() sets the count of one's own object", () => {
  const op = C.PyFloat_FromDouble(1.5);
  C.Py_SET_REFCNT(op, 7);
  assertEquals(C.Py_REFCNT(op), 7);
  for (const count of [0, -1, 0.5, NaN, 2 ** 29]) {
    assertThrows(() => C.Py_SET_REFCNT(op, count), RangeError, "Cannot set");
  }
  C.Py_SET_REFCNT(op, 1);
  C.Py_DECREF(op);
  const none = C.Py_REFCNT(C.Py_None());
  C.Py_SET_REFCNT(C.Py_None(), 3);
  assertEquals(C.Py_REFCNT(C.Py_None()), none);
});

eachBuild("some objects are immortal", () => {
  const statics = [C.Py_None(), C.Py_True(), C.PyLong_FromLong(256)];
  statics.push(C.PyUnicode_FromString(""), C.PyTuple_New(0), C.PyList_Type());
  for (const op of statics) {
    assertEquals(C.PyUnstable_IsImmortal(op), 1);
    const count = C.Py_REFCNT(op);
    C.Py_DECREF(op);
    C.Py_INCREF(op);
    assertEquals(C.Py_REFCNT(op), count);
    assertEquals(C.PyUnstable_Object_IsUniquelyReferenced(op), 0);
  }
  const op = C.PyLong_FromLong(257);
  assertEquals(C.PyUnstable_IsImmortal(op), 0);
  C.Py_DECREF(op);
});

Deno.test("PyUnstable_SetImmortal() takes what nobody else has", () => {
  withRuntime(() => {
    const [list, text] = [C.PyList_New(0), C.PyUnicode_FromString("text")];
    assertEquals(C.PyUnstable_SetImmortal(text), 0);
    C.Py_INCREF(list);
    assertEquals(C.PyUnstable_SetImmortal(list), 0);
    C.Py_DECREF(list);
    assertEquals(C.PyUnstable_SetImmortal(list), 1);
    assertEquals(C.PyUnstable_IsImmortal(list), 1);
    for (let k = 0; k < 3; k++) C.Py_DECREF(list);
    assertEquals(C.PyList_Size(list), 0);
  });
});

eachBuild("PyUnstable_TryIncRef() gives a reference", () => {
  const op = C.PyList_New(0);
  assertEquals(C.PyUnstable_Object_IsUniquelyReferenced(op), 1);
  C.PyUnstable_EnableTryIncRef(op);
  assertEquals(C.PyUnstable_TryIncRef(op), 1);
  assertEquals(C.PyUnstable_Object_IsUniquelyReferenced(op), 0);
  assertEquals(C.Py_REFCNT(op), 2);
  C.Py_DECREF(op);
  C.Py_DECREF(op);
  assertEquals(C.PyUnstable_Object_EnableDeferredRefcount(C.Py_None()), 0);
});

Deno.test("all of it needs an attached thread state", () => {
  const calls = [() => C.Py_INCREF(64), C.Py_None, () => C.PyList_New(0)];
  for (const call of calls) {
    assertThrows(call, ThreadStateError, "this worker has no runtime");
  }
  withRuntime((heap) => {
    const op = C.PyList_New(0);
    heap.threads.detached(() => {
      for (const call of [...calls, () => C.Py_DECREF(op)]) {
        const text = "without an attached thread state";
        assertThrows(call, ThreadStateError, text);
      }
    });
    C.Py_DECREF(op);
  });
});

Deno.test("objects and collector of a heap are opened once", () => {
  using heap = createHeap({ maxBytes: 8 * 1024 * 1024 });
  const opened = objectsOf(heap.core)!;
  C.Py_Initialize(heap);
  const op = C.PyList_New(0);
  assertEquals(opened.gc.isTracked(op), true);
  C.Py_DECREF(op);
  C.Py_FinalizeEx();
  C.Py_Initialize(heap);
  C.PyGC_Disable();
  assert(objectsOf(heap.core)!.gc === opened.gc);
  assertEquals(opened.gc.isEnabled, false);
  C.Py_FinalizeEx();
  using other = createHeap({ maxBytes: 8 * 1024 * 1024 });
  assert(objectsOf(other.core)!.gc !== opened.gc);
});

Deno.test("no memory for what is there from the start is thrown", () => {
  withRuntime((heap) => {
    failing(heap, 1, () => {
      assertThrows(() => C.PyList_New(0), MemoryError, "Cannot open");
    });
    C.Py_DECREF(C.PyList_New(0));
  });
});
