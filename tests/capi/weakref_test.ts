/** `weakrefobject.h`, `critical_section.h`. */

import { assertEquals, assertThrows } from "@std/assert";
import { ThreadStateError } from "../../mod.ts";
import * as C from "../../src/capi/mod.ts";
import * as PyObjectWords from "../../src/layout/object_free_threaded.ts";
import { assertRaised, eachBuild, withRuntime } from "./fixture.ts";

const { NULL } = C;

/** An object that can have weak references. */
function weakable(): number {
  return C.PyType_GenericNew(C.PyType_FromSpec({
    name: "Weak",
    basicsize: 0,
    flags: C.Py_TPFLAGS_MANAGED_WEAKREF | C.Py_TPFLAGS_HAVE_GC,
    slots: [],
  }));
}

eachBuild("a weak reference does not keep its object alive", () => {
  const op = weakable();
  const ref = C.PyWeakref_NewRef(op, null);
  const again = C.PyWeakref_NewRef(op, null);
  assertEquals([again, C.Py_REFCNT(ref), C.Py_REFCNT(op)], [ref, 2, 1]);
  C.Py_DECREF(again);
  const self = { op: NULL };
  assertEquals(C.PyWeakref_GetRef(ref, self, "op"), 1);
  assertEquals([self.op, C.Py_REFCNT(op)], [op, 2]);
  C.Py_CLEAR(self, "op");
  assertEquals(C.PyWeakref_IsDead(ref), 0);
  C.Py_DECREF(op);
  assertEquals(C.PyWeakref_IsDead(ref), 1);
  assertEquals(C.PyWeakref_GetRef(ref, self, "op"), 0);
  assertEquals(self.op, NULL);
  C.Py_DECREF(ref);
});

eachBuild("callbacks are called, the newest first", () => {
  const op = weakable();
  const calls: string[] = [];
  const refs = ["a", "b"].map((name) =>
    C.PyWeakref_NewRef(op, (ref) => {
      calls.push(`${name}${C.PyWeakref_IsDead(ref)}`);
    })
  );
  C.Py_DECREF(op);
  assertEquals(calls, ["b1", "a1"]);
  refs.forEach(C.Py_DECREF);
});

eachBuild("what has no weak references, and what is none", () => {
  const list = C.PyList_New(0);
  const failed = C.PyWeakref_NewRef(list, null);
  const text = "cannot create weak reference to 'list' object";
  assertRaised(failed, NULL, C.PyExc_TypeError, text);
  const self = { op: 1 };
  const got = C.PyWeakref_GetRef(list, self, "op");
  assertRaised(got, -1, C.PyExc_TypeError, "expected a weakref");
  assertEquals(self.op, NULL);
  const dead = C.PyWeakref_IsDead(list);
  assertRaised(dead, -1, C.PyExc_TypeError, "expected a weakref");
  assertEquals(C.PyWeakref_Check(list), 0);
  C.Py_DECREF(list);
});

eachBuild(
  "critical sections hold the mutexes of their objects",
  (heap, build) => {
    const [a, b] = [C.PyList_New(0), C.PyList_New(0)];
    const isHeld = (op: number) =>
      heap.i32[(op >>> 2) + PyObjectWords.X_OB_MUTEX] !== 0;
    const held = () => build === "gil" ? [] : [isHeld(a), isHeld(b)];
    const wanted = (...flags: boolean[]) => build === "gil" ? [] : flags;
    C.Py_BEGIN_CRITICAL_SECTION(a);
    assertEquals(held(), wanted(true, false));
    C.PyList_Append(a, b); // nested
    C.Py_BEGIN_CRITICAL_SECTION2(a, b);
    assertEquals(held(), wanted(true, true));
    C.PyList_Extend(b, a);
    C.Py_END_CRITICAL_SECTION2();
    C.Py_END_CRITICAL_SECTION();
    assertEquals(held(), wanted(false, false));
    const c = {};
    C.PyCriticalSection_Begin(c, a);
    C.PyCriticalSection_End(c);
    C.PyCriticalSection2_Begin(c, a, a);
    C.PyCriticalSection2_End(c);
    assertThrows(
      C.Py_END_CRITICAL_SECTION,
      ThreadStateError,
      "none has begun",
    );
    C.PyList_Clear(b);
    [a, b].forEach(C.Py_DECREF);
  },
);

Deno.test("a critical section wants an object", () => {
  withRuntime(() => {
    assertThrows(
      () => C.Py_BEGIN_CRITICAL_SECTION(NULL),
      RangeError,
      "Cannot begin a critical section with 0x0: it is NULL",
    );
  });
});
