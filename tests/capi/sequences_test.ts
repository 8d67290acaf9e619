/** `tupleobject.h`, `listobject.h`. */

import { assertEquals, assertThrows } from "@std/assert";
import { PointerError } from "../../mod.ts";
import * as C from "../../src/capi/mod.ts";
import { Prng } from "../helpers/prng.ts";
import { assertRaised, eachBuild, reprOf } from "./fixture.ts";

const { NULL } = C;
const BAD_CALL = "bad argument to internal function";

/** A list of ints, not small ones. */
function listOf(...values: number[]): number {
  const list = C.PyList_New(values.length);
  values.forEach((value, k) =>
    C.PyList_SetItem(list, k, C.PyLong_FromLong(value))
  );
  return list;
}

eachBuild("a tuple is filled, and then stays", () => {
  const tuple = C.PyTuple_New(2);
  assertEquals(C.PyTuple_GetItem(tuple, 1), NULL);
  for (const k of [0, 1]) {
    assertEquals(C.PyTuple_SetItem(tuple, k, C.PyLong_FromLong(1000 + k)), 0);
  }
  C.PyTuple_SetItem(tuple, 1, C.PyLong_FromLong(2000)); // drops the old one
  assertEquals(C.PyTuple_Size(tuple), 2);
  const item = C.PyTuple_GetItem(tuple, 1);
  assertEquals([C.PyLong_AsLong(item), C.Py_REFCNT(item)], [2000, 1]);
  C.Py_INCREF(tuple);
  const failed = C.PyTuple_SetItem(tuple, 0, C.PyLong_FromLong(3000));
  assertRaised(failed, -1, C.PyExc_SystemError, BAD_CALL);
  C.Py_DECREF(tuple);
  assertEquals(reprOf(tuple), "(1000, 2000)");
  assertEquals(C.PyTuple_New(0), C.PyTuple_Pack(0));
});

eachBuild("indices of tuples", () => {
  const tuple = C.PyTuple_Pack(1, C.Py_None());
  for (const index of [-1, 1, 2 ** 40]) {
    const item = C.PyTuple_GetItem(tuple, index);
    const text = "tuple index out of range";
    assertRaised(item, NULL, C.PyExc_IndexError, text);
    const set = C.PyTuple_SetItem(tuple, index, C.PyLong_FromLong(1000));
    const other = "tuple assignment index out of range";
    assertRaised(set, -1, C.PyExc_IndexError, other);
  }
  assertThrows(() => C.PyTuple_GetItem(tuple, 0.5), TypeError, "whole number");
  C.Py_DECREF(tuple);
  const negative = C.PyTuple_New(-1);
  assertRaised(negative, NULL, C.PyExc_SystemError, BAD_CALL);
  const huge = C.PyTuple_New(2 ** 40);
  assertRaised(huge, NULL, C.PyExc_MemoryError, "No memory is left");
  assertThrows(() => C.PyTuple_Pack(2, C.Py_None()), TypeError, "there are 1");
  assertThrows(() => C.PyTuple_Pack(1, 8), PointerError);
});

eachBuild("slices of tuples; the whole is the same tuple", () => {
  const ops = [1000, 1001, 1002].map(C.PyLong_FromLong);
  const tuple = C.PyTuple_FromArray(ops);
  ops.forEach(C.Py_DECREF);
  assertEquals(reprOf(C.PyTuple_GetSlice(tuple, 1, 99)), "(1001, 1002)");
  assertEquals(reprOf(C.PyTuple_GetSlice(tuple, -5, 1)), "(1000,)");
  assertEquals(reprOf(C.PyTuple_GetSlice(tuple, 2, 1)), "()");
  assertEquals(C.PyTuple_GetSlice(tuple, -1, 3), tuple);
  C.Py_DECREF(tuple);
  C.Py_DECREF(tuple);
});

