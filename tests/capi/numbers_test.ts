/** `longobject.h`, `floatobject.h`, `complexobject.h`. */

import { assertEquals, assertThrows } from "@std/assert";
import * as C from "../../src/capi/mod.ts";
import { assertRaised, eachBuild, reprOf } from "./fixture.ts";

const { NULL } = C;
const LONG_MAX = 2 ** 53 - 1;

/** Runs something with an int of a text. */
function withInt<T>(text: string, run: (op: number) => T): T {
  const op = C.PyLong_FromString(text, null, 0);
  try {
    return run(op);
  } finally {
    C.Py_DECREF(op);
  }
}

eachBuild("ints come back, as far as C's type goes", () => {
  const values = [0, 1, -1, 256, 257, -6, 2 ** 30, -(2 ** 31), LONG_MAX];
  for (const value of [...values, -LONG_MAX]) {
    const op = C.PyLong_FromLong(value);
    assertEquals(C.PyLong_AsLong(op), value);
    assertEquals(C.PyLong_AsSsize_t(op), value);
    assertEquals(C.PyLong_AsDouble(op), value);
    assertEquals(C.PyLong_AsLongLong(op), BigInt(value));
    C.Py_DECREF(op);
  }
  for (const value of [2n ** 63n - 1n, -(2n ** 63n), -1n]) {
    const op = C.PyLong_FromLongLong(value);
    assertEquals(C.PyLong_AsLongLong(op), value);
    C.Py_DECREF(op);
  }
  const op = C.PyLong_FromUnsignedLongLong(2n ** 64n - 1n);
  assertEquals(C.PyLong_AsUnsignedLongLong(op), 2n ** 64n - 1n);
  C.Py_DECREF(op);
  const size = C.PyLong_FromSize_t(LONG_MAX);
  assertEquals(C.PyLong_AsSize_t(size), LONG_MAX);
  assertEquals(C.PyLong_AsUnsignedLong(size), LONG_MAX);
  C.Py_DECREF(size);
});

eachBuild("what is too large is an OverflowError with CPython's text", () => {
  const rows: [string, (op: number) => unknown, unknown, string][] = [
    [
      "2147483648",
      C.PyLong_AsInt,
      -1,
      "Python int too large to convert to C int",
    ],
    [
      "-2147483649",
      C.PyLong_AsInt,
      -1,
      "Python int too large to convert to C int",
    ],
    [
      "9007199254740992",
      C.PyLong_AsLong,
      -1,
      "Python int too large to convert to C long",
    ],
    [
      "-9007199254740992",
      C.PyLong_AsSsize_t,
      -1,
      "Python int too large to convert to C ssize_t",
    ],
    [
      "-1",
      C.PyLong_AsUnsignedLong,
      -1,
      "can't convert negative value to unsigned int",
    ],
    ["-1", C.PyLong_AsSize_t, -1, "can't convert negative value to size_t"],
    [
      "9007199254740992",
      C.PyLong_AsSize_t,
      -1,
      "Python int too large to convert to C size_t",
    ],
    ["9223372036854775808", C.PyLong_AsLongLong, -1n, "int too big to convert"],
    [
      "-1",
      C.PyLong_AsUnsignedLongLong,
      -1n,
      "can't convert negative int to unsigned",
    ],
    [
      "18446744073709551616",
      C.PyLong_AsUnsignedLongLong,
      -1n,
      "int too big to convert",
    ],
    [
      `1${"0".repeat(309)}`,
      C.PyLong_AsDouble,
      -1,
      "int too large to convert to float",
    ],
  ];
  for (const [text, convert, failure, message] of rows) {
    const result = withInt(text, convert);
    assertRaised(result, failure, C.PyExc_OverflowError, message);
  }
  assertEquals(withInt("-2147483648", C.PyLong_AsInt), -(2 ** 31));
  assertEquals(C.PyErr_Occurred(), null);
});

eachBuild("what is no int is a TypeError with CPython's text", () => {
  const text = C.PyUnicode_FromString("text");
  const required = "an integer is required";
  const index = "'str' object cannot be interpreted as an integer";
  const rows: [(op: number) => unknown, unknown, string][] = [
    [C.PyLong_AsLong, -1, index],
    [C.PyLong_AsInt, -1, index],
    [C.PyLong_AsLongLong, -1n, index],
    [C.PyLong_AsSsize_t, -1, required],
    [C.PyLong_AsSize_t, -1, required],
    [C.PyLong_AsUnsignedLong, -1, required],
    [C.PyLong_AsDouble, -1, required],
    [C.PyLong_IsZero, -1, "expect int, got str"],
    [C.PyFloat_AsDouble, -1, "must be real number, not str"],
    [C.PyComplex_RealAsDouble, -1, "must be real number, not str"],
  ];
  for (const [convert, failure, message] of rows) {
    assertRaised(convert(text), failure, C.PyExc_TypeError, message);
  }
  C.Py_DECREF(text);
});

