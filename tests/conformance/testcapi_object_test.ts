/**
 * The parts of CPython's `Modules/_testcapi/mem.c`, `object.c`, `_testcapimodule.c`
 * and `Lib/test/test_capi/test_object.py` that make and count objects. Names as
 * there.
 *
 * Not here: what asks for attributes and calls (call_pyobject_print,
 * pyobject_dump, clear_managed_dict and so on), the stack of an interpreter
 * (is_uniquely_referenced_temporary), and `_PyObject_IsFreed` on broken objects
 * (check_pyobject_*: see `test_mem_test.ts`).
 */

import { assert, assertEquals } from "@std/assert";
import * as C from "../../src/capi/mod.ts";
import { eachBuild, reprOf } from "../capi/fixture.ts";

const { NULL } = C;

eachBuild("test_pyobject_new", () => {
  const type = C.PyType_FromSpec({ name: "object", basicsize: 0, slots: [] });
  const makers = [
    () => C.PyObject_New(type),
    () => C.PyObject_NEW(type),
    () => C._PyObject_New(type),
    () => C.PyObject_NewVar(C.PyBytes_Type(), 3),
    () => C.PyObject_NEW_VAR(C.PyBytes_Type(), 3),
    () => C._PyObject_NewVar(C.PyBytes_Type(), 3),
  ];
  for (const make of makers) {
    const obj = make();
    assert(obj !== NULL);
    C.Py_DECREF(obj);
  }
});

/** C: MyObject, whose `__del__` is seen. */
function counted(): { op: number; deaths(): number } {
  let deaths = 0;
  const type = C.PyType_FromSpec({
    name: "MyObject",
    basicsize: 0,
    slots: [{ slot: C.Py_tp_finalize, pfunc: () => deaths++ }],
  });
  return { op: C.PyObject_New(type), deaths: () => deaths };
}

eachBuild("test_py_clear", () => {
  const array = [C.PyList_New(0), NULL];
  for (const k of [0, 1]) C.Py_CLEAR(array, k);
  assertEquals(array, [NULL, NULL]);
  const { op, deaths } = counted();
  const self = { obj: op };
  C.Py_CLEAR(self, "obj");
  assertEquals([self.obj, deaths()], [NULL, 1]);
});

eachBuild("test_py_setref", () => {
  const { op, deaths } = counted();
  const self = { obj: op };
  C.Py_SETREF(self, "obj", C.PyList_New(0));
  assertEquals(deaths(), 1);
  C.Py_XSETREF(self, "obj", NULL);
  assertEquals(self.obj, NULL);
});

eachBuild("test_refcount_macros", () => {
  const obj = C.PyList_New(0);
  assertEquals(C.Py_REFCNT(obj), 1);
  const ref = C.Py_NewRef(obj);
  assertEquals([ref, C.Py_REFCNT(obj)], [obj, 2]);
  C.Py_DECREF(ref);
  assertEquals(C.Py_REFCNT(obj), 1);
  const xref = C.Py_XNewRef(obj);
  assertEquals([xref, C.Py_REFCNT(obj)], [obj, 2]);
  C.Py_DECREF(xref);
  assertEquals(C.Py_XNewRef(NULL), NULL);
  C.Py_DECREF(obj);
});

eachBuild("test_incref_doesnt_leak, test_xincref_doesnt_leak", () => {
  for (const incref of [C.Py_INCREF, C.Py_XINCREF, C.Py_IncRef]) {
    const obj = C.PyLong_FromLong(12345);
    incref(obj);
    C.Py_DECREF(obj);
    C.Py_DECREF(obj);
  }
});

eachBuild("test_xdecref_doesnt_leak, test_decref_doesnt_leak", () => {
  for (const decref of [C.Py_DECREF, C.Py_XDECREF, C.Py_DecRef]) {
    decref(C.PyLong_FromLong(12345));
  }
});

eachBuild("test_incref_decref_API", () => {
  const obj = C.PyLong_FromLong(12345);
  C.Py_IncRef(obj);
  C.Py_DecRef(obj);
  C.Py_DecRef(obj);
});

eachBuild("test_py_try_inc_ref", () => {
  const obj = C.PyList_New(0);
  C.PyUnstable_EnableTryIncRef(obj);
  assertEquals(C.PyUnstable_TryIncRef(obj), 1);
  assertEquals(C.Py_REFCNT(obj), 2);
  C.Py_DECREF(obj);
  C.Py_DECREF(obj);
});

eachBuild("CAPITest.test_is_immortal, test_set_immortal", () => {
  const immortals = [C.Py_None(), C.Py_True(), C.PyLong_FromLong(5)];
  for (const op of [...immortals, C.PyTuple_New(0)]) {
    assertEquals(C.PyUnstable_IsImmortal(op), 1);
  }
  const mortal = C.PyList_New(0);
  assertEquals(C.PyUnstable_IsImmortal(mortal), 0);
  C.Py_INCREF(mortal);
  assertEquals(C.PyUnstable_SetImmortal(mortal), 0);
  C.Py_DECREF(mortal);
  C.Py_DECREF(mortal);
  const text = C.PyUnicode_FromString("a text of its own");
  assertEquals(C.PyUnstable_SetImmortal(text), 0);
  C.Py_DECREF(text);
});

eachBuild("IsUniquelyReferencedTest.test_is_uniquely_referenced", () => {
  const op = C.PyList_New(0);
  assertEquals(C.PyUnstable_Object_IsUniquelyReferenced(op), 1);
  C.Py_INCREF(op);
  assertEquals(C.PyUnstable_Object_IsUniquelyReferenced(op), 0);
  C.Py_DECREF(op);
  assertEquals(C.PyUnstable_Object_IsUniquelyReferenced(op), 1);
  C.Py_DECREF(op);
  assertEquals(C.PyUnstable_Object_IsUniquelyReferenced(C.Py_None()), 0);
});

eachBuild(
  "test_gc_visit_objects_basic, test_gc_visit_objects_exit_early",
  () => {
    const obj = C.PyList_New(0);
    const data = { target: obj, found: 0 };
    C.PyUnstable_GC_VisitObjects((op, state) => {
      if (op === state.target) state.found++;
      return 1;
    }, data);
    assertEquals(data.found, 1);
    let visits = 0;
    C.PyUnstable_GC_VisitObjects(() => {
      visits++;
      return 0;
    }, null);
    assertEquals(visits, 1);
    C.Py_DECREF(obj);
  },
);

eachBuild("test_gc_control", () => {
  const orig = C.PyGC_IsEnabled();
  assertEquals(C.PyGC_Enable(), orig);
  assertEquals([C.PyGC_IsEnabled(), C.PyGC_Enable()], [1, 1]);
  assertEquals([C.PyGC_Disable(), C.PyGC_IsEnabled()], [1, 0]);
  assertEquals([C.PyGC_Disable(), C.PyGC_Collect()], [0, 0]);
});

eachBuild("the example of the chapter on memory: read_line()", (heap) => {
  const BUFSIZ = 8192;
  function read_line(): number {
    const buf = C.PyMem_Malloc(BUFSIZ);
    if (buf === NULL) return C.PyErr_NoMemory();
    heap.u8.set(new TextEncoder().encode("spam and eggs\n"), buf);
    const res = C.PyBytes_FromStringAndSize(buf, 14);
    C.PyMem_Free(buf);
    return res;
  }
  assertEquals(reprOf(read_line()), "b'spam and eggs\\n'");
});
