/**
 * Values that become objects and values again: they are the same, and nothing
 * is left of them.
 */

import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "npm:fast-check@4";
import type { Heap, PyComplex, ToJSOptions } from "../../mod.ts";
import { inBoth } from "./scene.ts";

/** What becomes of a value. */
function back(heap: Heap, value: unknown, options?: ToJSOptions): unknown {
  using handle = heap.from(value);
  return heap.toJS(handle, options);
}

const atoms = fc.oneof(
  fc.integer(),
  fc.maxSafeInteger(),
  fc.double(),
  fc.bigInt({ min: 2n ** 53n, max: 2n ** 200n }),
  fc.string({ unit: "binary" }),
  fc.boolean(),
  fc.constant(null),
  fc.uint8Array(),
);

const { value: values } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: "medium", withCrossShrink: true },
    atoms,
    fc.array(tie("value")),
    fc.dictionary(fc.string(), tie("value")).map((it) => ({ ...it })),
    fc.dictionary(fc.integer().map(String), tie("value")).map((it) =>
      new Map(Object.entries(it).map(([key, value]) => [Number(key), value]))
    ),
    fc.uniqueArray(fc.string()).map((it) => new Set(it)),
  ),
}));

/** What a value is after a round trip: empty Maps are plain objects. */
function expected(value: unknown): unknown {
  if (value instanceof Uint8Array || value instanceof Set) return value;
  if (Array.isArray(value)) return value.map(expected);
  if (value instanceof Map) {
    const entries = [...value].map(([k, v]) => [k, expected(v)] as const);
    return entries.length === 0 ? {} : new Map(entries);
  }
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([k, v]) => [k, expected(v)]);
  return Object.fromEntries(entries);
}

inBoth("Any value comes back, seed 1", (heap) => {
  fc.assert(
    fc.property(values, (value) => {
      assertEquals(back(heap, value), expected(value));
    }),
    { numRuns: 300, seed: 1 },
  );
});

inBoth("Each kind of value has its type", (heap) => {
  const cases: [unknown, string][] = [
    [0, "int"],
    [-0, "float"],
    [2 ** 53 - 1, "int"],
    [2 ** 53, "float"],
    [1.5, "float"],
    [NaN, "float"],
    [5n, "int"],
    ["", "str"],
    [true, "bool"],
    [null, "NoneType"],
    [undefined, "NoneType"],
    [new Uint8Array(3), "bytes"],
    [[], "list"],
    [{}, "dict"],
    [Object.create(null), "dict"],
    [new Map(), "dict"],
    [new Set(), "set"],
  ];
  for (const [value, typeName] of cases) {
    using handle = heap.from(value);
    assertEquals(handle.typeName, typeName);
  }
});

inBoth("Numbers keep their value and their sign", (heap) => {
  for (const value of [-0, 0, NaN, Infinity, 5e-324, -(2 ** 53)]) {
    assert(Object.is(back(heap, value), value), String(value));
  }
  assertEquals(back(heap, 7n), 7);
  assertEquals(back(heap, -(2n ** 70n)), -(2n ** 70n));
});

inBoth("What is shared stays shared, cycles included", (heap) => {
  const shared = [1];
  const cyclic: Record<string, unknown> = { a: shared, b: shared };
  cyclic.self = cyclic;
  cyclic.list = [cyclic, new Map<unknown, unknown>([[1, cyclic]])];
  const copy = back(heap, cyclic) as typeof cyclic;
  assert(copy.a === copy.b);
  assert(copy.self === copy);
  const [first, map] = copy.list as [unknown, Map<number, unknown>];
  assert(first === copy);
  assert(map.get(1) === copy);
});

inBoth("A tuple in a cycle", (heap) => {
  using list = heap.from([]);
  using tuple = heap.tuple([list, 1]);
  list.append(tuple);
  const [inner, one] = tuple.toJS() as [unknown[], number];
  assertEquals(one, 1);
  assert((inner[0] as unknown[])[0] === inner);
});

inBoth("Nesting of any depth", (heap) => {
  let value: unknown[] = [];
  for (let k = 0; k < 50_000; k++) value = [value];
  let copy = back(heap, value) as unknown[];
  let depth = 0;
  while (copy.length > 0) {
    copy = copy[0] as unknown[];
    depth++;
  }
  assertEquals(depth, 50_000);
});