eachBuild("a tuple is made longer and shorter", () => {
  const self = { tuple: C.PyTuple_New(2) };
  C.PyTuple_SetItem(self.tuple, 0, C.PyLong_FromLong(1000));
  assertEquals(C._PyTuple_Resize(self, "tuple", 30), 0);
  assertEquals(C.PyTuple_Size(self.tuple), 30);
  assertEquals(C.PyTuple_GetItem(self.tuple, 29), NULL);
  assertEquals(C._PyTuple_Resize(self, "tuple", 1), 0);
  C.Py_INCREF(self.tuple);
  const { tuple } = self;
  const failed = C._PyTuple_Resize(self, "tuple", 2);
  assertRaised(failed, -1, C.PyExc_SystemError, BAD_CALL);
  assertEquals(self.tuple, NULL);
  assertEquals(reprOf(tuple), "(1000,)");
});

eachBuild("what is no tuple, or no list, is a SystemError", () => {
  const none = C.Py_None();
  const rows: [() => unknown, unknown][] = [
    [() => C.PyTuple_Size(none), -1],
    [() => C.PyTuple_GetItem(none, 0), NULL],
    [() => C.PyTuple_SetItem(none, 0, C.PyLong_FromLong(1000)), -1],
    [() => C.PyTuple_GetSlice(none, 0, 1), NULL],
    [() => C.PyList_Size(none), -1],
    [() => C.PyList_GetItem(none, 0), NULL],
    [() => C.PyList_SetItem(none, 0, C.PyLong_FromLong(1000)), -1],
    [() => C.PyList_Append(none, none), -1],
    [() => C.PyList_Insert(none, 0, none), -1],
    [() => C.PyList_GetSlice(none, 0, 1), NULL],
    [() => C.PyList_SetSlice(none, 0, 1, NULL), -1],
    [() => C.PyList_Extend(none, none), -1],
    [() => C.PyList_Clear(none), -1],
    [() => C.PyList_Reverse(none), -1],
    [() => C.PyList_Sort(none), -1],
    [() => C.PyList_AsTuple(none), NULL],
    [() => C.PyList_New(-1), NULL],
  ];
  for (const [call, failure] of rows) {
    assertRaised(call(), failure, C.PyExc_SystemError, BAD_CALL);
  }
  const item = C.PyList_GetItemRef(none, 0);
  assertRaised(item, NULL, C.PyExc_TypeError, "expected a list");
  assertEquals([C.PyTuple_Check(none), C.PyList_Check(none)], [0, 0]);
});

eachBuild("a list is filled, grows and shrinks", () => {
  const list = listOf(1000, 1001);
  const item = C.PyLong_FromLong(2000);
  assertEquals(C.PyList_Append(list, item), 0);
  assertEquals(C.PyList_Insert(list, 0, item), 0);
  assertEquals(C.PyList_Insert(list, -1, item), 0);
  assertEquals([C.PyList_Size(list), C.Py_REFCNT(item)], [5, 4]);
  const ref = C.PyList_GetItemRef(list, 0);
  const borrowed = C.PyList_GetItem(list, 0);
  assertEquals([ref, borrowed, C.Py_REFCNT(item)], [item, item, 5]);
  C.Py_DECREF(ref);
  assertEquals(C.PyList_Reverse(list), 0);
  const tuple = C.PyList_AsTuple(list);
  assertEquals(reprOf(tuple), "(2000, 2000, 1001, 1000, 2000)");
  assertEquals(reprOf(C.PyList_GetSlice(list, 1, 3)), "[2000, 1001]");
  assertEquals(reprOf(C.PyList_GetSlice(list, -9, 1)), "[2000]");
  assertEquals(C.PyList_Clear(list), 0);
  assertEquals([C.PyList_Size(list), C.Py_REFCNT(item)], [0, 1]);
  [list, item].forEach(C.Py_DECREF);
  assertEquals(reprOf(C.PyList_New(2)), "[None, None]");
});

