/** `unicodeobject.h`, `bytesobject.h`. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { PointerError } from "../../mod.ts";
import * as C from "../../src/capi/mod.ts";
import { assertRaised, eachBuild, reprOf } from "./fixture.ts";

const { NULL } = C;
const BAD_ARGUMENT = "bad argument type for built-in operation";
const TEXTS = [
  "",
  "a",
  "é",
  "naïve",
  "日本",
  "a\u{1f40d}b",
  "\ud800",
  "x".repeat(999),
];

eachBuild("a str is what it was made of", () => {
  for (const text of TEXTS) {
    const op = C.PyUnicode_FromString(text);
    assertEquals(C.PyUnicode_AsUTF8(op), text);
    const points = Array.from(text);
    assertEquals(C.PyUnicode_GetLength(op), points.length);
    const chars = points.map((_, k) => C.PyUnicode_ReadChar(op, k));
    assertEquals(chars, points.map((char) => char.codePointAt(0)));
    assertEquals(C.PyUnicode_EqualToUTF8(op, text), 1);
    assertEquals(C.PyUnicode_EqualToUTF8(op, text + "?"), 0);
    C.Py_DECREF(op);
  }
  assertThrows(() => C.PyUnicode_FromString(5 as never), TypeError);
});

eachBuild("a str of bytes in the heap", (heap) => {
  const bytes = new TextEncoder().encode("naïve \u{1f40d}");
  const block = C.PyMem_Malloc(100);
  heap.u8.set(bytes, block + 1);
  const op = C.PyUnicode_FromStringAndSize(block + 1, bytes.length);
  assertEquals(C.PyUnicode_AsUTF8(op), "naïve \u{1f40d}");
  C.Py_DECREF(op);
  const cut = C.PyUnicode_FromStringAndSize(block + 1, bytes.length - 1);
  const text = "'utf-8' codec can't decode the bytes";
  assertRaised(cut, NULL, C.PyExc_UnicodeError, text);
  assertEquals(C.PyUnicode_FromStringAndSize(block, -1), NULL);
  assertEquals(C.PyErr_ExceptionMatches(C.PyExc_SystemError), 1);
  C.PyErr_Clear();
  for (const from of [NULL, 16, heap.u8.length - 4, -8]) {
    assertThrows(
      () => C.PyUnicode_FromStringAndSize(from, 8),
      PointerError,
      "not all of them are in blocks of the heap",
    );
  }
  C.PyMem_Free(block);
});

eachBuild("a str of a code point", () => {
  assertEquals(reprOf(C.PyUnicode_FromOrdinal(0x1f40d)), "'\u{1f40d}'");
  for (const point of [-1, 0x110000]) {
    const op = C.PyUnicode_FromOrdinal(point);
    const text = "chr() arg not in range(0x110000)";
    assertRaised(op, NULL, C.PyExc_ValueError, text);
  }
});

eachBuild("indices, parts and joins of a str", () => {
  const op = C.PyUnicode_FromString("a\u{1f40d}bc");
  for (const index of [-1, 4, 2 ** 40]) {
    const char = C.PyUnicode_ReadChar(op, index);
    const text = "string index out of range";
    assertRaised(char, 0xffffffff, C.PyExc_IndexError, text);
  }
  assertEquals(reprOf(C.PyUnicode_Substring(op, 1, 3)), "'\u{1f40d}b'");
  assertEquals(reprOf(C.PyUnicode_Substring(op, 2, 99)), "'bc'");
  assertEquals(reprOf(C.PyUnicode_Substring(op, 3, 1)), "''");
  const negative = C.PyUnicode_Substring(op, -1, 1);
  const text = "string index out of range";
  assertRaised(negative, NULL, C.PyExc_IndexError, text);
  const both = C.PyUnicode_Concat(op, op);
  assertEquals(C.PyUnicode_AsUTF8(both), "a\u{1f40d}bca\u{1f40d}bc");
  assertEquals(C.PyUnicode_Compare(op, both), -1);
  assertEquals(C.PyUnicode_Compare(both, op), 1);
  assertEquals(C.PyUnicode_Compare(op, op), 0);
  [op, both].forEach(C.Py_DECREF);
});

eachBuild("what is no str is a TypeError", () => {
  const none = C.Py_None();
  const text = C.PyUnicode_FromString("text");
  const { PyExc_TypeError } = C;
  assertRaised(C.PyUnicode_GetLength(none), -1, PyExc_TypeError, BAD_ARGUMENT);
  assertRaised(C.PyUnicode_AsUTF8(none), null, PyExc_TypeError, BAD_ARGUMENT);
  const char = C.PyUnicode_ReadChar(none, 0);
  assertRaised(char, 0xffffffff, PyExc_TypeError, BAD_ARGUMENT);
  const order = C.PyUnicode_Compare(text, none);
  assertRaised(order, -1, PyExc_TypeError, "Can't compare str and NoneType");
  const right = C.PyUnicode_Concat(text, none);
  const message = 'can only concatenate str (not "NoneType") to str';
  assertRaised(right, NULL, PyExc_TypeError, message);
  const left = C.PyUnicode_Concat(none, text);
  assertRaised(left, NULL, PyExc_TypeError, "must be str, not NoneType");
  assertEquals([C.PyUnicode_Check(text), C.PyUnicode_Check(none)], [1, 0]);
  C.Py_DECREF(text);
});

eachBuild("equal strs are one when they are interned", (heap, build) => {
  const a = C.PyUnicode_InternFromString("interned");
  const self = { name: C.PyUnicode_FromString("interned") };
  assert(self.name !== a);
  C.PyUnicode_InternInPlace(self, "name");
  assertEquals(self.name, a);
  assertThrows(
    () => C.PyUnicode_InternInPlace({ op: C.Py_None() }, "op"),
    TypeError,
  );
  C.Py_DECREF(a);
  C.Py_CLEAR(self, "name");
  // In the free-threaded build it is immortal: not for this test.
  if (build === "free-threaded") heap.obj.free(a as never);
});

eachBuild("bytes are a copy of memory of the heap", (heap) => {
  const block = C.PyMem_Malloc(2000);
  for (let k = 0; k < 2000; k++) heap.u8[block + k] = k * 7;
  for (
    const [offset, size] of [
      [0, 0],
      [1, 1],
      [0, 2],
      [0, 256],
      [4, 1001],
      [1, 300],
      [3, 7],
      [0, 2000],
    ]
  ) {
    const op = C.PyBytes_FromStringAndSize(block + offset, size);
    const at = C.PyBytes_AsString(op);
    assertEquals(C.PyBytes_Size(op), size);
    assertEquals(
      heap.u8.slice(at, at + size),
      heap.u8.slice(block + offset, block + offset + size),
    );
    assertEquals(heap.u8[at + size], 0);
    C.Py_DECREF(op);
  }
  assertThrows(
    () => C.PyBytes_FromStringAndSize(heap.u8.length - 4, 8),
    PointerError,
  );
  C.PyMem_Free(block);
});

eachBuild("bytes that are to be filled are nobody else's", (heap) => {
  for (const size of [1, 2, 3, 4, 1000]) {
    const op = C.PyBytes_FromStringAndSize(NULL, size);
    const at = C.PyBytes_AS_STRING(op);
    assertEquals(heap.u8.slice(at, at + size + 1), new Uint8Array(size + 1));
    heap.u8.fill(65, at, at + size);
    assertEquals(reprOf(op), `b'${"A".repeat(size)}'`);
  }
  const empty = C.PyBytes_FromStringAndSize(NULL, 0);
  assertEquals(C.PyUnstable_IsImmortal(empty), 1);
  assertEquals(reprOf(C.PyBytes_FromString("\0")), "b'\\x00'");
  const negative = C.PyBytes_FromStringAndSize(NULL, -1);
  const text = "Negative size passed to PyBytes_FromStringAndSize";
  assertRaised(negative, NULL, C.PyExc_SystemError, text);
  const huge = C.PyBytes_FromStringAndSize(NULL, 2 ** 40);
  assertRaised(huge, NULL, C.PyExc_MemoryError, "No memory is left");
});

eachBuild("bytes are joined in place", () => {
  const self = { op: C.PyBytes_FromString("né") };
  const other = C.PyBytes_FromString("!");
  C.PyBytes_Concat(self, "op", other);
  assertEquals(C.PyBytes_Size(self.op), 4);
  const out = { buffer: 0, length: 0 };
  assertEquals(C.PyBytes_AsStringAndSize(self.op, out), 0);
  assertEquals(out, { buffer: C.PyBytes_AsString(self.op), length: 4 });
  C.PyBytes_Concat(self, "op", C.Py_None());
  const text = "can't concat NoneType to bytes";
  assertRaised(self.op, NULL, C.PyExc_TypeError, text);
  C.PyBytes_Concat(self, "op", other);
  assertEquals(self.op, NULL);
  C.Py_DECREF(other);
});

eachBuild("what is no bytes object is a TypeError", () => {
  const none = C.Py_None();
  const text = "expected bytes, NoneType found";
  assertRaised(C.PyBytes_Size(none), -1, C.PyExc_TypeError, text);
  assertRaised(C.PyBytes_AsString(none), NULL, C.PyExc_TypeError, text);
  const out = { buffer: 0, length: 0 };
  const both = C.PyBytes_AsStringAndSize(none, out);
  assertRaised(both, -1, C.PyExc_TypeError, text);
  assertEquals(C.PyBytes_Check(none), 0);
});