inBoth("Names that mean something to JavaScript", (heap) => {
  const value = JSON.parse('{"__proto__": {"x": 1}, "constructor": 2}');
  const copy = back(heap, value) as object;
  assertEquals(Object.getPrototypeOf(copy), Object.prototype);
  assertEquals(Object.keys(copy), ["__proto__", "constructor"]);
  assertEquals(JSON.stringify(copy), JSON.stringify(value));
});

inBoth("What a dict becomes", (heap) => {
  assertEquals(back(heap, new Map([["a", 1]])), { a: 1 });
  assertEquals(back(heap, { a: 1 }, { dict: "map" }), new Map([["a", 1]]));
  assertEquals(
    back(heap, new Map<unknown, unknown>([[1, 2], ["a", 3]])),
    new Map<unknown, unknown>([[1, 2], ["a", 3]]),
  );
  assertThrows(
    () => back(heap, { x: [new Map([[1, 2]])] }, { dict: "object" }),
    TypeError,
    'Cannot convert value["x"][0]{…}: a key of a plain object must be a str',
  );
  assertThrows(
    () => back(heap, 1, { dict: "list" as "map" }),
    TypeError,
    'dict must be "auto", "map" or "object"',
  );
});

inBoth("What has no counterpart in JavaScript", (heap) => {
  using complex = heap.complex(1, 2);
  using list = heap.from([1, [complex]]);
  assertThrows(
    () => list.toJS(),
    TypeError,
    "Cannot convert value[1][0]: it is of type complex",
  );
  const [, [found]] = list.toJS({ others: "handle" }) as [number, [PyComplex]];
  assertEquals(found.imag, 2);
  found.close();
  // Handles that were made before the failure are closed again.
  list.append(new Map([[1, 1]]));
  assertThrows(() => list.toJS({ others: "handle", dict: "object" }));
});

inBoth("What has no counterpart in Python", (heap) => {
  class Thing {}
  const symbol = Symbol("s");
  const cases: [unknown, string][] = [
    [symbol, "Cannot store value: a symbol has no counterpart in Python"],
    [() => 1, "Cannot store value: a function has no counterpart"],
    [{ a: [0, 1, 2, new Thing()] }, "value.a[3]: an object of class Thing"],
    [{ "a b": new Date() }, 'value["a b"]: an object of class Date'],
    [new Map([["k", [new WeakMap()]]]), 'value.get("k")[0]: an object of'],
    [new Map([[[1], 1]]), "value.keys(): an array cannot be a key"],
    [new Set([new Set()]), "value.values(): an object of class Set cannot be"],
    [[new Uint16Array(1)], "value[0]: an object of class Uint16Array"],
    [
      Object.create(Object.create(null)),
      "value: an object of an unknown class",
    ],
  ];
  for (const [value, message] of cases) {
    const cycle: unknown[] = [value, { more: [1.5, "text"] }];
    cycle.unshift(cycle, cycle[1]);
    assertThrows(() => heap.from(value), TypeError, message);
    assertThrows(() => heap.from(cycle), TypeError);
  }
});

inBoth("A getter that throws, closes or detaches", (heap) => {
  assertThrows(
    () =>
      heap.from({
        a: [1],
        get b() {
          throw new RangeError("mine");
        },
      }),
    RangeError,
    "mine",
  );
  const other = heap.from([1]);
  assertThrows(
    () =>
      heap.from([{
        get a() {
          other.close();
          return other;
        },
      }]),
    TypeError,
    "the handle is closed",
  );
  assertThrows(
    () =>
      heap.from({
        a: [[], "x"],
        get b() {
          heap.threads.detach();
          return [];
        },
      }),
    Error,
    "without an attached thread state",
  );
  heap.threads.attach();
});

inBoth("Handles in values stand for their objects", (heap) => {
  using inner = heap.from([1]);
  using outer = heap.from({ a: inner, b: [inner] });
  assertEquals(inner.refcount, 3);
  using found = outer.get("a");
  assert(found?.is(inner));
  using again = heap.from(inner);
  assert(again.is(inner));
});
