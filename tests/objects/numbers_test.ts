/** Ints, floats, complex numbers, bools: values, order, equality, hash. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "npm:fast-check@4";
import {
  Bool,
  Complex,
  Float,
  Long,
  None,
  Protocol,
} from "../../src/objects/mod.ts";
import { eachBuild, make, using, type Value } from "./objects_fixture.ts";

/** Runs and seed of the properties here. */
const RUNS = { numRuns: 300, seed: 1 };
/** Edges of digits, doubles and words, and whatever there is. */
const ints = fc.oneof(
  fc.bigInt({ min: -(2n ** 200n), max: 2n ** 200n }),
  fc.constantFrom(29n, 30n, 31n, 53n, 60n, 61n, 90n).chain((bits) =>
    fc.bigInt({ min: -2n, max: 2n }).map((k) => 2n ** bits + k)
  ),
  fc.bigInt({ min: -300n, max: 300n }),
);

eachBuild("an int of any size comes back", (o) => {
  fc.assert(
    fc.property(ints, (value) => {
      using(o, value, (op) => {
        assertEquals(Long.toBigInt(o, op), value);
        assertEquals(Long.toNumber(o, op), Number(value));
        assertEquals(Protocol.repr(o, op), String(value));
      });
    }),
    RUNS,
  );
});

eachBuild("Long.fromNumber() takes all whole numbers", (o) => {
  const values = [
    0,
    -0,
    1,
    -5,
    -6,
    256,
    257,
    2 ** 30,
    -(2 ** 30),
    2 ** 53,
    1e300,
  ];
  for (const value of [...values, 2 ** 53 - 1, 1 - 2 ** 53, -(2 ** 31)]) {
    const op = Long.fromNumber(o, value);
    assertEquals(Long.toBigInt(o, op), BigInt(value));
    o.decref(op);
  }
});

eachBuild("small ints are the same object, others are not", (o) => {
  for (let value = -5; value <= 256; value++) {
    assertEquals(Long.fromNumber(o, value), make(o, BigInt(value)));
  }
  for (const value of [-6, 257]) {
    const first = Long.fromNumber(o, value);
    const second = Long.fromNumber(o, value);
    assert(first !== second);
    o.decref(first);
    o.decref(second);
  }
});

eachBuild("ints are ordered as BigInts are", (o) => {
  fc.assert(
    fc.property(ints, ints, (a, b) => {
      const order = using(
        o,
        a,
        (x) => using(o, b, (y) => Protocol.compare(o, x, y)),
      );
      assertEquals(Math.sign(order), a < b ? -1 : a > b ? 1 : 0);
    }),
    RUNS,
  );
});

eachBuild("ints and floats are compared exactly", (o) => {
  const near = ints.chain((value) =>
    fc.constantFrom(-1n, 0n, 1n).map((k) => [value + k, Number(value)] as const)
  );
  fc.assert(
    fc.property(near, ([a, float]) => {
      const order = using(
        o,
        a,
        (x) => using(o, { float }, (y) => Protocol.compare(o, x, y)),
      );
      assertEquals(Math.sign(order), a < float ? -1 : a > float ? 1 : 0);
    }),
    RUNS,
  );
});

eachBuild("a double comes back, bit by bit", (o) => {
  fc.assert(
    fc.property(fc.double(), fc.double(), (float, imag) => {
      using(o, { float }, (op) => {
        assert(Object.is(Float.toNumber(o, op), float));
      });
      using(o, { real: float, imag }, (op) => {
        assert(Object.is(Complex.real(o, op), float));
        assert(Object.is(Complex.imag(o, op), imag));
      });
    }),
    RUNS,
  );
});

eachBuild("equal numbers of all types are equal and hash alike", (o) => {
  for (
    const value of [0, 1, -1, 2, 2 ** 30, -(2 ** 31), 2 ** 31 - 1, 2 ** 61]
  ) {
    const alike: Value[] = [
      BigInt(value),
      { float: value },
      { real: value, imag: 0 },
    ];
    if (value === 0 || value === 1) alike.push(value === 1);
    for (const a of alike) {
      for (const b of alike) {
        using(o, a, (x) =>
          using(o, b, (y) => {
            assert(Protocol.equals(o, x, y), `${value}`);
            assertEquals(Protocol.hash(o, x), Protocol.hash(o, y));
          }));
      }
    }
  }
});

