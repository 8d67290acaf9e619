/** `object.h`, `boolobject.h`: types, comparison, hash, text, truth. */

import { assertEquals, assertThrows } from "@std/assert";
import { PointerError } from "../../mod.ts";
import * as C from "../../src/capi/mod.ts";
import { assertRaised, eachBuild, reprOf } from "./fixture.ts";

const { NULL, Py_EQ, Py_GE, Py_GT, Py_LE, Py_LT, Py_NE } = C;
const OPERATORS = [Py_LT, Py_LE, Py_EQ, Py_NE, Py_GT, Py_GE];
const BAD_CALL = "bad argument to internal function";

/** What all six comparisons say. */
function compareAll(a: number, b: number): number[] {
  return OPERATORS.map((opid) => C.PyObject_RichCompareBool(a, b, opid));
}

eachBuild("the constants are objects of their types", () => {
  assertEquals(C.PyBool_FromLong(0), C.Py_False());
  assertEquals(C.PyBool_FromLong(-3), C.Py_True());
  assertEquals([C.Py_IsNone(C.Py_None()), C.Py_IsNone(C.Py_True())], [1, 0]);
  assertEquals([C.Py_IsTrue(C.Py_True()), C.Py_IsFalse(C.Py_True())], [1, 0]);
  assertEquals([C.PyBool_Check(C.Py_False()), C.PyBool_Check(C.Py_None())], [
    1,
    0,
  ]);
  assertEquals(C.Py_TYPE(C.Py_True()), C.PyBool_Type());
  assertEquals(C.Py_IS_TYPE(C.Py_True(), C.PyLong_Type()), 0);
  assertEquals(C.Py_Is(C.Py_True(), C.PyBool_FromLong(1)), 1);
});

eachBuild("numbers and texts compare as Python's", () => {
  const [one, two] = [C.PyLong_FromLong(1), C.PyFloat_FromDouble(2)];
  const nan = C.PyFloat_FromDouble(NaN);
  assertEquals(compareAll(one, two), [1, 1, 0, 1, 0, 0]);
  assertEquals(compareAll(two, one), [0, 0, 0, 1, 1, 1]);
  assertEquals(compareAll(one, C.Py_True()), [0, 1, 1, 0, 0, 1]);
  assertEquals(compareAll(nan, two), [0, 0, 0, 1, 0, 0]);
  assertEquals(compareAll(nan, nan), [0, 0, 1, 0, 0, 0]);
  assertEquals(C.PyObject_RichCompare(nan, nan, Py_EQ), C.Py_False());
  assertEquals(C.PyObject_RichCompare(one, two, Py_LT), C.Py_True());
  [two, nan].forEach(C.Py_DECREF);
});

eachBuild("what has no order is a TypeError with CPython's text", () => {
  const list = C.PyList_New(0);
  const number = C.PyLong_FromLong(1);
  assertEquals(C.PyObject_RichCompareBool(list, number, Py_NE), 1);
  for (const [opid, text] of [[Py_LT, "<"], [Py_GE, ">="]] as const) {
    assertRaised(
      C.PyObject_RichCompareBool(number, list, opid),
      -1,
      C.PyExc_TypeError,
      `'${text}' not supported between instances of 'int' and 'list'`,
    );
    assertRaised(
      C.PyObject_RichCompare(number, list, opid),
      NULL,
      C.PyExc_TypeError,
      `'${text}' not supported between instances of 'int' and 'list'`,
    );
  }
  for (const call of [C.PyObject_RichCompare, C.PyObject_RichCompareBool]) {
    const failure = call === C.PyObject_RichCompare ? NULL : -1;
    const result = call(NULL, number, Py_EQ);
    assertRaised(result, failure, C.PyExc_SystemError, BAD_CALL);
    assertThrows(() => call(number, list, 6), RangeError, "Py_LT to Py_GE");
  }
  C.Py_DECREF(list);
});

