/** `dictobject.h`, `setobject.h`. */

import { assertEquals, assertThrows } from "@std/assert";
import { PointerError } from "../../mod.ts";
import * as C from "../../src/capi/mod.ts";
import { assertRaised, eachBuild, reprOf } from "./fixture.ts";

const { NULL } = C;
const BAD_CALL = "bad argument to internal function";
const UNHASHABLE = "unhashable type: 'list'";

/** A dict of texts and ints that are not small. */
function dictOf(items: Readonly<Record<string, number>>): number {
  const dict = C.PyDict_New();
  for (const [key, value] of Object.entries(items)) {
    const op = C.PyLong_FromLong(value);
    C.PyDict_SetItemString(dict, key, op);
    C.Py_DECREF(op);
  }
  return dict;
}

eachBuild("a dict gives back what was put in", () => {
  const dict = dictOf({ a: 1000, b: 2000 });
  const found = { value: NULL };
  assertEquals(C.PyDict_GetItemStringRef(dict, "b", found, "value"), 1);
  assertEquals(C.PyLong_AsLong(found.value), 2000);
  assertEquals(C.Py_REFCNT(found.value), 2);
  C.Py_CLEAR(found, "value");
  assertEquals(C.PyDict_GetItemStringRef(dict, "c", found, "value"), 0);
  assertEquals(found.value, NULL);
  const borrowed = C.PyDict_GetItemString(dict, "a");
  assertEquals([C.PyLong_AsLong(borrowed), C.Py_REFCNT(borrowed)], [1000, 1]);
  assertEquals(C.PyDict_ContainsString(dict, "a"), 1);
  assertEquals(C.PyDict_ContainsString(dict, "c"), 0);
  assertEquals(C.PyDict_Size(dict), 2);
  assertEquals(C.PyDict_DelItemString(dict, "a"), 0);
  const failed = C.PyDict_DelItemString(dict, "a");
  assertRaised(failed, -1, C.PyExc_KeyError, "'a'");
  assertEquals(C.PyDict_PopString(dict, "b", found, "value"), 1);
  assertEquals(C.PyLong_AsLong(found.value), 2000);
  C.Py_CLEAR(found, "value");
  assertEquals(C.PyDict_PopString(dict, "b", found, "value"), 0);
  assertEquals(reprOf(dict), "{}");
});

eachBuild("a default is set once", () => {
  const dict = C.PyDict_New();
  const key = C.PyUnicode_FromString("key");
  const [one, two] = [1000, 2000].map(C.PyLong_FromLong);
  const found = { value: NULL };
  assertEquals(C.PyDict_SetDefaultRef(dict, key, one, found, "value"), 0);
  assertEquals([found.value, C.Py_REFCNT(one)], [one, 3]);
  C.Py_CLEAR(found, "value");
  assertEquals(C.PyDict_SetDefaultRef(dict, key, one, null, ""), 1);
  assertEquals(C.PyDict_SetDefaultRef(dict, key, two, found, "value"), 1);
  assertEquals(found.value, one);
  C.Py_CLEAR(found, "value");
  assertEquals(C.PyDict_SetDefault(dict, key, two), one);
  assertEquals([C.Py_REFCNT(one), C.Py_REFCNT(two)], [2, 1]);
  [dict, key, one, two].forEach(C.Py_DECREF);
});

eachBuild("all items of a dict, in the order in which they came", () => {
  const dict = dictOf({ c: 1000, a: 1001, b: 1002 });
  const state = { pos: 0, key: NULL, value: NULL };
  const seen: [string | null, number][] = [];
  while (C.PyDict_Next(dict, state) === 1) {
    seen.push([C.PyUnicode_AsUTF8(state.key), C.PyLong_AsLong(state.value)]);
    assertEquals(C.Py_REFCNT(state.value), 1);
  }
  assertEquals(seen, [["c", 1000], ["a", 1001], ["b", 1002]]);
  assertEquals(reprOf(C.PyDict_Keys(dict)), "['c', 'a', 'b']");
  assertEquals(reprOf(C.PyDict_Values(dict)), "[1000, 1001, 1002]");
  const items = "[('c', 1000), ('a', 1001), ('b', 1002)]";
  assertEquals(reprOf(C.PyDict_Items(dict)), items);
  const copy = C.PyDict_Copy(dict);
  C.PyDict_Clear(dict);
  assertEquals(C.PyDict_Size(dict), 0);
  assertEquals(reprOf(copy), "{'c': 1000, 'a': 1001, 'b': 1002}");
  C.Py_DECREF(dict);
});

eachBuild("dicts are merged, with and without overriding", () => {
  const a = dictOf({ a: 1000, b: 1001 });
  const b = dictOf({ b: 2001, c: 2002 });
  assertEquals(C.PyDict_Merge(a, b, 0), 0);
  const kept = C.PyDict_Copy(a);
  assertEquals(reprOf(kept), "{'a': 1000, 'b': 1001, 'c': 2002}");
  assertEquals(C.PyDict_Update(a, b), 0);
  assertEquals(C.PyDict_Merge(a, a, 0), 0);
  assertEquals(C.PyDict_Merge(a, a, 1), 0);
  assertEquals(reprOf(a), "{'a': 1000, 'b': 2001, 'c': 2002}");
  const failed = C.PyDict_Update(b, C.Py_None());
  assertRaised(failed, -1, C.PyExc_SystemError, BAD_CALL);
  C.Py_DECREF(b);
});