eachBuild("indices of lists", () => {
  const list = listOf(1000);
  const get = "list index out of range";
  const set = "list assignment index out of range";
  const { PyExc_IndexError } = C;
  for (const index of [-1, 1, 2 ** 40]) {
    assertRaised(C.PyList_GetItem(list, index), 0, PyExc_IndexError, get);
    assertRaised(C.PyList_GetItemRef(list, index), 0, PyExc_IndexError, get);
    const item = C.PyLong_FromLong(2000);
    const result = C.PyList_SetItem(list, index, item);
    assertRaised(result, -1, PyExc_IndexError, set);
  }
  assertRaised(C.PyList_Append(list, NULL), -1, C.PyExc_SystemError, BAD_CALL);
  assertThrows(() => C.PyList_SetItem(list, 0, NULL), PointerError);
  assertEquals(reprOf(list), "[1000]");
});

/** What Python does with `values[low:high] = items`. */
function splice(
  values: readonly number[],
  low: number,
  high: number,
  items: readonly number[],
): number[] {
  const from = Math.max(0, Math.min(low, values.length));
  const to = Math.max(from, Math.min(high, values.length));
  return [...values.slice(0, from), ...items, ...values.slice(to)];
}

eachBuild("PyList_SetSlice() does what arrays do, seed 1", () => {
  const random = new Prng(1);
  const draw = (n: number) =>
    Array.from({ length: random.below(n) }, () => 1000 + random.below(1000));
  for (let k = 0; k < 300; k++) {
    const [values, items] = [draw(8), draw(8)];
    const [low, high] = [random.below(12) - 2, random.below(12) - 2];
    const [list, other] = [listOf(...values), listOf(...items)];
    assertEquals(C.PyList_SetSlice(list, low, high, other), 0);
    const wanted = splice(values, low, high, items);
    assertEquals(reprOf(list), `[${wanted.join(", ")}]`);
    assertEquals(reprOf(other), `[${items.join(", ")}]`);
  }
});

eachBuild("PyList_SetSlice() of the list itself, and of nothing", () => {
  const list = listOf(1000, 1001, 1002);
  assertEquals(C.PyList_SetSlice(list, 1, 2, list), 0);
  assertEquals(C.PyList_SetSlice(list, 3, 99, NULL), 0);
  assertEquals(reprOf(list), "[1000, 1000, 1001]");
  const other = listOf(1000);
  const failed = C.PyList_SetSlice(other, 0, 1, C.Py_None());
  assertRaised(failed, -1, C.PyExc_SystemError, BAD_CALL);
  assertEquals(reprOf(other), "[1000]");
});

eachBuild("PyList_Extend() takes whatever is iterable", () => {
  const list = listOf(1000);
  const tuple = C.PyTuple_Pack(1, C.Py_None());
  const dict = C.PyDict_New();
  C.PyDict_SetItemString(dict, "key", C.Py_None());
  const set = C.PySet_New(tuple);
  const text = C.PyUnicode_FromString("é\u{1f40d}");
  const bytes = C.PyBytes_FromString("A");
  for (const other of [list, tuple, dict, set, text, bytes]) {
    assertEquals(C.PyList_Extend(list, other), 0);
  }
  const wanted = "[1000, 1000, None, 'key', None, 'é', '\u{1f40d}', 65]";
  const failed = C.PyList_Extend(list, C.Py_None());
  const message = "'NoneType' object is not iterable";
  assertRaised(failed, -1, C.PyExc_TypeError, message);
  assertEquals(reprOf(list), wanted);
  [tuple, dict, set, text, bytes].forEach(C.Py_DECREF);
});

eachBuild("PyList_Sort() is stable, and all or nothing", () => {
  const list = listOf(1002, 1000, 1001);
  assertEquals(C.PyList_Sort(list), 0);
  assertEquals(reprOf(list), "[1000, 1001, 1002]");
  const mixed = C.PyList_New(0);
  for (const make of [() => C.PyFloat_FromDouble(1), C.Py_True]) {
    const op = make();
    C.PyList_Append(mixed, op);
    C.Py_DECREF(op);
  }
  assertEquals(C.PyList_Sort(mixed), 0);
  C.PyList_Append(mixed, C.Py_None());
  const failed = C.PyList_Sort(mixed);
  assertEquals([failed, C.PyErr_ExceptionMatches(C.PyExc_TypeError)], [-1, 1]);
  C.PyErr_Clear();
  assertEquals(reprOf(mixed), "[1.0, True, None]");
});