eachBuild("hashes are those of Python, where there is one", () => {
  const list = C.PyList_New(0);
  const tuple = C.PyTuple_Pack(1, list);
  const [int, float] = [C.PyLong_FromLong(5), C.PyFloat_FromDouble(5)];
  assertEquals(C.PyObject_Hash(int), 5);
  assertEquals(C.PyObject_Hash(float), 5);
  const minusOne = C.PyLong_FromLong(-1);
  assertEquals([C.PyObject_Hash(minusOne), C.PyErr_Occurred()], [-2, null]);
  for (const op of [list, tuple]) {
    const hash = C.PyObject_Hash(op);
    assertRaised(hash, -1, C.PyExc_TypeError, "unhashable type: 'list'");
  }
  [list, tuple, float].forEach(C.Py_DECREF);
});

eachBuild("repr and str", () => {
  assertEquals(reprOf(C.PyUnicode_FromString("it's")), `"it's"`);
  assertEquals(reprOf(C.PyTuple_Pack(1, C.Py_None())), "(None,)");
  const text = C.PyUnicode_FromString("text");
  const same = C.PyObject_Str(text);
  assertEquals([same, C.Py_REFCNT(text)], [text, 2]);
  const str = C.PyObject_Str(C.Py_True());
  assertEquals(C.PyUnicode_AsUTF8(str), "True");
  const nothing = C.PyObject_Repr(NULL);
  assertEquals(C.PyUnicode_AsUTF8(nothing), "<NULL>");
  [text, same, str, nothing].forEach(C.Py_DECREF);
  assertEquals(reprOf(C.PyList_Type()), "<class 'list'>");
});

eachBuild("what is nested too deep is a RecursionError", () => {
  let op = C.PyTuple_Pack(1, C.Py_None());
  for (let k = 0; k < 1500; k++) {
    const outer = C.PyTuple_Pack(1, op);
    C.Py_DECREF(op);
    op = outer;
  }
  assertEquals(C.PyObject_Repr(op), NULL);
  assertEquals(C.PyErr_ExceptionMatches(C.PyExc_RecursionError), 1);
  C.PyErr_Clear();
  assertEquals(C.PyObject_Hash(op), -1);
  assertEquals(C.PyErr_ExceptionMatches(C.PyExc_RecursionError), 1);
  C.PyErr_Clear();
  C.Py_DECREF(op);
});

eachBuild("truth is that of Python", () => {
  const falsy = [
    C.Py_None(),
    C.Py_False(),
    C.PyLong_FromLong(0),
    C.PyFloat_FromDouble(-0),
    C.PyComplex_FromDoubles(0, 0),
    C.PyUnicode_FromString(""),
    C.PyBytes_FromString(""),
    C.PyTuple_New(0),
    C.PyList_New(0),
    C.PyDict_New(),
    C.PySet_New(NULL),
  ];
  const truthy = [
    C.Py_True(),
    C.PyLong_FromLong(-300),
    C.PyLong_FromString(`1${"0".repeat(400)}`, null, 10),
    C.PyFloat_FromDouble(NaN),
    C.PyComplex_FromDoubles(0, 1),
    C.PyUnicode_FromString(" "),
    C.PyBytes_FromString("\0"),
    C.PyTuple_Pack(1, C.Py_None()),
    C.PyList_New(1),
    C.PyList_Type(),
  ];
  assertEquals(falsy.map(C.PyObject_IsTrue), falsy.map(() => 0));
  assertEquals(truthy.map(C.PyObject_IsTrue), truthy.map(() => 1));
  assertEquals(truthy.map(C.PyObject_Not), truthy.map(() => 0));
  [...falsy, ...truthy].forEach(C.Py_DECREF);
});

eachBuild("Py_SIZE() is for what has an ob_size", () => {
  const bytes = C.PyBytes_FromString("four");
  const list = C.PyList_New(3);
  const tuple = C.PyTuple_New(2);
  assertEquals([bytes, list, tuple].map(C.Py_SIZE), [4, 3, 2]);
  assertThrows(
    () => C.Py_SIZE(C.Py_None()),
    TypeError,
    "it is of type NoneType, which has no ob_size",
  );
  [bytes, list, tuple].forEach(C.Py_DECREF);
});