eachBuild("signs, and which types are ints", () => {
  const signs = (op: number) => [
    C.PyLong_IsNegative(op),
    C.PyLong_IsZero(op),
    C.PyLong_IsPositive(op),
  ];
  assertEquals(withInt("-12345678901234567890", signs), [1, 0, 0]);
  assertEquals(withInt("0", signs), [0, 1, 0]);
  assertEquals(signs(C.Py_True()), [0, 0, 1]);
  assertEquals(
    [C.PyLong_Check(C.Py_True()), C.PyLong_CheckExact(C.Py_True())],
    [
      1,
      0,
    ],
  );
  assertEquals(C.PyLong_Check(C.Py_None()), 0);
});

eachBuild("an int of a double has no fraction", () => {
  for (
    const [value, text] of [[-2.9, "-2"], [
      1e23,
      "99999999999999991611392",
    ]] as const
  ) {
    assertEquals(reprOf(C.PyLong_FromDouble(value)), text);
  }
  const infinity = C.PyLong_FromDouble(-Infinity);
  const text = "cannot convert float infinity to integer";
  assertRaised(infinity, NULL, C.PyExc_OverflowError, text);
  const nan = C.PyLong_FromDouble(NaN);
  const other = "cannot convert float NaN to integer";
  assertRaised(nan, NULL, C.PyExc_ValueError, other);
});

eachBuild("PyLong_FromString() reads what int() reads", () => {
  const good: [string, number, string][] = [
    [" -12_3\n", 10, "-123"],
    ["0x_ff", 0, "255"],
    ["ff", 16, "255"],
    ["0XFF", 16, "255"],
    ["0b101", 2, "5"],
    ["0o17", 0, "15"],
    ["zz", 36, "1295"],
    ["0b1", 16, "177"],
    ["00", 0, "0"],
    ["+7", 0, "7"],
    ["0o1_7", 8, "15"],
    ["-7fffffffffffffffffff", 16, "-604462909807314587353087"],
  ];
  for (const [text, base, value] of good) {
    assertEquals(reprOf(C.PyLong_FromString(text, null, base)), value, text);
  }
  for (
    const [text, base] of [
      ["", 10],
      ["-", 10],
      ["1__2", 10],
      ["_1", 10],
      ["1_", 10],
      ["12", 2],
      ["0x", 0],
      ["010", 0],
      ["1 2", 10],
      ["0x1", 10],
    ] as const
  ) {
    assertRaised(
      C.PyLong_FromString(text, null, base),
      NULL,
      C.PyExc_ValueError,
      `invalid literal for int() with base ${base}: '${text}'`,
    );
  }
  for (const base of [1, 37, -1, 2.5]) {
    const op = C.PyLong_FromString("1", null, base);
    const text = "int() arg 2 must be >= 2 and <= 36";
    assertRaised(op, NULL, C.PyExc_ValueError, text);
  }
});

eachBuild("floats and complex numbers come back", () => {
  for (const value of [0, -0, 1.5, NaN, -Infinity, 5e-324]) {
    const op = C.PyFloat_FromDouble(value);
    assertEquals(C.PyFloat_AsDouble(op), value);
    assertEquals(C.PyFloat_AS_DOUBLE(op), value);
    assertEquals(C.PyComplex_AsCComplex(op), { real: value, imag: 0 });
    C.Py_DECREF(op);
  }
  assertEquals(C.PyFloat_AsDouble(C.Py_True()), 1);
  const op = C.PyComplex_FromCComplex({ real: 1.5, imag: -0 });
  assertEquals(C.PyComplex_AsCComplex(op), { real: 1.5, imag: -0 });
  assertEquals([C.PyComplex_Check(op), C.PyFloat_Check(op)], [1, 0]);
  assertThrows(() => C.PyFloat_AS_DOUBLE(op), TypeError, "of type complex");
  C.Py_DECREF(op);
});

eachBuild("what no C program could give is a TypeError that is thrown", () => {
  for (const value of [NaN, 0.5, Infinity, 2 ** 53, "8", 8n, null]) {
    // The compiler would not let it through; JavaScript does.
    const number = value as number;
    assertThrows(
      () => C.PyLong_FromLong(number),
      TypeError,
      "Cannot make an int",
    );
    assertThrows(() => C.PyLong_FromSize_t(number), TypeError);
  }
  assertThrows(() => C.PyLong_FromUnsignedLong(-1), TypeError);
  assertThrows(() => C.PyLong_FromLongLong(2n ** 63n), TypeError, "64 bits");
  assertThrows(() => C.PyLong_FromUnsignedLongLong(-1n), TypeError);
  assertThrows(() => C.PyLong_FromLongLong(5 as never), TypeError);
  assertThrows(() => C.PyFloat_FromDouble("1" as never), TypeError);
});
