/** Bytes and tuples: values, order, equality, what Python prints. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "npm:fast-check@4";
import * as StaticObjects from "../../src/layout/static_objects.ts";
import { Bytes, Long, None, Protocol, Tuple } from "../../src/objects/mod.ts";
import { eachBuild, make, using, type Value } from "./objects_fixture.ts";

const RUNS = { numRuns: 200, seed: 3 };

eachBuild("bytes come back, and are ordered", (o) => {
  const bytes = fc.uint8Array({ maxLength: 300 });
  fc.assert(
    fc.property(bytes, bytes, (a, b) => {
      using(o, a, (x) => {
        assertEquals(Bytes.toUint8Array(o, x), a);
        assertEquals(Bytes.length(o, x), a.length);
        a.forEach((byte, k) => assertEquals(Bytes.item(o, x, k), byte));
        const copy = a.slice();
        using(o, copy, (y) => {
          assert(Protocol.equals(o, x, y));
          assertEquals(Protocol.hash(o, x), Protocol.hash(o, y));
        });
        using(o, b, (y) => {
          const order = Math.sign(compareBytes(a, b));
          assertEquals(Math.sign(Protocol.compare(o, x, y)), order);
          assertEquals(Protocol.equals(o, x, y), order === 0);
        });
      });
    }),
    RUNS,
  );
});

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const k = a.findIndex((byte, index) => byte !== b[index]);
  if (k < 0) return a.length - b.length;
  return k < b.length ? a[k] - b[k] : 1;
}

eachBuild("bytes of one byte, and of none, are shared", (o) => {
  const empty = make(o, new Uint8Array(0));
  assertEquals(empty, o.statics + StaticObjects.EMPTY_BYTES);
  for (let byte = 0; byte < 256; byte++) {
    const op = make(o, new Uint8Array([byte]));
    assertEquals(op, make(o, new Uint8Array([byte])));
    assertEquals(Bytes.item(o, op, 0), byte);
  }
});

eachBuild("bytes of the heap itself can be copied", (o, heap) => {
  using(o, new Uint8Array([1, 2, 3, 4, 5]), (op) => {
    const view = new Uint8Array(heap.buffer, (o.fields(op) + 2) * 4, 5);
    using(o, view, (copy) => assert(Protocol.equals(o, op, copy)));
  });
});

eachBuild("bytes are printed as Python does", (o) => {
  const encoder = new TextEncoder();
  const shown: [string, string][] = [
    ["", "b''"],
    ["it's", `b"it's"`],
    [`'"`, `b'\\'"'`],
    ["\\\t\n\r\0\x7f~ ", "b'\\\\\\t\\n\\r\\x00\\x7f~ '"],
    ["\xe9", "b'\\xc3\\xa9'"],
  ];
  for (const [text, repr] of shown) {
    const found = using(o, encoder.encode(text), (op) => Protocol.repr(o, op));
    assertEquals(found, repr);
  }
});

eachBuild("tuples of all lengths have their items", (o) => {
  for (let size = 0; size <= 25; size++) {
    const values = Array.from({ length: size }, (_, k) => BigInt(k + 1000));
    using(o, values, (op) => {
      assertEquals(Tuple.length(o, op), size);
      for (let k = 0; k < size; k++) {
        assertEquals(Long.toNumber(o, Tuple.item(o, op, k)), k + 1000);
      }
      using(o, values, (other) => {
        assert(Protocol.equals(o, op, other));
        assertEquals(Protocol.hash(o, op), Protocol.hash(o, other));
      });
    });
  }
});

eachBuild("Tuple.create() and setItem() fill a tuple", (o) => {
  const op = Tuple.create(o, 2);
  const item = make(o, 1000n);
  Tuple.setItem(o, op, 0, item); // its reference goes along
  Tuple.setItem(o, op, 1, None.none(o));
  assertEquals(o.refcnt(item), 1);
  o.incref(op);
  assertThrows(
    () => Tuple.setItem(o, op, 0, None.none(o)),
    TypeError,
    "it has other references",
  );
  o.decref(op);
  Tuple.setItem(o, op, 0, None.none(o));
  assertEquals(Protocol.repr(o, op), "(None, None)");
  assertThrows(() => Tuple.item(o, op, 2), RangeError, "item 2 of a tuple");
  assertThrows(() => Tuple.create(o, -1), RangeError, "-1 items");
  assertThrows(() => Tuple.length(o, None.none(o)), TypeError, "NoneType");
  o.decref(op);
  const unfilled = Tuple.create(o, 3);
  o.decref(unfilled);
});

eachBuild("Tuple.pack() and pair() take a reference of each item", (o) => {
  const item = make(o, 1000n);
  const three = Tuple.pack(o, item, item, None.none(o));
  const two = Tuple.pair(o, item, item);
  assertEquals(o.refcnt(item), 5);
  o.decref(three);
  o.decref(two);
  assertEquals(o.refcnt(item), 1);
  o.decref(item);
  assertEquals(Tuple.pack(o), o.statics + StaticObjects.EMPTY_TUPLE);
});

eachBuild("tuples are ordered item by item", (o) => {
  const cases: [Value[], Value[], number][] = [
    [[], [1n], -1],
    [[1n, 2n], [1n, 2n], 0],
    [[1n, 2n], [1n, { float: 2.5 }], -1],
    [["b"], ["a", "c"], 1],
    [[1n, [2n, 3n]], [1n, [2n]], 1],
  ];
  for (const [a, b, order] of cases) {
    const found = using(
      o,
      a,
      (x) => using(o, b, (y) => Math.sign(Protocol.compare(o, x, y))),
    );
    assertEquals(found, order);
  }
  assertThrows(
    () =>
      using(o, [1n], (x) => using(o, ["a"], (y) => Protocol.compare(o, x, y))),
    TypeError,
    "Cannot compare a 'int' with a 'str'",
  );
});

eachBuild("a tuple with NaN equals itself", (o) => {
  using(o, [{ float: NaN }], (op) => {
    assert(Protocol.equals(o, op, op));
    using(o, [{ float: NaN }], (other) => {
      assert(!Protocol.equals(o, op, other));
    });
  });
});

eachBuild("tuples are printed as Python does", (o) => {
  const value: Value = [1n, ["a"], [], null, [true, { float: 2 }]];
  assertEquals(
    using(o, value, (op) => Protocol.repr(o, op)),
    "(1, ('a',), (), None, (True, 2.0))",
  );
  assertEquals(Protocol.repr(o, o.typeOf(None.none(o))), "<class 'NoneType'>");
});

eachBuild("hashes of tuples are those of a 32-bit Python", (o) => {
  // What xxHash gives for two and no lanes, worked out with BigInt.
  const lanes = (values: readonly bigint[]): number => {
    const wrap = (value: bigint) => BigInt.asUintN(32, value);
    let sum = 374761393n;
    for (const value of values) {
      sum = wrap(sum + wrap(value) * 2246822519n);
      sum = wrap((sum << 13n) | (sum >> 19n));
      sum = wrap(sum * 2654435761n);
    }
    const mark = 374761393n ^ 3527539n;
    return Number(BigInt.asIntN(32, sum + (BigInt(values.length) ^ mark)));
  };
  for (const values of [[], [1n], [1n, -2n], [3n, 4n, 5n]]) {
    assertEquals(
      using(o, values, (op) => Protocol.hash(o, op)),
      lanes(values),
    );
  }
});