eachBuild("PyType_FromSpec() makes a type once", (heap) => {
  const spec = {
    name: "Point",
    basicsize: -12,
    flags: C.Py_TPFLAGS_DEFAULT | C.Py_TPFLAGS_HAVE_GC,
    slots: [{
      slot: C.Py_tp_members,
      pfunc: [
        { name: "x", type: C.Py_T_DOUBLE, offset: 0, flags: 8 },
        { name: "ref", type: C.Py_T_OBJECT_EX, offset: 8, flags: 8 },
      ],
    }],
  } as const;
  const type = C.PyType_FromSpec(spec);
  assertEquals(C.PyType_FromSpec(spec), type);
  assertEquals(C.PyType_IS_GC(type), 1);
  assertEquals(C.PyType_HasFeature(type, C.Py_TPFLAGS_HEAPTYPE), 1);
  assertEquals(C.PyType_IS_GC(C.PyFloat_Type()), 0);
  assertEquals(C.PyType_GetFlags(C.PyList_Type()), C.Py_TPFLAGS_HAVE_GC);

  const op = C.PyType_GenericNew(type);
  const data = C.PyObject_GetTypeData(op, type);
  heap.f64[data >>> 3] = 0.5;
  heap.i32[(data + 8) >>> 2] = C.PyList_New(0);
  assertEquals(C.PyObject_GC_IsTracked(op), 1);
  assertThrows(
    () => C.PyObject_GetTypeData(op, C.PyList_Type()),
    TypeError,
    "it is of type Point",
  );
  C.Py_DECREF(op); // drops the list, too

  const other = C.PyType_FromSpec({ ...spec, basicsize: -16 });
  assertEquals([other, C.PyErr_ExceptionMatches(C.PyExc_TypeError)], [0, 1]);
  C.PyErr_Clear();
});

eachBuild("offsets count from the header, or from the start", (heap) => {
  const head = C.PyObject_GetTypeData(C.Py_None(), C.Py_TYPE(C.Py_None())) -
    C.Py_None();
  const type = C.PyType_FromSpec({
    name: "Absolute",
    basicsize: head + 8,
    flags: C.Py_TPFLAGS_HAVE_GC,
    slots: [{
      slot: C.Py_tp_members,
      pfunc: [{ name: "a", type: C.Py_T_OBJECT_EX, offset: head + 4 }],
    }],
  });
  const op = C.PyType_GenericNew(type);
  heap.i32[(op + head + 4) >>> 2] = C.PyList_New(0);
  C.Py_DECREF(op);
});

eachBuild("a type that cannot be is a SystemError", () => {
  const none: C.PyType_Spec = { name: "None", basicsize: 0, slots: [] };
  const member = { name: "m", type: C.Py_T_OBJECT_EX, offset: 0, flags: 8 };
  const specs: C.PyType_Spec[] = [
    { ...none, name: "" },
    { ...none, basicsize: -6 },
    { ...none, basicsize: 1 },
    { ...none, basicsize: -(2 ** 30) },
    { ...none, slots: [{ slot: C.Py_tp_members, pfunc: [member] }] },
    // The compiler would not let it through; JavaScript does.
    { ...none, slots: [{ slot: 52 as 72, pfunc: [] }] },
  ];
  for (const spec of specs) {
    assertEquals(C.PyType_FromSpec(spec), NULL);
    assertEquals(C.PyErr_Occurred(), C.PyExc_SystemError);
    C.PyErr_Clear();
  }
});

eachBuild("PyType_GenericAlloc() zeroes, and tracks what is for it", () => {
  const tuple = C.PyType_GenericAlloc(C.PyTuple_Type(), 3);
  assertEquals([C.PyTuple_Size(tuple), C.PyObject_GC_IsTracked(tuple)], [3, 1]);
  for (let k = 0; k < 3; k++) assertEquals(C.PyTuple_GetItem(tuple, k), NULL);
  C.Py_DECREF(tuple);
  const bytes = C.PyType_GenericAlloc(C.PyBytes_Type(), 3);
  assertEquals(reprOf(bytes), "b'\\x00\\x00\\x00'");
  assertThrows(() => C.PyType_GenericAlloc(C.Py_None()), PointerError);
});