eachBuild(
  "keys that cannot be hashed are TypeErrors, and leave the dict",
  () => {
    const dict = dictOf({ a: 1000 });
    const list = C.PyList_New(0);
    const tuple = C.PyTuple_Pack(1, list);
    const none = C.Py_None();
    const found = { value: NULL };
    const calls: ((key: number) => unknown)[] = [
      (key) => C.PyDict_SetItem(dict, key, none),
      (key) => C.PyDict_Contains(dict, key),
      (key) => C.PyDict_GetItemRef(dict, key, found, "value"),
      (key) => C.PyDict_DelItem(dict, key),
      (key) => C.PyDict_Pop(dict, key, found, "value"),
      (key) => C.PyDict_SetDefaultRef(dict, key, none, found, "value"),
    ];
    for (const call of calls) {
      for (const [key, name] of [[list, "list"], [tuple, "tuple"]] as const) {
        const text = `cannot use '${name}' as a dict key (${UNHASHABLE})`;
        assertRaised(call(key), -1, C.PyExc_TypeError, text);
      }
    }
    const item = C.PyDict_GetItemWithError(dict, list);
    const text = `cannot use 'list' as a dict key (${UNHASHABLE})`;
    assertRaised(item, NULL, C.PyExc_TypeError, text);
    assertEquals(C.PyDict_GetItem(dict, list), NULL);
    assertEquals(reprOf(dict), "{'a': 1000}");
    [list, tuple].forEach(C.Py_DECREF);
  },
);

eachBuild("what is no dict, or no set, is a SystemError", () => {
  const none = C.Py_None();
  const frozen = C.PyFrozenSet_New(NULL);
  const rows: [() => unknown, unknown][] = [
    [() => C.PyDict_Size(none), -1],
    [() => C.PyDict_SetItem(none, none, none), -1],
    [() => C.PyDict_GetItemWithError(none, none), NULL],
    [() => C.PyDict_Contains(none, none), -1],
    [() => C.PyDict_Keys(none), NULL],
    [() => C.PyDict_Copy(none), NULL],
    [() => C.PyDict_DelItem(none, none), -1],
    [() => C.PySet_Size(none), -1],
    [() => C.PySet_Contains(none, none), -1],
    [() => C.PySet_Add(none, none), -1],
    [() => C.PySet_Add(frozen, none), -1],
    [() => C.PySet_Discard(frozen, none), -1],
    [() => C.PySet_Pop(frozen), NULL],
    [() => C.PySet_Clear(frozen), -1],
  ];
  for (const [call, failure] of rows) {
    assertRaised(call(), failure, C.PyExc_SystemError, BAD_CALL);
  }
  C.PyDict_Clear(none);
  assertEquals(C.PyDict_Next(none, { pos: 0, key: 0, value: 0 }), 0);
  const dict = C.PyDict_New();
  assertThrows(() => C.PyDict_SetItem(dict, none, NULL), PointerError);
  assertThrows(() => C.PyDict_SetItem(dict, 24, none), PointerError);
  [dict, frozen].forEach(C.Py_DECREF);
});

eachBuild("a set has each object once", () => {
  const set = C.PySet_New(NULL);
  const [a, b] = [
    C.PyUnicode_FromString("text"),
    C.PyUnicode_FromString("text"),
  ];
  assertEquals([C.PySet_Add(set, a), C.PySet_Add(set, b)], [0, 0]);
  assertEquals([C.PySet_Size(set), C.Py_REFCNT(a), C.Py_REFCNT(b)], [1, 2, 1]);
  assertEquals(C.PySet_Contains(set, b), 1);
  assertEquals([C.PySet_Discard(set, b), C.PySet_Discard(set, b)], [1, 0]);
  C.PySet_Add(set, a);
  assertEquals(C.PySet_Pop(set), a);
  const empty = C.PySet_Pop(set);
  assertRaised(empty, NULL, C.PyExc_KeyError, "'pop from an empty set'");
  C.PySet_Add(set, a);
  assertEquals(C.PySet_Clear(set), 0);
  [a, a, b, set].forEach(C.Py_DECREF);
});

eachBuild("sets are made of what is iterable", () => {
  const list = C.PyList_New(0);
  for (const value of [1000, 1000, 2000]) {
    const op = C.PyLong_FromLong(value);
    C.PyList_Append(list, op);
    C.Py_DECREF(op);
  }
  const [set, frozen] = [C.PySet_New(list), C.PyFrozenSet_New(list)];
  const checks = (op: number) => [
    C.PySet_Check(op),
    C.PyFrozenSet_Check(op),
    C.PyAnySet_Check(op),
    C.PySet_GET_SIZE(op),
  ];
  assertEquals([checks(set), checks(frozen)], [[1, 0, 1, 2], [0, 1, 1, 2]]);
  assertEquals(C.PyObject_RichCompareBool(set, frozen, C.Py_EQ), 1);
  C.PyList_Append(list, set);
  for (const make of [C.PySet_New, C.PyFrozenSet_New]) {
    const failed = make(list);
    const text = "cannot use 'set' as a set element (unhashable type: 'set')";
    assertRaised(failed, NULL, C.PyExc_TypeError, text);
    const other = make(C.Py_None());
    const message = "'NoneType' object is not iterable";
    assertRaised(other, NULL, C.PyExc_TypeError, message);
  }
  const nested = C.PyTuple_Pack(2, C.Py_None(), C.PyTuple_Pack(1, list));
  C.Py_DECREF(C.PyTuple_GetItem(nested, 1));
  const items = C.PyTuple_Pack(2, C.Py_None(), nested);
  const text2 = `cannot use 'tuple' as a set element (${UNHASHABLE})`;
  assertRaised(C.PySet_New(items), NULL, C.PyExc_TypeError, text2);
  [nested, items].forEach(C.Py_DECREF);
  const added = C.PySet_Add(set, list);
  const text = `cannot use 'list' as a set element (${UNHASHABLE})`;
  assertRaised(added, -1, C.PyExc_TypeError, text);
  [list, set, frozen].forEach(C.Py_DECREF);
});