eachBuild("numbers that differ in anything are not equal", (o) => {
  const values: Value[] = [
    2n ** 53n + 1n,
    { float: 2 ** 53 },
    { real: 1, imag: 1 },
    true,
    { float: NaN },
    null,
    "1",
  ];
  for (const a of values) {
    for (const b of values) {
      const equal = using(
        o,
        a,
        (x) => using(o, b, (y) => Protocol.equals(o, x, y)),
      );
      assertEquals(equal, a === b && !isNaN(floatOf(a)));
    }
  }
});

function floatOf(value: Value): number {
  const isFloat = value !== null && typeof value === "object" &&
    "float" in value;
  return isFloat ? value.float : 0;
}

eachBuild("hashes of numbers are those of a 32-bit Python", (o) => {
  const modulus = 2n ** 31n - 1n;
  fc.assert(
    fc.property(ints, (value) => {
      const size = (value < 0 ? -value : value) % modulus;
      const hash = Number(value < 0 ? -size : size);
      using(o, value, (op) => {
        assertEquals(Protocol.hash(o, op), hash === -1 ? -2 : hash + 0);
      });
    }),
    RUNS,
  );
  const known: [number, number][] = [
    [0.5, 2 ** 30],
    [0.25, 2 ** 29],
    [-0.5, -(2 ** 30)],
    [1.5, 2 ** 30 + 1],
    [Infinity, 314159],
    [-Infinity, -314159],
    [2 ** -1074, 2 ** (31 * 35 - 1074)],
  ];
  for (const [float, hash] of known) {
    assertEquals(using(o, { float }, (op) => Protocol.hash(o, op)), hash);
  }
});

eachBuild("NaN has no order, and is not equal to itself", (o) => {
  using(o, { float: NaN }, (op) => {
    assert(!Protocol.equals(o, op, op));
    assert(Protocol.isSame(o, op, op));
    assertEquals(Protocol.compare(o, op, op), NaN);
  });
});

eachBuild("numbers are printed as Python does", (o) => {
  const texts: [Value, string][] = [
    [{ float: 1e16 }, "1e+16"],
    [{ float: 1e15 }, "1000000000000000.0"],
    [{ float: 9999999999999998 }, "9999999999999998.0"],
    [{ float: 0.0001 }, "0.0001"],
    [{ float: 0.00001 }, "1e-05"],
    [{ float: 1.5e-7 }, "1.5e-07"],
    [{ float: -0 }, "-0.0"],
    [{ float: 5e-324 }, "5e-324"],
    [{ float: 1.7976931348623157e308 }, "1.7976931348623157e+308"],
    [{ float: NaN }, "nan"],
    [{ float: -Infinity }, "-inf"],
    [{ real: 0, imag: 1 }, "1j"],
    [{ real: 0, imag: -0 }, "-0j"],
    [{ real: -0, imag: 2 }, "(-0+2j)"],
    [{ real: 1, imag: -1e16 }, "(1-1e+16j)"],
    [{ real: NaN, imag: -Infinity }, "(nan-infj)"],
    [true, "True"],
    [false, "False"],
    [null, "None"],
  ];
  for (const [value, text] of texts) {
    assertEquals(using(o, value, (op) => Protocol.repr(o, op)), text);
  }
});

eachBuild("what is no number is refused with its value", (o) => {
  const bad = "1" as unknown;
  assertThrows(
    () => Long.fromNumber(o, 1.5),
    RangeError,
    "Cannot make an int of 1.5: it is not whole",
  );
  assertThrows(() => Long.fromNumber(o, NaN), RangeError, "of NaN");
  assertThrows(
    () => Long.fromNumber(o, bad as number),
    TypeError,
    'Cannot make an int of "1": it is no number',
  );
  assertThrows(() => Long.fromBigInt(o, bad as bigint), TypeError);
  assertThrows(() => Float.fromNumber(o, bad as number), TypeError);
  assertThrows(() => Complex.fromNumbers(o, 1, bad as number), TypeError);
  using(o, "text", (op) => {
    assertThrows(
      () => Float.toNumber(o, op),
      TypeError,
      "it is of type str",
    );
    assertThrows(() => Long.toNumber(o, op), TypeError, "as an int");
    assertThrows(() => Complex.real(o, op), TypeError);
  });
  assertThrows(() => Float.toNumber(o, 0), TypeError, "it is NULL");
  assertThrows(
    () => Protocol.compare(o, None.none(o), Bool.fromBoolean(o, true)),
    TypeError,
    "Cannot compare a 'NoneType' with a 'bool': they have no order",
  );
  assertThrows(
    () =>
      using(
        o,
        { real: 1, imag: 0 },
        (x) => Protocol.compare(o, Bool.fromBoolean(o, true), x),
      ),
    TypeError,
  );
});
